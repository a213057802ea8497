"""Every postmortem of the work tree as a summary: what `list`, `actions list` and the triggers ask.

Files -> summaries. A summary depends on nothing but the file's bytes, so it is kept under the git
directory by their digest; the store can be deleted at any time and can't be stale.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pmctl import __version__, git
from pmctl.document.fields import ItemStatus, id_of
from pmctl.document.reader import Document, read
from pmctl.errors import BadInput
from pmctl.files import make_folder, read_object, write_atomic
from pmctl.repository.workspace import Workspace, read_file
from pmctl.text import parse_day, parse_utc

_STORE = "catalog-v1.json"
_SHOWN = "shown-v1.json"
_TEXTS = ("severity", "urgency", "visibility", "started_at", "resolved_at")
_LISTS = ("reviewers", "editors", "participants", "teams", "services", "tags", "root_causes")


@dataclass(frozen=True, slots=True)
class Item:
    """One action item as its row says; `due` is as written, `line` counts from 1."""

    id: str
    description: str
    owner: str
    due: str
    priority: str
    status: str
    ticket: str
    notes: str
    line: int

    @property
    def due_date(self) -> date | None:
        """The due day, None when the cell holds no ISO date."""
        return parse_day(self.due)

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in (ItemStatus.OPEN, ItemStatus.IN_PROGRESS)

    def overdue(self, today: date) -> bool:
        """Whether it is open and its due day lies before today; an item due today is not overdue."""
        day = self.due_date
        return self.open and day is not None and day < today


@dataclass(frozen=True, slots=True)
class Summary:
    """One postmortem in short. Times are as written; `problem` is the first reason why it can't be read.

    `unproved` says, as a sentence, what its file says and no signed record proves; `status`, `author` and `reviewers`
    are then those of the records (see `proved_catalog`).
    """

    path: str
    id: str
    title: str = ""
    status: str = ""
    author: str = ""
    severity: str = ""
    urgency: str = ""
    visibility: str = ""
    started_at: str = ""
    resolved_at: str = ""
    reviewers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    root_causes: tuple[str, ...] = ()
    incidents: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    problem: str = ""
    unproved: str = ""

    @property
    def day(self) -> date:
        """The day of the incident: the beginning of the id, or year 1 when there is none."""
        return parse_day(self.id[:10]) or date.min

    @property
    def started(self) -> datetime | None:
        """When the impact began, None when it is not said."""
        return parse_utc(self.started_at)


def catalog(workspace: Workspace) -> list[Summary]:
    """The summaries of all postmortems in the work tree as their files say, newest incident first."""
    return _sorted(one.summary for one in _all(workspace))


def proved_catalog(workspace: Workspace) -> list[Summary]:
    """The summaries with the state, author and reviewers that signed records prove, for showing them to people.

    While neither HEAD nor files change, git is asked for one object id, and what was found otherwise is known.
    """
    everything = list(_all(workspace))
    store = workspace.repo.state_dir / _SHOWN
    stamp = _stamp(workspace, everything)
    kept = read_object(store)
    shown = kept.get("shown") if kept.get("stamp") == stamp and kept.get("version") == __version__ else None
    if not stamp:
        return _sorted(one.summary for one in everything)
    if not isinstance(shown, dict):
        from pmctl.insight.standing import otherwise

        shown = otherwise(workspace, [(one.summary, one.data) for one in everything])
        if shown is None:  # what is proved can't be read here, which `show` and `audit` say
            return _sorted(one.summary for one in everything)
        with suppress(OSError):
            make_folder(store.parent, store.parent.parent)
            write_atomic(store, json.dumps({"version": __version__, "stamp": stamp, "shown": shown}).encode())
    return _sorted(_proved(one.summary, shown.get(one.summary.path)) for one in everything)


def _proved(summary: Summary, shown: object) -> Summary:
    if not isinstance(shown, list | tuple) or len(shown) != 4:
        return summary
    status, author, reviewers, unproved = shown
    named = tuple(str(one) for one in reviewers) if isinstance(reviewers, list | tuple) else ()
    return replace(summary, status=str(status), author=str(author), reviewers=named, unproved=str(unproved))


def _stamp(workspace: Workspace, everything: Iterable[_Read]) -> str:
    """What the answer depends on: HEAD, since what a commit took away counts still, and the files; "" before the first
    commit."""
    there = git.head(workspace.repo.top)
    return hashlib.sha256("\0".join((there, *(one.key for one in everything))).encode()).hexdigest() if there else ""


def _sorted(summaries: Iterable[Summary]) -> list[Summary]:
    return sorted(summaries, key=lambda summary: (summary.day, summary.id), reverse=True)


class _Read(NamedTuple):
    """One postmortem, its file's bytes (none when it cannot be opened) and what its summary is kept by."""

    summary: Summary
    data: bytes
    key: str


