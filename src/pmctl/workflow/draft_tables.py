"""What is known about an incident as rows of a postmortem's tables. document, rows -> edits of its text.

A template's own table is used under whichever names its columns go by; what it has no column for is not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from pmctl.document.actions import COLUMNS
from pmctl.document.markdown_text import escaped_cell, table_row
from pmctl.document.reader import Document, Section
from pmctl.document.table import Row, Table, tables
from pmctl.document.timeline import table_zone, text_columns, time_column, timeline_section
from pmctl.services.import_document import TimelineRow

Edit = tuple[int, int, str]
"""Offsets of what is replaced, and by what."""

# Section -> column -> the names it goes by; the first is the one that a new table gets.
_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "Timeline": {"Time": ("Time (UTC)",), "Event": ("Event",), "Who": ("Who",)},
    "Impact": {
        "Impact Type": ("Impact Type", "Impact", "Type", "Metric"),
        "Measurement": ("Measurement", "Value", "Measure"),
    },
    "Action Items": COLUMNS,
}
# The column without which a table is another one; what has no column of its own is added to its text.
_MAIN = {"Timeline": "Event", "Impact": "Measurement", "Action Items": "Action"}
_ADDED = ("Who", "Owner", "Due", "Ticket", "Notes")


def content_end(document: Document, section: Section) -> int:
    """Where a section's own text ends: before its first subsection, without the blank lines there."""
    inner = (other.start for other in document.headings if section.start < other.start < section.end)
    end = min(inner, default=section.end)
    return section.start + len(document.text[section.start : end].rstrip())


def empty_table(title: str) -> str:
    """The header of a new table of the section Timeline, Impact or Action Items."""
    names = [others[0] for others in _COLUMNS[title].values()]
    return f"{table_row(names)}\n|{'---|' * len(names)}"


def timeline_edits(document: Document, section: Section, rows: Iterable[TimelineRow], day: date | None) -> list[Edit]:
    """The rows in the timeline. On `day` the first times are written without a date."""
    fitting = fitting_table(document, section, "Timeline")
    utc = fitting is None or in_utc(document, fitting[0])
    cells = []
    for row in rows:
        cells.append({"Time": time_text(row.at, day, utc=utc), "Event": row.event, "Who": row.who})
        day = row.at.date()
    return row_edits(document, section, "Timeline", cells)


def time_text(at: datetime, day: date | None, *, utc: bool) -> str:
    """A moment as a timeline writes it: HH:MM on the day of the entry before, otherwise with its date.

    In a table whose times are not UTC every time names its zone.
    """
    if not utc:
        return f"{at:%Y-%m-%d %H:%M} UTC"
    return f"{at:%H:%M}" if at.date() == day else f"{at:%Y-%m-%d %H:%M}"


def in_utc(document: Document, table: Table) -> bool:
    """Whether the times of a timeline table are UTC where they name no zone."""
    section = timeline_section(document)
    return section is None or table_zone(document, section, table).upper() in ("UTC", "GMT", "Z")


def fitting_table(document: Document, section: Section, title: str) -> tuple[Table, dict[str, int]] | None:
    """The section's first table for such rows, with the places of its columns; None when there is none."""
    for table in tables(document, section):
        if title == "Timeline":
            event, who = text_columns(table)
            found = {"Time": time_column(table), "Event": event, "Who": who}
        else:
            found = {name: table.column(*others) for name, others in _COLUMNS[title].items()}
        columns = {name: index for name, index in found.items() if index is not None}
        first = next(iter(_COLUMNS[title]))
        if _MAIN[title] in columns and (first in columns or title == "Action Items"):
            return table, columns
    return None


def row_edits(document: Document, section: Section, title: str, rows: list[dict[str, str]]) -> list[Edit]:
    """The rows, by column name, in the section's first table that fits them, else in a new one behind its own text.

    `title` is Timeline, Impact or Action Items.
    """
    fitting = fitting_table(document, section, title)
    if fitting is not None:
        table, columns = fitting
        return _into(table, columns, [_without_loss(row, columns, _MAIN[title]) for row in rows])
    columns = {name: index for index, name in enumerate(_COLUMNS[title])}
    end = content_end(document, section)
    lines = [empty_table(title), *(_line(row, columns, len(columns)) for row in rows)]
    return [(end, end, "\n\n" + "\n".join(lines))]


def _without_loss(row: dict[str, str], columns: Mapping[str, int], main: str) -> dict[str, str]:
    """The row with what the table has no column for, in brackets behind its main text."""
    lost = ", ".join(row[name] for name in _ADDED if row.get(name) and name not in columns)
    return {**row, main: f"{row[main]} ({lost})"} if lost else row


def _into(table: Table, columns: Mapping[str, int], rows: list[dict[str, str]]) -> list[Edit]:
    """Where the template has a row for it, as in `| Duration | |`, that row is filled; empty rows make room."""
    edits: list[Edit] = []
    behind = []
    waiting = list(table.rows)
    for row in rows:
        found = next((one for one in waiting if _waits_for(one, columns, row)), None)
        if found is None:
            behind.append("\n" + _line(row, columns, len(table.columns)))
            continue
        waiting.remove(found)
        for name, value in list(row.items())[1:]:
            if name in columns and value:
                place = found.cells[columns[name]]
                edits.append((place.left, place.right, f" {escaped_cell(value)} "))
    if behind:
        edits.append((table.end, table.end, "".join(behind)))
        edits += [(one.start - 1, one.end, "") for one in waiting if not any(c.text for c in (*one.cells, *one.extra))]
    return edits


def _waits_for(one: Row, columns: Mapping[str, int], row: Mapping[str, str]) -> bool:
    """Whether a row of the template names the same as `row` in its first column, and holds nothing else."""
    index = columns.get(next(iter(row)))
    if index is None or any(cell.missing for cell in one.cells):
        return False
    named = one.cells[index].text.casefold()
    others = (cell.text for place, cell in enumerate(one.cells) if place != index)
    return named == next(iter(row.values())).casefold() and not any(others)


def _line(row: Mapping[str, str], columns: Mapping[str, int], count: int) -> str:
    texts = {columns[name]: text for name, text in row.items() if name in columns}
    return table_row(texts.get(index, "") for index in range(count))
