"""The timeline: entries and times that can be read, in a zone that is named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.document.prompts import strip_comments
from pmctl.document.timeline import DAY_ALONE, header_zone, section_zone, time_column, timeline_section
from pmctl.rules.completeness import is_blank
from pmctl.rules.front_matter import incident_day
from pmctl.rules.registry import HINT, WARNING, found_at, heading, rule
from pmctl.rules.suggestions import written_dates, written_time

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.document.timeline import TimelineEntry
    from pmctl.rules.context import Context

_ZONE = re.compile(
    r"\b(?:UTC|GMT|[ECMP][SD]T|CES?T|[EW]ES?T|BST|IST|JST|KST|SGT|A[EWC][SD]T|NZ[SD]?T|MSK|SAST|[ECMP]T)\b"
    r"|(?<=\d)Z\b|[+-]\d\d:?\d\d\b|\btime ?zone\b|\b[A-Z][a-z]+/[A-Z][A-Za-z_]+\b"
)
_UTC = re.compile(r"\b(?:UTC|GMT)\b|(?<=\d)Z\b")
_HOURS_MATTER = timedelta(days=2)
"""Up to how long a timeline is one of hours and not of days."""
_OWN_ZONE = re.compile(r"[A-Za-z]\)?$|[+-]\d\d:?\d\d\)?$")
_BULLET = re.compile(r"(?m)^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?P<text>[*_`\[(]*[~\d][^\n]*)")


@lru_cache(maxsize=2)
def entries_of(doc: Document) -> tuple[TimelineEntry, ...]:
    from pmctl.document.timeline import entries

    return entries(doc)


@rule("PM301", "timeline-without-entries", draft=HINT)
def timeline_without_entries(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline holds text, but no entry that can be read.

    What it does:
        Looks for a table with a column of times: Time, Timestamp, When, Date, or a zone's name behind it, as in
        Time (UTC). Lists and paragraphs are not read.

    Why:
        Order, duration and every figure that rests on them come from the entries.

    Example:
        ## Timeline

        It began after lunch and was over before tea.

    Fix:
        ## Timeline

        All times in UTC.

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |
    """
    section = timeline_section(doc)
    if section is None or entries_of(doc) or is_blank(section.text):
        return
    message, fix = "the Timeline has no entry that can be read", "write a table | Time (UTC) | Event | Who |"
    if any(section.content_start <= table.start < section.end and table.rows for table in doc.tables):
        message, fix = "no table of the Timeline has a column of times", "call the column of times Time"
    elif bullet := _BULLET.search(doc.text, section.content_start, section.end):
        fix += f", each entry a row: | {_as_row(bullet['text'])} | |"
    yield heading(doc, section, message, fix)


def _as_row(text: str) -> str:
    """The first two cells that a list item would be, shortened."""
    from pmctl.document.dates import find_leading

    bare = text.strip(" *_`[(")
    moment = find_leading(bare)
    if moment is None or not moment.clock:
        return "14:00 | what happened"
    event = bare[moment.length :].strip(" *_`:–—-|])").replace("|", "\\|")
    return f"{moment.clock} | {event[:40].rstrip()}{'...' if len(event) > 40 else ''}"


@rule("PM302", "timeline-time", draft=WARNING)
def timeline_time(doc: Document, context: Context) -> Iterable[Finding]:
    """A time in the Timeline can't be read.

    What it does:
        Expects `HH:MM`, an ISO timestamp such as `2024-01-15T14:00Z`, or `??` for a time that nobody knows. A date
        alone will do on a day of which no other entry has a time, and where the timeline runs over many days.

    Why:
        "Around two" can't be ordered, and the durations that follow from it are guesses.

    Example:
        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 25:99 | Alert for elevated latency | |

    Fix:
        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |
    """
    found = entries_of(doc)
    days = {entry.day for entry in found if entry.at is not None and entry.day is not None}
    if days and max(days) - min(days) > _HOURS_MATTER:
        days.clear()
    known = incident_day(doc)
    zones: set[str] = set()
    for entry in found:
        if entry.at is not None:
            known = entry.day or known
        elif entry.problem.startswith("the zone") and not _OWN_ZONE.search(entry.time):
            # That of the heading or the section: as good as said once.
            if entry.problem not in zones:
                zones.add(entry.problem)
                count = sum(other.problem == entry.problem for other in found)
                message = entry.problem if count == 1 else f"{entry.problem}; {count} times can't be read"
                fix = "write its offset from UTC in the column's heading, as in Time (+05:30)"
                yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
        elif entry.problem and (entry.problem != DAY_ALONE or (entry.text and entry.day in days)):
            yield found_at(entry.line, entry.column, entry.problem, _rewritten(entry, known), width=len(entry.time))


def _rewritten(entry: TimelineEntry, known: date | None) -> str:
    """What to type in place of a time that can't be read."""
    day = f"{known or '2024-01-15'}"
    if entry.problem == DAY_ALONE:
        return f"write its time too, as in {entry.time} 14:00, or {entry.time} ?? when nobody knows it"
    if not entry.time:
        return "write HH:MM, or ?? when nobody knows it; join the row with the one above if it goes on from there"
    if entry.problem.startswith("the zone"):
        return "write its offset from UTC, as in 14:00 +05:30"
    meant = written_time(entry.time, known)
    if not meant and (days := written_dates(entry.time, known)):
        return f"write {' or '.join(days)}, with the time when it is known"
    if not meant:
        return f"write HH:MM or {day}T14:00Z, or ?? when nobody knows it"
    if ":" not in meant:
        return f"write {meant} 14:00, or {meant} ?? when nobody knows the time"
    if re.search(r"\d\s*(?:[-–—→]|to|until)\s*~?\d{1,2}:\d\d", entry.time):
        return f"write {meant} and say in the event how long it took"
    return f"write {meant}"


@rule("PM303", "timeline-zone", review=HINT)
def timeline_zone(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline does not name its time zone.

    What it does:
        Looks for a zone in the section's heading, in a sentence such as "All times in CET", in the column's heading
        and in the times. Without one, UTC is read.

    Why:
        Half of the readers sit in another zone, and most logs are in UTC.

    Example:
        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |

    Fix:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |
    """
    section = timeline_section(doc)
    if section is None or not entries_of(doc) or _UTC.search(section.title + section.text):
        return
    bare = [entry for entry in entries_of(doc) if entry.at is not None and not _OWN_ZONE.search(entry.time)]
    if not bare or section_zone(doc, section)[1] or all(header_zone(name) for name in _time_headings(doc, section)):
        return
    prose = "\n".join(line for line in section.text.split("\n") if not line.lstrip().startswith("|"))
    mentioned = _ZONE.search(f"{section.title}\n{strip_comments(prose)}")
    if mentioned:
        message = f"the Timeline mentions {mentioned.group()!r}, but its times are read as UTC"
        fix = f"write 'All times in {mentioned.group()}.', or 'Time (UTC)' in the column's heading"
    else:
        message = "the Timeline names no time zone; UTC is assumed"
        fix = "write 'All times in UTC.' or 'Time (UTC)'"
    yield heading(doc, section, message, fix)


def _time_headings(doc: Document, section: Section) -> list[str]:
    """The headings of the columns of times."""
    columns = [
        (table, time_column(table)) for table in doc.tables if section.content_start <= table.start < section.end
    ]
    return [table.columns[column] for table, column in columns if column is not None]
