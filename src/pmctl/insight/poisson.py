"""Two Poisson counts with their exposures -> their rate ratio with an exact interval. Pure mathematics, no dependency.

Given the sum of both counts, one of them is binomial, so that an exact (Clopper-Pearson) interval for its share is one
for the ratio. Sources: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), 404-413; J. Przyborowski and H. Wilenski,
Biometrika 31 (1940), 313-323; the continued fraction of the incomplete beta function: NIST Digital Library of
Mathematical Functions, 8.17.22, evaluated by Lentz's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

_TINY = 1e-300
_EPSILON = 1e-15


class RateRatio(NamedTuple):
    """The second rate divided by the first, with its interval; `high` is infinite when the first count is 0."""

    ratio: float | None
    low: float
    high: float


def rate_ratio(before: int, exposure: float, after: int, later: float, level: float = 0.95) -> RateRatio | None:
    """The ratio of the rates `after / later` and `before / exposure`; None when there is nothing to compare: no event
    at all, or no exposure on one side. Counts are not negative."""
    total = before + after
    if not total or exposure <= 0 or later <= 0:
        return None
    low, high = proportion(after, total, level)
    scale = exposure / later
    ratio = after / before * scale if before else None
    return RateRatio(ratio, _odds(low) * scale, _odds(high) * scale)


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def proportion(hits: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """The exact (Clopper-Pearson) interval of a share."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _inverse(lambda x: incomplete_beta(hits, of - hits + 1, x), tail)
    high = 1.0 if hits == of else _inverse(lambda x: incomplete_beta(hits + 1, of - hits, x), 1 - tail)
    return low, high


def _inverse(rising: Callable[[float], float], wanted: float) -> float:
    """Where a rising function on 0..1 has a value, by bisection to the last bit."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction converges quickly
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    above, below, value = 1.0, 0.0, 1.0
    for step in range(10_000):
        half = step // 2
        if step == 0:
            term = 1.0
        elif step % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        below = 1 / ((1 + term * below) or _TINY)
        above = (1 + term / above) or _TINY
        value *= above * below
        if abs(above * below - 1) < _EPSILON:
            break
    return front * (value - 1)
