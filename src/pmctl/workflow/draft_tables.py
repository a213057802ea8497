"""What is known about an incident as rows of a new postmortem's tables. document, rows -> edits of its text.

A template's own table is used under whichever names its columns go by; what it has no column for is not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pmctl.document.actions import COLUMNS
from pmctl.document.reader import Document, Section, tables
from pmctl.document.table import Row, Table
from pmctl.document.timeline import table_zone, text_columns, time_column
from pmctl.workflow.markdown_text import cell

Edit = tuple[int, int, str]
"""Offsets of what is replaced, and by what."""

# Section -> column -> the names it goes by; the first is the one that a new table gets.
_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "Timeline": {"Time": ("Time (UTC)",), "Event": ("Event",), "Who": ("Who",)},
    "Impact": {
        "Impact Type": ("Impact Type", "Impact", "Type", "Metric"),
        "Measurement": ("Measurement", "Value", "Measure"),
    },
    "Resolution": {"Step": ("Step", "#"), "Action": ("Action",), "Result": ("Result", "Outcome")},
    "Action Items": COLUMNS,
}
# The column without which a table is another one; what has no column of its own is added to its text.
_MAIN = {"Timeline": "Event", "Impact": "Measurement", "Resolution": "Action", "Action Items": "Action"}
_ADDED = ("Who", "Result", "Owner", "Due", "Ticket", "Notes")


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """Something that happened: when (a time of day in UTC as text, or a moment), what, and by whom.

    `moment` is when it was where `at` is a text; it is written in a table whose times are not UTC.
    """

    at: str | datetime
    event: str
    who: str = ""
    moment: datetime | None = None


def content_end(document: Document, section: Section) -> int:
    """Where a section's own text ends: before its first subsection, without the blank lines there."""
    inner = (other.start for other in document.headings if section.start < other.start < section.end)
    end = min(inner, default=section.end)
    return section.start + len(document.text[section.start : end].rstrip())


def timeline_edits(document: Document, section: Section, entries: Iterable[TimelineRow], day: str) -> list[Edit]:
    """The entries as rows of the timeline. `day` (YYYY-MM-DD) is the one of its first times without a date."""
    fitting = _fitting(document, section, "Timeline")
    utc = fitting is None or table_zone(document, section, fitting[0]).upper() in ("UTC", "GMT", "Z")
    return row_edits(document, section, "Timeline", _timeline(entries, day, utc=utc))


def _timeline(entries: Iterable[TimelineRow], day: str, *, utc: bool) -> list[dict[str, str]]:
    """Times as HH:MM in UTC; the first row of each further day has a full timestamp.

    In a table of another zone every time names its own.
    """
    rows = []
    for entry in entries:
        at = entry.at if isinstance(entry.at, datetime) else None if utc else entry.moment
        if at is not None:
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
            clear = f"{at:%Y-%m-%d}" == day and utc
            shown = f"{at:%H:%M}" if clear else f"{at:%Y-%m-%dT%H:%MZ}" if utc else f"{at:%Y-%m-%d %H:%M} UTC"
            day = f"{at:%Y-%m-%d}"
        else:
            shown = str(entry.at)
        rows.append({"Time": shown, "Event": entry.event, "Who": entry.who})
    return rows


def _fitting(document: Document, section: Section, title: str) -> tuple[Table, dict[str, int]] | None:
    """The section's first table for such rows, with the places of its columns; None when there is none."""
    for table in tables(document, section):
        if title == "Timeline":
            event, who = text_columns(table)
            found = {"Time": time_column(table), "Event": event, "Who": who}
        else:
            found = {name: table.column(*others) for name, others in _COLUMNS[title].items()}
        columns = {name: index for name, index in found.items() if index is not None}
        first = next(iter(_COLUMNS[title]))
        if _MAIN[title] in columns and (first in columns or title in ("Resolution", "Action Items")):
            return table, columns
    return None


def row_edits(document: Document, section: Section, title: str, rows: list[dict[str, str]]) -> list[Edit]:
    """The rows, by column name, in the section's first table that fits them, else in a new one behind its own text.

    `title` is Timeline, Impact, Resolution or Action Items.
    """
    fitting = _fitting(document, section, title)
    if fitting is not None:
        table, columns = fitting
        return _into(table, columns, [_without_loss(row, columns, _MAIN[title]) for row in rows])
    names = [others[0] for others in _COLUMNS[title].values()]
    head = "| " + " | ".join(names) + " |\n|" + "---|" * len(names)
    columns = {name: index for index, name in enumerate(_COLUMNS[title])}
    end = content_end(document, section)
    return [(end, end, "\n\n" + "\n".join([head, *(_line(row, columns, len(names)) for row in rows)]))]


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
                edits.append((place.left, place.right, f" {cell(value)} "))
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
    cells = {columns[name]: cell(value) for name, value in row.items() if name in columns}
    return "|" + "|".join(f" {cells[index]} " if cells.get(index) else " " for index in range(count)) + "|"
