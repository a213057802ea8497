"""Timelines of every usual form -> tables of Time, Event, Who; and tables of others made readable here.

A list, paragraphs or sub-headings become a table when every entry has its time at the beginning, or every entry of
a list has it at the end. Times are rewritten to what pmctl reads; how they were written stays beside them in a column
of its own wherever the wording changed. Anything less certain stays as it is, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pmctl.adopt.blocks import Block, blocks, cell_text, escaped
from pmctl.adopt.completeness import words
from pmctl.document.dates import Moment, days, find_leading, trailing
from pmctl.document.zones import zone_of

# What pmctl reads as a time: [~][date ]HH:MM[:SS][ zone], or a day alone.
READABLE = re.compile(
    r"[~≈]?\s*(?=\d)(?:\d{4}-\d{2}-\d{2})?(?:[T ](?=\d))?(?:\d{1,2}:\d{2}(?::\d{2})?)?"
    r"\s?(?:Z|[A-Z]{3,4}|(?:\+|(?<=T\d\d:\d\d)-)\d\d:?\d\d)?"
)
_OPENING = re.compile(r"(?:\*{1,3}|_{1,3}|`|\[|\(|\s)*")
_PREPOSITION = re.compile(r"(?:at|on|by|from)\s+(?=[~\d]|about|around|approx|[A-Z])", re.IGNORECASE)
_ZONE_NAME = r"(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d\d)?|[A-Z]{2,5}(?![a-z])"
_ZONE_STATED = re.compile(
    rf"\b(?i:all\s+times|times|timestamps|time\s?zone)\b(?i:\s+(?:are|is|shown|given|below|here|listed|all|in|the|local|approximate|and|:))*\s*[:=]?\s*\(?(?P<zone>{_ZONE_NAME})"
)
_ZONE_IN_TITLE = re.compile(
    rf"[(（\[,]\s*(?:in\s+|all\s+times\s+)?(?P<zone>{_ZONE_NAME})\b|\b(?:in|times)\s+(?P<bare>UTC|GMT)\b"
)


@dataclass(frozen=True, slots=True)
class Table:
    """What a piece of text became: new lines, how many entries they hold, and why it stayed text otherwise."""

    lines: tuple[str, ...]
    entries: int
    reason: str = ""


@dataclass(slots=True)
class _Entry:
    """One entry on its way: the moment, its wording, the event's lines, and the lines that it comes from."""

    moment: Moment | None
    raw: str
    event: list[str]
    first: int
    last: int
    kind: str  # entry, day, note (a list item without a time), text, block


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
    entries = _by_headings(lines, headings) if headings else _entries(lines)
    timed = [entry for entry in entries if entry.kind == "entry"]
    items = [entry for entry in entries if entry.kind in ("entry", "note")]
    if not timed and any(entry.kind == "note" for entry in entries):
        late = [_with_late_time(entry) if entry.kind == "note" else entry for entry in entries]
        found = sum(entry.kind == "entry" for entry in late)
        if found < 2 or found < len(items):
            return None
        entries = timed = items = late
        timed = [entry for entry in late if entry.kind == "entry"]
    if not timed:
        return None
    if len(timed) == 1 and not lines[timed[0].first].lstrip().startswith(("-", "*", "+", "1")) and not headings:
        return None
    if 3 * len(timed) < 2 * len(items):
        return Table(tuple(lines), 0, f"only {len(timed)} of {len(items)} entries begin with a time")
    return _laid_out(lines, entries, known, zone)


def _entries(lines: list[str]) -> list[_Entry]:
    found: list[_Entry] = []
    for block in blocks(lines):
        if block.kind == "item":
            found.extend(_of_item(block))
        elif block.kind == "paragraph":
            found.extend(_of_paragraph(block))
        else:
            found.append(_Entry(None, "", list(block.lines), block.first, block.last, "block"))
    return found


