"""Add and move action items. Each act changes one row and is one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pmctl.document import edits
from pmctl.document.actions import COLUMNS, SECTION, ActionItem, action_items, action_tables, canonical
from pmctl.document.fields import ItemStatus, Priority, path_of
from pmctl.document.reader import Document
from pmctl.errors import BadInput, NotFound, Refused, UsageProblem
from pmctl.insight.catalog import catalog
from pmctl.insight.readiness import refuse_new_errors
from pmctl.policy.act import ADD_ITEM
from pmctl.policy.edits import Edit
from pmctl.policy.model import Policy
from pmctl.policy.state import FINAL
from pmctl.repository.actor import Actor
from pmctl.repository.transaction import Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import parse_day
from pmctl.workflow.create import item_id
from pmctl.workflow.editing import refuse_edit
from pmctl.workflow.lifecycle import perform

_HEADER = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different in an item; None leaves a cell as it is."""

    description: str | None = None
    owner: str | None = None
    due: str | None = None
    priority: str | None = None
    status: str | None = None
    ticket: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The item after the act: its id, its postmortem, what was written per column, and the commit."""

    item: str
    postmortem: str
    cells: Mapping[str, str]
    commit: str


def add(
    workspace: Workspace,
    by: str,
    name: str,
    change: Change,
    signing: Sequence[str],
    *,
    today: date,
    signer: Callable[[], tuple[Actor, datetime]] | None = None,
) -> Changed:
    """Add an item to the postmortem `name`; `by` is the handle of who does it.

    What a published postmortem says is bound, so there the new row is an act with a record: `signer` gives who signs it
    and the time that the record claims. Raises UsageProblem for a missing or wrong value, Refused when `by` may not do
    it.
    """
    document = workspace.read_at(name)
    if document.status in FINAL and signer is None:
        raise Refused(f"{name} is {document.status}: a new action item needs a signature")
    cells = _cells(workspace.policy, change)
    for column in ("Action", "Owner", "Due", "Priority"):
        if not cells.get(column):
            option = "TEXT" if column == "Action" else f"--{column.lower()}"
            raise UsageProblem(f"an action item needs {option}", hint=f"pmctl actions add {name} --help")
    if date.fromisoformat(cells["Due"]) < today:
        raise UsageProblem(f"--due {cells['Due']} lies in the past")
    known = {item.id for item in action_items(document)}
    new = next(fresh for fresh in iter(item_id, "") if fresh not in known)
    cells = {"ID": new, "Status": ItemStatus.OPEN.value, **cells}
    changed = with_table(document)
    table = action_tables(changed)[-1]
    present = {column: COLUMNS[column] for column in cells}
    row = {header: cells[column] for column, names in present.items() if (header := header_of(table.columns, names))}
    with_row = edits.append_row(changed, table, row)
    if document.status in FINAL and signer is not None:
        refuse_new_errors(workspace, document, with_row)
        actor, at = signer()
        done = perform(workspace, actor, ADD_ITEM, name, at=at, note=f"{new} {cells['Action']}", text=with_row)
        return Changed(new, name, row, done.commit)
    refuse_edit(workspace, by, name, Edit(document, with_row))
    return _land(workspace, document, with_row, name, new, row, signing, f"Add action item {new}")


def change(workspace: Workspace, by: str, wanted: str, change: Change, signing: Sequence[str]) -> Changed:
    """Change the item with the id `wanted`, wherever it is; only its row is touched.

    Raises NotFound for an unknown id, UsageProblem when it occurs twice or a value is wrong, Refused when
    `by` may not change it or WONT_DO comes without a reason.
    """
    name = _postmortem_of(workspace, wanted)
    document = workspace.read_at(name)
    item = next((found for found in action_items(document) if found.id.lower() == wanted.lower()), None)
    if item is None:
        raise Refused(f"{wanted} is not in the last commit of {name}", hint=f"commit {path_of(name)} first")
    cells = _cells(workspace.policy, change)
    if not cells:
        raise UsageProblem("nothing to change", hint="pmctl actions set ID --status IN_PROGRESS")
    if cells.get("Status") == ItemStatus.WONT_DO and not (cells.get("Notes") or item.notes):
        raise UsageProblem(
            "WONT_DO needs its reason", hint=f'pmctl actions set {item.id} --status WONT_DO --notes "why"'
        )
    changed, written = document, {}
    for column, text in cells.items():
        current = _find(changed, item)
        header = header_of(current.table.columns, COLUMNS[column])
        if header is None:
            raise UsageProblem(f"the table of {name} has no column {column}", hint=f"pmctl edit {name}")
        changed = edits.set_cell(changed, current.table, current.row, header, text)
        written[column] = text
    if changed.data == document.data:
        raise Refused(f"{item.id} says that already")
    refuse_edit(workspace, by, name, Edit(document, changed))
    return _land(workspace, document, changed, name, item.id, written, signing, f"Update action item {item.id}")


def _land(
    workspace: Workspace,
    document: Document,
    changed: Document,
    name: str,
    item: str,
    cells: Mapping[str, str],
    signing: Sequence[str],
    verb: str,
) -> Changed:
    refuse_new_errors(workspace, document, changed)
    message = f"{verb} of {name}\n\nPostmortem: {name}\n"
    landed = commit(workspace.repo, [Write(path_of(name), changed.data)], message, signing=signing)
    return Changed(item, name, dict(cells), landed.oid)


def _find(document: Document, wanted: ActionItem) -> ActionItem:
    return next(item for item in action_items(document) if item.id == wanted.id)


def header_of(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column among `columns` that goes by one of these names, without regard to case."""
    known = {name.lower() for name in names}
    return next((column for column in columns if column.lower() in known), None)


