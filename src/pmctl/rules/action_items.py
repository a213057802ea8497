"""Action items: each has an id and says one thing that can be verified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.completeness import is_stand_in
from pmctl.document.fields import ITEM_ID, Status
from pmctl.document.finding import Finding
from pmctl.errors import Hint, advise
from pmctl.rules.completeness import is_blank
from pmctl.rules.lessons import PARTS
from pmctl.rules.registry import HINT, WARNING, found_at, heading, rule
from pmctl.text import listed

if TYPE_CHECKING:
    from pmctl.document.actions import ActionItem
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_VAGUE_START = re.compile(
    r"(?:consider|think about|look into|discuss|explore|try to|try and|be (?:more|better)(?! (?:care|attent))|maybe"
    r"|possibly|see if|see whether|talk (?:to|about|with)|keep an eye|remember|double-?check|learn"
    r"|communicate (?:better|more)|follow[- ]?ups?$"
    r"|(?:ensure|make sure)(?: that)? (?:this|it|such \w+) .*(?:again|never)"
    r"|(?:prevent|avoid) (?:this|it|future|similar|such|recurrence|(?:a )?repeat))\b",
    re.IGNORECASE,
)
_UNMEASURED = re.compile(
    r"(?:(?:improve|better|enhance|increase|reduce|more|strengthen|optimi[sz]e|tighten"
    r"|raise(?! (?:more )?awareness)|clean up|review|revisit|investigate|evaluate|assess|research|monitor)"
    r"(?:\s+(?:the|our|more|better|general|overall|all))*(?:\s+[\w-]+){0,2}"
    r"|(?:fix|address|resolve|solve)\s+(?:(?:the|all|these|those|any|remaining)\s+)*(?:bugs?|issues?|problems?|things|it|this|them)"
    r"|(?:add|create|write)\s+(?:(?:more|better|some)\s+)?"
    r"(?:alerts?|alerting|monitoring|tests?|logs?|logging|metrics|documentation|docs|dashboards?))",
    re.IGNORECASE,
)
_TARGET = re.compile(
    r"\d|\b(?:until|so that|when|whenever|below|above|within|at least|at most|to detect|to prevent|by|for|if|on)\b|`"
)
_MOST_PLACES = 5
_OPTIONAL = ("ticket", "ticket link", "notes")
_TICKET = re.compile(r"#\d+|[A-Z][A-Z0-9]+-\d+|https?://\S+")


@lru_cache(maxsize=2)
def items_of(doc: Document) -> tuple[ActionItem, ...]:
    """The document's action items, read once for all rules."""
    from pmctl.document.actions import action_items

    return action_items(doc)


@lru_cache(maxsize=2)
def sound_items(doc: Document) -> tuple[ActionItem, ...]:
    """The items whose cells can be told apart: a row with too many is PM206's alone."""
    return tuple(item for item in items_of(doc) if not item.row.extra)


def lacking(
    doc: Document, column: str, missing: Sequence[ActionItem], what: str, fix: Hint, *, add: Hint = ""
) -> Iterator[Finding]:
    """Findings for items without a value in `column`: a single one where the table has no such column (`add` says
    how to get it) or where none of many items has it, otherwise one for each.
    """
    told: set[int] = set()
    none_has = len(missing) > 2 and len(missing) == len(sound_items(doc))
    for item in missing:
        if item.cell(column) is None:
            if item.table.start not in told:
                told.add(item.table.start)
                place = item.table.header
                message = f"the table of action items has no column {column}"
                yield found_at(place.line, 1, message, add or f"add a column {column}")
        elif none_has:
            if not told:
                told.add(item.table.start)
                yield at_cell(item, column, f"none of the {len(missing)} items has {what}", fix, label=False)
        else:
            yield at_cell(item, column, f"the item has no {what.split(' ', 1)[1]}", fix)


def at_cell(item: ActionItem, column: str, message: str, fix: Hint = "", *, label: bool = True) -> Finding:
    """A finding about one cell of an item, by the column's name, or about its line when there is no such cell.

    It begins with the item's id when there is one and `label` is set.
    """
    cell = item.cell(column)
    named = f"{item.id}: " if item.id and label else ""
    if cell is None:
        return found_at(item.line, 1, named + message, fix)
    return found_at(cell.line, cell.column, named + message, fix, width=len(cell.text))


