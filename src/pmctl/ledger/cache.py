"""What was audited before, kept under the git directory. (repository, AuditState) <-> one authenticated file.

The file is untrusted: whoever can write to the repository can write it. It counts only with a keyed hash
(HMAC-SHA256) under a secret of this user that lies outside every repository, for this version of pmctl and
this pmctl root, and the audit uses it only when the main line runs through the commit that it ends at. Anything
else is ignored, and the history is audited again. Writing it may fail silently: it only saves time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pmctl import __version__
from pmctl.document.finding import Severity
from pmctl.errors import read_hint
from pmctl.files import make_folder, read_kept, write_atomic
from pmctl.git import Repository
from pmctl.ledger.audit_state import Acceptance, AuditState, Dispute, SignedPolicy
from pmctl.ledger.commit_graph import Landed
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.report import AuditFinding, Event, Lost
from pmctl.ledger.snapshot import Snapshot, document_path
from pmctl.ledger.tree_documents import TreeDocument
from pmctl.objects import Entry
from pmctl.policy.act import Act
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import Approval, Past, PostmortemState

FORMAT = "pmctl-audit-14"
_NESTED = [[one.name for one in fields(PostmortemState)].index(name) for name in ("approvals", "endorsed", "after")]
_LARGEST = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Known:
    """The state as it was after the step `tip`."""

    tip: str
    state: AuditState


def load(repo: Repository, keyrings: Keyrings, newest: Snapshot) -> Known | None:
    """The state of an earlier audit by this user; None when there is none that counts.

    One with verdicts about OpenPGP signatures counts only while each of them is what gpg would say now: the key files
    at the tip are the same, no key and no signature has expired since, and the clock was not set back. `keyrings` then
    learns what they rest on.
    """
    body = kept(repo, "audit", FORMAT)
    if body is None:
        return None
    try:
        value = json.loads(body)
        keys, since, until = value["keys"], value["since"], value["until"]
        if keys:
            if not since <= keyrings.now or (until and keyrings.now >= until) or keys != _keys(newest, keys):
                return None
            if shutil.which("gpg") is None:  # what cannot be verified here is not passed here
                return None
            keyrings.asked |= keys.keys()
            keyrings.holds_until(*filter(None, (until,)))
        return Known(value["tip"], _read(value["state"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None


def save(repo: Repository, tip: str, state: AuditState, keyrings: Keyrings, newest: Snapshot) -> None:
    """Keep a state for the next audit, with what its verdicts rest on; does nothing when it cannot be written."""
    rests = {"keys": _keys(newest, keyrings.asked), "since": keyrings.now, "until": keyrings.until}
    plain = {"tip": tip, **rests, "state": _plain(state)}
    body = json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode()
    keep(repo, "audit", FORMAT, body)


def kept(repo: Repository, what: str, form: str) -> bytes | None:
    """What this user kept under a name and in a form, for this version of pmctl; None when nothing counts."""
    secret = _secret(repo, create=False)
    if secret is None:
        return None
    try:
        mark, _, body = read_kept(_file(repo, what), _LARGEST).partition(b"\n")
    except OSError:
        return None
    return body if hmac.compare_digest(mark, _mark(secret, repo, form, body)) else None


def keep(repo: Repository, what: str, form: str, body: bytes) -> None:
    """Keep something for `kept`; does nothing when it cannot be written."""
    secret = _secret(repo, create=True)
    if secret is None:
        return
    path = _file(repo, what)
    with suppress(OSError):
        make_folder(path.parent, repo.common_dir)
        write_atomic(path, _mark(secret, repo, form, body) + b"\n" + body)


def _keys(newest: Snapshot, paths: Iterable[str]) -> dict[str, list[str]]:
    """The key files at the tip by path: mode and object id, nothing where there is none."""
    found = {path: newest.entry(path) for path in sorted(paths)}
    return {path: [*entry] if entry is not None else [] for path, entry in found.items()}


def _file(repo: Repository, what: str) -> Path:
    name = hashlib.sha256(repo.prefix.encode()).hexdigest()[:12]
    return repo.state_dir / f"{what}-{name}.json"


def _mark(secret: bytes, repo: Repository, form: str, body: bytes) -> bytes:
    head = json.dumps([form, __version__, repo.prefix]).encode() + b"\n"
    return hmac.new(secret, head + body, hashlib.sha256).hexdigest().encode()


def _secret(repo: Repository, *, create: bool) -> bytes | None:
    if repo.user_folder is None:
        return None
    path = repo.user_folder / "cache.key"
    try:
        found = read_kept(path, 32)
        if len(found) == 32:
            return found
    except OSError:
        pass
    if not create:
        return None
    fresh = secrets.token_bytes(32)
    try:
        make_folder(path.parent, repo.user_folder, 0o700)
        write_atomic(path, fresh)
    except OSError:
        return None
    return fresh


def _row(value: Any) -> list[Any]:
    return [getattr(value, name) for name in value.__dataclass_fields__]


def _plain(state: AuditState) -> dict[str, Any]:
    return {
        "root": state.root,
        "policy": state.policy_bytes.decode("utf-8") if state.policy is not None else None,
        "states": [
            [
                _row(replace(current, approvals=(), endorsed=(), after={})),
                [_row(one) for one in current.approvals],
                [_row(one) for one in current.endorsed],
                current.after,
            ]
            for current in state.states.values()
        ],
        "documents": {doc: [*one.file, *(one.attachments or ())] for doc, one in state.documents.items()},
        "records": state.records,
        "acts": {doc: sorted(kinds) for doc, kinds in state.acts.items()},
        "writers": {doc: sorted(people) for doc, people in state.writers.items()},
        "waiting": {digest: _row(act) for digest, act in state.waiting.items()},
        "effective": sorted(state.effective),
        "moves": sorted(state.moves),
        "policies": state.policies,
        "disputes": state.disputes,
        "compromised": state.compromised,
        "acceptances": state.acceptances,
        "events": [_row(one) for one in state.events],
        "findings": [_row(one) for one in state.findings],
        "line": list(state.line),
        "landed": _grouped(state.landed),
        "folders": sorted(state.folders),
        "incidents": state.incidents,
        "templates": state.templates,
        "lapsed": state.lapsed,
        "gone": state.gone,
        "bases": state.bases,
        "witness": state.witness,
        "lost": [[*_row(replace(one, act=None)), one.act and _row(one.act)] for one in state.lost.values()],
        "dropped": sorted(state.dropped),
        "bypassed": sorted(state.bypassed),
        "decided_by": sorted(state.decided_by),
        "refused_policy": state.refused_policy,
        "tree": state.tree,
        "verified": state.verified,
    }


def _read(value: dict[str, Any]) -> AuditState:
    state = AuditState(root=value["root"])
    if value["policy"] is not None:
        state.policy_bytes = value["policy"].encode("utf-8")
        state.policy = parse_policy(state.policy_bytes)[0]
        if state.policy is None:
            raise ValueError("the policy cannot be read")
    for row, approvals, endorsed, after in value["states"]:
        said = [Approval(*one) for one in approvals], [Approval(*one) for one in endorsed]
        past = {digest: Past(*_tuples(one)) for digest, one in after.items()}
        for at, nested in zip(_NESTED, (*said, past), strict=True):
            row[at] = nested
        fitting: list[Any] = [tuple(one) if isinstance(one, list) else one for one in row]
        current = PostmortemState(*fitting)
        state.states[current.id] = current
    for doc, entry in value["documents"].items():
        folder = Entry(*entry[2:]) if len(entry) > 2 else None
        state.documents[doc] = TreeDocument(Entry(*entry[:2]), folder, document_path(doc))
    state.records = value["records"]
    state.acts = {doc: set(kinds) for doc, kinds in value["acts"].items()}
    state.writers = {doc: set(people) for doc, people in value["writers"].items()}
    state.waiting = {digest: Act(*_tuples(row)) for digest, row in value["waiting"].items()}
    state.effective = set(value["effective"])
    state.moves = {(old, new) for old, new in value["moves"]}
    state.policies = {digest: SignedPolicy(*_tuples(row)) for digest, row in value["policies"].items()}
    state.disputes = [Dispute(*row) for row in value["disputes"]]
    state.compromised = value["compromised"]
    state.acceptances = [Acceptance(*_tuples(row)) for row in value["acceptances"]]
    state.events = [Event(*row) for row in value["events"]]
    state.findings = [
        replace(AuditFinding(*row), severity=Severity(row[5]), hint=read_hint(row[7])) for row in value["findings"]
    ]
    state.line = {commit: number for number, commit in enumerate(value["line"])}
    for commit, *merged in value["landed"]:
        state.landed.add(commit, merged)
    state.folders = set(value["folders"])
    state.incidents = {str(name): [str(doc) for doc in docs] for name, docs in value["incidents"].items()}
    state.templates = value["templates"]
    state.lapsed, state.bases, state.gone = value["lapsed"], value["bases"], value["gone"]
    state.witness = tuple(value["witness"]) if value["witness"] else None
    for *row, act in value["lost"]:
        state.lost[row[0]] = replace(Lost(*row), act=Act(*_tuples(act)) if act else None)
    state.dropped, state.bypassed = set(value["dropped"]), set(value["bypassed"])
    state.decided_by = set(value["decided_by"])
    state.refused_policy, state.tree, state.verified = value["refused_policy"], value["tree"], value["verified"]
    return state


def _grouped(landed: Landed) -> list[list[str]]:
    """The steps, each with the commits that it merged."""
    groups = [[commit] for commit in landed.trunk]
    for commit, number in landed.step.items():
        if groups[number][0] != commit:
            groups[number].append(commit)
    return groups


def _tuples(row: list[Any]) -> list[Any]:
    """JSON's lists as the tuples that they were."""
    return [tuple(tuple(i) if isinstance(i, list) else i for i in one) if isinstance(one, list) else one for one in row]
