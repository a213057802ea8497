"""The Impact and Action Items tables of a postmortem, brought up to what its incident records say.

Each function takes the document, what was imported and what the records give today, and returns the edited document
with the differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmctl.document import edits
from pmctl.document.actions import action_items, action_tables, column_of
from pmctl.document.reader import Document
from pmctl.document.table import Row, Table
from pmctl.services.refresh import Difference, comparable
from pmctl.workflow.actions import with_table
from pmctl.workflow.create import item_id
from pmctl.workflow.draft_tables import fitting_table

_Impact = Sequence[tuple[str, str]]


def with_impact(document: Document, old: _Impact, new: _Impact, *, forget: bool) -> tuple[Document, list[Difference]]:
    """New measurements come in, those that nobody edited follow the record; with `forget` what is gone goes."""
    told: list[Difference] = []
    for kind, measure in new:
        found = _impact_table(document)
        if (kind, measure) in old or found is None:
            continue
        table, columns = found
        before = next((m for k, m in old if k == kind and (k, m) not in new), None)
        row, current = _row(table, columns, kind, before)
        if row is None:
            if before is None:
                cells = {table.columns[columns["Impact Type"]]: kind, table.columns[columns["Measurement"]]: measure}
                document = edits.append_row(document, table, cells)
                told.append(Difference("+", "impact", f"{kind}: {measure}"))
        elif comparable(current) == comparable(measure):
            continue
        elif before is not None and comparable(current) == comparable(before):
            document = edits.set_cell(document, table, row, columns["Measurement"], measure)
            told.append(Difference("~", "impact", f"{kind}: {before} -> {measure}"))
        else:
            told.append(Difference("=", "impact", f"{kind}: yours is {current}, the record says {measure}"))
    kinds = {kind for kind, _ in new}
    for kind, measure in old if forget else ():
        found = _impact_table(document)
        if found is None or kind in kinds:
            continue
        row, current = _row(*found, kind, measure)
        if row is not None and comparable(current) == comparable(measure):
            document = edits.remove_row(document, found[0], row)
            told.append(Difference("-", "impact", f"{kind}: {measure}"))
    return document, told


def with_action_items(
    document: Document, old: Sequence[str], new: Sequence[Mapping[str, str]]
) -> tuple[Document, list[Difference]]:
    """Action items that the record gained come in. One that is there is the team's: it is never changed here."""
    told: list[Difference] = []
    known = {comparable(text) for text in old} | {comparable(item.description) for item in action_items(document)}
    for item in new:
        action = item["Action"]
        if comparable(action) in known:
            continue
        known.add(comparable(action))
        document = with_table(document)
        table = action_tables(document)[-1]
        cells = {"ID": item_id(), **item}
        places = {index: text for name, text in cells.items() if (index := column_of(table, name)) is not None}
        document = edits.append_row(document, table, {table.columns[index]: text for index, text in places.items()})
        told.append(Difference("+", "action item", action))
    return document, told


def _impact_table(document: Document) -> tuple[Table, Mapping[str, int]] | None:
    section = document.section("Impact")
    return fitting_table(document, section, "Impact") if section is not None else None


def _row(table: Table, columns: Mapping[str, int], kind: str, measure: str | None) -> tuple[Row | None, str]:
    """The row of this kind and its measurement; of several the one with this measurement."""
    first, second = columns["Impact Type"], columns["Measurement"]
    rows = [row for row in table.rows if comparable(row.cells[first].text) == comparable(kind)]
    rows.sort(key=lambda row: measure is None or comparable(row.cells[second].text) != comparable(measure))
    return (rows[0], rows[0].cells[second].text) if rows else (None, "")
