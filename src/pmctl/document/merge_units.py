"""Merging of what has an identity: rows, keys, list items, sections. Three sequences of units -> pieces.

    base, ours, theirs -> which unit of a side is which of the base -> each unit merged with itself -> one order

What one side added stays; what one side removed goes, unless the other changed it. The order of the side that moved
something counts. Where both moved the same things differently nobody can say what was meant: NotUnderstood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pmctl.document.merge_conflict import NotUnderstood
from pmctl.document.merge_lines import pairs

T = TypeVar("T")
R = TypeVar("R")

START = -1
_HALF = 0.5
_TRIED = 50  # how many neighbours are looked at; more of them are no edit in place


@dataclass(frozen=True, slots=True)
class Rules(Generic[T, R]):
    """How the units of one kind are merged.

    `leaf(base, ours, theirs)` merges one unit, None where a version lacks it; never all three. Units that both sides
    added are one when their `new_key` is the same (None: never). `clash(dropped, ours, theirs)` is asked where both
    sides replaced the same units by others; None keeps both. `earlier(theirs, ours)` says that what they added goes
    before what we added in the same place.
    """

    leaf: Callable[[T | None, T | None, T | None], list[R]]
    new_key: Callable[[T], Hashable | None]
    clash: Callable[[list[T], list[T], list[T]], list[R]] | None = None
    earlier: Callable[[T, T], bool] | None = None


def matched(
    base: Sequence[T],
    side: Sequence[T],
    keys: Sequence[Callable[[T], Hashable | None]],
    may: Callable[[T, T], bool] = lambda old, new: True,
    likeness: Callable[[T, T], float] | None = None,
    least: float = _HALF,
) -> list[int | None]:
    """For each unit of a side the index of the unit of the base that it was, None for a new one.

    The first key is the unit as it is written. Each key counts where it occurs once among what is left on both sides.
    What then lies between the same neighbours was changed in place: in equal number with at least the likeness
    `least` (from 0 to 1), otherwise where half of it is the same.
    """
    origin: list[int | None] = [None] * len(side)
    taken: set[int] = set()
    for old, new in pairs([keys[0](one) for one in base], [keys[0](one) for one in side]):
        origin[new] = old
        taken.add(old)
    for key in keys:
        left_old = [at for at in range(len(base)) if at not in taken]
        left_new = [at for at in range(len(side)) if origin[at] is None]
        if not left_old or not left_new:
            break
        old_keys, new_keys = {at: key(base[at]) for at in left_old}, {at: key(side[at]) for at in left_new}
        count_old, count_new = Counter(old_keys.values()), Counter(new_keys.values())
        places = {old_keys[at]: at for at in left_old}
        for at in left_new:
            name = new_keys[at]
            if name is None or count_old[name] != 1 or count_new[name] != 1 or not may(base[places[name]], side[at]):
                continue
            origin[at] = places[name]
            taken.add(places[name])
    if likeness is not None:
        _match_in_place(base, side, origin, lambda old, new: likeness(old, new) if may(old, new) else -1.0, least)
    return origin


def _match_in_place(
    base: Sequence[T], side: Sequence[T], origin: list[int | None], likeness: Callable[[T, T], float], least: float
) -> None:
    """Match what is left between the same neighbours."""
    taken = {at for at in origin if at is not None}
    old_gaps: dict[int, list[int]] = {}
    before = START
    for at in range(len(base)):
        if at in taken:
            before = at
        else:
            old_gaps.setdefault(before, []).append(at)
    new_gaps: dict[int, list[int]] = {}
    before = START
    for at, old in enumerate(origin):
        if old is None:
            new_gaps.setdefault(before, []).append(at)
        else:
            before = old
    for place, news in new_gaps.items():
        olds = old_gaps.get(place, [])
        if len(olds) == len(news):
            found = [pair for pair in zip(olds, news, strict=True) if likeness(base[pair[0]], side[pair[1]]) >= least]
        else:
            found = list(_most_alike(base, side, olds, news, likeness))
        for old_at, new_at in found:
            origin[new_at] = old_at


def _most_alike(
    base: Sequence[T], side: Sequence[T], olds: list[int], news: list[int], likeness: Callable[[T, T], float]
) -> Iterator[tuple[int, int]]:
    """Each old one with the first new one, in the same order, that half of it is the same as."""
    after = 0
    for old in olds[:_TRIED]:
        for number in range(after, min(len(news), after + _TRIED)):
            if likeness(base[old], side[news[number]]) >= _HALF:
                yield old, news[number]
                after = number + 1
                break


def merge_units(
    base: Sequence[T],
    ours: Sequence[T],
    theirs: Sequence[T],
    our_origin: Sequence[int | None],
    their_origin: Sequence[int | None],
    rules: Rules[T, R],
) -> list[R]:
    """The three sequences as one. Raises NotUnderstood when both sides moved the same units differently."""
    in_ours = {old: ours[at] for at, old in enumerate(our_origin) if old is not None}
    in_theirs = {old: theirs[at] for at, old in enumerate(their_origin) if old is not None}
    order = _order(our_origin, their_origin)
    our_gaps, their_gaps = _added(ours, our_origin), _added(theirs, their_origin)
    _one_gap_for_both(our_gaps, their_gaps, rules.new_key)
    dropped = _dropped(base, order)
    result: list[R] = []
    ours_here, theirs_here, dropped_here = our_gaps.get(START, []), their_gaps.get(START, []), dropped.get(START, [])
    for place in order:
        written = rules.leaf(base[place], in_ours.get(place), in_theirs.get(place))
        if written:  # where a unit goes, what stood around it meets
            result += _gap(ours_here, theirs_here, dropped_here, rules) + written
            ours_here, theirs_here, dropped_here = [], [], []
        ours_here = [*ours_here, *our_gaps.get(place, [])]
        theirs_here = [*theirs_here, *their_gaps.get(place, [])]
        dropped_here = [*dropped_here, *dropped.get(place, [])]
    return result + _gap(ours_here, theirs_here, dropped_here, rules)


def _order(ours: Sequence[int | None], theirs: Sequence[int | None]) -> list[int]:
    """The units of the base that at least one side kept, in the order of the side that moved any."""
    our_order, their_order = [at for at in ours if at is not None], [at for at in theirs if at is not None]
    both = set(our_order) & set(their_order)
    our_common, their_common = [at for at in our_order if at in both], [at for at in their_order if at in both]
    if our_common == sorted(our_common):
        first, second = their_order, our_order
    elif their_common == sorted(their_common) or their_common == our_common:
        first, second = our_order, their_order
    else:
        raise NotUnderstood("both sides put the same parts into another order")
    order = list(first)
    for number, at in enumerate(second):
        if at not in both:
            order.insert(order.index(second[number - 1]) + 1 if number else 0, at)
    return order


def _added(side: Sequence[T], origin: Sequence[int | None]) -> dict[int, list[T]]:
    """What a side added, by the unit of the base that it stands behind."""
    gaps: dict[int, list[T]] = {}
    before = START
    for one, old in zip(side, origin, strict=True):
        if old is None:
            gaps.setdefault(before, []).append(one)
        else:
            before = old
    return gaps


def _one_gap_for_both(
    ours: dict[int, list[T]], theirs: dict[int, list[T]], new_key: Callable[[T], Hashable | None]
) -> None:
    """Move what both added in different places to where our side has it, so that it meets."""
    places = {key: place for place, added in ours.items() for one in added if (key := new_key(one)) is not None}
    for place, added in list(theirs.items()):
        for one in list(added):
            key = new_key(one)
            if key is not None and places.get(key, place) != place:
                added.remove(one)
                theirs.setdefault(places[key], []).append(one)


def _dropped(base: Sequence[T], order: Iterable[int]) -> dict[int, list[T]]:
    """What both sides removed, by the unit of the base before it that is left."""
    kept = set(order)
    gaps: dict[int, list[T]] = {}
    before = START
    for at, one in enumerate(base):
        if at in kept:
            before = at
        else:
            gaps.setdefault(before, []).append(one)
    return gaps


def _gap(ours: list[T], theirs: list[T], dropped: list[T], rules: Rules[T, R]) -> list[R]:
    """What both sides added in one place: the same once, then ours and theirs, or in the order of `earlier`."""
    partners: dict[Hashable, T] = {key: one for one in theirs if (key := rules.new_key(one)) is not None}
    shared = {key for one in ours if (key := rules.new_key(one)) in partners}
    rest = [one for one in theirs if rules.new_key(one) not in shared]
    alone = [one for one in ours if rules.new_key(one) not in shared]
    if dropped and rest and alone and not shared and rules.clash is not None:
        return rules.clash(dropped, alone, rest)
    result: list[R] = []
    for one in ours:
        key = rules.new_key(one)
        while rest and rules.earlier is not None and rules.earlier(rest[0], one):
            result += rules.leaf(None, None, rest.pop(0))
        result += rules.leaf(None, one, partners[key] if key in shared else None)
    for one in rest:
        result += rules.leaf(None, None, one)
    return result
