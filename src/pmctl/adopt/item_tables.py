"""A table of action items -> the table that pmctl tracks them by.

It gets an ID column and the names of the columns that pmctl knows; the names and values that it had stay readable.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pmctl.document.action_problems import MAX_TRACKING
from pmctl.document.actions import COLUMNS, canonical
from pmctl.document.dates import find_leading
from pmctl.document.fields import ItemStatus
from pmctl.document.headings import plain
from pmctl.document.language import by_name
from pmctl.document.structure import TableLines
from pmctl.document.table import Row, Table, build

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_COLUMN_OF = by_name("columns")
_STATUS_WORDS = by_name("statuses")


@dataclass(slots=True)
class Ids:
    """Action item ids, the same for the same postmortem and text at every run, and each given once."""

    taken: set[str] = field(default_factory=set)

    def new(self, postmortem: str, text: str) -> str:
        """The id for an action of a postmortem."""
        for attempt in range(1000):
            seed = int.from_bytes(hashlib.sha256(f"{postmortem}\n{text}\n{attempt}".encode()).digest()[:8], "big")
            letters = "".join(_ALPHABET[seed // 36**place % 36] for place in range(4))
            if f"AI-{letters}" not in self.taken:
                self.taken.add(f"AI-{letters}")
                return f"AI-{letters}"
        raise ValueError("no free action item id")


@dataclass(slots=True)
class ItemTables:
    """What lines of an Action Items section became: how many items, and the reasons why lists stayed as they are."""

    lines: list[str] = field(default_factory=list)
    items: int = 0
    without_status: int = 0
    without_owner: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, part: ItemTables) -> None:
        """Append the lines of a part, and count its items."""
        self.lines += part.lines
        self.items += part.items
        self.without_status += part.without_status
        self.without_owner += part.without_owner
        self.reasons += part.reasons


def tracked_table(lines: Sequence[str], postmortem: str, ids: Ids) -> ItemTables | None:
    """A table of action items with the columns that pmctl knows; None when it isn't one."""
    table = _parsed(lines)
    if not any(table.columns) and len(lines) > 3 and all(cell.text[:2] == "**" for cell in table.rows[0].cells):
        # A wiki's export: the header is the first row, in bold.
        lines = [lines[2], lines[1], *lines[3:]]
        table = _parsed(lines)
    columns = _recognised_columns(table.columns)
    rows = [row for row in table.rows if any(cell.text for cell in row.cells)]
    if "Action" not in columns or len(table.columns) < 2 or not rows:
        return None
    added = {
        column: found for column, read in (("Due", _day_of), ("Status", status_of))
        if (found := _readable(table, rows, columns.get(column), column, read))
    }  # fmt: skip
    names_now = _names(table, columns, frozenset(added))
    made = ItemTables(
        items=len(rows),
        without_status=_blank(rows, columns.get("Status")),
        without_owner=_blank(rows, columns.get("Owner")),
    )
    with_id = "ID" in columns
    made.lines += _header(table, lines[1], names_now, with_id=with_id, added=tuple(added))
    for line, row in zip(lines[2:], table.rows, strict=True):
        text = _with_outer_pipes(line, " ") + "".join(f" {found.get(row.line, '')} |" for found in added.values())
        if not with_id:
            filled = any(cell.text for cell in row.cells)
            text = f"| {ids.new(postmortem, row.cells[columns['Action']].text) if filled else ''} {text}"
        made.lines.append(text)
    return made


def _header(table: Table, border: str, names_now: list[str], *, with_id: bool, added: Sequence[str]) -> list[str]:
    """The header's lines, below the names that it had where they can't be seen any more."""
    titles = [name.replace("|", "\\|") for name in names_now]
    head = "| " + " | ".join([*([] if with_id else ["ID"]), *titles, *added]) + " |"
    rule = ("" if with_id else "|---") + _with_outer_pipes(border, "") + "---|" * len(added)
    pairs = zip(table.columns, names_now, strict=True)
    if all(plain(old).casefold() in new.casefold() for old, new in pairs):
        return [head, rule]
    return ["*Original columns: " + ", ".join(plain(cell) for cell in table.columns if cell) + "*", "", head, rule]


