"""Which postmortems and action items fit a question. Summaries in, summaries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

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


def items(summaries: Sequence[Summary], query: ItemQuery, today: date) -> list[tuple[Summary, Item]]:
    """The action items that fit, the earliest due day first, those without one last."""
    fitting = [(summary, item) for summary in summaries for item in summary.items if query.fits(summary, item, today)]
    return sorted(fitting, key=lambda pair: (pair[1].due_date or date.max, pair[0].id, pair[1].line))


def _any(wanted: tuple[str, ...], present: Sequence[str]) -> bool:
    lower = {value.lower() for value in present}
    return any(value.lower() in lower for value in wanted)
