"""Timelines of every usual form -> tables of Time, Event, Who; and tables of others made readable here.

A list, paragraphs or sub-headings become a table when every entry begins with its time, or when every item of a list
ends with it. Times are rewritten to what pmctl reads; where that changes the wording, the original stays beside them
in a column of its own. Anything less certain stays as it is, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from pmctl.adopt.blocks import cell_text
from pmctl.adopt.completeness import words
from pmctl.adopt.timeline_entries import Entry, Kind, entries_below_headings, entries_of, with_late_time
from pmctl.document.dates import Moment
from pmctl.document.markdown_text import escaped_cell
from pmctl.document.zones import zone_of

# What pmctl reads as a time: [~][date ]HH:MM[:SS][ zone], or a day alone.
READABLE = re.compile(
    r"[~≈]?\s*(?=\d)(?:\d{4}-\d{2}-\d{2})?(?:[T ](?=\d))?(?:\d{1,2}:\d{2}(?::\d{2})?)?"
    r"\s?(?:Z|[A-Z]{3,4}|(?:\+|(?<=T\d\d:\d\d)-)\d\d:?\d\d)?"
)
_LIST_MARKS = ("-", "*", "+", "1")
_ZONE_NAME = r"(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d\d)?|[A-Z]{2,5}(?![a-z])"
_ZONE_STATED = re.compile(
    rf"\b(?i:all\s+times|times|timestamps|time\s?zone)\b(?i:\s+(?:are|is|shown|given|below|here|listed|all|in|the|local|approximate|and|:))*\s*[:=]?\s*\(?(?P<zone>{_ZONE_NAME})"
)
_ZONE_IN_TITLE = re.compile(
    rf"[(（\[,]\s*(?:in\s+|all\s+times\s+)?(?P<zone>{_ZONE_NAME})\b|\b(?:in|times)\s+(?P<bare>UTC|GMT)\b"
)


@dataclass(frozen=True, slots=True)
class Table:
    """What a piece of text became: new lines, how many entries they hold, and why it stayed text otherwise.

    `zoned` says that the zone of every time is known.
    """

    lines: tuple[str, ...]
    entries: int
    reason: str = ""
    zoned: bool = False


def stated_zone(title: str, *texts: str) -> str:
    """The zone that a timeline's heading or the prose around it names; "" when none does or nobody knows it."""
    for pattern, text in ((_ZONE_STATED, title), (_ZONE_IN_TITLE, title), *((_ZONE_STATED, text) for text in texts)):
        for match in pattern.finditer(text):
            found = match.groupdict()
            zone = found.get("zone") or found.get("bare") or ""
            if zone_of(zone) is not None or zone in ("IST", "PT", "ET", "AST", "BRT"):
                return zone
    return ""


def to_table(
    lines: list[str], known: date | None, zone: str, *, headings: frozenset[int] = frozenset()
) -> Table | None:
    """The timeline that `lines` hold as tables between the text around it; None when they hold no timeline.

    `known` is the incident's day, by which days without a year are read; `zone` what the timeline says about all
    times. `headings` are the lines that are sub-headings and entries of the timeline.
    """
    entries = entries_below_headings(lines, sorted(headings)) if headings else entries_of(lines)
    entries = _days_that_are_entries(entries)
    timed, notes = _count(entries, "entry"), _count(entries, "note")
    items = timed + notes
    if notes and not timed:
        entries = [with_late_time(entry) if entry.kind == "note" else entry for entry in entries]
        timed, items = _count(entries, "entry"), len(entries)
        if timed < max(2, notes):
            return None
    if not timed:
        return None
    if timed == 1 and not headings:
        only = next(entry for entry in entries if entry.kind == "entry")
        if not lines[only.first].lstrip().startswith(_LIST_MARKS):
            return None
    if 3 * timed < 2 * items:
        return Table(tuple(lines), 0, f"only {timed} of {items} entries begin with a time")
    return _laid_out(lines, entries, known, zone)


def _days_that_are_entries(entries: list[Entry]) -> list[Entry]:
    """Among other entries a day above a paragraph, and above nothing else, is an entry: what happened on that day."""
    if not any(entry.kind == "entry" for entry in entries):
        return entries
    found: list[Entry] = []
    for entry, behind in zip(entries, (*(one.kind for one in entries[1:]), "day"), strict=True):
        if entry.kind == "text" and behind == "day" and found and found[-1].kind == "day":
            found[-1] = replace(found[-1], kind="entry", event=entry.event, last=entry.last)
        else:
            found.append(entry)
    return found


