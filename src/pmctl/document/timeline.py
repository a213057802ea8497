"""The timeline: rows of the Timeline section's tables, each with its moment in UTC.

A time is `HH:MM`, `HH:MM:SS` or an ISO timestamp, with or without a date and a zone. Without a zone it is in the
zone that the column's header or the section names, otherwise UTC. Without a date it is on the day of the entry
before it; the first day comes from `started_at`, otherwise from the id. A clock that goes backwards without a date
is a problem of that entry, because nobody can tell a typing error from midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.prompts import strip_comments
from pmctl.document.table import Table, tables

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

SECTION = "Timeline"
_TIME_COLUMNS = ("time", "timestamp", "when", "utc", "date/time", "datetime", "date")
_EVENT_COLUMNS = ("Event", "Description", "What", "What happened", "Details", "Action")
_WHO_COLUMNS = ("Who", "Actor", "By", "Person", "Owner")

_WRITTEN = re.compile(
    r"[~≈]?\s*(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]\s*|$))?"
    r"(?:(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?)?"
    r"\s*\(?(?P<zone>[A-Za-z][A-Za-z_/]*(?:[+-][0-9:]+)?|[+-][0-9]{2}:?[0-9]{2})?\)?"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
# Hours from UTC. Left out are abbreviations that stand for several zones (IST, CST in Asia is rare enough).
_ABBREVIATIONS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "JST": 9,
    "KST": 9,
    "SGT": 8,
    "HKT": 8,
    "AWST": 8,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}
_LONGEST_ZONE = 64
"""Twice as long as any name of the IANA's. The standard library looks a name of a thousand slashes up recursively."""
_REGIONS = {"PT": "America/Los_Angeles", "MT": "America/Denver", "CT": "America/Chicago", "ET": "America/New_York"}
_ZONE = (
    r"(?:UTC|GMT)\s?[+-][0-9]{1,2}(?::?[0-9]{2})?|[+-][0-9]{2}:?[0-9]{2}"
    r"|[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_-]+)+|[A-Z]{1,5}"
)
_SECTION_ZONE = re.compile(
    r"\b(?:[Aa]ll\s+times|[Tt]imes|[Tt]imestamps|[Tt]ime\s?zone)(?:\s+(?:are|is|shown|given|below|here|listed|all))*\s*"
    rf"(?:\bin\b|:|=)?\s*(?:the\s+)?\(?(?P<zone>{_ZONE})(?![A-Za-z])"
)
_HEADER_ZONE = re.compile(rf"(?:[(\[,]\s*|\bin\s+|\s)(?P<zone>{_ZONE})\s*[)\]]?\s*$|^(?P<alone>{_ZONE})$")


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One row of the timeline. `time` is as written; `at` is its moment in UTC, None when it cannot be told.

    `line` and `column` are those of the time's cell. `problem` says in words what is wrong, "" when nothing is.
    """

    time: str
    at: datetime | None
    text: str
    who: str
    line: int
    column: int
    problem: str = ""


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """The zone of an abbreviation, an offset such as +02:00 or UTC+2, or an IANA name; None when unknown."""
    name = name.strip()
    if len(name) > _LONGEST_ZONE:
        return None
    if name.upper() in _ABBREVIATIONS:
        hours = _ABBREVIATIONS[name.upper()]
        return timezone(timedelta(hours=hours), name.upper()) if hours else UTC
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes > 14 * 60 or int(match[3] or 0) > 59:
            return None
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    if "/" in name or name in _REGIONS:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(_REGIONS.get(name, name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    return None


def section_zone(doc: Document, section: Section) -> tuple[str, bool]:
    """The zone that the section's prose or heading names, "UTC" otherwise, and whether it was named."""
    prose = strip_comments(section.text)
    match = _SECTION_ZONE.search(prose) or _SECTION_ZONE.search(section.title)
    return (match["zone"], True) if match else ("UTC", False)


def header_zone(header: str) -> str:
    """The zone that a time column's header names, such as CET in `Time (CET)`; "" when it names none."""
    match = _HEADER_ZONE.search(header.strip())
    return (match["zone"] or match["alone"] or "") if match else ""


def timeline_section(doc: Document) -> Section | None:
    """The Timeline section; `Timeline (CET)` and the like count as well."""
    found = doc.section(SECTION)
    if found is not None:
        return found
    return next((s for s in doc.sections if re.fullmatch(r"timeline\b[\s(:,\[].*", s.title, re.IGNORECASE)), None)