def _of_item(block: Block) -> list[_Entry]:
    entry = _begin(block.lines[0], block.first, block.last)
    if entry is None:
        return [_Entry(None, "", list(block.lines), block.first, block.last, "note")]
    rest = list(block.lines[1:])
    if not "".join(entry.event).strip():
        inner = _entries(rest) if rest else []
        if inner and all(other.kind == "entry" for other in inner):
            for other in inner:
                other.first, other.last = block.first, block.last
            entry.kind = "day"
            return [entry, *inner] if entry.moment and not entry.moment.clock else []
        if not rest:
            entry.kind = "day" if entry.moment and not entry.moment.clock else "entry"
            return [entry]
    elif rest:
        inner = _entries(rest)
        nested = [other for other in inner if other.kind == "entry" and other.moment and other.moment.clock]
        if nested and entry.moment and entry.moment.clock and len(nested) == len(inner):
            for other in nested:
                other.first, other.last = block.first, block.last
            return [entry, *nested]
    entry.event += rest
    return [entry]


def _of_paragraph(block: Block) -> list[_Entry]:
    found: list[_Entry] = []
    for index, line in enumerate(block.lines, start=block.first):
        entry = _begin(line, index, index + 1)
        clear = (
            entry is not None
            and entry.moment is not None
            and (entry.moment.clock or entry.moment.unknown or not "".join(entry.event).strip() or index == block.first)
        )
        if entry is not None and clear and (index == block.first or found):
            if not "".join(entry.event).strip() and entry.moment and not entry.moment.clock:
                entry.kind = "day"
            found.append(entry)
        elif found and found[-1].kind == "entry":
            found[-1].event.append(line)
            found[-1].last = index + 1
        else:
            return _text_before_a_day(block)
    return found


def _text_before_a_day(block: Block) -> list[_Entry]:
    """A paragraph that is text; when its last line is a day alone, that line sets the day for what follows."""
    day = _begin(block.lines[-1], block.last - 1, block.last) if len(block.lines) > 1 else None
    if day is None or day.moment is None or day.moment.day is None or day.moment.clock or "".join(day.event).strip():
        return [_Entry(None, "", list(block.lines), block.first, block.last, "text")]
    day.kind = "day"
    return [_Entry(None, "", list(block.lines[:-1]), block.first, block.last - 1, "text"), day]


def _by_headings(lines: list[str], headings: frozenset[int]) -> list[_Entry]:
    """Sub-headings as entries: each holds what stands below it. A heading that is a day alone sets the day."""
    marks = sorted(headings)
    found: list[_Entry] = []
    if marks and any(line.strip() for line in lines[: marks[0]]):
        found.append(_Entry(None, "", lines[: marks[0]], 0, marks[0], "text"))
    for position, row in enumerate(marks):
        end = marks[position + 1] if position + 1 < len(marks) else len(lines)
        entry = _begin(lines[row].strip().strip("#").strip(), row, end)
        content = lines[row + 1 : end]
        if entry is None:
            return []
        if entry.moment and not entry.moment.clock and not entry.moment.unknown and not "".join(entry.event).strip():
            inner = _entries(content)
            if inner and all(other.kind in ("entry", "day", "text") for other in inner) and inner[0].kind != "text":
                entry.kind, entry.last = "day", row + 1
                for other in inner:
                    other.first, other.last = other.first + row + 1, other.last + row + 1
                found += [entry, *inner]
                continue
            if not "".join(content).strip():
                entry.kind = "day"
        entry.event += ["", *content] if "".join(entry.event).strip() else content
        found.append(entry)
    return found


def _begin(text: str, first: int, last: int) -> _Entry | None:
    """The entry that begins with a time; None when `text` begins with something else."""
    opening = _OPENING.match(text)
    start = opening.end() if opening else 0
    opened = re.findall(r"\*{1,3}|_{1,3}|`|\[|\(", text[:start])
    if sentence := _PREPOSITION.match(text, start):
        moment = find_leading(text[sentence.end() :])
        return _Entry(moment, "", [text], first, last, "entry") if moment and moment.clock else None
    moment = find_leading(text[start:])
    if moment is None:
        return None
    end = start + moment.length
    raw = text[start:end]
    rest = text[end:]
    unclosed = []
    for mark in reversed(opened):
        close = {"[": "]", "(": ")"}.get(mark, mark)
        match = re.match(rf"\s*[:：,.]?\s*{re.escape(close)}", rest)
        if match:
            rest = rest[match.end() :]
            if mark == "[" and rest.startswith("("):
                return _Entry(moment, "", [text], first, last, "entry")
        else:
            unclosed.append(mark)
    separator = re.match(r"\s*[:：,;|→>–—]*\s*(?:[-–—]+(?=\s|[A-Z])\s*)?", rest)
    if separator:
        rest = rest[separator.end() :]
    if any(mark in "[(" for mark in unclosed):
        return _Entry(moment, "", [text], first, last, "entry")
    if (
        rest
        and rest[0].isalnum()
        and separator
        and not separator.group()
        and not unclosed
        and text[end - 1 : end].isalnum()
    ):
        return None
    return _Entry(moment, raw, ["".join(reversed(unclosed)) + rest], first, last, "entry")


