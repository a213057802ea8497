"""What two sequences have in common, in order, found within a fixed amount of work. (before, after) -> spans.

The shortest edit script by Myers' greedy algorithm (E. W. Myers, "An O(ND) Difference Algorithm and Its Variations",
Algorithmica 1986). Every step is paid for from a `Budget` that a whole comparison shares: a document that was made to
be costly is compared coarsely, and never slowly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
_DEEPEST = 1_000  # differences of one pair of sequences; what has more in it is another text


@dataclass(slots=True)
class Budget:
    """Steps that are left, about a quarter of a million for a second."""

    steps: int = 1_000_000

    def spend(self, steps: int) -> bool:
        """Pay for some steps; False when that is more than is left."""
        self.steps -= steps
        return self.steps >= 0


class Span(NamedTuple):
    """The part [`start`, `end`) before became [`new_start`, `new_end`) after; `kind` is SAME, ADDED, REMOVED or
    CHANGED."""

    kind: str
    start: int
    end: int
    new_start: int
    new_end: int


def align(before: Sequence[Hashable], after: Sequence[Hashable], budget: Budget) -> list[Span]:
    """The spans of two sequences, in order, which cover both of them.

    When the budget does not suffice, all between the same beginning and the same end is one CHANGED span.
    """
    limit = min(len(before), len(after))
    first = next((at for at in range(limit) if before[at] != after[at]), limit)
    last = next((at for at in range(limit - first) if before[-1 - at] != after[-1 - at]), limit - first)
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    pairs = _pairs(old, new, budget) if old and new else []
    matched = [
        *((at, at) for at in range(first)),
        *((first + one, first + other) for one, other in pairs),
        *((len(before) - last + at, len(after) - last + at) for at in range(last)),
    ]
    return _spans(matched, len(before), len(after))


def in_place(order: Sequence[int]) -> set[int]:
    """The positions in `order` of a longest run of ascending numbers: what was not moved when these are the old places
    of things in their new order."""
    tails: list[int] = []  # the smallest last number of a run of each length
    holders: list[int] = []
    before: list[int] = []
    for position, number in enumerate(order):
        length = bisect_left(tails, number)
        tails[length : length + 1] = [number]
        holders[length : length + 1] = [position]
        before.append(holders[length - 1] if length else -1)
    found = set()
    at = holders[-1] if holders else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found


def _spans(matched: list[tuple[int, int]], olds: int, news: int) -> list[Span]:
    spans: list[Span] = []
    old = new = 0
    for one, other in (*matched, (olds, news)):
        if one > old or other > new:
            kind = CHANGED if one > old and other > new else REMOVED if one > old else ADDED
            spans.append(Span(kind, old, one, new, other))
        if (one, other) == (olds, news):
            break
        if spans and spans[-1].kind == SAME and spans[-1].end == one and spans[-1].new_end == other:
            spans[-1] = spans[-1]._replace(end=one + 1, new_end=other + 1)
        else:
            spans.append(Span(SAME, one, one + 1, other, other + 1))
        old, new = one + 1, other + 1
    return spans


def _pairs(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[tuple[int, int]]:
    """The places of what both have; none when the budget is spent or too much differs."""
    numbers: dict[Hashable, int] = {}
    first = [numbers.setdefault(one, len(numbers)) for one in old]
    second = [numbers.setdefault(one, len(numbers)) for one in new]
    if not budget.spend(len(first) + len(second)) or not set(first) & set(second):
        return []
    trace: list[list[int]] = []
    reach = {1: 0}
    for depth in range(min(len(first) + len(second), _DEEPEST) + 1):
        if not budget.spend(depth + 1):
            return []
        reached = []
        for diagonal in range(-depth, depth + 1, 2):
            down = diagonal == -depth or (diagonal != depth and reach[diagonal - 1] < reach[diagonal + 1])
            at = reach[diagonal + 1] if down else reach[diagonal - 1] + 1
            begun = at
            while at < len(first) and 0 <= at - diagonal < len(second) and first[at] == second[at - diagonal]:
                at += 1
            reach[diagonal] = at
            reached.append(at)
            if not budget.spend(at - begun):
                return []
            if at >= len(first) and at - diagonal >= len(second):
                return _walked_back(trace, depth, diagonal, at)
        trace.append(reached)
    return []


def _walked_back(trace: list[list[int]], depth: int, diagonal: int, at: int) -> list[tuple[int, int]]:
    """The pairs on the way that led to the end; `trace` has for each depth how far each diagonal reached."""
    found: list[tuple[int, int]] = []
    for number in range(depth, 0, -1):
        reached = dict(zip(range(1 - number, number, 2), trace[number - 1], strict=True))
        low, high = reached.get(diagonal - 1, -1), reached.get(diagonal + 1, -1)
        down = diagonal == -number or (diagonal != number and low < high)
        begun = high if down else low + 1
        found.extend((place, place - diagonal) for place in range(at - 1, begun - 1, -1))
        diagonal, at = (diagonal + 1, high) if down else (diagonal - 1, low)
    found.extend((place, place) for place in range(at - 1, -1, -1))
    return found[::-1]
