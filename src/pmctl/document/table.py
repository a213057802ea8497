"""Tables with the place of every cell, so that one can be read by column name and edited alone."""

from __future__ import annotations

import re
from typing import NamedTuple

from pmctl.document.rows import TRIM, split_row
from pmctl.document.structure import TableLines

# A backslash before a pipe stands in a cell as a character reference, because programs disagree on `\\|`.
_BACKSLASHES = re.compile(r"\\+(?=\|)")
_WRITTEN = re.compile(r"(?:&#92;)+(?=\|)")

# Cell(...) would go through a function of its own, a hundred times a document.
_tuple = tuple.__new__


class Cell(NamedTuple):
    """One cell. A tuple underneath, because a document makes a hundred of them.

    `text` is trimmed and its escaped pipes are plain; other markup stays as written.
    `start` and `end` are the offsets of the trimmed text in `Document.text`, `left` and `right` of all that stands
    between the pipes. `missing` marks a cell that the row is too short for; its offsets are the row's end.
    """

    text: str
    line: int
    column: int
    start: int
    end: int
    left: int
    right: int
    missing: bool = False


class Row(NamedTuple):
    """One line of a table, without its newline. `cells` has one cell for each column of the header.

    `extra` are cells behind the last column; Markdown does not show them.
    """

    cells: tuple[Cell, ...]
    line: int
    start: int
    end: int
    extra: tuple[Cell, ...] = ()


class Table(NamedTuple):
    """A table. `delimiter` holds the offsets of the row of dashes; `start` and `end` enclose all of its lines.

    `names` are the header's texts folded for comparison.
    """

    header: Row
    rows: tuple[Row, ...]
    line: int
    start: int
    end: int
    delimiter: tuple[int, int]
    names: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The header's texts."""
        return tuple(cell.text for cell in self.header.cells)

    def column(self, *names: str) -> int | None:
        """The index of the first column with the first of these names that there is, without regard to case."""
        for name in names:
            folded = name.casefold()
            if folded in self.names:
                return self.names.index(folded)
        return None


def escaped(text: str) -> str:
    """A text as it stands in a cell, so that every reader gives it back."""
    return _BACKSLASHES.sub(lambda found: "&#92;" * len(found[0]), text).replace("|", "\\|")


def _plain(cell: str) -> str:
    text = cell.replace("\\|", "|").replace("\0", "\ufffd")
    return _WRITTEN.sub(lambda found: "\\" * (len(found[0]) // 5), text) if "&#92;|" in text else text


def build(text: str, lines: TableLines) -> Table:
    """Read the cells of a table that lies at these lines of `text`."""
    start, end = lines.spans[0]
    header = _row(text, start, end, lines.line, None)
    rows = tuple(
        _row(text, first, last, lines.line + 2 + index, len(header.cells))
        for index, (first, last) in enumerate(lines.spans[2:])
    )
    names = tuple(" ".join(cell.text.casefold().split()) for cell in header.cells)
    return Table(header, rows, lines.line, start, lines.spans[-1][1], lines.spans[1], names)


def _row(text: str, start: int, end: int, line: int, width: int | None) -> Row:
    source = text[start:end]
    if "\\" in source or "\0" in source or not source[:1] == source[-1:] == "|":
        cells = [_cell(source, left, right, line, start) for left, right in split_row(source)]
    else:
        # Nearly every row: its outer pipes stand there, and none of them is escaped.
        cells = []
        left = start + 1
        for part in source.split("|")[1:-1]:
            trimmed = part.strip(TRIM)
            right = left + len(part)
            first = left + part.index(trimmed) if trimmed else min(left + 1, right)
            cells.append(
                _tuple(Cell, (trimmed, line, first - start + 1, first, first + len(trimmed), left, right, False))
            )
            left = right + 1
    if width is None:
        return Row(tuple(cells), line, start, end)
    stop = start + len(source.rstrip(TRIM))
    while len(cells) < width:
        cells.append(Cell("", line, stop - start + 1, stop, stop, stop, stop, missing=True))
    return Row(tuple(cells[:width]), line, start, end, tuple(cells[width:]))


def _cell(source: str, left: int, right: int, line: int, start: int) -> Cell:
    """The cell at these offsets of a row that begins at offset `start` of the text."""
    trimmed = source[left:right].strip(TRIM)
    first = left + source[left:right].index(trimmed) if trimmed else min(left + 1, right)
    return Cell(
        _plain(trimmed),
        line,
        first + 1,
        start + first,
        start + first + len(trimmed),
        start + left,
        start + right,
    )
