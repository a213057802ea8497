"""An action item and what is known of its ticket, as programs read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkedPull:
    """A pull request or merge request that is linked to a ticket: open, merged or closed."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class ItemTicket:
    """An action item and its ticket.

    `ticket` is what people call it and `state` its status in the tracker's word, both empty without one; `announced` is
    when a run said that it is about to create one. `agreed` holds what both sides had when they were compared last,
    `cell` what the Ticket cell says. `problem` says what keeps the ticket from being known or read. `asked` says that
    the tracker was asked just now; otherwise its part is what the last push or sync has read.
    """

    item: str
    postmortem: str
    description: str
    status: str
    owner: str
    due: str
    system: str = ""
    ticket: str = ""
    url: str = ""
    state: str = ""
    announced: str = ""
    agreed: Mapping[str, str] | None = None
    changes: Sequence[LinkedPull] = ()
    cell: str = ""
    problem: str = ""
    asked: bool = False
