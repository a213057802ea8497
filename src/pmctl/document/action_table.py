"""The table of action items by its lines alone: what the content digest rests on.

body -> lines -> the section's lines -> header, delimiter row and rows with their cells, or what breaks the grammar

docs/formats.md is the specification ("The table of action items"), and no library is part of it: what an approval binds
has to be the same in ten years. An independent reader of it, in another language, is among the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

SECTION = "Action Items"
# Column -> the names it goes by. The first name is the one that pmctl writes.
COLUMNS: dict[str, tuple[str, ...]] = {
    "ID": ("ID",),
    "Action": ("Action", "Description", "Action Item", "Task"),
    "Owner": ("Owner",),
    "Due": ("Due", "Due Date"),
    "Priority": ("Priority",),
    "Status": ("Status",),
    "Ticket": ("Ticket", "Ticket Link"),
    "Notes": ("Notes",),
    "Prevents": ("Prevents",),
    "Kind": ("Kind",),
}
# Cells that change after publication without touching what was approved.
TRACKING = ("Owner", "Due", "Priority", "Status", "Ticket", "Notes")

_SECTION = re.compile(r"##[ \t]+action[ \t]+items(?:[ \t]+#+)?[ \t]*", re.IGNORECASE | re.ASCII)
# Where the section may begin, and what may hide a line. Both ask for less than the rules: most lines are not read.
_SECTION_LINE = re.compile(r"^##[ \t]+action[ \t]", re.IGNORECASE | re.ASCII | re.MULTILINE)
_OPENING = re.compile(r"```|~~~|<!--")
_SECTION_END = re.compile(r"##?(?:[ \t]|$)")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_COMMENT = re.compile(r" {0,3}<!--")
_ROW = re.compile(r"\|(?:[^\r]*[^\\\r])?\| *")
_PIPE = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r":?-+:?")
_MAY_OPEN = frozenset(" `~<")
_SHOWN, _CODE, _HIDDEN = "shown", "code", "hidden"


class Line(NamedTuple):
    """A row: its number in the text, from 1, its offsets without the newline, and its cells without white space."""

    number: int
    start: int
    end: int
    cells: tuple[str, ...]


class ActionTable(NamedTuple):
    """The table. `tracking` are the columns that the digest leaves out, index -> name: none without an Action."""

    header: Line
    delimiter: Line
    rows: tuple[Line, ...]
    tracking: dict[int, str]

    @property
    def end(self) -> int:
        """Behind the last row, its newline left."""
        return (self.rows[-1] if self.rows else self.delimiter).end

    def column(self, name: str) -> int | None:
        """The index of one of `COLUMNS`: the first column with the first of its names that there is."""
        return _column([_folded(cell) for cell in self.header.cells], name)


class Broken(NamedTuple):
    """What in the section is no part of the one table: the line's number, and what is wrong with it, in words."""

    line: int
    message: str


@lru_cache(maxsize=32)
def action_table(text: str, start: int) -> ActionTable | Broken | None:
    """The table of action items of the body that begins at `start`; None without one. Never raises."""
    found: list[Line] = []
    number = text.count("\n", 0, start)
    inside = ended = False
    free = True  # whether a table may begin here: below a blank line, a heading or a comment
    for number, offset, line, kind in _lines(text, start):
        if not inside:
            inside = line[:2] == "##" and kind == _SHOWN and _SECTION.fullmatch(line) is not None
            continue
        if kind == _SHOWN and _SECTION_END.match(line):
            break
        if kind == _HIDDEN or "|" not in line:
            free = kind == _HIDDEN or (kind == _SHOWN and (not line.strip(" \t") or _HEADING.match(line) is not None))
            if found and not ended and not free:
                return Broken(number, "a line directly below the table would be one of its rows")
            ended = bool(found)
            continue
        if kind != _SHOWN or not _ROW.fullmatch(line) or "\\\\|" in line:
            return Broken(number, "a line with a | that is no row: a row begins and ends with one, nothing before it")
        if ended:
            return Broken(number, "a second table; the section holds one")
        if not found and not free:
            return Broken(number, "the table follows a line of text directly; a blank line goes between them")
        cells = tuple(cell.strip(" \t") for cell in _PIPE.split(line.rstrip(" \t"))[1:-1])
        found.append(Line(number, offset, offset + len(line), cells))
        if problem := _problem(found):
            return Broken(number, problem)
    if not found:
        return None
    if len(found) < 2:
        return Broken(found[0].number, "a table has a second line of dashes: |---|---|")
    return ActionTable(found[0], found[1], tuple(found[2:]), _tracking(found[0].cells))


def _lines(text: str, start: int) -> Iterator[tuple[int, int, str, str]]:
    """Number, offset and text of each line of the body, and whether it is shown, code (in a fence) or a comment."""
    fence = ""
    comment = False
    section = _SECTION_LINE.search(text, start)
    if section is None:
        return
    if not _OPENING.search(text, start, section.start()):  # nothing before it can hide it
        start = section.start()
    number = text.count("\n", 0, start) + 1
    for raw in text[start:].split("\n"):
        line = raw.removesuffix("\r")
        kind = _SHOWN
        if fence or comment or line[:1] in _MAY_OPEN:
            opening = _FENCE.match(line)
            if fence:
                kind = _CODE
                if opening and opening[1].startswith(fence) and not line.strip(f" \t{fence[0]}"):
                    fence = ""
            elif comment or _COMMENT.match(line):
                kind = _HIDDEN
                comment = "-->" not in line
            elif opening:
                kind, fence = _CODE, opening[1]
        yield number, start, line, kind
        start += len(raw) + 1
        number += 1


def _problem(found: list[Line]) -> str:
    """What is wrong with the last of these lines; "" when it is a row of the table."""
    header, last = found[0].cells, found[-1].cells
    if len(last) != len(header):
        return f"{len(last)} cells where the header has {len(header)}; a | inside a cell is written \\|"
    if len(found) == 2 and not all(_DELIMITER.fullmatch(cell) for cell in last):
        return "the second line of a table is one of dashes: |---|---|"
    return ""


@lru_cache(maxsize=32)
def _tracking(header: tuple[str, ...]) -> dict[int, str]:
    names = [_folded(cell) for cell in header]
    if _column(names, "Action") is None:
        return {}
    places = {name: _column(names, name) for name in TRACKING}
    return {at: name for name, at in places.items() if at is not None}


def _column(names: list[str], column: str) -> int | None:
    return next((names.index(name.lower()) for name in COLUMNS[column] if name.lower() in names), None)


def _folded(cell: str) -> str:
    """A header's cell as names are compared: ASCII letters without regard to case, runs of white space as one space."""
    return re.sub(r"[ \t]+", " ", cell.lower()) if cell.isascii() else cell
