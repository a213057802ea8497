"""The timeline of a postmortem, brought up to what its incident records say.

A comparison of records -> which rows come in, are reworded or go, and what stays as people wrote it, as
(mark, place, text) for people.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from pmctl.document.reader import Document
from pmctl.document.timeline import TimelineEntry, entries
from pmctl.services.draft import DraftValues
from pmctl.services.instants import parse_instant
from pmctl.services.refresh import Refresh, RowUpdate, shown
from pmctl.workflow.timeline_rows import merge_entries

_Told = list[tuple[str, str, str]]


def with_timeline(
    before: Document, document: Document, found: Refresh, draft: DraftValues, *, forget: bool
) -> tuple[Document, _Told, _Told]:
    """`document` with the rows of a comparison, what was done and what was kept. `before` is the document before
    any other edit of this act: it says when each entry was. With `forget` what no record holds any more goes.
    """
    present = entries(before)
    places = _by_text(present)
    reword: dict[int, str] = {}
    add = []
    done: _Told = []
    kept = [_kept_row(update) for update in found.kept_rows]
    for update in found.rows:
        at = update.row.at
        number = _find(places, update.before, at, taken=reword) if update.before else None
        if not update.before:
            add.append(update.row)
            done.append(("+", "timeline", f"{at}  {brief(update.row.event)}"))
        elif number is not None:
            reword[number] = update.row.event
            done.append(("~", "timeline", f"{at}  {brief(update.before)} -> {brief(update.row.event)}"))
        else:
            kept.append(_kept_row(update))
    drop: set[int] = set()
    taken = set(reword)
    edited_rows = _Edited(present, draft)
    for row in found.gone if forget else ():
        number = _find(places, str(row["text"]), str(row["at"]), taken=taken)
        if number is not None and shown(present[number].who) == shown(str(row.get("who", ""))):
            drop.add(number)
            taken.add(number)
            done.append(("-", "timeline", f"{row['at']}  {brief(row['text'])}"))
        else:
            edited = present[number] if number is not None else edited_rows.of(row)
            if edited is not None:
                kept.append(("=", "timeline", f"{edited.time}  {brief(edited.text)} (edited since)"))
    if add or reword or drop:
        document = merge_entries(before, document, add=add, reword=reword, drop=frozenset(drop))
    elif document.meta.get("started_at") != before.meta.get("started_at"):
        document = merge_entries(before, document)
    return document, done, kept


def _kept_row(update: RowUpdate) -> tuple[str, str, str]:
    text = f"{update.row.at}  edited here or taken out; the record now says: {brief(update.row.event)}"
    return ("=", "timeline", text)


def _by_text(present: Sequence[TimelineEntry]) -> dict[tuple[str, datetime], list[int]]:
    """The numbers of the entries by text and minute."""
    found: dict[tuple[str, datetime], list[int]] = {}
    for number, entry in enumerate(present):
        if entry.at is not None:
            found.setdefault((shown(entry.text), entry.at.replace(second=0)), []).append(number)
    return found


def _find(places: Mapping[tuple[str, datetime], list[int]], text: str, at: str, *, taken: Container[int]) -> int | None:
    """The first entry with this text at this minute that is not taken yet."""
    moment = parse_instant(at).at
    if moment is None:
        return None
    return next((n for n in places.get((shown(text), moment.replace(second=0)), ()) if n not in taken), None)


class _Edited:
    """Finds the entry that somebody made of an imported row."""

    def __init__(self, present: Sequence[TimelineEntry], draft: DraftValues) -> None:
        ours = {shown(entry.event) for entry in draft.timeline}
        self.texts = {shown(entry.text): entry for entry in reversed(present)}
        self.minutes: dict[datetime, list[TimelineEntry]] = {}
        for entry in present:
            if entry.at is not None and shown(entry.text) not in ours:
                self.minutes.setdefault(entry.at.replace(second=0), []).append(entry)

    def of(self, row: Mapping[str, Any]) -> TimelineEntry | None:
        """The entry with the row's text at another time, or another text at its minute which comes from no
        record that is left, one with the same label first."""
        moment = parse_instant(str(row["at"])).at
        found = self.texts.get(shown(str(row["text"])))
        if found is not None or moment is None:
            return found
        label = shown(str(row["text"])).partition(": ")[0]
        near = self.minutes.get(moment.replace(second=0), [])
        return min(near, key=lambda entry: shown(entry.text).partition(": ")[0] != label, default=None)


def brief(value: object) -> str:
    """A value in at most 160 characters on one line."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    line = " ".join(text.replace("\\|", "|").split())
    return line if len(line) <= 160 else f"{line[:159]}…"
