"""Action items: each has an id and says one thing that can be verified."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.document.schema import ITEM_ID
from pmctl.rules.completeness import is_blank
from pmctl.rules.registry import HINT, WARNING, found_at, heading, rule

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_VAGUE_START = re.compile(
    r"(?:consider|think about|look into|discuss|explore|try to|try and|be (?:more|better)|maybe|possibly"
    r"|see if|see whether|talk (?:to|about|with)|keep an eye|be aware|remember|double-?check|be careful|learn)\b",
    re.IGNORECASE,
)
_UNMEASURED = re.compile(
    r"(?:improve|better|enhance|increase|more|strengthen|optimi[sz]e|tighten|raise|clean up|fix|review"
    r"|investigate|monitor)"
    r"(?:\s+(?:the|our|more|better|general|overall|all))*(?:\s+[\w-]+){0,2}",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\d|\b(?:until|so that|when|whenever|below|above|within|at least|at most|to detect|to prevent|by|for|if|on)\b|`"
)


@lru_cache(maxsize=2)
def items_of(doc: Document) -> tuple[ActionItem, ...]:
    """The document's action items, read once for all rules."""
    from pmctl.document.actions import action_items

    return action_items(doc)


def at_cell(item: ActionItem, column: str, message: str, fix: str = "") -> Finding:
    """A finding about one cell of an item, by the column's name, or about its line when there is no such cell."""
    cell = item.cell(column)
    label = f"{item.id}: " if item.id else ""
    if cell is None:
        return found_at(item.line, 1, label + message, fix)
    return found_at(cell.line, cell.column, label + message, fix, width=len(cell.text))


@rule("PM501", "no-action-items", review=WARNING)
def no_action_items(doc: Document, context: Context) -> Iterable[Finding]:
    """There is no action item.

    What it does:
        Flags an Action Items section with text but without a row.

    Why:
        A postmortem that changes nothing will be written again. When nothing is to be done, a WONT_DO item with
        its reason says so.

    Example:
        ## Action Items

        We will keep an eye on it.

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    section = doc.section("Action Items")
    if section is None or items_of(doc):
        return
    if not is_blank(section.text):
        message = "there is no action item in a table"
        yield heading(doc, section, message, 'pmctl actions add ID "TEXT" --owner HANDLE --due DATE')


@rule("PM502", "item-id", draft=WARNING, fixable=True)
def item_id(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item has no id, or one that can't be read.

    What it does:
        Expects `AI-` and four characters, such as AI-7f3k.

    Why:
        Items are followed across postmortems and tickets by their id; a row number changes with every insertion.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | 1 | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    for item in items_of(doc):
        if not item.id:
            yield at_cell(item, "ID", "the item has no id", "pmctl validate --fix gives it one")
        elif not ITEM_ID.fullmatch(item.id):
            yield at_cell(
                item, "ID", f"{item.id!r} is not an item's id", "write AI- and four characters, as in AI-7f3k"
            )


@rule("PM503", "duplicate-item-id", draft=WARNING)
def duplicate_item_id(doc: Document, context: Context) -> Iterable[Finding]:
    """Two action items have the same id.

    What it does:
        Compares the ids of the document's items without regard to case.

    Why:
        A change of status would be written to one of the two, and nobody could say to which.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
        | AI-7f3k | Enlarge the pool with the traffic, up to 200 | @bob | 2999-01-29 | LOW | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
        | AI-9q2m | Enlarge the pool with the traffic, up to 200 | @bob | 2999-01-29 | LOW | OPEN | | |
    """
    seen: dict[str, int] = {}
    for item in items_of(doc):
        name = item.id.casefold()
        if name and name in seen:
            message = f"line {seen[name]} has the same id"
            yield at_cell(item, "ID", message, "delete the id; pmctl validate --fix gives a new one")
        seen.setdefault(name, item.line)


@rule("PM504", "item-description")
def item_description(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item does not say what is to be done.

    What it does:
        Flags rows with an empty Action.

    Why:
        An owner and a date without a task can't be completed.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | | @jane | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    for item in items_of(doc):
        if not item.description:
            yield at_cell(item, "Action", "the item does not say what is to be done")


@rule("PM513", "vague-item", review=WARNING)
def vague_item(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's wording can't be verified.

    What it does:
        Flags items that begin with "consider", "look into", "be more ...", and short ones such as "improve
        monitoring" that name no measure.

    Why:
        Nobody can say when it is done, so it stays open or is closed by tiredness (Google's SRE book,
        chapter 15).

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Improve monitoring | @jane | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    for item in items_of(doc):
        text = item.description.strip().rstrip(".")
        vague = _VAGUE_START.match(text) or (_UNMEASURED.fullmatch(text) and not _TARGET.search(text))
        if text and vague and item.is_open:
            message = f"{text[:60]!r} does not say when it is done"
            yield at_cell(item, "Action", message, "name the change and how to check it")


@rule("PM514", "lesson-without-item", review=HINT)
def lesson_without_item(doc: Document, context: Context) -> Iterable[Finding]:
    """There are things to improve, and fewer action items.

    What it does:
        Compares the number of bullets under "What could be improved" with the number of action items.

    Why:
        Every problem needs an action item, be it one that says WONT_DO and why.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |

        ## Lessons Learned

        ### What could be improved

        - The pool's use was on no dashboard.
        - The runbook named a host that is gone.

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
        | AI-9q2m | Name the service, not the host, in the runbook's step 3 | @bob | 2999-01-29 | LOW | OPEN | | |

        ## Lessons Learned

        ### What could be improved

        - The pool's use was on no dashboard.
        - The runbook named a host that is gone.
    """
    from pmctl.rules.lessons import PARTS

    lessons = doc.section("Lessons Learned")
    if lessons is None or doc.section("Action Items") is None:
        return
    for part in doc.headings:
        if lessons.start < part.start < lessons.end and PARTS["What could be improved"].search(part.title):
            bullets = len(re.findall(r"(?m)^[-*+] +\S", part.text))
            items = len(items_of(doc))
            if bullets > items > 0:
                message = f"{bullets} things to improve, and {items} action item{'s' if items > 1 else ''}"
                yield heading(doc, part, message, "give each one an item; WONT_DO with its reason is one")
