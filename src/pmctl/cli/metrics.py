"""metrics, metrics trends, metrics effectiveness, metrics explain."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pmctl.cli.options import ByService, BySeverity, ByTeam, Format, choose_format, choose_known, chosen_day
from pmctl.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, tzinfo

    from pmctl.cli.session import Session
    from pmctl.insight.metrics import Metrics, MetricsQuery
    from pmctl.insight.metrics_facts import Facts
    from pmctl.insight.trends import Suggestion

app = typer.Typer(
    help="Numbers that anybody can recompute; trends, and whether fixes work.",
    rich_markup_mode=None,
    add_completion=False,
)
_FORMATS = ("text", "json", "csv", "md", "html", "openmetrics")

Since = Annotated[str, typer.Option("--since", metavar="DATE", help="Count from this day on.")]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Count up to this day.")]
At = Annotated[str, typer.Option("--at", metavar="REV", help="As of this commit.")]
On = Annotated[
    str, typer.Option("--on", metavar="DAY", help="What is overdue on this day; default: today, where the team is.")
]
_Period = Annotated[str, typer.Option("--period", metavar="week|month|quarter", help="Also period by period.")]
_By = Annotated[str, typer.Option("--by", metavar="team|service|severity|owner|cause", help="For each of these.")]
_IncidentFiles = Annotated[
    list[str] | None,
    typer.Option("--incidents", metavar="FILE", help="Incident records: which of them lack a postmortem? Repeatable."),
]


@dataclass(frozen=True)
class Asked:
    """What a command of this group works on: the facts, the question, and the team's time zone."""

    facts: Facts
    query: MetricsQuery
    zone: tzinfo


@app.callback(invoke_without_command=True)
def metrics(
    ctx: typer.Context,
    since: Since = "",
    until: Until = "",
    period: _Period = "",
    by: _By = "",
    team: ByTeam = None,
    service: ByService = None,
    severity: BySeverity = None,
    at: At = "HEAD",
    on: On = "",
    incidents: _IncidentFiles = None,
    format: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="How the answer is printed.")
    ] = "text",
) -> None:
    """Numbers about postmortems and action items, each a pure function of a commit and a day.

    docs/metrics.md has every definition; `pmctl metrics explain NAME` has one, and the ids behind it.
    """
    if ctx.invoked_subcommand is not None:
        return
    from pmctl.insight.metrics import GROUPS, PERIODS

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    choose_known("--period", [period] if period else [], PERIODS)
    choose_known("--by", [by] if by else [], GROUPS)
    asked = ask(
        session, at=at, on=on, since=since, until=until, period=period, by=by, team=team, service=service,
        severity=severity,
    )  # fmt: skip
    found = _answer(session, asked, incidents or [])
    _print(session, asked, found, format)
    session.end_if_incomplete(found.incomplete)


def ask(
    session: Session, *, at: str, on: str, since: str = "", until: str = "", **more: Any
) -> Asked:  # fmt: skip
    """The facts at a commit and the question about them. Raises UsageProblem for what cannot be asked."""
    import gc
    from zoneinfo import ZoneInfo

    from pmctl.cli.session import now
    from pmctl.errors import EnvironmentProblem, UsageProblem
    from pmctl.git import head
    from pmctl.insight.metrics import MetricsQuery
    from pmctl.insight.metrics_reading import facts

    gc.disable()  # hundreds of thousands of values live to the end; looking for garbage among them takes a fifth
    first, last, day = _day(since, "--since"), _day(until, "--until"), _day(on, "--on")
    if first and last and first > last:
        raise UsageProblem(f"--since {first} lies after --until {last}", hint="give the earlier day to --since")
    if at == "HEAD" and not head(session.repo.top):
        raise EnvironmentProblem("there is no commit yet", hint="pmctl new, or commit what is there")
    found = facts(session.repo, at)
    zone = ZoneInfo(found.time_zone)
    lists: dict[str, Any] = {
        name: value if isinstance(value, str) else tuple(value or ()) for name, value in more.items()
    }
    query = MetricsQuery(day or now().astimezone(zone).date(), first, last, **lists)
    every = found.postmortems
    policy = session.workspace.known_people() if query.team else None
    teams = (*(policy.teams if policy is not None else ()), *(name for one in every for name in one.teams))
    choose_known("--team", query.team, teams, strict=True)
    choose_known("--service", query.service, (name for one in every for name in one.services), strict=True)
    choose_known("--severity", query.severity, (one.severity for one in every), strict=True)
    return Asked(found, query, zone)


