"""Surgical edits: only the meant bytes change, hostile values read back or are refused."""

from __future__ import annotations

import contextlib
import difflib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pmctl.document import edits
from pmctl.document.action_problems import unread_items
from pmctl.document.actions import action_items, action_tables
from pmctl.document.fields import FIELDS
from pmctl.document.reader import Document, read
from pmctl.document.rows import TRIM
from pmctl.errors import BadInput, NotFound

from .conftest import OUTAGE
from .strategies import hostile, markdown_lines

VARIANTS = {
    "lf": OUTAGE.encode(),
    "crlf": OUTAGE.replace("\n", "\r\n").encode(),
    "bom": b"\xef\xbb\xbf" + OUTAGE.encode(),
    "no final newline": OUTAGE.rstrip("\n").encode(),
    "ends in the table": OUTAGE.split("\n## Lessons")[0].rstrip("\n").encode(),
    "trailing spaces": OUTAGE.replace("\n", "  \n").encode(),
}
variants = st.sampled_from(sorted(VARIANTS)).map(lambda name: read(VARIANTS[name]))


def changed_lines(before: Document, after: Document) -> tuple[list[bytes], list[bytes]]:
    """Lines that went and lines that came, line endings included."""
    old, new = before.data.splitlines(keepends=True), after.data.splitlines(keepends=True)
    gone: list[bytes] = []
    come: list[bytes] = []
    for tag, first, last, start, stop in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += old[first:last]
            come += new[start:stop]
    return gone, come


def test_a_status_changes_nothing_but_its_word(outage: bytes) -> None:
    doc = edits.set_field(read(outage), "status", "IN_REVIEW")
    assert doc.data == outage.replace(b"status: DRAFT  ", b"status: IN_REVIEW  ")


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_every_variant_survives_a_field_and_a_cell(name: str) -> None:
    doc = read(VARIANTS[name])
    after = edits.set_field(doc, "reviewers", ["alice", "bob"])
    assert after.data == doc.data.replace(b"[alice]", b"[alice, bob]")
    (table,) = action_tables(after)
    done = edits.set_cell(after, table, table.rows[0], "Status", "COMPLETED")
    assert done.data == after.data.replace(b"| OPEN |", b"| COMPLETED |")


@settings(max_examples=200, deadline=None)
@given(variants, st.sampled_from([field.name for field in FIELDS] + ["unknown"]), hostile)
def test_set_field_reads_back_or_refuses(doc: Document, key: str, value: str) -> None:
    try:
        after = edits.set_field(doc, key, value)
    except BadInput:
        return
    assert after.meta[key] == value
    assert after.body == doc.body
    assert {name: item for name, item in after.meta.items() if name != key} == {
        name: item for name, item in doc.meta.items() if name != key
    }
    if key in doc.front:
        node = doc.front[key]
        assert after.text.startswith(doc.text[: node.key_start])
        assert after.text.endswith(doc.text[node.end :])
    else:
        gone, come = changed_lines(doc, after)
        assert (len(gone), len(come)) == (0, 1)


