"""Whether fixes work: the mathematics against published values, and what counts as before, after and meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.insight.effectiveness import Effectiveness, effectiveness
from pmctl.insight.metrics import MetricsQuery
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem
from pmctl.insight.poisson import incomplete_beta, proportion, rate_ratio
from pmctl.output.trends import effects_text


def at(day: str, hour: int = 12) -> int:
    return int(datetime.fromisoformat(f"{day}T{hour:02d}:00:00+00:00").timestamp())


# R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 5 (Clopper-Pearson), to four digits.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_exact_intervals_are_the_published_ones(hits: int, of: int, low: float, high: float) -> None:
    assert [round(one, 4) for one in proportion(hits, of)] == [low, high]


def test_the_rate_ratio_is_the_published_one() -> None:
    # The example of R's poisson.test: eba1977, Fredericia against three other cities, ages 55 to 59.
    found = rate_ratio(6 + 8 + 7, 1083 + 1050 + 878, 11, 800)
    assert found is not None and found.ratio == pytest.approx(1.971488, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-6)


def tail_at_least(hits: int, of: int, share: Fraction) -> Fraction:
    """The chance of `hits` or more, as a sum of fractions: nothing is rounded."""
    return sum((math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits, of + 1)), Fraction(0))


def bisected(rising: Callable[[Fraction], Fraction], wanted: Fraction) -> float:
    low, high = Fraction(0), Fraction(1)
    for _ in range(36):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return float(low)


@pytest.mark.parametrize(("hits", "of"), [(0, 5), (1, 7), (3, 9), (8, 12), (11, 11), (2, 21), (15, 40)])
def test_exact_intervals_follow_from_exact_sums(hits: int, of: int) -> None:
    """The definition of Clopper and Pearson, by another way: either end is where the binomial tail is 2.5 %."""
    low, high = proportion(hits, of)
    tail = Fraction(1, 40)
    if hits:
        assert low == pytest.approx(bisected(lambda share: tail_at_least(hits, of, share), tail), abs=1e-9)
    if hits < of:
        assert high == pytest.approx(bisected(lambda share: tail_at_least(hits + 1, of, share), 1 - tail), abs=1e-9)
    assert (low == 0) == (hits == 0) and (high == 1) == (hits == of)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_a_binomial_tail(a: int, b: int, x: float) -> None:
    n = a + b - 1
    tail = math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert incomplete_beta(a, b, x) == pytest.approx(tail, abs=1e-9)


def test_nothing_to_compare() -> None:
    assert rate_ratio(0, 10, 0, 10) is None and rate_ratio(3, 0, 1, 10) is None and rate_ratio(3, 10, 1, 0) is None
    none_before = rate_ratio(0, 10, 3, 10)
    assert none_before is not None and none_before.ratio is None and none_before.high == math.inf


def incident(day: str, *items: MeasuredItem, causes: tuple[str, ...] = ("pool",), minutes: int | None = 30) -> Measured:
    start = at(day)
    end = None if minutes is None else start + minutes * 60
    return Measured(
        f"{day}-x", "", "PUBLISHED", "jane", "", "", (), ("api",), causes, (), (start, None, None, None, end), (),
        items, created=start,
    )  # fmt: skip


def item(name: str, closed: str = "", due: str = "", added: str = "2024-01-02", status: str = "") -> MeasuredItem:
    return MeasuredItem(
        name, "", "bob", due, "HIGH", status or ("COMPLETED" if closed else "OPEN"), "", "Pool", at(added),
        at(closed) if closed else None,
    )  # fmt: skip


def judged(*made: Measured, by: str = "factor", on: date = date(2024, 12, 31)) -> Effectiveness:
    return effectiveness(Facts("0" * 40, 0, 1, "UTC", {}, (), made), MetricsQuery(on), UTC, by)


def test_a_factor_that_stopped() -> None:
    before = [incident(f"2024-0{1 + number // 4}-{1 + 6 * (number % 4):02d}") for number in range(12)]
    (effect,) = judged(*before, incident("2024-04-01", item("AI-1", closed="2024-04-02"), causes=())).effects
    assert (effect.verdict, effect.before, effect.after, effect.completed_on) == ("fewer", 12, 0, "2024-04-02")
    assert effect.ratio == 0 and effect.high is not None and effect.high < 1
    assert effect.days_before == 92 and effect.days_after == 273.5


def test_too_few_to_say_is_the_normal_answer_and_what_came_back_is_named() -> None:
    found = judged(
        incident("2024-01-01", item("AI-1", closed="2024-02-01"), item("AI-2")), incident("2024-06-01"),
    )  # fmt: skip
    (effect,) = found.effects
    assert effect.verdict == "too few to say" and effect.came_back == ("2024-06-01-x",)
    assert effect.open_items == ("2024-01-01-x AI-2",)
    assert "too few to say" in effects_text(found) and "came back: 2024-06-01-x" in effects_text(found)


def test_repeats_while_an_item_was_open_cost_what_they_took_since_it_was_due() -> None:
    found = judged(
        incident("2024-01-01", item("AI-1", due="2024-02-01")), incident("2024-01-20"),
        incident("2024-02-01", minutes=500), incident("2024-03-01", minutes=45), incident("2024-04-01", minutes=15),
    )  # fmt: skip
    (repeat,) = found.repeats
    assert len(repeat.incidents) == 4 and repeat.minutes_since_due == 60  # on its due day it was not late
    assert "60 minutes of impact since it was due on 2024-02-01" in effects_text(found)
    unknown = judged(
        incident("2024-01-01", item("AI-1", due="2024-02-01")), incident("2024-03-01", minutes=None)
    ).repeats[0]
    assert unknown.minutes_since_due is None


def test_what_history_does_not_know_is_said_and_not_counted() -> None:
    found = judged(incident("2024-01-01", item("AI-1", status="COMPLETED")))
    assert found.effects == () and found.undated == ("2024-01-01-x AI-1",)
    nothing = judged()
    assert nothing.effects == () and nothing.since == "" and "no factor has" in effects_text(nothing)
    future = judged(incident("2025-06-01", item("AI-1", closed="2025-07-01")), on=date(2024, 6, 1))
    assert future.effects == ()


@pytest.mark.parametrize("by", ["cause", "service"])
def test_by_cause_and_service_all_items_of_their_postmortems_count(by: str) -> None:
    plain = item("AI-1", closed="2024-02-01")._replace(prevents="")
    (effect,) = judged(incident("2024-01-01", plain), incident("2024-03-01"), by=by).effects
    assert (effect.subject, effect.before, effect.after) == ("pool" if by == "cause" else "api", 1, 1)
