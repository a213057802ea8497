"""The timeline: rows of the Timeline section's tables, each with its moment in UTC.

A time is `HH:MM`, `HH:MM:SS` or an ISO timestamp, with or without a date and a zone; `??` is a time that nobody
knows. Without a zone it is in the zone that the column's header or the section names, otherwise UTC. Without a date it
is on the day of the entry before it, or of the heading above its table; the first day comes from `started_at`,
otherwise from the id. A clock that goes backwards without a date is a problem of that entry, because nobody can tell a
typing error from midnight.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from pmctl.document.completeness import TIMELINE_TITLE
from pmctl.document.prompts import strip_comments
from pmctl.document.reader import tables
from pmctl.document.table import Table
from pmctl.document.zones import AMBIGUOUS, ZONE, ends_a_range, zone_of
from pmctl.text import parse_day, parse_utc

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

SECTION = "Timeline"
DAY_ALONE = "a date without a time"
"""The problem of an entry that says on which day it was and no more."""
_TIME_COLUMNS = ("time", "timestamp", "when", "date/time", "datetime")
_ZONE_COLUMNS = ("utc", "date")
_EVENT_COLUMNS = ("Event", "Description", "What", "What happened", "Details", "Action")
_WHO_COLUMNS = ("Who", "Actor", "By", "Person", "Owner")

_WRITTEN = re.compile(
    r"[~≈]?\s*(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:(?P<joint>[T ])\s*|$))?"
    r"(?:(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?)?"
    r"(?P<gap>\s*)\(?(?P<zone>[A-Za-z][A-Za-z_/]*(?:[+-][0-9:]+)?|[+-][0-9]{2}:?[0-9]{2})?\)?"
)
_NOT_KNOWN = re.compile(r"[~≈]?\s*(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})\s+)?(?:\?+|[0-9?]{1,2}:\?+)")
_MARKS = re.compile(r"[*_`]+|^\[(?=[^\]]*\]\([^)]*\)$)|\]\([^)]*\)$")
_SPOKEN = r"(?P<spoken>Pacific|Mountain|Central|Eastern)\s(?P<half>Standard\s|Daylight\s)?[Tt]ime"
_SECTION_ZONE = re.compile(
    r"\b(?:[Aa]ll\s+times|[Tt]imes|[Tt]imestamps|[Tt]ime\s?zone)(?:\s{1,9}(?:are|is|shown|given|below|here|listed|all))*"
    r"\s{0,9}(?:\bin\b|:|=)?\s{0,9}(?:the\s)?(?:(?:[A-Z][a-z]{1,20}\s){1,4}(?=\())?"
    rf"\(?(?:(?P<zone>{ZONE})(?![A-Za-z])|{_SPOKEN})"
)
_HEADER_ZONE = re.compile(rf"(?:[(\[,]\s*|\bin\s+|\s)(?P<zone>{ZONE})\s*[)\]]?\s*$|^(?P<alone>{ZONE})$")
_DAY_LINE = re.compile(
    r"(?m)^[ \t]{0,3}(?:#{1,6}[ \t]+(?P<heading>(?=[^\n]*[0-9])[^\n]+)|\*\*(?P<bold>[^*\n]{1,80})\*\*[ \t:]*$)"
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One row of the timeline. `time` is as written; `at` is its moment in UTC, None when it cannot be told.

    `day` is the day, in the timeline's own zone, that the timeline has come to with it. `line` and `column` are those
    of the time's cell. `problem` says in words what is wrong, "" when nothing is.
    """

    time: str
    at: datetime | None
    text: str
    who: str
    line: int
    column: int
    problem: str = ""
    day: date | None = None


def section_zone(doc: Document, section: Section) -> tuple[str, bool]:
    """The zone that the section's prose or heading names, "UTC" otherwise, and whether it was named."""
    for text in (strip_comments(section.text), section.title):
        for match in _SECTION_ZONE.finditer(text):
            half = (match["half"] or "")[:1]
            name = f"{match['spoken'][0]}{half}T" if match["spoken"] else match["zone"]
            if _is_zone(name):
                return name, True
    name = header_zone(section.title)
    return (name, True) if name else ("UTC", False)


def header_zone(header: str) -> str:
    """The zone that a time column's header names, such as CET in `Time (CET)`; "" when it names none."""
    match = _HEADER_ZONE.search(header.strip()) if len(header) < 200 else None
    name = (match["zone"] or match["alone"] or "") if match else ""
    return name if name and name.casefold() != "date/time" and _is_zone(name) else ""


def _is_zone(name: str) -> bool:
    """Whether a word that could be a zone's name is one, also when it stands for several."""
    return zone_of(name) is not None or name in AMBIGUOUS or "/" in name


def timeline_section(doc: Document) -> Section | None:
    """The Timeline section; `Timeline (CET)` and the like count as well."""
    found = doc.section(SECTION)
    if found is not None:
        return found
    return next((section for section in doc.sections if TIMELINE_TITLE.fullmatch(section.title)), None)


def time_column(table: Table) -> int | None:
    """The index of the column of times: Time, Timestamp, When, its name in another language, then UTC; also with a
    zone behind it."""
    names = [re.split(r"[(（\[,]|\s+in\s+|\s", cell.casefold().strip(), maxsplit=1)[0] for cell in table.columns]
    sure = next((names.index(name) for name in _TIME_COLUMNS if name in names), None)
    return _in_other_words(names) if sure is None else sure


def _in_other_words(names: list[str]) -> int | None:
    """The first column that another language calls so, or the one whose name is only a zone."""
    from pmctl.document.language import every  # rarely needed, and slow to load

    known = every("times")
    found = next((index for index, name in enumerate(names) if name in known), None)
    return next((names.index(name) for name in _ZONE_COLUMNS if name in names), None) if found is None else found


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


