"""What comes up again and again, against the time before: causes, factors, services, kinds of items. Facts -> Trends.

A change is said only where an exact comparison of both counts (pmctl.insight.poisson) excludes that it is chance; else
it is "too few to say". Both times are equally long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from typing import Literal

from pmctl.errors import UsageProblem
from pmctl.insight.metrics import NO_VALUE, Group, MetricsQuery, chosen, metrics
from pmctl.insight.metrics_definitions import VERSION
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem
from pmctl.insight.metrics_observations import Question, midnight
from pmctl.insight.poisson import rate_ratio

DAYS = 90
"""How long the time is that is looked at, unless it is said."""
Change = Literal["more", "fewer", "too few to say"]
_GUESSES = (
    ("detect", r"alert|monitor|dashboard|detect|metric|log\b|logging|observab|alarm"),
    ("process", r"document|runbook|train|process|review|checklist|policy|on-?call|procedure|communicat"),
    ("mitigate", r"rollback|roll back|failover|restore|backup|limit|throttl|retr(?:y|ies)|circuit|timeout|degrad"),
    ("prevent", r"test|validat|prevent|fix|upgrade|remove|replace|automat|guard|block|migrat|increase|pin\b"),
)


@dataclass(frozen=True, slots=True)
class Trend:
    """One cause, factor, service or kind of item: how often it came up in the time and in the time before, and the
    minutes of impact of its incidents (null for items, and when one of them does not say how long it took). `guessed`
    says how many of an item kind were guessed from their words; `ids` are the postmortems, or items."""

    name: str
    count: int
    before: int
    change: Change
    minutes: float | None
    guessed: int
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class TeamRate:
    """How many of a team's postmortems of the time have been published, in per cent of `of`; null without any."""

    team: str
    rate: float | None
    of: int
    rate_before: float | None
    of_before: int
    change: Change


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Root causes that a postmortem without any may have, since those that are most like it have them."""

    postmortem: str
    root_causes: Sequence[str]
    like: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trends:
    """pmctl metrics trends: what came up from `since` to `until`, the most frequent first, and in the days before."""

    as_of: str
    on: str
    definitions: str
    since: str
    until: str
    before_since: str
    postmortems: int
    root_causes: Sequence[Trend]
    contributing_factors: Sequence[Trend]
    services: Sequence[Trend]
    item_kinds: Sequence[Trend]
    teams: Sequence[TeamRate]
    suggestions: Sequence[Suggestion]
    without_causes: Sequence[str]
    incomplete: str


@dataclass(slots=True)
class _Seen:
    ids: list[str] = field(default_factory=list)
    before: int = 0
    minutes: list[float | None] = field(default_factory=list)
    guessed: int = 0
    name: str = ""


def trends(facts: Facts, query: MetricsQuery, zone: tzinfo, suggest: Callable[[str], Suggestion | None]) -> Trends:
    """The answer; `suggest` is asked for each postmortem of the time that has no root cause. Raises UsageProblem for
    days that are the wrong way round."""
    until = query.until or query.on
    since = query.since or until - timedelta(days=DAYS - 1)
    if since > until:
        raise UsageProblem(f"--since {since} lies after --until {until}", hint="give the earlier day to --since")
    length = until - since + timedelta(days=1)
    first, middle, last = (
        int(midnight(day, zone)) for day in (since - length, since, until + timedelta(days=1))
    )  # fmt: skip
    facts = chosen(facts, query)
    asked = Question(facts, query.on, zone)
    dated = [(at, one) for one in facts.postmortems if (at := _at(one, asked)) is not None and first <= at < last]

    known = min((at for one in facts.postmortems if (at := _at(one, asked)) is not None), default=last)
    spans = float(max(middle - max(first, known), 0)), float(last - middle)

    def counted(names: Callable[[Measured], Iterable[str]]) -> tuple[Trend, ...]:
        told = ((at >= middle, name, one.id, one.minutes, False) for at, one in dated for name in names(one))
        return _counted(told, spans)

    items = [
        (at >= middle, kind, f"{one.id} {item.id}", None, guessed)
        for at, one in dated for item in one.items for kind, guessed in (kind_of(item),)
    ]  # fmt: skip
    bare = [one.id for at, one in dated if at >= middle and not one.root_causes]
    return Trends(
        facts.as_of, query.on.isoformat(), VERSION, since.isoformat(), until.isoformat(), (since - length).isoformat(),
        sum(at >= middle for at, _ in dated), counted(lambda one: one.root_causes), counted(lambda one: one.factors),
        counted(lambda one: one.services), _counted(items, spans), _teams(facts, query, zone, (since, until, length)),
        tuple(one for name in bare if (one := suggest(name)) is not None), tuple(bare), facts.incomplete,
    )  # fmt: skip


def _at(one: Measured, asked: Question) -> int | None:
    return one.started if one.started is not None else asked.begins(one.day)


def _counted(
    seen: Iterable[tuple[bool, str, str, float | None, bool]], spans: tuple[float, float]
) -> tuple[Trend, ...]:  # fmt: skip
    """What was seen, by name without regard to case: (whether in the time or before it, name, id, minutes, guessed).
    `spans` are how long the time before, as far as incidents are known of it, and the time are."""
    found: dict[str, _Seen] = {}
    for now, name, what, minutes, guessed in seen:
        one = found.setdefault(name.casefold(), _Seen(name=name))
        if now:
            one.ids.append(what)
            one.minutes.append(minutes)
            one.guessed += guessed
        else:
            one.before += 1
    made = [
        Trend(
            one.name, len(one.ids), one.before, _change(one.before, len(one.ids), spans), _sum(one.minutes),
            one.guessed, tuple(one.ids),
        )
        for one in found.values()
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda one: (-one.count, -one.before, one.name)))


def _sum(minutes: Sequence[float | None]) -> float | None:
    known = [one for one in minutes if one is not None]
    return round(sum(known), 1) if known and len(known) == len(minutes) else None


def _change(before: int, now: int, spans: tuple[float, float]) -> Change:
    found = rate_ratio(before, spans[0], now, spans[1])
    if found is None or found.low <= 1 <= found.high:
        return "too few to say"
    return "more" if found.low > 1 else "fewer"


def kind_of(item: MeasuredItem) -> tuple[str, bool]:
    """The kind of an item, and whether it was guessed from its words, since it says none."""
    if item.kind:
        return item.kind.casefold(), False
    text = item.text.casefold()
    guess = next((kind for kind, pattern in _GUESSES if re.search(pattern, text)), NO_VALUE)
    return guess, guess != NO_VALUE


def _teams(
    facts: Facts, query: MetricsQuery, zone: tzinfo, span: tuple[date, date, timedelta]
) -> tuple[TeamRate, ...]:  # fmt: skip
    """The completion rate of each team in the time and before it."""
    since, until, length = span

    def rates(first: date, last: date) -> dict[str, tuple[float | None, int]]:
        asked = MetricsQuery(query.on, first, last, by="team")
        return {group.name: _rate(group) for group in metrics(facts, asked, zone).groups}

    now, before = rates(since, until), rates(since - length, since - timedelta(days=1))
    made = []
    for team in sorted(now.keys() | before.keys(), key=lambda name: (name == NO_VALUE, name)):
        (rate, of), (rate_before, of_before) = now.get(team, (None, 0)), before.get(team, (None, 0))
        if of or of_before:
            made.append(TeamRate(team, rate, of, rate_before, of_before, _apart(rate, of, rate_before, of_before)))
    return tuple(made)


def _rate(group: Group) -> tuple[float | None, int]:
    one = next(one for one in group.periods[0].numbers if one.name == "completion_rate")
    return one.value, one.count


def _apart(rate: float | None, of: int, rate_before: float | None, of_before: int) -> Change:
    """Whether two shares differ: when their exact intervals have nothing in common, which is a careful rule."""
    from pmctl.insight.poisson import proportion

    if rate is None or rate_before is None:
        return "too few to say"
    low, high = proportion(round(rate * of / 100), of)
    low_before, high_before = proportion(round(rate_before * of_before / 100), of_before)
    return "more" if low > high_before else "fewer" if high < low_before else "too few to say"
