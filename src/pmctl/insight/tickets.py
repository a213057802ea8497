"""Action items beside their tickets: what is known of each, and what a sync would do with each field.

(postmortems, ticket files) -> Tracked;  (agreed, ours, theirs, direction) -> Step. Reads only, and no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import is_id
from pmctl.document.ticket import TicketFile, name_of, read_ticket
from pmctl.errors import PmctlError, UsageProblem
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.items import named_item
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Tracked:
    """An item, the postmortem that it is of, and its ticket file; `problem` says why that file cannot be read."""

    summary: Summary
    item: Item
    file: TicketFile | None = None
    problem: str = ""


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
    `cell` what the Ticket cell says. `problem` says what keeps the ticket from being known or read.
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


@dataclass(frozen=True, slots=True)
class ItemTickets:
    """pmctl tickets status: action items and their tickets."""

    items: Sequence[ItemTicket]


def chosen(everything: Sequence[Summary], words: Sequence[str], workspace: Workspace) -> list[tuple[Summary, Item]]:
    """The items that words name, each once: postmortems stand for all of theirs, no word for all there are.

    Raises NotFound and UsageProblem as `named_item` and `find` do.
    """
    if not words:
        return [(summary, item) for summary in everything for item in summary.items if item.id]
    found: dict[tuple[str, str], tuple[Summary, Item]] = {}
    for word in words:
        if is_id(word) or not word.casefold().startswith("ai-"):
            name = workspace.find(word)
            pairs = [(one, item) for one in everything if one.id == name for item in one.items if item.id]
        else:
            pairs = [named_item(everything, word)]
        if len(pairs) == 1 and not pairs[0][1].id:
            raise UsageProblem(f"{pairs[0][1].description!r} has no id yet", hint="pmctl validate --fix gives it one")
        found |= {(summary.id, item.id): (summary, item) for summary, item in pairs}
    return list(found.values())


def tracked(workspace: Workspace, pairs: Iterable[tuple[Summary, Item]]) -> list[Tracked]:
    """The items with their ticket files, as HEAD has them."""
    there = workspace.head.names(folder_of(Beside.TICKETS)) if workspace.head.commit else {}
    files: dict[str, Mapping[str, bytes]] = {}
    found = []
    for summary, item in pairs:
        if summary.id not in files:
            known = summary.id in there
            files[summary.id] = workspace.head.beside(Beside.TICKETS, summary.id) if known else {}
        data = files[summary.id].get(name_of(item.id))
        file, problem = read_ticket(data, name_of(item.id)) if data is not None else (None, "")
        found.append(Tracked(summary, item, file, problem))
    return found


def told(one: Tracked) -> ItemTicket:
    """An item and its ticket, as they are printed."""
    file, item = one.file, one.item
    row = (item.id, one.summary.id, item.description, item.status, item.owner, item.due)
    if file is None:
        return ItemTicket(*row, cell=item.ticket, problem=one.problem)
    return ItemTicket(
        *row, file.system, file.key, file.url, file.state, file.announced, dict(file.agreed),
        tuple(LinkedPull(change.url, change.state) for change in file.changes), item.ticket,
    )  # fmt: skip


def ticket_of(workspace: Workspace, summary: Summary, item: Item) -> ItemTicket | None:
    """What is known of one item's ticket; None where nothing is."""
    (one,) = tracked(workspace, [(summary, item)])
    return told(one) if one.file is not None or one.problem else None


class Step(StrEnum):
    """What a sync does with one field of one item."""

    SAME = "same"
    TAKE = "take"  # theirs is written here
    GIVE = "give"  # ours is written there
    CONFLICT = "conflict"  # both moved, and nobody has said which one counts
    EMPTY = "empty"  # theirs is empty, and nothing is emptied here


class Values(NamedTuple):
    """The three values of a field: agreed last (None: never), ours now, theirs now."""

    agreed: str | None
    ours: str
    theirs: str


def decide(values: Values, direction: str) -> Step:
    """What becomes of a field. One direction alone says which side counts; with both, the side that moved does."""
    agreed, ours, theirs = values
    if ours == theirs or direction == "off":
        return Step.SAME
    if direction == "ours":
        return Step.GIVE
    if direction == "theirs" or (agreed is not None and ours == agreed):
        return Step.TAKE if theirs else Step.EMPTY
    if agreed is not None and theirs == agreed:
        return Step.GIVE
    return Step.CONFLICT


def may_have_ticket(summary: Summary, audience: str) -> bool:
    """Whether a tracker that this audience reads may hold what belongs to a postmortem."""
    visibility = summary.visibility or "organization"
    if visibility == "organization":
        return True
    team = audience.removeprefix("team:") if audience.startswith("team:") else ""
    return visibility == "team" and bool(team) and team in summary.teams


def doctor_problems(workspace: Workspace) -> list[str]:
    """What keeps tickets from being created and kept in step here, a sentence each."""
    from pmctl.services.ticket_settings import ticket_settings

    settings, wrong = ticket_settings(workspace.settings.blocks.get("tickets"))
    if not settings.system:
        return []
    found = [one.message for one in wrong]
    try:
        policy = workspace.policy
    except PmctlError:
        return found
    found += [
        f"tickets.people: the policy knows no {handle}" for handle in settings.people if handle not in policy.people
    ]
    team = settings.audience.removeprefix("team:")
    if team != settings.audience and team not in policy.teams:
        found.append(f"tickets.audience: the policy has no team {team}")
    return found
