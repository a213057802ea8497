"""Three versions of a table as one: rows by what identifies them, cells by their column.

Rows with an id are known by it; entries of a timeline by time and text; other rows by their cells. A row that both
sides changed takes each cell from the side that changed it, in the line of the side whose layout counts, so that
padding and unknown columns stay as they are. A row that cannot be one row is a conflict of that row alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from pmctl.document.merge_conflict import Conflict, NotUnderstood, Piece
from pmctl.document.merge_units import Rules, matched, merge_units
from pmctl.document.table import Cell, Row, Table

_ID = "id"
_SHOWN = 40
_CLOCK = re.compile(r"(?:([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]\s*)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9])")


@dataclass(frozen=True, slots=True)
class TableLines:
    """A table of one version: its lines, what was read of them, and the column of times when it is a timeline."""

    lines: tuple[str, ...]
    table: Table
    time: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The header's texts, folded for comparison."""
        return self.table.names


@dataclass(frozen=True, slots=True)
class _Row:
    """A row in the columns of the merged table: texts, and where each cell lies in the line, None where it lacks one.

    `lost` are its texts in columns that the merged table has not; one that `fits` was written under the same columns.
    """

    line: str
    texts: tuple[str, ...]
    places: tuple[tuple[int, int] | None, ...]
    lost: tuple[str, ...]
    fits: bool

    def raw(self, at: int) -> str:
        place = self.places[at]
        return "" if place is None else self.line[slice(*place)]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the merged table: their names, which one identifies a row, which one is the time."""

    titles: tuple[str, ...]
    id: int | None
    time: int | None

    def key(self, row: _Row) -> str:
        return row.texts[self.id] if self.id is not None else ""

    def name(self, row: _Row) -> str:
        """A row in words: AI-7f3k, the entry 14:00, the row Duration."""
        text = self.key(row) or next((text for text in row.texts if text), "")
        if self.key(row):
            return text
        return f"the {'row' if self.time is None else 'entry'} {_short(text)}"


def merge_tables(base: TableLines | None, ours: TableLines, theirs: TableLines) -> list[Piece]:
    """The table as lines and conflicts. Raises NotUnderstood where both sides changed columns, or an id is twice."""
    layout = _layout(base, ours, theirs)
    columns = _columns(layout)
    our_rows, their_rows = _rows(ours, layout), _rows(theirs, layout)
    base_rows = _rows(base, layout) if base is not None else []
    for rows in (base_rows, our_rows, their_rows):
        ids = [columns.key(row) for row in rows if columns.key(row)]
        if len(set(ids)) != len(ids):
            raise NotUnderstood("an id stands twice in one table")
    match = partial(matched, base_rows, keys=_keys(columns), may=partial(_may, columns), likeness=_likeness)
    rules: Rules[_Row, Piece] = Rules(
        partial(_merge_row, columns, layout is theirs),
        partial(_new_key, columns),
        partial(_clash, columns),
        _earlier(columns.time),
    )
    head = _head(base, ours, theirs, layout)
    return [*head, *merge_units(base_rows, our_rows, their_rows, match(our_rows), match(their_rows), rules)]


def _layout(base: TableLines | None, ours: TableLines, theirs: TableLines) -> TableLines:
    """The version whose columns count. Raises NotUnderstood when both changed them, or names do not tell them apart."""
    if ours.names == theirs.names:
        return ours
    if base is None or (ours.names != base.names and theirs.names != base.names):
        raise NotUnderstood("both sides changed the columns of a table")
    if any(len(set(one.names)) != len(one.names) for one in (base, ours, theirs)):
        raise NotUnderstood("two columns of a table have one name")
    return theirs if ours.names == base.names else ours


def _columns(layout: TableLines) -> _Columns:
    own_id = layout.names.index(_ID) if _ID in layout.names else None
    return _Columns(layout.table.columns, own_id, layout.time)


def _rows(one: TableLines, layout: TableLines) -> list[_Row]:
    places = _places(one.names, layout.names)
    return [_read_row(one.lines[2 + at], row, places) for at, row in enumerate(one.table.rows)]


def _places(names: tuple[str, ...], layout: tuple[str, ...]) -> list[int | None]:
    """For each column of the layout the column of this version. One that alone has another name was renamed."""
    if len(names) == len(layout):
        renamed = [at for at in range(len(names)) if names[at] not in layout and layout[at] not in names]
        return [at if at in renamed or names[at] == name else _index(names, name) for at, name in enumerate(layout)]
    return [_index(names, name) for name in layout]


def _index(names: tuple[str, ...], name: str) -> int | None:
    return names.index(name) if name in names else None


def _read_row(line: str, row: Row, places: list[int | None]) -> _Row:
    if row.extra:
        raise NotUnderstood("a row has more cells than its table has columns")

    def place(cell: Cell) -> tuple[int, int] | None:
        return None if cell.missing else (cell.left - row.start, cell.right - row.start)

    kept = [row.cells[at] if at is not None else None for at in places]
    lost = tuple(cell.text for at, cell in enumerate(row.cells) if at not in places and cell.text)
    texts = tuple(cell.text if cell is not None else "" for cell in kept)
    fits = places == list(range(len(row.cells)))
    return _Row(line, texts, tuple(place(cell) if cell is not None else None for cell in kept), lost, fits)


def _head(base: TableLines | None, ours: TableLines, theirs: TableLines, layout: TableLines) -> list[str]:
    """Header and row of dashes: of the side that changed them, of the layout's when both did."""
    old = base.lines[:2] if base is not None else ()
    if ours.names == theirs.names:
        return list(theirs.lines[:2] if ours.lines[:2] == old else ours.lines[:2])
    return list(layout.lines[:2])


