"""Two versions of a postmortem compared the way people speak of it: by section, row, cell, paragraph and word. Pure.

(Document, Document) -> Difference. `changes` answers the same question for rules, which ask what kind of thing changed
and not what it says; this is for people who read.

Total: any two versions have a difference, and it is empty exactly when their bytes are the same. The time is bounded by
a `Budget`, whatever the documents hold: when it is spent, the rest is told in larger parts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from pmctl.document.alignment import Budget, in_place
from pmctl.document.difference import (
    AttachmentChange,
    Difference,
    FieldChange,
    LinesOnly,
    Piece,
    SectionChange,
    kind_of,
)
from pmctl.document.digest import canonical_json
from pmctl.document.reader import Document, read
from pmctl.document.table import Table
from pmctl.document.table_comparison import compare_tables
from pmctl.document.text_comparison import (
    Passage,
    compare_lines,
    compare_passages,
    likeness,
    passages,
    words_of,
)

_ALIKE = 0.6  # of the words, for a section of another title to be the same one
_MOST_LINES = 20_000  # of a document that is told apart by section
_MOST_COLUMNS = 1_000
_MOST_RENAMED = 20  # sections that could each be a new name of another

_NOTHING = read(b"")
_Thing = TypeVar("_Thing", bound="_Beginning")
Files = Mapping[str, str]
"""The attachments of a version: digests by path."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A section, or the text before the first one."""

    title: str
    passages: tuple[Passage, ...]
    tables: tuple[Table, ...]
    source: str


def compare(
    before: Document | None,
    after: Document | None,
    files_before: Files | None = None,
    files_after: Files | None = None,
    budget: Budget | None = None,
) -> Difference:
    """What differs between two versions; None stands for no document. Never raises for content."""
    budget = budget or Budget()
    attachments = _attachments(files_before or {}, files_after or {})
    old, new = before or _NOTHING, after or _NOTHING
    if old.data == new.data and (before is None) == (after is None):
        return Difference("changed" if attachments else "same", attachments=attachments)
    kind = kind_of(before, after)
    lines_only = (*_lines_only("before", before), *_lines_only("after", after))
    if lines_only:
        lines = compare_lines(old.text, new.text, budget)
        return Difference(kind, attachments=attachments, lines_only=lines_only, lines=lines)
    fields = tuple(_fields(old, new))
    sections = tuple(_sections(_parts(old), _parts(new), budget))
    return Difference(kind, fields, sections, attachments, layout=not (fields or sections or attachments))


def _lines_only(version: Literal["before", "after"], document: Document | None) -> Iterator[LinesOnly]:
    if document is not None and not document.readable:
        first = document.problems[0]
        where = f" (line {first.line})" if first.line else ""
        yield LinesOnly(version, f"it cannot be read: {first.code} {first.message}{where}")
    elif document is not None and document.text.count("\n") > _MOST_LINES:
        yield LinesOnly(version, f"it has more than {_MOST_LINES} lines")
    elif document is not None and any(line.count("|") > _MOST_COLUMNS for line in document.text.split("\n")):
        yield LinesOnly(version, f"it has a table of more than {_MOST_COLUMNS} columns")


def _attachments(before: Files, after: Files) -> tuple[AttachmentChange, ...]:
    return tuple(
        AttachmentChange(path, kind_of(path in before, path in after))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )


def _fields(before: Document, after: Document) -> Iterator[FieldChange]:
    old, new = before.meta, after.meta
    for key in {**new, **old}:
        yield from _value(key, old.get(key), new.get(key), key in old, key in new)


def _value(key: str, old: Any, new: Any, had: bool, has: bool) -> Iterator[FieldChange]:
    """The changes of one value: of a mapping by its keys, of a list by its elements."""
    if had == has and canonical_json(_plain(old)) == canonical_json(_plain(new)):
        return
    if _is_a(dict, old, new, had, has):
        old, new = old or {}, new or {}
        for part in {**new, **old}:
            yield from _value(f"{key}.{part}", old.get(part), new.get(part), part in old, part in new)
        if old or new:
            return
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    if _is_a(list, old, new, had, has):
        olds, news = ([_shown(one) for one in side or ()] for side in (old, new))
        added = tuple((Counter(news) - Counter(olds)).elements())
        removed = tuple((Counter(olds) - Counter(news)).elements())
    yield FieldChange(key, kind_of(had, has), _shown(old), _shown(new), added, removed)


def _is_a(kind: type, old: Any, new: Any, had: bool, has: bool) -> bool:
    """Whether each of the values that are there is of a kind."""
    return all(isinstance(value, kind) for value, there in ((old, had), (new, has)) if there)


