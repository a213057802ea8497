"""The page for the monthly meeting: numbers against the time before, what was published, is overdue, came back.

(facts, days) -> MeetingReport. Everything in it is said by metrics, trends and effectiveness; here it is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from pmctl.insight.effectiveness import Repeat, effectiveness
from pmctl.insight.metrics import MetricsQuery, Number, chosen, metrics
from pmctl.insight.metrics_definitions import VERSION
from pmctl.insight.metrics_facts import Facts, Remark
from pmctl.insight.metrics_observations import Question, midnight
from pmctl.insight.trends import Suggestion, Trend, Trends, trends
from pmctl.text import plural

SHOWN = (
    "created", "published", "completion_rate", "days_from_incident", "items_on_time", "items_completed", "slips",
    "detect_minutes", "resolve_minutes", "impact_minutes", "review_wait_hours",
)  # fmt: skip
"""The numbers of the page."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A number of the time, and of the time before."""

    now: Number
    before: Number


@dataclass(frozen=True, slots=True)
class Published:
    """A postmortem that was published in the time for the first time."""

    id: str
    title: str
    severity: str
    minutes: float | None


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """An open item past its due day, on the day of the report."""

    owner: str
    item: str
    text: str
    due: str
    postmortem: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """One suggestion, and the trend that it follows from."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class MeetingReport:
    """pmctl report: days are inclusive; `incomplete` says why the history is not all there."""

    as_of: str
    policy_version: int
    definitions: str
    on: str
    time_zone: str
    since: str
    until: str
    before_since: str
    numbers: Sequence[Compared]
    published: Sequence[Published]
    overdue: Sequence[OverdueItem]
    repeats: Sequence[Repeat]
    suggestions: Sequence[NextStep]
    trends: Trends
    remarks: Sequence[Remark]
    incomplete: str


def last_month(on: date) -> tuple[date, date]:
    """The first and the last day of the month before a day."""
    last = on.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def meeting_report(
    facts: Facts, query: MetricsQuery, zone: tzinfo, suggest: Callable[[str], Suggestion | None]
) -> MeetingReport:  # fmt: skip
    """The page about the days of the query, by default the last whole month, and the postmortems that fit its filters.

    Raises UsageProblem for days that are the wrong way round."""
    _, last = last_month(query.on)
    until = query.until or (last if query.since is None else query.on)
    since = query.since or until.replace(day=1)
    facts = chosen(facts, query)
    asked = MetricsQuery(query.on, since, until)
    found = trends(facts, asked, zone, suggest)  # refuses days that are the wrong way round
    before = date.fromisoformat(found.before_since), since - timedelta(days=1)
    now, then = (
        {one.name: one for one in metrics(facts, MetricsQuery(query.on, *days), zone).groups[0].periods[0].numbers}
        for days in ((since, until), before)
    )
    low, high = midnight(since, zone), midnight(until + timedelta(days=1), zone)
    repeats = tuple(
        one for one in effectiveness(facts, asked, zone).repeats
        if any(since.isoformat() <= name[:10] <= until.isoformat() for name in one.incidents)
    )  # fmt: skip
    return MeetingReport(
        facts.as_of, facts.policy, VERSION, query.on.isoformat(), facts.time_zone, since.isoformat(), until.isoformat(),
        found.before_since, tuple(Compared(now[name], then[name]) for name in SHOWN),
        tuple(
            Published(one.id, one.title, one.severity, one.minutes)
            for one in facts.postmortems if one.published is not None and low <= one.published < high
        ),
        _overdue(Question(facts, query.on, zone)), repeats, tuple(_advice(facts, found, repeats)), found,
        facts.remarks, facts.incomplete,
    )  # fmt: skip


def _overdue(asked: Question) -> tuple[OverdueItem, ...]:
    """By owner, the earliest first."""
    found = [
        OverdueItem(item.owner, item.id, item.text, item.due, one.id)
        for one in asked.facts.postmortems
        for item in one.items
        if item.open and (end := asked.ends(item.due)) is not None and end <= asked.today
    ]
    return tuple(sorted(found, key=lambda one: (one.owner.casefold(), one.due, one.postmortem, one.item)))


def _advice(facts: Facts, found: Trends, repeats: Sequence[Repeat]) -> list[NextStep]:
    """One suggestion for each trend that gives cause for one: what somebody can do next."""
    told = []
    top = next(iter([*found.root_causes, *found.contributing_factors]), None)
    if top is not None and top.count:
        told.append(NextStep(f"cause {top.name}", _about_cause(facts, top)))
    service = next(iter(found.services), None)
    if service is not None and service.count > 1:
        text = f"{service.count} incidents hit {service.name}: read them together, {', '.join(service.ids[:3])}"
        told.append(NextStep(f"service {service.name}", text))
    kinds = {one.name: one.count for one in found.item_kinds}
    if (done := sum(kinds.values())) >= 4 and kinds.get("prevent", 0) * 4 < done:
        text = f"{kinds.get('prevent', 0)} of {done} new items prevent: ask what would"
        told.append(NextStep("kinds of items", text))
    behind = [one for one in found.teams if one.rate is not None and one.rate < 50]
    if behind:
        least = min(behind, key=lambda one: (one.rate or 0, one.team))
        left = round(least.of * (100 - (least.rate or 0)) / 100)
        told.append(NextStep(f"team {least.team}", f"{left} of {least.of} postmortems are not published yet"))
    if repeats and repeats[0].open:
        first = repeats[0]
        text = f"do {first.item} of {first.postmortem} first: {first.subject} came back while it was open"
        told.append(NextStep(f"repeats of {first.subject}", text))
    if found.without_causes:
        told.append(
            NextStep(
                "root causes",
                f"{plural(len(found.without_causes), 'postmortem')} without any: name them, so that they count",
            )
        )
    return told


def _about_cause(facts: Facts, top: Trend) -> str:
    against = [
        (one.id, item) for one in facts.postmortems for item in one.items
        if item.prevents.casefold() == top.name.casefold()
    ]  # fmt: skip
    still = [(name, item) for name, item in against if item.open]
    if still:
        name, item = min(still, key=lambda pair: (pair[1].due or "~", pair[0]))
        return f"{len(still)} items against {top.name} are still open; the first one due is {item.id} of {name}"
    if against:
        return f"{top.name} came up {top.count} times although {len(against)} items against it are closed: ask why"
    return f"no action item is against {top.name}: write one, with Prevents: {top.name}"
