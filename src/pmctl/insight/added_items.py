"""Which action items were added to a postmortem after it was published, by the records that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.fields import ITEM_ID
from pmctl.objects import CorruptObject, MissingObject
from pmctl.policy.act import ADD_ITEM

if TYPE_CHECKING:
    from pmctl.ledger.snapshot import Snapshot


class AddedItem(NamedTuple):
    """An item, who added it, and when they say that they did."""

    item: str
    by: str
    at: str


def added_later(snapshot: Snapshot, name: str) -> tuple[AddedItem, ...]:
    """The items that records of the postmortem `name` add, in order. The audit proves them, and reports any other row.

    A record that cannot be read adds nothing here; whoever asks where the postmortem stands is told of it.
    """
    from pmctl.ledger import record

    found: list[AddedItem] = []
    try:
        records = sorted(snapshot.records(name).items())
    except (MissingObject, CorruptObject):
        return ()
    for file, entry in records:
        parts = record.parse_path(f"{record.FOLDER}/{name}/{file}") if file.endswith(".json") else None
        if parts is None or parts.act != ADD_ITEM or entry.is_tree:
            continue
        try:
            act = record.from_bytes(snapshot.source.reader.blob(entry.oid))
        except (record.RecordProblem, MissingObject, CorruptObject):
            continue
        item = act.note.partition(" ")[0]
        if ITEM_ID.fullmatch(item):
            found.append(AddedItem(item, act.by, act.at))
    return tuple(found)
