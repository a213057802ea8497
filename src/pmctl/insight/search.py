"""Which postmortems and action items fit a question. Summaries in, summaries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pmctl.document.fields import ItemStatus, Priority
from pmctl.insight.catalog import Item, Summary

if TYPE_CHECKING:
    from pmctl.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Query:
    """What `pmctl list` was asked. Empty means any; every given condition must hold, one of its values suffices."""

    status: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    mine: str = ""

    def fits(self, summary: Summary) -> bool:
        """Whether a postmortem answers the question; words are compared without regard to case."""
        if self.mine and self.mine not in (summary.author, *summary.reviewers, *summary.editors, *summary.participants):
            return False
        if (self.since and summary.day < self.since) or (self.until and summary.day > self.until):
            return False
        asked: tuple[tuple[tuple[str, ...], Sequence[str]], ...] = (
            (self.status, (summary.status,)),
            (self.author, (summary.author,)),
            (self.severity, (summary.severity,)),
            (self.service, summary.services),
            (self.team, summary.teams),
            (self.tag, summary.tags),
        )
        return all(not wanted or _any(wanted, present) for wanted, present in asked)


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
        late = bool(self.status) and _any(self.status, (OVERDUE,)) and item.overdue(today)
        asked = (
            (() if late else self.status, item.status), (self.priority, item.priority), (self.kind, item.kind),
            (self.prevents, item.prevents),
        )  # fmt: skip
        return all(not wanted or _any(wanted, (present,)) for wanted, present in asked)

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
    """The people of a policy who can still sign, and those who never had a key to sign with; None without a policy."""
    if policy is None:
        return None
    return frozenset(handle for handle, person in policy.people.items() if person.active_keys or not person.keys)


def items(
    summaries: Sequence[Summary], query: ItemQuery, today: date, sort: Sequence[str] = ()
) -> list[tuple[Summary, Item]]:
    """The action items that fit, the earliest due day first, those without one last; by `sort` before that."""
    fitting = [
        (summary, item)
        for summary in summaries
        if query.fits_postmortem(summary)
        for item in summary.items
        if query.fits_item(summary, item, today)
    ]
    fitting.sort(key=_by_due)
    for name in reversed(sort):
        key = SORTS[name.removeprefix("-")]
        fitting.sort(key=key, reverse=name.startswith("-"))
        fitting = [*(one for one in fitting if key(one) != _LAST), *(one for one in fitting if key(one) == _LAST)]
    return fitting


Pair = tuple[Summary, Item]
_LAST = "~"  # sorts behind letters and digits
_RANK = {name: f"{rank}" for rank, name in enumerate((*Priority, *ItemStatus))}


def _by_due(pair: Pair) -> tuple[str, str, int]:
    item = pair[1]
    return (item.due if item.due_date else _LAST, pair[0].id, item.line)


SORTS: dict[str, Callable[[Pair], str]] = {
    "due": lambda pair: pair[1].due if pair[1].due_date else _LAST,
    "priority": lambda pair: _RANK.get(pair[1].priority, pair[1].priority),
    "status": lambda pair: _RANK.get(pair[1].status, pair[1].status),
    "owner": lambda pair: _LAST if without_owner(pair[1]) else pair[1].owner.lower(),
    "postmortem": lambda pair: pair[0].id,
    "id": lambda pair: pair[1].id or _LAST,
}
"""What action items can be sorted by; what has no value comes last."""

NO_VALUE = "(none)"
GROUPS: dict[str, Callable[[Pair], str]] = {
    "owner": lambda pair: NO_VALUE if without_owner(pair[1]) else pair[1].owner,
    "postmortem": lambda pair: pair[0].id,
    "priority": lambda pair: pair[1].priority or NO_VALUE,
    "due-week": lambda pair: _week(pair[1].due_date),
}
"""What action items can be grouped by."""


def _week(day: date | None) -> str:
    """The week of ISO 8601 that a day lies in, 2024-W03, which sorts as it reads."""
    if day is None:
        return NO_VALUE
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def grouped(found: Sequence[Pair], by: str) -> dict[str, list[Pair]]:
    """Action items by group, each in the order given: HIGH before LOW, weeks in their order, names as they sort."""
    groups: dict[str, list[Pair]] = {}
    for pair in found:
        groups.setdefault(GROUPS[by](pair), []).append(pair)
    ordered = sorted(groups, key=lambda name: (name == NO_VALUE, _RANK.get(name, name) if by == "priority" else name))
    return {name: groups[name] for name in ordered}


def _any(wanted: tuple[str, ...], present: Sequence[str]) -> bool:
    lower = {value.lower() for value in present}
    return any(value.lower() in lower for value in wanted)
