"""Whether fixes work: incidents of a factor before and after the items against it were completed. Facts -> Effects.

When an item was completed is what history says. The answer is a rate ratio with its exact interval, and "too few to
say" wherever that interval holds 1, which is the normal answer. It compares two times of one system: what else changed
in between, it cannot know (docs/metrics.md says what it does not show).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

from pmctl.document.fields import ItemStatus
from pmctl.insight.metrics import MetricsQuery, chosen
from pmctl.insight.metrics_definitions import VERSION
from pmctl.insight.metrics_facts import Facts, Measured, MeasuredItem
from pmctl.insight.metrics_observations import Question
from pmctl.insight.poisson import rate_ratio

SUBJECTS = ("factor", "cause", "service")
_DAY = 86400
Verdict = Literal["fewer", "more", "too few to say"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One factor, cause or service: its incidents up to `completed_on`, when the last of its items that are done was
    completed, and after. Exposures are in days. `ratio` is the rate after divided by the rate before, null when there
    was none before; `low` and `high` are its exact 95 % interval, `high` null when it has no end. `came_back` are the
    incidents after, `open_items` the items against it that are not done."""

    subject: str
    items: Sequence[str]
    open_items: Sequence[str]
    completed_on: str
    before: int
    days_before: float
    after: int
    days_after: float
    ratio: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    came_back: Sequence[str]


@dataclass(frozen=True, slots=True)
class Repeat:
    """An item against a factor, and the incidents of that factor while it was open: `minutes_since_due` is the impact
    of those that began after its due day was over, null when one of them does not say how long it took."""

    item: str
    postmortem: str
    subject: str
    owner: str
    due: str
    open: bool
    incidents: Sequence[str]
    minutes_since_due: float | None


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """pmctl metrics effectiveness: effects, the strongest evidence first, and repeats, the most impact first.

    `since` is the day from which incidents are known: that of the first one. `undated` are completed items of which
    history does not know when. `incomplete` says why the history is not all there: then there are no effects.
    """

    as_of: str
    policy_version: int
    on: str
    by: str
    definitions: str
    since: str
    effects: Sequence[Effect]
    repeats: Sequence[Repeat]
    undated: Sequence[str]
    incomplete: str


class _Against(NamedTuple):
    """An item against a subject, with its postmortem."""

    subject: str
    one: Measured
    item: MeasuredItem


def effectiveness(facts: Facts, query: MetricsQuery, zone: tzinfo, by: str = "factor") -> Effectiveness:
    """What the items against each factor, cause or service changed, up to the end of the day of the query, among the
    postmortems that fit its filters."""
    facts = chosen(facts, query)
    asked = Question(facts, query.on, zone)
    happened: dict[str, list[tuple[int, Measured]]] = {}
    first = math.inf
    for one in facts.postmortems:
        at = one.started if one.started is not None else asked.begins(one.day)
        if at is None or at >= asked.tomorrow:
            continue
        first = min(first, at)
        for subject in {name.casefold() for name in (one.services if by == "service" else one.causes)}:
            happened.setdefault(subject, []).append((at, one))
    against = _against(facts, by)
    done = [] if facts.incomplete else [
        effect for name, those in against.items()
        if (effect := _effect(name, those, happened.get(name.casefold(), []), first, asked)) is not None
    ]  # fmt: skip
    repeats = [] if facts.incomplete else [
        repeat for name, those in against.items() for each in those if by == "factor"
        if (repeat := _repeat(each, happened.get(name.casefold(), []), asked)) is not None
    ]  # fmt: skip
    undated = sorted({
        f"{each.one.id} {each.item.id}".rstrip()
        for those in against.values() for each in those if _is_done(each.item) and each.item.closed is None
    })  # fmt: skip
    return Effectiveness(
        facts.as_of, facts.policy, query.on.isoformat(), by, VERSION, _day(first, zone) if first < math.inf else "",
        tuple(sorted(done, key=lambda one: (one.verdict == "too few to say", -(one.before + one.after), one.subject))),
        tuple(sorted(repeats, key=lambda one: (-(one.minutes_since_due or 0), -len(one.incidents), one.item))),
        tuple(undated), facts.incomplete,
    )  # fmt: skip


def _against(facts: Facts, by: str) -> dict[str, list[_Against]]:
    """The items against each subject: those that say what they prevent, or all of the postmortems about it."""
    found: dict[str, list[_Against]] = {}
    for one in facts.postmortems:
        for item in one.items:
            if by == "factor":
                subjects: Sequence[str] = (item.prevents,) if item.prevents else ()
            else:
                subjects = one.services if by == "service" else one.causes
            for subject in subjects:
                found.setdefault(subject.casefold(), []).append(_Against(subject, one, item))
    return {those[0].subject: those for _, those in sorted(found.items())}


def _is_done(item: MeasuredItem) -> bool:
    return item.status == ItemStatus.COMPLETED.value


def _effect(
    subject: str, those: list[_Against], happened: list[tuple[int, Measured]], first: float, asked: Question
) -> Effect | None:
    """What changed when the last of the completed items was; None while none is."""
    closed = [
        each.item.closed for each in those
        if _is_done(each.item) and each.item.closed is not None and each.item.closed < asked.tomorrow
    ]  # fmt: skip
    if not closed or first == math.inf:
        return None
    turned = max(closed)
    earlier, later = [one for at, one in happened if at <= turned], [one for at, one in happened if at > turned]
    days_before, days_after = max(turned - first, 0) / _DAY, max(asked.tomorrow - turned, 0) / _DAY
    found = rate_ratio(len(earlier), days_before, len(later), days_after)
    verdict: Verdict = "too few to say"
    if found is not None and (found.high < 1 or found.low > 1):
        verdict = "fewer" if found.high < 1 else "more"
    return Effect(
        subject, tuple(f"{each.one.id} {each.item.id}" for each in those if _is_done(each.item)),
        tuple(f"{each.one.id} {each.item.id}" for each in those if each.item.open), _day(turned, asked.zone),
        len(earlier), round(days_before, 1), len(later), round(days_after, 1),
        None if found is None or found.ratio is None else round(found.ratio, 4),
        None if found is None else round(found.low, 4),
        None if found is None or found.high == math.inf else round(found.high, 4), verdict,
        tuple(one.id for one in later),
    )  # fmt: skip


def _repeat(each: _Against, happened: list[tuple[int, Measured]], asked: Question) -> Repeat | None:
    """The incidents while an item was open; None without one. That of its own postmortem is why it is there."""
    item, own = each.item, each.one
    since = item.added if item.added is not None else own.created
    if since is None or (item.closed is None and not item.open):
        return None
    until = item.closed if item.closed is not None else asked.tomorrow
    those = [(at, one) for at, one in happened if since < at <= until and one.id != own.id]
    if not those:
        return None
    end = asked.ends(item.due)
    late = [one.minutes for at, one in those if end is not None and at >= end]
    known = [minutes for minutes in late if minutes is not None]
    return Repeat(
        item.id, own.id, each.subject, item.owner, item.due, item.open, tuple(one.id for _, one in those),
        round(sum(known), 1) if len(known) == len(late) else None,
    )  # fmt: skip


def _day(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).date().isoformat()
