"""Which postmortems fit a question, and in which order. Summaries in, summaries out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pmctl.document.fields import Status
from pmctl.insight.catalog import Summary


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
        return all(not wanted or has_any(wanted, present) for wanted, present in asked)


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


def has_any(wanted: tuple[str, ...], present: Sequence[str]) -> bool:
    """Whether one of the wanted values is there; case does not matter."""
    lower = {value.lower() for value in present}
    return any(value.lower() in lower for value in wanted)
