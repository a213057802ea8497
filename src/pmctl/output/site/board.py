"""The board of action items: what is open in all postmortems, what is late first. Publications -> values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pmctl.document.fields import ItemStatus
from pmctl.insight.publication import Publication
from pmctl.output.page_facts import status_words
from pmctl.output.site.home import plain_text, title_of
from pmctl.output.site.names import file_name
from pmctl.text import harmless, plural, single_line

_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One open item. The `held` values are what the filters look at, as JSON lists."""

    text: str
    owner: str
    owner_path: str
    due: str
    late: str
    priority: str
    status: str
    ticket: str
    postmortem: str
    title: str
    held: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The open items by their days, and how many there are of all; `filters` are name, label and what can be chosen."""

    rows: tuple[Row, ...]
    open: int
    late: int
    done: int
    against: int
    filters: tuple[tuple[str, str, tuple[str, ...]], ...]


def open_items(pages: Sequence[Publication], names: dict[str, str], today: date) -> Board:
    """The board on a day."""
    items = [(item, one) for one in pages for item in one.summary.items]
    still = [(item, one) for item, one in items if item.open]
    still.sort(key=lambda each: (each[0].due_date is None, each[0].due, each[1].id))
    rows = []
    for item, one in still[:_SHOWN]:
        owner = harmless(names.get(item.owner, single_line(item.owner)))
        is_late = item.overdue(today)
        days = (today - item.due_date).days if is_late and item.due_date else 0
        held = (
            ("owner", [owner]),
            ("priority", [_words(item.priority)]),
            ("state", ["Late"] if is_late else ["In time"]),
        )
        rows.append(
            Row(
                harmless(plain_text(item.description)), owner or "Nobody",
                f"people/{file_name(single_line(item.owner))}.html" if item.owner.strip() else "", harmless(item.due),
                f"{plural(days, 'day')} late" if is_late else "", _words(item.priority),
                harmless(status_words(item.status)), harmless(item.ticket), one.id, title_of(one),
                tuple((name, json.dumps(value)) for name, value in held),
            )
        )  # fmt: skip
    choices = (
        ("owner", "Owner", tuple(sorted({row.owner for row in rows}))),
        ("priority", "Priority", tuple(sorted({row.priority for row in rows if row.priority}))),
        ("state", "State", ("Late", "In time")),
    )
    return Board(
        tuple(rows), len(still), sum(item.overdue(today) for item, _ in items),
        sum(item.status == ItemStatus.COMPLETED for item, _ in items),
        sum(item.status == ItemStatus.WONT_DO for item, _ in items),
        tuple(one for one in choices if len(one[2]) > 1),
    )  # fmt: skip


def _words(priority: str) -> str:
    return harmless(single_line(priority).capitalize())
