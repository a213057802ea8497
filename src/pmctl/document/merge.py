"""Three versions of a postmortem as one, by meaning. base, ours, theirs (bytes) -> Merged -> bytes.

    bytes -> front matter, sections, tables, lines -> each merged by what identifies it -> lines and conflicts

Keys of the front matter and elements of its lists, sections by their heading, rows by their id, or time and text, cells
by their column, running text by lines. Line ends, the byte order mark and a missing final newline are merged like
values, and every other byte is taken as one side wrote it. A document that is not read in one right way is not merged
at all (NotUnderstood), and neither is one whose result would not read back as the sum of its parts, or would lack a
word that it must have: git's own merge is what remains.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from pmctl.document.merge_conflict import Conflict, Labels, NotUnderstood, Piece, Told, lines_of
from pmctl.document.merge_front_matter import entries, merge_entries
from pmctl.document.merge_table import TableLines
from pmctl.document.merge_text import Element, Fixed, merge_text, plain
from pmctl.document.merge_units import Rules, matched, merge_units
from pmctl.document.reader import Document, read
from pmctl.document.timeline import time_column, timeline_tables

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged document: its lines and conflicts, and how its bytes are written."""

    pieces: tuple[Piece, ...]
    newline: str
    bom: bool
    terminated: bool

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What a person has to decide, in order."""
        return tuple(piece for piece in self.pieces if not isinstance(piece, str))

    def written(
        self, labels: Labels | None = None, *, size: int = 7, with_base: bool = False
    ) -> tuple[bytes, list[Told]]:
        """The file, conflicts between markers of `size` characters, and the conflicts for people."""
        lines, told = lines_of(self.pieces, labels or Labels(), size=size, with_base=with_base)
        ends = self.terminated or (bool(self.pieces) and not isinstance(self.pieces[-1], str))
        text = "\n".join(lines) + ("\n" if ends and lines else "")
        data = text.replace("\n", self.newline).encode("utf-8")
        return (_BOM + data if self.bom else data), told


@dataclass(frozen=True, slots=True)
class _Version:
    """One version, read: its lines with LF ends. `newline` is "" where there is none to tell it by."""

    doc: Document
    newline: str
    bom: bool
    terminated: bool
    lines: list[str]
    sections: list[_Section]


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading of level 1 or 2 and what follows it, or, without one, what stands above the first."""

    level: int
    title: str
    number: int
    elements: tuple[Element, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(plain(self.elements))


def merge(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """The merge of two versions that come from one. Raises NotUnderstood where only git's own merge is left."""
    versions = [_read(data, name) for data, name in ((base, "the base"), (ours, "our side"), (theirs, "their side"))]
    old, mine, yours = versions
    ids = {one.doc.id for one in versions}
    if len(ids) != 1:
        raise NotUnderstood("the sides are about different postmortems")
    front = merge_entries(entries(old.doc), entries(mine.doc), entries(yours.doc))
    body = _merge_bodies(old.sections, mine.sections, yours.sections)
    fences = [tuple(_fences(one)) for one in versions]
    opening, closing = (_value(old, mine, yours) for old, mine, yours in zip(*fences, strict=True))
    merged = Merged(
        (opening, *front, closing, *body),
        _value(old.newline, mine.newline or old.newline, yours.newline or old.newline) or "\n",
        _value(old.bom, mine.bom, yours.bom),
        _value(old.terminated, mine.terminated, yours.terminated),
    )
    _check(merged, versions)
    return merged


def _value(base: T, ours: T, theirs: T) -> T:
    """What was changed on one side, or alike; else ours."""
    return theirs if ours == base else ours


def _read(data: bytes, name: str) -> _Version:
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    breaks, crlf = text.count("\n"), text.count("\r\n")
    if crlf not in (0, breaks) or text.count("\r") != crlf:
        raise NotUnderstood(f"{name} mixes line ends")
    plain_text = text.replace("\r\n", "\n")
    found = read(data)
    if not found.readable:
        raise NotUnderstood(f"{name} cannot be read: {found.problems[0].message}")
    doc = read(plain_text.encode("utf-8")) if crlf or found.bom else found
    terminated = plain_text.endswith("\n")
    lines = (plain_text if terminated else plain_text + "\n").split("\n")[:-1]
    newline = "" if not breaks else "\r\n" if crlf else "\n"
    return _Version(doc, newline, data.startswith(_BOM), terminated, lines, _sections(doc, lines))


def _fences(version: _Version) -> tuple[str, str]:
    return version.lines[0], version.lines[version.doc.body_line - 2]


def _sections(doc: Document, lines: list[str]) -> list[_Section]:
    """The body as sections; the first is what stands above all headings of level 1 and 2, and has no title."""
    fixed = _fixed_lines(doc)
    times = {table.line: time_column(table) for table in timeline_tables(doc)}
    tables = {table.line - 1: table for table in doc.tables}
    heads = [one for one in doc.headings if one.level <= 2]
    starts = [doc.body_line - 1, *(one.line - 1 for one in heads), len(lines)]
    seen: Counter[tuple[int, str]] = Counter()
    found = []
    for number, start in enumerate(starts[:-1]):
        level, title = (heads[number - 1].level, heads[number - 1].title) if number else (0, "")
        elements: list[Element] = []
        at = start
        while at < starts[number + 1]:
            table = tables.get(at)
            if table is not None:
                span = tuple(lines[at : at + 2 + len(table.rows)])
                elements.append(TableLines(span, table, times.get(at + 1)))
                at += len(span)
                continue
            elements.append(Fixed(lines[at]) if at in fixed else lines[at])
            at += 1
        found.append(_Section(level, title, seen[level, title], tuple(elements)))
        seen[level, title] += 1
    return found


def _fixed_lines(doc: Document) -> set[int]:
    """The lines, from 0, that a block of code or a comment covers."""
    found: set[int] = set()
    for start, end in (*doc.structure.code_blocks, *doc.structure.comments):
        found.update(range(doc.position(start)[0] - 1, doc.position(max(end - 1, start))[0]))
    return found


def _merge_bodies(base: list[_Section], ours: list[_Section], theirs: list[_Section]) -> list[Piece]:
    keys = [lambda one: one.lines, lambda one: (one.level, one.title, one.number)]
    match = partial(
        matched, base, keys=keys, may=lambda old, new: bool(old.level) == bool(new.level), likeness=_likeness
    )
    rules: Rules[_Section, Piece] = Rules(_merge_section, lambda one: (one.level, one.title.casefold(), one.number))
    return merge_units(base, ours, theirs, match(ours), match(theirs), rules)


def _likeness(old: _Section, new: _Section) -> float:
    """How many lines two sections of one level share below their headings."""
    lines = [[line for line in one.lines[1:] if line.strip()] for one in (old, new)]
    shared = sum((Counter(lines[0]) & Counter(lines[1])).values())
    return shared / max(1, *map(len, lines)) if old.level == new.level else 0


def _merge_section(base: _Section | None, ours: _Section | None, theirs: _Section | None) -> list[Piece]:
    if ours is not None and theirs is not None:
        return merge_text(base.elements if base is not None else (), ours.elements, theirs.elements, ours.title)
    kept = ours if ours is not None else theirs
    assert kept is not None  # noqa: S101  a unit is in one of the sides at least
    if base is None:
        return list(kept.lines)
    if base.lines == kept.lines:
        return []
    name = f"section {base.title}"
    if ours is not None:
        return [Conflict(name, base.lines, kept.lines, (), f"changed {name}", f"removed {name}")]
    return [Conflict(name, base.lines, (), kept.lines, f"removed {name}", f"changed {name}")]


def _check(merged: Merged, versions: Sequence[_Version]) -> None:
    """Raise NotUnderstood when the result reads otherwise than its parts, or lacks a word that it must have."""
    base, ours, theirs = (Counter(_WORD.findall("\n".join(one.lines))) for one in versions)
    have: Counter[str] = Counter()
    for piece in merged.pieces:
        for line in (piece,) if isinstance(piece, str) else (*piece.ours, *piece.theirs):
            have.update(_WORD.findall(line))
    for word in {*ours, *theirs}:
        was, mine, yours = base[word], ours[word], theirs[word]
        least = max(mine, yours) if mine >= was and yours >= was else mine + yours - was
        if have[word] < least:
            raise NotUnderstood("the merge would lose words")
    if merged.conflicts:
        return
    result = read(merged.written()[0])
    if not result.readable:
        raise NotUnderstood("the merged document could not be read")
    heads = [[(one.level, one.title) for one in doc.headings] for doc in (*(one.doc for one in versions), result)]
    known = Counter(heads[1]) | Counter(heads[2])
    if Counter(heads[3]) - known:
        raise NotUnderstood("the merged document has a heading that neither side has")
    least_heads = Counter(heads[0]) & Counter(heads[1]) & Counter(heads[2])
    if least_heads - Counter(heads[3]):
        raise NotUnderstood("the merged document lacks a heading that both sides have")
