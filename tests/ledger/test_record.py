"""Records: what pmctl writes it reads back, and it reads nothing that it would not write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.ledger import record
from pmctl.ledger.record import RecordProblem, check_path, from_bytes, parse_path, to_bytes
from pmctl.policy.act import ACTS, Act

ID = "2024-01-15-payment-api-outage"
DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "01" * 32
COMMIT = "c0ffee00" * 5

APPROVE = Act(
    act="approve",
    by="alice",
    doc=ID,
    at="2024-01-17T10:00:00Z",
    content=DIGEST,
    from_status="IN_REVIEW",
    to_status="IN_REVIEW",
    note="Root cause is clear now.",
    policy=3,
    prev=OTHER,
    root=DIGEST,
    round=1,
    base=COMMIT,
)
POLICY = replace(APPROVE, act="policy", doc="policy", from_status="", to_status="", round=0)
BASELINE = replace(
    POLICY,
    act="baseline",
    doc="baseline",
    documents=(("2023-02-03-a", OTHER, "PUBLISHED"), (ID, DIGEST, "DRAFT")),
    tip=COMMIT,
    dropped=(OTHER,),
)
WAIVE = replace(APPROVE, act="waive", doc="repository", finding="AU301", commit=COMMIT, about=ID, covers=2)
SUBMIT = replace(
    APPROVE,
    act="submit",
    reviewers=("bob", "alice"),
    author="jane",
    editors=("carol",),
    template=DIGEST,
    from_status="DRAFT",
)
AMEND = replace(APPROVE, act="amend", was=OTHER)
AGAIN = replace(APPROVE, replaces=(OTHER,))
PUBLISH = replace(APPROVE, act="publish", approvals=(DIGEST, OTHER), to_status="PUBLISHED")


def problem(data: bytes) -> tuple[str, str]:
    with pytest.raises(RecordProblem) as caught:
        from_bytes(data)
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    return caught.value.code, caught.value.message


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def changed(act: Act = APPROVE, /, **changes: Any) -> bytes:
    """A canonical record with some keys replaced; a value of None removes the key."""
    value = json.loads(to_bytes(act))
    value.update(changes)
    return canonical({key: item for key, item in value.items() if item is not None})


def test_the_bytes_are_those_that_the_documentation_shows() -> None:
    assert to_bytes(APPROVE).decode() == (
        '{"act":"approve","at":"2024-01-17T10:00:00Z","base":"' + COMMIT + '","by":"alice","content":"' + DIGEST + '",'
        '"doc":"2024-01-15-payment-api-outage","from":"IN_REVIEW","note":"Root cause is clear now.","policy":3,'
        '"prev":"' + OTHER + '","replaces":[],"root":"' + DIGEST + '","round":1,"to":"IN_REVIEW",'
        '"type":"pmctl-record-v1"}\n'
    )
    assert record.digest(b"x\n") == "sha256:" + hashlib.sha256(b"x\n").hexdigest()


@pytest.mark.parametrize(
    "act", [APPROVE, AGAIN, AMEND, POLICY, BASELINE, WAIVE, SUBMIT, PUBLISH], ids=lambda act: act.act
)
def test_every_kind_of_act_survives_the_way_out_and_back(act: Act) -> None:
    assert from_bytes(to_bytes(act)) == act


handles = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(lambda value: "sha256:" + value.hex())
ids = st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]-[a-z0-9][a-z0-9-]{0,60}", fullmatch=True)
statuses = st.sampled_from(["DRAFT", "IN_REVIEW", "PUBLISHED", "ARCHIVED"])


@st.composite
def acts(draw: st.DrawFn) -> Act:
    act = draw(st.sampled_from(sorted(ACTS)))
    doc = ACTS[act].folder or draw(ids)
    extras: dict[str, Any] = {}
    if act in ("submit", "request-review"):
        extras["reviewers"] = tuple(draw(st.lists(handles, unique=True, max_size=5)))
        extras["editors"] = tuple(draw(st.lists(handles, unique=True, max_size=5)))
    if act == "submit":
        extras |= {"author": draw(handles | st.just("")), "template": draw(digests | st.just(""))}
    if act == "approve":
        extras["replaces"] = tuple(draw(st.lists(digests, unique=True, max_size=3)))
    if act == "amend":
        extras["was"] = draw(digests | st.just(""))
    if act == "publish":
        extras["approvals"] = tuple(draw(st.lists(digests, unique=True, max_size=5)))
    if act in ("share", "endorse"):
        extras |= {"text": draw(digests), "settings": draw(digests)}
    if act in ("share", "unshare"):
        extras |= {"statement": draw(st.sampled_from(["", "{}\n"])), "seal": draw(st.sampled_from(["", "x\n"]))}
    if act == "share":
        extras["salt"] = draw(digests)[7:]
    if act == "waive":
        extras |= {"finding": "AU101", "commit": COMMIT, "about": draw(ids | st.just("")), "covers": 1}
    if act == "baseline":
        found = draw(st.dictionaries(ids, st.tuples(digests, statuses), max_size=4))
        extras["documents"] = tuple((id_, *found[id_]) for id_ in sorted(found))
        extras |= {"tip": COMMIT, "dropped": tuple(draw(st.lists(digests, unique=True, max_size=3)))}
    if act == "move":
        extras |= {"old": draw(st.sampled_from(["", "docs"])), "new": draw(st.sampled_from(["a b/c", "pm"]))}
    return Act(
        act=act,
        by=draw(handles),
        doc=doc,
        at=draw(st.datetimes()).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"),
        content=draw(digests | st.just("")),
        from_status=draw(statuses | st.just("")),
        to_status=draw(statuses | st.just("")),
        note=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)),
        policy=draw(st.integers(0, 999_999)),
        prev=draw(digests | st.just("")),
        root=draw(digests),
        round=draw(st.integers(0, 999_999)),
        base=draw(st.sampled_from(["", COMMIT])),
        **extras,
    )


@settings(max_examples=200, deadline=None)
@given(acts())
def test_any_act_survives_the_way_out_and_back(act: Act) -> None:
    data = to_bytes(act)
    assert from_bytes(data) == act
    assert data.isascii() and data.endswith(b"}\n") and data.count(b"\n") == 1


@settings(max_examples=300, deadline=None)
@given(acts(), st.data())
def test_one_changed_byte_is_refused_or_says_something_else(act: Act, data: st.DataObject) -> None:
    written = bytearray(to_bytes(act))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    try:
        found = from_bytes(bytes(written))
    except RecordProblem:
        return
    assert found != act
    assert to_bytes(found) == bytes(written)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_arbitrary_bytes_are_refused_quietly(data: bytes) -> None:
    problem(data)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([APPROVE, WAIVE, SUBMIT, PUBLISH, BASELINE]),
    st.data(),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=10),
        st.lists(st.none() | st.text(max_size=3) | st.lists(st.none()), max_size=3),
        st.dictionaries(st.text(max_size=3), st.integers() | st.lists(st.none()), max_size=3),
    ),
)
def test_a_field_of_another_type_is_refused(act: Act, data: st.DataObject, value: object) -> None:
    fields = json.loads(to_bytes(act))
    key = data.draw(st.sampled_from(sorted(set(fields) - {"note", "content", "prev"})))
    if type(value) is type(fields[key]):
        return
    assert problem(canonical({**fields, key: value}))[0] in ("AU201", "AU203")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"\n",
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b":", b": ", 1),
        lambda data: b" " + data,
        lambda data: data.replace(b'"Root', b'"\\u0052oot'),
        lambda data: data.replace(b'"policy":3', b'"policy":3 '),
        lambda data: data.replace(b'"policy":3', b'"policy":-0'),
        lambda data: json.dumps(dict(reversed(json.loads(data).items())), separators=(",", ":")).encode() + b"\n",
        lambda data: data.replace(b"clear", b"cl\\/ear"),
    ],
)
def test_another_spelling_of_the_same_statement_is_refused(spoil: Any) -> None:
    data = spoil(to_bytes(APPROVE))
    assert json.loads(data)["by"] == "alice"
    assert problem(data)[0] == "AU202"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xef\xbb\xbf{}\n", "not ASCII"),
        ('{"note":"\u00fc"}\n'.encode(), "not ASCII"),
        (b'{"a":1,"a":1}\n', "key twice"),
        (b'{"a":NaN}\n', "NaN"),
        (b'{"a":-Infinity}\n', "-Infinity"),
        (b'{"a":1.0}\n', "1.0"),
        (b'{"a":1e9}\n', "1e9"),
        (b'{"a":' + b"9" * 5000 + b"}\n", "99999"),
        (b'{"a":"\x01"}\n', "control character"),
        (b"[" * 30_000, "nested"),
        (b'{"a":' * 10_000, "nested"),
        (b" " * (64 * 1024 + 1), "at most 65536"),
        (b"\xff" * 1_000_000, "at most 65536"),
    ],
)
def test_what_is_not_small_plain_json_is_refused(data: bytes, says: str) -> None:
    code, message = problem(data)
    assert (code, says in message) == ("AU201", True), message


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[]\n", "not a JSON object"),
        (b"{}\n", "type"),
        (changed(type="pmctl-record-v2"), "newer pmctl"),
        (changed(act="bless"), "unknown act"),
        (changed(act=["approve"]), "unknown act"),
        (changed(note=None), "lacks note"),
        (changed(extra="x"), "has no 'extra'"),
        (changed(**{"\x1b[2J": "x"}), r"\x1b[2J"),
        (changed(reviewers=["bob"]), "has no 'reviewers'"),
        (changed(SUBMIT, reviewers=None), "lacks reviewers"),
        (changed(SUBMIT, reviewers=["bob", "bob"]), "twice"),
        (changed(SUBMIT, reviewers=["Bob"]), "not a handle"),
        (changed(SUBMIT, reviewers=["bob\n"]), "not a handle"),
        (changed(SUBMIT, reviewers=["b\u043eb"]), "not a handle"),
        (changed(SUBMIT, reviewers=[f"r{n}" for n in range(1001)]), "at most 1000"),
        (changed(PUBLISH, approvals=["sha256:AB"]), "not a digest"),
        (changed(WAIVE, commit="c0ffee"), "full object id"),
        (changed(WAIVE, finding="AU1"), "finding's code"),
        (changed(by="alice\u200b"), "not a handle"),
        (changed(by="-alice"), "not a handle"),
        (changed(by=""), "not a handle"),
        (changed(root=""), "not a digest"),
        (changed(root=DIGEST + "\n"), "not a digest"),
        (changed(prev="sha256:" + "AB" * 32), "not a digest"),
        (changed(content="md5:00"), "not a digest"),
        (changed(to="published"), "not a status"),
        (changed(policy=True), "number"),
        (changed(policy=-1), "number"),
        (changed(round=1_000_000), "number"),
        (changed(at="2024-01-17 10:00:00Z"), "a time like"),
        (changed(at="2024-01-17T10:00:00+00:00"), "a time like"),
        (changed(at="2024-02-30T10:00:00Z"), "no time that exists"),
        (changed(at="\u0662024-01-17T10:00:00Z"), "a time like"),
        (changed(note=["x"]), "not text"),
        (changed(note="\ud800"), "not text"),
        (changed(doc="../../etc/passwd"), "cannot be about"),
        (changed(doc="policy"), "cannot be about"),
        (changed(doc="repository"), "cannot be about"),
        (changed(POLICY, doc=ID), "cannot be about"),
        (changed(BASELINE, documents=[]), "not an object"),
        (changed(BASELINE, documents={"x": {"content": DIGEST, "status": "DRAFT"}}), "no postmortem's id"),
        (changed(BASELINE, documents={ID: {"content": DIGEST}}), "other fields"),
        (changed(BASELINE, documents={ID: {"content": DIGEST, "status": ""}}), "no status"),
    ],
)
def test_fields_are_checked_one_by_one(data: bytes, says: str) -> None:
    code, message = problem(data)
    assert (code, says in message) == ("AU203", True), message


def test_a_note_may_be_any_text() -> None:
    note = 'quotes " \\ newline \n tab \t escape \x1b[31m zero \0 é 日本 \U0001f600 \u202e </script>'
    assert from_bytes(to_bytes(replace(APPROVE, note=note))).note == note


def test_a_large_note_is_refused_on_writing_too() -> None:
    to_bytes(replace(APPROVE, note="x" * 65_000))
    with pytest.raises(RecordProblem, match="at most 65536"):
        to_bytes(replace(APPROVE, note="x" * 65_536))


def test_a_baseline_may_list_a_long_history_and_nothing_else_may_be_so_large() -> None:
    documents = tuple((f"2020-01-01-incident-{n:04d}", DIGEST, "PUBLISHED") for n in range(5000))
    data = to_bytes(replace(BASELINE, documents=documents))
    assert len(data) > record.LARGEST
    assert from_bytes(data).documents == documents
    assert problem(b'{"act":"baseline",' + b" " * record.LARGEST_BASELINE)[0] == "AU201"


@pytest.mark.parametrize(
    "act",
    [
        replace(APPROVE, reviewers=("bob",)),
        replace(SUBMIT, approvals=(DIGEST,)),
        replace(APPROVE, act="bless"),
        replace(APPROVE, at="yesterday"),
        replace(BASELINE, documents=(BASELINE.documents[0], BASELINE.documents[0])),
    ],
)
def test_an_act_that_no_record_can_state_is_refused_on_writing(act: Act) -> None:
    with pytest.raises(RecordProblem) as caught:
        to_bytes(act)
    assert caught.value.code == "AU203"


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((ID, 2, "approve", "alice", "1a2b3c4d"), f".pmctl/records/{ID}/0002-approve-alice-1a2b3c4d.json"),
        ((ID, 3, "request-changes", "a-b", "1a2b3c4d"), f".pmctl/records/{ID}/0003-request-changes-a-b-1a2b3c4d.json"),
        (
            (ID, 12345, "request-review", "x", "1a2b3c4d"),
            f".pmctl/records/{ID}/12345-request-review-x-1a2b3c4d.json",
        ),
        (("policy", 2, "policy", "alice", "1a2b3c4d"), ".pmctl/records/policy/0002-alice-1a2b3c4d.json"),
        (("baseline", 1, "baseline", "alice", "1a2b3c4d"), ".pmctl/records/baseline/0001-baseline-alice-1a2b3c4d.json"),
        (("repository", 1, "waive", "alice", "1a2b3c4d"), ".pmctl/records/repository/0001-waive-alice-1a2b3c4d.json"),
    ],
)
def test_paths_and_their_parts(parts: tuple[str, int, str, str, str], path: str) -> None:
    assert record.path(*parts) == path
    assert parse_path(path) == parts
    assert record.signature_path(path) == path + ".sig"


@pytest.mark.parametrize(
    "path",
    [
        "",
        f".pmctl/records/{ID}/0002-approve-alice-1a2b3c4d.json.sig",
        f".pmctl/records/{ID}/0002-approve-alice.JSON",
        f".pmctl/records/{ID}/0002-approve-alice-1a2b3c4d.json\n",
        f"/.pmctl/records/{ID}/0002-approve-alice-1a2b3c4d.json",
        f"sub/.pmctl/records/{ID}/0002-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/x/0002-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/2-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/00002-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0000-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/1000000-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/\u0660\u0660\u0660\u0661-approve-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-bless-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-approve--1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-approve-Alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-policy-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-baseline-alice-1a2b3c4d.json",
        f".pmctl/records/{ID}/0002-alice-1a2b3c4d.json",
        ".pmctl/records/policy/0002-approve-Alice-1a2b3c4d.json",
        ".pmctl/records/repository/0001-approve-alice-1a2b3c4d.json",
        ".pmctl/records/baseline/0001-waive-alice-1a2b3c4d.json",
        ".pmctl/records/../0001-approve-alice-1a2b3c4d.json",
        ".pmctl/records/2024-01-15-/0001-approve-alice-1a2b3c4d.json",
        f".pmctl/records/2024-01-15-{'x' * 90}/0001-approve-alice-1a2b3c4d.json",
    ],
)
def test_other_paths_are_no_records(path: str) -> None:
    assert parse_path(path) is None


def test_in_the_policy_folder_the_whole_rest_is_the_handle() -> None:
    found = parse_path(".pmctl/records/policy/0002-policy-alice-1a2b3c4d.json")
    assert found == ("policy", 2, "policy", "policy-alice", "1a2b3c4d")


def test_path_and_content_must_agree() -> None:
    path = record.path(ID, 2, "approve", "alice", record.mark(to_bytes(APPROVE)))
    assert check_path(path, APPROVE, to_bytes(APPROVE)).number == 2
    for act in (replace(APPROVE, by="bob"), replace(APPROVE, doc="2024-01-16-x"), WAIVE):
        with pytest.raises(RecordProblem) as caught:
            check_path(path, act, to_bytes(APPROVE))
        assert caught.value.code == "AU204"
    policy_path = record.path("policy", 3, "policy", "alice", record.mark(to_bytes(POLICY)))
    assert check_path(policy_path, POLICY, to_bytes(POLICY)).number == 3
    with pytest.raises(RecordProblem, match="policy version 3"):
        check_path(policy_path, replace(POLICY, policy=4), to_bytes(POLICY))
    with pytest.raises(RecordProblem, match="not the path of a record"):
        check_path("x\x1b.json", APPROVE, to_bytes(APPROVE))
    with pytest.raises(RecordProblem, match="digest"):
        check_path(path, APPROVE, to_bytes(replace(APPROVE, note="another")))


def test_no_path_is_made_from_parts_that_could_escape() -> None:
    for parts in (
        ("..", 1, "approve", "alice", "1a2b3c4d"),
        (ID, 0, "approve", "alice", "1a2b3c4d"),
        (ID, 1, "approve", "../x", "1a2b3c4d"),
        (ID, 1, "approve", "alice", "../../ab"),
    ):
        with pytest.raises(RecordProblem):
            record.path(*parts)