def table_zone(doc: Document, section: Section, table: Table) -> str:
    """The zone of a timeline table's times: that of its header, otherwise that of the section."""
    column = time_column(table)
    named = header_zone(table.columns[column]) if column is not None else ""
    return named or section_zone(doc, section)[0]


def entries(doc: Document) -> tuple[TimelineEntry, ...]:
    """Every row that has any text, in the order written."""
    section = timeline_section(doc)
    if section is None:
        return ()
    clock = _Clock(doc)
    found = []
    at = section.content_start
    for table in timeline_tables(doc):
        column = time_column(table)
        if column is None:
            continue
        clock.come_to(_outside_code(doc, at, table.start))
        at = table.end
        zone_name = header_zone(table.columns[column]) or section_zone(doc, section)[0]
        event, who = text_columns(table)
        day = _day_column(table, column)
        for row in table.rows:
            if not any(cell.text for cell in row.cells):
                continue
            cell = row.cells[column]
            written = _bare(cell.text)
            if day is not None and (written_day := _bare(row.cells[day].text)):
                written = f"{_iso_day(written_day, clock.known) or written_day} {written}".rstrip()
            moment, problem = clock.read(written, zone_name)
            found.append(
                TimelineEntry(
                    cell.text,
                    moment,
                    row.cells[event].text if event is not None else "",
                    row.cells[who].text if who is not None else "",
                    cell.line,
                    cell.column,
                    problem,
                    clock.day,
                )
            )
    return tuple(found)


def _outside_code(doc: Document, start: int, end: int) -> str:
    """What stands between two offsets, without blocks of code: a comment in one is no heading."""
    pieces = []
    for first, last in doc.structure.code_blocks:
        if start <= first < end:
            pieces.append(doc.text[start:first])
            start = last
    return "\n".join([*pieces, doc.text[start:end]])


def _day_column(table: Table, time: int) -> int | None:
    """The index of a column of days beside the one of times: Date, Date (2024)."""
    names = [name.partition(" ")[0] for name in table.names]
    return next((index for index, name in enumerate(names) if name == "date" and index != time), None)


def _bare(text: str) -> str:
    """A cell's text without emphasis, code marks and a link around it."""
    return _MARKS.sub("", text).strip() if text[:1] in "*_`[" and len(text) < 500 else text


def _iso_day(text: str, known: date | None) -> str:
    """The one day that a text names, as YYYY-MM-DD; without a year it is the one nearest to `known`. "" otherwise."""
    from pmctl.document.dates import days

    found = [day.near(known) for _, _, day in days(text)]
    return found[0].isoformat() if len(found) == 1 and found[0] is not None else ""


class _Clock:
    """The day that the timeline has come to, and the moment of the entry before."""

    def __init__(self, doc: Document) -> None:
        self.start = _start(doc)
        self.day: date | None = None
        self.before: datetime | None = None

    @property
    def known(self) -> date | None:
        """A day that the next one is near to."""
        return self.day or (self.start.date() if isinstance(self.start, datetime) else self.start)

    def come_to(self, text: str) -> None:
        """Move on to the day that a heading or a bold line names in what stands above a table."""
        for match in _DAY_LINE.finditer(text) if "#" in text or "**" in text else ():
            if day := _iso_day(match["heading"] or match["bold"], self.known):
                self.day = date.fromisoformat(day)

    def read(self, written: str, zone_name: str) -> tuple[datetime | None, str]:
        if not written:
            return None, "no time"
        match = _WRITTEN.fullmatch(written)
        if match is None or (match["hour"] is None and match["date"] is None):
            return self.unread(written)
        if match["hour"] is None:
            return self.dated(match["date"])
        if _is_range(match):
            return None, f"the time {written!r} is a range"
        name = match["zone"] or zone_name
        zone = zone_of(name)
        if zone is None:
            if match["zone"] and not _looks_like_a_zone(name):
                return self.unread(written)
            return None, f"the zone {name!r} is unknown or stands for several"
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

    def unread(self, written: str) -> tuple[datetime | None, str]:
        """What is no time; `??` says that nobody knows it, which is no problem."""
        match = _NOT_KNOWN.fullmatch(written)
        if match is None:
            return None, f"the time {written!r} is neither HH:MM nor an ISO timestamp"
        if match["date"]:
            _, problem = self.dated(match["date"])
            return None, problem if problem != DAY_ALONE else ""
        return None, ""

    def dated(self, text: str) -> tuple[datetime | None, str]:
        """A date alone moves the day on, but is no time."""
        try:
            self.day = date.fromisoformat(text)
        except ValueError:
            return None, f"there is no such date as {text!r}"
        return None, DAY_ALONE


def _is_range(match: re.Match[str]) -> bool:
    """Whether `09:00-10:00` says from when to when. The T of an ISO timestamp, or a blank, makes it an offset."""
    zone = match["zone"] or ""
    if not zone.startswith("-") or match["gap"] or match["joint"] == "T":
        return False
    return ends_a_range(int(match["hour"]), int(match["minute"]), zone)


def _looks_like_a_zone(name: str) -> bool:
    """Whether an unknown word behind a time is meant as a zone: XYZ, Europe/Berln, but not pm or approx."""
    return "/" in name or not name.isalpha() or (name.isupper() and name not in ("AM", "PM", "H"))


def _next(day: date) -> str:
    return (day + timedelta(days=1)).isoformat() if day < date.max else day.isoformat()


def _start(doc: Document) -> datetime | date | None:
    """When the incident began: `started_at` with its zone, otherwise the id's date."""
    written = doc.meta.get("started_at")
    at = parse_utc(written) if isinstance(written, str) else None
    return at or parse_day(doc.id[:10])
