"""Headings and tables among lines, judged line by line in agreement with the Markdown parser.

Only blocks at the top level count: what stands in a list item, a block quote, a code block or an HTML comment is
text. The scan knows the block structure of CommonMark (0.31) with GitHub's tables as markdown-it reads it, as far
as it can be judged line by line; anything beyond (HTML other than comments, unusual nesting, tabs behind
list markers, some lazy continuations) raises `Doubt`, and the Markdown parser decides about the whole text. A
differential test holds the two together.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pmctl.document.rows import TRIM, count_cells

_RULE = re.compile(r"([-*_])[ \t]*(?:\1[ \t]*){2,}")
_MARKER = re.compile(r"(?:[-*+]|([0-9]{1,9})[.)])(?=[ \t]|$)")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")
_DELIMITERS = re.compile(r"[-:|][-:| \t]+")
_COLUMN = re.compile(r":?-+:?")
# `<` followed by anything else cannot begin an HTML block.
_MAYBE_HTML = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*:)[A-Za-z/!?]")
_PREFIX = re.compile(r"[ \t>*+\-0-9.)]*")
# Where a run ends in the text that holds the first character of every line, see `scan_blocks`.
_NO_LETTER = re.compile("[^A-Za-z]")
_NO_PIPE = re.compile("[^|]")
_PLAIN_ITEM = re.compile(r"[ ]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ ]{1,4})?[A-Za-z][^|]*")
# Ten lists within each other reach the parser's nesting limit, and each takes two columns or more.
_DEEP = 18
_CELL_LIMIT = 0x10000


class Block(NamedTuple):
    """A heading (level 1 to 6) or a table (level 0) over the lines `first` to `last`, exclusive, from 0."""

    level: int
    first: int
    last: int
    content: str = ""


class Leaf(NamedTuple):
    """A block that holds no other block, wherever it stands.

    `kind` is one of CODE, HTML, TABLE, TEXT; `first` is its first line, from 0. `lines` are its lines without what
    stands for the lists and quotes around it: each is the end of a line.
    """

    kind: str
    first: int
    lines: list[str]


CODE, HTML, TABLE, TEXT = "code", "html", "table", "text"


class Doubt(Exception):
    """A construct that the scan does not judge."""


def scan_blocks(lines: list[str]) -> list[Block]:
    """The top-level headings and tables by lines alone. Raises `Doubt` for what only a parser can judge."""
    return _scan(lines, None, 0)


def scan_leaves(lines: list[str]) -> tuple[list[Block], list[Leaf]]:
    """As `scan_blocks`, and every leaf, in lists and quotes too. Raises `Doubt` for what only a parser can judge."""
    leaves: list[Leaf] = []
    return _scan(lines, leaves, 0), leaves


def _scan(lines: list[str], leaves: list[Leaf] | None, base: int, depth: int = 0) -> list[Block]:
    """The headings and tables among lines; collects their leaves, too, when asked to, the first line being `base`.

    `depth` counts the lists and quotes around them.
    """
    if depth >= _DEEP:
        raise Doubt
    blocks: list[Block] = []
    count = len(lines)
    references = "]:" in "\n".join(lines)
    # One character a line, so that whole paragraphs and tables are passed by one match.
    firsts = "".join([line[0] if line else "\n" for line in lines])
    row = 0
    behind_item = -1
    while row < count:
        if firsts[row] == "\n":
            row += 1
            continue
        line = lines[row]
        text = line.lstrip(" \t")
        if not text:
            row += 1
            continue
        start, kind = row, TEXT
        if line is not text and _indent(line, text) >= 4:
            row = _code_end(lines, row)
            if leaves is not None:
                leaves.append(Leaf(CODE, base + start, lines[start:row]))
            continue
        first = text[0]
        if "|" in text and row + 1 < count and (columns := _columns(lines, row)):
            if row == behind_item and _MARKER.match(text):
                raise Doubt
            end = _table_end(lines, row, columns, firsts)
            blocks.append(Block(0, row, end))
            row = end
            if leaves is not None:
                leaves.append(Leaf(TABLE, base + start, lines[start:row]))
            continue
        if first == "#" and (match := _HEADING.match(text)):
            blocks.append(Block(len(match[1]), row, row + 1, heading_text(text, match.end())))
            row += 1
        elif first in "`~" and (fence := _FENCE.match(text)):
            row, kind = _fence_end(lines, row, fence[1]), CODE
        elif first == ">":
            row = _quote_end(lines, row)
            if leaves is not None:
                _scan(_inside_quote(lines[start:row]), leaves, base + start, depth + 1)
            continue
        elif first in "-*_" and _RULE.fullmatch(text):
            row += 1
            continue
        elif first in "-*+0123456789" and (marker := _MARKER.match(text)):
            row = behind_item = _item_end(lines, row, _indent(line, text), text, marker.end())
            if leaves is not None:
                _scan(_inside_item(lines[start:row], marker.end()), leaves, base + start, depth + 1)
            continue
        elif first == "<" and text.startswith("<!--"):
            row, kind = _comment_end(lines, row), HTML
        else:
            if first == "<" and _MAYBE_HTML.match(text):
                raise Doubt
            row = _paragraph(lines, row, blocks, references, firsts)
        if leaves is not None:
            leaves.append(Leaf(kind, base + start, lines[start:row]))
    return blocks


def heading_text(text: str, start: int) -> str:
    """The text of an ATX heading behind its marks, without a closing run of them."""
    content = text[start:].rstrip(" \t")
    tail = content.rstrip("#")
    if tail != content and tail[-1:] in (" ", "\t"):
        content = tail
    elif not tail:
        content = ""
    return content.strip(TRIM)


def _indent(line: str, text: str) -> int:
    """Columns before the first character; a tab goes on to the next multiple of four."""
    lead = line[: len(line) - len(text)]
    return len(lead.expandtabs(4)) if "\t" in lead else len(lead)


def _columns(lines: list[str], row: int) -> int:
    """How many columns the table has whose header is line `row`; 0 when there is no table."""
    if row + 1 >= len(lines):
        return 0
    line = lines[row + 1]
    text = line.lstrip(" \t")
    if len(text) < 2 or text[0] not in "|-:" or not _DELIMITERS.fullmatch(text):
        return 0
    if (text[0] == "-" and text[1] in " \t") or _indent(line, text) >= 4:
        return 0
    parts = text.split("|")
    count = 0
    for index, part in enumerate(parts):
        column = part.strip(TRIM)
        if not column:
            if index in (0, len(parts) - 1):
                continue
            return 0
        if not _COLUMN.fullmatch(column):
            return 0
        count += 1
    header = lines[row]
    head = header.lstrip(" \t")
    if "|" not in head.strip(TRIM) or _indent(header, head) >= 4:
        return 0
    return count if count and count == count_cells(head) else 0


def _table_end(lines: list[str], row: int, columns: int, firsts: str) -> int:
    """The line behind the table of so many columns that begins in line `row`."""
    missing = 0
    row += 2
    behind = _NO_PIPE.search(firsts, row)
    end = behind.start() if behind else len(lines)
    if (end == len(lines) or not lines[end]) and (end - row) * columns <= _CELL_LIMIT:
        return end  # which most tables are: rows that begin with a pipe, then a blank line
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        if not text or (line is not text and _indent(line, text) >= 4) or not text.strip(TRIM):
            break
        if text[0] != "|" and _interrupts(text, paragraph=False):
            break
        missing += columns - count_cells(text)
        if missing > _CELL_LIMIT:
            break
        row += 1
    return row


def _interrupts(text: str, *, paragraph: bool) -> bool:
    """Whether a line (indented less than four) begins a block that ends the one before it, tables aside.

    Only inside a `paragraph` is a list held to begin with 1 and with text.
    """
    first = text[0]
    if first.isalpha():
        return False
    if first == "#":
        return _HEADING.match(text) is not None
    if first in "`~":
        return _FENCE.match(text) is not None
    if first == ">":
        return True
    if first == "<":
        if text.startswith("<!--"):
            return True
        if _MAYBE_HTML.match(text):
            raise Doubt
        return False
    if first in "-*_" and _RULE.fullmatch(text):
        return True
    if first in "-*+0123456789" and (marker := _MARKER.match(text)):
        if not paragraph:
            return True
        return bool(text[marker.end() :].strip(" \t")) and (marker[1] is None or int(marker[1]) == 1)
    return False


def _paragraph(lines: list[str], row: int, blocks: list[Block], references: bool, firsts: str) -> int:
    """Pass a paragraph, or record the heading that it turns out to be; the line behind it.

    `references` says whether there may be link reference definitions anywhere.
    """
    start = row
    # A line that begins with a letter interrupts nothing, and before another such line it heads no table.
    behind = _NO_LETTER.search(firsts, row)
    row = max(row + 1, (behind.start() if behind else len(lines)) - 1)
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        if not text:
            break
        if line is not text and _indent(line, text) >= 4:
            row += 1
            continue
        if text[0] in "=-" and _UNDERLINE.fullmatch(text):
            if references and _maybe_reference(lines, start):
                raise Doubt
            content = "\n".join(lines[start:row]).strip(TRIM)
            blocks.append(Block(1 if text[0] == "=" else 2, start, row + 1, content))
            return row + 1
        if _interrupts(text, paragraph=True) or ("|" in text and _columns(lines, row)):
            break
        row += 1
    if references and row > start + 1 and _maybe_reference(lines, start):
        raise Doubt
    return row


def _maybe_reference(lines: list[str], start: int) -> bool:
    """Whether the lines up to the next blank one may begin with link reference definitions.

    A new block can begin behind a definition, and a definition can reach over what looks like an underline.
    """
    if lines[start].lstrip(" \t")[0] != "[":
        return False
    # Far enough for any paragraph that people write; a longer one is left to the parser.
    for row in range(start, min(start + 50, len(lines))):
        if "]:" in lines[row]:
            return True
        if not lines[row].strip(" \t"):
            return False
    return len(lines) > start + 50


def _code_end(lines: list[str], row: int) -> int:
    """The line behind the indented code that begins in line `row` (its trailing blank lines left)."""
    row += 1
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        if text and _indent(line, text) < 4:
            break
        row += 1
    return row


def _fence_end(lines: list[str], row: int, fence: str) -> int:
    """The line behind the fenced code that `fence` opens in line `row`."""
    mark = fence[0]
    row += 1
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        row += 1
        if text and text[0] == mark and _indent(line, text) < 4:
            tail = text.lstrip(mark)
            if len(text) - len(tail) >= len(fence) and not tail.strip(" \t"):
                break
    return row


def _comment_end(lines: list[str], row: int) -> int:
    """The line behind the HTML comment that begins in line `row`; an open one goes on to the end."""
    while row < len(lines):
        row += 1
        if "-->" in lines[row - 1]:
            break
    return row


def _quote_end(lines: list[str], row: int) -> int:
    """The line behind the block quote that begins in line `row`."""
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        if not text:
            break
        if text[0] == ">":
            if "\t" in line or _deep(line):
                raise Doubt
            row += 1
            continue
        if not lines[row - 1].lstrip(" \t")[1:].strip(" \t"):
            break
        if _indent(line, text) >= 4 or not _interrupts(text, paragraph=False):
            raise Doubt
        break
    return row


def _item_end(lines: list[str], row: int, indent: int, text: str, marker: int) -> int:
    """The line behind the list item of line `row`, whose `text` begins with a marker of `marker` characters."""
    behind = text[marker:]
    content = behind.lstrip(" \t")
    if "\t" in behind[: len(behind) - len(content)] or _deep(lines[row]) or not content:
        raise Doubt
    padding = len(behind) - len(content)
    inner = indent + marker + (padding if padding <= 4 else 1)
    blank = False
    plain = _PLAIN_ITEM.fullmatch(lines[row]) is not None
    row += 1
    while row < len(lines):
        line = lines[row]
        text = line.lstrip(" \t")
        if not text:
            blank = True
            row += 1
            continue
        column = _indent(line, text)
        if column >= inner:
            if _deep(line):
                raise Doubt
            plain = _PLAIN_ITEM.fullmatch(line) is not None and (column < inner + 4 if blank else plain)
            blank = False
            row += 1
            continue
        if column >= 4:
            raise Doubt
        if blank or _interrupts(text, paragraph=False):
            return row
        if not plain or not _PLAIN_ITEM.fullmatch(line):
            raise Doubt
        row += 1
    return row


def _inside_quote(lines: list[str]) -> list[str]:
    """The lines of a block quote without its marks."""
    return [line.lstrip(" ")[1:].removeprefix(" ") for line in lines]


def _inside_item(lines: list[str], marker: int) -> list[str]:
    """The lines of a list item without its marker of `marker` characters and its indentation."""
    text = lines[0].lstrip(" ")
    behind = text[marker:]
    padding = len(behind) - len(behind.lstrip(" "))
    if padding > 4:
        padding = 1
    inner = len(lines[0]) - len(text) + marker + padding
    inside = [behind[padding:]]
    for line in lines[1:]:
        rest = line.lstrip(" ")
        if rest[:1] == "\t" and rest.strip(" \t"):
            raise Doubt
        inside.append(line[inner:] if len(line) - len(rest) >= inner else rest)
    return inside


def _deep(line: str) -> bool:
    """Whether a line in a list or quote could stand near the parser's nesting limit."""
    match = _PREFIX.match(line)
    return match is not None and match.end() >= _DEEP and match.end() < len(line)