def _with_late_time(entry: _Entry) -> _Entry:
    text = " ".join(line.strip() for line in entry.event)
    moment = trailing(text)
    if moment is None:
        return entry
    return _Entry(moment, "", entry.event, entry.first, entry.last, "entry")


def _laid_out(lines: list[str], entries: list[_Entry], known: date | None, zone: str) -> Table:
    runs = _runs(entries)
    out: list[str] = []
    at = total = 0
    clock = Days(known)
    for run in runs:
        rows = _rows(run, clock, zone)
        if rows is None:
            return Table(tuple(lines), 0, "an entry holds code, a quote or a table, which no table cell can")
        first, last = min(entry.first for entry in run), max(entry.last for entry in run)
        _append(out, lines[at:first])
        if out and out[-1].strip():
            out.append("")
        out += rows
        total += len(rows) - 2
        if last < len(lines) and lines[last].strip():
            out.append("")
        at = last
    _append(out, lines[at:])
    return Table(tuple(out), total)


def _append(out: list[str], lines: list[str]) -> None:
    out.extend(lines)


def _runs(entries: list[_Entry]) -> list[list[_Entry]]:
    """Entries that follow each other, each run one table; what stands between the runs stays text."""
    runs: list[list[_Entry]] = []
    run: list[_Entry] = []
    for entry in entries:
        if entry.kind in ("entry", "day", "note"):
            run.append(entry)
        elif run:
            runs.append(run)
            run = []
    runs.append(run)
    kept = []
    for one in runs:
        while one and one[-1].kind == "day":
            one.pop()
        if any(entry.kind == "entry" for entry in one):
            kept.append(one)
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


def _rows(run: list[_Entry], clock: Days, zone: str) -> list[str] | None:
    cells: list[tuple[str, str, str]] = []
    pending, pending_day = "", None
    for entry in run:
        moment = entry.moment
        if entry.kind == "day" and moment is not None:
            pending = f"{pending} {entry.raw}".strip()
            pending_day = clock.take(moment)
            continue
        event = cell_text(entry.event)
        if event is None:
            return None
        written = f"{pending} {entry.raw}".strip()
        day = clock.take(moment) if moment else None
        when = time_text(moment, day or pending_day, zone) if moment else ""
        if (
            written
            and not pending
            and READABLE.fullmatch(written)
            and not (day and moment and not written[:4].isdigit())
        ):
            when = written
        if moment and moment.day and clock.day is None and moment.day.near(clock.known) is None:
            when = written  # a day that can't be told is left for a person
        cells.append((when, "" if words(written) == words(when) else escaped(written), event))
        pending, pending_day = "", None
    original = any(cell[1] for cell in cells)
    header = f"Time ({zone})" if zone else "Time"
    head = ["| " + header + (" | Original time" if original else "") + " | Event | Who |"]
    head.append("|---" * (4 if original else 3) + "|")
    return head + [
        "|"
        + f" {when} |".replace("  ", " ")
        + (f" {written} |".replace("  ", " ") if original else "")
        + f" {event} | |"
        for when, written, event in cells
    ]


def time_text(moment: Moment, day: date | None, zone: str) -> str:
    """What pmctl reads: [~][YYYY-MM-DD ]HH:MM[ zone], a day alone, or ?? for a time that the author didn't know."""
    text = moment.clock or ("??" if moment.unknown else "")
    if day is not None:
        text = f"{day.isoformat()} {text}".strip()
    if moment.zone and moment.zone != zone and moment.clock:
        text += f" {moment.zone}"
    return ("~" if moment.rough else "") + text


def names_days(text: str) -> bool:
    """Whether a text is nothing but a day or a time, as a sub-heading of a timeline is."""
    moment = find_leading(text.strip(" *_#"))
    return moment is not None and (
        moment.length >= len(text.strip(" *_#:")) or (bool(days(text)) and moment.length * 2 > len(text))
    )
