"""The timeline's entries in order, against the incident's times, and who acted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pmctl.document.duration import duration_text
from pmctl.document.finding import Finding
from pmctl.document.timeline import text_columns, timeline_section
from pmctl.rules.front_matter import incident_times
from pmctl.rules.registry import HINT, WARNING, found_at, rule
from pmctl.rules.timeline import entries_of

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.document.timeline import TimelineEntry
    from pmctl.rules.context import Context

_MINUTE = timedelta(minutes=1)
_HALF_DAY = timedelta(hours=12)
_NOBODY = ("", "-", "–", "—", "?", "??", "TBD")
_ACTED = re.compile(
    r"\s*(?:acknowledged|restarted|rolled back|reverted|deployed|merged|paged|escalated|decided|declared"
    r"|disabled|enabled|drained|scaled|joined|applied|started investigat\w+|switched|failed over|opened"
    r"|identified|confirmed|ran(?! (?:out|into|low|hot|at|slow))|patched|added|removed|posted|called|asked|noticed"
    r"|(?:in|de)creased (?:the|our|its|max|pool|(?:\w+ )?(?:limits?|timeouts?|replicas?|capacity|quotas?|size)))\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAMED = re.compile(r"(?<!\w)@\w|\bby (?!(?:\d|the (?:same|time|way)))", re.IGNORECASE)


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
    wrong = [step for step in _steps_back(doc) if step[2] == overnight]
    if not overnight and len(wrong) > 1 and len(wrong) == len(_timed(doc)) - 1:
        entry = wrong[0][0]
        message = "the entries run from the newest to the oldest"
        yield found_at(entry.line, entry.column, message, "put the oldest entry first", width=len(entry.time))
        return
    for entry, above, _ in wrong:
        if overnight:
            message = f"{entry.time} stands below {above.time}: is it the next day?"
            fix = f"write {entry.problem.rpartition(': ')[2]}"
        else:
            message = f"{entry.time} stands below {above.time}, but is earlier{_in_utc(entry, above)}"
            fix = "correct the time, or put the entries in the order in which they happened"
        yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))


def _in_utc(entry: TimelineEntry, above: TimelineEntry) -> str:
    """Both moments in UTC, where the times as written do not show which one is earlier."""
    moments = [(one.at, one.time) for one in (entry, above) if one.at is not None]
    if all(f"{at:%H:%M}" in f"0{time}" for at, time in moments):
        return ""
    return f" ({moments[0][0]:%Y-%m-%d %H:%M} and {moments[1][0]:%Y-%m-%d %H:%M} UTC)"


@lru_cache(maxsize=2)
def _timed(doc: Document) -> tuple[tuple[TimelineEntry, datetime], ...]:
    """The entries whose moment is known, with it, in the order written."""
    return tuple((entry, entry.at) for entry in entries_of(doc) if entry.at is not None)


@lru_cache(maxsize=2)
def _steps_back(doc: Document) -> tuple[tuple[TimelineEntry, TimelineEntry, bool], ...]:
    """Every entry that is earlier than the one above it, that one, and whether midnight may lie between them."""
    found = []
    for (above, before), (entry, at) in pairwise(_timed(doc)):
        if at < before:
            undated = entry.problem.startswith("the clock goes backwards")
            found.append((entry, above, undated and before - at >= _HALF_DAY))
    return tuple(found)


def _day_is_open(doc: Document) -> bool:
    """Whether midnight passed without a date, so that nobody can say on which days the entries were."""
    return any(rollover for _, _, rollover in _steps_back(doc))


@rule("PM306", "timeline-outside-incident", review=HINT)
def timeline_outside_incident(doc: Document, context: Context) -> Iterable[Finding]:
    """Timeline entries lie before the incident's start or after its end.

    What it does:
        Compares the entries with `started_at` and `resolved_at` and reports the first one on each side. An entry
        that is dated to another day than the incident's is taken as meant.

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
    times = incident_times(doc)
    start, end = times.get("started_at"), times.get("resolved_at")
    timed = _timed(doc)
    # Differences only: a minute more or less than a moment at an end of the calendar is none.
    inside = [at for _, at in timed if (not start or start - at <= _MINUTE) and (not end or at - end <= _MINUTE)]
    if len(inside) == len(timed) or _day_is_open(doc):
        return
    days = {at.date() for at in (start, end) if at}
    meant = [pair for pair in timed if not inside or not _DATED.search(pair[0].time) or pair[1].date() in days]
    before = [(entry, start - at) for entry, at in meant if start and start - at > _MINUTE]
    after = [(entry, at - end) for entry, at in meant if end and at - end > _MINUTE]
    for outside, side, name, what in (
        (before, "before", "started_at", "led up to it"), (after, "after", "resolved_at", "followed"),
    ):  # fmt: skip
        if outside:
            entry, span = outside[0]
            message = f"the entry is {duration_text(span)} {side} {name}"
            if len(outside) > 1:
                message = f"{len(outside)} entries are {side} {name}, the first by {duration_text(span)}"
            fix = f"check its date, time and zone, and {name}; what {what} may stand here"
            yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))


@rule("PM307", "timeline-who", review=HINT)
def timeline_who(doc: Document, context: Context) -> Iterable[Finding]:
    """An entry says what was done, but not who did it.

    What it does:
        Flags an entry that begins with an act ("restarted", "rolled back"), names nobody and leaves Who empty. Without
        a column Who it is said once.

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
    silent = [
        entry
        for entry in entries_of(doc)
        if entry.who in _NOBODY and _ACTED.match(entry.text) and not _NAMED.search(entry.text)
    ]
    section = timeline_section(doc)
    if silent and section is not None and not _has_who(doc, section):
        entry, count = silent[0], len(silent)
        message = f"{count} entries do not say who acted" if count > 1 else "the entry does not say who acted"
        fix = "name the person in the text, as in 'restarted by @jane', or add a column Who"
        yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
        return
    for entry in silent:
        message = "the entry does not say who acted"
        yield found_at(entry.line, entry.column, message, "fill in Who, as in @jane", width=len(entry.time))


def _has_who(doc: Document, section: Section) -> bool:
    """Whether a table of the Timeline has a column for the person."""
    inside = [table for table in doc.tables if section.content_start <= table.start < section.end]
    return any(text_columns(table)[1] is not None for table in inside)


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
    found = entries_of(doc)
    moment = incident_times(doc).get(name)
    first = name == "detected_at"
    if moment is None or not found or found[0 if first else -1].at is None or _day_is_open(doc):
        return  # what has no time of its own may well be what is asked for
    timed = _timed(doc)
    entry, at = timed[0 if first else -1]
    if _steps_back(doc):
        entry, at = (min if first else max)(timed, key=lambda pair: pair[1])
    span = at - moment if first else moment - at
    if span <= _MINUTE:
        return
    row = f"{moment:%H:%M}" if moment.date() == at.date() else f"{moment:%Y-%m-%d %H:%M}"
    if first:
        message = f"the first entry is {duration_text(span)} after detected_at"
        fix = f"add a row for {row} UTC: how it was detected"
    else:
        message = f"the last entry is {duration_text(span)} before resolved_at"
        fix = f"add a row for {row} UTC: how it was known that service was back"
    yield found_at(entry.line, entry.column, message, fix, width=len(entry.time))
