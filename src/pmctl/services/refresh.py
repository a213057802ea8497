"""What incident records say now that they did not say when they were imported.

A three-way comparison: the values as imported, the values in the postmortem today, the values in the records today.
What nobody edited follows the records; what somebody edited stays. Nothing is written here: the answer is a list of
differences to show first.
"""

from __future__ import annotations

import html
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pmctl.services.import_document import ImportDocument, TimelineRow
from pmctl.services.instants import parse_instant

# An incident that was opened again no longer has an end.
_ENDS = ("mitigated_at", "resolved_at")
_NOTHING: tuple[object, ...] = (None, "", [], {})


class Outcome(StrEnum):
    """What a refresh does with a field."""

    ADDED = "added"  # the postmortem had no value
    UPDATED = "updated"  # nobody edited it, and the record changed
    EXTENDED = "extended"  # a list gains what the record gained; what people added or took out stays so
    REDUCED = "reduced"  # a list loses what only a record gave that is no longer linked
    REMOVED = "removed"  # nobody edited it, and no record says it any more
    KEPT = "kept"  # somebody edited it, and the record changed as well: the edit stays


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes, for people. `mark` is + (comes in), ~ (is changed), - (goes) or = (stays as
    people wrote it, although the record says something else)."""

    mark: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """One field that the record changed. `before` is the postmortem's value, `after` what it becomes
    (for KEPT: what the record says and the postmortem does not take over)."""

    name: str
    before: Any
    after: Any
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RowUpdate:
    """One timeline entry that is new, or that the record changed: then `before` is what it was."""

    row: TimelineRow
    before: TimelineRow | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """All differences, and the import document to write once they are applied.

    `kept_rows` are entries that the record reworded after somebody had edited or deleted them. `gone` are the
    imported entries that no record holds any more.
    """

    fields: tuple[FieldUpdate, ...]
    rows: tuple[RowUpdate, ...]
    imported: ImportDocument
    kept_rows: tuple[RowUpdate, ...] = ()
    gone: tuple[TimelineRow, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything in the postmortem would change."""
        return bool(self.rows) or any(update.outcome is not Outcome.KEPT for update in self.fields)


def refresh(
    old: ImportDocument,
    new: ImportDocument,
    current: Mapping[str, Any],
    texts: Iterable[str],
    code: str = "",
    *,
    forget: bool = False,
) -> Refresh:
    """Compare. `old` is what was imported, `new` what the records give today; `current` is the postmortem's plain
    front matter plus "summary", `texts` are those of its timeline entries, `code` is the text that the code of
    entries stands in (the whole section).

    With `forget` a record is no longer linked: what only it gave goes as well.
    """
    lost = [name for name in old.values if name not in new.values and (forget or name in _ENDS)]
    fields = [
        update
        for name in (*new.values, *lost)
        if (update := _compare(name, old.values.get(name), current.get(name), new.values.get(name), forget))
    ]
    kept = {name: value for name, value in old.values.items() if name not in lost}
    document = replace(new, values={**kept, **new.values}, paths={**old.paths, **new.paths})
    rows, kept_rows, gone = _rows(
        old.timeline, new.timeline, {comparable(text) for text in texts}, code, loosely=not forget
    )
    return Refresh(tuple(fields), rows, document, kept_rows, gone)


def comparable(text: str) -> str:
    """A cell's text without what escaping put in, and without regard to case and white space."""
    return " ".join(html.unescape(text).replace("\\", "").casefold().split())


def _compare(name: str, then: Any, today: Any, now: Any, forget: bool) -> FieldUpdate | None:
    if _same(now, then) or _same(now, today):
        return None
    if now is None:
        return _withdrawn(name, then, today)
    if today in _NOTHING:
        # Imported and gone: somebody took it out.
        return FieldUpdate(name, today, now, Outcome.ADDED) if then in _NOTHING else None
    if isinstance(now, list) and isinstance(today, list):
        before = then if isinstance(then, list) else []
        gained = [item for item in now if item not in before and item not in today]
        lost = [item for item in before if item not in now and item in today] if forget else []
        after = [*(item for item in today if item not in lost), *gained]
        outcome = Outcome.REDUCED if lost else Outcome.EXTENDED
        return FieldUpdate(name, today, after, outcome) if gained or lost else None
    return FieldUpdate(name, today, now, Outcome.UPDATED if _same(today, then) else Outcome.KEPT)


