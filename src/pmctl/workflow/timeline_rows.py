"""Merge entries into a postmortem's timeline: new rows in order of time, other texts for old ones, rows out.

All changes of one act are made in one pass and read back. Every entry that was there keeps the moment that it
had: where a new neighbour, a row taken out or another `started_at` would move it to another day, its date
is written out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pmctl.document import edits
from pmctl.document.markdown_text import escaped_cell, table_row
from pmctl.document.reader import Document
from pmctl.document.table import Row, Table, tables
from pmctl.document.timeline import (
    SECTION,
    entries,
    text_columns,
    time_column,
    timeline_section,
    timeline_tables,
)
from pmctl.document.verify_edit import line_end, reread
from pmctl.errors import BadInput
from pmctl.services.import_document import TimelineRow
from pmctl.services.instants import parse_instant
from pmctl.workflow.draft_tables import empty_table, in_utc, time_text

# A date is written out where a day changes: more days than this in one timeline are left to a person.
_MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class _Place:
    """One entry of the timeline: its row, the table around it, and its moment (None when it has none)."""

    row: Row
    table: Table
    at: datetime | None


def merge_entries(
    before: Document,
    document: Document,
    *,
    add: Sequence[TimelineRow] = (),
    reword: Mapping[int, str] | None = None,
    drop: frozenset[int] = frozenset(),
) -> Document:
    """`document` with the rows `add`, other texts for the entries in `reword` and without those in `drop`.

    Entries are counted as `entries` counts them. `before` is the document before its front matter was edited:
    it says when each entry was. Raises BadInput when the result would not read back as intended.
    """
    if add and not timeline_tables(document):
        before, document = _with_table(before), _with_table(document)
    moments = [entry.at for entry in entries(before)]
    places = _places(document)
    new = sorted(add, key=lambda entry: entry.at)
    after = _positions(moments, [_minute(entry.at) for entry in new])
    coming: dict[int, list[datetime]] = {}
    utc = {around.start: in_utc(document, around) for around in timeline_tables(document)}
    splices: list[tuple[int, int, int, str]] = []
    for number, text in (reword or {}).items():
        splices.append(_reworded(document, places[number], text))
    for number in drop:
        row = places[number].row
        splices.append((row.start, line_end(document, row.end), 0, ""))
    previous: tuple[int, datetime | None] = (-1, parse_instant(document.meta.get("started_at")).at)
    for order, (entry, position) in enumerate(zip(new, after, strict=True)):
        neighbour = previous[1] if position == previous[0] else moments[position]
        splices.append(_inserted(document, places, position, entry, order, neighbour, utc))
        previous = (position, entry.at)
        coming.setdefault(position, []).append(entry.at)
    changed = reread(document, _spliced(document, splices))
    wanted: list[datetime | None] = []
    for number in range(-1, len(moments)):
        if number >= 0 and number not in drop:
            wanted.append(moments[number])
        wanted += coming.get(number, [])
    _check(document, changed, len(wanted))
    return _dated(changed, wanted)


def _with_table(document: Document) -> Document:
    """The document with an empty timeline table at the end of its Timeline section."""
    empty = f"{empty_table(SECTION)}\n"
    section = timeline_section(document)
    if section is None:
        return edits.append_section(document, SECTION, empty)
    return edits.replace_section(document, section.title, section.text.strip("\r\n") + "\n\n" + empty)


def _places(document: Document) -> list[_Place]:
    """The entries with their rows, in the order of `entries`."""
    found = [
        (row, around) for around in timeline_tables(document) for row in around.rows if any(c.text for c in row.cells)
    ]
    return [_Place(row, around, entry.at) for (row, around), entry in zip(found, entries(document), strict=True)]


def _positions(moments: Sequence[datetime | None], new: Sequence[datetime]) -> list[int]:
    """For each new moment the number of the last entry that is not later; -1 to stand before all."""
    earliest: list[datetime] = []  # of an entry and all that follow it; never falls
    for moment in reversed(moments):
        here = _minute(moment) if moment else datetime.max.replace(tzinfo=UTC)
        earliest.append(min(here, earliest[-1]) if earliest else here)
    earliest.reverse()
    return [bisect_right(earliest, at) - 1 for at in new]


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _reworded(document: Document, place: _Place, text: str) -> tuple[int, int, int, str]:
    event, _ = text_columns(place.table)
    target = place.row.cells[event or 0]
    if target.missing:
        raise BadInput(f"line {target.line} of {document.path} has too few cells", hint="correct the row by hand")
    return target.start, target.end, 0, escaped_cell(text)


def _inserted(
    document: Document,
    places: Sequence[_Place],
    position: int,
    entry: TimelineRow,
    order: int,
    neighbour: datetime | None,
    utc: Mapping[int, bool],
) -> tuple[int, int, int, str]:
    """Where and what to insert for one new row; rows for one place stay in their order.

    `neighbour` is the moment of the row before it, or of the incident's start; `utc` says of each table, by
    its offset, whether its times are UTC.
    """
    if position >= 0:
        around, end = places[position].table, places[position].row.end
    else:
        around = timeline_tables(document)[0]
        end = around.delimiter[1]
    event, who = text_columns(around)
    time = time_text(entry.at, neighbour.date() if neighbour else None, utc=utc[around.start])
    cells = {time_column(around): time, event: entry.event, who: entry.who}
    row = table_row(cells.get(index, "") for index in range(len(around.columns)))
    at_line_end = line_end(document, end)
    if document.text[at_line_end - 1 : at_line_end] == "\n":
        return at_line_end, at_line_end, order + 1, f"{row}{document.newline}"
    return at_line_end, at_line_end, order + 1, f"{document.newline}{row}"


def _spliced(document: Document, splices: Sequence[tuple[int, int, int, str]]) -> str:
    pieces, at = [], 0
    for start, end, _, text in sorted(splices):
        pieces += [document.text[at:start], text]
        at = max(at, end)
    return "".join([*pieces, document.text[at:]])


def _check(before: Document, after: Document, count: int) -> None:
    """Only the timeline's rows changed. Raises BadInput otherwise."""

    def outside(document: Document) -> list[list[list[str]]]:
        ours = {found.start for found in timeline_tables(document)}
        return [
            [[c.text for c in row.cells] for row in found.rows] for found in tables(document) if found.start not in ours
        ]

    same = (
        len(entries(after)) == count
        and after.front == before.front
        and [(found.level, found.title) for found in after.headings]
        == [(found.level, found.title) for found in before.headings]
        and outside(after) == outside(before)
    )
    if not same:
        raise BadInput("the timeline would not read back as intended", hint="check its table by hand")


def _dated(document: Document, wanted: Sequence[datetime | None]) -> Document:
    """The document in which every entry is at the moment that it shall have: HH:MM where the day is clear from
    the row before, else with its date."""
    for _ in range(_MOST_DAYS):
        places = _places(document)
        wrong = next((number for number, place in enumerate(places) if _differs(place.at, wanted[number])), None)
        if wrong is None:
            break
        place, at = places[wrong], wanted[wrong]
        column = time_column(place.table)
        if at is None or column is None:
            break
        written = time_text(at, None, utc=in_utc(document, place.table))
        if place.row.cells[column].text == written:
            raise BadInput(
                f"line {place.row.line} of {document.path}: the time would not read back as {written}",
                hint="write the dates of the timeline by hand",
            )
        document = edits.set_cell(document, place.table, place.row, column, written)
    else:
        raise BadInput(f"the timeline of {document.path} spans too many days", hint="write its dates by hand")
    return document


def _differs(found: datetime | None, wanted: datetime | None) -> bool:
    return wanted is not None and (found is None or _minute(found) != _minute(wanted))
