"""Numbers about postmortems that anybody can recompute: pure functions of a commit, a day and a file of incidents.

(facts, query) -> Metrics. Each number says what it rests on: how many, which ids, and what was left out because a time
is missing. Where there is nothing to count, or too little for a figure, the value is None and never a zero.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from pmctl.errors import UsageProblem
from pmctl.insight.metrics_definitions import DEFINITIONS, VERSION, Definition, Kind
from pmctl.insight.metrics_facts import Facts, Measured, Remark
from pmctl.insight.metrics_observations import Needed, Question, midnight

FEW = 5
"""Observations below which a 90th percentile is too few to say."""
PERIODS = ("week", "month", "quarter")
GROUPS = ("team", "service", "severity", "owner", "cause")
NO_VALUE = "(none)"
ALL = "all"
_MOST_PERIODS = 600


@dataclass(frozen=True, slots=True)
class MetricsQuery:
    """What is asked: days are inclusive and in the team's time zone, empty means everything. `on` is the day by which
    something is overdue; `readable` are the ids that the one who asks may read, None for all."""

    on: date
    since: date | None = None
    until: date | None = None
    period: str = ""
    by: str = ""
    team: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    readable: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Incidents:
    """The incidents of files: the SHA-256 of these, how many there are, and those that require a postmortem."""

    digest: str
    count: int
    needed: tuple[Needed, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """One metric of one period and group. `value` is None where there is nothing to say; `p90` where there are fewer
    than five. `count` is how many observations it rests on, `behind` has each of them as its id and its own value, and
    `lacking` names what was left out because a time that it needs is not known."""

    name: str
    title: str
    unit: str
    value: float | None
    p90: float | None
    count: int
    behind: Sequence[tuple[str, float]]
    lacking: Sequence[str]


@dataclass(frozen=True, slots=True)
class Period:
    """The numbers of one period; `label` is "all" for everything that was asked, and days are "" where it is open."""

    label: str
    since: str
    until: str
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Group:
    """The numbers of one group, everything first, then period by period; `name` is "" where nothing is grouped."""

    name: str
    periods: Sequence[Period]


@dataclass(frozen=True, slots=True)
class Metrics:
    """pmctl metrics: the numbers, and what they rest on.

    `as_of` is the commit, `on` the day by which something is overdue. `incidents` is the SHA-256 of the files of
    incidents, "" without. `incomplete` says why the history is not all there: then every number that rests on it is
    null.
    """

    as_of: str
    policy_version: int
    definitions: str
    on: str
    time_zone: str
    period: str
    by: str
    postmortems: int
    action_items: int
    adopted: int
    incidents: str
    incident_count: int
    groups: Sequence[Group]
    deleted: Sequence[str]
    remarks: Sequence[Remark]
    incomplete: str = ""


@dataclass(slots=True)
class _Cell:
    """What was observed of one metric in one period and group."""

    values: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def metrics(facts: Facts, query: MetricsQuery, zone: tzinfo, incidents: Incidents | None = None) -> Metrics:
    """The answer. Raises UsageProblem for days that are the wrong way round, and for more periods than can be shown."""
    if query.since and query.until and query.since > query.until:
        raise UsageProblem(
            f"--since {query.since} lies after --until {query.until}", hint="give the earlier day to --since"
        )
    facts = chosen(facts, query)
    needed = None if incidents is None else tuple(one for one in incidents.needed if _fits_needed(one, query))
    asked = Question(facts, query.on, zone, needed)
    spans = periods(facts, query, zone)
    groups = _observed(asked, query, spans, zone)
    return Metrics(
        facts.as_of, facts.policy, VERSION, query.on.isoformat(), facts.time_zone, query.period, query.by,
        len(facts.postmortems), sum(len(one.items) for one in facts.postmortems),
        sum(one.adopted for one in facts.postmortems), incidents.digest if incidents else "",
        incidents.count if incidents else 0, groups, facts.deleted, facts.remarks,
        facts.incomplete,
    )  # fmt: skip


def chosen(facts: Facts, query: MetricsQuery) -> Facts:
    """The facts about the postmortems that fit the filters and may be read; of a file that nobody can read, no filter
    knows whether it fits."""
    facts = readable(facts, query.readable)
    if not (query.team or query.service or query.severity):
        return facts
    from pmctl.insight.search import has_any

    fitting = tuple(
        one for one in facts.postmortems
        if (not query.team or has_any(query.team, one.teams))
        and (not query.service or has_any(query.service, one.services))
        and (not query.severity or has_any(query.severity, (one.severity,)))
    )  # fmt: skip
    other = {one.id for one in facts.postmortems} - {one.id for one in fitting}
    remarks = tuple(one for one in facts.remarks if one.postmortem not in other)
    return facts._replace(postmortems=fitting, remarks=remarks)


def readable(facts: Facts, ids: frozenset[str] | None) -> Facts:
    """The facts about the postmortems that may be read, as if there were no others; None for all."""
    if ids is None:
        return facts
    return facts._replace(
        postmortems=tuple(one for one in facts.postmortems if one.id in ids), deleted=(),
        remarks=tuple(one for one in facts.remarks if one.postmortem in ids),
    )  # fmt: skip


def _fits_needed(one: Needed, query: MetricsQuery) -> bool:
    from pmctl.insight.search import has_any

    asked = ((query.team, one.teams), (query.service, one.services), (query.severity, (one.severity,)))
    return all(not wanted or has_any(wanted, there) for wanted, there in asked)


def periods(facts: Facts, query: MetricsQuery, zone: tzinfo) -> list[tuple[str, date, date]]:
    """The periods that are asked for: label, first day, last day; none without --period."""
    if not query.period:
        return []
    first, last = query.since, query.until or query.on
    if first is None:
        known = [at for one in facts.postmortems for at in (one.created, one.started) if at is not None]
        first = datetime.fromtimestamp(min(known), zone).date() if known else last
    found: list[tuple[str, date, date]] = []
    day = _beginning(min(first, last), query.period)
    while day <= last:
        after = _beginning(day + timedelta(days=_LENGTH[query.period]), query.period)
        found.append((label(day, query.period), max(day, query.since or day), min(after - timedelta(days=1), last)))
        day = after
        if len(found) > _MOST_PERIODS:
            raise UsageProblem(f"more than {_MOST_PERIODS} periods", hint="say where to begin: --since DATE")
    return found


_LENGTH = {"week": 7, "month": 31, "quarter": 92}


def _beginning(day: date, period: str) -> date:
    """The first day of the week (of ISO 8601), month or quarter that a day lies in."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    month = day.month if period == "month" else (day.month - 1) // 3 * 3 + 1
    return day.replace(month=month, day=1)


