"""The main line of a history and its steps. (reader, tip) -> steps from the oldest to the newest.

One step is one transaction: parent -> commit, whatever merged, squashed or rebased work it brings. At a merge the
main line goes on through the parent with the highest policy version, the first one on a tie: after a `git
pull` on the protected branch the old main line is the second parent, and following first parents
blindly would judge records by a policy that was no longer, or not yet, in force.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from pmctl.git import ObjectReader
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


def main_line(reader: ObjectReader, tip: str, rank: Rank, stop: Container[str] = ()) -> list[Step]:
    """The steps from the oldest up to `tip`, without those at or before a commit in `stop`.

    When the line does not meet `stop`, it reaches a root commit; the first step says which by its `parent`.
    Raises MissingObject, CorruptObject.
    """
    steps: list[Step] = []
    at = tip
    while at and at not in stop:
        parents = reader.commit(at).parents
        main = main_parent(parents, rank, stop)
        steps.append(Step(at, main, tuple(parent for parent in parents if parent != main)))
        at = main
    steps.reverse()
    return steps


def main_parent(parents: tuple[str, ...], rank: Rank, stop: Container[str] = ()) -> str:
    """The parent that continues the main line; '' without parents.

    A parent in `stop` is known to be on the main line (the tip that was audited or landed before).
    """
    if len(parents) < 2:
        return parents[0] if parents else ""
    known = [parent for parent in parents if parent in stop]
    if known:
        return known[0]
    return max(parents, key=rank)  # the first of equals


def merged_commits(reader: ObjectReader, step: Step, landed: Container[str]) -> Iterator[Commit]:
    """The commits that a merge brings: reachable from its side parents and not yet `landed`, newest first."""
    waiting, seen = list(step.sides), set(step.sides)
    while waiting:
        oid = waiting.pop()
        if oid in landed:
            continue
        commit = reader.commit(oid)
        yield commit
        for parent in commit.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
