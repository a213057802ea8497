"""The content digest: pinned, blind to what it leaves out, and to nothing else. Changes: total and precise."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document import edits
from pmctl.document.action_problems import action_problems
from pmctl.document.actions import TRACKING, action_tables
from pmctl.document.changes import OUTSIDE_CONTENT, ChangeKind, changes
from pmctl.document.digest import Attachment, canonical_json, content_digest, sha256_digest
from pmctl.document.reader import Document, read
from pmctl.errors import PmctlError
from pmctl.text import safe

from .conftest import OUTAGE
from .strategies import hostile, markdown_lines

SMALL = """\
---
id: 2024-01-15-x
title: "Ünïcode"
status: DRAFT
author: jane
severity: 1
fields: {cost: 1.10, size: 3, eu: true, none: null}
---

## Summary

Text.

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Area |
|---|---|---|---|---|---|---|---|---|
| AI-7f3k | Do \\| it | @jane | 2024-01-22 | HIGH | OPEN | | | db |
| AI-9q2z | Short | | | | | | | |
"""


def digest(text: str) -> str:
    return content_digest(read(text.encode()))


def test_golden_digest_is_what_the_format_says() -> None:
    body = [
        "\n## Summary\n\nText.\n\n## Action Items\n\n",
        {
            "header": "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Area |",
            "delimiter": "|---|---|---|---|---|---|---|---|---|",
            "rows": [
                ["AI-7f3k", "Do \\| it", None, None, None, None, None, None, "db"],
                ["AI-9q2z", "Short", None, None, None, None, None, None, ""],
            ],
        },
        "\n",
    ]
    metadata = {
        "id": "2024-01-15-x",
        "title": "Ünïcode",
        "author": "jane",
        "severity": "1",
        "fields": {"cost": {"": "1.10"}, "size": 3, "eu": True, "none": None},
    }
    attachments = [["a.png", "100644", "0" * 64], ["b.png", "100644", "1" * 64]]
    value = ["pmctl-content-v2", "2024-01-15-x", metadata, body, attachments]
    expected = "sha256:" + hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    files = [Attachment("b.png", "100644", "1" * 64), Attachment("a.png", "100644", "0" * 64)]
    assert content_digest(read(SMALL.encode()), files) == expected


def test_golden_digests_do_not_drift(outage: bytes) -> None:
    assert digest(SMALL) == "sha256:eba4b6cd60b9122261813947f28c4d763c223c89dcb6f916216556a35e8e5a1a"
    assert content_digest(read(outage)) == "sha256:01e44c1849b734dd7325444d75119a9586937f430bc19714322c9fb785d41776"
    assert (
        content_digest(read(b"---\nid: x\n---\n"))
        == "sha256:08b782c5002305e2c20091b360f0a53cd8eb2f40ae556f0e454f0986a501f66a"
    )
    assert (
        content_digest(read(b"not a postmortem"))
        == "sha256:66b9f3ac0e13727435ebeca76f61906d6da8635f13c0fc155906fdfe6fc4aef8"
    )


def test_canonical_json_is_ascii_sorted_and_tight() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == b'{"a":null,"b":[1,"\\u00e9"]}'
    assert sha256_digest(b"") == "sha256:" + hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("status: DRAFT", "status: PUBLISHED"),
        ("author: jane", "author: jane\nreviewers: [alice, bob]"),
        ("author: jane", "author: jane\neditors: {bob: edit}"),
        ("author: jane", "author: 'jane'  # a comment"),
        ("severity: 1", 'severity: "1"'),
        ('title: "Ünïcode"\nstatus: DRAFT', "status: DRAFT\ntitle: Ünïcode"),
        ("| @jane |", "| @bob |"),
        ("| OPEN | | |", "| COMPLETED | OPS-1 | done in release 12 |"),
        ("| Short | | | | | | | |", "| Short || 2024-02-01 | LOW | OPEN |||  |"),
        ("| db |", "|  db  |"),
        ("\n", "\r\n"),
    ],
)
def test_what_is_left_out_keeps_the_digest(old: str, new: str) -> None:
    assert old in SMALL
    assert digest(SMALL.replace(old, new)) == digest(SMALL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: 2024-01-15-x", "id: 2024-01-15-y"),
        ("Ünïcode", "Unicode"),
        ("author: jane", "author: bob"),
        ("author: jane", "author: jane\ntags: []"),
        ("cost: 1.10", "cost: 1.1"),
        ("cost: 1.10", 'cost: "1.10"'),
        ("size: 3", 'size: "3"'),
        ("eu: true", "eu: 1"),
        ("none: null", "none: ''"),
        ("Text.", "Text!"),
        ("Text.", "Text. "),
        ("| db |", "| api |"),
        ("Do \\| it", "Do | it"),
        ("| Short | | | | | | | |", "| Short |||||||| api |"),
        ("| db |", "| db | extra |"),
        ("| AI-7f3k |", "| AI-7f3l |"),
        ("| Notes | Area |", "| Notes | Notes |"),
        ("| Owner |", "| Owned by |"),
        ("## Action Items", "## Actions"),
        ("## Action Items\n\n", "## Action Items\n\ntext\n"),
    ],
)
def test_anything_else_changes_the_digest(old: str, new: str) -> None:
    assert old in SMALL
    assert digest(SMALL.replace(old, new)) != digest(SMALL)


def test_attachments_count_by_path_mode_and_bytes(outage: bytes) -> None:
    doc = read(outage)
    base = Attachment("a.png", "100644", "0" * 64)
    digests = {
        content_digest(doc, files)
        for files in (
            [],
            [base],
            [base._replace(path="b.png")],
            [base._replace(mode="120000")],
            [base._replace(sha256="1" * 64)],
        )
    }
    assert len(digests) == 5


def test_a_second_owner_column_hides_nothing() -> None:
    text = SMALL.replace("| Notes | Area |", "| Notes | Owner |")
    assert digest(text) != digest(text.replace("| db |", "| hidden |"))


def test_tracking_cells_are_short_plain_text() -> None:
    text = SMALL.replace("| OPEN | | |", f"| OPEN | [x](https://x) | {'long ' * 80} |").replace(
        "@jane |", "@ja\u202ene |"
    )
    found = action_problems(read(text.encode(), "a.md"))
    assert [(item.code, item.line) for item in found] == [("PM591", 18), ("PM592", 18), ("PM590", 18)]
    assert action_problems(read(SMALL.encode())) == []
    assert action_problems(read(SMALL.replace("| OPEN | |", "| OPEN | https://x.example/a?b=1 |").encode())) == []


def test_a_document_does_not_differ_from_itself(outage: bytes) -> None:
    assert changes(read(outage), read(outage)) == ()
    assert changes(None, None) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("title: Payment API outage\n", "title: Payment API outage # nobody reads this\n"),
        ("title: Payment API outage\n", 'title: "Payment API\n  outage"\n'),
        ("status: DRAFT\n", "# a comment\nstatus: DRAFT\n"),
        ("author: jane\nstatus: DRAFT\n", "status: DRAFT\nauthor: jane\n"),
        ("reviewers: [bob]\n", "reviewers: [bob,]\n"),
        ("| AI-1 | Do it |", "|   AI-1 | Do it |"),
        ("---\nid", "\ufeff---\nid"),
    ],
)
def test_bytes_that_no_digest_covers_are_a_change_of_the_layout(old: str, new: str) -> None:
    text = (
        "---\nid: 2024-01-15-x\ntitle: Payment API outage\nauthor: jane\nstatus: DRAFT\nreviewers: [bob]\n---\n\n"
        "## Action Items\n\n| ID | Action | Owner | Status |\n|---|---|---|---|\n| AI-1 | Do it | @bob | OPEN |\n"
    )
    assert old in text
    before, after = read(text.encode()), read(text.replace(old, new).encode())
    assert after.readable
    assert [change.kind for change in changes(before, after)] == [ChangeKind.LAYOUT]
    moved = read(text.replace("OPEN", "COMPLETED").replace("status: DRAFT\n", "status: IN_REVIEW\n").encode())
    assert {change.kind for change in changes(before, moved)} == {ChangeKind.STATUS, ChangeKind.TRACKING}


def test_a_comment_beside_what_an_act_changes_is_a_change_of_its_own() -> None:
    text = "---\nid: 2024-01-15-x\nstatus: DRAFT # ready\nreviewers:\n  - bob # he knows\n---\n"
    before = read(text.encode())
    for old, new, kinds in (
        ("status: DRAFT #", "status: IN_REVIEW #", {ChangeKind.STATUS}),
        ("DRAFT # ready", "IN_REVIEW # done", {ChangeKind.STATUS, ChangeKind.LAYOUT}),
        ("  - bob # he knows", "  - carol # she knows", {ChangeKind.ACCESS, ChangeKind.LAYOUT}),
    ):
        assert {change.kind for change in changes(before, read(text.replace(old, new).encode()))} == kinds


def test_every_kind_of_change_is_named(outage: bytes) -> None:
    before = read(outage)
    text = OUTAGE
    for old, new in [
        ("status: DRAFT ", "status: IN_REVIEW "),
        ("[alice]", "[alice, bob]"),
        ("author: jane", "author: bob"),
        ("severity: SEV2", "severity: SEV1"),
        ("for 45 minutes", "for 50 minutes"),
        ("| HIGH | OPEN |", "| HIGH | COMPLETED |"),
    ]:
        assert old in text
        text = text.replace(old, new)
    found = changes(before, read(text.encode()))
    assert [(change.kind, change.key or change.item, change.column) for change in found] == [
        (ChangeKind.STATUS, "status", ""),
        (ChangeKind.AUTHOR, "author", ""),
        (ChangeKind.ACCESS, "reviewers", ""),
        (ChangeKind.FIELD, "severity", ""),
        (ChangeKind.SECTION, "Summary", ""),
        (ChangeKind.TRACKING, "AI-7f3k", "Status"),
    ]
    assert [change.describe() for change in found] == [
        "status changed from DRAFT to IN_REVIEW",
        "author changed from jane to bob",
        "reviewers changed from alice to alice, bob",
        "severity changed from SEV2 to SEV1",
        "section Summary changed",
        "AI-7f3k Status changed from OPEN to COMPLETED",
    ]
    assert [change.kind for change in changes(None, before)] == [ChangeKind.CREATED]
    assert [change.kind for change in changes(before, None)] == [ChangeKind.DELETED]
    assert [change.kind for change in changes(before, read(b"x"))] == [ChangeKind.UNREADABLE]


def test_descriptions_hold_no_control_characters(outage: bytes) -> None:
    after = read(outage.replace(b"severity: SEV2", '"severity\u202e": "a\u202eb"'.encode()))
    assert all(change.describe().isprintable() for change in changes(read(outage), after))


def test_moved_sections_are_a_change(outage: bytes) -> None:
    doc = read(outage)
    impact = doc.section("Impact")
    cause = doc.section("Root Cause")
    assert impact is not None
    assert cause is not None
    text = (
        doc.text[: impact.start]
        + doc.text[cause.start : cause.end]
        + doc.text[impact.start : impact.end]
        + doc.text[cause.end :]
    )
    found = changes(doc, read(text.encode()))
    assert [change.describe() for change in found] == ["order of the sections changed"]
    assert content_digest(read(text.encode())) != content_digest(doc)


def mutate(doc: Document, action: str, word: str, lines: list[str]) -> Document:
    """One random step away from a document, by hand or by an edit."""
    text = doc.text
    if action == "cell":
        (table, *_) = action_tables(doc) or [None]
        if table is None or not table.rows:
            return doc
        return edits.set_cell(doc, table, table.rows[0], len(word) % len(table.columns), word)
    if action == "field":
        return edits.set_field(doc, ["status", "reviewers", "title", "fields", "odd"][len(word) % 5], word)
    if action == "body":
        return read((text[: doc.body_start] + "\n".join(lines)).encode("utf-8", "replace"))
    at = doc.body_start + (len(word) * 37) % max(1, len(doc.body))
    if action == "insert":
        return read((text[:at] + word + text[at:]).encode("utf-8", "replace"))
    return read((text[:at] + text[at + len(word) :]).encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([SMALL, OUTAGE]),
    st.lists(
        st.tuples(st.sampled_from(["cell", "field", "body", "insert", "delete"]), hostile, markdown_lines), max_size=3
    ),
)
def test_the_digest_changes_exactly_with_the_content_changes(
    start: str, steps: list[tuple[str, str, list[str]]]
) -> None:
    before = after = read(start.encode())
    for action, word, lines in steps:
        try:
            after = mutate(after, action, word, lines)
        except PmctlError:
            continue
    found = changes(before, after)
    same = content_digest(before) == content_digest(after)
    assert same == all(change.kind in OUTSIDE_CONTENT for change in found)
    assert all(safe(change.describe()) == change.describe() for change in found)
    if not found and before.readable and after.readable:
        assert before.meta == after.meta

        def tracked(doc: Document) -> list[list[str]]:
            return [
                [row.cells[index].text for name in TRACKING if (index := table.column(name)) is not None]
                for table in action_tables(doc)
                for row in table.rows
            ]

        assert tracked(before) == tracked(after)


def test_the_code_leaves_out_three_keys_and_no_more() -> None:
    from pmctl.document.fields import LIFECYCLE_KEYS

    assert frozenset({"status", "reviewers", "editors"}) == LIFECYCLE_KEYS
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest(SMALL))
