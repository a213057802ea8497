"""Three versions of front matter as one: by key, lists by element, mappings by member.

Each entry keeps the lines that it was written on, with the comments above it. A list or mapping that both sides changed
is written anew, in the style of the side that changed the style, from the elements as they were written; and it is
read again before it counts. Whatever does not read back as meant is a conflict of that one key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pmctl.document import strict_yaml, yaml_text
from pmctl.document.fields import plain_value
from pmctl.document.merge_conflict import Conflict, NotUnderstood, Piece
from pmctl.document.merge_lines import Same, three_way
from pmctl.document.merge_units import Rules, matched, merge_units
from pmctl.document.reader import Document
from pmctl.document.strict_yaml import Node
from pmctl.errors import PmctlError

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of the front matter: the lines of comments above it, its own lines, its node and its value.

    The last entry of a version has no key and no lines of its own: the comments below all keys.
    """

    key: str
    above: tuple[str, ...]
    lines: tuple[str, ...]
    node: Node | None
    value: Any
    text: str

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.above, *self.lines)


@dataclass(frozen=True, slots=True)
class _Element:
    """A member of a list or mapping: what it is known by, what it says, and how it is written without its place."""

    key: str
    value: str
    written: str
    lines: tuple[str, ...]


class _Disputed(Exception):
    """Both sides changed one element: the entry as a whole is in conflict."""


def entries(doc: Document) -> list[Entry]:
    """The front matter of a readable document with LF line ends. Raises NotUnderstood when two keys share a line."""
    lines = doc.text[doc.front_start : doc.front_end].split("\n")[:-1]
    found: list[Entry] = []
    nodes = list(doc.front.items())
    begins = [node.key_line - 2 for _, node in nodes]
    if any(node.key_column != 1 for _, node in nodes) or sorted(set(begins)) != begins:
        raise NotUnderstood("keys of the front matter share a line")
    at = 0
    for number, (key, node) in enumerate(nodes):
        following = begins[number + 1] if number + 1 < len(begins) else len(lines)
        end = _last_line(lines, begins[number], following)
        above, own = tuple(lines[at : begins[number]]), tuple(lines[begins[number] : end])
        found.append(Entry(key, above, own, node, plain_value(key, node), doc.text))
        at = end
    return [*found, Entry("", tuple(lines[at:]), (), None, None, doc.text)]


def _last_line(lines: list[str], first: int, following: int) -> int:
    """Behind the last line of an entry: blank lines and comments at the margin below it belong to the next one."""
    end = following
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def merge_entries(base: list[Entry], ours: list[Entry], theirs: list[Entry]) -> list[Piece]:
    """The lines between the fences, with conflicts. Raises NotUnderstood when both sides moved keys differently."""
    keys = [lambda entry: entry.key]
    rules: Rules[Entry, Piece] = Rules(_merge_entry, lambda entry: entry.key)
    return merge_units(base, ours, theirs, matched(base, ours, keys), matched(base, theirs, keys), rules)