@rule("PM501", "no-action-items", review=WARNING)
def no_action_items(doc: Document, context: Context) -> Iterable[Finding]:
    """There is no action item.

    What it does:
        Flags an Action Items section with text but without a row that can be read: a table with a column Action and
        at least one of Owner, Due, Priority, Status, Ticket and Notes.

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
    if section is None or items_of(doc) or is_blank(section.text):
        return
    inside = [table for table in doc.tables if section.content_start <= table.start < section.end]
    if any(table.rows for table in inside):
        message = "no table here has the columns of action items"
        fix: Hint = "call its columns ID, Action, Owner, Due, Priority, Status, Ticket and Notes"
    else:
        message = "there is no action item in a table"
        fix = advise("add-item", id=doc.id or "ID")
    yield heading(doc, section, message, fix)


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
    items = sound_items(doc)
    gives, adds = advise("fix-it", does="gives it one"), advise("fix-it", does="adds it, with an id for each item")
    missing = [item for item in items if not item.id]
    yield from lacking(doc, "ID", missing, "an id", gives, add=adds)
    for item in items:
        if item.id and not ITEM_ID.fullmatch(item.id):
            fix = advise("then-an-id", first="empty the cell")
            bare = item.id.strip("*_` ")
            if ITEM_ID.fullmatch(meant := bare[:3].upper() + bare[3:]):
                fix = f"write {meant}"
            elif _TICKET.fullmatch(item.id) and not meant.startswith("AI-"):
                fix = advise("then-an-id", first="move it to Ticket")
            yield at_cell(item, "ID", f"{item.id!r} is no id of an action item (AI-7f3k)", fix, label=False)


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
            yield at_cell(item, "ID", message, advise("new-id"))
        seen.setdefault(name, item.line)


@rule("PM519", "item-id-elsewhere", draft=WARNING, review=WARNING, adopted=WARNING)
def item_id_elsewhere(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item of another postmortem has the same id.

    What it does:
        Compares the ids of action items with those of every other postmortem that is checked, without regard to case.
        What is published keeps its ids: they are signed, so only the one that can still be changed is reported.

    Why:
        `pmctl actions set AI-7f3k` names an item by its id alone, and feeds and boards follow it by that.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-9q2m | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    if not context.item_places or doc.status in (Status.PUBLISHED, Status.ARCHIVED):
        return
    for item in items_of(doc):
        places = [place for place in context.item_places.get(item.id.casefold(), ()) if place[0] != doc.path]
        if places:
            shown = [f"{path}:{line}" for path, line in places[:_MOST_PLACES]]
            shown += [f"{len(places) - _MOST_PLACES} more"] if len(places) > _MOST_PLACES else []
            message = f"{item.id} stands in {listed(shown)}, too"
            yield at_cell(item, "ID", message, advise("new-id-of-one"), label=False)


@rule("PM504", "item-description")
def item_description(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item does not say what is to be done.

    What it does:
        Flags rows whose Action is empty or a placeholder such as TBD.

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
        if not item.description or is_stand_in(item.description):
            yield at_cell(item, "Action", "the item does not say what is to be done", "say it, or take the row out")


@rule("PM513", "vague-item", review=WARNING)
def vague_item(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's wording can't be verified.

    What it does:
        Flags items that begin with "consider", "look into", "be more ...", and short ones such as "improve
        monitoring" that name no measure. Appeals to take more care are PM709's.

    Why:
        Nobody can say when it is done, so it stays open or is closed out of weariness (Google's SRE book,
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
            fix = "name the change and how to check it, as in: alert when the pool is 80 % used"
            yield at_cell(item, "Action", message, fix)


@rule("PM515", "short-item", draft=HINT, review=HINT, fixable=True)
def short_item(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item's row ends before its optional cells.

    What it does:
        Flags rows that lack Ticket, Notes or both at their end, and nothing else.

    Why:
        Whoever adds the ticket later has to count pipes first.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |
    """
    for item in items_of(doc):
        if names := missing_optional(item):
            cell = next(cell for cell in item.row.cells if cell.missing)
            message = f"the row ends before {' and '.join(names)}"
            yield found_at(cell.line, cell.column, message, advise("fix-it", does="adds the empty cells"))


def missing_optional(item: ActionItem) -> tuple[str, ...]:
    """The columns that an item's row is too short for, when they are optional ones; empty when others lack as well."""
    names = tuple(name for name, cell in zip(item.table.columns, item.row.cells, strict=True) if cell.missing)
    return names if all(name.casefold() in _OPTIONAL for name in names) else ()


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
