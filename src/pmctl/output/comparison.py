"""A difference between two versions as an outline that every form is made from: groups, entries, parts. Values only.

Difference -> groups -> `comparison_text` for a terminal, `comparison_pages` for Markdown and HTML. What is here is
as written in the documents; each form makes it safe in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pmctl.document.comparison import words_changed
from pmctl.document.difference import (
    CellChange,
    Difference,
    FieldChange,
    Piece,
    RowChange,
    SectionChange,
    TableChange,
    TextChange,
)
from pmctl.text import plural

_CONTEXT = 12  # words of unchanged text that are kept beside a change

ARROW = " -> "

Mark = Literal["+", "-", "~"]
Role = Literal["plain", "name", "sign", "old", "new", "added", "removed"]


class Part(NamedTuple):
    """A stretch of an entry. `old` and `new` are values with an arrow between them, or a `sign` before each; `added`
    and `removed` are words of a text that goes on around them."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: `mark` says what happened. `lines` are entries of code, whose line breaks count."""

    mark: Mark
    parts: tuple[Part, ...]
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one section, or of what is beside the sections; `remark` is what happened to it as a whole."""

    title: str
    remark: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """pmctl diff: what changed between two versions of a postmortem, and what the two are called."""

    id: str
    before: str
    after: str
    difference: Difference


_MARKS: dict[str, Mark] = {"added": "+", "removed": "-", "changed": "~"}


def headline(answer: Answer) -> str:
    """One line about the whole."""
    before, after = answer.before, answer.after
    what = {
        "same": f"no difference between {before} and {after}",
        "added": f"not in {before}, new in {after}",
        "removed": f"in {before}, not in {after}",
    }.get(answer.difference.kind, f"from {before} to {after}")
    return f"{answer.id}: {what}"


def outline(found: Difference, *, whole: bool = False) -> Iterator[Group]:
    """The groups in the order of reading. Long stretches that did not change are shortened, except in the `whole`."""
    if found.lines_only:
        versions = {"before": "the earlier version", "after": "the later version"}
        said = "; ".join(f"{versions[one.version]}: {one.reason}" for one in found.lines_only)
        yield Group("Lines", f"not told apart by section; {said}", tuple(_lines(found.lines)))
    if found.fields:
        yield Group("Front matter", "", tuple(map(_field, found.fields)))
    for section in found.sections:
        entries = [entry for one in section.texts for entry in _text(one, whole=whole)]
        entries += [entry for table in section.tables for entry in _table(table, whole=whole)]
        yield Group(section.title or "Before the first section", remark(section), tuple(entries))
    if found.attachments:
        listed = (Entry(_MARKS[one.kind], (Part("name", one.path),)) for one in found.attachments)
        yield Group("Attachments", "", tuple(listed))
    if found.layout:
        yield Group("Layout", "white space, line ends, quotes or the order of keys; it says the same", ())


def remark(section: SectionChange) -> str:
    """What happened to a section as a whole, "" when only its content changed."""
    said: list[str] = [section.kind] if section.kind != "changed" else []
    said += [f"renamed, was {section.was}"] if section.was else []
    if section.behind is not None:
        said.append(f"moved, now behind {section.behind}" if section.behind else "moved, now the first")
    return "; ".join(said)


def summary(found: Difference) -> tuple[str, ...]:
    """What changed in a line for each section, with counts."""
    lines = [f"by lines only: {one.reason}" for one in found.lines_only]
    if found.fields:
        lines.append(f"Front matter: {', '.join(one.key for one in found.fields)}")
    for section in found.sections:
        said = [*([remark(section)] if remark(section) else []), *_counts(section)]
        lines.append(f"{section.title or 'Before the first section'}: {', '.join(said) or 'changed'}")
    if found.attachments:
        lines.append(f"Attachments: {', '.join(f'{one.path} {one.kind}' for one in found.attachments)}")
    return (*lines, "Layout: nothing that says something else") if found.layout else tuple(lines)


def _counts(section: SectionChange) -> list[str]:
    words = [words_changed(one.pieces) for one in section.texts]
    rows = [row for table in section.tables for row in table.rows]
    counts = [
        (sum(one for one, _ in words), "word", "added"),
        (sum(one for _, one in words), "word", "removed"),
        *((sum(row.kind == kind for row in rows), "row", kind) for kind in ("added", "removed", "changed")),
    ]
    found = [f"{plural(count, noun)} {what}" for count, noun, what in counts if count]
    return found or (["punctuation"] if section.texts else [])


def _field(one: FieldChange) -> Entry:
    mark = _MARKS[one.kind]
    if (one.added or one.removed) and one.kind == "changed":
        parts = [Part("name", one.key), Part("plain", ": ")]
        changes = [*(("- ", "old", text) for text in one.removed), *(("+ ", "new", text) for text in one.added)]
        for number, (sign, role, text) in enumerate(changes):
            parts += [Part("plain", ", ")] if number else []
            parts += [Part("sign", sign), Part("old" if role == "old" else "new", text)]
        return Entry(mark, tuple(parts))
    return Entry(mark, (Part("name", one.key), *_values(one.before, one.after, present=one.kind != "removed")))


def _values(before: str, after: str, *, present: bool) -> list[Part]:
    """`: before -> after`, or the one that is there."""
    if before and after:
        return [Part("plain", ": "), Part("old", before), Part("plain", ARROW), Part("new", after)]
    if before and present:
        return [Part("plain", ": "), Part("old", before), Part("plain", f"{ARROW}(nothing)")]
    return [Part("plain", ": "), Part("new" if present else "old", after or before)] if after or before else []


def _text(one: TextChange, *, whole: bool) -> Iterator[Entry]:
    if one.code:
        yield from _lines(one.pieces)
    else:
        yield Entry(_MARKS[one.kind], _under(one, one.pieces if whole else _shortened(one.pieces)))


def _under(one: TextChange, pieces: Sequence[Piece]) -> tuple[Part, ...]:
    parts = _parts(pieces, inside=one.kind == "changed")
    return (Part("name", one.under), Part("plain", ": "), *parts) if one.under else tuple(parts)


def _parts(pieces: Sequence[Piece], *, inside: bool) -> list[Part]:
    """The pieces of a text that changed inside; of one that is new or gone the mark says it."""
    roles: dict[str, Role] = {"same": "plain"}
    roles |= {"added": "added", "removed": "removed"} if inside else {"added": "new", "removed": "old"}
    return [Part(roles[one.kind], one.text) for one in pieces]


def _shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with less of what did not change."""
    found = []
    for number, one in enumerate(pieces):
        words = one.text.split(" ") if one.kind == "same" else []
        head, tail = (_CONTEXT if number else 0), (_CONTEXT if number < len(pieces) - 1 else 0)
        if len(words) > head + tail + 3:
            beside = (" ".join(words[:head]), "…", " ".join(words[len(words) - tail :]))
            found.append(Piece("same", " ".join(text for text in beside if text)))
        else:
            found.append(one)
    return found