def with_table(document: Document) -> Document:
    """The document with an Action Items table to append to."""
    if action_tables(document):
        return document
    section = document.section(SECTION)
    if section is None:
        return edits.append_section(document, SECTION, _HEADER)
    return edits.replace_section(document, SECTION, section.text.strip("\r\n") + "\n\n" + _HEADER)


def _postmortem_of(workspace: Workspace, wanted: str) -> str:
    if not wanted.strip():
        raise UsageProblem("an item is named by its id", hint="pmctl actions list; pmctl validate --fix gives ids")
    everything = catalog(workspace)
    found = [summary.id for summary in everything for item in summary.items if item.id.lower() == wanted.lower()]
    if not found:
        close = [
            item.id for summary in everything for item in summary.items if item.id.lower().endswith(wanted.lower())
        ]
        raise NotFound(
            f"no action item has the id {wanted}",
            hint="pmctl actions list",
            details=(
                *(f"did you mean {c}?" for c in close[:3]),
                *(f"it may be in {one.id}, which cannot be read: {one.problem}" for one in everything if one.problem),
            ),
        )
    if len(found) > 1:
        raise UsageProblem(
            f"{wanted} occurs {len(found)} times", hint="give one of them another id", details=tuple(found)
        )
    return found[0]


def _cells(policy: Policy, change: Change) -> dict[str, str]:
    """Column -> text for what is to be written, checked and in canonical spelling."""
    cells: dict[str, str] = {}
    if change.description is not None:
        cells["Action"] = change.description
    if change.owner is not None:
        cells["Owner"] = "@" + _person(policy, change.owner)
    if change.due is not None:
        cells["Due"] = _day(change.due)
    if change.priority is not None:
        cells["Priority"] = _choice("--priority", change.priority, Priority)
    if change.status is not None:
        cells["Status"] = _choice("--status", change.status, ItemStatus)
    cells.update({"Ticket": change.ticket} if change.ticket is not None else {})
    cells.update({"Notes": change.notes} if change.notes is not None else {})
    for column, text in cells.items():
        if "\n" in text or "\r" in text:
            raise BadInput(f"{column} must be one line")
    return cells


def _person(policy: Policy, owner: str) -> str:
    handle = owner.removeprefix("@")
    if handle in policy.people:
        return handle
    if handle in policy.teams:
        members = ", ".join(policy.teams[handle])
        raise UsageProblem(f"--owner {handle} is a team; one person owns an item", hint=f"its members: {members}")
    raise UsageProblem(f"--owner {handle}: not in the policy", hint="pmctl people list")


def _day(text: str) -> str:
    if parse_day(text) is None:
        raise UsageProblem(f"--due {text}: not a day", hint="write it as 2024-01-22")
    return text


def _choice(option: str, text: str, known: type[ItemStatus] | type[Priority]) -> str:
    value = canonical(text, known)
    if value not in known.__members__:
        raise UsageProblem(f"{option} {text}: not one of {', '.join(known)}")
    return value
