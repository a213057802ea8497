"""The blocks of a piece of Markdown that holds no heading: list items, paragraphs, and what is neither.

Only what is needed to turn a list into table rows: where each top-level block begins and ends, and an item's text as
one cell. Whatever a cell can't hold (code blocks, tables, quotes) makes it None, and the list stays a list.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pmctl.document.markdown_text import escaped_cell
from pmctl.document.structure import read_structure

ITEM = re.compile(
    r"(?P<indent> {0,3})(?P<mark>[-*+•]|(?P<number>\d{1,9})[.)])(?P<gap>[ \t]+|$)(?:\[(?P<task>[ xX])\](?=\s)[ \t]*)?"
)
# Word processors write it; to Markdown it is a letter.
_BULLET = re.compile(r"^([ \t]*)•(?=[ \t])", re.MULTILINE)
# What some hosts show below the text, though it is no Markdown.
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]]+\]:")
_NESTED = re.compile(r"[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]+")
_NO_CELL = re.compile(r"`{3}|~{3}|<!--|\||#{1,6}\s")
_INDENTED = re.compile(r" {4}|\t")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)\Z")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block over the lines `first` to `last`, exclusive. `kind` is item, paragraph, table, rule or opaque.

    `lines` are an item's lines without its mark and indentation, otherwise the lines as they are. `number` is the
    number of an ordered item, `task` the letter in a task's box, "" without one.
    """

    kind: str
    first: int
    last: int
    lines: tuple[str, ...]
    number: str = ""
    task: str = ""


def blocks(lines: Sequence[str]) -> list[Block]:
    """The top-level blocks of `lines` (without line ends), blank lines left out."""
    found: list[Block] = []
    text = _BULLET.sub(r"\1-", "\n".join(lines))
    ends = list(accumulate(len(line) + 1 for line in lines))
    row = 0
    for block in read_structure(text).blocks:
        first, last = bisect_left(ends, block.start + 1), bisect_left(ends, block.end)
        last = min(last + 1, len(lines))
        while last > first + 1 and not lines[last - 1].strip():
            last -= 1
        found += _unread(lines, row, first)
        item = ITEM.match(lines[first]) if block.kind == "item" else None
        if item:
            found.append(_item(lines, first, last, item))
        else:
            known = block.kind in ("paragraph", "table", "rule") and not _FOOTNOTE.match(lines[first])
            kind = block.kind if known else "opaque"
            found.append(Block(kind, first, last, tuple(lines[first:last])))
        row = last
    return [*found, *_unread(lines, row, len(lines))]


def _unread(lines: Sequence[str], first: int, last: int) -> Iterator[Block]:
    """What the parser has no block for, such as the definitions of links."""
    written = [row for row in range(first, last) if lines[row].strip()]
    if written:
        yield Block("opaque", written[0], written[-1] + 1, tuple(lines[written[0] : written[-1] + 1]))


def cell_text(lines: tuple[str, ...] | list[str]) -> str | None:
    """The lines of an item or of paragraphs as one table cell; None when a cell can't hold them."""
    out = ""
    gap = quoted = False
    for raw in lines:
        line = raw.strip()
        if not line:
            gap = bool(out)
            continue
        if _NO_CELL.match(line) or _RULE.match(line) or (gap and _INDENTED.match(raw) and not _NESTED.match(raw)):
            return None
        # A quotation stays recognisable by its marks; they mean nothing within a cell.
        quotes = line.startswith(">")
        nested = _NESTED.match(line) is not None or (quotes and not quoted)
        if quoted and quotes:
            line = line[1:].strip()
        quoted = quotes
        if line:
            out = _joined(out, line, gap, nested) + ("  " if raw.endswith("  ") else "")
            gap = False
    return escaped_cell(" ".join(out.split()))


def _joined(out: str, line: str, gap: bool, nested: bool) -> str:
    """A cell's text with one line more, behind a blank line (`gap`) or as a part of its own (`nested`)."""
    if not out:
        return line
    if gap and not nested:
        return f"{out}<br><br>{line}"
    if nested or gap or out.endswith(("  ", "\\")):
        return f"{_HARD_BREAK.sub('', out)}<br>{line}"
    return f"{out} {line}"


def _item(lines: Sequence[str], first: int, last: int, item: re.Match[str]) -> Block:
    width = len(item["indent"]) + len(item["mark"]) + 1
    own = [lines[first][item.end() :], *(_dedented(line, width) for line in lines[first + 1 : last])]
    return Block("item", first, last, tuple(own), item["number"] or "", item["task"] or "")


def _dedented(line: str, width: int) -> str:
    lead = len(line) - len(line.lstrip(" "))
    return line[min(lead, width) :]