values = st.recursive(
    st.one_of(hostile, st.booleans(), st.integers(-1000, 1000), st.none(), st.sampled_from([1.5, 0.25])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(hostile.filter(bool), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(variants, st.dictionaries(hostile.filter(bool), values, max_size=3))
def test_nested_values_read_back_or_are_refused(doc: Document, value: dict[str, Any]) -> None:
    with contextlib.suppress(BadInput):
        after = edits.set_field(doc, "fields", value)
        assert after.front["fields"].plain() == value
        assert edits.remove_field(after, "fields").front.keys() == doc.front.keys() - {"fields"}


def test_awkward_texts_are_written_so_that_any_yaml_reader_agrees(outage: bytes) -> None:
    for text in (
        "no",
        "on",
        "012",
        "1:30",
        "null",
        "2024-01-15",
        "a: b",
        "#x",
        "- x",
        "it's",
        "😀",
        "a\u00a0b",
        "@jane",
    ):
        doc = edits.set_field(read(outage), "title", text)
        import yaml

        assert yaml.safe_load(doc.text[doc.front_start : doc.front_end])["title"] == text


def test_times_and_addresses_look_as_people_write_them(outage: bytes) -> None:
    doc = edits.set_field(read(outage), "resolved_at", datetime(2024, 1, 15, 15, 0, tzinfo=UTC))
    assert "\nresolved_at: 2024-01-15T15:00:00Z\n" in doc.text
    doc = edits.set_field(
        doc, "incidents", [{"source": "statuspage", "id": "p31zj", "url": "https://status.example/p31zj"}]
    )
    assert '\nincidents: [{source: statuspage, id: p31zj, url: "https://status.example/p31zj"}]\n' in doc.text


def test_a_new_key_takes_its_place_in_the_order() -> None:
    doc = read(b"---\nid: 2024-01-15-x\n# about the title\ntitle: X  # short\nauthor: jane\n---\n")
    after = edits.set_field(doc, "status", "DRAFT")
    assert (
        after.data == b"---\nid: 2024-01-15-x\n# about the title\ntitle: X  # short\nstatus: DRAFT\nauthor: jane\n---\n"
    )


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("reviewers:\n  - alice\n  - bob\ntitle: x\n", "reviewers: [z]\ntitle: x\n"),
        ("reviewers:  # who\n  - alice\n\n# next\ntitle: x\n", "reviewers: [z]  # who\n\n# next\ntitle: x\n"),
        ("reviewers:\ntitle: x\n", "reviewers: [z]\ntitle: x\n"),
        ("reviewers:   # nobody yet\ntitle: x\n", "reviewers: [z]   # nobody yet\ntitle: x\n"),
        ("reviewers: [alice,\n  bob]  # two\ntitle: x\n", "reviewers: [z]  # two\ntitle: x\n"),
        ("'reviewers': [alice]\ntitle: x\n", "'reviewers': [z]\ntitle: x\n"),
        ("reviewers: |\n  alice\ntitle: x\n", "reviewers: [z]\ntitle: x\n"),
        ("reviewers: ~\ntitle: x\n", "reviewers: [z]\ntitle: x\n"),
    ],
)
def test_values_of_every_style_are_replaced(front: str, expected: str) -> None:
    doc = read(f"---\n{front}---\n".encode())
    assert edits.set_field(doc, "reviewers", ["z"]).text == f"---\n{expected}---\n"


def test_removing_a_key_takes_its_lines(outage: bytes) -> None:
    doc = edits.remove_field(read(outage), "incidents")
    gone, come = changed_lines(read(outage), doc)
    assert (len(gone), come) == (2, [])
    with pytest.raises(NotFound):
        edits.remove_field(doc, "incidents")


def test_an_unreadable_document_is_not_edited() -> None:
    doc = read(b"---\nid: x\nid: y\n---\n", "a.md")
    with pytest.raises(BadInput, match=r"a\.md:3:1"):
        edits.set_field(doc, "title", "x")


@settings(max_examples=200, deadline=None)
@given(
    variants, st.integers(0, 1), st.sampled_from(["ID", "Action", "Owner", "Due", "Status", "Ticket", "Notes"]), hostile
)
def test_set_cell_reads_back_or_refuses(doc: Document, number: int, column: str, value: str) -> None:
    (table,) = action_tables(doc)
    row = table.rows[number]
    try:
        after = edits.set_cell(doc, table, row, column, value)
    except BadInput:
        return
    (new_table,) = action_tables(after)
    index = table.column(column)
    assert index is not None
    assert new_table.rows[number].cells[index].text == value.strip(TRIM)
    cell = row.cells[index]
    assert after.text.startswith(doc.text[: cell.left])
    assert after.text.endswith(doc.text[cell.right :])


@settings(max_examples=200, deadline=None)
@given(variants, st.dictionaries(st.sampled_from(["ID", "Action", "Owner", "Notes", "due date"]), hostile))
def test_append_row_adds_one_line(doc: Document, cells: dict[str, str]) -> None:
    (table,) = action_tables(doc)
    try:
        after = edits.append_row(doc, table, cells)
    except BadInput:
        return
    except NotFound:
        assert "due date" in cells
        return
    at = doc.data.rindex(b"OPS-12 | |") + len(b"OPS-12 | |")
    assert after.data.startswith(doc.data[:at])
    assert len(after.data.splitlines()) == len(doc.data.splitlines()) + 1
    (new_table,) = action_tables(after)
    texts = dict(zip(new_table.columns, (cell.text for cell in new_table.rows[-1].cells), strict=True))
    assert texts == {**dict.fromkeys(table.columns, ""), **{name: text.strip(TRIM) for name, text in cells.items()}}
    removed = edits.remove_row(after, new_table, new_table.rows[-1])
    assert removed.text.rstrip() == doc.text.rstrip()


@settings(max_examples=200, deadline=None)
@given(variants, st.text(st.sampled_from("a |\\`&#<>-*[]()!é"), min_size=1))
@example(read(VARIANTS["lf"]), "a \\| b")
@example(read(VARIANTS["lf"]), "\\\\|\\| \\")
def test_any_line_of_text_can_be_an_action(doc: Document, text: str) -> None:
    after = edits.append_row(doc, action_tables(doc)[0], {"ID": "AI-new1", "Action": text})
    (table,) = action_tables(after)
    assert action_items(after)[-1].description == text.strip(TRIM)
    assert unread_items(after) == unread_items(doc)
    again = edits.set_cell(after, table, table.rows[0], "Notes", text)
    assert action_items(again)[0].notes == text.strip(TRIM)
    assert unread_items(again) == unread_items(doc)


@settings(max_examples=200, deadline=None)
@given(variants, hostile)
def test_append_column_is_the_last_one_and_empty(doc: Document, name: str) -> None:
    (table,) = action_tables(doc)
    try:
        after = edits.append_column(doc, table, name)
    except BadInput:
        return
    (wider,) = action_tables(after)
    assert wider.columns == (*table.columns, name.strip(TRIM))
    assert [row.cells[-1].text for row in wider.rows] == [""] * len(table.rows)
    assert [row.cells[:-1] != () for row in wider.rows] == [True] * len(table.rows)
    assert [[cell.text for cell in row.cells[:-1]] for row in wider.rows] == [
        [cell.text for cell in row.cells] for row in table.rows
    ]
    gone, come = changed_lines(doc, after)
    assert len(gone) == len(come) == 2 + len(table.rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("| ID | Action | Status |\n|---|---|---|\n| a | b \\\\| c | OPEN |\n",
         "| ID | Action | Status | Kind |\n|---|---|---|------|\n| a | b \\\\| c | OPEN | |\n"),
        ("ID | Action | Status\n---|---|---\na | b | OPEN\n",
         "ID | Action | Status | Kind |\n---|---|--- |------|\na | b | OPEN | |\n"),
        ("| ID  | Action | Status |\n|-----|--------|--------|\n| a   | b      | OPEN   |  \n",
         "| ID  | Action | Status | Kind |\n|-----|--------|--------|------|\n| a   | b      | OPEN   |      |  \n"),
    ],
)  # fmt: skip
def test_a_column_is_written_as_the_table_is(rows: str, expected: str) -> None:
    doc = table_document(rows)
    assert edits.append_column(doc, action_tables(doc)[0], "Kind").text == doc.text.replace(rows, expected)


