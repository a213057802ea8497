"""Action items: the rows of the Action Items section's tables, read by column name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

# An item's columns, for those who read items.
from pmctl.document.action_table import COLUMNS as COLUMNS
from pmctl.document.action_table import SECTION as SECTION
from pmctl.document.action_table import TRACKING as TRACKING
from pmctl.document.fields import ItemStatus, Priority
from pmctl.document.reader import tables
from pmctl.document.table import Cell, Row, Table
from pmctl.text import parse_day

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_BETWEEN = re.compile(r"[\s_\-'’´`*.!]+")


@dataclass(frozen=True, slots=True)
class ActionItem:
    """One row. Texts are as written and "" when absent, except: `owner` without its @, `priority` and `status` in
    their canonical spelling where they can be recognised ("In progress" is IN_PROGRESS).

    `due_date` is `due` when that is a date in the form YYYY-MM-DD. `problems` say, in words, what in the row could
    not be read or is spelled otherwise. `table` and `row` are what an edit needs.
    """

    postmortem: str
    id: str
    description: str
    owner: str
    due: str
    due_date: date | None
    priority: str
    status: str
    ticket: str
    notes: str
    prevents: str
    kind: str
    line: int
    row: Row
    table: Table
    problems: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether work on it is still to be done: OPEN or IN_PROGRESS."""
        return self.status in (ItemStatus.OPEN, ItemStatus.IN_PROGRESS)

    def overdue(self, today: date) -> bool:
        """Whether it is open and its due date has passed; an item due today is not overdue."""
        return self.is_open and self.due_date is not None and self.due_date < today

    def cell(self, column: str) -> Cell | None:
        """The cell of one of `COLUMNS`; None when the table has no such column."""
        index = column_of(self.table, column)
        return None if index is None else self.row.cells[index]


def column_of(table: Table, column: str) -> int | None:
    """The index of one of `COLUMNS` in a table, by any of its names; None when there is none."""
    return table.column(*COLUMNS[column])


def is_action_table(table: Table) -> bool:
    """Whether a table is one of action items: it has a column for the action and one for its tracking."""
    return column_of(table, "Action") is not None and any(column_of(table, name) is not None for name in TRACKING)


def action_tables(doc: Document) -> tuple[Table, ...]:
    """The tables of action items in the Action Items section."""
    section = doc.section(SECTION)
    if section is None:
        return ()
    return tuple(table for table in tables(doc, section) if is_action_table(table))


def action_items(doc: Document) -> tuple[ActionItem, ...]:
    """Every row that has any text, in order, also those that cannot be read in full (see `problems`)."""
    found: list[ActionItem] = []
    for table in action_tables(doc):
        columns = {name: column_of(table, name) for name in COLUMNS}
        found.extend(
            _item(doc.id, table, columns, row)
            for row in table.rows
            if any(cell.text for cell in (*row.cells, *row.extra))
        )
    return tuple(found)


def canonical(text: str, choices: type[ItemStatus] | type[Priority]) -> str:
    """The choice that differs from `text` only in case, emphasis and what stands between words; otherwise `text`."""
    if text in choices.__members__:
        return text
    key = spelling_key(text)
    return next((str(choice) for choice in choices if choice.replace("_", "") == key), text)


def spelling_key(text: str) -> str:
    """A word of a status or priority as spellings are compared: `Won't do`, `**WONT-DO**` and `wontdo` are one."""
    return _BETWEEN.sub("", text).upper()


def _item(postmortem: str, table: Table, columns: dict[str, int | None], row: Row) -> ActionItem:
    def text(column: str) -> str:
        index = columns[column]
        return "" if index is None else row.cells[index].text

    problems = []
    written_due = text("Due")
    due = None
    if written_due:
        due = parse_day(written_due)
        if due is None:
            problems.append(f"the due date {written_due!r} is not a date in the form YYYY-MM-DD")
    priority, status = canonical(text("Priority"), Priority), canonical(text("Status"), ItemStatus)
    for name, value, written in (("priority", priority, text("Priority")), ("status", status, text("Status"))):
        if value != written:
            problems.append(f"the {name} {written!r} is written {value}")
    if row.extra:
        problems.append("the row has more cells than the table has columns; a | inside a cell is written \\|")
    elif any(cell.missing for cell in row.cells):
        problems.append("the row has fewer cells than the table has columns")
    return ActionItem(
        postmortem,
        text("ID"),
        text("Action"),
        text("Owner").removeprefix("@"),
        written_due,
        due,
        priority,
        status,
        text("Ticket"),
        text("Notes"),
        text("Prevents"),
        text("Kind"),
        row.line,
        row,
        table,
        tuple(problems),
    )
