"""Check many documents: from the cache where it holds, the rest on every core, duplicates across all.

items -> (cache | check, in as many processes as there are cores) -> findings per item, in order
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pmctl.document.finding import Finding
from pmctl.processes import on_every_core
from pmctl.rules.cache import Cache, Result, result_key
from pmctl.rules.context import CacheDependencies, Context, History
from pmctl.rules.engine import check

_ENOUGH_FOR_PROCESSES = 150
"""Documents from which on more processes pay for their start (about 40 ms)."""


class Item(NamedTuple):
    """One document to check: its path relative to the pmctl root, its bytes, and when it came about, if targets are
    held against that. `finding` stands for a file that could not be read: it is the only result.
    """

    path: str
    data: bytes | None
    history: History | None = None
    finding: Finding | None = None

    def context(self, common: Context) -> Context:
        """The common context with the item's own history."""
        return common._replace(history=self.history) if self.history else common


class Checked(NamedTuple):
    """The result for one item, in the order given."""

    path: str
    id: str
    findings: tuple[Finding, ...]
    incidents: tuple[str, ...] = ()


def check_many(
    items: Sequence[Item], context: Context, *, cache: Cache | None = None, workers: int | None = None
) -> list[Checked]:
    """Check every item under a common context. `workers` None is one per core, 1 keeps to this process.

    `context.exists` is called in other processes too: it may look at the disk or at a set, but must not talk
    to a running process. The cache is saved at the end. An id is compared with those of all items and `context.ids`, a
    linked incident likewise.
    """
    alone = context._replace(ids={}, incidents={})  # compared at the end, so that results can be kept
    results: dict[int, Result] = {}
    keys: dict[int, str] = {}
    for number, item in enumerate(items):
        if item.data is None:
            results[number] = Result("", (item.finding,) if item.finding else ())
        elif cache is not None:
            own = item.context(alone)
            keys[number] = result_key(item.data, item.path, own)
            known = cache.get(keys[number], item.path)
            if known is not None and known.holds(own):
                results[number] = known
    missing = [number for number in range(len(items)) if number not in results]
    computed = _compute([items[number] for number in missing], alone, workers)
    for number, result in zip(missing, computed, strict=True):
        results[number] = result
        if cache is not None:
            cache.put(keys[number], result)
    if cache is not None:
        cache.save()
    done = [
        Checked(item.path, results[number].id, results[number].findings, results[number].incidents)
        for number, item in enumerate(items)
    ]
    return _with_duplicates(done, items, context)


def _compute(items: Sequence[Item], context: Context, workers: int | None) -> list[Result]:
    """The results of items that are not in the cache, on several cores when there are enough of them."""

    def portion(first: int, last: int) -> list[Result]:
        return [_result(item, context) for item in items[first:last]]

    done = on_every_core(portion, len(items), workers) if len(items) >= _ENOUGH_FOR_PROCESSES else []
    return done + [_result(item, context) for item in items[len(done) :]]


def _result(item: Item, context: Context) -> Result:
    from pmctl.document.incidents import linked_incidents
    from pmctl.document.reader import read

    asked = CacheDependencies()
    own = item.context(context)._replace(asked=asked)
    doc = read(item.data or b"", item.path)
    name, incidents = (doc.id, linked_incidents(doc)) if doc.readable else ("", ())
    return Result.of(name, check(doc, own), asked, own.today, incidents)


def _with_duplicates(done: list[Checked], items: Sequence[Item], context: Context) -> list[Checked]:
    """Check those again whose id or incident another file has as well; they are few, or something is very wrong."""
    ids = _shared(context.ids, [(one.path, (one.id.casefold(),) if one.id else ()) for one in done])
    incidents = _shared(context.incidents, [(one.path, one.incidents) for one in done])
    if not ids and not incidents:
        return done
    from pmctl.document.reader import read

    return [
        one._replace(
            findings=check(read(item.data, item.path), item.context(context)._replace(ids=ids, incidents=incidents))
        )
        if item.data is not None and (one.id.casefold() in ids or not incidents.keys().isdisjoint(one.incidents))
        else one
        for one, item in zip(done, items, strict=True)
    ]


def _shared(
    known: Mapping[str, tuple[str, ...]], found: Iterable[tuple[str, tuple[str, ...]]]
) -> dict[str, tuple[str, ...]]:
    """The names that several paths have, with these paths; `found` gives the names of each path that was checked."""
    paths: dict[str, tuple[str, ...]] = dict(known)
    for path, names in found:
        for name in names:
            if path not in paths.get(name, ()):
                paths[name] = (*paths.get(name, ()), path)
    return {name: those for name, those in paths.items() if len(those) > 1}
