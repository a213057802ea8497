"""What each metric observes in the facts of a commit: when it counts, of what, and its value. Facts -> observations.

A value is None where a postmortem does not say what is needed; that is counted apart, never taken for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import NamedTuple

from pmctl.document.fields import ItemStatus, Status
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem
from pmctl.text import parse_day

_DAY = 86400
DONE = ItemStatus.COMPLETED.value
NOT_DONE = ItemStatus.WONT_DO.value


class Needed(NamedTuple):
    """An incident that requires a postmortem: its name, when it was resolved, and whether it has one."""

    incident: str
    resolved: int
    documented: bool
    teams: tuple[str, ...]
    services: tuple[str, ...]
    severity: str


Observation = tuple[int, str, float | None, Measured | Needed, str]
"""When it counts (seconds), of what (an id, or an id and an item's), its value, the postmortem, and whose it is."""


@dataclass(frozen=True)
class Question:
    """What observations depend on beside the facts: the day on which it is asked, the team's time zone, and the
    incidents that require a postmortem (None when no file of incidents was given)."""

    facts: Facts
    on: date
    zone: tzinfo
    needed: tuple[Needed, ...] | None = None
    _begun: dict[str, int | None] = field(default_factory=dict)

    def begins(self, day: str) -> int | None:
        """When a day begins in the team's time zone; None for a text that names none."""
        if day not in self._begun:
            named = parse_day(day)
            self._begun[day] = None if named is None else int(midnight(named, self.zone))
        return self._begun[day]

    def ends(self, day: str) -> int | None:
        """When a day ends."""
        if (known := self._begun.get(f"{day} ends")) is not None:
            return known
        named = parse_day(day)
        if named is None:
            return None
        self._begun[f"{day} ends"] = ended = int(midnight(named + timedelta(days=1), self.zone))
        return ended

    @cached_property
    def tomorrow(self) -> int:
        """When the day ends on which it is asked: a due day that ends no later than today is not overdue before."""
        return int(midnight(self.on + timedelta(days=1), self.zone))

    @cached_property
    def items(self) -> list[tuple[Measured, MeasuredItem, str]]:
        """Every action item with its postmortem, and both their ids."""
        return [(one, item, f"{one.id} {item.id}") for one in self.facts.postmortems for item in one.items]

    @cached_property
    def due(self) -> list[tuple[Observation, bool]]:
        """Of each item that should be done by now, or is done, whether it was in time; and whether it is done."""
        return list(_items_due(self))

    @cached_property
    def today(self) -> int:
        """When that day begins."""
        return int(midnight(self.on, self.zone))


def midnight(day: date, zone: tzinfo) -> float:
    """When a day begins in a time zone, in seconds since 1970."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _ours(asked: Question) -> Iterator[Measured]:
    """The postmortems whose making history knows."""
    return (one for one in asked.facts.postmortems if not one.adopted)


def created(asked: Question) -> Iterator[Observation]:
    for one in _ours(asked):
        if one.created is not None:
            yield one.created, one.id, 1, one, one.author


def published(asked: Question) -> Iterator[Observation]:
    for one in _ours(asked):
        if one.published is not None:
            yield one.published, one.id, 1, one, one.author


def in_state(state: Status) -> Callable[[Question], Iterator[Observation]]:
    def observe(asked: Question) -> Iterator[Observation]:
        for one in asked.facts.postmortems:
            if one.status == state:
                at = one.created if one.created is not None else one.started
                yield at if at is not None else asked.begins(one.day) or 0, one.id, 1, one, one.author

    return observe


def completion(asked: Question) -> Iterator[Observation]:
    for one in _ours(asked):
        if one.created is not None:
            yield one.created, one.id, 1 if one.published is not None else 0, one, one.author


def _between(start: int | None, end: int | None, unit: int) -> float | None:
    """The time from one to the other; None when either is not known, or they are the wrong way round."""
    return None if start is None or end is None or end < start else (end - start) / unit


def from_incident(asked: Question) -> Iterator[Observation]:
    for one in _ours(asked):
        if one.published is not None:
            yield one.published, one.id, _between(one.resolved, one.published, _DAY), one, one.author


def from_draft(asked: Question) -> Iterator[Observation]:
    for one in _ours(asked):
        if one.published is not None:
            yield one.published, one.id, _between(one.created, one.published, _DAY), one, one.author


def phase(step: str) -> Callable[[Question], Iterator[Observation]]:
    def observe(asked: Question) -> Iterator[Observation]:
        for one in _ours(asked):
            done: int | None = getattr(one, step)
            if done is not None:
                yield done, one.id, _between(one.resolved, done, 3600), one, one.author

    return observe


def on_target(target: str, step: str) -> Callable[[Question], Iterator[Observation]]:
    def observe(asked: Question) -> Iterator[Observation]:
        allowed = asked.facts.targets.get(target)
        for one in _ours(asked):
            if one.resolved is None or allowed is None or one.created is None:
                continue
            done: int | None = getattr(one, step)
            if done is not None:
                yield one.resolved, one.id, 1 if done - one.resolved <= allowed else 0, one, one.author
            elif one.resolved + allowed < asked.today:
                yield one.resolved, one.id, 0, one, one.author

    return observe


def _items_due(asked: Question) -> Iterator[tuple[Observation, bool]]:
    """Of each item that should be done by now, or is done, whether it was in time; and whether it is done at all."""
    begins, ends, today = asked.begins, asked.ends, asked.today
    for one, item, name in asked.items:
        status = item.status
        if status == NOT_DONE or (due := begins(item.due)) is None:
            continue
        over = ends(item.due) or 0
        if status == DONE:
            closed = item.closed
            in_time = None if closed is None else 1 if closed < over else 0
            yield (due, name, in_time, one, item.owner), True
        elif item.open and over <= today:
            yield (due, name, 0, one, item.owner), False


def items_on_time(asked: Question) -> Iterator[Observation]:
    return (found for found, _ in asked.due)


def items_late(asked: Question) -> Iterator[Observation]:
    for (at, name, value, one, owner), done in asked.due:
        if done and value == 0:
            yield at, name, 1, one, owner


def items_closed(status: str) -> Callable[[Question], Iterator[Observation]]:
    def observe(asked: Question) -> Iterator[Observation]:
        for one, item, name in asked.items:
            if item.status == status and item.closed is not None:
                yield item.closed, name, 1, one, item.owner

    return observe


def items_open(asked: Question) -> Iterator[Observation]:
    for one, item, name in asked.items:
        if item.open:
            at = item.added if item.added is not None else one.created
            yield at if at is not None else asked.begins(one.day) or 0, name, 1, one, item.owner


def items_overdue(asked: Question) -> Iterator[Observation]:
    for one, item, name in asked.items:
        if item.open and (end := asked.ends(item.due)) is not None and end <= asked.today:
            yield asked.begins(item.due) or 0, name, 1, one, item.owner


def item_age(asked: Question) -> Iterator[Observation]:
    for one, item, name in asked.items:
        if item.open and item.added is not None:
            age = max(asked.tomorrow - item.added, 0) // _DAY
            yield item.added, name, age, one, item.owner


def slips(asked: Question) -> Iterator[Observation]:
    for one, item, name in asked.items:
        for at, days in item.slips:
            yield at, name, days, one, item.owner


def reviews(asked: Question) -> Iterator[Observation]:
    for one in asked.facts.postmortems:
        for review in one.reviews:
            if review.answered is not None:
                yield review.answered, one.id, 1, one, review.reviewer


def review_wait(asked: Question) -> Iterator[Observation]:
    for one in asked.facts.postmortems:
        for review in one.reviews:
            if review.answered is not None and review.asked is not None:
                yield review.answered, one.id, _between(review.asked, review.answered, 3600), one, review.reviewer


def reviews_waiting(asked: Question) -> Iterator[Observation]:
    for one in asked.facts.postmortems:
        for review in one.reviews:
            if review.answered is None and review.asked is not None and not review.ended:
                yield review.asked, one.id, 1, one, review.reviewer


def response(first: int, last: int) -> Callable[[Question], Iterator[Observation]]:
    def observe(asked: Question) -> Iterator[Observation]:
        for one in asked.facts.postmortems:
            at = one.started if one.started is not None else asked.begins(one.day)
            if at is not None:
                yield at, one.id, _between(one.times[first], one.times[last], 60), one, one.author

    return observe


def missing(asked: Question) -> Iterator[Observation]:
    for one in asked.needed or ():
        if not one.documented:
            yield one.resolved, one.incident, 1, one, ""


def required(asked: Question) -> Iterator[Observation]:
    for one in asked.needed or ():
        yield one.resolved, one.incident, 1 if one.documented else 0, one, ""