def _keys(columns: _Columns) -> list[Callable[[_Row], Hashable | None]]:
    """What tells a row, the surest first."""
    keys: list[Callable[[_Row], Hashable | None]] = [lambda row: row.line]
    if columns.id is not None:
        keys.append(lambda row: columns.key(row) or None)
    keys.append(lambda row: row.texts)
    cells = dict.fromkeys((columns.time if columns.time is not None else 0, 1, 0, 2))
    return [*keys, *(partial(_cell_key, at) for at in cells if at < len(columns.titles) and at != columns.id)]


def _cell_key(at: int, row: _Row) -> Hashable | None:
    return (at, row.texts[at]) if row.texts[at] else None


def _may(columns: _Columns, old: _Row, new: _Row) -> bool:
    """Whether one row may be the other: not when both have an id of their own."""
    return not columns.key(old) or not columns.key(new) or columns.key(old) == columns.key(new)


def _likeness(old: _Row, new: _Row) -> float:
    """How much of what is written in two rows is the same."""
    written = [(one, two) for one, two in zip(old.texts, new.texts, strict=True) if one or two]
    return sum(one == two for one, two in written) / max(len(written), 1)


def _new_key(columns: _Columns, row: _Row) -> Hashable | None:
    """What makes two added rows one: the id; otherwise all texts of an entry, or a first cell that is a name."""
    if columns.key(row):
        return columns.key(row)
    first = row.texts[0] if row.texts else ""
    if columns.time is None and columns.id is None and first and not first[0].isdigit():
        return first
    return row.texts


def _earlier(time: int | None) -> Callable[[_Row, _Row], bool] | None:
    """Whether an entry that they added goes before one that we added: when its clock says so."""
    if time is None:
        return None

    def earlier(theirs: _Row, ours: _Row) -> bool:
        one, two = _CLOCK.match(theirs.texts[time]), _CLOCK.match(ours.texts[time])
        if one is None or two is None or (one[1] is None) != (two[1] is None):
            return False
        return _moment(one) < _moment(two)

    return earlier


def _moment(clock: re.Match[str]) -> tuple[str, int, int, int]:
    return clock[1] or "", int(clock[2]), int(clock[3]), int(clock[4] or 0)


def _merge_row(
    columns: _Columns, theirs_counts: bool, base: _Row | None, ours: _Row | None, theirs: _Row | None
) -> list[Piece]:
    if ours is None or theirs is None:
        kept = ours if ours is not None else theirs
        assert kept is not None  # noqa: S101  one of three is there, and a unit of the base is in one of the sides
        return _one_sided(columns, base, kept, removed_by_us=ours is None)
    if base is None and ours.texts == theirs.texts:
        return [ours.line]
    return _both(columns, theirs_counts, base, ours, theirs)