def _withdrawn(name: str, then: Any, today: Any) -> FieldUpdate | None:
    """What no record says any more."""
    if today in _NOTHING:
        return None
    if isinstance(then, list) and isinstance(today, list):
        after = [item for item in today if item not in then]
        if len(after) == len(today):
            return None
        return FieldUpdate(name, today, after, Outcome.REDUCED if after else Outcome.REMOVED)
    return FieldUpdate(name, today, None, Outcome.REMOVED if _same(today, then) else Outcome.KEPT)


def _same(first: Any, second: Any) -> bool:
    """Equal as values: times by their moment, texts without regard to white space."""
    if isinstance(first, str) and isinstance(second, str):
        left, right = parse_instant(first), parse_instant(second)
        if left.at is not None and right.at is not None:
            return left.at == right.at
        return first.split() == second.split()
    return bool(first == second)


def _rows(
    old: Sequence[TimelineRow], new: Sequence[TimelineRow], texts: Container[str], code: str, *, loosely: bool
) -> tuple[tuple[RowUpdate, ...], tuple[RowUpdate, ...], tuple[TimelineRow, ...]]:
    """Entries that were not there at the import, those that somebody else changed too, and those that are gone.

    What people deleted since stays deleted.
    """
    known = {_said(row) for row in old}
    said = {_said(row) for row in new}
    fresh = [row for row in new if _said(row) not in known]
    left = [row for row in old if _said(row) not in said]
    reworded = _pairs(fresh, left, loosely)
    others = _without_code(code, old)
    updates: list[RowUpdate] = []
    kept: list[RowUpdate] = []
    for number, row in enumerate(fresh):
        before = reworded.get(number)
        if comparable(row.event) in texts and all(block in others for block in row.code):
            continue
        if before is None:
            updates.append(RowUpdate(row))
        elif comparable(before.event) in texts and all(block in code for block in before.code):
            updates.append(RowUpdate(row, before))
        elif not _labelled(row.event, before.event):
            kept.append(RowUpdate(row, before))
    used = {id(row) for row in reworded.values()}
    return tuple(updates), tuple(kept), tuple(row for row in left if id(row) not in used)


def _without_code(code: str, rows: Sequence[TimelineRow]) -> str:
    """The text without what these rows put there: the same code below another one is not theirs."""
    for block in sorted((block for row in rows for block in row.code), key=len, reverse=True):
        code = code.replace(block, "", 1)
    return code


def _said(row: TimelineRow) -> tuple[object, ...]:
    return row.at, row.event, row.code


def _pairs(fresh: Sequence[TimelineRow], left: Sequence[TimelineRow], loosely: bool) -> dict[int, TimelineRow]:
    """Which new entry (by number) is an old one in other words: at the same second, one with a label and one
    without first, then (`loosely`) one that went and one that came."""
    waiting: dict[datetime, list[TimelineRow]] = {}
    for row in left:
        waiting.setdefault(row.at, []).append(row)
    found: dict[int, TimelineRow] = {}
    for labels_only in (True, False) if loosely else (True,):
        for number, entry in enumerate(fresh):
            for row in waiting.get(entry.at, []) if number not in found else []:
                if not labels_only or _labelled(entry.event, row.event):
                    found[number] = row
                    waiting[entry.at].remove(row)
                    break
    return found


def _labelled(first: str, second: str) -> bool:
    """Whether two texts are one but for the name of the incident before it."""
    return first.endswith(f": {second}") or second.endswith(f": {first}")
