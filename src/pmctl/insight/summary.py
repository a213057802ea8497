"""One postmortem in short, as `list`, `actions list` and the triggers ask it. Document -> Summary.

Thousands of them are made at every question, so they are tuples underneath, and a day is compared as it is written
before it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pmctl.document.fields import ItemStatus, Visibility, id_of
from pmctl.text import parse_day, parse_utc

if TYPE_CHECKING:
    from pmctl.document.finding import Finding
    from pmctl.document.reader import Document

_OPEN = frozenset((ItemStatus.OPEN.value, ItemStatus.IN_PROGRESS.value))


class Item(NamedTuple):
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
    prevents: str = ""
    kind: str = ""

    @property
    def due_date(self) -> date | None:
        """The due day, None when the cell holds no ISO date."""
        return parse_day(self.due)

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in _OPEN

    def overdue(self, today: date) -> bool:
        """Whether it is open and its due day lies before today; an item due today is not overdue."""
        return self.status in _OPEN and self.due < today.isoformat() and parse_day(self.due) is not None


class Summary(NamedTuple):
    """One postmortem in short. Times are as written; `problem` is the first reason why it can't be read.

    `unproved` says, as a sentence, what its file says and no signed record proves; `status`, `author` and `reviewers`
    are then those of the records (see `pmctl.insight.catalog.proved_catalog`). `items_problem` says why its
    action items cannot be read, or not all of them.
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
    contributing_factors: tuple[str, ...] = ()
    incidents: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    items_problem: str = ""
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


_LINE = Item._fields.index("line")
# Item(...) would go through a function of its own, for thousands of items.
_tuple = tuple.__new__
_FRONT_TEXTS = ("severity", "urgency", "visibility", "started_at", "resolved_at")
_TEXTS = ("id", "title", "status", "author", *_FRONT_TEXTS, "items_problem", "problem")
_LISTS = (
    "reviewers", "editors", "participants", "teams", "services", "tags", "root_causes", "contributing_factors",
)  # fmt: skip


def summarise(document: Document, path: str) -> Summary:
    """The summary of one document."""
    from pmctl.document.action_problems import unread_items
    from pmctl.document.actions import action_items

    found = front_of(document, path)
    if found.problem:
        return found
    items = tuple(
        Item(i.id, i.description, i.owner, i.due, i.priority, i.status, i.ticket, i.notes, i.line, i.prevents, i.kind)
        for i in action_items(document)
    )
    unread = _told(path, broken) if (broken := unread_items(document)) is not None else ""
    return found._replace(items=items, items_problem=unread)


def front_of(document: Document, path: str) -> Summary:
    """The summary without the action items: for those who need no Markdown to be parsed."""
    name = id_of(path) or document.id or Path(path).stem
    if not document.readable:
        first = document.problems[0]
        return Summary(path, name, title=document.title, problem=_told(path, first))
    meta = document.meta
    incidents = list(_mappings(meta.get("incidents")))
    values: dict[str, Any] = {key: _text(meta.get(key)) for key in _FRONT_TEXTS}
    values["visibility"] = said if (said := meta.get("visibility")) in tuple(Visibility) else _other(said)
    values |= {key: _texts(meta.get(key)) for key in _LISTS}
    values["incidents"] = tuple((_text(entry.get("source")), _text(entry.get("id"))) for entry in incidents)
    return Summary(path, name, document.title, document.status, document.author, **values)


def _told(path: str, found: Finding) -> str:
    return f"{path}:{found.line}:{found.column}: {found.code} {found.message}"


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list | tuple) else str(value)


def _other(said: object) -> str:
    """A visibility that is none, never as if nothing were said: who may read it is decided by this text."""
    return "" if said is None else repr(said)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in value) if isinstance(value, list | tuple | dict) else ()


def _mappings(value: object) -> Iterable[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def plain(summary: Summary) -> list[Any]:
    """A summary as short JSON data, which `restored` reads."""
    texts, lists = [getattr(summary, key) for key in _TEXTS], [getattr(summary, key) for key in _LISTS]
    return [texts, lists, summary.incidents, summary.items]


def restored(path: str, kept: Any) -> Summary | None:
    """A summary from what `plain` made of it; None for anything else."""
    try:
        texts, lists, incidents, rows = kept
        for strings in (texts, *lists, *incidents):
            "".join(strings)  # a TypeError unless all of them are texts, at no cost
        items = []
        for row in rows:
            line = row[_LINE]
            row[_LINE] = ""
            "".join(row)
            row[_LINE] = line
            if line.__class__ is not int or len(row) != len(Item._fields):
                return None
            items.append(_tuple(Item, row))
        linked = tuple((source, name) for source, name in incidents)
        parts = (path, *texts[:-2], *map(tuple, lists), linked, tuple(items), *texts[-2:], "")
        found = Summary._make(parts)
    except (TypeError, ValueError, LookupError):
        return None
    return found if len(texts) == len(_TEXTS) and len(lists) == len(_LISTS) else None
