"""Which postmortems and action items fit a question, and in which order. Summaries in, summaries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pmctl.document.fields import Status
from pmctl.insight.catalog import Item, Summary


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


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What `pmctl actions list` was asked; dates are inclusive."""

    overdue: bool = False
    owner: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    due_before: date | None = None
    due_after: date | None = None
    postmortem: str = ""

    def fits(self, summary: Summary, item: Item, today: date) -> bool:
        """Whether an action item answers the question on the day `today`."""
        due = item.due_date
        if self.postmortem and summary.id != self.postmortem:
            return False
        if self.overdue and not item.overdue(today):
            return False
        if self.due_before and (due is None or due > self.due_before):
            return False
        if self.due_after and (due is None or due < self.due_after):
            return False
        asked = ((self.owner, item.owner), (self.status, item.status), (self.priority, item.priority))
        return all(
            not wanted or _any(tuple(w.removeprefix("@") for w in wanted), (present,)) for wanted, present in asked
        )


@dataclass(frozen=True, slots=True)
class Order:
    """By what a list is sorted: one of `ORDERS`, and whether backwards. `severities` are the known ones, the worst
    first."""

    by: str = "date"
    backwards: bool = True
    severities: tuple[str, ...] = ()

    def key(self, summary: Summary, changed: datetime | None = None) -> Any:
        """What a postmortem, `changed` then, is sorted by; of two that are alike the later incident counts as greater.

        What is not committed has changed since everything that is.
        """
        return ORDERS[self.by](self, summary, changed or _LAST), summary.day, summary.id


def _severity(order: Order, summary: Summary, changed: datetime) -> tuple[int, str]:
    spelled = [one.casefold() for one in order.severities]
    mine = summary.severity.casefold()
    rank = spelled.index(mine) if mine in spelled else len(spelled) + (not mine)
    return rank, mine


_STATES = {state.value: number for number, state in enumerate(Status)}
_LAST = datetime.max.replace(tzinfo=UTC)

ORDERS: dict[str, Callable[[Order, Summary, datetime], Any]] = {
    "date": lambda order, summary, changed: summary.day,
    "severity": _severity,
    "status": lambda order, summary, changed: _STATES.get(summary.status, len(_STATES)),
    "title": lambda order, summary, changed: summary.title.casefold(),
    "author": lambda order, summary, changed: summary.author.casefold(),
    "updated": lambda order, summary, changed: changed,
}
"""What a list can be sorted by -> the value of one postmortem; from the least: the oldest, the worst, DRAFT, A."""


def items(summaries: Sequence[Summary], query: ItemQuery, today: date) -> list[tuple[Summary, Item]]:
    """The action items that fit, the earliest due day first, those without one last."""
    fitting = [(summary, item) for summary in summaries for item in summary.items if query.fits(summary, item, today)]
    return sorted(fitting, key=lambda pair: (pair[1].due_date or date.max, pair[0].id, pair[1].line))


def _any(wanted: tuple[str, ...], present: Sequence[str]) -> bool:
    lower = {value.lower() for value in present}
    return any(value.lower() in lower for value in wanted)
