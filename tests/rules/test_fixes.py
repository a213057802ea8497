"""--fix fixes what has one right answer, once, and touches nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.digest import content_digest
from pmctl.document.reader import read
from pmctl.rules.context import Context, TemplateView
from pmctl.rules.engine import check
from pmctl.rules.fixes import fix, new_item_id, unified_diff
from pmctl.rules.settings import RuleSettings

from .sample import CONTEXT, PATH, sample, source

HEAD = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"


def items(*rows: str) -> str:
    return "## Action Items\n\n" + HEAD + "\n".join(rows) + "\n"


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    old, new = before.split("\n"), after.split("\n")
    assert len(old) == len(new)
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def test_a_clean_document_is_the_same_object():
    doc = sample()
    assert fix(doc, CONTEXT).document is doc
    assert fix(doc, CONTEXT).applied == ()


def test_an_item_gets_an_id():
    doc = sample(items("| | Alert at 80 % of the pool | @jane | 2999-01-22 | HIGH | OPEN | | |"))
    fixed = fix(doc, CONTEXT, random=random.Random(7))
    [(old, new)] = changed_lines(doc.text, fixed.document.text)
    assert old.startswith("| | Alert")
    assert new.split("|")[1].strip().startswith("AI-")
    assert new.split("|")[2:] == old.split("|")[2:]
    assert check(fixed.document, CONTEXT) == ()
    again = fix(doc, CONTEXT, random=random.Random(7))
    assert again.document.data == fixed.document.data


def test_two_items_get_two_ids():
    row = "| | Alert at 80 % of the pool | @jane | 2999-01-22 | HIGH | OPEN | | |"
    fixed = fix(sample(items(row, row)), CONTEXT)
    assert len(fixed.applied) == 2
    assert check(fixed.document, CONTEXT) == ()


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("open", "OPEN"),
        ("Open", "OPEN"),
        ("In progress", "IN_PROGRESS"),
        ("in-progress", "IN_PROGRESS"),
        ("Done", "COMPLETED"),
        ("closed", "COMPLETED"),
        ("Todo", "OPEN"),
        ("WIP", "IN_PROGRESS"),
        ("WONTDO", "WONT_DO"),
        ("won't do", "WONT_DO"),
        ("Won’t fix", "WONT_DO"),
        ("inprogress", "IN_PROGRESS"),
        ("**Open**", "OPEN"),
        ("`open`", "OPEN"),
    ],
)
def test_the_spelling_of_a_status(written, right):
    doc = sample(items(f"| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | high | {written} | | why |"))
    fixed = fix(doc, CONTEXT)
    [(_, new)] = changed_lines(doc.text, fixed.document.text)
    assert new == f"| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | HIGH | {right} | | why |"
    assert check(fixed.document, CONTEXT) == ()


@pytest.mark.parametrize("written", ["waiting", "blocked", "cancelled", "?", "opened by jane"])
def test_a_status_that_nobody_can_tell_is_left(written):
    doc = sample(items(f"| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | HIGH | {written} | | |"))
    assert fix(doc, CONTEXT).document is doc


def test_missing_optional_cells_are_added_and_others_are_not():
    doc = sample(items("| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | HIGH | OPEN |"))
    fixed = fix(doc, CONTEXT)
    [(_, new)] = changed_lines(doc.text, fixed.document.text)
    assert new.count("|") == 9
    short = sample(items("| AI-7f3k | Alert at 80 % | @jane |"))
    assert fix(short, CONTEXT).document is short


SHORT = "| Action | Owner | Due Date | Priority | Status |\n|---|---|---|---|---|\n"


def test_a_table_without_a_column_for_the_id_gets_one():
    rows = (
        "| Alert at 80 % | @jane | 2999-01-22 | HIGH | OPEN |",
        "| Name the service | @bob | 2999-01-29 | LOW | OPEN |",
    )
    doc = sample("## Action Items\n\n" + SHORT + "\n".join(rows) + "\n")
    fixed = fix(doc, CONTEXT, random=random.Random(7))
    new = [line for _, line in changed_lines(doc.text, fixed.document.text)]
    assert new[:2] == ["| ID | Action | Owner | Due Date | Priority | Status |", "|---|---|---|---|---|---|"]
    assert [line.split("|", 2)[2] for line in new[2:]] == [row[1:] for row in rows]
    assert fixed.applied == ("line 50: added a column ID with 2 ids",)
    assert check(fixed.document, CONTEXT) == ()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "| Action     | Owner |\n|------------|-------|\n| Alert 80 % | @jane |",
            "| ID      | Action     | Owner |\n|---------|------------|-------|\n| AI-6mwu | Alert 80 % | @jane |",
        ),
        ("Action | Owner\n---|---\nAlert | @jane", "ID | Action | Owner\n---|---|---\nAI-6mwu | Alert | @jane"),
        (
            "  |Action|Owner|\n  |:-|-:|\n  |Alert|@jane|",
            "  | ID |Action|Owner|\n  |---|:-|-:|\n  | AI-6mwu |Alert|@jane|",
        ),
        (
            "| Action | Owner |\n|---|---|\n| `a \\| b` で | @jane |\n| | |",
            "| ID | Action | Owner |\n|---|---|---|\n| AI-6mwu | `a \\| b` で | @jane |\n| | | |",
        ),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_new_column_follows_the_tables_own_form(table, expected, ending):
    text = sample().text.partition("## Action Items")[0] + "## Action Items\n\n"
    doc = read(("\ufeff" + text + table).replace("\n", ending).encode(), PATH)
    fixed = fix(doc, CONTEXT, random=random.Random(1)).document
    assert fixed.data == ("\ufeff" + text + expected).replace("\n", ending).encode()


def test_what_an_inline_ignore_hides_is_not_fixed():
    row = "| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | high | open | | |"
    doc = sample("## Action Items\n\n<!-- pmctl: ignore PM511 the tracker's own word -->\n\n" + HEAD + row + "\n")
    assert fix(doc, CONTEXT).applied == ("line 54: Priority 'high' is now 'HIGH'",)
    text = source()
    impact = text[text.index("## Impact") : text.index("## Root Cause")]
    moved = text.replace(impact, "").replace("## Summary\n", impact + "## Summary\n")
    kept = moved.replace("## Impact\n", "## Impact\n\n<!-- pmctl: ignore PM203 first of all -->\n")
    assert fix(read(moved.encode(), PATH), CONTEXT).applied == ("the sections are in the template's order",)
    assert fix(read(kept.encode(), PATH), CONTEXT).applied == ()


@pytest.mark.parametrize("status", ["PUBLISHED", "ARCHIVED"])
def test_of_what_is_published_only_the_tracking_cells_are_fixed(status):
    row = "| | Alert at 80 % | @jane | 2999-01-22 | HIGH | open | | |"
    doc = sample(f"status: {status}\n" + items(row))
    fixed = fix(doc, CONTEXT)
    assert fixed.applied == ("line 52: Status 'open' is now 'OPEN'",)
    assert content_digest(fixed.document) == content_digest(doc)
    assert fixed.refused == (f"not fixed (PM502): the postmortem is {status}; an admin edits it by hand and amends it",)


def test_a_fix_under_review_says_what_it_costs():
    row = "| {} | Alert at 80 % | @jane | 2999-01-22 | HIGH | open | | |"
    cost = "the fixes change content under review: earlier approvals no longer count"
    assert fix(sample(items(row.format(""))), CONTEXT).refused == (cost,)
    assert fix(sample(items(row.format("AI-7f3k"))), CONTEXT).refused == ()
    assert fix(sample("status: DRAFT\n" + items(row.format(""))), CONTEXT).refused == ()


def test_a_row_with_too_many_cells_is_left_alone():
    doc = sample(items("| | Run `a | b` | @jane | 2999-01-22 | high | open | | |"))
    assert fix(doc, CONTEXT).document is doc


def test_sections_are_put_in_order_and_keep_their_bytes():
    text = source()
    impact = text[text.index("## Impact") : text.index("## Root Cause")]
    timeline = text[text.index("## Timeline") : text.index("## Impact")]
    doc = read(text.replace(timeline + impact, impact + timeline).encode(), PATH)
    fixed = fix(doc, CONTEXT)
    assert fixed.document.text == text
    assert fixed.applied == ("the sections are in the template's order",)


def test_a_foreign_section_stays_behind_the_one_it_follows():
    body = "\n## Impact\n\n3 users.\n\n## Notes\n\nabout impact\n\n## Summary\n\nDown for 3 minutes.\n"
    doc = read(f"---\nid: 2024-01-15-x\ntitle: t\nstatus: DRAFT\nauthor: jane\n---\n{body}".encode(), PATH)
    fixed = fix(doc, CONTEXT._replace(template=TemplateView(required=("Summary", "Impact"), optional=())))
    assert fixed.document.body == (
        "\n## Summary\n\nDown for 3 minutes.\n\n## Impact\n\n3 users.\n\n## Notes\n\nabout impact\n"
    )


def test_the_last_section_may_lack_its_newline():
    body = "\r\n## Impact\r\n\r\n3 users.\r\n\r\n## Summary\r\n\r\nDown."
    doc = read(f"---\r\nid: 2024-01-15-x\r\n---\r\n{body}".encode(), PATH)
    fixed = fix(doc, CONTEXT._replace(template=TemplateView(required=("Summary", "Impact"), optional=())))
    assert fixed.document.body == "\r\n## Summary\r\n\r\nDown.\r\n\r\n## Impact\r\n\r\n3 users."


def test_a_fence_that_is_not_closed_keeps_the_order():
    body = "\n## Impact\n\n3 users.\n\n## Summary\n\n```\nDown.\n"
    doc = read(f"---\nid: 2024-01-15-x\n---\n{body}".encode(), PATH)
    fixed = fix(doc, CONTEXT._replace(template=TemplateView(required=("Summary", "Impact"), optional=())))
    assert fixed.document.data == doc.data
    assert fixed.applied == ()
    assert fixed.refused[0].startswith("not fixed (PM203)")


def test_codes_that_are_ignored_are_not_fixed():
    doc = sample(items("| | Alert at 80 % | @jane | 2999-01-22 | HIGH | Done | | |"))
    fixed = fix(doc, CONTEXT._replace(settings=RuleSettings(ignore=("PM502",))))
    assert [line.split(": ", 1)[1] for line in fixed.applied] == ["Status 'Done' is now 'COMPLETED'"]


def test_what_cannot_be_read_is_left():
    doc = read(b"---\nid: a\nid: b\n---\n\n## Impact\n", PATH)
    assert fix(doc, CONTEXT).document is doc


def test_the_diff_shows_the_change_and_a_missing_newline():
    assert unified_diff("a\nb\n", "a\nb\n", "x.md") == ""
    assert unified_diff("a\nb", "a\nc", "x.md") == (
        "--- a/x.md\n+++ b/x.md\n@@ -1,2 +1,2 @@\n a\n"
        "-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


def test_a_new_id_is_not_taken():
    chooser = random.Random(1)
    first = new_item_id((), random.Random(1))
    assert new_item_id((first.upper(),), chooser) != first


CELL = st.sampled_from(
    ["", "Open", "open", "Done", "waiting", "HIGH", "high", "urgent", "@jane", "2024-01-22", "AI-7f3k", "x \\| y"]
)
ROW = st.lists(CELL, min_size=1, max_size=9).map(lambda cells: "| " + " | ".join(cells) + " |")
BLOCK = st.one_of(
    st.sampled_from(
        ["text\n", "<!-- prompt -->\n", "```\n## Summary\n```\n", "- [ ] task\n", "### Part\n\ntext\n", ""]
    ),
    st.lists(ROW, max_size=4).map(lambda rows: HEAD + "".join(f"{row}\n" for row in rows)),
    st.lists(ROW, max_size=3).map(lambda rows: SHORT + "".join(f"{row}\n" for row in rows)),
)
TITLE = st.sampled_from(
    ["Summary", "Timeline", "Impact", "Root Cause", "Action Items", "Lessons Learned", "Notes", "Links"]
)
BODY = st.lists(st.tuples(TITLE, BLOCK), max_size=7).map(
    lambda parts: "".join(f"\n## {title}\n\n{block}" for title, block in parts)
)


STATUS = st.sampled_from(["DRAFT", "PUBLISHED"])


@settings(max_examples=150, deadline=None)
@given(body=BODY, crlf=st.booleans(), cut=st.booleans(), bom=st.booleans(), status=STATUS)
def test_fixing_twice_changes_nothing_more(body, crlf, cut, bom, status):
    text = f"---\nid: 2024-01-15-x\ntitle: t # kept\n'status': {status}\nauthor: jane\n---\n{body}"
    text = ("\ufeff" if bom else "") + (text.rstrip("\n") if cut else text)
    doc = read((text.replace("\n", "\r\n") if crlf else text).encode(), PATH)
    once = fix(doc, Context(), random=random.Random(3)).document
    assert fix(once, Context(), random=random.Random(4)).document.data == once.data
    # Nothing is lost: the words are the same but for the cells that were fixed.
    assert once.text[: once.body_start] == doc.text[: doc.body_start]
    assert once.data.count(b"\r\n") == once.data.count(b"\n") * crlf
    if status == "PUBLISHED":
        assert content_digest(once) == content_digest(doc)
    fixed = {"Open", "open", "Done", "high"}
    before = sorted(word for word in doc.text.split() if word not in fixed and not set(word) <= set("|-"))
    after = sorted(word for word in once.text.split() if not word.startswith("AI-") and not set(word) <= set("|-"))
    kept = [word for word in before if not word.startswith("AI-")]
    rest = list(after)
    for word in kept:
        assert word in rest
        rest.remove(word)
    assert set(rest) <= {"OPEN", "COMPLETED", "HIGH", "ID", *fixed}
