"""Records: signed statements as files. `Act` <-> canonical bytes <-> digest, and where a record lies.

`to_bytes` and `from_bytes` are each other's inverse and hold the same rules, so whatever pmctl writes can be read
back and nothing else can. A record's signature covers its bytes; its name in the tree must agree with what it
says (`check_path`). Everything that is wrong is a RecordProblem with the audit's code.

Format: canonical JSON, that is ASCII, sorted keys, no spaces, one final newline (see docs/formats.md).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from pmctl.codes import ACT_AGAIN, Code
from pmctl.ledger.record_form import HIGHEST_NUMBER as HIGHEST_NUMBER
from pmctl.ledger.record_form import TYPE, about, check_fields, handle_form
from pmctl.ledger.record_form import RecordProblem as RecordProblem
from pmctl.policy.act import ACTS, POLICY, Act
from pmctl.policy.model import RECORDS
from pmctl.text import json_problem

NAMESPACE = "pmctl-record-v1"  # of the signatures (`ssh-keygen -Y sign -n`)
FOLDER = RECORDS

LARGEST = 64 * 1024  # bytes
LARGEST_BASELINE = 4 * 1024 * 1024  # bytes; an imported history takes about 200 a postmortem
MARK = 8  # hex digits of its digest in the name of a record

_path = re.compile(rf"{re.escape(FOLDER)}/([^/]+)/([0-9]{{4,6}})-([a-z0-9-]+)-([0-9a-f]{{{MARK}}})\.json").fullmatch
_act_and_handle = re.compile(rf"({'|'.join(sorted(ACTS))})-([a-z0-9-]+)").fullmatch


class RecordPath(NamedTuple):
    """What a record's file name says. `number` is the policy's version for a policy record; `mark` is the beginning of
    the record's digest, so that what one person does in two clones at once does not collide."""

    doc: str
    number: int
    act: str
    by: str
    mark: str


def to_bytes(act: Act) -> bytes:
    """The record's canonical bytes; raises RecordProblem for an act that no record can state."""
    value: dict[str, Any] = {
        "act": act.act,
        "at": act.at,
        "base": act.base,
        "by": act.by,
        "content": act.content,
        "doc": act.doc,
        "from": act.from_status,
        "note": act.note,
        "policy": act.policy,
        "prev": act.prev,
        "root": act.root,
        "round": act.round,
        "to": act.to_status,
        "type": TYPE,
    }
    documents = {id_: {"content": content, "status": status} for id_, content, status in act.documents}
    if len(documents) != len(act.documents):
        raise RecordProblem("AU203", "the record lists a postmortem twice")
    extras: dict[str, Any] = {
        "reviewers": list(act.reviewers),
        "author": act.author,
        "editors": list(act.editors),
        "template": act.template,
        "replaces": list(act.replaces),
        "was": act.was,
        "approvals": list(act.approvals),
        "finding": act.finding,
        "commit": act.commit,
        "about": act.about,
        "covers": act.covers,
        "documents": documents,
        "tip": act.tip,
        "dropped": list(act.dropped),
        "old": act.old,
        "new": act.new,
        "text": act.text,
        "settings": act.settings,
        "salt": act.salt,
        "statement": act.statement,
        "seal": act.seal,
    }
    allowed = ACTS[act.act].keys if act.act in ACTS else frozenset()
    for key, extra in extras.items():
        if key in allowed:
            value[key] = extra
        elif extra:
            raise RecordProblem("AU203", f"a record of {act.act!r} has no {key}")
    check_fields(value)
    data = _canonical(value)
    _check_size(data)
    return data


def from_bytes(data: bytes) -> Act:
    """Read a record; raises RecordProblem for bytes that `to_bytes` would not have written."""
    _check_size(data)
    value = _parse(data)
    check_fields(value)
    if _canonical(value) != data:
        raise RecordProblem("AU202", "the record is not written in its canonical form")
    documents = value.get("documents", {})
    return Act(
        act=value["act"],
        by=value["by"],
        doc=value["doc"],
        at=value["at"],
        content=value["content"],
        from_status=value["from"],
        to_status=value["to"],
        note=value["note"],
        policy=value["policy"],
        prev=value["prev"],
        root=value["root"],
        round=value["round"],
        base=value["base"],
        reviewers=tuple(value.get("reviewers", ())),
        author=value.get("author", ""),
        editors=tuple(value.get("editors", ())),
        template=value.get("template", ""),
        replaces=tuple(value.get("replaces", ())),
        was=value.get("was", ""),
        approvals=tuple(value.get("approvals", ())),
        finding=value.get("finding", ""),
        commit=value.get("commit", ""),
        about=value.get("about", ""),
        covers=value.get("covers", 0),
        documents=tuple((id_, entry["content"], entry["status"]) for id_, entry in documents.items()),
        tip=value.get("tip", ""),
        dropped=tuple(value.get("dropped", ())),
        old=value.get("old", ""),
        new=value.get("new", ""),
        text=value.get("text", ""),
        settings=value.get("settings", ""),
        salt=value.get("salt", ""),
        statement=value.get("statement", ""),
        seal=value.get("seal", ""),
    )


def digest(data: bytes) -> str:
    """`sha256:<hex>` of a record's bytes, by which other records refer to it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def mark(data: bytes) -> str:
    """The beginning of the record's digest, as its name in the tree ends."""
    return hashlib.sha256(data).hexdigest()[:MARK]


