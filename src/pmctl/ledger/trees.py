"""Differences between trees, by object id. (reader, old tree, new tree) -> the files that differ.

Equal subtrees are never opened. History is walked in order, so the tree that was new in one step is old in
the next: each is read, and hashed, once. A folder of thousands of entries changes by one entry at a time;
only the part between the first and the last differing entry is parsed, so that a step costs the same in a
large repository as in a small one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, Entry, parse_tree

_LONGEST = 4096  # characters of a path: PATH_MAX of Linux; no work tree holds a longer one
_MOST = 100_000  # files and folders of one comparison: trees that share their folders can stand for any number
_PLACE = 3  # parts of a path that name what is too large: postmortems/2024/<id>
_LARGE = 4096  # bytes of a tree from which on it pays to look for the differing part
_REMEMBERED = 65536  # entries, of the trees that were read last
_MARK_EVERY = 512  # bytes between the known starts of entries in a large tree
_BLOCKS = (8192, 512, 32, 1)  # bytes that are compared at a time


class Difference(NamedTuple):
    """One file that is not the same: its path below the folder compared, and what was and is there."""

    path: str
    old: Entry | None
    new: Entry | None


@dataclass(slots=True)
class _Folder:
    """A tree's bytes; `marks` are offsets at which entries certainly start, ascending, for large trees;
    `entries` are those of a small one."""

    oid: str
    data: bytes
    marks: list[int]
    entries: dict[str, Entry] | None = None


class Trees:
    """Reads trees and compares them; remembers the last tree seen at each path."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._seen: dict[str, _Folder] = {}
        self._entries: dict[str, dict[str, Entry]] = {}
        self._held = 0

    def entry(self, tree: str, path: str) -> Entry | None:
        """What lies at `path` ("a/b/c") below the tree `tree`, or None.

        Raises MissingObject or CorruptObject.
        """
        found: Entry | None = Entry("40000", tree)
        for name in path.split("/") if path else ():
            if found is None or not found.is_tree:
                return None
            found = self.entries(found.oid).get(name)
        return found

    def folder(self, tree: str, path: str) -> str:
        """The object id of the folder at `path` below the tree `tree` ('' for none); '' when there is no folder.

        Raises MissingObject or CorruptObject.
        """
        entry = self.entry(tree, path) if tree else None
        return entry.oid if entry is not None and entry.is_tree else ""

    def entries(self, tree: str) -> dict[str, Entry]:
        """The entries of a tree by name; of the trees that were read last they are known."""
        found = self._entries.get(tree)
        return found if found is not None else self._parsed(tree, self._reader.tree(tree))

    def files(self, tree: str) -> Iterator[tuple[str, Entry]]:
        """Every entry below `tree` that is no folder, with its path, in git's order; not remembered.

        A folder whose path no file system takes, and what is beyond the first _MOST, is given itself instead of what
        it holds.
        """
        count = 0
        under_way = [("", iter(self.entries(tree).items()))]
        while under_way:
            path, entries = under_way[-1]
            for name, entry in entries:
                count += 1
                if entry.is_tree and len(path) + len(name) < _LONGEST and count < _MOST:
                    under_way.append((f"{path}{name}/", iter(self.entries(entry.oid).items())))
                    break
                yield f"{path}{name}", entry
            else:
                under_way.pop()

    def differences(
        self, old: str, new: str, path: str, wanted: Callable[[str], bool] | None = None
    ) -> list[Difference]:
        """The files below `path` that differ between two trees; '' stands for no tree.

        Of what lies too deep, or is too much, the folder that holds it is a difference itself. `wanted` says
        which names are looked at on this level; None takes all.
        """
        return self.many(((old, new),), path, wanted)[0]

    def many(
        self, pairs: Sequence[tuple[str, str]], path: str, wanted: Callable[[str], bool] | None = None
    ) -> list[list[Difference]]:
        """The differences of several pairs of trees, in the order of history; reads level by level for all of them."""
        found: list[list[Difference]] = [[] for _ in pairs]
        seen = [0] * len(pairs)
        cut: list[set[str]] = [set() for _ in pairs]
        level = [(number, old, new, path) for number, (old, new) in enumerate(pairs) if old != new]
        while level:
            self._reader.fetch(oid for oid in (new for _, _, new, _ in level) if oid)
            below: list[tuple[int, str, str, str]] = []
            for number, old, new, folder in level:
                if seen[number] >= _MOST or len(folder) > _LONGEST:
                    place = "/".join(folder.split("/")[:_PLACE])
                    if place not in cut[number]:
                        cut[number].add(place)
                        sides = [Entry("40000", oid) if oid else None for oid in (old, new)]
                        found[number].append(Difference(place, *sides))
                    continue
                for name, was, now in self._changed(old, new, folder):
                    if wanted is not None and not wanted(name):
                        continue
                    seen[number] += 1
                    old_tree = was.oid if was is not None and was.is_tree else ""
                    new_tree = now.oid if now is not None and now.is_tree else ""
                    if old_tree or new_tree:
                        below.append((number, old_tree, new_tree, f"{folder}{name}/"))
                    old_file = was if was is not None and not was.is_tree else None
                    new_file = now if now is not None and not now.is_tree else None
                    if old_file is not None or new_file is not None:
                        found[number].append(Difference(f"{folder}{name}", old_file, new_file))
            level, wanted = below, None
        return found

    def _changed(self, old: str, new: str, path: str) -> list[tuple[str, Entry | None, Entry | None]]:
        before = self._folder(old, path) if old else _Folder("", b"", [])
        if not new:
            self._seen.pop(path, None)
            return [(name, entry, None) for name, entry in parse_tree(old, before.data)]
        data = self._reader.tree(new)
        if len(data) <= _LARGE and len(before.data) <= _LARGE:
            # The new tree of a step is the old one of the next, so that each is parsed once.
            was = before.entries if before.entries is not None else dict(parse_tree(old, before.data))
            now = self._parsed(new, data)
            self._seen[path] = _Folder(new, data, [], now)
            return _unequal(was, now)
        start, old_end, new_end, marks = _differing(before, data, len(new) // 2)
        self._seen[path] = _Folder(new, data, marks)
        try:
            was = dict(parse_tree(old, before.data[start:old_end]))
            now = dict(parse_tree(new, data[start:new_end]))
        except CorruptObject:  # an object id that reads like an entry; the whole trees decide
            was, now = dict(parse_tree(old, before.data)), dict(parse_tree(new, data))
        return _unequal(was, now)

    def _parsed(self, tree: str, data: bytes) -> dict[str, Entry]:
        """The entries of a tree that has these bytes; they are remembered."""
        found = self._entries.get(tree)
        if found is None:
            found = self._entries[tree] = dict(parse_tree(tree, data))
            self._held += len(found)
            while self._held > _REMEMBERED and len(self._entries) > 1:
                self._held -= len(self._entries.pop(next(iter(self._entries))))
        return found

    def _folder(self, oid: str, path: str) -> _Folder:
        seen = self._seen.get(path)
        if seen is not None and seen.oid == oid:
            return seen
        data = self._reader.tree(oid)
        return _Folder(oid, data, _marks(data, 0, len(data), len(oid) // 2) if len(data) > _LARGE else [])


def _unequal(was: dict[str, Entry], now: dict[str, Entry]) -> list[tuple[str, Entry | None, Entry | None]]:
    names = {name for name, _ in was.items() ^ now.items()}
    return [(name, was.get(name), now.get(name)) for name in dict.fromkeys((*was, *now)) if name in names]


def _differing(old: _Folder, data: bytes, width: int) -> tuple[int, int, int, list[int]]:
    """Offsets (start, end in old, end in new) of the part that differs, at entries' bounds, and new marks.

    Everything before `start` and after the ends is byte for byte the same.
    """
    if len(data) <= _LARGE or not old.marks:
        marks = _marks(data, 0, len(data), width) if len(data) > _LARGE else []
        return 0, len(old.data), len(data), marks
    same = _common_prefix(old.data, data)
    start = old.marks[max(0, bisect_right(old.marks, same) - 1)]
    tail = _common_suffix(old.data, data, start)
    last = bisect_left(old.marks, max(len(old.data) - tail, start))
    shift = len(data) - len(old.data)
    kept = old.marks[last:]
    old_end = kept[0] if kept else len(old.data)
    new_end = old_end + shift
    first = bisect_left(old.marks, start)
    marks = old.marks[:first] + _marks(data, start, new_end, width) + [mark + shift for mark in kept]
    return start, old_end, new_end, marks


def _marks(data: bytes, start: int, end: int, width: int) -> list[int]:
    """Starts of entries from `start`, itself one, up to `end`, at least _MARK_EVERY bytes apart."""
    marks: list[int] = []
    at = start
    while 0 <= at < end:
        if not marks or at - marks[-1] >= _MARK_EVERY:
            marks.append(at)
        zero = data.find(b"\0", at)
        at = zero + 1 + width if zero >= 0 else -1
    return marks


def _common_prefix(one: bytes, two: bytes) -> int:
    limit = min(len(one), len(two))
    at = 0
    for block in _BLOCKS:
        while at + block <= limit and one[at : at + block] == two[at : at + block]:
            at += block
    return at


def _common_suffix(one: bytes, two: bytes, start: int) -> int:
    """Bytes that both end with, not reaching back before `start` in either."""
    ends = len(one), len(two)
    limit = min(ends) - start
    at = 0
    for block in _BLOCKS:
        while at + block <= limit:
            first, second = ends[0] - at, ends[1] - at
            if one[first - block : first] != two[second - block : second]:
                break
            at += block
    return at