@pytest.mark.parametrize("row", ["| a | b |", "| a | b | OPEN | more |"])
def test_a_row_of_another_length_gets_no_column(row: str) -> None:
    doc = table_document(f"| ID | Action | Status |\n|---|---|---|\n{row}\n")
    with pytest.raises(BadInput, match="not as many cells"):
        edits.append_column(doc, action_tables(doc)[0], "Kind")


def table_document(rows: str) -> Document:
    return read(f"---\nid: 2024-01-15-x\n---\n\n## Action Items\n\n{rows}".encode())


def test_alignment_survives() -> None:
    doc = table_document(
        "| ID   | Action | Status      |\n|------|--------|-------------|\n| AI-1 | Do     | OPEN        |\n"
    )
    (table,) = action_tables(doc)
    after = edits.set_cell(doc, table, table.rows[0], "Status", "COMPLETED")
    assert "| AI-1 | Do     | COMPLETED   |\n" in after.text
    (table,) = action_tables(after)
    wider = edits.append_row(after, table, {"ID": "AI-2", "Action": "More", "Status": "IN_PROGRESS"})
    assert wider.text.endswith("| AI-2 | More   | IN_PROGRESS |\n")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| AI-1 | Do |", "| AI-1 | Do | | z |"),
        ("| AI-1 | Do", "| AI-1 | Do | | z |"),
        ("AI-1 | Do", "AI-1 | Do | | z |"),
        ("| AI-1 | Do | @a | |", "| AI-1 | Do | @a | z |"),
        ("| AI-1 | Do | @a ||", "| AI-1 | Do | @a | z |"),
        ("| AI-1 | Do \\|", "| AI-1 | Do \\| | | z |"),
    ],
)
def test_short_rows_are_completed(row: str, expected: str) -> None:
    doc = table_document(f"| ID | Action | Owner | Notes |\n|---|---|---|---|\n{row}\n")
    (table,) = action_tables(doc)
    after = edits.set_cell(doc, table, table.rows[0], "Notes", "z")
    assert after.text.splitlines()[-1] == expected


