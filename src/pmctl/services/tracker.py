"""A tracker: what an item needs of it, in a handful of functions that every system's module has.

    Wanted -> create -> Ticket;  ids -> read -> tickets;  markers -> find -> tickets;  Ticket, Moves -> update

A tracker is one module that ends with a `Tracker`, a line in `trackers.TRACKERS`, a test against a server that behaves
like it, and a chapter of docs/tickets.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pmctl.document.fields import ItemStatus
from pmctl.document.ticket import LinkedChange
from pmctl.errors import BadInput, EnvironmentProblem, PmctlError
from pmctl.services.client import Answer, Declined, Forbidden, Service
from pmctl.services.retrying import Reply, Uncertain, by_header
from pmctl.services.system import Api
from pmctl.services.ticket_text import Body
from pmctl.text import clean, single_line

EVERY = frozenset(status.value for status in ItemStatus)
DONE = frozenset((ItemStatus.COMPLETED.value, ItemStatus.WONT_DO.value))


@dataclass(frozen=True, slots=True)
class Account:
    """A person in the tracker: the id that it takes, what people call them, and the e-mail address if it shows it."""

    id: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TicketSettings:
    """The `tickets` block of pmctl.yaml. `place` is where tickets go: a project, a repository or a team.

    `people` are names of accounts by handle; `states` are the tracker's words for statuses where several mean the same;
    `sync` says for each field who decides; `audience` is for whom the tracker may hold what belongs to a postmortem.
    """

    system: str = ""
    place: str = ""
    type: str = "Task"
    labels: tuple[str, ...] = ()
    priority: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    wont_do: str = ""
    audience: str = "organization"
    sync: Mapping[str, str] = field(default_factory=dict)

    def direction(self, name: str) -> str:
        """Who decides about a field: both, ours, theirs or off."""
        return self.sync.get(name, "both")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ticket that is to be created. `marker` is what it is found by again; `priority` is HIGH, MEDIUM or LOW."""

    item: str
    marker: str
    title: str
    body: Body
    due: str = ""
    priority: str = ""
    owner: Account | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as the tracker has it now.

    `state` is its status in the tracker's word, `status` in an item's: the nearest that the tracker can say.
    `marker` is the one that it carries, "" for none that can be seen. `linked` says that there may be changes which
    have to be asked for.
    """

    id: str
    key: str
    url: str
    state: str = ""
    status: str = ItemStatus.OPEN.value
    owner: Account | None = None
    due: str = ""
    changes: tuple[LinkedChange, ...] = ()
    marker: str = ""
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be different in a ticket; None leaves it. `owner` is None for no change, an empty id for nobody."""

    status: str | None = None
    owner: Account | None = None
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """With which account a tracker is reached, and what it may not do, a sentence each."""

    account: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """An open connection to a tracker and what is known of where tickets go; `memo` is what one run asks once."""

    service: Service
    settings: TicketSettings
    memo: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, ask: Callable[[], Any]) -> Any:
        """The answer to a question that is asked once in a run."""
        if name not in self.memo:
            self.memo[name] = ask()
        return self.memo[name]


@dataclass(frozen=True, slots=True)
class Tracker:
    """One tracker.

    `place` is the setting that says where its tickets go, `knows` the further settings that mean something to it.
    `statuses` are those that it can tell apart: others are compared by the nearest; with `names_wont_do` it knows
    WONT_DO only by the name that the settings give. `fields` are what it holds of
    document.ticket.FIELDS. `batch` is how many tickets one request reads. `settles` are seconds in which a new ticket
    may not be found yet. `read` leaves out what is gone or forbidden. `account` finds the account of a person by e-mail
    address or by the name that the settings give. `resolve` makes a ticket's lasting id of what a Ticket cell says.
    `follow` gives the id that a ticket has now which is not found under the one that it had at an address, "" where
    it did not move.
    """

    name: str
    label: str
    place: str
    place_pattern: str
    place_shown: str
    api: Api
    create: Callable[[Desk, Wanted], Ticket]
    read: Callable[[Desk, Sequence[str]], dict[str, Ticket]]
    find: Callable[[Desk, Sequence[str], datetime], dict[str, Ticket]]
    update: Callable[[Desk, Ticket, Moves], None]
    account: Callable[[Desk, str, str], Account | None]
    access: Callable[[Desk], Access]
    resolve: Callable[[Desk, str], str]
    changes: Callable[[Desk, Ticket], tuple[LinkedChange, ...]] | None = None
    follow: Callable[[Desk, str], str] | None = None
    knows: tuple[str, ...] = ()
    statuses: frozenset[str] = EVERY
    names_wont_do: bool = False
    fields: tuple[str, ...] = ("status", "owner", "due")
    batch: int = 50
    settles: float = 0.0
    right: str = "create and change issues"
    slow_down: Callable[[Reply], float | None] = by_header
    explain: Callable[[Reply, str], PmctlError | None] = lambda reply, what: None

    def nearest(self, status: str, settings: TicketSettings) -> str:
        """A status as the tracker can say it: WONT_DO is at least done, IN_PROGRESS at least open."""
        unnamed = self.names_wont_do and not settings.wont_do and status == ItemStatus.WONT_DO
        if status in self.statuses and not unnamed:
            return status
        return ItemStatus.COMPLETED.value if status in DONE else ItemStatus.OPEN.value


def marker_of(repository: str, item: str) -> str:
    """What a ticket is found by again: one word that no other repository's item has."""
    return f"pmctl:{repository[:32]}:{item}"


def mark_in(text: str) -> str:
    """The marker in the text of a ticket, "" without one."""
    for word in text.replace("<!--", " ").replace("-->", " ").split():
        if word.startswith("pmctl:") and word.count(":") == 2 and len(word) <= 80:
            return word
    return ""


def uuid_of(marker: str) -> str:
    """A UUID in the form of version 4 that follows from a marker, for systems that take an id from whoever creates."""
    raw = bytearray(hashlib.sha256(marker.encode()).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def portions(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The ids in groups of one request each."""
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def said_by(*texts: object) -> str:
    """What a service said in its refusal, fit for a message."""
    told = "; ".join(single_line(clean(text)) for text in texts if isinstance(text, str) and text.strip())
    return told[:400]


def declined(label: str, reply: Reply, what: str, said: str, hint: str = "") -> PmctlError | None:
    """A refusal with the service's own words, where it has any and the usual words do not say more."""
    if reply.status in (401, 404) or reply.status >= 500 or not said:
        return None
    if reply.status == 403:
        return Forbidden(
            f"{label} does not allow this token to use {what} (403): {said}",
            hint="docs/tickets.md says what the token needs",
        )
    return Declined(
        f"{label} answered {reply.status} for {what}: {said}", reply.status, hint or "correct what it names"
    )


def require(ticket: Ticket, label: str, what: str) -> Ticket:
    """The ticket that was just created. Raises BadInput where the answer does not say which one that is."""
    if not (ticket.id and ticket.key and ticket.url.startswith(("https://", "http://"))):
        raise BadInput(
            f"{label} does not say which ticket it created for {what}", hint="it is looked up in the next run"
        )
    return ticket


def confirmed(answer: Answer, label: str, what: str) -> None:
    """Nothing where a change was answered as a tracker does; a page of something in between is no answer of it.

    Raises Uncertain. What answers without a word has done it.
    """
    if not isinstance(answer.value, dict) and answer.data:
        raise Uncertain(f"{label} does not say that it changed {what}", hint=f"look whether {label} itself answers")


class Unfit(EnvironmentProblem):
    """A ticket that cannot be moved as wanted; the message says why."""
