"""Which action items fit a question, and in which order. Summaries in, items out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.fields import ItemStatus, Priority
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.search import Query, has_any

if TYPE_CHECKING:
    from pmctl.policy.model import Policy

OVERDUE, WEEK, NONE, LEFT = "overdue", "week", "none", "left"
"""Words beside days and people: open and past its day, or due within seven days; without a day or an owner; an owner
who is no longer active in the policy."""


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What `pmctl actions list` was asked; days are inclusive. Empty means any, as in `Query`.

    `due` holds OVERDUE, WEEK and NONE, which are asked of open items alone; `owner` handles, NONE and LEFT. `active`
    are the people who are active in the policy, None where nobody knows. `about` is asked of the item's postmortem, and
    `teams` are teams with their members: a postmortem that belongs to one fits, and an owner who does.
    """

    overdue: bool = False
    owner: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    due_before: date | None = None
    due_after: date | None = None
    postmortem: str = ""
    due: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    prevents: tuple[str, ...] = ()
    teams: tuple[tuple[str, tuple[str, ...]], ...] = ()
    about: Query | None = None
    active: frozenset[str] | None = None

    def fits(self, summary: Summary, item: Item, today: date) -> bool:
        """Whether an action item answers the question on the day `today`."""
        return self.fits_postmortem(summary) and self.fits_item(summary, item, today)

    def fits_postmortem(self, summary: Summary) -> bool:
        """What is asked of the postmortem that an item belongs to."""
        if self.postmortem and summary.id != self.postmortem:
            return False
        return self.about is None or self.about.fits(summary)

    def fits_item(self, summary: Summary, item: Item, today: date) -> bool:
        """What is asked of the item itself."""
        if self.overdue and not item.overdue(today):
            return False
        if self.due and not any(_is_due(item, word, today) for word in self.due):
            return False
        if self.due_before or self.due_after:
            day = item.due_date
            if day is None or day > (self.due_before or day) or day < (self.due_after or day):
                return False
        if self.owner and not any(self._owns(item, one.removeprefix("@").lower()) for one in self.owner):
            return False
        if self.teams and not self._fits_teams(summary, item):
            return False
        late = bool(self.status) and has_any(self.status, (OVERDUE,)) and item.overdue(today)
        asked = (
            (() if late else self.status, item.status), (self.priority, item.priority), (self.kind, item.kind),
            (self.prevents, item.prevents),
        )  # fmt: skip
        return all(not wanted or has_any(wanted, (present,)) for wanted, present in asked)

    def _owns(self, item: Item, wanted: str) -> bool:
        if wanted == NONE:
            return without_owner(item)
        return is_left(item, self.active) if wanted == LEFT else item.owner.lower() == wanted

    def _fits_teams(self, summary: Summary, item: Item) -> bool:
        return any(name in summary.teams or item.owner in members for name, members in self.teams)


def _is_due(item: Item, word: str, today: date) -> bool:
    if not item.open:
        return False
    day = item.due_date
    if word == NONE or day is None:
        return word == NONE and day is None
    return day < today if word == OVERDUE else today <= day <= today + timedelta(days=7)


def without_owner(item: Item) -> bool:
    """Whether an item's owner is no one: an empty cell, TBD, nobody."""
    from pmctl.rules.action_owners import is_nobody

    return is_nobody(item.owner)


def is_left(item: Item, active: frozenset[str] | None) -> bool:
    """Whether an item's owner is somebody who is not among the `active` people; never where nobody knows those."""
    return active is not None and not without_owner(item) and item.owner not in active


def active_people(policy: Policy | None) -> frozenset[str] | None:
    """The people of a policy who have not left; None without a policy."""
    return None if policy is None else policy.present


class Found(NamedTuple):
    """An action item with its postmortem, whether it is overdue, and what -C calls its repository, "" for the only
    one."""

    summary: Summary
    item: Item
    overdue: bool
    repository: str = ""


def items(summaries: Sequence[Summary], query: ItemQuery, today: date, repository: str = "") -> list[Found]:
    """The action items that fit, in the order of their postmortems; `in_order` sorts them."""
    return [
        Found(summary, item, item.overdue(today), repository)
        for summary in summaries
        if query.fits_postmortem(summary)
        for item in summary.items
        if query.fits_item(summary, item, today)
    ]


def in_order(found: Sequence[Found], sort: Sequence[str] = ()) -> list[Found]:
    """The items, the earliest due day first, those without one last; by the names of `sort` before that."""
    ordered = sorted(found, key=_by_due)
    for name in reversed(sort):
        key = SORTS[name.removeprefix("-")]
        ordered.sort(key=key, reverse=name.startswith("-"))
        ordered = [*(one for one in ordered if key(one) != _LAST), *(one for one in ordered if key(one) == _LAST)]
    return ordered


_LAST = "~"  # sorts behind letters and digits
_RANK = {name: f"{rank}" for rank, name in enumerate((*Priority, *ItemStatus))}


def _by_due(found: Found) -> tuple[str, str, int]:
    item = found.item
    return (item.due if item.due_date else _LAST, found.summary.id, item.line)


SORTS: dict[str, Callable[[Found], str]] = {
    "due": lambda one: one.item.due if one.item.due_date else _LAST,
    "priority": lambda one: _RANK.get(one.item.priority, one.item.priority),
    "status": lambda one: _RANK.get(one.item.status, one.item.status),
    "owner": lambda one: _LAST if without_owner(one.item) else one.item.owner.lower(),
    "postmortem": lambda one: one.summary.id,
    "id": lambda one: one.item.id or _LAST,
}
"""What action items can be sorted by; what has no value comes last."""

NO_VALUE = "(none)"
GROUPS: dict[str, Callable[[Found], str]] = {
    "owner": lambda one: NO_VALUE if without_owner(one.item) else one.item.owner,
    "postmortem": lambda one: one.summary.id,
    "priority": lambda one: one.item.priority or NO_VALUE,
    "due-week": lambda one: _week(one.item.due_date),
}
"""What action items can be grouped by."""


def _week(day: date | None) -> str:
    """The week of ISO 8601 that a day lies in, 2024-W03, which sorts as it reads."""
    if day is None:
        return NO_VALUE
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def grouped(found: Sequence[Found], by: str) -> dict[str, list[Found]]:
    """Action items by group, each in the order given: HIGH before LOW, weeks in their order, names as they sort."""
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(GROUPS[by](one), []).append(one)
    ordered = sorted(groups, key=lambda name: (name == NO_VALUE, _RANK.get(name, name) if by == "priority" else name))
    return {name: groups[name] for name in ordered}
