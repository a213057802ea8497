"""The action items of a postmortem as a list for screens: items -> Markup. On paper their table stays.

Owner, dates, priority, ticket and notes are shown as plain text, since no approval binds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup

from pmctl.document.actions import ActionItem
from pmctl.document.fields import ItemStatus
from pmctl.output.html_inline import inline_html
from pmctl.output.page_facts import status_words
from pmctl.text import harmless, plural

_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_BOX = Markup(
    '<svg class="box box-{kind}" width="20" height="20" viewBox="0 0 20 20" role="img" aria-label="{words}">'
    '<rect x="2" y="2" width="16" height="16" rx="3"/><path d="{path}"/></svg>'
)
_SHAPES = {
    ItemStatus.OPEN: "", ItemStatus.IN_PROGRESS: "M6 10h8", ItemStatus.COMPLETED: "M5.5 10.5l3 3 6-7",
    ItemStatus.WONT_DO: "M6.5 6.5l7 7m0-7l-7 7",
}  # fmt: skip
_BAR = Markup(
    '<div class="bar" id="items"><svg width="100%" height="8" role="img" aria-label="{words}">'
    '<rect class="bar-all" width="100%" height="8" rx="4"/>'
    '<rect class="bar-done" width="{share}%" height="8" rx="4"/></svg><p>{words}</p></div>\n'
)
_ITEM = Markup(
    '<li class="item item-{kind}"{anchor}>{box}<div><p class="item-what">{what}</p>\n'
    '<p class="item-facts">{facts}</p>\n{notes}</div></li>\n'
)


def items_list(items: Sequence[ActionItem], names: Mapping[str, str], today: date) -> Markup:
    """The items of one table."""
    return Markup('<ol class="items">\n{}</ol>\n').format(
        Markup().join(_item(item, names, today) for item in items if item.description or item.id)
    )


def progress(items: Sequence[ActionItem]) -> Markup:
    """A bar of what is done of all that was not decided against; "" without items."""
    against = sum(item.status == ItemStatus.WONT_DO for item in items)
    done = sum(item.status == ItemStatus.COMPLETED for item in items)
    counted = len(items) - against
    if not items:
        return Markup()
    words = f"{done} of {counted} done" + (f", {against} decided against" if against else "")
    return _BAR.format(words=words, share=round(100 * done / counted) if counted else 0)


def due_words(item: ActionItem, today: date) -> str:
    """How far a due date is: `12 days late`, `today`, `in 3 days`; "" for what is not open or has no date."""
    if item.due_date is None or not item.is_open:
        return ""
    days = (item.due_date - today).days
    return "today" if days == 0 else f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} late"


def _item(item: ActionItem, names: Mapping[str, str], today: date) -> Markup:
    known = item.status in tuple(ItemStatus)
    status = ItemStatus(item.status) if known else ItemStatus.OPEN
    kind = status.lower().replace("_", "-")
    words = status_words(item.status) if item.status else "No status"
    what = Markup(inline_html(item.description))  # noqa: S704  # made safe by html_inline
    decided = status is ItemStatus.WONT_DO and known
    notes = Markup()
    if item.notes:
        before = "Decided against: " if decided else ""
        notes = Markup('<p class="item-notes">{}{}</p>\n').format(before, harmless(item.notes))
    return _ITEM.format(
        kind=kind,
        anchor=Markup(' id="item-{}"').format(item.id) if re.fullmatch(r"[A-Za-z0-9-]{1,32}", item.id) else Markup(),
        box=_BOX.format(kind=kind, words=words, path=_SHAPES[status]),
        what=Markup("<del>{}</del>").format(what) if decided else what,
        facts=Markup(" · ").join(_facts(item, words, names, today)),
        notes=notes,
    )


def _facts(item: ActionItem, words: str, names: Mapping[str, str], today: date) -> list[Markup]:
    """Status, owner, due date, priority, ticket and id: what there is of them."""
    found = [Markup("{}").format(words)]
    if item.owner:
        found.append(Markup("{}").format(harmless(names.get(item.owner, f"@{item.owner}"))))
    far = due_words(item, today)
    if far and item.due_date is not None:
        kind = "late" if item.overdue(today) else "soon"
        shown = Markup('due <time datetime="{0}">{0}</time>, <span data-due="{0}" class="{1}">{2}</span>')
        found.append(shown.format(item.due_date.isoformat(), kind, far))
    elif item.due and not item.due_date:
        found.append(Markup("due {}").format(harmless(item.due)))
    if item.priority:
        found.append(Markup("{} priority").format(harmless(item.priority.capitalize())))
    if _URL.fullmatch(item.ticket):
        label = re.split(r"[/=]", item.ticket.rstrip("/"))[-1] or item.ticket
        found.append(Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(item.ticket, harmless(label)))
    elif item.ticket:
        found.append(Markup("{}").format(harmless(item.ticket)))
    if item.id:
        found.append(Markup("{}").format(harmless(item.id)))
    return found
