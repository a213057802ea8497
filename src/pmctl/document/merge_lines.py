"""Which lines two versions share, and where three versions differ. Sequences of what can be compared -> places.

Lines that occur once on both sides are the anchors; between them a small remainder is compared in full, and a large
one counts as changed. So a file of a megabyte costs time in proportion to its lines, whatever stands in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_IN_FULL = 40_000
"""Pairs of lines that are compared one with another; more of them are told apart by anchors alone."""

Range = tuple[int, int]


class Same(NamedTuple):
    """An element that all three versions share: its index in each."""

    base: int
    ours: int
    theirs: int


class Differing(NamedTuple):
    """A place where at least one side is not as the base: the half-open range in each version."""

    base: Range
    ours: Range
    theirs: Range


def pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The indexes of equal elements, both in rising order: what the two have in common."""
    found: list[tuple[int, int]] = []
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        a, a_end, b, b_end = waiting.pop()
        while a < a_end and b < b_end and old[a] == new[b]:
            found.append((a, b))
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            found.append((a_end, b_end))
        if a == a_end or b == b_end:
            continue
        anchors = _anchors(old, new, (a, a_end), (b, b_end))
        if anchors:
            found += anchors
            bounds = [(a - 1, b - 1), *anchors, (a_end, b_end)]
            waiting += [(before[0] + 1, after[0], before[1] + 1, after[1]) for before, after in pairwise(bounds)]
        elif (a_end - a) * (b_end - b) <= _IN_FULL:
            found += [(a + one, b + two) for one, two in _longest_common(old[a:a_end], new[b:b_end])]
    return sorted(found)


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable], a: Range, b: Range) -> list[tuple[int, int]]:
    """Elements that occur once in either range, as many of them as stand in the same order."""
    in_old, in_new = Counter(old[slice(*a)]), Counter(new[slice(*b)])
    places = {new[at]: at for at in range(*b) if in_new[new[at]] == 1}
    candidates = [(at, places[old[at]]) for at in range(*a) if in_old[old[at]] == 1 and old[at] in places]
    # The longest rising run of the second index, by patience sorting.
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(candidates):
        pile = bisect_left(tops, place)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            piles.append(index)
        else:
            tops[pile], piles[pile] = place, index
    run: list[tuple[int, int]] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        run.append(candidates[at])
        at = before[at]
    return run[::-1]


def _longest_common(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """The longest common subsequence, from a table of all pairs."""
    width = len(new) + 1
    lengths = [[0] * width for _ in range(len(old) + 1)]
    for a in range(len(old) - 1, -1, -1):
        row, below = lengths[a], lengths[a + 1]
        for b in range(len(new) - 1, -1, -1):
            row[b] = below[b + 1] + 1 if old[a] == new[b] else max(below[b], row[b + 1])
    a = b = 0
    while a < len(old) and b < len(new):
        if old[a] == new[b]:
            yield a, b
            a, b = a + 1, b + 1
        elif lengths[a + 1][b] >= lengths[a][b + 1]:
            a += 1
        else:
            b += 1


def three_way(
    base: Sequence[Hashable], ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Iterator[Same | Differing]:
    """The three versions side by side, from the first element to the last; nothing is left out on any side."""
    in_ours, in_theirs = dict(pairs(base, ours)), dict(pairs(base, theirs))
    b = o = t = 0
    for at in range(len(base)):
        if at not in in_ours or at not in in_theirs:
            continue
        if (b, o, t) != (at, in_ours[at], in_theirs[at]):
            yield Differing((b, at), (o, in_ours[at]), (t, in_theirs[at]))
        yield Same(at, in_ours[at], in_theirs[at])
        b, o, t = at + 1, in_ours[at] + 1, in_theirs[at] + 1
    if (b, o, t) != (len(base), len(ours), len(theirs)):
        yield Differing((b, len(base)), (o, len(ours)), (t, len(theirs)))
