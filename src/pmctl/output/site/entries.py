"""Lists of postmortems: publications -> rows and groups. A row is made once for all lists that it stands in.

Every list lies one folder below the top, so that a row's links are the same in all of them. A list of more than
PAGE_ROWS goes on, on further pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from markupsafe import Markup

from pmctl.insight.publication import Publication
from pmctl.insight.summary import Summary
from pmctl.output.page_facts import banner
from pmctl.output.site.names import file_name
from pmctl.text import harmless, parse_utc, single_line

PAGE_ROWS = 1000

_ROW = Markup(
    '<tr{held}><td class="fixed" data-value="{day}"><time datetime="{day}">{shown}</time></td>'
    '<td class="title"><a href="../postmortems/{id}.html">{title}</a></td><td class="fixed">{severity}</td>'
    '<td class="fixed"><span class="state state-{kind}">{state}</span></td>'
    '<td class="number" data-value="{minutes}">{length}</td><td>{services}</td>'
    '<td class="number open" data-value="{open}">{open_words}</td></tr>\n'
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a list; `sort` is how it is sorted, as text or number."""

    label: str
    sort: str
    number: bool = False


HEADINGS = (
    Heading("Date", "text"), Heading("Postmortem", "text"), Heading("Severity", "text"), Heading("State", "text"),
    Heading("Duration", "number", True), Heading("Services", "text"), Heading("Open items", "number", True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to group postmortems: the folder of its pages, what the whole and one group are called, and the names of
    the groups that a postmortem belongs to."""

    folder: str
    label: str
    one: str
    names: Callable[[Summary], Iterable[str]]


def _people(summary: Summary) -> tuple[str, ...]:
    owners = tuple(item.owner for item in summary.items)
    return (summary.author, *summary.reviewers, *summary.participants, *owners)


KINDS = (
    Kind("services", "Services", "service", lambda one: one.services),
    Kind("teams", "Teams", "team", lambda one: one.teams),
    Kind("tags", "Tags", "tag", lambda one: one.tags),
    Kind("causes", "Causes", "cause", lambda one: (*one.root_causes, *one.contributing_factors)),
    Kind("people", "People", "person", _people),
    Kind("years", "Years", "year", lambda one: (str(one.day.year),)),
)


@dataclass(frozen=True, slots=True)
class Group:
    """The postmortems, newest first, that share a name; `title` is how people are shown it, `path` its page's."""

    name: str
    title: str
    path: str
    members: tuple[Publication, ...]

    @property
    def minutes(self) -> int:
        """How long the incidents took together."""
        return sum(minutes(one.summary) or 0 for one in self.members)


def groups(kind: Kind, pages: Sequence[Publication], titles: dict[str, str]) -> list[Group]:
    """The groups of a kind, the largest first; `titles` are what handles and ids are shown as."""
    found: dict[str, dict[str, Publication]] = {}
    for one in pages:
        for name in kind.names(one.summary):
            if cleaned := single_line(name):
                found.setdefault(cleaned, {})[one.id] = one
    made = [
        Group(name, harmless(titles.get(name, name)), f"{kind.folder}/{file_name(name)}.html", tuple(members.values()))
        for name, members in found.items()
    ]
    if kind.folder == "years":
        return sorted(made, key=lambda group: group.name, reverse=True)
    return sorted(made, key=lambda group: (-len(group.members), group.title.casefold(), group.name))


def minutes(summary: Summary) -> int | None:
    """How long the incident took, None when it is not known."""
    return _minutes(summary.started_at, summary.resolved_at)


@cache  # asked of every postmortem by each list that it stands in
def _minutes(started: str, resolved: str) -> int | None:
    start, end = parse_utc(started), parse_utc(resolved)
    return int((end - start).total_seconds() // 60) if start and end and end >= start else None


def length_words(taken: int) -> str:
    """How long something took, short enough for a list: `52 min`, `3 h 20 min`, `2 d 5 h`."""
    hours, rest = divmod(taken, 60)
    parts = ((hours // 24, "d"), (hours % 24, "h")) if hours >= 24 else ((hours, "h"), (rest, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def day_words(day: date) -> str:
    """`15 Jan 2024`."""
    return f"{day.day} {day:%b %Y}"


def row_facts(summary: Summary, today: date) -> tuple[object, ...]:
    """All that the row of a postmortem is made of."""
    late = sum(item.overdue(today) for item in summary.items)
    still_open = sum(item.open for item in summary.items)
    told = (summary.title, summary.severity, summary.status, summary.started_at, summary.resolved_at)
    return summary.id, *told, summary.services, summary.teams, still_open, late


def row(summary: Summary, today: date, *, filtered: bool = False) -> Markup:
    """The row of one postmortem; `filtered` with what the filters of the large list look at."""
    state = banner(summary.status)
    still_open = sum(item.open for item in summary.items)
    late = sum(item.overdue(today) for item in summary.items)
    taken = minutes(summary)
    held = Markup()
    if filtered:
        values = {
            "year": [str(summary.day.year)], "severity": [summary.severity], "state": [state.label],
            "service": summary.services, "team": summary.teams,
        }  # fmt: skip
        held = Markup("").join(Markup(' data-in-{}="{}"').format(key, json.dumps(one)) for key, one in values.items())
    return _ROW.format(
        held=held,
        day=summary.day.isoformat(),
        shown=day_words(summary.day),
        id=summary.id,
        title=harmless(single_line(summary.title) or summary.id),
        severity=harmless(single_line(summary.severity)),
        kind=state.kind,
        state=state.label,
        minutes="" if taken is None else taken,
        length="" if taken is None else length_words(taken),
        services=harmless(", ".join(map(single_line, summary.services))),
        open=still_open,
        open_words=f"{still_open} ({late} late)" if late else still_open or "",
    )


def choices(pages: Sequence[Publication]) -> list[tuple[str, str, list[str]]]:
    """The filters of the large list: name, label, and what can be chosen."""
    summaries = [one.summary for one in pages]
    found = [
        ("year", "Year", sorted({str(one.day.year) for one in summaries}, reverse=True)),
        ("severity", "Severity", sorted({one.severity for one in summaries if one.severity})),
        ("state", "State", sorted({banner(one.status).label for one in summaries})),
        ("service", "Service", sorted({name for one in summaries for name in one.services})),
        ("team", "Team", sorted({name for one in summaries for name in one.teams})),
    ]
    return [(name, label, values) for name, label, values in found if len(values) > 1]