def _day(text: str, option: str) -> date | None:
    """A day that can be asked for: one of which both the day before and as much time before are days, too."""
    from pmctl.errors import UsageProblem

    day = chosen_day(text, option)
    if day is not None and not 1900 <= day.year < 3000:
        raise UsageProblem(f"{option} {text}: no postmortem is of that time", hint="give a day from 1900 to 2999")
    return day


def _answer(session: Session, asked: Asked, names: Sequence[str]) -> Metrics:
    from pmctl.insight.metrics import metrics, readable

    if not names:
        return metrics(asked.facts, asked.query, asked.zone)
    from datetime import UTC, datetime, timedelta

    from pmctl.cli.writing import record_files
    from pmctl.insight.metrics_incidents import required
    from pmctl.insight.metrics_observations import midnight
    from pmctl.services.registry import read_incidents

    files = record_files(session, list(names))
    end = datetime.fromtimestamp(midnight(asked.query.on + timedelta(days=1), asked.zone) - 1, UTC)
    read = read_incidents(files, now=end, whole=True, lacking=session.warn)
    facts = readable(asked.facts, asked.query.readable)
    return metrics(facts, asked.query, asked.zone, required(session.repo, facts, read, files, end))


def _print(session: Session, asked: Asked, found: Metrics, format: str) -> None:
    from pmctl.output import metrics as output

    if format == "json":
        session.json("metrics", found)
    elif format == "csv":
        session.rows(output.csv(found))
    elif format == "md":
        session.rows(output.markdown(found))
    elif format == "html":
        session.rows(output.html(found))
    elif format == "openmetrics":
        from pmctl.output.openmetrics import to_openmetrics

        session.rows(to_openmetrics(found))
    else:
        _print_tables(session, found)
        session.note(output.rests_on(found))
        if not found.postmortems:
            filtered = asked.query.team or asked.query.service or asked.query.severity
            session.note("none match" if filtered else "there are no postmortems to count; create one: pmctl new")
        elif output.is_empty(found):
            session.note("nothing of what is counted lies in this time")
        for line in output.remark_kinds(found):
            session.note(f"  {line}")


def _print_tables(session: Session, found: Metrics) -> None:
    """A table; at a terminal one for each group, as wide as it is."""
    from pmctl.output import metrics as output

    if not session.width:
        session.table(*output.table(found, plain=not draws_blocks()))
        return
    made, left_out = output.blocks(found, plain=not draws_blocks(), width=session.width)
    for number, block in enumerate(made):
        if block.name:
            session.result(f"\n{safe(block.name)}" if number else safe(block.name))
        session.table(block.heads, block.rows)
    if left_out:
        session.note(left_out)


def draws_blocks() -> bool:
    """Whether bars may be drawn with block elements here."""
    from pmctl.output.charts import draws_blocks

    return draws_blocks(sys.stdout.encoding)


@app.command()
def explain(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A metric; without it all of them.")] = "",
    since: Since = "",
    until: Until = "",
    at: At = "HEAD",
    on: On = "",
) -> None:
    """What a metric is, its formula and edge cases, and the ids behind the number here."""
    from pmctl.insight.metrics import metrics
    from pmctl.insight.metrics_definitions import DEFINITIONS
    from pmctl.output import metrics as output

    session: Session = ctx.obj
    if not name:
        session.table(("NAME", "UNIT", "METRIC"), [(one.name, one.unit, one.title) for one in DEFINITIONS.values()])
        return
    choose_known("NAME", [name], DEFINITIONS, lists="pmctl metrics explain lists them")
    asked = ask(session, at=at, on=on, since=since, until=until)
    found = metrics(asked.facts, asked.query, asked.zone)
    (group,) = found.groups
    one = next(one for one in group.periods[0].numbers if one.name == name.casefold())
    for line in output.explained(DEFINITIONS[one.name]):
        session.result(line)
    session.result(f"  here     {output.said(one)}")
    for line in output.behind_lines(one):
        session.result(f"    {line}")
    session.note(output.rests_on(found))
    session.end_if_incomplete(found.incomplete)


