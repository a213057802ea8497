"""Two states of a document -> the list of what changed, typed, for policy and for people.

Total and precise: nothing is listed exactly when the bytes are the same, and the content digest changes exactly when
a change of another kind than STATUS, ACCESS, TRACKING and LAYOUT is listed (attachments are compared elsewhere).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pmctl.document.action_table import ActionTable, Line, action_table
from pmctl.document.digest import canonical_json, canonical_range, canonical_value
from pmctl.text import safe

if TYPE_CHECKING:
    from pmctl.document.reader import Document


class ChangeKind(StrEnum):
    """What was changed."""

    CREATED = "created"
    DELETED = "deleted"
    STATUS = "status"
    ACCESS = "access"
    AUTHOR = "author"
    FIELD = "field"
    SECTION = "section"
    TRACKING = "tracking"
    LAYOUT = "layout"
    UNREADABLE = "unreadable"


# Kinds that leave the content digest as it is.
OUTSIDE_CONTENT = frozenset({ChangeKind.STATUS, ChangeKind.ACCESS, ChangeKind.TRACKING, ChangeKind.LAYOUT})

_ACCESS_KEYS = ("reviewers", "editors")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    `key` is the front matter key, or the title of the section ("" for the text before the first one, and, with
    "order" before and after, for the order of the sections); `item` and `column` name an action item's cell, `owner`
    whom the item belonged to before. LAYOUT stands for bytes that mean nothing to a reader of values: comments in the
    front matter, the order of its keys, how a value or a table is written, line ends.
    `before` and `after` are plain values, None when there was none or will be none; for sections they are True
    where the section exists. `line` is the place in the later document, 0 when nothing is left of it.
    """

    kind: ChangeKind
    key: str = ""
    before: Any = None
    after: Any = None
    item: str = ""
    column: str = ""
    line: int = 0
    owner: str = ""

    @property
    def is_content(self) -> bool:
        """Whether it changes what an approval binds."""
        return self.kind not in OUTSIDE_CONTENT

    def describe(self) -> str:
        """One line for people, without control characters."""
        if self.kind in (ChangeKind.CREATED, ChangeKind.DELETED):
            return f"{self.kind} {_shown(self.key)}"
        if self.kind is ChangeKind.UNREADABLE:
            return "changed while it could not be read"
        if self.kind is ChangeKind.LAYOUT:
            return "comments, order or spelling changed"
        if self.kind is ChangeKind.SECTION:
            if not self.key and self.before == self.after == "order":
                return "order of the sections changed"
            name = f"section {_shown(self.key)}" if self.key else "text before the first section"
            verb = "added" if not self.before else "changed" if self.after else "removed"
            return f"{name} {verb}"
        name = f"{self.item or 'action item'} {self.column}" if self.kind is ChangeKind.TRACKING else self.key
        if self.before is None and self.after is None:
            return f"{_shown(name)} without a value added or removed"
        if self.before in (None, ""):
            return f"{_shown(name)} set to {_shown(self.after)}"
        if self.after in (None, ""):
            return f"{_shown(name)} removed (was {_shown(self.before)})"
        return f"{_shown(name)} changed from {_shown(self.before)} to {_shown(self.after)}"


def changes(before: Document | None, after: Document | None) -> tuple[Change, ...]:
    """What changed from one state to the next; None stands for no document. Front matter first, then the body."""
    if before is None or after is None:
        if after is not None:
            return (Change(ChangeKind.CREATED, after.id, after=after.status),)
        return (Change(ChangeKind.DELETED, before.id, before=before.status),) if before is not None else ()
    if before.data == after.data:
        return ()
    if not (before.readable and after.readable):
        return (Change(ChangeKind.UNREADABLE, after.id),)
    front, tracking = _front(before, after), _tracking(before, after)
    found = (*front, *_sections(before, after), *tracking)
    keys = {change.key: change.key in before.front and change.key in after.front for change in front}
    if _written(before, keys) != _written(after, keys) or not _same_lines(before, after, found):
        return (*found, Change(ChangeKind.LAYOUT))
    return found


def _written(doc: Document, keys: dict[str, bool]) -> tuple[bool, str]:
    """The front matter as written, without the entries of `keys`, which are listed as changes of their own.

    An entry takes its line along when nothing else stands on it; of those with true, which stay, the place is marked.
    One with a comment inside is left as it is.
    """
    kept: list[str] = []
    at, text = 0, doc.text
    for key, node in doc.front.items():
        if key not in keys or "#" in text[node.key_start : node.end] or node.key_start < at:
            continue
        line = text.find("\n", node.end) + 1 or len(text)
        kept += (text[at : node.key_start], f"\0{key}" if keys[key] else "")
        at = node.end if text[node.end : line].strip() else line
    return doc.bom, "".join((*kept, text[at : doc.body_start]))


def _same_lines(before: Document, after: Document, found: tuple[Change, ...]) -> bool:
    """Whether the bodies differ in nothing but what is listed. Padding in the table goes with a cell that changed."""
    if before.body == after.body or any(change.kind is ChangeKind.SECTION for change in found):
        return True
    if not any(change.kind is ChangeKind.TRACKING for change in found):
        return False
    return _around_table(before) == _around_table(after)


