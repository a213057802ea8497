"""Dates in the future: of the incident, in its timeline, and of what was done about its action items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.actions import action_tables
from pmctl.document.finding import Finding
from pmctl.rules.front_matter import incident_day, incident_times
from pmctl.rules.registry import WARNING, found_at, rule
from pmctl.rules.timeline import entries_of
from pmctl.text import parse_day

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_DAY = timedelta(days=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DONE_COLUMNS = (
    "Created", "Opened", "Added", "Started", "Completed", "Closed", "Done", "Finished", "Resolved", "Updated",
)  # fmt: skip
"""Columns of action items whose dates have passed; Due is the one whose dates are to come."""


class _Dated(NamedTuple):
    """A day that should have passed, where it is written, and what to say of it."""

    day: date
    line: int
    column: int
    width: int
    message: str
    fix: str


@rule("PM159", "future-date", draft=WARNING, review=WARNING, adopted=WARNING)
def future_date(doc: Document, context: Context) -> Iterable[Finding]:
    """Something that has happened has a date in the future.

    What it does:
        Compares with today: started_at, detected_at, acknowledged_at, mitigated_at, resolved_at, the day in the id, the
        timeline (once for each day that it comes to), and the dates of action items in columns such as Created and
        Completed. A day is allowed for clocks and time zones. Due dates are meant to be in the future.

    Why:
        A postmortem is about what has happened; a wrong year moves it to the wrong end of every list and trend.

    Example:
        started_at: 2999-01-15T14:00:00Z

    Fix:
        started_at: 2024-01-15T14:00:00Z
    """
    dated = [*_front_matter(doc), *_timeline(doc), *_action_items(doc)]
    known = context.today is not None and context.today < date.max
    tomorrow = context.today + _DAY if known and context.today is not None else date.max
    if max((one.day for one in dated), default=date.min) <= tomorrow:
        return  # which stays true: only what rests on today being early is worked out again tomorrow
    context.day()
    for one in dated:
        if one.day > tomorrow:
            yield found_at(one.line, one.column, one.message, one.fix, width=one.width)


def _front_matter(doc: Document) -> Iterator[_Dated]:
    for name, moment in incident_times(doc).items():
        node = doc.front[name]
        message = f"{name} lies in the future: {node.raw}"
        yield _Dated(moment.date(), node.line, node.column, len(node.raw), message, "correct the date")
    day = parse_day(doc.id[:10])
    if day is not None and "id" in doc.front:
        node = doc.front["id"]
        message = f"the day in the id, {day}, lies in the future"
        yield _Dated(day, node.line, node.column, 10, message, "begin again with the day of the incident")


def _timeline(doc: Document) -> Iterator[_Dated]:
    """The entries with which the timeline comes to another day: what follows them without a date is on theirs, and
    what has none from the start is on that of the incident, where the mistake is."""
    before, first = None, incident_day(doc) or date.min
    for entry in entries_of(doc):
        day = entry.at.date() if entry.at is not None else entry.day
        inherited = before is None and not _DATE.search(entry.time)
        if day is not None and entry.day != before and not (inherited and abs(day - first) <= _DAY):
            message = f"the timeline comes to {day}, which lies in the future"
            fix = "correct the date, here or where the day of the incident is written"
            yield _Dated(day, entry.line, entry.column, len(entry.time), message, fix)
        before = entry.day


def _action_items(doc: Document) -> Iterator[_Dated]:
    for table in action_tables(doc):
        columns = {index for name in _DONE_COLUMNS if (index := table.column(name)) is not None}
        for row in table.rows:
            for index in sorted(columns):
                cell = row.cells[index]
                if (day := parse_day(cell.text[:10])) is not None:
                    message = f"{table.columns[index]} lies in the future: {cell.text}"
                    yield _Dated(day, cell.line, cell.column, len(cell.text), message, "correct the date")
