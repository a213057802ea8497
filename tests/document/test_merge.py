"""Three versions of a postmortem as one: what is merged, what is a conflict, and what stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pmctl.document.merge import Merged, merge
from pmctl.document.merge_conflict import Labels, NotUnderstood
from pmctl.document.reader import read

BASE = """---
id: 2024-01-15-payment-api
title: Payments failed
status: DRAFT
author: jane
severity: SEV2
urgency: HIGH
tags: [pool, database]
services:
  - payment-api
  - checkout
---

## Summary

The payment API was down.

It came back by itself.

## Timeline

| Time | Event | Who |
|---|---|---|
| 14:00 | Alert | @jane |
| 15:00 | Recovered | @bob |

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |
| AI-8g4m | Raise the limit | @bob | 2024-02-01 | LOW | OPEN | | |
| AI-9h5n | Write a runbook | @jane | 2024-02-10 | LOW | OPEN | | |

## Lessons Learned

- Alerts came early.
- The runbook was old.
"""


def put(*pairs: tuple[str, str], text: str = BASE) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    return text


def merged(ours: str | bytes, theirs: str | bytes, base: str | bytes = BASE) -> Merged:
    return merge(*(one.encode() if isinstance(one, str) else one for one in (base, ours, theirs)))


def clean(ours: str, theirs: str, base: str = BASE) -> str:
    found = merged(ours, theirs, base)
    assert found.conflicts == ()
    return found.written()[0].decode()


def conflicted(ours: str, theirs: str, base: str = BASE) -> str:
    found = merged(ours, theirs, base)
    assert len(found.conflicts) == 1, found.conflicts
    return found.written(Labels("main", "branch", "base", lambda line: "Jane", lambda line: "Bob"))[0].decode()


A_ROW = "| AI-1aaa | Page earlier | @jane | 2024-03-01 | LOW | OPEN | | |\n"
B_ROW = "| AI-2bbb | Page later | @bob | 2024-03-02 | LOW | OPEN | | |\n"
LAST = "| AI-9h5n | Write a runbook | @jane | 2024-02-10 | LOW | OPEN | | |\n"
FIRST_EVENT = "| 14:00 | Alert | @jane |\n"

SIX: dict[str, tuple[str, str, str]] = {
    "two action rows": (put((LAST, LAST + A_ROW)), put((LAST, LAST + B_ROW)), put((LAST, LAST + A_ROW + B_ROW))),
    "two timeline rows": (
        put((FIRST_EVENT, FIRST_EVENT + "| 14:30 | Restart | |\n")),
        put((FIRST_EVENT, FIRST_EVENT + "| 14:10 | Paged | |\n")),
        put((FIRST_EVENT, FIRST_EVENT + "| 14:10 | Paged | |\n| 14:30 | Restart | |\n")),
    ),
    "two keys next to each other": (
        put(("severity: SEV2", "severity: SEV1")),
        put(("urgency: HIGH", "urgency: LOW")),
        put(("severity: SEV2\nurgency: HIGH", "severity: SEV1\nurgency: LOW")),
    ),
    "adjacent rows": (
        put(("| @carol | 2024-01-22", "| @dave | 2024-01-22")),
        put(("| @bob | 2024-02-01", "| @erin | 2024-02-01")),
        put(("| @carol | 2024-01-22", "| @dave | 2024-01-22"), ("| @bob | 2024-02-01", "| @erin | 2024-02-01")),
    ),
    "two list items": (
        put(("tags: [pool, database]", "tags: [pool, database, night]"), ("was old.\n", "was old.\n- A\n")),
        put(("tags: [pool, database]", "tags: [pool, database, paging]"), ("was old.\n", "was old.\n- B\n")),
        put(("database]", "database, night, paging]"), ("was old.\n", "was old.\n- A\n- B\n")),
    ),
    "same row, different columns": (
        put(("| @carol | 2024-01-22 | HIGH", "| @dave | 2024-01-22 | HIGH")),
        put(("| @carol | 2024-01-22 | HIGH", "| @carol | 2024-01-29 | HIGH")),
        put(("| @carol | 2024-01-22 | HIGH", "| @dave | 2024-01-29 | HIGH")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIX)
def test_the_six_edits_that_lines_cannot_merge(name: str) -> None:
    ours, theirs, expected = SIX[name]
    assert clean(ours, theirs) == expected


def test_what_one_side_changed_is_taken_byte_for_byte() -> None:
    changed = put(("HIGH | OPEN", "HIGH |  DONE"), ("Alert |", "Alert  fired |"))
    assert clean(changed, BASE) == changed
    assert clean(BASE, changed) == changed
    assert clean(changed, changed) == changed


def test_one_cell_changed_twice_is_a_conflict_of_that_row() -> None:
    ours = put(("| @carol | 2024-01-22", "| @dave | 2024-01-29"))
    theirs = put(("pool | @carol | 2024-01-22", "pools | @erin | 2024-01-22"))
    lines = conflicted(ours, theirs).splitlines()
    at = lines.index("=======")
    assert lines[at - 2 : at + 3] == [
        "<<<<<<< main (Jane): Owner is @dave in AI-7f3k",
        "| AI-7f3k | Monitor the pools | @dave | 2024-01-29 | HIGH | OPEN | | |",
        "=======",
        "| AI-7f3k | Monitor the pools | @erin | 2024-01-29 | HIGH | OPEN | | |",
        ">>>>>>> branch (Bob): Owner is @erin in AI-7f3k",
    ]


def test_a_row_removed_here_and_changed_there_is_a_conflict() -> None:
    text = conflicted(put((LAST, "")), put(("@jane | 2024-02-10", "@jane | 2024-03-10")))
    assert "<<<<<<< main (Jane): removed AI-9h5n\n=======\n| AI-9h5n" in text
    assert ">>>>>>> branch (Bob): Due is 2024-03-10 in AI-9h5n\n" in text


def test_a_row_removed_on_either_side_goes() -> None:
    other = put(("@carol", "@dave"))
    assert clean(put((LAST, "")), other) == put((LAST, ""), ("@carol", "@dave"))
    assert clean(put((LAST, "")), put((LAST, ""))) == put((LAST, ""))


def test_rows_moved_on_one_side_keep_what_the_other_changed() -> None:
    rows = BASE.split("|---|---|---|---|---|---|---|---|\n")[1].split("\n\n")[0].splitlines(keepends=True)
    rows[-1] += "" if rows[-1].endswith("\n") else "\n"
    block = "".join(rows)
    moved = put((block, "".join(reversed(rows))))
    both = clean(moved, put(("@bob | 2024-02-01", "@erin | 2024-02-01")))
    assert both == moved.replace("@bob | 2024-02-01", "@erin | 2024-02-01")


def test_a_column_added_on_one_side_takes_the_rows_of_the_other() -> None:
    wider = "\n".join(
        line + (" Kind |" if "| ID |" in line else "---|" if line.startswith("|---|---|---|---|") else " fix |")
        if line.startswith(("| ID", "| AI-", "|---|---|---|---|"))
        else line
        for line in BASE.split("\n")
    )
    both = clean(wider, put((LAST, LAST.replace("LOW", "HIGH") + A_ROW)))
    assert "| AI-9h5n | Write a runbook | @jane | 2024-02-10 | HIGH | OPEN | | | fix |\n" in both
    assert "| AI-1aaa | Page earlier | @jane | 2024-03-01 | LOW | OPEN | | | |\n" in both
    assert clean(put((LAST, LAST.replace("LOW", "HIGH") + A_ROW)), wider) == both


def test_one_id_added_twice_with_other_words_is_a_conflict() -> None:
    text = conflicted(put((LAST, LAST + A_ROW)), put((LAST, LAST + A_ROW.replace("Page earlier", "Sleep longer"))))
    assert "<<<<<<< main (Jane): Action is Page earlier in AI-1aaa\n" in text


def test_the_same_added_on_both_sides_is_there_once() -> None:
    both = put(
        (LAST, LAST + A_ROW), (FIRST_EVENT, FIRST_EVENT + "| 14:10 | Paged | |\n"), ("tags: [pool,", "tags: [x, pool,")
    )
    assert clean(both, both) == both
    assert clean(both, put((LAST, LAST + A_ROW), text=both.replace(A_ROW, ""))) == both


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (("SEV2", "SEV1"), ("SEV2", "SEV3"), "severity is SEV1"),
        (("status: DRAFT", "status: IN_REVIEW"), ("status: DRAFT", "status: ARCHIVED"), "status is IN_REVIEW"),
        (("severity: SEV2\n", ""), ("SEV2", "SEV3"), "removed severity"),
        (("pool, data", "pools, data"), ("pool, data", "poolers, data"), 'tags is ["pools", "database"]'),
    ],
)  # fmt: skip
def test_a_key_changed_twice_is_a_conflict(ours: tuple[str, str], theirs: tuple[str, str], said: str) -> None:
    assert f"<<<<<<< main (Jane): {said}\n" in conflicted(put(ours), put(theirs))


def test_a_status_moves_only_where_the_other_side_left_it() -> None:
    moved = put(("status: DRAFT", "status: IN_REVIEW"))
    assert clean(moved, put(("SEV2", "SEV1"))) == put(("status: DRAFT", "status: IN_REVIEW"), ("SEV2", "SEV1"))
    assert clean(moved, moved) == moved


def test_lists_and_mappings_are_merged_by_element_in_the_style_that_was_changed() -> None:
    block = put(("tags: [pool, database]", "tags:\n  - pool\n  - database\n  - night"))
    assert "tags:\n  - pool\n  - database\n  - night\n" in clean(block, put(("SEV2", "SEV1")))
    flow = put(("services:\n  - payment-api\n  - checkout", "services: [payment-api, checkout, cart]"))
    added = put(("  - checkout\n", "  - checkout\n  - search\n"))
    assert "services: [payment-api, checkout, cart, search]\n" in clean(flow, added)
    people = "editors: {bob: edit}\n---\n\n## Summary"
    base = put(("---\n\n## Summary", people))
    ours, theirs = (
        base.replace("{bob: edit}", "{bob: edit, carol: comment}"),
        base.replace("{bob: edit}", "{bob: comment}"),
    )
    assert "editors: {bob: comment, carol: comment}\n" in clean(ours, theirs, base)
    removed = put(("  - payment-api\n", ""))
    assert "services:\n  - checkout\n  - search\n" in clean(removed, added)


def test_a_comment_in_the_front_matter_is_kept() -> None:
    ours = put(("severity: SEV2", "# who said so?\nseverity: SEV2"))
    theirs = put(("severity: SEV2", "severity: SEV1"))
    assert "# who said so?\nseverity: SEV1\n" in clean(ours, theirs)
    beside = put(("severity: SEV2", "severity: SEV2  # guessed"))
    assert "severity: SEV2  # guessed\n=======\nseverity: SEV1\n" in conflicted(beside, theirs)


def test_prose_is_merged_by_lines_and_a_conflict_is_one_paragraph() -> None:
    ours, theirs = put(("was down.", "was down for long.")), put(("by itself.", "after a restart."))
    assert clean(ours, theirs) == put(("was down.", "was down for long."), ("by itself.", "after a restart."))
    text = conflicted(ours, put(("was down.", "failed.")))
    assert "<<<<<<< main (Jane): text of Summary is 'The payment API was down for long.'\n" in text
    assert "\n\nIt came back by itself.\n" in text.split(">>>>>>>")[1]


def test_sections_are_merged_by_their_heading() -> None:
    summary = BASE[BASE.index("## Summary") : BASE.index("## Timeline")]
    moved = BASE.replace(summary, "").replace("## Lessons", summary + "## Lessons")
    assert clean(moved, put(("was down.", "failed."))) == moved.replace("was down.", "failed.")
    renamed = put(("## Lessons Learned", "## Lessons"))
    assert clean(renamed, put(("was old.", "was older."))) == put(
        ("## Lessons Learned", "## Lessons"), ("was old.", "was older.")
    )
    gone = BASE.replace(summary, "")
    assert "removed section Summary" in conflicted(gone, put(("was down.", "failed.")))
    assert clean(gone, put(("was old.", "was older."))) == gone.replace("was old.", "was older.")


def test_lines_in_code_are_no_list() -> None:
    base = put(("It came back by itself.", "```yaml\na:\n- one\n```"))
    text = conflicted(base.replace("- one\n", "- one\n- two\n"), base.replace("- one\n", "- one\n- three\n"), base)
    assert "<<<<<<< main (Jane): text of Summary is '- two'\n- two\n=======\n- three\n" in text


def test_line_ends_and_marks_are_merged_like_values() -> None:
    crlf = BASE.replace("\n", "\r\n")
    other = put(("SEV2", "SEV1"))
    assert clean(crlf, other) == other.replace("\n", "\r\n")
    assert clean(other, crlf) == other.replace("\n", "\r\n")
    found = merged(b"\xef\xbb\xbf" + BASE.encode(), other).written()[0]
    assert found == b"\xef\xbb\xbf" + other.encode()
    assert clean(BASE.rstrip("\n"), other) == other.rstrip("\n")
    assert clean(other, BASE + "- more\n", BASE.rstrip("\n")) == other + "- more\n"
    assert b"\r\n<<<<<<< ours: severity is SEV1\r\nseverity: SEV1\r\n=======\r\n" in (
        merged(other.replace("\n", "\r\n"), put(("SEV2", "SEV3")).replace("\n", "\r\n"), crlf).written()[0]
    )  # fmt: skip


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"\x89PNG\0" + text.encode(),
        lambda text: text.replace("---\n", "", 1).encode(),
        lambda text: text.replace("## Summary", "<<<<<<< HEAD\n## Summary").encode(),
        lambda text: text.replace("payment-api\ntitle", "payment-apis\ntitle").encode(),
        lambda text: text.replace("\n", "\r\n", 3).encode(),
        lambda text: text.encode("utf-16"),
        lambda text: b"",
        lambda text: (text + "x" * 1024 * 1024).encode(),
    ],
)
def test_what_is_not_understood_is_not_merged(spoil: Callable[[str], bytes]) -> None:
    for at in range(3):
        versions = [BASE.encode(), put(("SEV2", "SEV1")).encode(), put(("HIGH\n", "LOW\n")).encode()]
        versions[at] = spoil(versions[at].decode())
        with pytest.raises(NotUnderstood):
            merge(*versions)


def test_hostile_names_and_values_cannot_leave_their_line() -> None:
    found = merged(put(("SEV2", '"SEV1\\n=======\\n\\u202e"')), put(("SEV2", "SEV3")))
    labels = Labels("a\nb\x1b[2J", "c" * 500, "d", lambda line: "\r\n>>>>>>> x", lambda line: "\u202e")
    text, told = found.written(labels, size=9, with_base=True)
    lines = text.decode().split("\n")
    marked = [line for line in lines if line[:7] in ("<<<<<<<", "|||||||", "=======", ">>>>>>>")]
    assert [line[:9] for line in marked] == ["<" * 9, "|" * 9, "=" * 9, ">" * 9]
    assert all(len(line) < 140 and "\x1b" not in line and "\u202e" not in line for line in marked)
    assert lines[told[0].line - 1] == marked[0]


def test_a_large_document_does_not_cost_more_than_its_lines() -> None:
    """The work on repeated lines is bounded: comparing all pairs of them would not come to an end here."""
    row = "| AI-%04d | Do it | @bob | 2024-02-01 | LOW | OPEN | | |\n"
    lines = "".join("the same line\n\n" if at % 2 else f"line {at}\n\n" for at in range(30_000))
    large = BASE.replace("It came back", lines + "It came back").replace(LAST, "".join(row % at for at in range(4000)))
    assert 500_000 < len(large) < 1024 * 1024
    both = clean(
        large.replace("SEV2", "SEV1"), large.replace("| AI-0007 | Do it | @bob", "| AI-0007 | Do it | @eve"), large
    )
    assert read(both.encode()).readable and "AI-0007 | Do it | @eve" in both and "SEV1" in both
