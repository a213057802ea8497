"""Does the cost of some work grow with the size of its input, or with its square? Asked without a clock's verdict.

The same work is done on an input of size n and on one of 2n in one process, and the processor times are compared: about
2 for work in proportion, 4 for quadratic work. A busy machine disturbs both alike; the least of several tries counts.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LIMIT = 3.0
_TRIES = 5
_LEAST = 0.004  # seconds; below that a clock says nothing about growth


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int) -> float:
    """How many times the processor time of `work(make(size))` it takes to do `work(make(2 * size))`."""
    found = float("inf")
    for _ in range(_TRIES):
        small, large = (_cost(work, make(wanted)) for wanted in (size, 2 * size))
        found = min(found, large / max(small, _LEAST))
        if found < LIMIT:
            break
    return found


def assert_in_proportion(work: Callable[[T], object], make: Callable[[int], T], size: int) -> None:
    """The work on twice the size takes less than `LIMIT` times as long."""
    found = growth(work, make, size)
    assert found < LIMIT, f"twice the size takes {found:.1f} times as long"


def _cost(work: Callable[[T], object], given: T) -> float:
    # The collector looks at everything that earlier tests have left, when more objects are made: that is not this work.
    gc.disable()
    try:
        begun = time.process_time()
        work(given)
        return time.process_time() - begun
    finally:
        gc.enable()