def label(day: date, period: str) -> str:
    """How the period is called that a day lies in: 2024-W03, 2024-01 or 2024-Q1."""
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return f"{day:%Y-%m}" if period == "month" else f"{day.year:04d}-Q{(day.month + 2) // 3}"


def _observed(
    asked: Question, query: MetricsQuery, spans: list[tuple[str, date, date]], zone: tzinfo
) -> tuple[Group, ...]:  # fmt: skip
    """Every observation in its cells, and the cells as numbers."""
    low = midnight(query.since, zone) if query.since else -math.inf
    high = midnight(query.until + timedelta(days=1), zone) if query.until else math.inf
    starts = [midnight(first, zone) for _, first, _ in spans]
    end = midnight(spans[-1][2] + timedelta(days=1), zone) if spans else 0
    names_of = _GROUPS[query.by]
    cells: dict[tuple[str, int, str], _Cell] = {}
    groups: set[str] = set() if query.by else {""}
    simple = not query.by and not spans and low == -math.inf and high == math.inf
    for name, definition in _askable(asked):
        if simple:
            cells["", 0, name] = _all_of(definition, asked)
            continue
        for at, what, value, one, owner in definition.observe(asked):
            if not low <= at < high:
                continue
            span = bisect_right(starts, at) if spans and at < end else 0
            for group in names_of(one, owner):
                groups.add(group)
                for place in (0, span) if span else (0,):
                    cell = cells.get((group, place, name))
                    if cell is None:
                        cell = cells[group, place, name] = _Cell()
                    if value is None:
                        cell.lacking.append(what)
                    else:
                        cell.values.append(value)
                        cell.names.append(what)
    whole = (ALL, query.since.isoformat() if query.since else "", query.until.isoformat() if query.until else "")
    labels = [whole, *((name, first.isoformat(), last.isoformat()) for name, first, last in spans)]
    return tuple(
        Group(group, tuple(
            Period(*told, tuple(
                _number(one, cells.get((group, place, name)), known=_is_known(one, asked))
                for name, one in DEFINITIONS.items()
            ))
            for place, told in enumerate(labels)
        ))
        for group in sorted(groups, key=lambda name: (name == NO_VALUE, name))
    )  # fmt: skip


