"""Surgical edits of one table row or cell. See `pmctl.document.edits` for what all edits promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmctl.document.reader import Document, tables
from pmctl.document.rows import TRIM
from pmctl.document.table import Cell, Row, Table, escaped
from pmctl.document.verify_edit import line_end, one_line, reread
from pmctl.errors import BadInput, NotFound

# Texts of a table's rows below the header, the extra cells included.
_Rows = list[list[str]]


def set_cell(doc: Document, table: Table, row: Row, column: str | int, text: str) -> Document:
    """Write one cell of a row, by the column's header (without regard to case) or index.

    Surrounding white space is not part of a cell's text. In a column whose cells are padded to one width, the
    padding gives way. Raises NotFound without that column, BadInput when the text cannot stand in a cell.
    """
    index = _column(table, column)
    value = one_line(text)
    cell = row.cells[index]
    written = escaped(value)
    if cell.missing:
        start, end, new = _completion(doc, table, row, {index: written})
    elif cell.text:
        start, end = cell.start, cell.end
        new = written
        if _is_aligned(table, index):
            new = f"{written} ".ljust(cell.right - cell.start)
            end = cell.right
        elif not written:
            # One blank stays between the pipes.
            start, end, new = cell.left, cell.right, " "
    else:
        start, end = cell.left, cell.right
        new = f" {written} " if written else doc.text[start:end]
        if _is_aligned(table, index):
            new = new.ljust(end - start)
        if row.end == end:
            new = new.rstrip(" ")
    place = _place(doc, table)
    intended = _all_rows(doc)
    intended[place][_number(table, row)][index] = value
    return _checked_body(doc, doc.text[:start] + new + doc.text[end:], intended)


def append_row(doc: Document, table: Table, cells: Mapping[str, str]) -> Document:
    """Add a row below the last one, with these texts by column header; columns not named stay empty.

    Raises NotFound for a column that the table has not, BadInput when a text cannot stand in a cell.
    """
    values = [""] * len(table.columns)
    for name, text in cells.items():
        values[_column(table, name)] = one_line(text)
    return _append(doc, table, values)


def remove_row(doc: Document, table: Table, row: Row) -> Document:
    """Take one row out, with its newline."""
    start, end = row.start, line_end(doc, row.end)
    if end == row.end:
        # The last line of a file without a final newline: the newline before it goes instead.
        start = doc.text.rfind("\n", 0, row.start)
        start -= doc.text[start - 1 : start] == "\r"
    place = _place(doc, table)
    intended = _all_rows(doc)
    del intended[place][_number(table, row)]
    return _checked_body(doc, doc.text[:start] + doc.text[end:], intended)


def add_column(doc: Document, table: Table, name: str, texts: Sequence[str]) -> Document:
    """Put a new column in front of the others, with one text for each row below the header.

    Raises BadInput when the name or a text cannot stand in a cell.
    """
    values = [one_line(text) for text in (name, *texts)]
    padded = any(_is_aligned(table, index) for index in range(len(table.columns)))
    width = max(len(value) for value in values) + 2 if padded else 0
    cells = [(f" {value} " if value else " ").ljust(width) for value in map(escaped, values)]
    lines = [(table.header.start, cells[0]), (table.delimiter[0], "-" * max(width, 3))]
    lines += [(row.start, cell) for row, cell in zip(table.rows, cells[1:], strict=True)]
    text = doc.text
    for start, cell in reversed(lines):
        at = start + len(text[start:]) - len(text[start:].lstrip(" "))
        if text[at : at + 1] == "|":
            text = f"{text[: at + 1]}{cell}|{text[at + 1 :]}"
        else:
            # No pipe around the row: the new cell brings the first one, with blanks unless it is the row of dashes.
            gap = "" if start == table.delimiter[0] else " "
            text = f"{text[:at]}{cell.strip()}{gap}|{gap}{text[at:]}"
    place = _place(doc, table)
    intended = _all_rows(doc)
    intended[place] = [[value, *row] for value, row in zip(values[1:], intended[place], strict=True)]
    headers = [found.columns for found in tables(doc)]
    headers[place] = (values[0], *headers[place])
    return _checked_body(doc, text, intended, headers)


def append_column(doc: Document, table: Table, name: str) -> Document:
    """Put a new, empty column behind the others.

    Raises BadInput when the name cannot stand in a cell, and for a table with a row that is too short or too long.
    """
    header = one_line(name)
    for row in table.rows:
        if row.extra or any(cell.missing for cell in row.cells):
            raise BadInput(
                f"line {row.line}: the row has not as many cells as the table has columns", hint="complete it first"
            )
    width = len(header) + 2
    cells = [(table.header.start, table.header.end, f" {header} "), (*table.delimiter, "-" * width)]
    padded = any(_is_aligned(table, index) for index in range(len(table.columns)))
    cells += [(row.start, row.end, " " * width if padded else " ") for row in table.rows]
    text = doc.text
    for start, end, cell in reversed(cells):
        line = text[start:end].rstrip(TRIM)
        closed = line.endswith("|") and not line.endswith("\\|")
        at = start + len(line)
        text = f"{text[:at]}{cell}|{text[at:]}" if closed else f"{text[:at]} |{cell}|{text[at:]}"
    place = _place(doc, table)
    intended = _all_rows(doc)
    intended[place] = [[*row, ""] for row in intended[place]]
    headers = [found.columns for found in tables(doc)]
    headers[place] = (*headers[place], header)
    return _checked_body(doc, text, intended, headers)


def _column(table: Table, column: str | int) -> int:
    if isinstance(column, int):
        if 0 <= column < len(table.columns):
            return column
        raise NotFound(f"the table has no column {column + 1}", details=table.columns)
    index = table.column(column)
    if index is None:
        raise NotFound(f"the table has no column {column}", details=table.columns)
    return index


def _is_aligned(table: Table, index: int) -> bool:
    """Whether a column's cells are padded to one width that leaves room."""
    cells = [table.header.cells[index], *(row.cells[index] for row in table.rows)]
    widths = {cell.right - cell.left for cell in cells if not cell.missing}
    return len(cells) > 1 and len(widths) == 1 and any(cell.right - cell.end > 1 for cell in cells)