def test_a_row_of_another_state_is_refused(outage: bytes) -> None:
    doc = read(outage)
    (table,) = action_tables(doc)
    later = edits.set_field(doc, "title", "Another title")
    with pytest.raises(BadInput):
        edits.set_cell(later, table, table.rows[0], "Status", "COMPLETED")


def test_a_line_break_in_a_cell_is_refused(outage: bytes) -> None:
    doc = read(outage)
    (table,) = action_tables(doc)
    with pytest.raises(BadInput, match="line break"):
        edits.append_row(doc, table, {"Action": "one\n| AI-0000 | forged |"})


@settings(max_examples=200, deadline=None)
@given(variants, st.sampled_from(["Summary", "Timeline", "Lessons Learned"]), markdown_lines)
def test_replacing_a_section_leaves_the_others(doc: Document, title: str, lines: list[str]) -> None:
    assume(doc.section(title) is not None)
    text = "\n".join(lines)
    try:
        after = edits.replace_section(doc, title, text)
    except BadInput:
        return
    section = after.section(title)
    assert section is not None
    assert section.text.replace("\r\n", "\n").strip() == text.replace("\r\n", "\n").strip()
    assert after.front == doc.front
    assert [item.text for item in after.sections if item.title != title] == [
        item.text for item in doc.sections if item.title != title
    ]


@settings(max_examples=200, deadline=None)
@given(variants, hostile, markdown_lines, st.sampled_from([None, "Summary", "Action Items"]))
def test_appending_a_section_adds_that_section(doc: Document, title: str, lines: list[str], after: str | None) -> None:
    try:
        result = edits.append_section(doc, title, "\n".join(lines), after=after)
    except BadInput:
        return
    names = [" ".join(title.split())]
    before = [item.title for item in doc.sections]
    place = len(before) if after is None else before.index(after) + 1
    assert [item.title for item in result.sections] == before[:place] + names + before[place:]
    assert action_items(result) is not None
    gone, _ = changed_lines(doc, result)
    assert all(not line.strip() or not line.endswith(b"\n") for line in gone)


def test_the_body_is_replaced_whole(outage: bytes) -> None:
    doc = read(outage)
    after = edits.set_body_text(doc, "## Summary\n\nShort.\n")
    assert after.text[: after.body_start] == doc.text[: doc.body_start]
    assert after.body == "## Summary\n\nShort.\n"
    with pytest.raises(BadInput):
        edits.set_body_text(doc, "---\nstatus: PUBLISHED\n---\n")
