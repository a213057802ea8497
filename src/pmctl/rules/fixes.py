"""`pmctl validate --fix`: fix what has exactly one right answer, and nothing else.

Each fix is a surgical edit of the document (`pmctl.document.edits`), so every byte that it does not mean to
change stays. Fixing a fixed document changes nothing. What is published is content that people approved: only its
tracking cells are fixed. Nothing is written or staged here.
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pmctl.document.fields import Status
from pmctl.document.finding import Finding
from pmctl.errors import BadInput
from pmctl.rules.action_items import missing_optional
from pmctl.rules.action_tracking import spelt
from pmctl.rules.structure import can_be_ordered, section_order
from pmctl.rules.suppressions import read_suppressions

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of an item's id: none that is mistaken for another one."""
_FINAL = (Status.PUBLISHED, Status.ARCHIVED)


class Chooser(Protocol):
    """A source of random choices: `random.Random`, or a seeded one in a test."""

    def choice(self, seq: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A document after the fixes. `applied` says what was fixed and `refused` what a rule asks for but was left alone,
    one line each in the order of the document. `document` is the same object when nothing was fixed.
    """

    document: Document
    applied: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def fix(doc: Document, context: Context, *, random: Chooser | None = None) -> Fixed:
    """Fix what has one right answer: items without an id, the spelling of status and priority, rows that are too
    short for their optional cells, the order of the sections.

    A document that can't be read is returned as it is. What the settings or an inline ignore hide is left alone.
    """
    if not doc.readable:
        return Fixed(doc)
    context = context.of_document(doc)
    chooser = random or _random.SystemRandom()
    before = doc
    applied: list[tuple[int, str]] = []
    refused: list[str] = []
    selected = context.settings.selection(doc.path)
    for code, apply in _FIXES:
        if not selected(code):
            continue
        done: list[tuple[int, str]] = []
        try:
            fixed = apply(doc, context, chooser, done)
        except BadInput as problem:
            # The edit would have changed more than it meant to: leave that part to a person.
            refused.append(f"not fixed ({code}): {problem.message}")
            continue
        if doc.status in _FINAL and _changes_content(doc, fixed):
            refused.append(
                f"not fixed ({code}): the postmortem is {doc.status}; an admin edits it by hand and amends it"
            )
            continue
        doc = fixed
        applied += done
    if doc.status == Status.IN_REVIEW and _changes_content(before, doc):
        refused.append("the fixes change content under review: earlier approvals no longer count")
    lines = tuple(f"line {line}: {what}" if line else what for line, what in sorted(applied, key=lambda one: one[0]))
    return Fixed(doc, lines, tuple(refused))


def _changes_content(before: Document, after: Document) -> bool:
    """Whether what approvals bind has changed."""
    if before is after:
        return False
    from pmctl.document.digest import content_digest

    return content_digest(before) != content_digest(after)


def unified_diff(before: str, after: str, path: str) -> str:
    """What a fix would change, as a unified diff with three lines of context; "" when nothing."""
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


def _ignored(doc: Document) -> Callable[[str, int], bool]:
    """Whether an inline ignore hides a code on a line."""
    suppressions, _ = read_suppressions(doc)
    return lambda code, line: any(one.covers(Finding(code, "", line=line)) for one in suppressions)


def _ids(doc: Document, _context: Context, chooser: Chooser, applied: list[tuple[int, str]]) -> Document:
    """Give an id to every item that has none, and the column for it to a table that has none."""
    from pmctl.document.actions import action_items, column_of
    from pmctl.document.edits import add_column

    ignored = _ignored(doc)
    taken = [item.id for item in action_items(doc) if item.id]
    for item in reversed(action_items(doc)):
        table = next((one for one in doc.tables if one.start == item.table.start), None)
        if table is None or column_of(table, "ID") is not None or ignored("PM502", item.line):
            continue
        new = [_new_id(taken, chooser) if any(cell.text for cell in row.cells) else "" for row in table.rows]
        doc = add_column(doc, table, "ID", new)
        many = sum(map(bool, new))
        applied.append((table.line, f"added a column ID with {many} id{'s' if many > 1 else ''}"))

    def missing(item: ActionItem) -> str | None:
        cell = item.cell("ID")
        return _new_id(taken, chooser) if cell is not None and not cell.text else None

    return _cells(doc, "PM502", "ID", missing, applied)


def _new_id(taken: list[str], chooser: Chooser) -> str:
    taken.append(new_item_id(taken, chooser))
    return taken[-1]


def _statuses(doc: Document, _context: Context, _chooser: Chooser, applied: list[tuple[int, str]]) -> Document:
    return _cells(doc, "PM511", "Status", lambda item: _spelling(item, "Status", item.status), applied)


def _priorities(doc: Document, _context: Context, _chooser: Chooser, applied: list[tuple[int, str]]) -> Document:
    return _cells(doc, "PM510", "Priority", lambda item: _spelling(item, "Priority", item.priority), applied)


def _spelling(item: ActionItem, column: str, canonical: str) -> str | None:
    """The right spelling of a cell, None when it is right already or nobody can tell."""
    cell = item.cell(column)
    return spelt(column, cell.text, canonical) or None if cell is not None and cell.text else None


def _short_rows(doc: Document, _context: Context, _chooser: Chooser, applied: list[tuple[int, str]]) -> Document:
    """Add the empty cells that a row lacks at its end, when only optional ones are lacking."""
    return _cells(doc, "PM515", "", lambda item: "" if missing_optional(item) else None, applied)


def _cells(
    doc: Document, code: str, column: str, wanted: Callable[[ActionItem], str | None], applied: list[tuple[int, str]]
) -> Document:
    """Set one cell of each item for which `wanted` gives a text. Items are found again after every edit, by place."""
    from pmctl.document.actions import action_items, column_of
    from pmctl.document.edits import set_cell

    ignored = _ignored(doc)
    index = 0
    while index < len(items := action_items(doc)):
        item = items[index]
        index += 1
        if item.row.extra or ignored(code, item.line):
            continue
        text = wanted(item)
        place = column_of(item.table, column) if column else len(item.table.columns) - 1
        if text is None or place is None:
            continue
        old = item.row.cells[place].text
        doc = set_cell(doc, item.table, item.row, place, text)
        if column == "ID":
            what = f"the item has the id {text}"
        else:
            what = f"{column} {old!r} is now {text!r}" if column else "added the missing optional cells"
        applied.append((item.line, what))
    return doc


def _order(doc: Document, context: Context, _chooser: Chooser, applied: list[tuple[int, str]]) -> Document:
    """Put the template's sections into the template's order; every other section stays behind the one it follows."""
    ignored = _ignored(doc)
    if all(ignored("PM203", finding.line) for finding in section_order(doc, context)):
        return doc
    places = {title.casefold(): place for place, title in enumerate(context.template.sections)}
    sections = doc.sections
    known = [places.get(section.title.casefold(), -1) for section in sections]
    ordered = [place for place in known if place >= 0]
    if ordered == sorted(ordered) or not can_be_ordered(doc, context):
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
    last = groups[-1]
    moved = sorted(groups, key=lambda group: group[0])
    chunks = [chunk for _, chunk in moved]
    if moved[-1] is not last:
        # The section that stood last may end without a blank line, or without a newline.
        spot = next(index for index, group in enumerate(moved) if group is last)
        bare = last[1].rstrip("\r\n")
        chunks[spot] = bare + doc.newline * 2
        chunks[-1] = chunks[-1].rstrip("\r\n") + last[1][len(bare) :]
    result = set_body_text(doc, lead + "".join(chunks))
    if sorted(map(_content, result.sections)) != sorted(map(_content, sections)):
        raise BadInput("the order of the sections can't be changed without changing what they hold")
    applied.append((0, "the sections are in the template's order"))
    return result


def _content(section: Section) -> tuple[str, str]:
    return section.title, section.text.strip()


_FIXES = (
    ("PM502", _ids),
    ("PM511", _statuses),
    ("PM510", _priorities),
    ("PM515", _short_rows),
    ("PM203", _order),
)
