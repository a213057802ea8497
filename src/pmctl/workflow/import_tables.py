"""The Impact and Action Items tables of a postmortem, brought up to what its incident records say.

Each function takes the document, the import document's values and the draft of today, and returns the edited
document with what it changed and what it left as people wrote it, as (mark, place, text) for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmctl.document import edits
from pmctl.document.actions import COLUMNS, action_items, action_tables
from pmctl.document.reader import Document, tables
from pmctl.document.table import Row, Table
from pmctl.services.draft import ActionRow, DraftValues
from pmctl.services.refresh import shown
from pmctl.workflow.actions import header_of, with_table
from pmctl.workflow.create import item_id

_Told = list[tuple[str, str, str]]
_KINDS = ("Impact Type", "Impact", "Type")
_MEASURES = ("Measurement", "Value", "Measure")


def with_impact(
    document: Document, values: Mapping[str, Any], draft: DraftValues, *, forget: bool
) -> tuple[Document, _Told, _Told]:
    """New measurements come in, those that nobody edited follow the record; with `forget` what is gone goes."""
    done: _Told = []
    kept: _Told = []
    imported = [(str(kind), str(measure)) for kind, measure in values.get("impact", [])]
    if _impact_table(document) is None:
        return document, done, kept
    for kind, measure in draft.impact:
        if (kind, measure) in imported:
            continue
        before = next((m for k, m in imported if k == kind and (k, m) not in draft.impact), None)
        row, current = _row(document, kind, before)
        if current is not None and shown(current) == shown(measure):
            continue
        if row is None and before is None:
            document = _added(document, kind, measure)
            done.append(("+", "impact", f"{kind}: {measure}"))
        elif row is not None and before is not None and shown(current or "") == shown(before):
            document = _measured(document, row, measure)
            done.append(("~", "impact", f"{kind}: {before} -> {measure}"))
        elif row is not None:
            kept.append(("=", "impact", f"{kind}: yours is {current}, the record says {measure}"))
    for kind, measure in imported if forget else []:
        row, current = _row(document, kind, measure)
        gone = kind not in {name for name, _ in draft.impact}
        if gone and row is not None and shown(current or "") == shown(measure):
            table = _impact_table(document)
            document = edits.remove_row(document, table, row) if table is not None else document
            done.append(("-", "impact", f"{kind}: {measure}"))
    return document, done, kept


def with_action_items(
    document: Document, values: Mapping[str, Any], draft: DraftValues, *, forget: bool
) -> tuple[Document, _Told, _Told]:
    """Action items that the record gained come in. One that is there is the team's: it is never changed or
    taken out from here, `forget` or not."""
    done: _Told = []
    known = {shown(text) for text in values.get("action_items", [])}
    known |= {shown(item.description) for item in action_items(document)}
    for item in draft.action_items:
        if shown(item.action) in known or forget:
            continue
        known.add(shown(item.action))
        document = _with_item(document, item)
        done.append(("+", "action item", item.action))
    return document, done, []


def _impact_table(document: Document) -> Table | None:
    section = document.section("Impact")
    found = tables(document, section) if section is not None else ()
    return next((t for t in found if t.column(*_KINDS) is not None and t.column(*_MEASURES) is not None), None)


def _row(document: Document, kind: str, measure: str | None) -> tuple[Row | None, str | None]:
    """The row of this kind and its measurement; of several the one with this measurement."""
    table = _impact_table(document)
    if table is None:
        return None, None
    first, second = table.column(*_KINDS) or 0, table.column(*_MEASURES) or 0
    rows = [row for row in table.rows if shown(row.cells[first].text) == shown(kind)]
    rows.sort(key=lambda row: measure is None or shown(row.cells[second].text) != shown(measure))
    return (rows[0], rows[0].cells[second].text) if rows else (None, None)


def _added(document: Document, kind: str, measure: str) -> Document:
    table = _impact_table(document)
    if table is None:
        return document
    names = {table.columns[table.column(*_KINDS) or 0]: kind, table.columns[table.column(*_MEASURES) or 0]: measure}
    return edits.append_row(document, table, {name: _unescaped(text) for name, text in names.items()})


def _measured(document: Document, row: Row, measure: str) -> Document:
    table = _impact_table(document)
    if table is None:
        return document
    return edits.set_cell(document, table, row, table.column(*_MEASURES) or 0, _unescaped(measure))


def _with_item(document: Document, item: ActionRow) -> Document:
    document = with_table(document)
    table = action_tables(document)[-1]
    cells = {"ID": item_id(), "Action": item.action, "Owner": f"@{item.owner}" if item.owner else ""}
    cells |= {"Due": item.due, "Priority": item.priority, "Status": item.status}
    cells |= {"Ticket": item.ticket, "Notes": item.notes}
    row = {
        header: _unescaped(text) for name, text in cells.items() if (header := header_of(table.columns, COLUMNS[name]))
    }
    return edits.append_row(document, table, row)


def _unescaped(text: str) -> str:
    """A cell of the draft as `edits` takes it: they escape pipes themselves."""
    return text.replace("\\|", "|")
