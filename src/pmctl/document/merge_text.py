"""Three versions of running text as one: line by line as git does it, with the tables in it merged as tables.

Where both sides changed the same lines and these are items of a list, the items are merged one by one; everything else
is a conflict of those lines. Code between fences and comments are lines like any other, and never a list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from pmctl.document.merge_conflict import Conflict, NotUnderstood, Piece
from pmctl.document.merge_lines import Differing, three_way
from pmctl.document.merge_table import TableLines, merge_tables
from pmctl.document.merge_units import Rules, matched, merge_units

_WORD = re.compile(r"\w+")
_ITEM = re.compile(r" *(?:[-*+]|[0-9]{1,9}[.)])[ \t]")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A line that stands in code or in a comment."""

    text: str


Element = str | Fixed | TableLines
_Item = tuple[str, ...]


def merge_text(base: Sequence[Element], ours: Sequence[Element], theirs: Sequence[Element], where: str) -> list[Piece]:
    """The text as lines and conflicts; `where` names the section for people."""
    tokens = _tokens(base, ours, theirs)
    result: list[Piece] = []
    for place in three_way(*tokens):
        if isinstance(place, Differing):
            cut = [side[slice(*span)] for side, span in zip((base, ours, theirs), place, strict=True)]
            named = [side[slice(*span)] for side, span in zip(tokens, place, strict=True)]
            result += _differing(cut, named, where)
        else:
            result += _one(base[place.base], ours[place.ours], theirs[place.theirs], where)
    return result


def _one(base: Element | None, ours: Element, theirs: Element, where: str) -> list[Piece]:
    """An element that both sides have: a line is the same on both, a table is merged."""
    if not (isinstance(ours, TableLines) and isinstance(theirs, TableLines)):
        return list(plain([ours]))
    old = base if isinstance(base, TableLines) else None
    if ours.lines == theirs.lines:
        return list(ours.lines)
    try:
        return merge_tables(old, ours, theirs)
    except NotUnderstood:
        return merge_text(old.lines if old is not None else (), ours.lines, theirs.lines, where)


def _tokens(*versions: Sequence[Element]) -> list[list[Hashable]]:
    """What each element is compared by: a line by itself, a table by which of the base's tables it is."""
    tables = [[one for one in version if isinstance(one, TableLines)] for version in versions]
    named = [_named(tables[0], side, range(len(side)) if side is tables[0] else None) for side in tables]
    result: list[list[Hashable]] = []
    for version, names in zip(versions, named, strict=True):
        rest = iter(names)
        result.append([next(rest) if isinstance(one, TableLines) else one for one in version])
    return result


def _named(base: list[TableLines], side: list[TableLines], origin: Sequence[int | None] | None) -> list[Hashable]:
    if origin is None:
        origin = matched(base, side, [lambda one: one.lines, lambda one: one.names], likeness=_shared_columns)
    names: list[Hashable] = []
    for old, table in zip(origin, side, strict=True):
        added = ("added", table.names, len([one for one in names if one == ("added", table.names)]))
        names.append(("table", old) if old is not None else added)
    return names


def _shared_columns(old: TableLines, new: TableLines) -> float:
    return len(set(old.names) & set(new.names)) / max(len(set(old.names)), len(set(new.names)), 1)


def plain(elements: Sequence[Element]) -> list[str]:
    """The lines that these elements stand for."""
    lines: list[str] = []
    for one in elements:
        if isinstance(one, TableLines):
            lines += one.lines
        else:
            lines.append(one.text if isinstance(one, Fixed) else one)
    return lines


def _differing(cut: list[Sequence[Element]], named: list[list[Hashable]], where: str) -> list[Piece]:
    base, ours, theirs = (plain(one) for one in cut)
    if ours == theirs or theirs == base:
        return list(ours)
    if ours == base:
        return list(theirs)
    if named[1] == named[2]:  # the same tables added on both sides
        return [piece for one, two in zip(cut[1], cut[2], strict=True) for piece in _one(None, one, two, where)]
    items = [_items(one) for one in cut]
    if items[0] is not None and items[1] is not None and items[2] is not None:
        try:
            return _merge_items(items[0], items[1], items[2], where)
        except NotUnderstood:
            pass
    first, last = _shared_ends(ours, theirs)
    ours_end, theirs_end = len(ours) - last, len(theirs) - last
    conflict = prose_conflict(base, ours[first:ours_end], theirs[first:theirs_end], where)
    return [*ours[:first], conflict, *ours[ours_end:]]


def _shared_ends(ours: list[str], theirs: list[str]) -> tuple[int, int]:
    """How many lines at the beginning and at the end both sides share."""
    shorter = min(len(ours), len(theirs))
    first = next((at for at in range(shorter) if ours[at] != theirs[at]), shorter)
    last = next((at for at in range(shorter - first) if ours[-1 - at] != theirs[-1 - at]), shorter - first)
    return first, last


def prose_conflict(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], where: str) -> Conflict:
    """Lines that both sides changed."""
    what = f"text of {where}" if where else "text"

    def says(lines: Sequence[str]) -> str:
        text = " ".join(" ".join(lines).split())
        return f"{what} is {text[:60]!r}" if text else f"removed {what}"

    return Conflict(what, tuple(base), tuple(ours), tuple(theirs), says(ours), says(theirs))


def _items(elements: Sequence[Element]) -> list[_Item] | None:
    """The items of a list that these lines are, each with the lines that belong to it; None when they are no list."""
    items: list[list[str]] = []
    blanks: list[str] = []
    indent = -1
    for one in elements:
        if not isinstance(one, str):
            return None
        own = len(one) - len(one.lstrip(" "))
        if not one.strip():
            blanks.append(one)
        elif _ITEM.match(one) and (indent < 0 or own <= indent):
            indent = own if indent < 0 else indent
            items.append([*blanks, one])
            blanks = []
        elif items and own > indent:
            items[-1] += [*blanks, one]
            blanks = []
        else:
            return None
    return None if blanks else [tuple(item) for item in items]


def _merge_items(base: list[_Item], ours: list[_Item], theirs: list[_Item], where: str) -> list[Piece]:
    keys = [lambda item: item]
    origins = [matched(base, side, keys, likeness=_likeness, least=0) for side in (ours, theirs)]
    rules: Rules[_Item, Piece] = Rules(partial(_merge_item, where), lambda item: item, partial(_clash, where))
    return merge_units(base, ours, theirs, origins[0], origins[1], rules)


def _likeness(old: _Item, new: _Item) -> float:
    """How many words two items share."""
    one, two = Counter(_WORD.findall(" ".join(old))), Counter(_WORD.findall(" ".join(new)))
    return sum((one & two).values()) / max(sum(one.values()), sum(two.values()), 1)


def _merge_item(where: str, base: _Item | None, ours: _Item | None, theirs: _Item | None) -> list[Piece]:
    old, mine, yours = base or (), ours or (), theirs or ()
    if mine == yours or yours == old:
        return list(mine)
    return list(yours) if mine == old else [prose_conflict(old, mine, yours, where)]


def _clash(where: str, dropped: list[_Item], ours: list[_Item], theirs: list[_Item]) -> list[Piece]:
    lines = [[line for item in items for line in item] for items in (dropped, ours, theirs)]
    return [prose_conflict(lines[0], lines[1], lines[2], where)]
