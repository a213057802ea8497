"""The main line of a history and its steps. (reader, tip) -> steps from the oldest to the newest.

One step is one transaction: parent -> commit, whatever merged, squashed or rebased work it brings. At a merge the
main line goes on through the parent with the highest policy version, the first one on a tie: after a `git
pull` on the protected branch the old main line is the second parent, and following first parents
blindly would check records against a policy that was no longer, or not yet, in force.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

from pmctl.object_reader import ObjectReader
from pmctl.objects import Commit

Rank = Callable[[str], int]
"""The policy version that a commit id carries; 0 without a policy."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction on the main line. `parent` is the main line before it ('' for a root commit), `sides`
    are the other parents of a merge."""

    commit: str
    parent: str
    sides: tuple[str, ...] = ()


def main_line(
    reader: ObjectReader, tip: str, rank: Rank, *, prefer: Container[str] = (), stop: Container[str] = ()
) -> list[Step]:
    """The steps from the first commit, or behind the first one in `stop`, up to `tip`.

    The line goes through `prefer` where it can.

    Raises MissingObject, CorruptObject.
    """
    steps: list[Step] = []
    at = tip
    while at and at not in stop:
        parents = reader.commit(at).parents
        main = main_parent(parents, rank, prefer)
        steps.append(Step(at, main, tuple(parent for parent in parents if parent != main)))
        at = main
    steps.reverse()
    return steps


def main_parent(parents: tuple[str, ...], rank: Rank, prefer: Container[str] = ()) -> str:
    """The parent that continues the main line; '' without parents.

    Parents in `prefer` are known to be on it, or to come after a commit that is.
    """
    if len(parents) < 2:
        return parents[0] if parents else ""
    known = [parent for parent in parents if parent in prefer]
    return max(known or parents, key=rank)  # the first of equals


def descendants(reader: ObjectReader, tip: str, base: str) -> frozenset[str]:
    """The commits from `base` to `tip`: ancestors of `tip` that have `base` among their own; `base` itself too.

    Empty when `base` is not an ancestor of `tip`. Raises MissingObject, CorruptObject.
    """
    children: dict[str, list[str]] = {}
    waiting, seen = [tip], {tip}
    while waiting:
        at = waiting.pop()
        if at == base:
            continue
        for parent in reader.commit(at).parents:
            children.setdefault(parent, []).append(at)
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    if base not in seen:
        return frozenset()
    found, waiting = {base}, [base]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(found)


def contains(reader: ObjectReader, tip: str, commit: str) -> bool:
    """Whether `commit` is `tip` or among its ancestors. Raises MissingObject, CorruptObject."""
    return tip == commit or any(commit in one.parents for one in ancestors(reader, (tip,), ()))


def merged_commits(reader: ObjectReader, step: Step, landed: Container[str]) -> Iterator[Commit]:
    """The commits that a merge brings: reachable from its side parents and not yet `landed`, newest first."""
    return ancestors(reader, step.sides, landed)


def ancestors(reader: ObjectReader, tips: Sequence[str], without: Container[str]) -> Iterator[Commit]:
    """The commits reachable from `tips`, themselves included; the walk ends at those in `without`."""
    waiting, seen = list(tips), set(tips)
    while waiting:
        oid = waiting.pop()
        if oid in without:
            continue
        commit = reader.commit(oid)
        yield commit
        for parent in commit.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
