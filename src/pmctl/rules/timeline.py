"""The timeline: times that can be read, in order, within the incident, with somebody who acted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.document.timeline import timeline_section
from pmctl.rules.completeness import is_blank
from pmctl.rules.registry import HINT, WARNING, found_at, heading, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.timeline import TimelineEntry
    from pmctl.rules.context import Context

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_HALF_DAY = timedelta(hours=12)
_ZONE = re.compile(
    r"\b(?:UTC|GMT|[ECMP][SD]T|CES?T|[EW]ES?T|BST|IST|JST|KST|SGT|A[EWC][SD]T|NZ[SD]?T|MSK|SAST|[ECMP]T)\b"
    r"|(?<=\d)Z\b|[+-]\d\d:?\d\d\b|\btime ?zone\b|\b[A-Z][a-z]+/[A-Z][A-Za-z_]+\b"
)
_ACTED = re.compile(
    r"\s*(?:acknowledged|restarted|rolled back|reverted|deployed|merged|paged|escalated|decided|declared|increased"
    r"|decreased|disabled|enabled|drained|scaled|joined|applied|started investigat\w+|switched|failed over|opened"
    r"|identified|confirmed|ran|patched|added|removed|posted|called|asked|noticed)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=2)
def _entries(doc: Document) -> tuple[TimelineEntry, ...]:
    from pmctl.document.timeline import entries

    return entries(doc)


@rule("PM301", "timeline-without-entries", draft=HINT)
def timeline_without_entries(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline holds text, but no entry that can be read.

    What it does:
        Looks for a table with a Time and an Event column, or bullets that begin with a time.

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
    if section is None or _entries(doc):
        return
    if not is_blank(section.text):
        message = "the Timeline has no entry that can be read"
        yield heading(doc, section, message, "write a table | Time | Event | Who |")


@rule("PM302", "timeline-time", draft=WARNING)
def timeline_time(doc: Document, context: Context) -> Iterable[Finding]:
    """A time in the Timeline can't be read.

    What it does:
        Expects `HH:MM` or an ISO timestamp such as `2024-01-15T14:00Z`.

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
    for entry in _entries(doc):
        if entry.problem and entry.at is None:
            fix = "write HH:MM or 2024-01-15T14:00Z"
            yield found_at(entry.line, entry.column, entry.problem, fix, width=len(entry.time))


