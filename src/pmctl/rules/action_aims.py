"""What an action item is for: the cause that it is to prevent, the kind of remedy, and how soon it is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pmctl.document.fields import ItemKind
from pmctl.document.finding import Finding
from pmctl.rules.action_items import at_cell, items_of, sound_items
from pmctl.rules.registry import HINT, WARNING, found_at, rule
from pmctl.text import did_you_mean, plural

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_CAUSES = ("root_causes", "contributing_factors")


def causes_of(doc: Document) -> tuple[str, ...]:
    """The words by which a postmortem names its causes: what an item's Prevents may say."""
    named = (doc.meta.get(key) for key in _CAUSES)
    return tuple(word for words in named if isinstance(words, list | tuple) for word in words if isinstance(word, str))


@rule("PM516", "item-prevents", draft=WARNING, review=WARNING)
def item_prevents(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item is to prevent something that the postmortem names no cause.

    What it does:
        Looks the word in the optional column Prevents up in `root_causes` and `contributing_factors`.

    Why:
        Whether an item helped is seen when its cause comes back. Under another word nobody would notice.

    Example:
        root_causes: [capacity]

        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Prevents |
        |---|---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | | capcity |

    Fix:
        root_causes: [capacity]

        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Prevents |
        |---|---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | | capacity |
    """
    known = causes_of(doc)
    folded = {word.casefold() for word in known}
    for item in sound_items(doc):
        if item.prevents and item.prevents.casefold() not in folded:
            otherwise = "add it to root_causes or contributing_factors, or name one of them"
            fix = did_you_mean(item.prevents, known, otherwise)
            yield at_cell(item, "Prevents", f"{item.prevents!r} is no cause of this postmortem", fix)


@rule("PM517", "item-kind", draft=WARNING, review=WARNING)
def item_kind(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item is of an unknown kind.

    What it does:
        Expects prevent, detect, mitigate or process in the optional column Kind.

    Why:
        Items are counted by it: a team that only ever detects sooner does not have fewer incidents.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Kind |
        |---|---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | | detection |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Kind |
        |---|---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | | detect |
    """
    kinds = tuple(ItemKind)
    for item in sound_items(doc):
        if item.kind and item.kind.casefold() not in kinds:
            fix = did_you_mean(item.kind.casefold(), kinds, f"one of {', '.join(kinds)}")
            yield at_cell(item, "Kind", f"{item.kind!r} is no kind of action item", fix)


@rule("PM518", "item-due-late", draft=HINT, review=HINT, adopted=HINT)
def item_due_late(doc: Document, context: Context) -> Iterable[Finding]:
    """An action item is due later than the team wants it done.

    What it does:
        Holds open items of a draft or a review against `actions: due:` in pmctl.yaml, such as HIGH: 2w, counted from
        today: whenever the item was agreed on, it is later than that. After publication `pmctl actions show` says it,
        counted from the day that the item was added.

    Why:
        What matters most and is due in three months is forgotten in two.

    Example:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |

    Fix:
        ## Action Items

        | ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
        |---|---|---|---|---|---|---|---|
        | AI-7f3k | Alert when the pool is 80 % used | @jane | 2024-01-30 | HIGH | OPEN | | |
    """
    if not context.item_targets or context.state(doc) not in ("DRAFT", "IN_REVIEW"):
        return
    for item in items_of(doc):
        days = context.item_targets.get(item.priority)
        if days is None or item.due_date is None or not item.is_open:
            continue
        today = context.day()
        if today is not None and (item.due_date - today).days > days:
            left = plural((item.due_date - today).days, "day")
            message = f"due in {left}; the target of {item.priority} is {plural(days, 'day')}"
            yield at_cell(item, "Due", message, "agree on an earlier day, or on a lower priority")


@rule("PM160", "unknown-cause", draft=WARNING, review=WARNING)
def unknown_cause(doc: Document, context: Context) -> Iterable[Finding]:
    """A cause is named by a word that the team does not use.

    What it does:
        Looks the words in `root_causes` and `contributing_factors` up in `root_causes` of pmctl.yaml, when that has
        the list.

    Why:
        Recurrence is counted by these words. The same cause under two words is counted twice, each too rarely.

    Example:
        root_causes: [capcity]

    Fix:
        root_causes: [capacity]
    """
    if not context.causes:
        return
    known = {word.casefold() for word in context.causes}
    for key in _CAUSES:
        node = doc.front.get(key)
        for one in node.value if node is not None and isinstance(node.value, tuple) else ():
            if one.raw.strip() and one.raw.casefold() not in known:
                fix = did_you_mean(
                    one.raw, context.causes, f"one of {', '.join(context.causes)}, or add it to pmctl.yaml"
                )
                message = f"{one.raw!r} is not among root_causes of pmctl.yaml"
                yield found_at(one.line, one.column, message, fix, width=len(one.raw))