def path(doc: str, number: int, act: str, by: str, mark: str) -> str:
    """Where the record lies, relative to the pmctl root; raises RecordProblem for parts that no record has."""
    name = f"{number:04d}-{by}" if act == POLICY else f"{number:04d}-{act}-{by}"
    result = f"{FOLDER}/{doc}/{name}-{mark}.json"
    if parse_path(result) != (doc, number, act, by, mark):
        raise RecordProblem("AU204", f"no record can lie at {result!a}")
    return result


def signature_path(record_path: str) -> str:
    """Where the signature of the record at `record_path` lies."""
    return record_path + ".sig"


def parse_path(record_path: str) -> RecordPath | None:
    """The parts of a record's path (relative to the pmctl root); None for any other path."""
    match = _path(record_path)
    if match is None:
        return None
    doc, number, rest = match[1], int(match[2]), match[3]
    act, by = POLICY, rest
    if doc != POLICY:
        parts = _act_and_handle(rest)
        if parts is None:
            return None
        act, by = parts[1], parts[2]
    if number < 1 or match[2] != f"{number:04d}" or not about(act, doc) or handle_form(by) is None:
        return None
    return RecordPath(doc, number, act, by, match[4])


def check_path(record_path: str, act: Act, data: bytes) -> RecordPath:
    """The path's parts when they agree with what the record says; raises RecordProblem otherwise.

    `act` is what `data`, the record's bytes, say.
    """
    found = parse_path(record_path)
    if found is None:
        raise RecordProblem("AU204", f"{record_path!a} is not the path of a record")
    for word, named, said in (
        ("document", found.doc, act.doc),
        ("act", found.act, act.act),
        ("person", found.by, act.by),
        ("digest", found.mark, mark(data)),
    ):
        if named != said:
            raise RecordProblem("AU204", f"the record's name gives {named} as its {word}, the record says {said}")
    if act.act == POLICY and found.number != act.policy:
        raise RecordProblem(
            "AU204", f"the record's name gives policy version {found.number}, the record says {act.policy}"
        )
    return found


def _canonical(value: Mapping[str, Any]) -> bytes:
    from pmctl.document.digest import canonical_json  # brings the YAML reader along

    return canonical_json(value) + b"\n"


def _check_size(data: bytes) -> None:
    # "act" sorts first, so a baseline shows itself before anything is parsed.
    limit = LARGEST_BASELINE if data.startswith(b'{"act":"baseline",') else LARGEST
    if len(data) > limit:
        raise RecordProblem("AU201", f"the record has {len(data)} bytes; at most {limit} are allowed")


def _parse(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, with only the values that records have."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise RecordProblem("AU201", f"the record is not ASCII: see byte {error.start}") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RecordProblem("AU201", f"the record is not JSON: {json_problem(error.msg)} in {where}") from error
    except RecursionError as error:
        raise RecordProblem("AU201", "the record is nested too deeply") from error
    if not isinstance(value, dict):
        raise RecordProblem("AU203", "the record is not a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise RecordProblem("AU201", "the record has a key twice")
    return result


def _integer(text: str) -> int:
    if len(text) > 10:
        _refuse_number(text)
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    raise RecordProblem("AU201", f"the record has the number {text[:20]}; only small whole numbers are allowed")


CODES = (
    Code(
        "AU201",
        "record-unreadable",
        "A record is not small, plain JSON. "
        "A record is one ASCII JSON object of at most 64 KiB (4 MiB for a baseline), without duplicate keys, fractions,"
        " numbers of more than ten digits, NaN or deep nesting.",
        "Whatever two programs could read differently, or only with great effort, can't be a statement that people"
        " rely on.",
        ACT_AGAIN,
        '{"act":"approve","act":"publish"}',
    ),
    Code(
        "AU202",
        "record-not-canonical",
        "A record says something readable, but is not spelled in the one allowed way. "
        "The file's bytes must equal the serialisation of what they say: sorted keys, no spaces, \\u escapes for all"
        " that is not ASCII, one final newline.",
        "Records refer to each other by the digest of their bytes. With two spellings of one statement, one approval"
        " could be counted twice.",
        "An editor or a formatter has touched the file: restore it with `git restore --source COMMIT PATH`.",
        '{"by": "alice", "act": "approve"}',
    ),
    Code(
        "AU203",
        "record-fields",
        "A record's fields are not those of its act. "
        "Each act has a fixed set of keys, and each key one kind of value: handles, ids, digests, states, a UTC time.",
        "A key that one version ignores and another obeys would make them disagree about what was signed.",
        "Act with a version of pmctl that everybody uses; a newer type of record needs a newer pmctl.",
        '{"act":"approve","reviewers":["bob"]}',
    ),
    Code(
        "AU204",
        "record-place",
        "A record's path does not agree with what it says. "
        "`.pmctl/records/ID/NUMBER-ACT-HANDLE-MARK.json` must name the postmortem, the act and the person that are"
        " written inside, and end in the first digits of its digest;"
        " for the policy `.pmctl/records/policy/VERSION-HANDLE-MARK.json`.",
        "People look at names first: a refusal must not lie there as an approval, or under another postmortem.",
        "Records are never moved or copied. " + ACT_AGAIN,
        ".pmctl/records/2024-01-15-payment-api-outage/0002-approve-bob-5d1c0b6e.json, signed by and naming alice",
    ),
)
