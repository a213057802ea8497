"""What happened to action items between two versions of a postmortem. (items before, items after) -> changes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from pmctl.document.action_table import ActionTable, Line, action_table
from pmctl.document.actions import action_items, canonical
from pmctl.document.fields import ITEM_ID, ItemStatus, Priority
from pmctl.document.reader import Document
from pmctl.insight.event import Detail, EventKind

_STATUS = {
    ItemStatus.COMPLETED: EventKind.ITEM_COMPLETED,
    ItemStatus.WONT_DO: EventKind.ITEM_WONT_DO,
    ItemStatus.IN_PROGRESS: EventKind.ITEM_STARTED,
}
_DONE = (ItemStatus.COMPLETED, ItemStatus.WONT_DO)
_TOLD = ("ID", "Action", "Owner", "Due", "Priority", "Status", "Notes", "Kind", "Prevents")
"""Columns: the id, then the fields of ItemFacts in their order."""


class ItemFacts(NamedTuple):
    """What an event may tell of an item."""

    text: str
    owner: str
    due: str
    priority: str
    status: str
    notes: str
    kind: str
    prevents: str


class ItemChange(NamedTuple):
    """One thing that happened to one item; `key` tells it from others of its kind, `before` -> `after`."""

    kind: EventKind
    item: str
    before: str
    after: str
    details: Mapping[str, Detail]


Items = Mapping[str, ItemFacts]


def items_of(document: Document) -> dict[str, ItemFacts]:
    """The items of a document by their ids; those without one, or with one that several have, cannot be followed."""
    if not document.readable:
        return {}
    rows = rows_of(document)
    count = Counter(name for name, _ in rows)
    return {name: facts for name, facts in rows if count[name] == 1 and ITEM_ID.fullmatch(name)}


def rows_of(document: Document) -> list[tuple[str, ItemFacts]]:
    """(id, facts) of every row that has any text, in their order; "" for a row without an id."""
    table = action_table(document.text, document.body_start)
    # The line grammar is quick; where it does not apply the Markdown parser says what readers see.
    return _rows(table) if isinstance(table, ActionTable) and table.tracking else _parsed(document)


def item_changes(before: Items, after: Items) -> Iterator[ItemChange]:
    """What happened, item by item in the order of the later version, what was removed last."""
    for name, now in after.items():
        was = before.get(name)
        if was is None:
            told = {"text": now.text, "owner": now.owner, "due": now.due, "priority": now.priority}
            yield ItemChange(EventKind.ITEM_ADDED, name, "", "", {**told, "status": now.status})
            if now.status in _DONE:
                yield ItemChange(_STATUS[ItemStatus(now.status)], name, "", now.status, _closed(now))
        else:
            yield from _changed(name, was, now)
    for name in (name for name in before if name not in after):
        yield ItemChange(EventKind.ITEM_REMOVED, name, "", "", {"text": before[name].text})


def _changed(name: str, was: ItemFacts, now: ItemFacts) -> Iterator[ItemChange]:
    if was.owner != now.owner:
        yield ItemChange(EventKind.ITEM_ASSIGNED, name, was.owner, now.owner, {"from": was.owner, "to": now.owner})
    if was.due != now.due:
        yield ItemChange(EventKind.ITEM_DUE_MOVED, name, was.due, now.due, {"from": was.due, "to": now.due})
    if was.status == now.status:
        return
    if now.status in _STATUS and not (was.status in _DONE and now.status == ItemStatus.IN_PROGRESS):
        yield ItemChange(_STATUS[ItemStatus(now.status)], name, was.status, now.status, _closed(now))
    elif was.status in _DONE:
        yield ItemChange(EventKind.ITEM_REOPENED, name, was.status, now.status, {"from": was.status, "to": now.status})


def _closed(now: ItemFacts) -> dict[str, Detail]:
    told: dict[str, Detail] = {"text": now.text, "owner": now.owner}
    return {**told, "reason": now.notes} if now.status == ItemStatus.WONT_DO else told


def _rows(table: ActionTable) -> list[tuple[str, ItemFacts]]:
    places = _places(table.header.cells)
    found = []
    for row in table.rows:
        if not any(row.cells):
            continue
        name, *cells = ("" if at is None else row.cells[at].replace("\\|", "|") for at in places)
        found.append((name, _facts(*cells)))
    return found


@lru_cache(maxsize=64)
def _places(header: tuple[str, ...]) -> tuple[int | None, ...]:
    """The index of each column that is told of; nearly all tables have one header."""
    table = ActionTable(Line(0, 0, 0, header), Line(0, 0, 0, ()), (), {})
    return tuple(table.column(name) for name in _TOLD)


def _parsed(document: Document) -> list[tuple[str, ItemFacts]]:
    return [
        (
            one.id,
            _facts(one.description, one.owner, one.due, one.priority, one.status, one.notes, one.kind, one.prevents),
        )
        for one in action_items(document)
    ]


def _facts(
    text: str, owner: str, due: str, priority: str, status: str, notes: str, kind: str, prevents: str
) -> ItemFacts:
    said = canonical(priority, Priority), canonical(status, ItemStatus)
    return ItemFacts(text, owner.removeprefix("@"), due, *said, notes, kind, prevents)