def _count(entries: Sequence[Entry], kind: Kind) -> int:
    return sum(entry.kind == kind for entry in entries)


def _laid_out(lines: list[str], entries: list[Entry], known: date | None, zone: str) -> Table:
    out: list[str] = []
    at = total = 0
    clock = Days(known)
    zones = [entry.moment.zone for entry in entries if entry.moment and entry.has_clock]
    if not zone and zones and zones[0] and set(zones) == {zones[0], ""}:
        zone = zones[0]  # only the first entries name it
    for run in _runs(entries):
        rows = _rows(run, clock, zone)
        if rows is None:
            return Table(tuple(lines), 0, "an entry holds code, a quote or a table, which a table cell can't")
        first, last = min(entry.first for entry in run), max(entry.last for entry in run)
        out += lines[at:first]
        if out and out[-1].strip():
            out.append("")
        out += _formatted(rows, zone)
        total += len(rows)
        if last < len(lines) and lines[last].strip():
            out.append("")
        at = last
    return Table((*out, *lines[at:]), total, zoned=bool(zone) or all(zones))


def _runs(entries: list[Entry]) -> list[list[Entry]]:
    """Entries that follow each other, each run one table; what stands between the runs stays text."""
    kept = []
    for outside, group in groupby(entries, key=lambda entry: entry.kind in ("text", "block")):
        run = list(group)
        while run and run[-1].kind == "day":
            run.pop()
        if not outside and any(entry.kind == "entry" for entry in run):
            kept.append(run)
    return kept


class Days:
    """The day that the timeline has come to."""

    def __init__(self, known: date | None) -> None:
        self.known = known
        self.day: date | None = None

    def take(self, moment: Moment) -> date | None:
        """The day that the moment names, None when it names none or it can't be told."""
        if moment.day is None:
            return None
        found = moment.day.near(self.day or self.known)
        self.day = found or self.day
        return found


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: the time that pmctl reads, how it was written where that differs, and the event."""

    time: str
    original: str
    event: str


def _rows(run: list[Entry], clock: Days, zone: str) -> list[_Row] | None:
    """The rows of a run; None when an event can't stand in a cell."""
    rows = []
    day_written, day = "", None
    for entry in run:
        if entry.kind == "day" and entry.moment is not None:
            day_written = f"{day_written} {entry.written}".strip()
            day = clock.take(entry.moment)
        else:
            event = cell_text(entry.event)
            if event is None:
                return None
            written = f"{day_written} {entry.written}".strip()
            time = _time(entry, day_written, day, clock, zone)
            original = "" if words(written) == words(time) else escaped_cell(" ".join(written.split()))
            rows.append(_Row(time, original, event))
            day_written, day = "", None
    return rows


def _time(entry: Entry, day_written: str, day_before: date | None, clock: Days, zone: str) -> str:
    """What the Time column says: as written where pmctl reads that and no day is missing, otherwise rewritten."""
    moment = entry.moment
    if moment is None:
        return ""
    day = clock.take(moment)
    written = entry.written.strip()
    if moment.day and clock.day is None and moment.day.near(clock.known) is None:
        return f"{day_written} {written}".strip()  # a day that can't be told is left for a person
    if not day_written and READABLE.fullmatch(written) and (not day or written[:4].isdigit()):
        return written
    return time_text(moment, day or day_before, zone)


def _formatted(rows: list[_Row], zone: str) -> list[str]:
    original = any(row.original for row in rows)
    header = f"Time ({zone})" if zone else "Time"
    lines = ["| " + header + (" | Original time" if original else "") + " | Event | Who |"]
    lines.append("|---" * (4 if original else 3) + "|")
    for row in rows:
        cells = (row.time, row.original) if original else (row.time,)
        lines.append("|" + "".join(f" {cell} |" if cell else " |" for cell in cells) + f" {row.event} | |")
    return lines


def time_text(moment: Moment, day: date | None, zone: str) -> str:
    """What pmctl reads: [~][YYYY-MM-DD ]HH:MM[ zone], a day alone, or ?? for a time that the author didn't know."""
    text = moment.clock or ("??" if moment.unknown else "")
    if day is not None:
        text = f"{day.isoformat()} {text}".strip()
    if moment.zone and moment.zone != zone and moment.clock:
        text += f" {moment.zone}"
    return ("~" if moment.rough else "") + text
