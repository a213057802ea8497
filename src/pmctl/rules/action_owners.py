"""Whose an action item is: one person whom the policy knows, and no team."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pmctl.document.action_problems import MAX_TRACKING
from pmctl.document.completeness import is_stand_in
from pmctl.document.finding import Finding
from pmctl.errors import advise
from pmctl.rules.action_items import at_cell, lacking, sound_items
from pmctl.rules.registry import WARNING, rule
from pmctl.text import nearest

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

NOBODY = re.compile(r"(?:n/?a|none|nobody|no ?one|unassigned|unowned|open|anyone|somebody|someone)\.?", re.IGNORECASE)
"""Words for "no one in particular" where a person, a date or a reason is asked for."""
_SEPARATOR = re.compile(r"\s*[,;&/+|→]\s*|\s+(?:and|or|with|und|et|y)\s+|\s+(?=@)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+\.\w+")
_TEAM_WORD = re.compile(
    r"(?:^|[\s-])(?:team|teams|squad|crew|department|dept|guild|everyone|everybody|all|engineering|operations|group)$"
    r"|^(?:the |team |squad )"
    r"|^(?:sre|devops|dbas?|qa|ops|infra|infrastructure|platform|backend|frontend|security|support)$",
    re.IGNORECASE,
)
_MARKS = " *_`@.,:;()[]"
_ROTA = re.compile(r"(?:the )?on-?\s?call(?: (?:engineer|person|rota))?|incident commander|whoever .*", re.IGNORECASE)


@rule("PM505", "item-owner")
def item_owner(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item has no owner, or several.

    What it does:
        Expects exactly one handle in Owner.

    Why:
        What belongs to two people is done by neither.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane, @bob | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    items = _items(doc)
    missing = [item for item in items if is_nobody(item.owner)]
    yield from lacking(doc, "Owner", missing, "an owner", "name one person, as in @jane")
    for item in items:
        if not is_nobody(item.owner) and _several(item.owner, context):
            yield at_cell(
                item, "Owner", f"{_written(item)!r} is more than one owner", "name one person; split the item"
            )


@rule("PM506", "owner-is-a-team")
def owner_is_a_team(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item belongs to a team.

    What it does:
        Flags an owner that is one of the policy's teams, a word for one ("SRE", "payments team"), or a rota.

    Why:
        A team agrees that it should be done; a person does it.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | payments team | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    for item in _items(doc):
        if not is_nobody(item.owner) and (kind := _collective(item.owner, context)):
            yield at_cell(item, "Owner", f"{_written(item)!r} is a {kind}", "name the one person who will do it")


@rule("PM507", "unknown-owner", review=WARNING)
def unknown_owner(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's owner is nobody whom the policy knows.

    What it does:
        Looks the owner's handle up in `.pmctl/policy.yaml`.

    Why:
        `actions list --owner` and the reminders find items by handle.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jnae | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    if context.people is None:
        return
    names = context.people.names
    for item in _items(doc):
        owner = item.owner
        if owner in names or is_nobody(owner) or _several(owner, context) or _collective(owner, context):
            continue
        if person := _person(owner, names):
            yield at_cell(item, "Owner", f"{_written(item)!r} is no handle", f"write @{person}")
            continue
        meant = nearest(owner, names)
        fix = f"did you mean @{meant}?" if meant else advise("a-person")
        yield at_cell(item, "Owner", f"the policy knows no person {_written(item)!r}", fix)


def _items(doc: Document) -> list[ActionItem]:
    """The items whose owner can be looked at: what is longer than a tracking cell may be is PM590's."""
    return [item for item in sound_items(doc) if len(item.owner) <= MAX_TRACKING]


def _written(item: ActionItem) -> str:
    """The owner's cell as it stands there."""
    cell = item.cell("Owner")
    return cell.text if cell else item.owner


def is_nobody(owner: str) -> bool:
    """Whether an owner's cell names no one: empty, TBD, nobody."""
    return not owner or is_stand_in(owner) or NOBODY.fullmatch(owner) is not None


def _several(owner: str, context: Context) -> bool:
    """Whether an owner's cell names more than one person."""
    if owner.count("@") > 0 and re.search(r"\s@\w|^\w\S*\s*[,;&/+|→]\s*@\w", owner):
        return True
    if _collective(owner, context):
        return False
    text = _ADDRESS.sub("", owner)
    if len([part for part in _SEPARATOR.split(text) if re.search(r"\w", part or "")]) > 1:
        return True
    return context.people is not None and len(_mentioned(text, context.people.names)) > 1


def _mentioned(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The handles of the policy whose handle or full name stands in the text, in the policy's order."""
    folded = text.casefold()
    words = set(re.findall(r"[a-z0-9][a-z0-9-]*", folded))
    return tuple(handle for handle, name in names.items() if handle in words or (name and name.casefold() in folded))


def _person(owner: str, names: Mapping[str, str]) -> str:
    """The one person whom an owner's cell names otherwise than by the bare handle: full name, e-mail, emphasis."""
    folded = owner.casefold()
    local = folded.partition("@")[0] if _ADDRESS.fullmatch(folded) else ""
    if local in names:
        return local
    found = _mentioned(_ADDRESS.sub("", owner), names)
    whole = next((handle for handle in found if folded.strip(_MARKS) in (handle, names[handle].casefold())), "")
    if whole or len(found) != 1:
        return whole
    # One handle among other words: `@jane (SRE)` names her, `alice smith` may be somebody else.
    return found[0] if re.search(rf"(?:^|@){re.escape(found[0])}(?:[\s,.:]*$|\s*\()", folded) else ""


def _collective(owner: str, context: Context) -> str:
    """What an owner is who is not one person: "team" or "rota"; "" for anything else."""
    name = owner.strip(_MARKS).casefold()
    if context.people is not None:
        if name in context.people.names:
            return ""
        if name in context.people.teams:
            return "team"
    return "rota" if _ROTA.fullmatch(name) else "team" if _TEAM_WORD.search(name) else ""
