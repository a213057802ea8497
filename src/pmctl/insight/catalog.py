"""Every postmortem of the work tree as a summary: what `list`, `actions list` and the triggers ask.

Files -> summaries. A summary depends on nothing but the file's bytes, so it is kept under the git directory by their
digest. A file that the system says nobody has written since (size, both times, inode, as git asks it for its index) is
not even opened. The store can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pmctl import __version__, git
from pmctl.document.fields import id_of
from pmctl.errors import BadInput
from pmctl.files import make_folder, read_object, write_atomic

# What the catalog gives, for those who ask it.
from pmctl.insight.summary import Item as Item
from pmctl.insight.summary import Summary as Summary
from pmctl.insight.summary import plain, restored, summarise
from pmctl.processes import on_every_core
from pmctl.repository.workspace import Workspace, read_file

_STORE = "catalog-v3.json"
_SHOWN = "shown-v1.json"
_ENOUGH_FOR_PROCESSES = 150
"""Files to be read anew from which on more processes pay for their start."""
_RESTED = 2 * 10**9
"""Nanoseconds after which a file that is written again has another time, on any file system."""


def catalog(workspace: Workspace) -> list[Summary]:
    """The summaries of all postmortems in the work tree as their files say, newest incident first."""
    return [one.summary for one in _sorted(_all(workspace))]


def proved_catalog(workspace: Workspace) -> list[Summary]:
    """The summaries with the state, author and reviewers that signed records prove, for showing them to people."""
    found = proved_readings(workspace)  # what is proved can't be read here: `show` and `audit` say so
    return catalog(workspace) if found is None else [one.summary for one in found]


def proved_readings(workspace: Workspace) -> list[Reading] | None:
    """The same with what each summary is kept by; None where what is proved cannot be read.

    While neither HEAD nor files change, git is asked for one object id, and what was found otherwise is known.
    """
    everything = list(_all(workspace))
    store = workspace.repo.state_dir / _SHOWN
    stamp = _stamp(workspace, everything)
    kept = read_object(store)
    shown = kept.get("shown") if kept.get("stamp") == stamp and kept.get("version") == __version__ else None
    if not stamp:
        return _sorted(everything)
    if not isinstance(shown, dict):
        from pmctl.insight.standing import otherwise

        shown = otherwise(workspace, [(one.summary, _data(workspace, one.summary.path)) for one in everything])
        if shown is None:
            return None
        with suppress(OSError):
            make_folder(store.parent, store.parent.parent)
            write_atomic(store, json.dumps({"version": __version__, "stamp": stamp, "shown": shown}).encode())
    return _sorted(one._replace(summary=_proved(one.summary, shown.get(one.summary.path))) for one in everything)


def _proved(summary: Summary, shown: object) -> Summary:
    if not isinstance(shown, list | tuple) or len(shown) != 4:
        return summary
    status, author, reviewers, unproved = shown
    named = tuple(str(one) for one in reviewers) if isinstance(reviewers, list | tuple) else ()
    return summary._replace(status=str(status), author=str(author), reviewers=named, unproved=str(unproved))


def _stamp(workspace: Workspace, everything: Iterable[Reading]) -> str:
    """What the answer depends on: HEAD, since what a commit took away counts still, and the files; "" before the first
    commit."""
    there = git.tip(workspace.repo)
    return hashlib.sha256("\0".join((there, *(one.key for one in everything))).encode()).hexdigest() if there else ""


def _sorted(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda one: (one.summary.day, one.summary.id), reverse=True)


class Reading(NamedTuple):
    """One postmortem, and what its summary is kept by: the digest of its path and its bytes."""

    summary: Summary
    key: str


def _all(workspace: Workspace) -> list[Reading]:
    """Every postmortem, in the order of their paths: known ones from the store, the others read on every core."""
    store = workspace.repo.state_dir / _STORE
    known = _load(store)
    started = time.time_ns()
    root = os.fspath(workspace.repo.root)
    found: dict[str, Reading | None] = {}
    entries: dict[str, list[Any]] = {}
    stamps: dict[str, list[int]] = {}
    for path in workspace.files():
        stamps[path] = _file_stamp(f"{root}/{path}")
        entry = known.get(path)
        summary = None
        if entry is not None and stamps[path] and stamps[path] == entry[0] and isinstance(entry[1], str):
            summary = restored(path, entry[2])
        if entry is not None and summary is not None:
            entries[path] = entry
            found[path] = Reading(summary, entry[1])
        else:
            found[path] = None
    missing = [path for path, one in found.items() if one is None]
    for path, one in zip(missing, _read_all(workspace, missing, known), strict=True):
        found[path] = one
        if one.key != path:
            rested = max(stamps[path][1:3], default=started) < started - _RESTED
            entries[path] = [stamps[path] if rested else [], one.key, plain(one.summary)]
    if (missing and entries != known) or entries.keys() != known.keys():
        _save(store, entries)
    return [one for one in found.values() if one is not None]


def _file_stamp(file: str) -> list[int]:
    """What differs when a file is written or replaced: size, both times in nanoseconds, inode; empty without a file."""
    try:
        there = os.lstat(file)
    except OSError:
        return []
    return [there.st_size, there.st_mtime_ns, there.st_ctime_ns, there.st_ino]


def _read_all(workspace: Workspace, paths: list[str], known: dict[str, list[Any]]) -> list[Reading]:
    def portion(first: int, last: int) -> list[Reading]:
        return [_read(workspace, path, known.get(path)) for path in paths[first:last]]

    done: list[Reading] = []
    if len(paths) >= _ENOUGH_FOR_PROCESSES:
        done = on_every_core(portion, len(paths), what="postmortems read", progress=workspace.repo.progress)
    return done + portion(len(done), len(paths))


def _read(workspace: Workspace, path: str, entry: list[Any] | None) -> Reading:
    """One postmortem; its summary is made anew unless the store's entry is about the same bytes."""
    try:
        data = read_file(workspace.repo.root / path, path)
    except BadInput as error:
        return Reading(Summary(path, id_of(path) or Path(path).stem, problem=error.message), path)
    key = hashlib.sha256(os.fsencode(path) + b"\0" + data).hexdigest()
    summary = restored(path, entry[2]) if entry is not None and entry[1] == key else None
    if summary is None:
        from pmctl.document.reader import read

        summary = summarise(read(data, path), path)
    return Reading(summary, key)


def _data(workspace: Workspace, path: str) -> bytes:
    """The bytes of a postmortem, none when it cannot be opened."""
    with suppress(BadInput):
        return read_file(workspace.repo.root / path, path)
    return b""


def _load(store: Path) -> dict[str, list[Any]]:
    """What is kept, by path: the file's stamp (empty when it had just been written), its key, and the summary."""
    content = read_object(store)
    entries = content.get("entries") if content.get("version") == __version__ else None
    if not isinstance(entries, dict):
        return {}
    return {path: entry for path, entry in entries.items() if isinstance(entry, list) and len(entry) == 3}


def _save(store: Path, entries: dict[str, list[Any]]) -> None:
    """Write the store by rename; a read-only git directory only means that nothing is kept."""
    with suppress(OSError):
        make_folder(store.parent, store.parent.parent)
        content = {"version": __version__, "entries": entries}
        write_atomic(store, json.dumps(content, separators=(",", ":")).encode())
