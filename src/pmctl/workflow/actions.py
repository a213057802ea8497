"""Add, move and remove action items. Each act changes the rows that it is about, and is one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pmctl.document import edits
from pmctl.document.actions import SECTION, ActionItem, action_items, action_tables
from pmctl.document.fields import ItemStatus, path_of
from pmctl.document.reader import Document
from pmctl.errors import Refused, UsageProblem, advise
from pmctl.insight.catalog import catalog
from pmctl.insight.items import named_item
from pmctl.insight.readiness import refuse_new_errors
from pmctl.policy.act import ADD_ITEM
from pmctl.policy.edits import Edit, Right, refused
from pmctl.policy.state import FINAL
from pmctl.repository.actor import Actor
from pmctl.repository.records import refusal
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import listed, plural
from pmctl.workflow.create import item_id
from pmctl.workflow.editing import refuse_edit
from pmctl.workflow.item_cells import Change as Change
from pmctl.workflow.item_cells import cells_of, default_due, header_of, refuse_unknown_cause
from pmctl.workflow.lifecycle import perform

_USUAL = ("ID", "Action", "Owner", "Due", "Priority", "Status", "Ticket", "Notes")
_OPTIONAL = ("Prevents", "Kind")
"""Columns that a table gets when something is written in them."""
_NEEDED = {"Action": "TEXT", "Owner": "--owner", "Due": "--due", "Priority": "--priority (HIGH, MEDIUM or LOW)"}
"""The cells that a new item has to have, and where they are given."""


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """An item after an act: its id, its postmortem, and what was written, by column; nothing when it was removed."""

    item: str
    postmortem: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """What an act did to items, and its commit; `same` are those that said all of it already."""

    items: tuple[ItemChanged, ...]
    landed: CommitResult | None
    same: tuple[str, ...] = ()


def add(
    workspace: Workspace,
    by: str,
    name: str,
    change: Change,
    signing: Sequence[str],
    *,
    today: date,
    signer: Callable[[], tuple[Actor, datetime]] | None = None,
    note: str = "",
) -> Changed:
    """Add an item to the postmortem `name`; `by` is the handle of who does it, `note` goes into the commit's message.

    Without a due day it is due when the team wants items of its priority. What a published postmortem says is bound,
    so there the new row is an act with a record: `signer` gives who signs it and the time that the record claims.
    Raises UsageProblem for a missing or wrong value, Refused when `by` may not do it.
    """
    document = workspace.read_at(name)
    _refuse_stranger(workspace, by, [name], Right.TEXT)
    final = document.status in FINAL
    if final and signer is None:
        raise Refused(f"{name} is {document.status}: a new action item needs a signature")
    cells = _new_cells(workspace, name, document, change, today)
    known = {item.id.lower() for summary in catalog(workspace) for item in summary.items}
    known.update(item.id.lower() for item in action_items(document))
    new = next(fresh for fresh in iter(item_id, "") if fresh.lower() not in known)
    cells = {"ID": new, "Status": ItemStatus.OPEN.value, **cells}
    changed = with_table(document, *(column for column in _OPTIONAL if cells.get(column)))
    for column in _OPTIONAL:
        if cells.get(column) and not final:
            changed = _with_column(changed, column)
    row = {}
    for column, text in cells.items():
        header = header_of(action_tables(changed)[-1].columns, column)
        if header is None and text and column != "Status":
            raise _no_column(name, column, final=final)
        if header is not None:
            row[header] = text
    with_row = edits.append_row(changed, action_tables(changed)[-1], row)
    done = (ItemChanged(new, name, row),)
    if final and signer is not None:
        refuse_new_errors(workspace, document, with_row)
        actor, at = signer()
        signed = perform(workspace, actor, ADD_ITEM, name, at=at, note=f"{new} {cells['Action']}", text=with_row)
        return Changed(done, signed.landed)
    refuse_edit(workspace, by, name, Edit(document, with_row))
    landed = _land(workspace, {name: (document, with_row)}, signing, "Add", (new,), note)
    return Changed(done, landed)


def _new_cells(workspace: Workspace, name: str, document: Document, change: Change, today: date) -> dict[str, str]:
    """The cells of a new item; those that it must have are there."""
    cells = cells_of(workspace.policy, change)
    if not cells.get("Due") and (due := default_due(cells.get("Priority", ""), workspace.item_targets, today)):
        cells["Due"] = due
    lacking = [option for column, option in _NEEDED.items() if not cells.get(column)]
    if lacking:
        raise UsageProblem(f"an action item needs {listed(lacking)}", hint=advise("add-item", id=name))
    if date.fromisoformat(cells["Due"]) < today:
        raise UsageProblem(f"--due {cells['Due']} lies in the past")
    refuse_unknown_cause(document, cells.get("Prevents", ""))
    return cells


def change(
    workspace: Workspace,
    by: str,
    wanted: str | Sequence[str],
    change: Change,
    signing: Sequence[str],
    *,
    postmortem: str = "",
) -> Changed:
    """Change the items that `wanted` names, wherever they are (or in `postmortem`), all of them or none.

    Raises NotFound for an unknown item, UsageProblem when a name fits several or a value is wrong, Refused when `by`
    may not change one of them, WONT_DO comes without a reason, or nothing would be different.
    """
    cells = cells_of(workspace.policy, change)
    if not cells:
        raise UsageProblem("nothing to change", hint="pmctl actions set AI-xxxx --status IN_PROGRESS")
    found = _items(workspace, wanted, postmortem)
    _refuse_stranger(workspace, by, [name for name, _, _ in found], Right.TRACKING)
    edited: dict[str, tuple[Document, Document]] = {}
    done: list[ItemChanged] = []
    same = []
    for name, document, item in found:
        before, current = edited.get(name, (document, document))
        if cells.get("Status") == ItemStatus.WONT_DO and not (cells.get("Notes") or item.notes):
            hint = f'pmctl actions set {item.id} --status WONT_DO --notes "why"'
            raise UsageProblem("WONT_DO needs its reason", hint=hint)
        refuse_unknown_cause(document, cells.get("Prevents", ""))
        changed = _with_cells(name, current, item, cells)
        if changed.data == current.data:
            same.append(item.id)
            continue
        edited[name] = before, changed
        done.append(ItemChanged(item.id, name, cells))
    if not done:
        raise Refused(f"{' and '.join(same)} {'says' if len(same) == 1 else 'say'} that already")
    for name, (before, after) in edited.items():
        refuse_edit(workspace, by, name, Edit(before, after))
    landed = _land(workspace, edited, signing, "Update", [one.item for one in done])
    return Changed(tuple(done), landed, tuple(same))


def remove(
    workspace: Workspace, by: str, wanted: str | Sequence[str], signing: Sequence[str], *, postmortem: str = ""
) -> Changed:
    """Take the rows of the items out, all of them or none: where the text may be edited.

    Raises as `change` does.
    """
    found = _items(workspace, wanted, postmortem)
    _refuse_stranger(workspace, by, [name for name, _, _ in found], Right.TEXT)
    edited: dict[str, tuple[Document, Document]] = {}
    done = []
    for name, document, item in found:
        before, current = edited.get(name, (document, document))
        there = _find(current, item)
        edited[name] = before, edits.remove_row(current, there.table, there.row)
        done.append(ItemChanged(item.id, name, {}))
    for name, (before, after) in edited.items():
        refuse_edit(workspace, by, name, Edit(before, after))
    landed = _land(workspace, edited, signing, "Remove", [one.item for one in done])
    return Changed(tuple(done), landed)


def _refuse_stranger(workspace: Workspace, by: str, names: Sequence[str], right: Right) -> None:
    """Raise Refused for somebody whom the policy does not know, before anything else that they lack is asked for."""
    if not by:
        raise refusal([refused(right, (), (), name, workspace.policy) for name in dict.fromkeys(names)])


def _items(
    workspace: Workspace, wanted: str | Sequence[str], postmortem: str
) -> list[tuple[str, Document, ActionItem]]:
    """Each item that is named, once, in its postmortem as HEAD has it."""
    everything = catalog(workspace)
    found: dict[tuple[str, str], tuple[str, Document, ActionItem]] = {}
    for word in (wanted,) if isinstance(wanted, str) else wanted:
        summary, named = named_item(everything, word, postmortem)
        if not named.id:
            hint = f"pmctl validate --fix {summary.id} gives it one"
            raise UsageProblem(f"{named.description!r} of {summary.id} has no id yet", hint=hint)
        document = workspace.read_at(summary.id)
        there = [item for item in action_items(document) if item.id.lower() == named.id.lower()]
        if not there:
            raise Refused(
                f"{named.id} is not in the last commit of {summary.id}", hint=f"commit {path_of(summary.id)} first"
            )
        if len(there) > 1:
            raise UsageProblem(f"{named.id} occurs {len(there)} times in {summary.id}", hint=advise("new-id"))
        found[summary.id, there[0].id] = summary.id, document, there[0]
    return list(found.values())


def _with_cells(name: str, document: Document, item: ActionItem, cells: Mapping[str, str]) -> Document:
    for column, text in cells.items():
        if column in _OPTIONAL and text:
            document = _with_column(document, column)
        current = _find(document, item)
        header = header_of(current.table.columns, column)
        if header is None:
            raise _no_column(name, column)
        document = edits.set_cell(document, current.table, current.row, header, text)
    return document


def _with_column(document: Document, column: str) -> Document:
    """The document whose table has an optional column, as its last one when it had none."""
    table = action_tables(document)[-1]
    return document if header_of(table.columns, column) else edits.append_column(document, table, column)


def _no_column(name: str, column: str, *, final: bool = False) -> UsageProblem:
    hint = advise("add-column", id=name) if final else f"pmctl edit {name}"
    if column == "ID":
        hint = f"pmctl validate --fix {name} adds it"
    return UsageProblem(f"the table of {name} has no column {column}", hint=hint)


def _land(
    workspace: Workspace,
    edited: Mapping[str, tuple[Document, Document]],
    signing: Sequence[str],
    verb: str,
    items: Sequence[str],
    note: str = "",
) -> CommitResult:
    """One commit of all postmortems, none of which has errors that it had not before."""
    for before, after in edited.values():
        refuse_new_errors(workspace, before, after)
    names = list(edited)
    what = f"action item {items[0]}" if len(items) == 1 else plural(len(items), "action item")
    where = names[0] if len(names) == 1 else plural(len(names), "postmortem")
    told = f"\n{', '.join(items)}\n" if len(items) > 1 else ""
    told += f"\n{note}\n" if note else ""
    trailers = "".join(f"Postmortem: {name}\n" for name in names)
    writes = [Write(path_of(name), after.data) for name, (_, after) in edited.items()]
    return commit(workspace.repo, writes, f"{verb} {what} of {where}\n{told}\n{trailers}", signing=signing)


def _find(document: Document, wanted: ActionItem) -> ActionItem:
    return next(item for item in action_items(document) if item.id == wanted.id)


def with_table(document: Document, *more: str) -> Document:
    """The document with an Action Items table to append to; a new one has the columns `more` besides the usual ones."""
    if action_tables(document):
        return document
    columns = (*_USUAL, *more)
    header = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    section = document.section(SECTION)
    if section is None:
        return edits.append_section(document, SECTION, header)
    return edits.replace_section(document, SECTION, section.text.strip("\r\n") + "\n\n" + header)
