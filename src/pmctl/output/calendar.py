"""Due days of action items as an iCalendar feed (RFC 5545), for calendars and task lists to subscribe to.

The same items and the same commit give the same bytes: an entry's UID rests on the item and its postmortem, its DTSTAMP
on the commit, so that a calendar takes a later feed as the newer word on the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.fields import ItemStatus, Priority
from pmctl.errors import EnvironmentProblem
from pmctl.insight.item_search import Found
from pmctl.text import harmless, in_utc

if TYPE_CHECKING:
    from icalendar import Event, Todo

_STATUS = {
    ItemStatus.OPEN.value: "NEEDS-ACTION", ItemStatus.IN_PROGRESS.value: "IN-PROCESS",
    ItemStatus.COMPLETED.value: "COMPLETED", ItemStatus.WONT_DO.value: "CANCELLED",
}  # fmt: skip
_PRIORITY = {Priority.HIGH.value: 1, Priority.MEDIUM.value: 5, Priority.LOW.value: 9}  # as RFC 5545, 3.8.1.9 has it
_LINK = re.compile(r"https?://[^\s<>\"]+")


class Origin(NamedTuple):
    """A repository: the time of the commit that says this, and the policy's id, which makes the UIDs the world's."""

    stamp: datetime
    repository: str


def calendar(found: Iterable[Found], origin: Mapping[str, Origin], *, tasks: bool = False) -> str:
    """A feed of the items that have a due day and an id, with CRLF line ends: all-day events, or tasks.

    `origin` says of each repository where its items are from. Raises EnvironmentProblem without the package.
    """
    try:
        from icalendar import Calendar, Event, Todo
    except ImportError:
        raise EnvironmentProblem("a calendar needs one more package", hint="pip install 'pmctl[calendar]'") from None
    feed = Calendar()
    feed.add("prodid", "-//pmctl//action items//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", "Action items")
    for one in found:
        item, where = one.item, origin[one.repository]
        if item.due_date is None or not item.id:
            continue
        entry = Todo() if tasks else Event()
        entry.add("uid", f"{item.id.lower()}.{one.summary.id}@{where.repository or 'local'}.pmctl")
        entry.add("dtstamp", in_utc(where.stamp))
        _describe(entry, one)
        if tasks:
            entry.add("due", item.due_date)
            entry.add("status", _STATUS.get(item.status, "NEEDS-ACTION"))
        else:
            entry.add("dtstart", item.due_date)
            entry.add("transp", "TRANSPARENT")  # a due day keeps nobody busy
        feed.add_component(entry)
    return str(feed.to_ical(), "utf-8")


def _describe(entry: Event | Todo, found: Found) -> None:
    summary, item = found.summary, found.item
    owner = f" (@{item.owner})" if item.owner else ""
    entry.add("summary", harmless(f"{item.id} {item.description}{owner}"))
    lines = [f"{item.status}, {item.priority}", f"{summary.id}: {summary.title}", item.ticket, item.notes]
    entry.add("description", harmless("\n".join(line for line in lines if line.strip(", "))))
    entry.add("categories", [summary.severity] if summary.severity else ["postmortem"])
    entry.add("priority", _PRIORITY.get(item.priority, 0))
    if _LINK.fullmatch(item.ticket):
        entry.add("url", item.ticket)
