"""What is to be written in an action item's cells: checked, in canonical spelling, by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import unescape

from pmctl.document.action_problems import MAX_TRACKING
from pmctl.document.actions import COLUMNS, TRACKING, canonical
from pmctl.document.fields import ItemKind, ItemStatus, Priority
from pmctl.document.invisible import first_invisible, name_of
from pmctl.document.reader import Document
from pmctl.errors import BadInput, UsageProblem
from pmctl.policy.model import Policy
from pmctl.rules.action_aims import causes_of
from pmctl.rules.action_tracking import is_ticket
from pmctl.text import did_you_mean, parse_day

MAX_TEXT = 1000
"""Characters of what an item says; tracking cells hold fewer."""


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different in an item; None leaves a cell as it is."""

    description: str | None = None
    owner: str | None = None
    due: str | None = None
    priority: str | None = None
    status: str | None = None
    ticket: str | None = None
    notes: str | None = None
    prevents: str | None = None
    kind: str | None = None


def cells_of(policy: Policy, change: Change) -> dict[str, str]:
    """Column -> text for what is to be written. Raises UsageProblem and BadInput for what cannot be."""
    written = {
        "Action": change.description,
        "Owner": None if change.owner is None else "@" + _person(policy, change.owner),
        "Due": None if change.due is None else _day(change.due),
        "Priority": None if change.priority is None else _choice("--priority", change.priority, Priority),
        "Status": None if change.status is None else _choice("--status", change.status, ItemStatus),
        "Ticket": change.ticket,
        "Notes": change.notes,
        "Prevents": change.prevents,
        "Kind": None if change.kind is None else _kind(change.kind),
    }
    cells = {column: text for column, text in written.items() if text is not None}
    for column, text in cells.items():
        if "\n" in text or "\r" in text:
            raise BadInput(f"{column} must be one line")
        _refuse_unfit(column, text)
    return cells


def _refuse_unfit(column: str, text: str) -> None:
    """Raise BadInput for a text that is too long, deceives, or is a link that a page must not have."""
    most = MAX_TRACKING if column in TRACKING else MAX_TEXT
    if len(text) > most:
        raise BadInput(f"{len(text)} characters in {column}, at most {most}", hint="the rest belongs into a section")
    shown = unescape(text)
    hidden = first_invisible(shown)
    if hidden is not None:
        raise BadInput(f"{column} holds the invisible character {name_of(shown[hidden])}", hint="type it without")
    if column == "Ticket" and text and not is_ticket(text):
        raise BadInput(f"--ticket {text}: no address that begins with http:// or https://, and no id such as OPS-12")


def _person(policy: Policy, owner: str) -> str:
    handle = owner.removeprefix("@")
    if handle in policy.present:
        return handle
    if handle in policy.people:
        hint = f"name one of: {', '.join(sorted(policy.present))}"
        raise UsageProblem(f"--owner {handle} left, and would never do it", hint=hint)
    if handle in policy.teams:
        members = ", ".join(policy.teams[handle])
        raise UsageProblem(f"--owner {handle} is a team; one person owns an item", hint=f"its members: {members}")
    hint = did_you_mean(handle, policy.people, "pmctl people list")
    raise UsageProblem(f"--owner {handle}: not in the policy", hint=hint)


def _day(text: str) -> str:
    if parse_day(text) is None:
        raise UsageProblem(f"--due {text}: not a day", hint="write it as 2024-01-22")
    return text


def _choice(option: str, text: str, known: type[ItemStatus] | type[Priority]) -> str:
    value = canonical(text, known)
    if value not in known.__members__:
        raise UsageProblem(f"{option} {text}: not one of {', '.join(known)}")
    return value


def _kind(text: str) -> str:
    value = text.strip().casefold()
    if value and value not in tuple(ItemKind):
        raise UsageProblem(f"--kind {text}: not one of {', '.join(ItemKind)}")
    return value


def refuse_unknown_cause(document: Document, prevents: str) -> None:
    """Raise UsageProblem, with the words that there are, for a cause that the postmortem does not name."""
    known = causes_of(document)
    if prevents and prevents.casefold() not in {word.casefold() for word in known}:
        there = f"its causes: {', '.join(known)}" if known else f"name it first: pmctl edit {document.id}, root_causes"
        message = f"--prevents {prevents}: no root cause or contributing factor of {document.id}"
        raise UsageProblem(message, hint=did_you_mean(prevents, known, there))


def header_of(columns: Sequence[str], column: str) -> str | None:
    """The column among `columns` that goes by one of the names of one of `COLUMNS`, without regard to case."""
    known = {name.lower() for name in COLUMNS[column]}
    return next((one for one in columns if one.lower() in known), None)


def default_due(priority: str, targets: dict[str, int], today: date) -> str:
    """The day by which a new item of this priority is wanted, '' where the team has not said it."""
    from datetime import timedelta

    days = targets.get(priority)
    return (today + timedelta(days=days)).isoformat() if days else ""
