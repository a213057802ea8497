"""The timeline of a postmortem, brought up to what its incident records say.

A comparison of records -> which rows come in, are reworded or go, and what stays as people wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime

from pmctl.document.markdown_text import line
from pmctl.document.reader import Document
from pmctl.document.timeline import TimelineEntry, entries
from pmctl.services.import_document import TimelineRow
from pmctl.services.refresh import Difference, Refresh, RowUpdate, comparable
from pmctl.text import utc
from pmctl.workflow.timeline_code import with_code, with_other_code
from pmctl.workflow.timeline_rows import merge_entries


def with_timeline(
    before: Document, document: Document, found: Refresh, *, forget: bool
) -> tuple[Document, list[Difference]]:
    """`document` with the rows of a comparison, and the differences. `before` is the document before any other edit
    of this act: it says when each entry was. With `forget` what no record holds any more goes.
    """
    present = entries(before)
    places = _by_text(present)
    reword: dict[int, str] = {}
    add: list[TimelineRow] = []
    recoded: list[tuple[TimelineRow, TimelineRow | None]] = []
    told = [_kept(update) for update in found.kept_rows]
    for update in found.rows:
        at = utc(update.row.at)
        old = update.before
        number = _find(places, old.event, update.row.at, taken=reword) if old else None
        if old is None:
            add.append(update.row)
            told.append(Difference("+", "timeline", f"{at}  {brief(update.row.event)}{_lines(update.row)}"))
        elif number is not None:
            reword[number] = update.row.event
            recoded += [(old, update.row)] if old.code != update.row.code else []
            text = f"{at}  {brief(old.event)}{_lines(old)} -> {brief(update.row.event)}{_lines(update.row)}"
            told.append(Difference("~", "timeline", text))
        else:
            told.append(_kept(update))
    drop: set[int] = set()
    taken = set(reword)
    edited_form = _finder(present, found.imported.timeline)
    for row in found.gone if forget else ():
        number = _find(places, row.event, row.at, taken=taken)
        if number is not None and comparable(present[number].who) == comparable(row.who):
            drop.add(number)
            recoded += [(row, None)] if row.code else []
            taken.add(number)
            told.append(Difference("-", "timeline", f"{utc(row.at)}  {brief(row.event)}"))
        elif edited := present[number] if number is not None else edited_form(row):
            told.append(Difference("=", "timeline", f"{edited.time}  {brief(edited.text)} (edited since)"))
    moved = document.meta.get("started_at") != before.meta.get("started_at")
    if add or reword or drop or moved:
        document = merge_entries(before, document, add=add, reword=reword, drop=frozenset(drop))
    return _with_code(document, add, recoded), told


def _with_code(
    document: Document, add: Sequence[TimelineRow], recoded: Sequence[tuple[TimelineRow, TimelineRow | None]]
) -> Document:
    """The document with the code of new rows, and with that of others (before, after; None: gone) as it is now."""
    new = list(add)
    for old, row in recoded:
        if old.code:
            document = with_other_code(document, old, row.code if row else ())
        elif row is not None:
            new.append(row)
    return with_code(document, new)


def _lines(row: TimelineRow) -> str:
    """How much code belongs to a row, for people."""
    count = sum(block.count("\n") - 1 for block in row.code)
    return f" [{count} {'line' if count == 1 else 'lines'} of code]" if row.code else ""


def _kept(update: RowUpdate) -> Difference:
    what = f"edited here or taken out; the record now says: {brief(update.row.event)}"
    return Difference("=", "timeline", f"{utc(update.row.at)}  {what}")


def _by_text(present: Sequence[TimelineEntry]) -> dict[tuple[str, datetime], list[int]]:
    """The numbers of the entries by text and minute."""
    found: dict[tuple[str, datetime], list[int]] = {}
    for number, entry in enumerate(present):
        if entry.at is not None:
            found.setdefault((comparable(entry.text), _minute(entry.at)), []).append(number)
    return found


def _find(
    places: Mapping[tuple[str, datetime], list[int]], text: str, at: datetime, *, taken: Container[int]
) -> int | None:
    """The first entry with this text at this minute that is not taken yet."""
    return next((n for n in places.get((comparable(text), _minute(at)), ()) if n not in taken), None)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _finder(
    present: Sequence[TimelineEntry], recorded: Sequence[TimelineRow]
) -> Callable[[TimelineRow], TimelineEntry | None]:
    """Finds the entry that somebody made of an imported row.

    That is the one with its text at another time, or another text at its minute which comes from no record that is
    left (`recorded`), one with the same label first.
    """
    ours = {comparable(row.event) for row in recorded}
    texts = {comparable(entry.text): entry for entry in reversed(present)}
    minutes: dict[datetime, list[TimelineEntry]] = {}
    for entry in present:
        if entry.at is not None and comparable(entry.text) not in ours:
            minutes.setdefault(_minute(entry.at), []).append(entry)

    def find(row: TimelineRow) -> TimelineEntry | None:
        text = comparable(row.event)
        near = minutes.get(_minute(row.at), [])
        label = text.partition(": ")[0]
        return texts.get(text) or min(
            near, key=lambda entry: comparable(entry.text).partition(": ")[0] != label, default=None
        )

    return find


def brief(value: object) -> str:
    """A value in at most 160 characters on one line."""
    return line(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value), 160)
