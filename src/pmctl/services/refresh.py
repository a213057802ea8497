"""What incident records say now that they did not say when they were imported.

A three-way comparison: the values as imported (the import document), the values in the postmortem today,
the values in the records today. What nobody edited follows the records; what somebody edited stays.
Nothing is written here: the answer is a list of differences to show first.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pmctl.errors import BadInput
from pmctl.services.draft import PROVENANCE_SCHEMA, DraftValues, TimelineRow
from pmctl.services.incident import Incident
from pmctl.services.instants import parse_instant
from pmctl.services.stored import restored

# An incident that was opened again has no end any more.
_ENDS = ("mitigated_at", "resolved_at")


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
    """One timeline entry that is new, or whose text the record changed: then `before` is the old text."""

    row: TimelineRow
    before: str = ""


@dataclass(frozen=True, slots=True)
class Refresh:
    """All differences, and the provenance document to write once they are applied.

    `kept_rows` are entries that the record reworded after somebody had edited or deleted them. `gone` are the
    imported entries (mappings with at, text, who) that no record holds any more.
    """

    fields: tuple[FieldUpdate, ...]
    rows: tuple[RowUpdate, ...]
    provenance: Mapping[str, object]
    kept_rows: tuple[RowUpdate, ...] = ()
    gone: tuple[Mapping[str, Any], ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything in the postmortem would change."""
        return bool(self.rows) or any(update.outcome is not Outcome.KEPT for update in self.fields)


def parse_provenance(data: bytes, path: str) -> dict[str, Any]:
    """The import document of a postmortem. Raises BadInput when it is not one."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not valid JSON", hint="restore the file from git") from error
    fields = document.get("fields") if isinstance(document, dict) else None
    rows = document.get("timeline") if isinstance(document, dict) else None
    whole = (
        isinstance(fields, dict)
        and isinstance(rows, list)
        and all(isinstance(field, dict) and "value" in field for field in fields.values())
        and all(isinstance(row, dict) and {"at", "text"} <= set(row) and _is_texts([*row.values()]) for row in rows)
        and _is_texts(document.get("action_items", []))
        and isinstance(document.get("impact", []), list)
        and all(_is_texts(row) and len(row) == 2 for row in document.get("impact", []))
        and isinstance(document.get("parts", []), list)
    )
    if not whole or document.get("schema") != PROVENANCE_SCHEMA:
        raise BadInput(f"{path}: not an import document ({PROVENANCE_SCHEMA})", hint="restore the file from git")
    return dict(document)


def imported_parts(document: Mapping[str, Any], path: str) -> tuple[Incident, ...]:
    """The incidents that an import document was made from, each as its record was. Raises BadInput."""
    return tuple(restored(part, path) for part in document.get("parts", []))


def refresh(
    imported: Mapping[str, Any],
    current: Mapping[str, Any],
    current_texts: Iterable[str],
    draft: DraftValues,
    *,
    forget: bool = False,
) -> Refresh:
    """Compare. `imported` is the provenance document, `current` the postmortem's plain front matter plus
    "summary", `current_texts` the texts of its timeline entries, `draft` what the records give today.
    With `forget` a record is no longer linked: what only it gave goes as well."""
    values = {name: value for name, value in draft.front.items() if name != "incidents"}
    if draft.summary:
        values["summary"] = draft.summary
    known = imported["fields"]
    lost = [name for name in known if name not in values and (forget or name in _ENDS)]
    fields = [
        update
        for name in (*values, *lost)
        if (update := _compare(name, known.get(name, {}).get("value"), current.get(name), values.get(name), forget))
    ]
    kept = {name: field for name, field in known.items() if name not in lost}
    document = {**draft.provenance, "fields": {**kept, **dict(draft.provenance.get("fields", {}))}}  # type: ignore[call-overload]
    rows, kept_rows, gone = _rows(imported["timeline"], current_texts, draft, loosely=not forget)
    return Refresh(tuple(fields), rows, document, kept_rows, gone)


def shown(text: str) -> str:
    """A cell's text without what escaping put in, for comparison."""
    return " ".join(html.unescape(text).replace("\\", "").casefold().split())


def _compare(name: str, then: Any, today: Any, now: Any, forget: bool) -> FieldUpdate | None:
    if _same(now, then) or _same(now, today):
        return None
    if now is None:
        return _withdrawn(name, then, today)
    if today in (None, "", [], {}):
        # Imported and gone: somebody took it out.
        return FieldUpdate(name, today, now, Outcome.ADDED) if then in (None, "", []) else None
    if isinstance(now, list) and isinstance(today, list):
        old = then if isinstance(then, list) else []
        gained = [item for item in now if item not in old and item not in today]
        lost = [item for item in old if item not in now and item in today] if forget else []
        after = [*(item for item in today if item not in lost), *gained]
        outcome = Outcome.REDUCED if lost else Outcome.EXTENDED
        return FieldUpdate(name, today, after, outcome) if gained or lost else None
    return FieldUpdate(name, today, now, Outcome.UPDATED if _same(today, then) else Outcome.KEPT)


def _withdrawn(name: str, then: Any, today: Any) -> FieldUpdate | None:
    """What no record says any more."""
    if today in (None, "", [], {}):
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
    imported: Sequence[Mapping[str, Any]], texts: Iterable[str], draft: DraftValues, *, loosely: bool
) -> tuple[tuple[RowUpdate, ...], tuple[RowUpdate, ...], tuple[Mapping[str, Any], ...]]:
    """Entries that were not there at the import, those that somebody else changed too, and those that are gone.

    What people deleted since stays deleted.
    """
    known = {(row["at"], row["text"]) for row in imported}
    said = {(entry.at, entry.event) for entry in draft.timeline}
    fresh = [entry for entry in draft.timeline if (entry.at, entry.event) not in known]
    left = [row for row in imported if (row["at"], row["text"]) not in said]
    reworded = _pairs(fresh, left, loosely)
    here = {shown(text) for text in texts}
    updates: list[RowUpdate] = []
    kept: list[RowUpdate] = []
    for number, entry in enumerate(fresh):
        old = reworded.get(number)
        if shown(entry.event) in here:
            continue
        if old is None:
            updates.append(RowUpdate(entry))
        else:
            text = str(old["text"])
            if shown(text) in here:
                updates.append(RowUpdate(entry, text))
            elif not _labelled(entry.event, text):
                kept.append(RowUpdate(entry, text))
    used = {id(row) for row in reworded.values()}
    return tuple(updates), tuple(kept), tuple(row for row in left if id(row) not in used)


def _pairs(
    fresh: Sequence[TimelineRow], left: Sequence[Mapping[str, Any]], loosely: bool
) -> dict[int, Mapping[str, Any]]:
    """Which new entry (by number) is an old one in other words: at the same second, one with a label and one
    without first, then (`loosely`) one that went and one that came."""
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for row in left:
        waiting.setdefault(str(row["at"]), []).append(row)
    found: dict[int, Mapping[str, Any]] = {}
    for labels_only in (True, False) if loosely else (True,):
        for number, entry in enumerate(fresh):
            for row in waiting.get(entry.at, []) if number not in found else []:
                text = str(row["text"])
                if not labels_only or _labelled(entry.event, text):
                    found[number] = row
                    waiting[entry.at].remove(row)
                    break
    return found


def _labelled(first: str, second: str) -> bool:
    """Whether two texts are one but for the name of the incident before it."""
    return first.endswith(f": {second}") or second.endswith(f": {first}")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
