"""Sections: what is missing under which name, what counts as unwritten, and which ones are out of order."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.ledger.view import missing_sections
from pmctl.output.advice import words
from pmctl.rules.engine import check
from pmctl.rules.fixes import fix as apply_fixes

from .sample import CONTEXT, PATH, SECTIONS, sample


def found(text: str, family: str = "PM2") -> list[tuple[str, int, str, str]]:
    doc = read(text.encode(), PATH)
    return [
        (one.code, one.line, one.message, words(one.fix)) for one in check(doc, CONTEXT) if one.code.startswith(family)
    ]


def renamed(new: str) -> str:
    return sample().text.replace("## Root Cause\n", f"{new}\n")


@pytest.mark.parametrize(
    "written",
    ["## Root Causes", "## Root cause analysis", "# Root Cause", "### Root Cause", "## 4. Root Cause",
     "## **Root Cause**", "## Root Cause:", "## :mag: Root Cause", "**Root Cause**", "##Root Cause", "## 根本原因",
     "## Rot Cause", "## Root-Cause"],
)  # fmt: skip
def test_a_missing_section_is_shown_where_it_stands_under_another_name(written):
    line = 1 + renamed(written).split("\n").index(written)
    assert found(renamed(written)) == [
        ("PM201", line, "the required section 'Root Cause' is missing", f"write '## Root Cause' instead of {written!r}")
    ]


def test_a_sub_heading_of_another_name_does_not_stand_for_a_missing_section():
    text = sample().text.replace("## Resolution\n", "### Fix\n")
    assert ("PM201", 0, "the required section 'Resolution' is missing", "add '## Resolution'") in found(text)


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ("", "pmctl validate --fix puts the sections in order"),
        ("\n## Summary\n\nAgain.\n", "move it there"),
        ("\n# Appendix\n", "move it there"),
        ("\r\n", "move it there"),
    ],
    ids=["sure", "two of one title", "an H1 between", "mixed line endings"],
)
def test_a_section_out_of_order_names_the_fix_only_where_it_works(more, fix):
    text = sample().text
    start, end = text.index("## Resolution"), text.index("## Action Items")
    moved = text[:start] + text[end:].rstrip() + f"\n\n{text[start:end]}{more}"
    assert {one[3] for one in found(moved) if one[0] == "PM203"} == {fix}
    assert bool(apply_fixes(read(moved.encode(), PATH), CONTEXT).applied) is (not more)


def test_a_look_ahead_is_not_taken_for_the_action_items():
    text = sample().text.replace("## Action Items\n", "## Looking Ahead\n")
    assert found(text) == [("PM201", 0, "the required section 'Action Items' is missing", "add '## Action Items'")]


@pytest.mark.parametrize("title", ["Background", "Monitoring", "Trigger", "Conclusion", "Glossary", "Five Whys"])
def test_sections_of_ones_own_are_no_misspellings(title):
    assert found(sample().text + f"\n## {title}\n\nThe pool was 2 years old.\n") == []


@pytest.mark.parametrize(("title", "meant"), [("Lessons", "Lessons Learned"), ("Reponse", "Response")])
def test_what_is_close_to_an_optional_section_is_named(title, meant):
    [(code, _, message, fix)] = found(sample().text + f"\n## {title}\n\nThe alert came first.\n")
    assert (code, message, fix) == (
        "PM205",
        f"{title!r} is not a section of the template",
        f"did you mean '## {meant}'?",
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "is empty"),
        ("<!-- Why? -->\n\n| Why | How |\n|---|---|", "is still only the template's prompt"),
        ("<!-- Why? -->", "is still only the template's prompt"),
        ("TBD", "says only 'TBD'"),
        ("_To be written._", "says only '_To be written._'"),
        ("TODO: ask the database team", "says only 'TODO: ask the database team'"),
        ("...", "says only '...'"),
        ("### Why it failed", "holds no text, only headings and empty rows"),
    ],
)
def test_what_is_not_written(body, said):
    text = sample().text.replace(SECTIONS["Root Cause"], body)
    assert [(code, message) for code, _, message, _ in found(text)] == [
        ("PM202", f"the required section 'Root Cause' {said}")
    ]
    assert missing_sections(read(text.encode(), PATH)) == ("Root Cause",), "publishing and the audit agree"


@pytest.mark.parametrize(
    "body", ["None.", "N/A", "Unknown.", "Todo lists could not be saved.", "TBD was the host's name"]
)
def test_what_is_written(body):
    text = sample().text.replace(SECTIONS["Root Cause"], body)
    assert found(text) == []
    assert missing_sections(read(text.encode(), PATH)) == ()


def test_publishing_knows_the_timeline_with_its_zone_and_sections_that_occur_twice():
    zone = read(sample().text.replace("## Timeline", "## Timeline (UTC)").encode(), PATH)
    twice = read(sample().text.replace("## Impact\n", "## Impact\n\n## Impact\n").encode(), PATH)
    assert missing_sections(zone) == missing_sections(twice) == ()
    assert found(zone.text) == []
    assert [code for code, _, _, _ in found(twice.text)] == ["PM204"]


def order(*titles: str) -> list[tuple[str, str]]:
    body = "".join(f"\n## {title}\n\nText with 1 figure.\n" for title in titles)
    head = sample().text.partition("\n## ")[0]
    return [(message, fix) for code, _, message, fix in found(head + body) if code == "PM203"]


def test_only_the_sections_that_have_to_move_are_out_of_order():
    fix = "pmctl validate --fix puts the sections in order"
    assert order("Action Items", "Summary", "Timeline", "Impact", "Root Cause", "Resolution") == [
        ("Action Items is out of order; the template has it below Resolution", fix)
    ]
    assert order("Timeline", "Impact", "Root Cause", "Resolution", "Action Items", "Summary") == [
        ("Summary is out of order; the template has it above Timeline", fix)
    ]
    assert order("Summary", "Notes", "Timeline", "Impact", "Links", "Root Cause") == []


def test_a_row_with_more_cells_than_columns_is_one_finding():
    row = "| AI-7f3k | Run `ps | grep pool` at 80 % | @jane | 2999-01-22 | HIGH | OPEN | | |"
    items = SECTIONS["Action Items"].rpartition("\n")[0] + "\n" + row
    text = sample().text.replace(SECTIONS["Action Items"], items)
    assert found(text, "PM") == [
        (
            "PM593",
            52,
            "9 cells where the header has 8; a | inside a cell is written \\|; as it is, every cell counts as "
            "reviewed text",
            "keep one table in Action Items, and other text without |",
        )
    ]
    text = sample().text.replace("| OPEN | | |", "| OPEN | OPS-1 | | see the chat |")
    assert found(text, "PM") == [
        (
            "PM593",
            52,
            "9 cells where the header has 8; a | inside a cell is written \\|; as it is, every cell counts as "
            "reviewed text",
            "keep one table in Action Items, and other text without |",
        )
    ]
