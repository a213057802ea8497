"""Which fields of a record nobody read: what pmctl did not take over, for the person who imports."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from pmctl.services.cursor import Cursor

_INDEX = re.compile(r"\[\d+\]")
_REFERRING = frozenset(("id", "type", "self"))  # what every reference has beside the name that was taken
_MOST = 200  # a record of another kind altogether needs no longer list


def unused_fields(roots: Iterable[Cursor], looked: Collection[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """The paths below `roots` that hold something and that are not among `looked`, each once, without indices.

    What was read of one item of a list counts as read of all: an entry may have been left out on purpose. `taken` are
    the paths of records and their parts, on the way to which everything was looked at.
    """
    read = {_INDEX.sub("[]", path) for path in looked}
    ways = {step for path in taken for step in _steps(path)}
    found: dict[str, None] = {}
    waiting = [root for root in roots if root]
    while waiting and len(found) < _MOST:
        place = waiting.pop()
        below = []
        touched = any(_INDEX.sub("[]", one.path) in read for _, one in place.members())
        for child in (*(Cursor(one.value, one.path) for _, one in place.members()), *place.each()):
            if not child or (touched and child.path.rpartition(".")[2] in _REFERRING):
                continue
            path = _INDEX.sub("[]", child.path)
            if place.mapping and path not in read and child.path not in ways:
                found[path] = None
            elif child.mapping or child.list:
                below.append(child)
        waiting += reversed(below)
    return tuple(sorted(found))


def _steps(path: str) -> Iterable[str]:
    """The path itself and all that lead to it: $.a[0].b, $.a[0], $.a, $."""
    yield path
    for mark in re.finditer(r"[.\[]", path):
        yield path[: mark.start()]
