"""The blocks of a piece of Markdown that holds no heading: list items, paragraphs, and what is neither.

Only what is needed to turn a list into table rows: where each top-level block begins and ends, and an item's text as
one cell. Whatever a cell can't hold (code blocks, tables, quotes) makes it None, and the list stays a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ITEM = re.compile(
    r"(?P<indent> {0,3})(?P<mark>[-*+•]|(?P<number>\d{1,9})[.)])(?P<gap>[ \t]+|$)(?:\[(?P<task>[ xX])\](?=\s)[ \t]*)?"
)
_NESTED = re.compile(r"[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]+")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_OPAQUE = re.compile(r" {0,3}(?:>|<!--|</?[A-Za-z]|\[[^\]]+\]:)|(?: {4}|\t)")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


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


def blocks(lines: list[str] | tuple[str, ...]) -> list[Block]:
    """The top-level blocks of `lines` (without line ends), blank lines left out."""
    found: list[Block] = []
    row = 0
    while row < len(lines):
        line = lines[row]
        if not line.strip():
            row += 1
        elif fence := _FENCE.match(line):
            end = _fence_end(lines, row, fence[1])
            found.append(Block("opaque", row, end, tuple(lines[row:end])))
            row = end
        elif _RULE.match(line):
            found.append(Block("rule", row, row + 1, (line,)))
            row += 1
        elif item := ITEM.match(line):
            end = _item_end(lines, row, item.end("mark") + 1)
            found.append(_item(lines, row, end, item))
            row = end
        elif (
            "|" in line and row + 1 < len(lines) and "|" in lines[row + 1] + line and _TABLE_RULE.match(lines[row + 1])
        ):
            end = row + 2
            while end < len(lines) and lines[end].strip():
                end += 1
            found.append(Block("table", row, end, tuple(lines[row:end])))
            row = end
        else:
            end = row + 1
            opaque = _OPAQUE.match(line) is not None
            while end < len(lines) and lines[end].strip() and (opaque or not _starts(lines[end])):
                end += 1
            found.append(Block("opaque" if opaque else "paragraph", row, end, tuple(lines[row:end])))
            row = end
    return found


def cell_text(lines: tuple[str, ...] | list[str]) -> str | None:
    """The lines of an item or of paragraphs as one table cell; None when a cell can't hold them."""
    out = ""
    gap = quoted = False
    for raw in lines:
        line = raw.strip()
        if not line:
            gap = bool(out)
            continue
        if _FENCE.match(line) or line.startswith(("<!--", "|")) or re.match(r"#{1,6}\s", line) or _RULE.match(line):
            return None
        if gap and re.match(r"(?: {4}|\t)", raw) and not _NESTED.match(raw):
            return None
        # A quotation stays recognisable by its marks; they mean nothing within a cell.
        nested = _NESTED.match(line) is not None or (line.startswith(">") and not quoted)
        if quoted and line.startswith(">"):
            line = line[1:].strip()
        quoted = raw.strip().startswith(">")
        if not line:
            continue
        if out:
            out += "<br><br>" if gap and not nested else "<br>" if nested or gap or out.endswith(("  ", "\\")) else " "
            out = re.sub(r"(?: {2,}|\\)(?=<br>$)", "", out)
        out += line + ("  " if raw.endswith("  ") else "")
        gap = False
    return escaped(" ".join(out.split()))


def escaped(text: str) -> str:
    """A text as the content of a table cell: pipes that aren't escaped yet are, in code as well."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", text)


def _item(lines: list[str] | tuple[str, ...], row: int, end: int, item: re.Match[str]) -> Block:
    own = [lines[row][item.end() :]]
    width = len(item["indent"]) + len(item["mark"]) + 1
    own += [_dedented(line, width) for line in lines[row + 1 : end]]
    while own and not own[-1].strip():
        own.pop()
        end -= 1
    return Block("item", row, end, tuple(own), item["number"] or "", item["task"] or "")


def _dedented(line: str, width: int) -> str:
    lead = len(line) - len(line.lstrip(" "))
    return line[min(lead, width) :]


def _item_end(lines: list[str] | tuple[str, ...], row: int, width: int) -> int:
    """Behind the last line of the item that begins at `row`: indented lines, and lazy ones without a blank before."""
    end = row + 1
    fence = ""
    while end < len(lines):
        line = lines[end]
        if fence:
            mark = _FENCE.match(line)
            if mark and mark[1].startswith(fence):
                fence = ""
        elif not line.strip():
            following = next((text for text in lines[end + 1 :] if text.strip()), "")
            if len(following) - len(following.lstrip(" \t")) < 2 and not following.startswith("\t"):
                break
        elif (line[0] in " \t" and len(line) - len(line.lstrip(" ")) >= min(width, 2)) or line[0] == "\t":
            if mark := _FENCE.match(line):
                fence = mark[1]
        elif not lines[end - 1].strip() or _starts(line):
            break
        end += 1
    return end


def _starts(line: str) -> bool:
    return bool(ITEM.match(line) or _FENCE.match(line) or _RULE.match(line) or re.match(r" {0,3}(?:>|<!--)", line))


def _fence_end(lines: list[str] | tuple[str, ...], row: int, fence: str) -> int:
    for index in range(row + 1, len(lines)):
        mark = _FENCE.match(lines[index])
        if mark and mark[1].startswith(fence) and not lines[index].strip().strip(fence[0]):
            return index + 1
    return len(lines)
