"""What blocks publishing."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.rules.completeness import completeness
from pmctl.rules.context import REQUIRED

from .sample import sample


def blocked(body: str) -> list[tuple[str, str, int]]:
    doc = read(f"---\nid: 2024-01-15-x\n---\n{body}".encode())
    return [(one.code, one.message.split("'")[1], one.line) for one in completeness(doc, ("Summary", "Impact"))]


def test_the_sample_is_complete():
    assert completeness(sample(), REQUIRED) == ()


def test_missing_empty_and_prompt():
    assert blocked("") == [("PM201", "Summary", 0), ("PM201", "Impact", 0)]
    assert blocked("\n## Summary\n\n## Impact\n\n<!-- how many? -->\n") == [
        ("PM202", "Summary", 5),
        ("PM202", "Impact", 7),
    ]


def test_an_empty_table_is_no_answer_and_a_filled_one_is():
    table = "| Impact Type | Measurement |\n|---|---|\n"
    assert blocked(f"\n## Summary\n\nDown.\n\n## Impact\n\n{table}") == [("PM202", "Impact", 9)]
    assert blocked(f"\n## Summary\n\nDown.\n\n## Impact\n\n{table}| Users | 3 |\n") == []


def test_case_does_not_matter_and_a_second_heading_may_hold_the_text():
    assert blocked("\n## SUMMARY\n\nDown.\n\n## impact\n\n## Impact\n\nNone.\n") == []


def test_a_heading_in_code_is_no_section():
    assert blocked("\n## Summary\n\nDown.\n\n```\n## Impact\n\ntext\n```\n") == [("PM201", "Impact", 9)]


@pytest.mark.parametrize(("opening", "closing"), [("```", "```"), ("~~~~ text", "~~~~"), ("<!-- why", "-->")])
def test_what_is_not_closed_is_named_as_the_cause(opening, closing):
    doc = read(f"---\nid: 2024-01-15-x\n---\n\n{opening}\n\nlog\n\n## Impact\n\n45 minutes\n".encode())
    (finding,) = completeness(doc, ("Impact",))
    assert (finding.line, finding.column) == (5, 1)
    assert "its heading in line 9 stands inside the" in finding.message
    assert finding.fix.endswith(f": write {closing} where it ends")


def test_the_timeline_may_name_its_zone():
    doc = read(b"---\nid: 2024-01-15-x\n---\n\n## Timeline (CET)\n\n14:00 down\n")
    assert completeness(doc, ("Timeline",)) == ()
