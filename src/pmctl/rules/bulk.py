"""Check many documents: from the cache where it holds, the rest on every core, duplicates across all.

items -> (cache | check, in as many processes as there are cores) -> findings per item, in order
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pmctl.document.finding import Finding
from pmctl.processes import Progress, counted, on_every_core
from pmctl.rules.cache import Cache, Places, Result, result_key
from pmctl.rules.context import CacheDependencies, Context, History
from pmctl.rules.engine import check

_CHECKED = "postmortems checked"
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
    items: Places = ()


def check_many(
    items: Sequence[Item],
    context: Context,
    *,
    cache: Cache | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Checked]:
    """Check every item under a common context. `workers` None is one per core, 1 keeps to this process.

    `context.exists` is called in other processes too: it may look at the disk or at a set, but must not talk
    to a running process. The cache is saved at the end. An id is compared with those of all items and `context.ids`, a
    linked incident likewise, the ids of action items with those of all items.
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
    computed = _compute([items[number] for number in missing], alone, workers, progress)
    for number, result in zip(missing, computed, strict=True):
        results[number] = result
        if cache is not None:
            cache.put(keys[number], result)
    if cache is not None:
        cache.save()
    done = [
        Checked(item.path, result.id, result.findings, result.incidents, result.items)
        for item, result in ((item, results[number]) for number, item in enumerate(items))
    ]
    return _with_duplicates(done, items, context)


def _compute(items: Sequence[Item], context: Context, workers: int | None, progress: Progress | None) -> list[Result]:
    """The results of items that are not in the cache, on several cores when there are enough of them."""

    def portion(first: int, last: int) -> list[Result]:
        return [_result(item, context) for item in items[first:last]]

    done: list[Result] = []
    if len(items) >= _ENOUGH_FOR_PROCESSES:
        done = on_every_core(portion, len(items), workers, what=_CHECKED, progress=progress)
    return done + [_result(item, context) for item in counted(items[len(done) :], _CHECKED, progress)]


def _result(item: Item, context: Context) -> Result:
    from pmctl.document.fields import ITEM_ID
    from pmctl.document.incidents import linked_incidents
    from pmctl.document.reader import read
    from pmctl.rules.action_items import items_of

    asked = CacheDependencies()
    own = item.context(context)._replace(asked=asked)
    doc = read(item.data or b"", item.path)
    if not doc.readable:
        return Result.of("", check(doc, own), asked, own.today)
    found = tuple((one.id.casefold(), one.line) for one in items_of(doc) if ITEM_ID.fullmatch(one.id))
    return Result.of(doc.id, check(doc, own), asked, own.today, linked_incidents(doc), found)


def _with_duplicates(done: list[Checked], items: Sequence[Item], context: Context) -> list[Checked]:
    """Check those again whose id, incident or action item another file has as well; they are few, or something is very
    wrong."""
    ids = _shared(context.ids, [(one.path, (one.id.casefold(),) if one.id else ()) for one in done])
    incidents = _shared(context.incidents, [(one.path, one.incidents) for one in done])
    twice = _shared({}, [(one.path, tuple(name for name, _ in one.items)) for one in done])
    if not (ids or incidents or twice):
        return done
    from pmctl.document.reader import read

    places: dict[str, Places] = {}
    for one in sorted(done, key=lambda checked: checked.path):  # the same words, however the files were found
        for name, line in one.items:
            if name in twice:
                places[name] = (*places.get(name, ()), (one.path, line))
    found = []
    for one, item in zip(done, items, strict=True):
        again = one.id.casefold() in ids or any(name in incidents for name in one.incidents)
        if item.data is not None and (again or any(name in twice for name, _ in one.items)):
            own = item.context(context)._replace(ids=ids, incidents=incidents, item_places=places)
            one = one._replace(findings=check(read(item.data, item.path), own))
        found.append(one)
    return found


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
