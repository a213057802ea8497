"""Tables of two versions: which rows came and went, and which cells say something else. (tables) -> TableChange.

A row is the same one by what people call it by: an action item by its id, a timeline entry by its time, any other by
its first cell. Where that changed and all else did not, it is the same row, too. Columns are compared by their
headings, wherever they stand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pmctl.document.actions import COLUMNS
from pmctl.document.alignment import Budget, in_place
from pmctl.document.difference import CellChange, RowChange, TableChange, kind_of
from pmctl.document.table import Row, Table
from pmctl.document.text_comparison import compare_words
from pmctl.document.timeline import time_column

_LONG = 40  # characters of a cell from which on its words are told apart
_NEAR = 20  # tables among which one with other columns is looked for
_BEYOND = "(beyond the last column)"

_Key = tuple[str, int]
"""A name, and which of those with it: columns and rows may share one."""


class _Line(NamedTuple):
    """A row: what it is called by, and its cells by column."""

    name: str
    cells: dict[_Key, str]


def compare_tables(before: Sequence[Table], after: Sequence[Table], budget: Budget) -> tuple[TableChange, ...]:
    """What changed in the tables of a section: those with the same columns together, and those that are left in
    order."""
    pairs = _paired(before, after)
    found = [_compared(old, new, budget) for old, new in pairs]
    return tuple(change for change in found if change is not None)


def _paired(before: Sequence[Table], after: Sequence[Table]) -> list[tuple[Table | None, Table | None]]:
    waiting: dict[tuple[str, ...], list[Table]] = defaultdict(list)
    for table in before:
        waiting[table.names].append(table)
    partner = {id(new): waiting[new.names].pop(0) for new in after if waiting[new.names]}
    paired = {id(one) for one in partner.values()}
    left = [old for old in before if id(old) not in paired]
    pairs: list[tuple[Table | None, Table | None]] = []
    for new in after:
        old = partner.get(id(new))
        if old is None:
            at = next((at for at, one in enumerate(left[:_NEAR]) if set(one.names) & set(new.names)), None)
            old = left.pop(at) if at is not None else None
        pairs.append((old, new))
    return [*pairs, *((old, None) for old in left)]


def _compared(old: Table | None, new: Table | None, budget: Budget) -> TableChange | None:
    table = new or old
    if table is None:
        return None
    name = " | ".join(table.columns)
    if old is None or new is None:
        rows = tuple(_whole(line, _columns(table), present=new is not None) for line in _lines(table))
        return TableChange(name, kind_of(old, new), (), (), rows)
    olds, news = _columns(old), _columns(new)
    added = tuple(heading for key, heading in news.items() if key not in olds)
    removed = tuple(heading for key, heading in olds.items() if key not in news)
    order = {**news, **olds}
    headings = {**olds, **news, (_BEYOND, 0): _BEYOND}
    naming = _naming_column(old)
    shared = new.column(old.names[naming]) if old.names else None
    changes = _rows(_lines(old, naming), _lines(new, shared), list(order), headings, budget)
    return TableChange(name, "changed", added, removed, changes) if added or removed or changes else None


def _rows(
    before: list[_Line], after: list[_Line], order: list[_Key], headings: dict[_Key, str], budget: Budget
) -> tuple[RowChange, ...]:
    """The changes of rows in the order of the later version, what was removed where it stood."""
    partner = _partners(before, after)
    kept = sorted(partner)  # places after
    still = {kept[at] for at in in_place([partner[place] for place in kept])}
    gone = set(range(len(before))) - set(partner.values())
    found: list[RowChange] = []
    at = 0
    for place, line in enumerate(after):
        if place not in partner:
            found.append(_whole(line, headings, present=True))
            continue
        if place in still:
            found += [_whole(before[one], headings, present=False) for one in range(at, partner[place]) if one in gone]
            at = partner[place] + 1
        old = before[partner[place]]
        cells = _cells(old, line, order, headings, budget)
        if cells or place not in still:
            found.append(RowChange(line.name or old.name, "changed", cells, place not in still))
    found += [_whole(before[one], headings, present=False) for one in range(at, len(before)) if one in gone]
    return tuple(found)


def _partners(before: list[_Line], after: list[_Line]) -> dict[int, int]:
    """Which row before each row after is: the very same first, then by name, then by everything but the name."""
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for key in (_everything, _name, _but_the_name):
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for number in range(len(before) - 1, -1, -1):
            if number not in taken and (found := key(before[number])):
                waiting[found].append(number)
        for place, line in enumerate(after):
            if place not in partner and (found := key(line)) and waiting[found]:
                partner[place] = waiting[found].pop()
                taken.add(partner[place])
    return partner


def _everything(line: _Line) -> Hashable:
    return frozenset((key, text) for key, text in line.cells.items() if text)


def _name(line: _Line) -> Hashable:
    return line.name


def _but_the_name(line: _Line) -> Hashable:
    said = Counter(text for text in line.cells.values() if text)
    said[line.name] -= 1
    return frozenset((+said).items())


def _cells(
    old: _Line, new: _Line, order: list[_Key], headings: dict[_Key, str], budget: Budget
) -> tuple[CellChange, ...]:
    found = []
    for key in (*order, *(key for key in {**new.cells, **old.cells} if key[0] == _BEYOND)):
        before, after = old.cells.get(key, ""), new.cells.get(key, "")
        if before == after:
            continue
        long = before and after and max(len(before), len(after)) > _LONG
        pieces = compare_words(before, after, budget) if long else ()
        found.append(CellChange(headings.get(key, _BEYOND), before, after, pieces))
    return tuple(found)


def _whole(line: _Line, headings: Mapping[_Key, str], *, present: bool) -> RowChange:
    """A row that was added (is `present` now) or removed, with what its cells say."""
    said = [(key, text) for key, text in line.cells.items() if text]
    cells = tuple(
        CellChange(headings.get(key, _BEYOND), "" if present else text, text if present else "") for key, text in said
    )
    return RowChange(line.name, "added" if present else "removed", cells)


def _columns(table: Table) -> dict[_Key, str]:
    """The headings by column, in order."""
    return dict(zip(_numbered(table.names), table.columns, strict=True))


def _lines(table: Table, naming: int | None = None) -> list[_Line]:
    """The rows that say something, called by what stands in the column `naming`."""
    keys = _numbered(table.names)
    column = _naming_column(table) if naming is None else naming
    return [_line(row, keys, column) for row in table.rows if _says(row)]


def _line(row: Row, keys: Sequence[_Key], column: int) -> _Line:
    cells = {key: cell.text for key, cell in zip(keys, row.cells, strict=True)}
    cells |= {(_BEYOND, number): cell.text for number, cell in enumerate(row.extra)}
    return _Line(row.cells[column].text if row.cells else "", cells)


def _naming_column(table: Table) -> int:
    """The column that rows are called by: the ids of action items, the times of a timeline, otherwise the first."""
    items = table.column(*COLUMNS["ID"])
    times = time_column(table) if items is None else items
    return times or 0


def _numbered(names: Iterable[str]) -> list[_Key]:
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append((name, seen[name]))
        seen[name] += 1
    return found


def _says(row: Row) -> bool:
    return any(cell.text for cell in (*row.cells, *row.extra))
