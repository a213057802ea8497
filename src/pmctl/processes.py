"""The same work on many things, on every core, and how far it is.

(work on a portion, how many things) -> what it gave, in order.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")

Progress = Callable[[str, int, int], None]
"""Told how far a work is: its name, how much of it is done, of how much. It has ended when both are the same; the whole
is -1 where nobody knows it."""

PORTION = 50
"""Things that a process does before it hands over what they gave."""


def counted(things: Sequence[Result], what: str, progress: Progress | None, whole: int = 0) -> Iterator[Result]:
    """The things, one by one; how many are done is told, of a `whole` of which each thing is an equal part."""
    if progress is None:
        yield from things
        return
    whole = whole or len(things)
    try:
        for number, thing in enumerate(things):
            progress(what, whole * number // len(things), whole)
            yield thing
    finally:
        progress(what, whole, whole)


@contextmanager
def waiting(what: str, progress: Progress | None) -> Iterator[None]:
    """Something that takes as long as it takes."""
    if progress is not None:
        progress(what, 0, -1)
    try:
        yield
    finally:
        if progress is not None:
            progress(what, -1, -1)


def on_every_core(
    work: Callable[[int, int], list[Result]],
    count: int,
    workers: int | None = None,
    *,
    what: str = "",
    progress: Progress | None = None,
) -> list[Result]:
    """What `work` gives for all things from the first one on, called with a first and a last number (not included).

    `workers` None is one per core. The answer is short, or empty, where there is nothing to share, where a fork is not
    safe, and when a process died (of too little memory, say): the caller does what is missing itself. `progress` is
    told how far it is, as `what`.
    """
    workers = workers or os.cpu_count() or 1
    # A fork while other threads run may inherit a lock that nobody will release.
    if workers < 2 or not hasattr(os, "fork") or threading.active_count() > 1:
        return []
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    done: list[Result] = []
    if progress is not None:
        progress(what, 0, count)
    # Forked, so that nothing has to be sent there: neither the things nor the functions that the work needs.
    with ProcessPoolExecutor(workers, get_context("fork"), _inherit, (work, count)) as pool:
        try:
            for results in pool.map(_portion, range(0, count, PORTION)):
                done += results
                if progress is not None:
                    progress(what, len(done), count)
        except BrokenProcessPool:
            pass
        finally:
            if progress is not None:
                progress(what, count, count)
    return done


_INHERITED: list[tuple[Callable[[int, int], list[Any]], int]] = []
"""What a process of the pool works on; empty in every other."""


def _inherit(work: Callable[[int, int], list[Any]], count: int) -> None:
    _INHERITED.append((work, count))


def _portion(start: int) -> list[Any]:
    [(work, count)] = _INHERITED
    return work(start, min(start + PORTION, count))
