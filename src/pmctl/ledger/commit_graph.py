"""Which commit contains which. (reader, tip) -> Graph, which answers in constant time nearly always.

Every commit is placed by the step of one long line, the trunk, that contains it first (`Landed`), and reaches back to
the newest commit of the trunk that it contains. What the two numbers leave open lies between lines that the
trunk does not touch, and only there history is walked. The trunk is a matter of speed alone: no answer depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pmctl.object_reader import ObjectReader


@dataclass(slots=True)
class Landed:
    """The commits of a line, and all that they brought, by the number of the step that brought them."""

    trunk: list[str] = field(default_factory=list)
    step: dict[str, int] = field(default_factory=dict)

    def add(self, commit: str, merged: Iterable[str] = ()) -> None:
        """The next step of the line, and what it merges."""
        number = len(self.trunk)
        self.trunk.append(commit)
        self.step[commit] = number
        for oid in merged:
            self.step[oid] = number

    def __contains__(self, oid: object) -> bool:
        return oid in self.step

    def is_on_trunk(self, oid: str) -> bool:
        """Whether the commit is itself a step of the line."""
        number = self.step.get(oid)
        return number is not None and self.trunk[number] == oid

    @property
    def tip(self) -> str:
        """The last step's commit, '' before the first."""
        return self.trunk[-1] if self.trunk else ""


class Graph:
    """The commits up to `tip`. Those in `landed` need not be read again; the trunk goes on from them.

    `continues` is False when `tip` does not contain the last step of `landed`: then nothing else may be asked.
    Raises MissingObject, CorruptObject.
    """

    def __init__(self, reader: ObjectReader, tip: str, landed: Landed) -> None:
        self._reader = reader
        self.new = _parents_first(reader, tip, landed)
        """The commits that are not in `landed`, each after its parents."""
        path = self._path(tip, landed)
        self.continues = bool(path) or tip == landed.tip
        self._places = Landed(landed.trunk.copy(), landed.step.copy())
        self._reach: dict[str, int] = {}
        if not self.continues:
            return
        for commit in path:
            self._places.add(commit, list(self._sides(commit, self._places)))
        for oid in self.new:
            self._reach[oid] = self._reached_by(oid)

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit."""
        return self._reader.commit(commit).parents

    def position(self, commit: str) -> int:
        """The step of the trunk that contains the commit first; -1 for one that is not in this history."""
        return self._places.step.get(commit, -1)

    def reach(self, commit: str) -> int:
        """The newest step of the trunk that the commit contains; -1 for none."""
        found = self._reach.get(commit)
        if found is None:
            found = self._reach[commit] = self._searched(commit)
        return found

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is `commit` or among its ancestors."""
        if commit == other:
            return True
        place = self.position(other)
        if place < 0 or self.position(commit) < place:
            return False
        if self.reach(commit) >= place:
            return True
        waiting, seen = [commit], {commit}
        while waiting:  # between lines that the trunk does not touch
            for parent in self.parents(waiting.pop()):
                if parent == other:
                    return True
                if parent in seen or self.position(parent) < place or self._places.is_on_trunk(parent):
                    continue
                seen.add(parent)
                waiting.append(parent)
        return False

    def beside_others(self) -> list[str]:
        """The new commits that lie on one of several lines beside each other, and the merges that join them; each
        after its parents."""
        trunk, first = self._places.trunk, len(self._places.trunk)
        changes = [0] * (first + 2)
        for oid in self.new:
            place = self.position(oid)
            if trunk[place] != oid:
                changes[self.reach(oid) + 1] += 1
                changes[place + 1] -= 1
        beside, depth = [], 0
        for change in changes:
            depth += change
            beside.append(depth > 0)
        return [oid for oid in self.new if trunk[self.position(oid)] != oid or beside[self.position(oid)]]

    def only_in(self, commits: Iterable[str], other: str) -> Iterator[str]:
        """The commits that any of `commits` contains and `other` does not."""
        waiting = list(commits)
        seen = set(waiting)
        while waiting:
            at = waiting.pop()
            if self.contains(other, at):
                continue
            yield at
            for parent in self.parents(at):
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)

    def _path(self, tip: str, landed: Landed) -> list[str]:
        """The longest way from the last step of `landed` (or from a root) to `tip`, oldest first; empty for none."""
        length: dict[str, int] = {}
        for oid in self.new:
            ways = [length[parent] for parent in self.parents(oid) if parent in length]
            if not landed.trunk or ways or landed.tip in self.parents(oid):
                length[oid] = 1 + max(ways, default=0)
        path, at = [], tip
        while at in length:
            path.append(at)
            at = max((parent for parent in self.parents(at) if parent in length), key=length.__getitem__, default="")
        path.reverse()
        return path

    def _sides(self, commit: str, places: Landed) -> Iterator[str]:
        waiting = [parent for parent in self.parents(commit) if parent not in places]
        seen = set(waiting)
        while waiting:
            oid = waiting.pop()
            yield oid
            for parent in self.parents(oid):
                if parent not in places and parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)

    def _reached_by(self, oid: str) -> int:
        place = self.position(oid)
        if self._places.trunk[place] == oid:
            return place
        return max((self.reach(parent) for parent in self.parents(oid)), default=-1)

    def _searched(self, commit: str) -> int:
        """The reach of a commit that landed before: looked for along its side lines."""
        newest = -1
        waiting, seen = [commit], {commit}
        while waiting:
            oid = waiting.pop()
            if self._places.is_on_trunk(oid):
                newest = max(newest, self.position(oid))
                continue
            for parent in self.parents(oid):
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return newest


def _parents_first(reader: ObjectReader, tip: str, landed: Landed) -> list[str]:
    """`tip` and its ancestors that have not landed, each after its parents, and lines in one piece."""
    found: list[str] = []
    done: set[str] = set()
    waiting = [tip]
    while waiting:
        at = waiting[-1]
        if at in done or at in landed:
            waiting.pop()
            continue
        missing = [parent for parent in reader.commit(at).parents if parent not in done and parent not in landed]
        if missing:
            waiting.extend(reversed(missing))
        else:
            waiting.pop()
            done.add(at)
            found.append(at)
    return found
