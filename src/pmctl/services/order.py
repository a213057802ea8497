"""Lists of a source in the order in which things happened, whichever way round the source lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

_T = TypeVar("_T")
Order = tuple[datetime, int]


def oldest_first(items: Iterable[_T], moment: Callable[[_T], Order], *, newest_first: bool = False) -> list[_T]:
    """The items sorted by their moment; those of one moment in the order in which they happened.

    A list that mostly runs backwards is read backwards; `newest_first` is how a list runs that does not show it.
    """
    listed = list(items)
    moments = [moment(item) for item in listed]
    forwards = sum(after > before for before, after in pairwise(moments))
    backwards = sum(after < before for before, after in pairwise(moments))
    if backwards > forwards or (newest_first and backwards == forwards):
        listed.reverse()
    return sorted(listed, key=moment)