def _all_of(definition: Definition, asked: Question) -> _Cell:
    """Everything that is observed of one metric in one cell: the question that is asked most, and of the most."""
    found = list(definition.observe(asked))
    known = [one for one in found if one[2] is not None]
    lacking = [what for _, what, value, _, _ in found if value is None] if len(known) < len(found) else []
    return _Cell([one[2] or 0 for one in known], [one[1] for one in known], lacking)


def _is_known(one: Definition, asked: Question) -> bool:
    """Whether what a metric rests on is there: history, and for some a file of incidents."""
    return not (one.history and asked.facts.incomplete) and not (one.incidents and asked.needed is None)


def _askable(asked: Question) -> Iterable[tuple[str, Definition]]:
    return ((name, one) for name, one in DEFINITIONS.items() if _is_known(one, asked))


def _number(one: Definition, cell: _Cell | None, *, known: bool) -> Number:
    if not known or cell is None:
        nothing = 0.0 if known and one.kind is Kind.COUNT else None
        return Number(one.name, one.title, one.unit, nothing, None, 0, (), ())
    value, p90 = summary(one.kind, cell.values)
    behind = tuple(zip(cell.names, cell.values, strict=True))
    return Number(one.name, one.title, one.unit, value, p90, len(cell.values), behind, tuple(cell.lacking))


def summary(kind: Kind, values: Sequence[float]) -> tuple[float | None, float | None]:
    """The number that observations make, and their 90th percentile where that means something; rounded to four
    digits behind the point, so that the same values are written the same everywhere."""
    if kind is Kind.COUNT:
        return float(len(values)), None
    if not values:
        return None, None
    if kind is Kind.TOTAL:
        return round(sum(values), 4), None
    if kind is Kind.SHARE:
        return round(100 * sum(values) / len(values), 4), None
    ordered = sorted(values)
    high = ordered[math.ceil(0.9 * len(ordered)) - 1] if len(ordered) >= FEW else None
    return round(median(ordered), 4), None if high is None else round(high, 4)


def median(ordered: Sequence[float]) -> float:
    """The middle of sorted values, of an even number the mean of the two in the middle."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _named(values: Sequence[str]) -> Sequence[str]:
    return values or (NO_VALUE,)


_GROUPS: dict[str, Callable[[Measured | Needed, str], Sequence[str]]] = {
    "": lambda one, owner: ("",),
    "team": lambda one, owner: _named(one.teams),
    "service": lambda one, owner: _named(one.services),
    "severity": lambda one, owner: (one.severity or NO_VALUE,),
    "owner": lambda one, owner: (owner or NO_VALUE,),
    "cause": lambda one, owner: _named(one.causes if isinstance(one, Measured) else ()),
}
"""What observations can be grouped by; one that has several values counts in each of these groups."""
