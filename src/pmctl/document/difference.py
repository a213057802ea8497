"""How two versions of a postmortem differ, as values: what `comparison` finds and `output` shows.

Everything is in a reader's terms: a key of the front matter, a section, a row, a cell, a paragraph and its words. Texts
are as written in the document, unescaped; whoever shows them makes them safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["added", "removed", "changed"]
Part = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both versions have, or only the later (added) or the earlier one (removed)."""

    kind: Part
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A key of the front matter. `key` may name a part, `editors.bob`.

    `before` and `after` are the values in words, "" for none. Of a list, `added` and `removed` are its elements; both
    are empty when only their order changed.
    """

    key: str
    kind: Kind
    before: str
    after: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell of a row. `pieces` tell longer texts apart word by word; empty where before and after say it."""

    column: str
    before: str
    after: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row: `name` is the action item's id, the timeline entry's time, or what the first cell says.

    `cells` are those that changed, or all that say something of a row that was added or removed. `moved` says that it
    stands elsewhere among the rows that both versions have.
    """

    name: str
    kind: Kind
    cells: tuple[CellChange, ...]
    moved: bool = False


@dataclass(frozen=True, slots=True)
class TableChange:
    """A table, `name` its column headings. `columns_added` and `columns_removed` are by their headings."""

    name: str
    kind: Kind
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    rows: tuple[RowChange, ...]


@dataclass(frozen=True, slots=True)
class TextChange:
    """A paragraph, list entry, quotation, heading or block of code. `under` is the nearest heading within the section.

    `pieces` are its words, or the lines of `code`, of both versions.
    """

    kind: Kind
    under: str
    pieces: tuple[Piece, ...]
    code: bool = False


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A section by its present `title`, "" for the text before the first one.

    `was` is its title before it was renamed, "" for the same; `behind` names the section that it stands behind now,
    None when it was not moved.
    """

    title: str
    kind: Kind
    was: str
    behind: str | None
    texts: tuple[TextChange, ...]
    tables: tuple[TableChange, ...]


@dataclass(frozen=True, slots=True)
class AttachmentChange:
    """A file in the postmortem's folder, by its path there."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class LinesOnly:
    """Why one version is not told apart by section, but by its lines: it cannot be read, or is too long."""

    version: Literal["before", "after"]
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions of one postmortem.

    `kind` is "same" when nothing does, "added" or "removed" when there is only one version. `layout` says that
    something was written otherwise which says the same: white space, line ends, quotes, the order of front matter keys.
    `lines` are the lines of both where they are not told apart by section, for the reasons in `lines_only`.
    """

    kind: Literal["same", "added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()
    sections: tuple[SectionChange, ...] = ()
    attachments: tuple[AttachmentChange, ...] = ()
    layout: bool = False
    lines_only: tuple[LinesOnly, ...] = ()
    lines: tuple[Piece, ...] = ()


def kind_of(before: object, after: object) -> Kind:
    """What became of something that may be absent (falsy) on either side."""
    return "changed" if before and after else "added" if after else "removed"


def merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The pieces, those of one kind beside each other as one."""
    found: list[Piece] = []
    for one in pieces:
        if found and found[-1].kind == one.kind:
            found[-1] = Piece(one.kind, found[-1].text + one.text)
        elif one.text:
            found.append(one)
    return tuple(found)