def _table(table: TableChange, *, whole: bool) -> Iterator[Entry]:
    if table.kind != "changed":
        parts = (Part("plain", "table "), Part("name", table.name))
        yield Entry(_MARKS[table.kind], parts)
    for mark, columns in (("+", table.columns_added), ("-", table.columns_removed)):
        for column in columns:
            yield Entry("+" if mark == "+" else "-", (Part("plain", "column "), Part("name", column)))
    for row in table.rows:
        yield _row(row, whole=whole)


def _row(row: RowChange, *, whole: bool) -> Entry:
    parts = [Part("name", row.name)] if row.name else []
    for cell in row.cells:
        if row.kind != "changed" and (cell.before or cell.after) == row.name:
            continue  # the row is called by it
        parts += [Part("plain", "; " if len(parts) > 1 else " " if parts else ""), *_cell(cell, row, whole=whole)]
    if row.moved:
        parts.append(Part("plain", " (moved)"))
    return Entry(_MARKS[row.kind], tuple(parts))


def _cell(cell: CellChange, row: RowChange, *, whole: bool) -> list[Part]:
    column = Part("plain", cell.column)
    if cell.pieces:
        pieces = cell.pieces if whole else _shortened(cell.pieces)
        return [column, Part("plain", ": "), *_parts(pieces, inside=True)]
    if row.kind == "changed" and not cell.before:
        return [column, Part("plain", f": (nothing){ARROW}"), Part("new", cell.after)]
    return [column, *_values(cell.before, cell.after, present=row.kind != "removed")]


def _lines(pieces: Sequence[Piece]) -> Iterator[Entry]:
    """Lines that differ, each stretch an entry of its own; what is the same is left out."""
    for one in pieces:
        if one.kind != "same":
            role: Role = "new" if one.kind == "added" else "old"
            yield Entry(_MARKS[one.kind], (Part(role, one.text.rstrip("\n")),), lines=True)