def _merge_entry(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> list[Piece]:
    old, mine, yours = (one.all if one is not None else () for one in (base, ours, theirs))
    if mine == yours or yours == old:
        return list(mine)
    if mine == old:
        return list(yours)
    if ours is None or theirs is None:
        if base is not None and _only_rewritten(base, ours or theirs):
            return []
        return [_conflict(base, ours, theirs)]
    above = _merge_lines(base.above if base is not None else (), ours.above, theirs.above)
    own = _merge_values(base, ours, theirs)
    if above is None or own is None:
        return [_conflict(base, ours, theirs)]
    return [*above, *own]


def _only_rewritten(base: Entry, kept: Entry | None) -> bool:
    return kept is not None and _json(base.value) == _json(kept.value) and not _has_comment(base, kept)


def _merge_lines(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """The lines merged as lines; None when they conflict."""
    result: list[str] = []
    for place in three_way(base, ours, theirs):
        if isinstance(place, Same):
            result.append(base[place.base])
            continue
        old, mine, yours = base[slice(*place.base)], ours[slice(*place.ours)], theirs[slice(*place.theirs)]
        if mine != yours and old not in (mine, yours):
            return None
        result += yours if mine == old else mine
    return result


def _merge_values(base: Entry | None, ours: Entry, theirs: Entry) -> list[str] | None:
    """The lines of one entry that both sides have; None when they conflict."""
    old = base.lines if base is not None else ()
    if ours.lines == theirs.lines or theirs.lines == old:
        return list(ours.lines)
    if ours.lines == old:
        return list(theirs.lines)
    involved = [one for one in (base, ours, theirs) if one is not None]
    if not _has_comment(*involved):
        was = _json(base.value) if base is not None else None
        mine, yours = _json(ours.value), _json(theirs.value)
        if mine == yours or yours == was:
            return list(ours.lines)
        if mine == was:
            return list(theirs.lines)
        try:
            merged = _merge_collections(base, ours, theirs)
        except (NotUnderstood, _Disputed, PmctlError):
            merged = None
        if merged is not None:
            return merged
    return _merge_block(base, ours, theirs)


def _merge_block(base: Entry | None, ours: Entry, theirs: Entry) -> list[str] | None:
    """A value on several lines, by its lines: what a block of text or a list with comments still allows."""
    if base is None or min(len(one.lines) for one in (base, ours, theirs)) < 3:
        return None
    merged = _merge_lines(base.lines, ours.lines, theirs.lines)
    return merged if merged is not None and _read(merged, ours.key) is not None else None


def _merge_collections(base: Entry | None, ours: Entry, theirs: Entry) -> list[str] | None:
    """A list or mapping, element by element. Raises _Disputed and NotUnderstood where elements conflict."""
    kind = list if isinstance(ours.value, list) else dict
    if not isinstance(ours.value, kind) or not isinstance(theirs.value, kind):
        return None
    if base is not None and base.value is not None and not isinstance(base.value, kind):
        return None
    versions = [_elements(one) if one is not None else [] for one in (base, ours, theirs)]
    for elements in versions:
        if len({one.key for one in elements}) != len(elements):
            return None
    keys = [lambda element: element.key]
    origins = [matched(versions[0], side, keys) for side in versions[1:]]
    rules: Rules[_Element, _Element] = Rules(_merge_element, lambda element: element.key, _disputed)
    merged = merge_units(versions[0], versions[1], versions[2], origins[0], origins[1], rules)
    style = ours if base is None or _style(theirs) == _style(base) else theirs
    lines = _written(style, merged)
    expected = (
        [json.loads(one.value) for one in merged]
        if kind is list
        else {one.key: json.loads(one.value) for one in merged}
    )
    return lines if lines is not None and _read(lines, ours.key) == _json(expected) else None


def _merge_element(base: _Element | None, ours: _Element | None, theirs: _Element | None) -> list[_Element]:
    old, mine, yours = (one.value if one is not None else None for one in (base, ours, theirs))
    if mine != yours and old not in (mine, yours):
        raise _Disputed
    kept = theirs if mine == old and mine != yours else ours
    return [kept] if kept is not None else []


def _disputed(dropped: list[_Element], ours: list[_Element], theirs: list[_Element]) -> list[_Element]:
    raise _Disputed


def _elements(entry: Entry) -> list[_Element]:
    """The members of a list or mapping. Raises NotUnderstood where they do not have lines, or a place, of their own."""
    node = entry.node
    if node is None or node.value is None:
        return []
    members: list[tuple[str, Node]]
    if isinstance(node.value, dict):
        members = list(node.value.items())
        starts = [(one.key_line, one.key_start) for _, one in members]
    elif isinstance(node.value, tuple):
        members = [("", one) for one in node.value]
        starts = [(one.line, one.start) for one in node.value]
    else:
        raise NotUnderstood("neither a list nor a mapping")
    plain = entry.value
    found = []
    for number, (name, one) in enumerate(members):
        value = _json(plain[name] if isinstance(plain, dict) else plain[number])
        lines: tuple[str, ...] = ()
        if not node.flow:
            first = starts[number][0] - node.key_line
            last = starts[number + 1][0] - node.key_line if number + 1 < len(members) else len(entry.lines)
            lines = entry.lines[first:last]
            if not lines or first == 0 or (isinstance(node.value, tuple) and not lines[0].lstrip().startswith("-")):
                raise NotUnderstood("an element of a list does not begin on a line of its own")
        written = entry.text[starts[number][1] : max(one.end, starts[number][1])].rstrip()
        found.append(_Element(name or value, value, written, lines))
    return found


def _style(entry: Entry) -> bool | None:
    """Whether a list or mapping is written in brackets; None when it is empty or absent."""
    return None if entry.node is None or entry.node.value is None else entry.node.flow


def _written(style: Entry, elements: list[_Element]) -> list[str] | None:
    """The entry of a side with these elements in place of its own."""
    node = style.node
    if node is None:
        return None
    head = style.text[node.key_start : node.start]
    if node.flow or not elements:
        if "\n" in head or (node.flow and len(style.lines) != 1):
            return None
        tail = style.text[node.end : style.text.find("\n", node.end)] if node.flow else ""
        brackets = "{}" if isinstance(style.value, dict) else "[]"
        inside = ", ".join(one.written if not one.lines else _in_brackets(one) for one in elements)
        return [f"{head}{brackets[0]}{inside}{brackets[1]}{tail}"]
    indents = {line[: len(line) - len(line.lstrip())] for one in elements for line in one.lines[:1]}
    if len(indents) != 1 or any(not one.lines for one in elements):
        return None
    return [style.lines[0], *(line for one in elements for line in one.lines)]


def _in_brackets(element: _Element) -> str:
    """An element that stood on a line of its own, for a list in brackets."""
    value = yaml_text.flow(json.loads(element.value))
    return value if element.key == element.value else f"{yaml_text.scalar(element.key)}: {value}"


def _read(lines: Sequence[str], key: str) -> str | None:
    """What an entry says when it is read by itself, as JSON; None when it cannot be read, or is another key."""
    parsed = strict_yaml.load("\n".join(lines) + "\n")
    if parsed.problems or parsed.node is None or not isinstance(parsed.node.value, dict):
        return None
    node = parsed.node.value.get(key)
    return _json(plain_value(key, node)) if node is not None and len(parsed.node.value) == 1 else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _has_comment(*entries: Entry) -> bool:
    """Whether a comment may stand inside, which nothing but its lines would keep."""
    return any("#" in line for entry in entries for line in entry.lines)


def _conflict(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Conflict:
    old, mine, yours = (one.all if one is not None else () for one in (base, ours, theirs))
    key = next(one.key for one in (ours, theirs, base) if one is not None)
    what = key or "comments of the front matter"
    return Conflict(what, old, mine, yours, _says(what, ours), _says(what, theirs))


def _says(what: str, entry: Entry | None) -> str:
    if entry is None:
        return f"removed {what}"
    if not entry.key:
        return f"changed {what}"
    value = entry.value if isinstance(entry.value, str) else _json(entry.value)
    return f"{what} is {value if len(value) <= _SHOWN else value[: _SHOWN - 3] + '...'}"