def _completion(doc: Document, table: Table, row: Row, written: Mapping[int, str]) -> tuple[int, int, str]:
    """Span and text that make a short row longer, up to the last column that is written."""
    at = row.start + len(doc.text[row.start : row.end].rstrip(TRIM))
    present = sum(not cell.missing for cell in row.cells)
    cells = [written.get(index, "") for index in range(present, max(written) + 1)]
    body = "|".join(f" {cell} " if cell else " " for cell in cells)
    if doc.text[row.start : at].endswith("|") and not doc.text[row.start : at].endswith("\\|"):
        return at, at, body + "|"
    return at, at, " |" + body + "|"


def _append(doc: Document, table: Table, values: list[str]) -> Document:
    source = doc.text[table.rows[-1].start : table.rows[-1].end] if table.rows else doc.text[slice(*table.delimiter)]
    indent = source[: len(source) - len(source.lstrip(" "))]
    texts = [escaped(value) for value in values]
    padded = [
        f" {text} ".ljust(table.header.cells[index].right - table.header.cells[index].left)
        if _is_aligned(table, index)
        else (f" {text} " if text else " ")
        for index, text in enumerate(texts)
    ]
    line = indent + "|" + "|".join(padded) + "|"
    end = line_end(doc, table.end)
    if end == table.end:
        changed = doc.text + doc.newline + line
    else:
        changed = doc.text[:end] + line + doc.text[table.end : end] + doc.text[end:]
    intended = _all_rows(doc)
    intended[_place(doc, table)].append(values)
    return _checked_body(doc, changed, intended)


def _place(doc: Document, table: Table) -> int:
    """Which of the document's tables this is. Raises BadInput for a table of another document."""
    for index, lines in enumerate(doc.structure.tables):
        if lines.spans[0][0] == table.start and lines.line == table.line:
            return index
    raise BadInput("the table belongs to another state of the document", hint="read the table again after an edit")


def _number(table: Table, row: Row) -> int:
    """Which of the table's rows this is. Raises BadInput for a row of another table or state."""
    if row not in table.rows:
        raise BadInput("the row belongs to another state of the document", hint="read the table again after an edit")
    return table.rows.index(row)


def _all_rows(doc: Document) -> list[_Rows]:
    return [[_texts(row.cells, row.extra) for row in table.rows] for table in tables(doc)]


def _texts(cells: tuple[Cell, ...], extra: tuple[Cell, ...]) -> list[str]:
    return [cell.text for cell in (*cells, *extra)]


def _checked_body(
    doc: Document, text: str, intended: list[_Rows], headers: list[tuple[str, ...]] | None = None
) -> Document:
    """The text as a document, when its tables, headings and front matter are as intended; `headers` None: as before."""
    result = reread(doc, text)
    if (
        _all_rows(result) != intended
        or [table.columns for table in tables(result)] != (headers or [table.columns for table in tables(doc)])
        or result.front != doc.front
        or [(found.level, found.title) for found in result.headings]
        != [(found.level, found.title) for found in doc.headings]
    ):
        raise BadInput(
            "the text cannot stand in that cell: the table would not read back as intended",
            hint="use plain words on one line",
        )
    return result