def _plain(value: Any) -> Any:
    """A value as its digest tells it from others: 1 and 1.0 are two."""
    return {"": repr(value)} if isinstance(value, float) else value


def _shown(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items())
    return ", ".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


def _parts(document: Document) -> list[_Part]:
    """The text before the first section, and the sections; a heading of the first level ends none."""
    if not document.text:
        return []
    sections, text = document.sections, document.text
    found = []
    starts = [document.body_start, *(section.content_start for section in sections)]
    ends = [*(section.start for section in sections), len(text)]
    blocks, tables = _Placed(document.structure.blocks), _Placed(document.tables)
    for title, start, end in zip(["", *(section.title for section in sections)], starts, ends, strict=True):
        inside = passages(text, blocks.between(start, end), start, end)
        found.append(_Part(title, tuple(inside), tuple(tables.between(start, end)), text[start:end]))
    return found


class _Beginning(Protocol):
    """Whatever begins somewhere in a text."""

    @property
    def start(self) -> int: ...


class _Placed(Generic[_Thing]):
    """Things in the order of a text, of which those of a part are asked for."""

    def __init__(self, things: Sequence[_Thing]) -> None:
        self._things = things
        self._starts = [one.start for one in things]

    def between(self, start: int, end: int) -> Sequence[_Thing]:
        """Those that begin in a part of the text."""
        return self._things[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


def _sections(before: list[_Part], after: list[_Part], budget: Budget) -> Iterator[SectionChange]:
    """The sections that changed, in the order of the later version, what was removed where it stood."""
    partner = _partners(before, after, budget)
    kept = sorted(partner)
    still = {kept[at] for at in in_place([partner[place] for place in kept])}
    taken, at = set(partner.values()), 0
    for place, part in enumerate(after):
        if place not in partner:
            yield from _section(None, part, None, budget)
            continue
        if place in still:
            for number in range(at, partner[place]):
                if number not in taken:
                    yield from _section(before[number], None, None, budget)
            at = partner[place] + 1
        behind = None if place in still else after[place - 1].title if place else ""
        yield from _section(before[partner[place]], part, behind, budget)
    for number in range(at, len(before)):
        if number not in taken:
            yield from _section(before[number], None, None, budget)


def _section(old: _Part | None, new: _Part | None, behind: str | None, budget: Budget) -> Iterator[SectionChange]:
    title = new.title if new is not None else old.title if old is not None else ""
    was = old.title if old is not None and new is not None and old.title != new.title else ""
    if old is not None and new is not None and old.source == new.source:
        if was or behind is not None:
            yield SectionChange(title, "changed", was, behind, (), ())
        return
    texts = compare_passages(old.passages if old else (), new.passages if new else (), budget)
    tables = compare_tables(old.tables if old else (), new.tables if new else (), budget)
    if texts or tables or was or behind is not None or ((old is None or new is None) and title):
        yield SectionChange(title, kind_of(old, new), was, behind, texts, tables)


def _partners(before: list[_Part], after: list[_Part], budget: Budget) -> dict[int, int]:
    """Which section before each section after is: by its title, or one of another title that says the same."""
    partner: dict[int, int] = {}
    waiting: dict[str, list[int]] = defaultdict(list)
    for number in range(len(before) - 1, -1, -1):
        waiting[before[number].title.casefold()].append(number)
    for place, part in enumerate(after):
        if waiting[part.title.casefold()]:
            partner[place] = waiting[part.title.casefold()].pop()
    taken = set(partner.values())
    left = [number for number in range(len(before)) if number not in taken and before[number].title]
    new = [place for place in range(len(after)) if place not in partner and after[place].title]
    if len(left) <= _MOST_RENAMED and len(new) <= _MOST_RENAMED:
        words = {number: words_of(before[number].source) for number in left}
        for place in new:
            found = _renamed(after[place], left, words, budget)
            if found is not None:
                partner[place] = found
                left.remove(found)
    return partner


def _renamed(part: _Part, left: list[int], words: dict[int, list[str]], budget: Budget) -> int | None:
    """The section of another title whose text is the most like this one's, when it is like it at all."""
    if not left or not budget.spend(len(part.source) // 4 * len(left)):
        return None
    own = words_of(part.source)
    best = max(left, key=lambda number: likeness(words[number], own))
    return best if own and likeness(words[best], own) >= _ALIKE else None


def words_changed(pieces: tuple[Piece, ...]) -> tuple[int, int]:
    """How many words were added, and how many removed."""
    count = Counter[str]()
    for one in pieces:
        count[one.kind] += sum(word.isalnum() or len(word) > 1 for word in words_of(one.text))
    return count["added"], count["removed"]
