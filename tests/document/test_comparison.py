"""Two versions compared by section, row, cell and word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.alignment import Budget
from pmctl.document.comparison import compare
from pmctl.document.difference import CellChange, Difference, FieldChange, Piece, RowChange, SectionChange, TextChange
from pmctl.document.reader import Document, read

HEAD = "---\nid: 2024-01-15-pool\ntitle: Pool\nstatus: DRAFT\nauthor: jane\n{more}---\n\n"
ITEMS = (
    "## Action Items\n\n| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
TIMELINE = "## Timeline\n\n| Time | Event | Who |\n|---|---|---|\n"


def written(body: str, more: str = "") -> Document:
    return read((HEAD.format(more=more) + body).encode())


def sections(before: str, after: str) -> tuple[SectionChange, ...]:
    found = compare(written(before), written(after))
    assert found.kind == "changed"
    return found.sections


def rows(before: str, after: str) -> tuple[RowChange, ...]:
    (section,) = sections(before, after)
    (table,) = section.tables
    return table.rows


def texts(before: str, after: str) -> tuple[TextChange, ...]:
    (section,) = sections("## Summary\n\n" + before, "## Summary\n\n" + after)
    return section.texts


def fields(before: str, after: str) -> tuple[FieldChange, ...]:
    return compare(written("", before), written("", after)).fields


def test_same_bytes_are_no_difference() -> None:
    assert compare(written("## Summary\n\nx\n"), written("## Summary\n\nx\n")) == Difference("same")
    assert compare(None, None).kind == "same"


def test_one_version_only() -> None:
    created = compare(None, written("## Summary\n\nx\n"))
    assert created.kind == "added"
    assert [one.key for one in created.fields] == ["id", "title", "status", "author"]
    assert [(one.title, one.kind) for one in created.sections] == [("Summary", "added")]
    assert compare(written("## Summary\n\nx\n"), None).kind == "removed"


def test_front_matter_by_key_and_element() -> None:
    assert fields("severity: SEV2\n", "severity: SEV1\n") == (FieldChange("severity", "changed", "SEV2", "SEV1"),)
    assert fields("", "urgency: HIGH\n") == (FieldChange("urgency", "added", "", "HIGH"),)
    (tags,) = fields("tags: [a, b]\n", "tags: [b, c]\n")
    assert (tags.added, tags.removed) == (("c",), ("a",))
    (order,) = fields("tags: [a, b]\n", "tags: [b, a]\n")
    assert (order.added, order.removed, order.before, order.after) == ((), (), "a, b", "b, a")
    assert fields("editors: {bob: edit}\n", "editors: {bob: comment, carol: edit}\n") == (
        FieldChange("editors.bob", "changed", "edit", "comment"),
        FieldChange("editors.carol", "added", "", "edit"),
    )
    assert fields("tags:\n", "") == (FieldChange("tags", "removed", "", ""),)


def test_another_spelling_of_the_same_is_layout() -> None:
    assert compare(written("", "severity: SEV2\n"), written("", 'severity: "SEV2"\n')) == Difference(
        "changed", layout=True
    )
    wrapped = compare(written("## Summary\n\none two\nthree\n"), written("## Summary\n\none\ntwo three\n"))
    assert wrapped == Difference("changed", layout=True)
    crlf = read(written("## Summary\n\nx\n").data.replace(b"\n", b"\r\n"))
    assert compare(written("## Summary\n\nx\n"), crlf) == Difference("changed", layout=True)


def test_sections_added_removed_renamed_moved() -> None:
    a, b, c = "## A\n\none two three four five\n\n", "## B\n\nb\n\n", "## C\n\nc\n\n"
    assert [(one.title, one.kind) for one in sections(a + b, b + c)] == [("A", "removed"), ("C", "added")]
    (moved,) = sections(a + b + c, b + c + a)
    assert (moved.title, moved.behind, moved.texts) == ("A", "C", ())
    (renamed,) = sections(a + b, a.replace("## A", "## Alpha") + b)
    assert (renamed.title, renamed.was, renamed.kind) == ("Alpha", "A", "changed")
    (case,) = sections(a, a.replace("## A", "## a"))
    assert (case.title, case.was) == ("a", "A")


def test_text_before_and_between_sections_counts() -> None:
    assert [one.title for one in sections("hello\n\n## A\n\nx\n", "hello there\n\n## A\n\nx\n")] == [""]
    assert [one.title for one in sections("## A\n\nx\n\n# Top\n\ny\n", "## A\n\nx\n\n# Top\n\nz\n")] == ["A"]


def test_prose_word_by_word() -> None:
    (change,) = texts("The pool was exhausted for forty minutes.\n", "The pool was exhausted for fifty long minutes.\n")
    assert change.pieces == (
        Piece("same", "The pool was exhausted for "),
        Piece("removed", "forty"),
        Piece("added", "fifty long"),
        Piece("same", " minutes."),
    )
    (change,) = texts("one two three four\n", "one two\n")
    assert change.pieces == (Piece("same", "one two"), Piece("removed", " three four"))


def test_paragraphs_that_have_little_in_common_are_two() -> None:
    removed, added = texts("The pool was exhausted.\n", "Nobody noticed anything at all.\n")
    assert (removed.kind, added.kind) == ("removed", "added")
    (added,) = texts("- one\n- two\n", "- one\n- between\n- two\n")
    assert (added.kind, added.pieces) == ("added", (Piece("added", "between"),))


def test_text_under_a_heading_names_it() -> None:
    (change,) = texts("### What went well\n\nIt was quick\n", "### What went well\n\nIt was very quick\n")
    assert change.under == "What went well"


def test_code_line_by_line() -> None:
    (change,) = texts("```\na\nb\n```\n", "```\na\nc\n```\n")
    assert change.code
    assert [one.text for one in change.pieces if one.kind == "removed"] == ["b\n"]


def test_link_definitions_count() -> None:
    (change,) = texts("[a][b]\n\n[b]: https://one.example\n", "[a][b]\n\n[b]: https://two.example\n")
    assert "".join(one.text for one in change.pieces if one.kind == "added") == "two"


def test_items_by_id_and_cell() -> None:
    first = "| AI-7f3k | Add monitoring | @jane | 2024-01-22 | HIGH | OPEN | | |\n"
    second = "| AI-9x2m | Raise the limit | @bob | 2024-02-01 | LOW | OPEN | | |\n"
    moved = first.replace("2024-01-22", "2024-01-29").replace("OPEN", "IN_PROGRESS")
    assert rows(ITEMS + first, ITEMS + second + moved) == (
        RowChange(
            "AI-9x2m",
            "added",
            (
                CellChange("ID", "", "AI-9x2m"),
                CellChange("Action", "", "Raise the limit"),
                CellChange("Owner", "", "@bob"),
                CellChange("Due", "", "2024-02-01"),
                CellChange("Priority", "", "LOW"),
                CellChange("Status", "", "OPEN"),
            ),
        ),
        RowChange(
            "AI-7f3k",
            "changed",
            (CellChange("Due", "2024-01-22", "2024-01-29"), CellChange("Status", "OPEN", "IN_PROGRESS")),
        ),
    )
    (swapped,) = rows(ITEMS + first + second, ITEMS + second + first)
    assert (swapped.moved, swapped.cells) == (True, ())


def test_timeline_by_time() -> None:
    rows_before = "| 14:00 | Alert | @bob |\n| 14:10 | Pool raised | @bob |\n| 14:10 | Page | @jane |\n"
    rows_after = (
        "| 14:00 | Alert | @bob |\n| 14:10 | Pool raised | @bob |\n| 14:10 | Paged | @jane |\n| 14:20 | End | |\n"
    )
    changed, added = rows(TIMELINE + rows_before, TIMELINE + rows_after)
    assert (changed.name, changed.cells) == ("14:10", (CellChange("Event", "Page", "Paged"),))
    assert (added.name, added.kind) == ("14:20", "added")
    (corrected,) = rows(TIMELINE + rows_before, TIMELINE + rows_before.replace("14:00", "13:58"))
    assert corrected.cells == (CellChange("Time", "14:00", "13:58"),)


def test_columns_by_heading_wherever_they_stand() -> None:
    before = "## Impact\n\n| Type | Measure |\n|---|---|\n| Payments | 10 |\n"
    after = "## Impact\n\n| Measure | Type | Source |\n|---|---|---|\n| 10 | Payments | logs |\n"
    (section,) = sections(before, after)
    (table,) = section.tables
    assert (table.columns_added, table.columns_removed) == (("Source",), ())
    assert [row.cells for row in table.rows] == [(CellChange("Source", "", "logs"),)]


def test_a_long_cell_is_told_apart_by_words() -> None:
    long = "the connection pool of the payment service was exhausted for a while"
    before, after = (TIMELINE + f"| 14:00 | {text} | |\n" for text in (long, long.replace("payment", "billing")))
    (row,) = rows(before, after)
    assert Piece("removed", "payment") in row.cells[0].pieces


def test_attachments_are_named() -> None:
    document = written("")
    found = compare(document, document, {"a.png": "1", "b.png": "2"}, {"b.png": "3", "c.png": "4"})
    assert [(one.path, one.kind) for one in found.attachments] == [
        ("a.png", "removed"),
        ("b.png", "changed"),
        ("c.png", "added"),
    ]


@pytest.mark.parametrize(
    "data", [b"---\nid: a\nid: b\n---\n", b"\xff\xfe\x00", b"GIF89a\x00\x01", b"x" * (1024 * 1024 + 1)]
)
def test_what_cannot_be_read_is_compared_by_lines(data: bytes) -> None:
    found = compare(written("## Summary\n\nx\n"), read(data))
    assert [one.version for one in found.lines_only] == ["after"]
    assert not found.sections
    assert any(one.kind == "removed" and "title: Pool" in one.text for one in found.lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 250_000, "b a c " * 170_000),
        ("a\n\n" * 300_000, "b\n\na\n\n" * 150_000),
        ("| A |\n|---|\n" + "| 1 |\n" * 150_000, "| A |\n|---|\n" + "| 2 |\n| 1 |\n" * 75_000),
        ("|" + "a|" * 250_000 + "\n|" + "-|" * 250_000 + "\n", "|" + "b|" * 250_000 + "\n|" + "-|" * 250_000 + "\n"),
    ],
)
def test_a_megabyte_made_to_be_costly_is_compared_within_the_budget(before: str, after: str) -> None:
    old, new = written("## Summary\n\n" + before), written("## Summary\n\n" + after)
    budget = Budget()
    found = compare(old, new, budget=budget)
    assert found.kind == "changed"
    assert found.sections or found.lines
    assert budget.steps > -4_000_000  # what was begun when it ran out is the only work beyond it


LINES = st.lists(
    st.sampled_from(
        ("## A", "## B", "# T", "", "text one two", "- item", "| A | B |", "|---|---|", "| 1 | 2 |", "| 1 | 3 |", "```",
         "<!-- c -->", "[x]: y", "> q", "    code", "### sub", "| 1 |", "tags: [a]")
    ),
    max_size=12,
)  # fmt: skip


@given(LINES, LINES)
def test_nothing_is_listed_exactly_when_the_bytes_are_the_same(before: list[str], after: list[str]) -> None:
    old, new = (written("\n".join(side)) for side in (before, after))
    found = compare(old, new)
    listed = bool(found.fields or found.sections or found.layout or found.lines or found.attachments)
    assert listed == (found.kind != "same") == (old.data != new.data)
