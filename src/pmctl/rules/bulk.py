"""Check many documents: from the cache where it holds, the rest on every core, duplicates across all.

items -> (cache | check, in as many processes as there are cores) -> findings per item, in order
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pmctl.document.finding import Finding
from pmctl.rules.cache import Cache, Result, result_key
from pmctl.rules.context import CacheDependencies, Context, History, TemplateView
from pmctl.rules.engine import check

_CHUNK = 2_000
_PORTIONS = 100
_ENOUGH_FOR_PROCESSES = 150
"""Documents from which on a second process pays for its start (about 10 ms)."""


class Item(NamedTuple):
    """One document to check: its path relative to the pmctl root, its bytes, and what is its own of the context.

    `template` None is the context's. `finding` stands for a file that could not be read: it is the only result.
    """

    path: str
    data: bytes | None
    status: str = ""
    adopted: bool = False
    template: TemplateView | None = None
    history: History | None = None
    finding: Finding | None = None


class Checked(NamedTuple):
    """The result for one item, in the order given."""

    path: str
    id: str
    findings: tuple[Finding, ...]


def check_many(
    items: Iterable[Item], context: Context, *, cache: Cache | None = None, workers: int | None = None
) -> list[Checked]:
    """Check every item under a common context. `workers` None is one per core, 1 keeps to this process.

    `context.exists` is called in other processes too: it may look at the disk or at a set, but must not talk
    to a running process. The cache is saved at the end. An id is compared with all items up to its chunk of 2,000
    and with `context.ids`.
    """
    count = workers or os.cpu_count() or 1
    rows = iter(items)
    done: list[Checked] = []
    collector = gc.isenabled()
    gc.disable()  # tens of thousands of small objects and no cycles: the collector took a tenth of the time
    try:
        while chunk := list(islice(rows, _CHUNK)):
            done += _chunk(chunk, context, cache, count)
            done = _with_duplicates(done, chunk, context, at=len(done) - len(chunk))
    finally:
        if collector:
            gc.enable()
    if cache is not None:
        cache.save()
    return done


def _chunk(items: Sequence[Item], context: Context, cache: Cache | None, workers: int) -> list[Checked]:
    results: list[Result | None] = [None] * len(items)
    keys: list[str] = [""] * len(items)
    missing = []
    context = context._replace(ids={})  # ids are compared at the end, so that results can be kept
    for number, item in enumerate(items):
        if item.data is None:
            results[number] = Result("", (item.finding,) if item.finding else ())
            continue
        if cache is not None:
            own = _context(item, context)
            keys[number] = result_key(item.data, item.path, own, _template_key(own.template))
            known = cache.get(keys[number], item.path)
            if known is not None and known.holds(own):
                results[number] = known
                continue
        missing.append(number)
    for number, result in zip(missing, _compute([items[number] for number in missing], context, workers), strict=True):
        results[number] = result
        if cache is not None:
            cache.put(keys[number], result)
    return [
        Checked(item.path, result.id, result.findings)
        for item, result in zip(items, results, strict=True)
        if result is not None
    ]


def _compute(items: Sequence[Item], context: Context, workers: int) -> list[Result]:
    """The results of items that are not in the cache, on several cores when there are enough of them."""
    alone = workers < 2 or len(items) < _ENOUGH_FOR_PROCESSES or not hasattr(os, "fork") or threading.active_count() > 1
    if alone:
        return [_result(item, context) for item in items]
    # Each process takes the next portion when it is done with one: no two cores are equally quick. A portion is a
    # byte in a pipe, from which every byte is read once.
    size = -(-len(items) // _PORTIONS)
    queue, writing = os.pipe()
    os.write(writing, bytes(range(-(-len(items) // size))))
    os.close(writing)
    children = [_start(items, context, queue, size) for _ in range(workers - 1)]
    results: dict[int, Result] = dict(_portions(items, context, queue, size))
    os.close(queue)
    for process, pipe in children:
        results.update(_finish(process, pipe, items))
    return [results.get(number) or _result(item, context) for number, item in enumerate(items)]


def _portions(items: Sequence[Item], context: Context, queue: int, size: int) -> Iterator[tuple[int, Result]]:
    """The results, by number, of all the portions that this process gets."""
    while portion := os.read(queue, 1):
        for number in range(portion[0] * size, min(len(items), (portion[0] + 1) * size)):
            yield number, _result(items[number], context)


def _start(items: Sequence[Item], context: Context, queue: int, size: int) -> tuple[int, int]:
    """Begin a process that checks portions and writes the results into a pipe: (process, pipe)."""
    import marshal  # which both ends have alike, being one program; it is quicker than JSON

    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    status = 1
    try:
        os.close(reading)
        found = [(number, result.plain()) for number, result in _portions(items, context, queue, size)]
        with os.fdopen(writing, "wb") as stream:
            marshal.dump(found, stream)
        status = 0
    finally:
        os._exit(status)


def _finish(process: int, pipe: int, items: Sequence[Item]) -> dict[int, Result]:
    """The results of a process, by number; none when it died or wrote something else."""
    import marshal

    with os.fdopen(pipe, "rb") as stream:
        data = stream.read()
    os.waitpid(process, 0)
    try:
        found = marshal.loads(data)  # noqa: S302  written by this program's own process
        return {number: Result.of_plain(plain, items[number].path) for number, plain in found}
    except (ValueError, TypeError, KeyError, IndexError, EOFError):
        return {}


def _result(item: Item, context: Context) -> Result:
    from pmctl.document.reader import read

    asked = CacheDependencies()
    own = _context(item, context)._replace(asked=asked)
    doc = read(item.data or b"", item.path)
    return Result.of(doc.id if doc.readable else "", check(doc, own), asked, own.today)


def _context(item: Item, context: Context) -> Context:
    """The common context with what is the item's own; for most items that is nothing."""
    if not (item.status or item.adopted or item.template or item.history):
        return context
    return context._replace(
        status=item.status or context.status,
        adopted=item.adopted or context.adopted,
        template=item.template or context.template,
        history=item.history or context.history,
    )


@lru_cache(maxsize=256)
def _template_key(template: TemplateView) -> str:
    return repr(template)


def _with_duplicates(done: list[Checked], chunk: Sequence[Item], context: Context, at: int) -> list[Checked]:
    """Check those again whose id another file has as well; they are few, or something is very wrong."""
    ids: dict[str, tuple[str, ...]] = dict(context.ids)
    for one in done:
        if one.id:
            paths = ids.get(one.id.casefold(), ())
            ids[one.id.casefold()] = paths if one.path in paths else (*paths, one.path)
    shared = {name: paths for name, paths in ids.items() if len(paths) > 1}
    if not shared:
        return done
    from pmctl.document.reader import read

    again = list(done)
    for number, item in enumerate(chunk, at):
        one = done[number]
        if one.id and item.data is not None and one.id.casefold() in shared:
            own = _context(item, context)._replace(ids=shared)
            again[number] = Checked(one.path, one.id, check(read(item.data, item.path), own))
    return again


def items_of(paths_and_data: Iterable[tuple[str, bytes]]) -> Iterator[Item]:
    """Plain (path, bytes) pairs as items."""
    return (Item(path, data) for path, data in paths_and_data)
