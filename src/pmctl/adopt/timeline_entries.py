"""The entries of a timeline in whatever form it has: list items, paragraphs or sub-headings that begin with a time.

lines -> blocks -> entries, days that hold for the entries behind them, and what is neither
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pmctl.adopt.blocks import Block, blocks
from pmctl.document.dates import Moment, find_leading, trailing

_OPENING = re.compile(r"(?:\*{1,3}|_{1,3}|`|\[|\(|\s)*")
_PREPOSITION = re.compile(r"(?:at|on|by|from)\s+(?=[~\d]|about|around|approx|[A-Z])", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[:：,;|→>–—]*\s*(?:[-–—]+(?=\s|[A-Z])\s*)?")
_MARKS = re.compile(r"\*{1,3}|_{1,3}|`|\[|\(")

# What may stand behind a day that is a heading: its weekday, a remark in brackets.
_BESIDE_A_DAY = re.compile(
    r"\W*(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day)?\W*(?:[(（\[].*[)）\]])?\W*", re.IGNORECASE
)

Kind = Literal["entry", "day", "note", "text", "block"]


@dataclass(slots=True)
class Entry:
    """One entry on its way: the moment, its wording, the event's lines, and the lines that it comes from.

    A `day` sets the day of the entries behind it; a `note` is a list item without a time.
    """

    moment: Moment | None
    written: str
    event: list[str]
    first: int
    last: int
    kind: Kind = "entry"

    @property
    def has_clock(self) -> bool:
        return self.moment is not None and bool(self.moment.clock)

    @property
    def has_event(self) -> bool:
        return bool("".join(self.event).strip())

    @property
    def is_day_alone(self) -> bool:
        return self.moment is not None and not self.moment.clock and not self.has_event


def entries_of(lines: Sequence[str]) -> list[Entry]:
    found: list[Entry] = []
    for block in blocks(tuple(lines)):
        if block.kind == "item" and not "".join(block.lines).strip():
            # An empty bullet is nothing, but it goes with the entry before it.
            if found and found[-1].kind in ("entry", "note"):
                found[-1].last = max(block.last, block.first + 1)
        elif block.kind == "item":
            found.extend(_of_item(block))
        elif block.kind == "paragraph":
            found.extend(_of_paragraph(block))
        else:
            found.append(Entry(None, "", list(block.lines), block.first, block.last, "block"))
    return found


def _of_item(block: Block) -> list[Entry]:
    entry = _begin(block.lines[0], block.first, block.last)
    if entry is None:
        return [Entry(None, "", list(block.lines), block.first, block.last, "note")]
    rest = block.lines[1:]
    # What stands below comes from the lines of this item.
    inner = [replace(one, first=block.first, last=block.last) for one in entries_of(rest)]
    all_timed = bool(inner) and all(one.kind == "entry" for one in inner)
    if entry.has_event:
        if all_timed and entry.has_clock and all(one.has_clock for one in inner):
            return [entry, *inner]
    elif all_timed:
        entry.kind = "day"
        return [entry, *inner] if not entry.has_clock else []
    elif not rest and not entry.has_clock:
        entry.kind = "day"
    entry.event += rest
    return [entry]


def _of_paragraph(block: Block) -> list[Entry]:
    found: list[Entry] = []
    for index, line in enumerate(block.lines, start=block.first):
        entry = _begin(line, index, index + 1)
        if entry is not None and (index == block.first or (found and _is_clear(entry))):
            if entry.is_day_alone:
                entry.kind = "day"
            found.append(entry)
        elif found and found[-1].kind == "entry":
            found[-1].event.append(line)
            found[-1].last = index + 1
        else:
            return _text_before_a_day(block)
    return found


def _is_clear(entry: Entry) -> bool:
    """Whether a line within a paragraph is an entry of its own and does not only happen to begin with a day."""
    return entry.moment is not None and (entry.has_clock or entry.moment.unknown or not entry.has_event)


def _text_before_a_day(block: Block) -> list[Entry]:
    """A paragraph that is text; when its last line is a day alone, that line sets the day for what follows."""
    day = _begin(block.lines[-1], block.last - 1, block.last) if len(block.lines) > 1 else None
    if day is None or not day.is_day_alone or day.moment is None or day.moment.day is None:
        return [Entry(None, "", list(block.lines), block.first, block.last, "text")]
    day.kind = "day"
    return [Entry(None, "", list(block.lines[:-1]), block.first, block.last - 1, "text"), day]


def entries_below_headings(lines: list[str], headings: Sequence[int]) -> list[Entry]:
    """Sub-headings as entries: each holds what stands below it. A heading that is a day alone sets the day."""
    found: list[Entry] = []
    if any(line.strip() for line in lines[: headings[0]]):
        found.append(Entry(None, "", lines[: headings[0]], 0, headings[0], "text"))
    for row, end in zip(headings, (*headings[1:], len(lines)), strict=True):
        heading = lines[row].strip().strip("#").strip(" {}")
        entry = _begin(heading, row, end)
        if entry is None:
            return []
        content = lines[row + 1 : end]
        if entry.moment and not entry.has_clock and _BESIDE_A_DAY.fullmatch("".join(entry.event)):
            entry.written, entry.event = heading, []
        below: list[Entry] = []
        if entry.is_day_alone and entry.moment and not entry.moment.unknown:
            below = _below_a_day(content, row + 1)
            if below:
                entry.last = row + 1
            if below or not "".join(content).strip():
                entry.kind = "day"
        if not below:
            entry.event += ["", *content] if entry.has_event else content
        found += [entry, *below]
    return found


def _below_a_day(content: list[str], offset: int) -> list[Entry]:
    """The entries below a heading that is a day; empty when anything else stands there."""
    below = entries_of(content)
    if not below or below[0].kind == "text" or any(one.kind in ("note", "block") for one in below):
        return []
    return [replace(one, first=one.first + offset, last=one.last + offset) for one in below]


def _begin(text: str, first: int, last: int) -> Entry | None:
    """The entry that begins with a time; None when `text` begins with something else."""
    opening = _OPENING.match(text)
    start = opening.end() if opening else 0
    sentence = _PREPOSITION.match(text, start)
    moment = find_leading(text[sentence.end() if sentence else start :])
    if moment is None or (sentence and not moment.clock):
        return None
    whole = Entry(moment, "", [text], first, last)
    if sentence:
        return whole
    end = start + moment.length
    closed = _without_closing_marks(text[end:], _MARKS.findall(text[:start]))
    if closed is None:
        return whole
    rest, unclosed = closed
    separator = _SEPARATOR.match(rest)
    if separator is None or not separator.group():
        if rest[:1].isalnum() and not unclosed and text[end - 1 : end].isalnum():
            return None
    else:
        rest = rest[separator.end() :]
    return replace(whole, written=text[start:end], event=[unclosed + rest])


def _without_closing_marks(rest: str, opened: list[str]) -> tuple[str, str] | None:
    """What follows a time behind the marks that close those before it, and the marks that go on.

    None when the time is part of a link or of a longer remark in brackets.
    """
    unclosed = ""
    for mark in reversed(opened):
        close = {"[": "]", "(": ")"}.get(mark, mark)
        if match := re.match(rf"\s*[:：,.]?\s*{re.escape(close)}", rest):
            rest = rest[match.end() :]
            if mark == "[" and rest.startswith("("):
                return None
        else:
            unclosed = mark + unclosed
    return None if set("[(") & set(unclosed) else (rest, unclosed)


def with_late_time(entry: Entry) -> Entry:
    moment = trailing(" ".join(line.strip() for line in entry.event))
    return replace(entry, moment=moment, kind="entry") if moment else entry


def is_entry_heading(text: str) -> bool:
    """Whether a sub-heading of a timeline, as plain text, is an entry of it: it names a time, or nothing but a day."""
    text = text.strip(" {}")
    moment = find_leading(text)
    if moment is None:
        return False
    return (
        bool(moment.clock)
        or moment.unknown
        or 2 * moment.length > len(text)
        or bool(_BESIDE_A_DAY.fullmatch(text[moment.length :]))
    )
