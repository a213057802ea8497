"""What is tracked of an action item: one person, a real date, a priority, a status, a reason for not doing it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.document.schema import ItemStatus, Priority
from pmctl.rules.action_items import at_cell, items_of
from pmctl.rules.registry import WARNING, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_SEVERAL = re.compile(r"[,;&/+]|\band\b|\bor\b|@[^\s@]+\s+@", re.IGNORECASE)
_TEAM_WORD = re.compile(
    r"(?:^|[\s-])(?:team|teams|squad|crew|department|guild|everyone|all|engineering|operations)$", re.I
)


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
    for item in items_of(doc):
        if not item.owner:
            yield at_cell(item, "Owner", "the item has no owner", "name one person, as in @jane")
        elif _SEVERAL.search(item.owner):
            yield at_cell(item, "Owner", f"{item.owner!r} is more than one owner", "name one person; split the item")


@rule("PM506", "owner-is-a-team")
def owner_is_a_team(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item belongs to a team.

    What it does:
        Flags an owner that is one of the policy's teams, or that ends in "team".

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
    for item in items_of(doc):
        if item.owner and _is_team(item.owner, context):
            yield at_cell(item, "Owner", f"{item.owner!r} is a team", "name the one person who will do it")


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
    for item in items_of(doc):
        owner = item.owner
        if not owner or owner in context.people.names or _SEVERAL.search(owner) or _is_team(owner, context):
            continue
        from difflib import get_close_matches

        near = get_close_matches(owner, tuple(context.people.names), n=1, cutoff=0.6)
        fix = f"did you mean @{near[0]}?" if near else "write the handle of a person of the policy"
        yield at_cell(item, "Owner", f"the policy knows no person {owner!r}", fix)


@rule("PM508", "item-due")
def item_due(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item has no due date, or one that is no date.

    What it does:
        Expects a real date in the form 2024-01-22.

    Why:
        "Soon" is never overdue.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2024-02-30 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-02-28 | HIGH | OPEN | | |
    """
    for item in items_of(doc):
        if not item.due:
            yield at_cell(item, "Due", "the item has no due date", "write a date, as in 2024-01-22")
        elif item.due_date is None:
            yield at_cell(item, "Due", f"{item.due!r} is not a date", "write it as in 2024-01-22")


@rule("PM509", "item-due-in-the-past", review=WARNING)
def item_due_in_the_past(doc: Document, context: Context) -> Iterable[Finding]:
    """An open action item is due before the postmortem is even published.

    What it does:
        Flags open items of a draft or a review whose due date has passed. After publication an overdue item is
        the business of `pmctl actions list --overdue`.

    Why:
        A date that has passed when the item is agreed on was never meant.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2004-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    if context.state(doc) not in ("DRAFT", "IN_REVIEW"):
        return
    for item in items_of(doc):
        if item.due_date is not None and item.is_open:
            today = context.day()
            if today is not None and item.due_date < today:
                yield at_cell(item, "Due", f"{item.due} has passed", "agree on a new date, or complete the item")


@rule("PM510", "item-priority", fixable=True)
def item_priority(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's priority is missing or unknown.

    What it does:
        Expects HIGH, MEDIUM or LOW.

    Why:
        Lists are sorted by it, and its colour is what a reader sees first.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | urgent | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    return _one_of(doc, "Priority", tuple(Priority))


@rule("PM511", "item-status", fixable=True)
def item_status(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's status is missing or unknown.

    What it does:
        Expects OPEN, IN_PROGRESS, COMPLETED or WONT_DO.

    Why:
        An item whose status can't be read is in no list of open items.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | waiting | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    return _one_of(doc, "Status", tuple(ItemStatus))


@rule("PM512", "wont-do-reason")
def wont_do_reason(doc: Document, context: Context) -> Iterable[Finding]:
    """An item is not going to be done, and nobody says why.

    What it does:
        Expects a reason in Notes when the status is WONT_DO.

    Why:
        Not doing it is a decision about a known risk. The next postmortem will ask for its reason.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | WONT_DO | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert at 80 % of the pool | @jane | 2999-01-22 | HIGH | WONT_DO | | The pool grows by itself |
    """
    for item in items_of(doc):
        if item.status == "WONT_DO" and not item.notes:
            yield at_cell(item, "Notes", "WONT_DO needs its reason in Notes", "say why the risk is accepted")


def _is_team(owner: str, context: Context) -> bool:
    if context.people is not None:
        if owner in context.people.names:
            return False
        if owner.casefold() in context.people.teams:
            return True
    return _TEAM_WORD.search(owner) is not None


def _one_of(doc: Document, column: str, allowed: tuple[str, ...]) -> Iterable[Finding]:
    """Items whose cell of this column is missing, unknown, or spelt otherwise than the choice it stands for."""
    for item in items_of(doc):
        cell = item.cell(column)
        written = cell.text if cell else ""
        value = item.priority if column == "Priority" else item.status
        if not written:
            yield at_cell(item, column, f"the item has no {column.lower()}", f"one of {', '.join(allowed)}")
        elif value not in allowed:
            fix = f"one of {', '.join(allowed)}"
            yield at_cell(item, column, f"{written!r} is not a {column.lower()}", fix)
        elif value != written:
            yield at_cell(item, column, f"{written!r} is written {value}", "pmctl validate --fix spells it")