def time_column(table: Table) -> int | None:
    """The index of the column of times: Time, Timestamp, When, UTC, also with a zone behind it."""
    names = [re.split(r"[(\[,]|\s+in\s+|\s", cell.casefold().strip(), maxsplit=1)[0] for cell in table.columns]
    for name in _TIME_COLUMNS:
        if name in names:
            return names.index(name)
    return None


def text_columns(table: Table) -> tuple[int | None, int | None]:
    """The indexes of the columns that say what happened and who did it; the first is any column that is left."""
    event, who = table.column(*_EVENT_COLUMNS), table.column(*_WHO_COLUMNS)
    if event is None:
        taken = (time_column(table), who)
        event = next((i for i in range(len(table.columns)) if i not in taken), None)
    return event, who


def timeline_tables(doc: Document) -> tuple[Table, ...]:
    """The tables of the Timeline section that have a column of times."""
    section = timeline_section(doc)
    if section is None:
        return ()
    return tuple(table for table in tables(doc, section) if time_column(table) is not None)


def entries(doc: Document) -> tuple[TimelineEntry, ...]:
    """Every row that has any text, in the order written."""
    section = timeline_section(doc)
    if section is None:
        return ()
    named, _ = section_zone(doc, section)
    clock = _Clock(doc)
    found = []
    for table in timeline_tables(doc):
        column = time_column(table)
        if column is None:
            continue
        header = header_zone(table.columns[column])
        zone_name = header if header and (zone_of(header) or "/" in header) else named
        event, who = text_columns(table)
        day = table.column("Date")
        for row in table.rows:
            if not any(cell.text for cell in row.cells):
                continue
            cell = row.cells[column]
            written = cell.text
            if day is not None and day != column and row.cells[day].text:
                written = f"{row.cells[day].text} {written}"
            at, problem = clock.read(written, zone_name)
            found.append(
                TimelineEntry(
                    cell.text,
                    at,
                    row.cells[event].text if event is not None else "",
                    row.cells[who].text if who is not None else "",
                    cell.line,
                    cell.column,
                    problem,
                )
            )
    return tuple(found)


class _Clock:
    """The day that the timeline has come to, and the moment of the entry before."""

    def __init__(self, doc: Document) -> None:
        self.start = _start(doc)
        self.day: date | None = None
        self.before: datetime | None = None

    def read(self, written: str, zone_name: str) -> tuple[datetime | None, str]:
        if not written:
            return None, "no time"
        match = _WRITTEN.fullmatch(written)
        if match is None or (match["hour"] is None and match["date"] is None):
            return None, f"the time {written!r} is neither HH:MM nor an ISO timestamp"
        if match["hour"] is None:
            return self.dated(match["date"])
        name = match["zone"] or zone_name
        zone = zone_of(name)
        if zone is None:
            return None, f"the zone {name!r} is unknown or stands for several; write an offset such as +02:00"
        try:
            if self.day is None and self.start is not None:
                start = self.start
                self.day = start.astimezone(zone_of(zone_name) or zone).date() if isinstance(start, datetime) else start
            day = date.fromisoformat(match["date"]) if match["date"] else self.day
            if day is None:
                return None, "no date: the document has neither started_at nor an id with a date"
            clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
            local = datetime.combine(day, clock, zone)
            at = local.astimezone(UTC)
            self.day = at.astimezone(zone_of(zone_name) or zone).date() if match["date"] else day
        except (ValueError, OverflowError):
            return None, f"there is no such time as {written!r}"
        problem = ""
        if self.before is not None and at < self.before:
            problem = (
                "earlier than the entry before it"
                if match["date"]
                else f"the clock goes backwards; after midnight write the date: {_next(day)} {written}"
            )
        self.before = at
        return at, problem

    def dated(self, text: str) -> tuple[datetime | None, str]:
        """A date alone moves the day on, but is no time."""
        try:
            self.day = date.fromisoformat(text)
        except ValueError:
            return None, f"there is no such date as {text!r}"
        return None, "a date without a time"


def _next(day: date) -> str:
    return (day + timedelta(days=1)).isoformat() if day < date.max else day.isoformat()


def _start(doc: Document) -> datetime | date | None:
    """When the incident began: `started_at` with its zone, otherwise the id's date."""
    written = doc.meta.get("started_at")
    if isinstance(written, str):
        from pmctl.document.schema import parse_timestamp

        at = parse_timestamp(written)
        if at is not None:
            return at
    try:
        return date.fromisoformat(doc.id[:10])
    except ValueError:
        return None
