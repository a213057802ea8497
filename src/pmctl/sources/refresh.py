"""What an incident record says now that it did not say when it was imported.

A three-way comparison: the value as imported (the provenance document), the value in the postmortem
today, the value in the record today. What nobody edited follows the record; what somebody edited stays.
Nothing is written here: the answer is a list of differences to show first.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pmctl.errors import BadInput
from pmctl.sources.draft import PROVENANCE_SCHEMA, DraftValues, TimelineRow
from pmctl.sources.instants import parse_instant


class Outcome(StrEnum):
    """What a refresh does with a field."""

    ADDED = "added"  # the postmortem had no value
    UPDATED = "updated"  # nobody edited it, and the record changed
    EXTENDED = "extended"  # a list gains what the record gained; what people added or took out stays so
    KEPT = "kept"  # somebody edited it, and the record changed as well: the edit stays


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
    """All differences, and the provenance document to write once they are applied."""

    fields: tuple[FieldUpdate, ...]
    rows: tuple[RowUpdate, ...]
    provenance: Mapping[str, object]

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
        and all(isinstance(row, dict) and {"at", "text"} <= set(row) for row in rows)
    )
    if not whole or document.get("schema") != PROVENANCE_SCHEMA:
        raise BadInput(f"{path}: not an import document ({PROVENANCE_SCHEMA})", hint="restore the file from git")
    return dict(document)


def refresh(
    imported: Mapping[str, Any],
    current: Mapping[str, Any],
    current_texts: Iterable[str],
    draft: DraftValues,
) -> Refresh:
    """Compare. `imported` is the provenance document, `current` the postmortem's plain front matter plus
    "summary", `current_texts` the texts of its timeline entries, `draft` what the record gives today."""
    fields: list[FieldUpdate] = []
    values = {name: value for name, value in draft.front.items() if name != "incidents"}
    if draft.summary:
        values["summary"] = draft.summary
    known = imported["fields"]
    for name, now in values.items():
        then = known[name]["value"] if name in known else None
        update = _compare(name, then, current.get(name), now)
        if update is not None:
            fields.append(update)
    kept_fields = {**known, **dict(draft.provenance.get("fields", {}))}  # type: ignore[call-overload]
    document = {**draft.provenance, "fields": kept_fields}
    return Refresh(tuple(fields), _rows(imported["timeline"], current_texts, draft), document)


def _compare(name: str, then: Any, today: Any, now: Any) -> FieldUpdate | None:
    if _same(now, then) or _same(now, today):
        return None
    if today in (None, "", [], {}):
        # Imported and gone: somebody took it out.
        return FieldUpdate(name, today, now, Outcome.ADDED) if then in (None, "", []) else None
    if isinstance(now, list) and isinstance(today, list):
        old = then if isinstance(then, list) else []
        gained = [item for item in now if item not in old and item not in today]
        return FieldUpdate(name, today, [*today, *gained], Outcome.EXTENDED) if gained else None
    return FieldUpdate(name, today, now, Outcome.UPDATED if _same(today, then) else Outcome.KEPT)


def _same(first: Any, second: Any) -> bool:
    """Equal as values: times by their moment, texts without regard to white space."""
    if isinstance(first, str) and isinstance(second, str):
        left, right = parse_instant(first), parse_instant(second)
        if left.at is not None and right.at is not None:
            return left.at == right.at
        return first.split() == second.split()
    return bool(first == second)


def _rows(imported: Iterable[Mapping[str, Any]], texts: Iterable[str], draft: DraftValues) -> tuple[RowUpdate, ...]:
    """Entries that were not there at the import. What people deleted since stays deleted."""
    before: dict[str, list[str]] = {}
    for row in imported:
        before.setdefault(str(row["at"]), []).append(str(row["text"]))
    shown = {_plain(text) for text in texts}
    here: dict[str, set[str]] = {}
    for entry in draft.timeline:
        here.setdefault(entry.at, set()).add(entry.event)
    updates = []
    for entry in draft.timeline:
        old = before.get(entry.at, [])
        if entry.event in old or _plain(entry.event) in shown:
            continue
        # At the same second one text went and another came: the entry was reworded.
        reworded = [text for text in old if text not in here[entry.at]]
        if not reworded:
            updates.append(RowUpdate(entry))
        elif _plain(reworded[0]) in shown:
            updates.append(RowUpdate(entry, reworded[0]))
    return tuple(updates)


def _plain(text: str) -> str:
    """A cell's text without what escaping put in, for comparison."""
    return " ".join(html.unescape(text).replace("\\", "").casefold().split())
