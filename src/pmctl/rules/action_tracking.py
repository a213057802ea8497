"""What is tracked of an action item: a real date, a priority, a status, a reason for not doing it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import TYPE_CHECKING

from pmctl.document.actions import spelling_key
from pmctl.document.completeness import is_stand_in
from pmctl.document.fields import ItemStatus, Priority
from pmctl.document.finding import Finding
from pmctl.errors import advise
from pmctl.rules.action_items import at_cell, items_of, lacking, sound_items
from pmctl.rules.action_owners import NOBODY
from pmctl.rules.front_matter import incident_day
from pmctl.rules.registry import WARNING, rule
from pmctl.rules.suggestions import written_dates

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_SCHEME = re.compile(r"\W*[A-Za-z][A-Za-z0-9+.-]*:(?=[^\s\d])")
_WEB = re.compile(r"https?://[^\s)>\]]+", re.IGNORECASE)
# A key behind the name of its tracker, as in jira:OPS-12.
_NAMED_KEY = re.compile(r"(?!.*//)\W*[A-Za-z][\w-]*:[\w./#!-]*\d[\w./#!-]*[),.;]?")
# Words that mean one of the choices and nothing else: `validate --fix` writes it. Compared by `spelling_key`.
SPELLINGS = {
    "Status": {
        **dict.fromkeys(("DONE", "CLOSED", "COMPLETE", "FINISHED", "RESOLVED"), "COMPLETED"),
        **dict.fromkeys(("TODO", "NEW", "NOTSTARTED"), "OPEN"),
        **dict.fromkeys(("DOING", "STARTED", "WIP", "ONGOING"), "IN_PROGRESS"),
        **dict.fromkeys(("WONTFIX", "WILLNOTDO", "WILLNOTFIX"), "WONT_DO"),
    },
    "Priority": {"HI": "HIGH", "MED": "MEDIUM", "NORMAL": "MEDIUM", "LO": "LOW"},
}
# Words of which a person has to say whether they mean it.
_MEANT = {
    "Status": {
        **dict.fromkeys(("FIXED", "MERGED", "SHIPPED", "DEPLOYED", "YES", "X", "✅"), "COMPLETED"),
        **dict.fromkeys(("BLOCKED", "WAITING", "PENDING", "BACKLOG", "PLANNED", "DEFERRED", "TBD", "NO"), "OPEN"),
        "INREVIEW": "IN_PROGRESS",
        **dict.fromkeys(
            ("CANCELLED", "CANCELED", "REJECTED", "DECLINED", "ABANDONED", "DROPPED", "OBSOLETE"), "WONT_DO"
        ),
    },
    "Priority": {
        **dict.fromkeys(("URGENT", "CRITICAL", "HIGHEST", "BLOCKER", "MAJOR", "P0", "P1"), "HIGH"),
        **dict.fromkeys(("MODERATE", "P2"), "MEDIUM"),
        **dict.fromkeys(("MINOR", "TRIVIAL", "LOWEST", "P3", "P4"), "LOW"),
    },
}


@rule("PM508", "item-due")
def item_due(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item has no due date, or one that is no date.

    What it does:
        Expects a real date in the form 2024-01-22. An item that will not be done needs none.

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
    items = sound_items(doc)
    undated = [not item.due or is_stand_in(item.due) or bool(NOBODY.fullmatch(item.due)) for item in items]
    missing = [item for item, lacks in zip(items, undated, strict=True) if lacks and item.status != "WONT_DO"]
    yield from lacking(doc, "Due", missing, "a due date", "agree on a day and write it as in 2024-01-22")
    for item, lacks in zip(items, undated, strict=True):
        if item.due_date is None and not lacks:
            message = f"{item.due!r} is not a date"
            fix = "write a day, as in 2024-01-22"
            if re.fullmatch(r"\d{4}-\d\d-\d\d", item.due):
                message, fix = f"there is no such day as {item.due}", "correct the date"
            elif meant := written_dates(item.due, incident_day(doc)):
                fix = f"write {' or '.join(meant)}"
            yield at_cell(item, "Due", message, fix)


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
                fix = "agree on a new date, or complete the item"
                yield at_cell(item, "Due", f"the due date {item.due} has passed", fix)


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
        Expects a reason in Notes when the status is WONT_DO; TBD, n/a and the like are none.

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
    for item in sound_items(doc):
        if item.status == "WONT_DO" and (not item.notes or is_stand_in(item.notes) or NOBODY.fullmatch(item.notes)):
            fix = "say why the risk is accepted" if item.cell("Notes") else "add a column Notes and say why"
            yield at_cell(item, "Notes", "WONT_DO needs its reason in Notes", fix)


@rule("PM520", "item-ticket", draft=WARNING, review=WARNING)
def item_ticket(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's ticket is neither a web address nor a tracker's key.

    What it does:
        Expects an address that begins with http:// or https://, or a key such as OPS-12, #345 or team/app#12; several
        may stand in the cell. An empty cell is fine, and so is one that says that there is none yet.

    Why:
        Nobody finds the work again under "see the board", and no page may link to any other kind of address.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert at 80 % of the pool | @jane | 2999-01-22 | HIGH | OPEN | see the board | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert at 80 % of the pool | @jane | 2999-01-22 | HIGH | OPEN | OPS-12 | |
    """
    for item in sound_items(doc):
        if item.ticket and not is_ticket(item.ticket):
            message = f"{item.ticket[:80]!r} is neither an address nor a key of a ticket"
            yield at_cell(item, "Ticket", message, "write https://... or a key such as OPS-12")


def is_ticket(text: str) -> bool:
    """Whether a cell names tickets by their web addresses or keys, or says that there is none."""
    shown = unescape(text)
    if is_stand_in(shown) or NOBODY.fullmatch(shown):
        return True
    rest = _WEB.sub(" ", shown)
    if any(not _NAMED_KEY.fullmatch(word) for word in rest.split() if _SCHEME.match(word) or "](" in word[:-2]):
        return False
    return rest != shown or any(character.isdigit() for character in rest)


def spelt(column: str, written: str, canonical: str) -> str:
    """The right spelling of a Status or Priority cell; "" when it is right already or a person has to say."""
    allowed = Priority.__members__ if column == "Priority" else ItemStatus.__members__
    if written in allowed:
        return ""
    return canonical if canonical in allowed else SPELLINGS[column].get(spelling_key(written), "")


def _one_of(doc: Document, column: str, allowed: tuple[str, ...]) -> Iterable[Finding]:
    """Items whose cell of this column is missing, unknown, or spelt otherwise than the choice it stands for."""
    items = sound_items(doc)
    choices = f"one of {', '.join(allowed)}"
    missing: list[ActionItem] = []
    texts: list[tuple[ActionItem, str]] = []
    for item in items:
        text = _cell_text(item, column)
        if not text or (is_stand_in(text) and spelling_key(text) not in SPELLINGS[column]):
            missing.append(item)
        else:
            texts.append((item, text))
    yield from lacking(doc, column, missing, f"a {column.lower()}", choices)
    for item, written in texts:
        value = item.priority if column == "Priority" else item.status
        if right := spelt(column, written, value):
            yield at_cell(item, column, f"{written!r} is written {right}", advise("fix-it", does="spells it"))
        elif value not in allowed:
            meant = _MEANT[column].get(spelling_key(written), "")
            fix = f"did you mean {meant}?" if meant else choices
            yield at_cell(item, column, f"{written!r} is not a {column.lower()}", fix)


def _cell_text(item: ActionItem, column: str) -> str:
    cell = item.cell(column)
    return cell.text if cell else ""