def _one_sided(columns: _Columns, base: _Row | None, kept: _Row, *, removed_by_us: bool) -> list[Piece]:
    """A row that one side lacks: added by the other, or removed here and perhaps changed there."""
    if base is None:
        return [_in_layout(kept)]
    if base.texts == kept.texts:
        return []
    name = columns.name(base)
    says = _says(columns, base, kept)
    line = (kept.line,)
    if removed_by_us:
        return [Conflict(name, (base.line,), (), line, f"removed {name}", says, base.line, kept.line)]
    return [Conflict(name, (base.line,), line, (), says, f"removed {name}", kept.line, base.line)]


def _in_layout(row: _Row) -> str:
    """A row that one side added, as a row of the layout."""
    if row.fits:
        return row.line
    if row.lost:
        raise NotUnderstood("a row was added with a cell in a column that the other side removed")
    cells = [row.raw(at) or " " for at in range(len(row.places))]
    return "|" + "|".join(cells) + "|"


def _both(columns: _Columns, theirs_counts: bool, base: _Row | None, ours: _Row, theirs: _Row) -> list[Piece]:
    """A row that both sides have: each cell from the side that changed it."""
    frame, other = (theirs, ours) if theirs_counts else (ours, theirs)
    if base is not None and base.lost != other.lost:
        return [_conflict(columns, base, ours, theirs, ours.line, theirs.line)]
    taken: dict[int, str] = {}
    disputed: list[int] = []
    for at in range(len(columns.titles)):
        old = base.texts[at] if base is not None else ""
        mine, yours = frame.texts[at], other.texts[at]
        if mine == yours or yours == old:
            if base is not None and mine == old and frame.raw(at) == base.raw(at) and other.places[at] is not None:
                taken[at] = other.raw(at)
        elif mine == old:
            taken[at] = other.raw(at)
        else:
            disputed.append(at)
    merged = _spliced(frame, {at: raw for at, raw in taken.items() if raw != frame.raw(at)})
    if merged is None:
        return [_conflict(columns, base, ours, theirs, ours.line, theirs.line)]
    if not disputed:
        return [merged]
    second = _spliced(frame, taken | {at: other.raw(at) for at in disputed})
    if second is None:
        return [_conflict(columns, base, ours, theirs, ours.line, theirs.line)]
    mine_line, their_line = (second, merged) if theirs_counts else (merged, second)
    return [_conflict(columns, base, ours, theirs, mine_line, their_line, disputed)]


def _spliced(row: _Row, cells: dict[int, str]) -> str | None:
    """The row's line with other cells, as they are written; None when it lacks one of these cells."""
    line = row.line
    for at in sorted(cells, key=lambda at: row.places[at] or (0, 0), reverse=True):
        place = row.places[at]
        if place is None or not cells[at]:
            return None
        line = line[: place[0]] + cells[at] + line[place[1] :]
    return line


def _conflict(
    columns: _Columns,
    base: _Row | None,
    ours: _Row,
    theirs: _Row,
    mine: str,
    yours: str,
    disputed: list[int] | None = None,
) -> Conflict:
    name = columns.name(base or ours)
    if disputed is None:
        disputed = [at for at in range(len(columns.titles)) if ours.texts[at] != theirs.texts[at]]
    what = f"{', '.join(columns.titles[at] for at in disputed)} of {name}" if disputed else name
    old = (base.line,) if base is not None else ()
    return Conflict(
        what, old, (mine,), (yours,),
        _values(columns, name, ours, disputed), _values(columns, name, theirs, disputed), ours.line, theirs.line,
    )  # fmt: skip


def _says(columns: _Columns, base: _Row, changed: _Row) -> str:
    at = [one for one in range(len(columns.titles)) if base.texts[one] != changed.texts[one]]
    return _values(columns, columns.name(base), changed, at)


def _values(columns: _Columns, name: str, row: _Row, at: list[int]) -> str:
    """What a row says in some columns, in words."""
    said = [f"{columns.titles[one]} is {_short(row.texts[one]) or 'empty'}" for one in at]
    return f"{', '.join(said)} in {name}" if said else f"changed {name}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _clash(columns: _Columns, dropped: list[_Row], ours: list[_Row], theirs: list[_Row]) -> list[Piece]:
    """Both sides put other rows in the place of the same ones."""
    both = [*ours, *theirs]
    if all(columns.key(row) for row in both):  # each is known by its id, whatever was there before
        return [_in_layout(row) for row in both]
    name = columns.name(dropped[0])
    old, mine, yours = (tuple(row.line for row in rows) for rows in (dropped, ours, theirs))
    return [Conflict(name, old, mine, yours, f"replaced {name}", f"replaced {name}")]
