"""The ticket of one action item in a tracker: bytes <-> TicketFile, strictly, with a sentence in place of an exception.

A file of its own for each item, `.pmctl/tickets/<postmortem>/AI-7f3k.json`, so that any host merges them. It says where
the work is tracked, what both sides agreed on last, and, before there is a ticket, that one is about to be created.
docs/formats.md specifies the form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pmctl.document.fields import HANDLE, ITEM_ID, MAX_HANDLE, ItemStatus
from pmctl.document.invisible import first_invisible
from pmctl.text import parse_day, parse_utc

SCHEMA = "pmctl/ticket/v1"
MAX_BYTES = 16 * 1024
FIELDS = ("status", "owner", "due")
"""What an item and its ticket both say, in the words of the item."""
SYSTEM = re.compile(r"[a-z][a-z0-9-]{0,31}")
RUN = re.compile(r"[0-9a-f]{16}")
CHANGE_STATES = ("open", "merged", "closed")
URL = re.compile(r"https?://[!-~]{1,1000}")
WORD = re.compile(r"[!-~]{1,300}")
_NAME = re.compile(r"AI-[A-Za-z0-9]{4,12}\.json")
MAX_CHANGES = 50


class LinkedChange(NamedTuple):
    """A pull request or merge request that is linked to a ticket; `state` is one of CHANGE_STATES."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class TicketFile:
    """What is known of an item's ticket.

    `system` is the tracker's name. Before the ticket is created `announced` is when that was said (UTC), and `run` the
    random name of the run that said it; both are empty afterwards. `id` is the ticket's lasting id, `key` what people
    call it, `url` where they look at it. `agreed` holds the last value of each of FIELDS that both sides had, `state`
    is the ticket's status in the tracker's own word when it was read last, `changes` the pull requests linked then.
    """

    item: str
    system: str
    announced: str = ""
    run: str = ""
    id: str = ""
    key: str = ""
    url: str = ""
    agreed: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    changes: tuple[LinkedChange, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether there is a ticket; otherwise it is announced only."""
        return bool(self.id)


def name_of(item: str) -> str:
    """The name of an item's file in its postmortem's folder."""
    return f"{item}.json"


def item_of(name: str) -> str:
    """The item that a file's name stands for, "" for a name that no such file has."""
    return name.removesuffix(".json") if _NAME.fullmatch(name) else ""


def written(ticket: TicketFile) -> bytes:
    """The file: ASCII, sorted keys, one final newline; what is empty is left out."""
    plain: dict[str, Any] = {"schema": SCHEMA, "item": ticket.item, "system": ticket.system}
    if ticket.exists:
        plain["ticket"] = {"id": ticket.id, "key": ticket.key, "url": ticket.url}
        plain["agreed"] = {name: ticket.agreed[name] for name in FIELDS if name in ticket.agreed}
        plain["state"] = ticket.state
        plain["changes"] = [{"url": one.url, "state": one.state} for one in ticket.changes]
    else:
        plain["announced"] = {"at": ticket.announced, "run": ticket.run}
    return (json.dumps(plain, indent=2, sort_keys=True) + "\n").encode()


def read_ticket(data: bytes, name: str) -> tuple[TicketFile | None, str]:
    """The ticket in a file, or a sentence about why it is none.

    A file that is not what `written` would write of the same ticket is refused: there is one form, and no room for
    anything beside it.
    """
    if len(data) > MAX_BYTES:
        return None, f"{len(data)} bytes, more than the limit of {MAX_BYTES} for a ticket"
    try:
        plain = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError):
        return None, "it is no JSON in ASCII"
    try:
        found = _ticket(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        return None, str(problem) if isinstance(problem, _Problem) else "a key is missing, or has another shape"
    if found.item != item_of(name):
        return None, f"it is about {found.item}, and its name says {name}"
    if written(found) != data:
        return None, "it is not as pmctl writes it: unknown or double keys, another order, other white space"
    return found, ""


class _Problem(ValueError):
    """What is wrong, in words."""


def _ticket(plain: Any) -> TicketFile:
    if plain["schema"] != SCHEMA:
        raise _Problem(f"its schema is not {SCHEMA}")
    item, system = _matching(plain["item"], ITEM_ID, "item"), _matching(plain["system"], SYSTEM, "system")
    if "announced" in plain:
        at = plain["announced"]["at"]
        if not isinstance(at, str) or parse_utc(at) is None:
            raise _Problem("announced.at is no moment")
        return TicketFile(item, system, at, _matching(plain["announced"]["run"], RUN, "announced.run"))
    ticket = plain["ticket"]
    agreed = {name: _agreed(name, value) for name, value in plain["agreed"].items()}
    state = plain["state"]
    if not isinstance(state, str) or len(state) > 100 or not state.isprintable() or first_invisible(state) is not None:
        raise _Problem("state is no word of a tracker")
    changes = tuple(
        LinkedChange(_matching(one["url"], URL, "changes.url"), _choice(one["state"])) for one in plain["changes"]
    )
    if len(changes) > MAX_CHANGES:
        raise _Problem(f"more than {MAX_CHANGES} changes")
    return TicketFile(
        item, system, id=_matching(ticket["id"], WORD, "ticket.id"), key=_matching(ticket["key"], WORD, "ticket.key"),
        url=_matching(ticket["url"], URL, "ticket.url"), agreed=agreed, state=state, changes=changes,
    )  # fmt: skip


def _matching(value: object, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Problem(f"{what} is not what it should be")
    return value


def _agreed(name: str, value: object) -> str:
    fits = isinstance(value, str) and (
        (name == "status" and value in tuple(ItemStatus))
        or (name == "owner" and (not value or (HANDLE.fullmatch(value) is not None and len(value) <= MAX_HANDLE)))
        or (name == "due" and (not value or parse_day(value) is not None))
    )
    if not fits:
        raise _Problem(f"agreed.{name} is not what it should be" if name in FIELDS else "agreed has an unknown key")
    return str(value)


def _choice(value: object) -> str:
    if value not in CHANGE_STATES:
        raise _Problem("changes.state is not what it should be")
    return str(value)


def fitting_changes(changes: tuple[LinkedChange, ...]) -> tuple[LinkedChange, ...]:
    """The linked changes that a file can hold, in one order."""
    return tuple(sorted({one for one in changes if URL.fullmatch(one.url) and one.state in CHANGE_STATES}))[
        :MAX_CHANGES
    ]
