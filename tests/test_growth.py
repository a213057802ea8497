"""The measure of growth tells work in proportion from quadratic work."""

from __future__ import annotations

from tests.growth import LIMIT, growth


def test_work_in_proportion_and_quadratic_work_are_told_apart() -> None:
    assert growth(lambda text: [text.count("b") for _ in range(20)], lambda size: "a" * size, 400_000) < LIMIT
    assert (
        growth(lambda numbers: [n for n in numbers if -n in numbers], lambda size: list(range(1, size)), 1_500) > LIMIT
    )