def _all(workspace: Workspace) -> Iterator[_Read]:
    store = workspace.repo.state_dir / _STORE
    known = _load(store)
    used: dict[str, dict[str, Any]] = {}
    for path in workspace.files():
        try:
            data = read_file(workspace.repo.root / path, path)
        except BadInput as error:
            yield _Read(Summary(path, id_of(path) or Path(path).stem, problem=error.message), b"", path)
            continue
        key = hashlib.sha256(os.fsencode(path) + b"\0" + data).hexdigest()
        summary = _restored(known.get(key))
        if summary is None:
            summary = summarise(read(data, path), path)
            used[key] = asdict(summary)
        else:
            used[key] = known[key]
        yield _Read(summary, data, key)
    if used.keys() != known.keys():
        _save(store, used)


def summarise(document: Document, path: str) -> Summary:
    """The summary of one document."""
    from pmctl.document.actions import action_items

    name = id_of(path) or document.id or Path(path).stem
    if not document.readable:
        first = document.problems[0]
        return Summary(
            path,
            name,
            title=document.title,
            problem=f"{path}:{first.line}:{first.column}: {first.code} {first.message}",
        )
    meta = document.meta
    incidents = list(_mappings(meta.get("incidents")))
    items = tuple(
        Item(i.id, i.description, i.owner, i.due, i.priority, i.status, i.ticket, i.notes, i.line)
        for i in action_items(document)
    )
    values: dict[str, Any] = {key: _text(meta.get(key)) for key in _TEXTS}
    values |= {key: _texts(meta.get(key)) for key in _LISTS}
    values["incidents"] = tuple((_text(entry.get("source")), _text(entry.get("id"))) for entry in incidents)
    return Summary(path, name, document.title, document.status, document.author, items=items, **values)


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list | tuple) else str(value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in value) if isinstance(value, list | tuple | dict) else ()


def _mappings(value: object) -> Iterable[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def _load(store: Path) -> dict[str, dict[str, Any]]:
    content = read_object(store)
    if content.get("version") != __version__:
        return {}
    entries = content.get("entries")
    return entries if isinstance(entries, dict) else {}


def _restored(entry: object) -> Summary | None:
    """A summary from the store, None when the entry is not what `asdict` makes."""
    if not isinstance(entry, dict):
        return None
    try:
        values: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in entry.items()}
        values["items"] = tuple(Item(**item) for item in entry["items"])
        values["incidents"] = tuple((source, name) for source, name in entry["incidents"])
        found = Summary(**values)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
    texts = [value for key, value in values.items() if key not in (*_LISTS, "items", "incidents")]
    texts += [text for key in _LISTS for text in values.get(key, ())] + [
        text for pair in found.incidents for text in pair
    ]
    texts += [getattr(item, field.name) for item in found.items for field in fields(item) if field.name != "line"]
    whole = all(isinstance(text, str) for text in texts) and all(type(item.line) is int for item in found.items)
    return found if whole else None


def _save(store: Path, entries: dict[str, dict[str, Any]]) -> None:
    """Write the store by rename; a read-only git directory only means that nothing is kept."""
    with suppress(OSError):
        make_folder(store.parent, store.parent.parent)
        write_atomic(store, json.dumps({"version": __version__, "entries": entries}).encode())