def _around_table(doc: Document) -> tuple[str, str]:
    table = action_table(doc.text, doc.body_start)
    assert isinstance(table, ActionTable)  # noqa: S101  its cells have changed; for the type checker
    return doc.text[doc.body_start : table.header.start], doc.text[table.end :]


def _front(before: Document, after: Document) -> list[Change]:
    found = []
    for key in {**before.front, **after.front}:
        old, new = before.front.get(key), after.front.get(key)
        # A key without a value differs from no key: the digest tells them apart as well.
        if old is not None and new is not None and _same(canonical_value(key, old), canonical_value(key, new)):
            continue
        kind = ChangeKind.FIELD
        if key == "status":
            kind = ChangeKind.STATUS
        elif key == "author":
            kind = ChangeKind.AUTHOR
        elif key in _ACCESS_KEYS:
            kind = ChangeKind.ACCESS
        found.append(Change(kind, key, before.meta.get(key), after.meta.get(key), line=new.key_line if new else 0))
    return found


def _same(old: Any, new: Any) -> bool:
    """Whether two values are digested alike; to Python, 1 and true would be equal."""
    return canonical_json(old) == canonical_json(new)


def _parts(doc: Document) -> dict[tuple[str, int], tuple[Any, int]]:
    """(title, nth of it) -> (content in the digested form, line); ("", 0) is the text before all sections."""
    sections = doc.sections
    bounds = [doc.body_start, *(section.start for section in sections), len(doc.text)]
    parts: dict[tuple[str, int], tuple[Any, int]] = {
        ("", 0): (canonical_range(doc, bounds[0], bounds[1]), doc.body_line)
    }
    seen: Counter[str] = Counter({"": 1})
    for index, section in enumerate(sections):
        key = (section.title, seen[section.title])
        seen[section.title] += 1
        parts[key] = (canonical_range(doc, bounds[index + 1], bounds[index + 2]), section.line)
    return parts


def _sections(before: Document, after: Document) -> list[Change]:
    old, new = _parts(before), _parts(after)
    found = []
    for key, (content, line) in new.items():
        if key not in old or old[key][0] != content:
            found.append(Change(ChangeKind.SECTION, key[0], key in old, True, line=line))
    found.extend(Change(ChangeKind.SECTION, key[0], True, False) for key in old if key not in new)
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append(Change(ChangeKind.SECTION, "", "order", "order"))
    return found


def _tracking(before: Document, after: Document) -> list[Change]:
    """Cells of the tracking columns, of rows that stand for the same item in both."""
    found: list[Change] = []
    for (old_table, old_row), (new_table, new_row) in _pairs(before, after):
        old_cells, new_cells = _tracked(old_table, old_row), _tracked(new_table, new_row)
        for column in {**old_cells, **new_cells}:
            was, now = old_cells.get(column, ""), new_cells.get(column, "")
            if was != now:
                item = _item_id(new_table, new_row)
                owner = old_cells.get("Owner", "").removeprefix("@")
                found.append(Change(ChangeKind.TRACKING, "", was, now, item, column, new_row.number, owner))
    return found


_Placed = tuple[ActionTable, Line]


def _pairs(before: Document, after: Document) -> list[tuple[_Placed, _Placed]]:
    """Rows by their id where both have it once; otherwise by their place among equally many rows without one."""
    old, new = _rows(before), _rows(after)
    old_ids = Counter(_item_id(*row) for row in old)
    new_ids = Counter(_item_id(*row) for row in new)
    shared = {name for name in new_ids if name and old_ids[name] == new_ids[name] == 1}
    by_id = {_item_id(*row): row for row in old}
    pairs = [(by_id[_item_id(*row)], row) for row in new if _item_id(*row) in shared]
    old_rest = [row for row in old if _item_id(*row) not in shared]
    new_rest = [row for row in new if _item_id(*row) not in shared]
    if [_item_id(*row) for row in old_rest] == [_item_id(*row) for row in new_rest]:
        pairs.extend(zip(old_rest, new_rest, strict=True))
    return pairs


def _rows(doc: Document) -> list[_Placed]:
    table = action_table(doc.text, doc.body_start)
    return [(table, row) for row in table.rows] if isinstance(table, ActionTable) else []


def _item_id(table: ActionTable, row: Line) -> str:
    index = table.column("ID")
    return "" if index is None else row.cells[index]


def _tracked(table: ActionTable, row: Line) -> dict[str, str]:
    return {name: row.cells[index] for index, name in table.tracking.items()}


def _shown(value: Any) -> str:
    """A value on one line, shortened, with anything unprintable escaped."""
    if isinstance(value, dict):
        text = ", ".join(f"{key}: {item}" for key, item in value.items())
    elif isinstance(value, list):
        text = ", ".join(str(item) for item in value)
    else:
        text = str(value)
    text = safe(text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