@rule("PM303", "timeline-zone", review=HINT)
def timeline_zone(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline does not name its time zone.

    What it does:
        Looks for a zone in the section's text, the column's heading or the times; without one, UTC is read.

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
    if section and _entries(doc) and not _ZONE.search(section.title + section.text):
        message = "the Timeline names no time zone; UTC is assumed"
        yield heading(doc, section, message, "write 'All times in UTC.' or 'Time (UTC)'")


@rule("PM304", "timeline-order", review=WARNING)
def timeline_order(doc: Document, context: Context) -> Iterable[Finding]:
    """A timeline entry is earlier than the one above it.

    What it does:
        Compares each entry's time with the entry above it.

    Why:
        A timeline is read from top to bottom as what led to what.

    Example:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 14:10 | Pool enlarged | @jane |
        | 14:05 | Alert for elevated latency | |

    Fix:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 14:05 | Alert for elevated latency | |
        | 14:10 | Pool enlarged | @jane |
    """
    return _backwards(doc, overnight=False)


@rule("PM305", "timeline-midnight", review=WARNING)
def timeline_midnight(doc: Document, context: Context) -> Iterable[Finding]:
    """The clock goes back over midnight without a new date.

    What it does:
        Flags an entry of the early hours below one of the late evening, when it has no date of its own.

    Why:
        Without the date the incident lasts minus 23 hours, and the reader has to guess on which day it ended.

    Example:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 23:50 | Alert for elevated latency | |
        | 00:20 | Pool enlarged | @jane |

    Fix:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 23:50 | Alert for elevated latency | |
        | 2024-01-16 00:20 | Pool enlarged | @jane |
    """
    return _backwards(doc, overnight=True)


def _backwards(doc: Document, *, overnight: bool) -> Iterable[Finding]:
    """Entries that are earlier than the one above; those that look like a day's rollover or the others."""
    above: TimelineEntry | None = None
    for entry in _entries(doc):
        if entry.at is None:
            continue
        if above is not None and above.at is not None and entry.at < above.at:
            rollover = "-" not in entry.time and above.at - entry.at >= _HALF_DAY
            if rollover and overnight:
                message = f"{entry.time} is below {above.time}: is it the next day?"
                following = entry.at + min(_DAY, datetime.max.replace(tzinfo=UTC) - entry.at)
                fix = f"write the date, as in {following:%Y-%m-%d} {entry.time}"
                yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
            elif not rollover and not overnight:
                message = f"{entry.time} is below {above.time}"
                fix = "put the entries in the order in which they happened"
                yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
        above = entry


@rule("PM306", "timeline-outside-incident", review=HINT)
def timeline_outside_incident(doc: Document, context: Context) -> Iterable[Finding]:
    """Timeline entries lie before the incident's start or after its end.

    What it does:
        Compares the entries with `started_at` and `resolved_at` and reports the first one on each side.

    Why:
        What led up to the incident belongs there, but an entry that was typed wrongly looks just the same.

    Example:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:00 | Alert for elevated latency | |
        | 2024-01-15 14:45 | Incident resolved | @jane |
        | 2024-01-15 17:00 | Pool enlarged | @jane |

    Fix:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:00 | Alert for elevated latency | |
        | 2024-01-15 14:22 | Pool enlarged | @jane |
        | 2024-01-15 14:45 | Incident resolved | @jane |
    """
    from pmctl.rules.front_matter import incident_times

    times = incident_times(doc)
    start, end = times.get("started_at"), times.get("resolved_at")
    entries = [entry for entry in _entries(doc) if entry.at is not None]
    before = [entry for entry in entries if start and entry.at and start - entry.at > _MINUTE]
    after = [entry for entry in entries if end and entry.at and entry.at - end > _MINUTE]
    for outside, side in ((before, "before started_at"), (after, "after resolved_at")):
        if outside:
            count = f"{len(outside)} entries are" if len(outside) > 1 else "an entry is"
            entry = outside[0]
            yield found_at(entry.line, entry.column, f"{count} {side}", width=len(entry.time))


@rule("PM307", "timeline-who", review=HINT)
def timeline_who(doc: Document, context: Context) -> Iterable[Finding]:
    """An entry says what was done, but not who did it.

    What it does:
        Flags an entry that begins with an act ("restarted", "rolled back") and leaves Who empty.

    Why:
        The next reader has a question, and whoever acted can answer it. This is where names are welcome.

    Example:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 14:22 | Restarted the pods | |

    Fix:
        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 14:22 | Restarted the pods | @jane |
    """
    for entry in _entries(doc):
        if not entry.who and _ACTED.match(entry.text):
            message = "the entry does not say who acted"
            yield found_at(entry.line, entry.column, message, "fill in Who", width=len(entry.time))


@rule("PM308", "timeline-detection", review=WARNING)
def timeline_detection(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline begins after the incident was detected.

    What it does:
        Compares the first entry with `detected_at`.

    Why:
        How it was noticed is the first thing that happened in the response, and it is missing.

    Example:
        detected_at: 2024-01-15T14:00:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:20 | Pool enlarged | @jane |

    Fix:
        detected_at: 2024-01-15T14:00:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:00 | Alert for elevated latency | |
        | 2024-01-15 14:20 | Pool enlarged | @jane |
    """
    return _edge(doc, "detected_at")


@rule("PM309", "timeline-resolution", review=WARNING)
def timeline_resolution(doc: Document, context: Context) -> Iterable[Finding]:
    """The Timeline ends before the incident was resolved.

    What it does:
        Compares the last entry with `resolved_at`.

    Why:
        The reader does not learn how it was known that service was back.

    Example:
        resolved_at: 2024-01-15T14:45:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:00 | Alert for elevated latency | |

    Fix:
        resolved_at: 2024-01-15T14:45:00Z

        ## Timeline

        | Time (UTC) | Event | Who |
        |---|---|---|
        | 2024-01-15 14:00 | Alert for elevated latency | |
        | 2024-01-15 14:45 | Error rate back below 0.1 %, incident resolved | @jane |
    """
    return _edge(doc, "resolved_at")


def _edge(doc: Document, name: str) -> Iterable[Finding]:
    """The first entry against detected_at, or the last one against resolved_at, one minute given."""
    from pmctl.rules.front_matter import incident_times

    timed = [(entry, entry.at) for entry in _entries(doc) if entry.at is not None]
    moment = incident_times(doc).get(name)
    if not timed or moment is None:
        return
    if name == "detected_at":
        entry, at = min(timed, key=lambda pair: pair[1])
        message = "the first entry is after detected_at" if at - moment > _MINUTE else ""
        fix = "add how it was detected"
    else:
        entry, at = max(timed, key=lambda pair: pair[1])
        message = "the last entry is before resolved_at" if moment - at > _MINUTE else ""
        fix = "add how it was known that service was back"
    if message:
        yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
