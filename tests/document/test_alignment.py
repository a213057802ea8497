"""Alignment of two sequences: it covers both, finds all that is common to them, and works no longer than agreed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.alignment import ADDED, CHANGED, REMOVED, SAME, Budget, Span, align, in_place

SEQUENCES = st.lists(st.sampled_from("abcd"), max_size=12)


def covered(before: list[str], after: list[str], spans: list[Span]) -> int:
    """How much is the same, after a look at every span: together they are both sequences."""
    old = new = common = 0
    for kind, start, end, new_start, new_end in spans:
        assert (start, new_start) == (old, new)
        sizes = (end - start, new_end - new_start)
        if kind == SAME:
            assert before[start:end] == after[new_start:new_end]
            assert sizes[0]
            common += sizes[0]
        else:
            assert {ADDED: sizes[0] == 0 < sizes[1], REMOVED: sizes[1] == 0 < sizes[0], CHANGED: all(sizes)}[kind]
        old, new = end, new_end
    assert (old, new) == (len(before), len(after))
    return common


def longest_common(before: list[str], after: list[str]) -> int:
    rows = [0] * (len(after) + 1)
    for one in before:
        above = rows[:]
        for at, other in enumerate(after):
            rows[at + 1] = above[at] + 1 if one == other else max(above[at + 1], rows[at])
    return rows[-1]


@given(SEQUENCES, SEQUENCES)
def test_finds_all_that_two_sequences_have_in_common(before: list[str], after: list[str]) -> None:
    assert covered(before, after, align(before, after, Budget())) == longest_common(before, after)


@given(SEQUENCES, SEQUENCES, st.integers(0, 40))
def test_covers_both_with_any_budget(before: list[str], after: list[str], steps: int) -> None:
    covered(before, after, align(before, after, Budget(steps)))


def test_spends_no_more_than_the_budget() -> None:
    before, after = ["a", "b"] * 50_000, ["b", "c", "a"] * 40_000
    budget = Budget(200_000)
    spans = align(before, after, budget)
    covered(before, after, spans)
    assert budget.steps < 0  # it gave up
    assert budget.steps > -len(before) - len(after)  # at once


@given(st.permutations(range(7)))
def test_in_place_is_a_longest_ascending_run(order: list[int]) -> None:
    kept = [order[at] for at in sorted(in_place(order))]
    assert kept == sorted(kept)
    best = max(
        bin(chosen).count("1")
        for chosen in range(1 << 7)
        if (run := [one for at, one in enumerate(order) if chosen >> at & 1]) == sorted(run)
    )
    assert len(kept) == best
