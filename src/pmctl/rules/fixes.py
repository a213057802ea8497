"""`pmctl validate --fix`: mend what has exactly one right answer, and nothing else.

Each mend is a surgical edit of the document (`pmctl.document.edits`), so every byte that it does not mean to
change stays. Fixing a fixed document changes nothing. Nothing is written or staged here.
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pmctl.errors import BadInput

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of an item's id: none that is mistaken for another one."""

_STATUS = {
    **dict.fromkeys(("DONE", "CLOSED", "COMPLETE", "FINISHED", "RESOLVED"), "COMPLETED"),
    **dict.fromkeys(("TODO", "TO_DO", "NEW", "NOT_STARTED"), "OPEN"),
    **dict.fromkeys(("DOING", "STARTED", "WIP", "ONGOING"), "IN_PROGRESS"),
    **dict.fromkeys(("WONTFIX", "WONT_FIX", "WON'T_FIX", "WON'T_DO", "WILL_NOT_DO"), "WONT_DO"),
}
_PRIORITY = {"HI": "HIGH", "MED": "MEDIUM", "NORMAL": "MEDIUM"}
_OPTIONAL_CELLS = ("Ticket", "Notes")


class Chooser(Protocol):
    """A source of random choices: `random.Random`, or a seeded one in a test."""

    def choice(self, seq: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A document after the mends, and what was mended, one line each, in order. `document` is the same object when
    nothing was.
    """

    document: Document
    applied: tuple[str, ...] = ()


def fix(doc: Document, context: Context, *, random: Chooser | None = None) -> Fixed:
    """Mend what has one right answer: items without an id, the spelling of status and priority, rows that are too
    short for their optional cells, the order of the sections.

    A document that can't be read is returned as it is. Codes that the settings ignore are not mended.
    """
    if not doc.readable:
        return Fixed(doc)
    context = context.of_document(doc)
    chooser = random or _random.SystemRandom()
    applied: list[str] = []
    for code, mend in _MENDS:
        if not _active(code, doc, context):
            continue
        try:
            doc = mend(doc, context, chooser, applied)
        except BadInput as problem:
            # The edit would have changed more than it meant to: leave that part to a person.
            applied.append(f"not mended ({code}): {problem.message}")
    return Fixed(doc, tuple(applied))


def unified_diff(before: str, after: str, path: str) -> str:
    """What a mend would change, as a unified diff with three lines of context; "" when nothing."""
    from difflib import unified_diff as lines_of

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = lines_of(old, new, f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def new_item_id(taken: Iterable[str], chooser: Chooser) -> str:
    """A new `AI-xxxx` that is none of the taken ones (compared without regard to case)."""
    used = {one.casefold() for one in taken}
    while True:
        one = "AI-" + "".join(chooser.choice(_ALPHABET) for _ in range(4))
        if one.casefold() not in used:
            return one


def _active(code: str, doc: Document, context: Context) -> bool:
    from pmctl.rules.settings import matches

    settings = context.settings
    ignored = settings.ignored_for(doc.path)
    return (not settings.select or matches(code, settings.select)) and not (ignored and matches(code, ignored))


def _ids(doc: Document, _context: Context, chooser: Chooser, applied: list[str]) -> Document:
    """Give an id to every item that has none."""
    from pmctl.document.actions import action_items

    taken = [item.id for item in action_items(doc) if item.id]

    def missing(item: ActionItem) -> str | None:
        cell = item.cell("ID")
        if cell is None or cell.text:
            return None
        taken.append(new_item_id(taken, chooser))
        return taken[-1]

    return _cells(doc, "ID", missing, applied)


def _statuses(doc: Document, _context: Context, _chooser: Chooser, applied: list[str]) -> Document:
    return _cells(doc, "Status", lambda item: _spelling(item, "Status", item.status, _STATUS), applied)


def _priorities(doc: Document, _context: Context, _chooser: Chooser, applied: list[str]) -> Document:
    return _cells(doc, "Priority", lambda item: _spelling(item, "Priority", item.priority, _PRIORITY), applied)


def _spelling(item: ActionItem, column: str, canonical: str, others: dict[str, str]) -> str | None:
    """The right spelling of a cell, None when it is right already or nobody can tell."""
    cell = item.cell(column)
    if cell is None or not cell.text:
        return None
    key = "_".join(cell.text.upper().replace("-", " ").replace("_", " ").replace("’", "'").split())
    right = others.get(key, canonical)
    return right if right != cell.text else None


def _short_rows(doc: Document, _context: Context, _chooser: Chooser, applied: list[str]) -> Document:
    """Add the empty cells that a row lacks at its end, when only optional ones are lacking."""

    def empty(item: ActionItem) -> str | None:
        lacking = [name for name, cell in zip(item.table.columns, item.row.cells, strict=True) if cell.missing]
        known = {name for name in lacking if name.casefold() in {one.casefold() for one in _OPTIONAL_CELLS}}
        return "" if lacking and len(known) == len(lacking) else None

    return _cells(doc, "", empty, applied)


def _cells(doc: Document, column: str, wanted: Callable[[ActionItem], str | None], applied: list[str]) -> Document:
    """Set one cell of each item for which `wanted` gives a text. Items are found again after every edit, by place."""
    from pmctl.document.actions import action_items, column_of
    from pmctl.document.edits import set_cell

    index = 0
    while index < len(items := action_items(doc)):
        item = items[index]
        index += 1
        text = wanted(item)
        if text is None:
            continue
        place = column_of(item.table, column) if column else len(item.table.columns) - 1
        if place is None:
            continue
        old = item.row.cells[place].text
        doc = set_cell(doc, item.table, item.row, place, text)
        what = f"{column} {old!r} is now {text!r}" if column else "added the missing optional cells"
        applied.append(f"line {item.line}: {what}")
    return doc


def _order(doc: Document, context: Context, _chooser: Chooser, applied: list[str]) -> Document:
    """Put the template's sections into the template's order; every other section stays behind the one it follows."""
    places = {title.casefold(): place for place, title in enumerate(context.template.sections)}
    sections = doc.sections
    known = [places.get(section.title.casefold(), -1) for section in sections]
    ordered = [place for place in known if place >= 0]
    if ordered == sorted(ordered) or len(set(ordered)) != len(ordered) or any(s.level != 2 for s in sections):
        return doc
    from pmctl.document.edits import set_body_text

    text = doc.text
    starts = [*(section.start for section in sections), len(text)]
    groups: list[tuple[int, str]] = []
    lead = text[doc.body_start : starts[0]]
    for number, place in enumerate(known):
        chunk = text[starts[number] : starts[number + 1]]
        if place < 0 and groups:
            groups[-1] = (groups[-1][0], groups[-1][1] + chunk)
        else:
            groups.append((place, chunk))
    if any(heading.level == 1 and heading.start > starts[0] for heading in doc.headings):
        return doc  # an H1 between the sections: nobody can tell what belongs to it
    last = groups[-1]
    moved = sorted(groups, key=lambda group: group[0])
    chunks = [chunk for _, chunk in moved]
    if moved[-1] is not last:
        # The section that stood last may end without a blank line, or without a newline.
        spot = next(index for index, group in enumerate(moved) if group is last)
        bare = last[1].rstrip("\r\n")
        chunks[spot] = bare + doc.newline * 2
        chunks[-1] = chunks[-1].rstrip("\r\n") + last[1][len(bare) :]
    if "\r" in text.replace(doc.newline, "\n"):
        return doc  # mixed line endings, which writing the body would make one
    result = set_body_text(doc, lead + "".join(chunks))
    if sorted(map(_content, result.sections)) != sorted(map(_content, sections)):
        raise BadInput("the order of the sections can't be changed without changing what they hold")
    applied.append("the sections are in the template's order")
    return result


def _content(section: Section) -> tuple[str, str]:
    return section.title, section.text.strip()


_MENDS = (
    ("PM502", _ids),
    ("PM511", _statuses),
    ("PM510", _priorities),
    ("PM590", _short_rows),
    ("PM203", _order),
)
