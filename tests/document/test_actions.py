"""Action items and prompts."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.document.actions import ActionItem, action_items
from pmctl.document.prompts import is_empty, strip_comments
from pmctl.document.reader import read


def items(table: str) -> tuple[ActionItem, ...]:
    return action_items(read(f"---\nid: 2024-01-15-x\n---\n\n## Action Items\n\n{table}".encode()))


def test_the_example(outage: bytes) -> None:
    first, second = action_items(read(outage))
    assert (first.postmortem, first.id, first.owner) == ("2024-01-15-payment-api-outage", "AI-7f3k", "jane")
    assert (first.due_date, first.priority, first.status, first.ticket) == (date(2024, 1, 22), "HIGH", "OPEN", "")
    assert second.description == "Set up alerts at 80 % usage | page at 95 %"
    assert second.ticket == "OPS-12"
    assert first.problems == second.problems == ()


def test_columns_in_any_order_under_any_name_with_unknown_ones_kept() -> None:
    header = "| Status | Due Date | Team | Description | owner |\n|---|---|---|---|---|\n"
    (item,) = items(header + "| OPEN | 2024-01-22 | x | Do | bob |\n")
    assert (item.status, item.due, item.description, item.owner, item.id) == ("OPEN", "2024-01-22", "Do", "bob", "")
    assert item.row.cells[2].text == "x"


def test_an_item_due_today_is_not_overdue() -> None:
    table = "| ID | Action | Due | Status |\n|---|---|---|---|\n"
    rows = [
        f"| AI-{index} | x | 2024-01-22 | {status} |"
        for index, status in enumerate(("OPEN", "In Progress", "COMPLETED", "WONT_DO"))
    ]
    found = items(table + "\n".join(rows))
    assert [item.overdue(date(2024, 1, 22)) for item in found] == [False] * 4
    assert [item.overdue(date(2024, 1, 23)) for item in found] == [True, True, False, False]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("| AI-1 | x | Jan 22 | OPEN |", "Jan 22"),
        ("| AI-1 | x | 2024-02-30 | OPEN |", "2024-02-30"),
        ("| AI-1 | x | 20240122 | OPEN |", "20240122"),
        ("| AI-1 | x | 2024-01-22 | Open |", "is written OPEN"),
        ("| AI-1 | x | 2024-01-22 | Won't do |", "is written WONT_DO"),
        ("| AI-1 | x |", "fewer cells"),
        ("| AI-1 | a | b | 2024-01-22 | OPEN |", "more cells"),
        ("words", "fewer cells"),
    ],
)
def test_broken_rows_are_items_with_problems(row: str, problem: str) -> None:
    (item,) = items(f"| ID | Action | Due | Status |\n|---|---|---|---|\n{row}\n")
    assert any(problem in text for text in item.problems)
    assert item.line == 9


def test_a_broken_due_date_is_no_date_but_kept() -> None:
    (item,) = items("| Action | Due | Status |\n|---|---|---|\n| x | soon | OPEN |\n")
    assert (item.due, item.due_date, item.overdue(date.max)) == ("soon", None, False)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("a <!-- b --> c", "a  c"),
        ("<!-- a\n\nb -->\nc", "\nc"),
        ("<!-- never closed\n\ntext", ""),
        ("a <!-- not closed\n\ntext -->", "a <!-- not closed\n\ntext -->"),
        ("`<!-- code -->`", "`<!-- code -->`"),
        ("```\n<!-- code -->\n```\n<!-- a -->", "```\n<!-- code -->\n```\n"),
        ("<!--> shown", " shown"),
        ("<!-- a --><!-- b -->c", "c"),
        ("x <!-- a\nb --> y <!-- c --> z", "x  y  z"),
    ],
)
def test_comments_are_taken_out_as_a_reader_sees_it(text: str, stripped: str) -> None:
    assert strip_comments(text) == stripped


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\u00a0\n",
        "<!-- What happened? -->",
        "<!-- a -->\n\n| Time | Event |\n|---|---|\n| | |\n",
        "| Time | Event |\n|---|---|\n",
        "### What went well\n\n<!-- a -->\n\n### Where we got lucky\n-\n",
        "- [ ]\n* \n1.\n",
        "| Time | Event |\n|---|---|\n| <!-- HH:MM --> | |\n",
    ],
)
def test_prompts_and_empty_tables_are_nothing(text: str) -> None:
    assert is_empty(text)


@pytest.mark.parametrize(
    "text", ["x", "<!-- a --> x", "| a |\n|---|\n| x |\n", "- x", "### A\nx", "```\ncode\n```", "1. x", "---"]
)
def test_anything_written_is_something(text: str) -> None:
    assert not is_empty(text)