def _recognised_columns(written: Sequence[str]) -> dict[str, int]:
    """The columns of pmctl that a table has, with their indexes; an exact name counts more than an alias."""
    titles = [plain(title).casefold().strip(" *:") for title in written]
    meant = []
    for index, title in enumerate(titles):
        column = _COLUMN_OF.get(title) or _COLUMN_OF.get(re.sub(r"\s*\(.*\)$", "", title), "")
        if column:
            meant.append((title not in _exact_names(column), index, column))
    found: dict[str, int] = {}
    for _, index, column in sorted(meant):
        found.setdefault(column, index)
    unknown = [index for index in range(len(titles)) if index not in found.values()]
    if found and "Action" not in found and len(unknown) == 1:
        found["Action"] = unknown[0]
    return found


def _exact_names(column: str) -> set[str]:
    return {name.casefold() for name in COLUMNS[column]}


def _names(table: Table, columns: Mapping[str, int], added: frozenset[str]) -> list[str]:
    """The header as it will be: pmctl's names, except where a cell holds what such a column may not hold."""
    column_at = {index: column for column, index in columns.items()}
    return [
        _name(table, index, column_at.get(index, ""), added) or ("Notes" if "Notes" not in columns else " ")
        for index in range(len(table.columns))
    ]


def _name(table: Table, index: int, column: str, added: frozenset[str]) -> str:
    written = table.columns[index]
    if column in added:
        return f"Original {plain(written) if plain(written).isascii() else column.casefold()}"
    if column in ("Owner", "Due", "Notes") and not _fits_tracking(table, index):
        return f"Stated {column.casefold()}"
    if column == "Ticket" and not _fits_tracking(table, index):
        return "References" if plain(written).casefold() in _exact_names(column) else written
    return column if column and written.casefold() not in _exact_names(column) else written


def _readable(
    table: Table, rows: Sequence[Row], index: int | None, column: str, read: Callable[[str], str]
) -> dict[int, str]:
    """What `read` makes of a column in each row, by its line, for a new column; empty when the table's own does."""
    if index is None or any(row.extra or any(cell.missing for cell in row.cells) for row in table.rows):
        return {}
    known = {row.line: read(row.cells[index].text) for row in rows}
    written = {row.line: row.cells[index].text for row in rows}
    if column == "Status":
        written = {line: canonical(text, ItemStatus) for line, text in written.items()}
    return known if any(value and value != written[line] for line, value in known.items()) else {}


def _day_of(text: str) -> str:
    """The day that a cell names and nothing else, as pmctl writes it; "" for none and for one that can be misread."""
    moment = find_leading(plain(text))
    if moment is None or moment.day is None or moment.clock or moment.length < len(plain(text).rstrip(" .")):
        return ""
    day = moment.day.near(None)
    return day.isoformat() if day is not None and not moment.day.swapped else ""


def status_of(text: str) -> str:
    """The status that a word or a mark stands for, "" for none."""
    same = canonical(text, ItemStatus)
    if same in ItemStatus.__members__:
        return same
    return str(_STATUS_WORDS.get(plain(text).casefold().strip(" .*"), ""))


def _blank(rows: Sequence[Row], column: int | None) -> int:
    """How many rows have nothing in a column."""
    return len(rows) if column is None else sum(not row.cells[column].text for row in rows)


def _fits_tracking(table: Table, index: int) -> bool:
    """Whether every cell of a column is short plain text, as it must be in a column that no approval covers."""
    return all(
        len(row.cells[index].text) <= MAX_TRACKING and not re.search(r"<[A-Za-z/!?]|!\[|\]\(", row.cells[index].text)
        for row in table.rows
    )


def _with_outer_pipes(line: str, gap: str) -> str:
    text = line.strip()
    text = text if text.startswith("|") else f"|{gap}{text}"
    return text if text.endswith("|") and not text.endswith("\\|") else f"{text}{gap}|"


def _parsed(lines: Sequence[str]) -> Table:
    spans = []
    at = 0
    for line in lines:
        spans.append((at, at + len(line)))
        at += len(line) + 1
    return build("\n".join(lines), TableLines(1, tuple(spans)))
