"""Action items beside their tickets: what is known of each, and what a sync would do with each field.

(postmortems, ticket files) -> Tracked;  (agreed, ours, theirs, direction) -> Step. Reads only, and no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import Visibility, is_id
from pmctl.document.ticket import TicketFile, name_of, read_ticket
from pmctl.errors import UsageProblem
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.item_ticket import ItemTicket, LinkedPull
from pmctl.insight.items import named_item
from pmctl.policy.audience import Readers, may_read, parse, said_visibility
from pmctl.repository.workspace import Workspace
from pmctl.services.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Tracked:
    """An item, the postmortem that it is of, and its ticket file; `problem` says why that file cannot be read."""

    summary: Summary
    item: Item
    file: TicketFile | None = None
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
    if theirs == agreed or (agreed is None and not theirs):
        return Step.GIVE
    return Step.TAKE if agreed is None and not ours else Step.CONFLICT


def may_have_ticket(workspace: Workspace, summary: Summary, audience: str) -> bool:
    """Whether a tracker that this audience reads may hold what belongs to a postmortem.

    Raises UsageProblem for an audience that the policy does not have.
    """
    default = Visibility(workspace.settings.visibility)
    readers = Readers(said_visibility(summary.visibility or None) or default, summary.teams)
    return may_read(readers, parse(audience, workspace.policy, "tickets.audience"), workspace.policy)


def setting_problems(workspace: Workspace, secrets: Secrets) -> tuple[str, list[str]]:
    """The tracker of the settings, "" for none, and what keeps tickets from being created there, a sentence each.

    The tracker is not asked.
    """
    from pmctl.services.ticket_settings import ticket_settings
    from pmctl.services.trackers import TRACKERS

    block = workspace.settings.blocks.get("tickets")
    settings, wrong = ticket_settings(block)
    found = [one.message for one in wrong]
    tracker = TRACKERS.get(settings.system)
    if tracker is None:
        return ("tickets" if block is not None else ""), found
    policy = workspace.policy
    found += [f"tickets.people: nobody is called {handle}" for handle in settings.people if handle not in policy.people]
    team = settings.audience.removeprefix("team:")
    if team != settings.audience and team not in policy.teams:
        found.append(f"tickets.audience: the policy has no team {team}")
    if not secrets(tracker.api.credential):
        found.append(f"{tracker.api.credential} is not set here")
    if not (secrets(tracker.api.address) or tracker.api.default_address):
        found.append(f"{tracker.api.address} is not set here")
    return tracker.label, found
