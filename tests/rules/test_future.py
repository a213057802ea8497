"""Dates in the future: each said once, where it is written, and no longer than it is true."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.rules.context import CacheDependencies
from pmctl.rules.engine import check

from .sample import CONTEXT, sample

TODAY = date(2024, 3, 1)
HEADER = "| Time (UTC) | Event | Who |\n|---|---|---|\n"
ITEM = "AI-7f3k | Alert earlier | @jane | 2999-01-22 | HIGH | COMPLETED | | |"
COLUMNS = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes | {} |"
ITEMS = f"## Action Items\n\n{COLUMNS}\n|{'---|' * 9}\n| {ITEM} {{}} |\n"


def future(fragment: str, today: date = TODAY) -> list[str]:
    return [one.message for one in check(sample(fragment), CONTEXT._replace(today=today)) if one.code == "PM159"]


def timeline(rows: str, above: str = "All times in UTC.") -> list[str]:
    return future(f"## Timeline\n\n{above}\n\n{HEADER}{rows}")


def test_a_date_in_the_future_is_said_until_it_comes():
    asked = CacheDependencies()
    late = CONTEXT._replace(today=date(2024, 1, 13), asked=asked)
    found = [(one.code, one.line) for one in check(sample(), late) if one.code == "PM159"]
    assert len(found) > 1 and asked.today, "times and the day of the id"
    asked = CacheDependencies()
    now = CONTEXT._replace(today=date(2024, 1, 14), asked=asked)
    assert not [one for one in check(sample(), now) if one.code == "PM159"], "clocks and zones have a day"


SAID = "the timeline comes to {}, which lies in the future"


@pytest.mark.parametrize(
    ("rows", "days"),
    [
        ("| 14:00 | a | |\n| 2034-01-15 14:10 | b | |\n| 14:20 | c | |\n", ["2034-01-15"]),
        ("| 2024-03-01 23:59 | a | |\n| 2024-03-02 14:10 | b | |\n", []),
        ("| 2024-03-02 14:10 | a | |\n| 2024-03-03 00:10 | b | |\n", ["2024-03-03"]),
        ("| 14:00 | a | |\n| 2034-01-15 | b | |\n| 2034-01-16 ?? | c | |\n", ["2034-01-15", "2034-01-16"]),
        ("| 2034-01-15T14:10:00+02:00 | a | |\n", ["2034-01-15"]),
        ("| soon | a | |\n| ?? | b | |\n", []),
    ],
)
def test_each_day_of_a_timeline_that_has_not_come_is_said_once(rows: str, days: list[str]):
    assert timeline(rows) == [SAID.format(day) for day in days]


def test_a_heading_above_a_table_dates_its_rows():
    above = f"All times in UTC.\n\n{HEADER}| 14:00 | a | |\n\n### 15 January 2034"
    assert timeline("| 14:10 | b | |\n| 14:20 | c | |\n", above) == [SAID.format("2034-01-15")]


def test_rows_without_a_date_are_on_the_incident_s_day_which_is_corrected_once():
    found = future(f"started_at: 2034-01-15T14:00:00Z\n\n## Timeline\n\n{HEADER}| 14:00 | a | |\n| 14:10 | b | |\n")
    assert [message for message in found if "timeline" in message] == []
    assert found == ["started_at lies in the future: 2034-01-15T14:00:00Z"]


@pytest.mark.parametrize("column", ["Completed", "Created", "closed"])
def test_what_was_done_about_an_item_has_happened(column: str):
    assert future(ITEMS.format(column, "2034-02-01")) == [f"{column} lies in the future: 2034-02-01"]
    assert future(ITEMS.format(column, "2024-03-02")) == []
    assert future(ITEMS.format("Remind", "2034-02-01")) == [], "a column that nobody knows may be about what comes"
