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

    `taken` are the paths of records and their parts, on the way to which everything was looked at.
    """
    ways = {step for path in taken for step in _steps(path)}
    found: dict[str, None] = {}
    waiting = [root for root in roots if root]
    while waiting and len(found) < _MOST:
        place = waiting.pop()
        below = []
        touched = any(one.path in looked for _, one in place.members())
        for child in (*(Cursor(one.value, one.path) for _, one in place.members()), *place.each()):
            if not child or (touched and child.path.rpartition(".")[2] in _REFERRING):
                continue
            if place.mapping and child.path not in looked and child.path not in ways:
                found[_INDEX.sub("[]", child.path)] = None
            elif child.mapping or child.list:
                below.append(child)
        waiting += reversed(below)
    return tuple(sorted(found))


def _steps(path: str) -> Iterable[str]:
    """The path itself and all that lead to it: $.a[0].b, $.a[0], $.a, $."""
    yield path
    for mark in re.finditer(r"[.\[]", path):
        yield path[: mark.start()]