@app.command()
def trends(
    ctx: typer.Context,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="From this day on; default: 90 days.")] = "",
    until: Until = "",
    team: ByTeam = None,
    service: ByService = None,
    severity: BySeverity = None,
    at: At = "HEAD",
    on: On = "",
    graph: Annotated[
        str, typer.Option("--graph", metavar="json|dot|svg", help="What hangs together, as a graph instead.")
    ] = "",
    format: Annotated[
        str, typer.Option("--format", metavar="text|json|md", help="How the answer is printed.")
    ] = "text",
) -> None:
    """What comes up again and again, against as many days before: causes, factors, services, kinds of items, teams.

    A change is said only where chance can be excluded. For postmortems without root causes some are suggested.
    """
    from pmctl.insight.trends import trends as counted
    from pmctl.output.trends import markdown, rests_on, text

    session: Session = ctx.obj
    choose_format(format, ("text", "json", "md"))
    asked = ask(session, at=at, on=on, since=since, until=until, team=team, service=service, severity=severity)
    if graph:
        choose_format(graph, ("json", "dot", "svg"), "--graph")
        _print_graph(session, asked, graph)
        return
    found = counted(asked.facts, asked.query, asked.zone, suggestions(session, asked))
    if format == "json":
        session.json("trends", found)
    else:
        session.rows(markdown(found) if format == "md" else text(found, plain=not draws_blocks()))
        if format != "md":
            session.note(rests_on(found))
    session.end_if_incomplete(found.incomplete)


def _print_graph(session: Session, asked: Asked, form: str) -> None:
    from pmctl.insight.factor_graph import dot, factor_graph

    found = factor_graph(asked.facts, asked.query)
    if form == "json":
        session.json("factors", found)
    elif form == "dot":
        session.rows(dot(found))
    else:
        from pmctl.output.factor_drawing import drawn

        session.rows(f"{drawn(found).svg}\n")


def suggestions(session: Session, asked: Asked) -> Callable[[str], Suggestion | None]:
    """Gives the root causes that a postmortem may have: those of the ones that are most like it."""
    from pmctl.insight.metrics import readable
    from pmctl.insight.trends_suggested import suggested

    return suggested(session.repo, readable(asked.facts, asked.query.readable))


@app.command()
def effectiveness(
    ctx: typer.Context,
    by: Annotated[
        str, typer.Option("--by", metavar="factor|cause|service", help="By what items prevent, or by these.")
    ] = "factor",
    team: ByTeam = None,
    service: ByService = None,
    severity: BySeverity = None,
    at: At = "HEAD",
    on: On = "",
    format: Format = "text",
) -> None:
    """Whether fixes work: incidents of a factor before and after the items against it were completed.

    A rate ratio with its exact 95 % interval; "too few to say" is the normal answer. Also which factors came back while
    an item was open, with the minutes of impact since it was due.
    """
    from pmctl.insight.effectiveness import SUBJECTS
    from pmctl.insight.effectiveness import effectiveness as judged
    from pmctl.output.trends import effects_text, rests_on

    session: Session = ctx.obj
    choose_format(format)
    choose_known("--by", [by], SUBJECTS)
    asked = ask(session, at=at, on=on, team=team, service=service, severity=severity)
    found = judged(asked.facts, asked.query, asked.zone, by)
    if format == "json":
        session.json("effectiveness", found)
    else:
        session.rows(effects_text(found))
        session.note(rests_on(found))
    session.end_if_incomplete(found.incomplete)
