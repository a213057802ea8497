"""Headings and tables of a body with their places.

text -> lines -> blocks (by a fast scan, or by the Markdown parser where that is in doubt) -> Outline with offsets
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from pmctl.document.blocks import Block, Doubt, Leaf, scan_blocks, scan_leaves

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Heading(NamedTuple):
    """A heading. `title` has its white space collapsed; `start` and `end` (of its last line, newline included)
    are offsets in the text, `line` counts from 1, `lines` is how many lines it takes."""

    level: int
    title: str
    line: int
    start: int
    end: int
    lines: int


class TableLines(NamedTuple):
    """Where a table lies: its first line, from 1, and for each line its offsets without the newline.

    The first line is the header, the second the row of dashes.
    """

    line: int
    spans: tuple[tuple[int, int], ...]


class Outline(NamedTuple):
    """Headings and tables in order. `scanned` is false when the Markdown parser had to decide."""

    headings: tuple[Heading, ...]
    tables: tuple[TableLines, ...]
    scanned: bool


def lines_of(text: str, start: int) -> tuple[list[str], list[int], list[int]]:
    """The lines of `text` from `start` on, without newlines; the offsets of their starts and of what follows."""
    if "\r" not in text:
        body = text[start:] if start else text
        lines = body.split("\n")
        following = list(accumulate([len(line) + 1 for line in lines], initial=start))
        starts = following[:-1]
        following = following[1:]
        following[-1] = len(text)
    else:
        lines, starts, following = [], [], []
        offset = start
        for match in _LINE_BREAK.finditer(text, start):
            lines.append(text[offset : match.start()])
            starts.append(offset)
            offset = match.end()
            following.append(offset)
        lines.append(text[offset:])
        starts.append(offset)
        following.append(len(text))
    return lines, starts, following


class Scanned(NamedTuple):
    """The lines of a text with their starts and what follows them, and what the scan says of them.

    `blocks` and `leaves` are None where the scan is in doubt; `leaves` are empty, too, when nothing in the text could
    make code or a comment.
    """

    lines: list[str]
    starts: list[int]
    following: list[int]
    blocks: list[Block] | None
    leaves: list[Leaf] | None


def _may_hold_code(text: str) -> bool:
    """Whether there may be code or a comment: four columns make indented code.

    One character is found a hundred times as fast as several, so it is asked for first.
    """
    return (
        "`" in text or "\t" in text or "    " in text
        or ("~" in text and "~~~" in text) or ("<" in text and "<!--" in text)
    )  # fmt: skip


@lru_cache(maxsize=4)
def scanned(text: str, start: int) -> Scanned:
    """The scan of `text` from offset `start` on: once for its outline and for its code and comments."""
    lines, starts, following = lines_of(text, start)
    blocks: list[Block] | None = None
    leaves: list[Leaf] | None = []
    if _may_hold_code(text):
        try:
            blocks, leaves = scan_leaves(lines)
        except Doubt:
            leaves = None
    if blocks is None:
        with suppress(Doubt):
            blocks = scan_blocks(lines)
    return Scanned(lines, starts, following, blocks, leaves)


def scan(text: str, start: int = 0, first_line: int = 1) -> Outline:
    """The outline of `text` from offset `start`, where line `first_line` begins. Never raises."""
    lines, starts, following, blocks, _ = scanned(text, start)
    sure = blocks is not None
    if blocks is None:
        from pmctl.document.markdown import parse_blocks

        blocks = parse_blocks(lines)
    headings = []
    tables = []
    for block in blocks:
        if block.level:
            title = " ".join(block.content.split())
            headings.append(
                Heading(
                    block.level,
                    title,
                    first_line + block.first,
                    starts[block.first],
                    following[block.last - 1],
                    block.last - block.first,
                )
            )
        else:
            spans = tuple((starts[row], starts[row] + len(lines[row])) for row in range(block.first, block.last))
            tables.append(TableLines(first_line + block.first, spans))
    return Outline(tuple(headings), tuple(tables), sure)
