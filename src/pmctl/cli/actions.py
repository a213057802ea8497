"""actions: list and show; add, set, done and remove are in `action_acts`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli import action_acts
from pmctl.cli.options import choose_format, choose_known, chosen_day
from pmctl.output import terminal
from pmctl.text import plural, safe, visible

if TYPE_CHECKING:
    from datetime import date

    from pmctl.cli.session import Session
    from pmctl.insight.catalog import Summary
    from pmctl.insight.search import ItemQuery, Pair, Query
    from pmctl.policy.model import Policy

app = typer.Typer(
    help="List, add and move action items.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
_Many = list[str] | None
_FORMATS = ("text", "json", "jsonl", "csv", "md", "ics", "tasks")


@app.command("list")
def list_(
    ctx: typer.Context,
    overdue: Annotated[bool, typer.Option("--overdue", help="Open and past the due day; due today is not.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Owned by you.")] = False,
    owner: Annotated[
        _Many, typer.Option("--owner", metavar="HANDLE", help="Owned by this person; none: by nobody; left: who left.")
    ] = None,
    status: Annotated[
        _Many, typer.Option("--status", metavar="S", help="OPEN, IN_PROGRESS, COMPLETED, WONT_DO; overdue.")
    ] = None,
    priority: Annotated[_Many, typer.Option("--priority", metavar="P", help="HIGH, MEDIUM, LOW.")] = None,
    due: Annotated[
        _Many, typer.Option("--due", metavar="WHEN", help="Open and overdue; due within a week; due on no day: none.")
    ] = None,
    due_before: Annotated[str, typer.Option("--due-before", metavar="DATE", help="Due on or before this day.")] = "",
    due_after: Annotated[str, typer.Option("--due-after", metavar="DATE", help="Due on or after this day.")] = "",
    postmortem: Annotated[str, typer.Option("--postmortem", metavar="ID", help="Only of this postmortem.")] = "",
    team: Annotated[
        _Many, typer.Option("--team", metavar="NAME", help="The postmortem's team, or the owner's.")
    ] = None,
    service: Annotated[_Many, typer.Option("--service", metavar="NAME", help="This service was affected.")] = None,
    severity: Annotated[_Many, typer.Option("--severity", metavar="SEV", help="Of such incidents.")] = None,
    tag: Annotated[_Many, typer.Option("--tag", metavar="TAG", help="The postmortem has this tag.")] = None,
    kind: Annotated[_Many, typer.Option("--kind", metavar="KIND", help="prevent, detect, mitigate, process.")] = None,
    prevents: Annotated[_Many, typer.Option("--prevents", metavar="CAUSE", help="Is to prevent this cause.")] = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="NAMES", help="due, priority, owner, status, postmortem, id; -due: last first."),
    ] = "",
    group_by: Annotated[
        str, typer.Option("--group-by", metavar="NAME", help="owner, postmortem, priority or due-week, with counts.")
    ] = "",
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="As if it were this day.")] = "",
    fail_on: Annotated[
        _Many,
        typer.Option("--fail-on", metavar="WHAT", help="Exit code 1 when a listed open item is overdue or unowned."),
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar="|".join(_FORMATS), help="How the answer is printed; ics and tasks are for calendars."
        ),
    ] = "text",
) -> None:
    """Action items across all postmortems, the earliest due day first.

    Days begin in the team's time zone, `time_zone` of pmctl.yaml. Options that are repeated mean any of their values;
    different options must all hold.
    """
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.search import GROUPS, SORTS, ItemQuery, active_people, grouped, items

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    order = tuple(word.strip() for word in sort.split(",") if word.strip())
    choose_known("--sort", (word.removeprefix("-") for word in order), SORTS)
    choose_known("--group-by", [group_by] if group_by else (), GROUPS)
    choose_known("--fail-on", fail_on or (), ("overdue", "unowned"))
    workspace = session.workspace
    asks_people = bool(owner or team or fail_on or format in ("ics", "tasks"))
    policy = workspace.known_people() if asks_people else None
    owners = (*(owner or ()), *([session.known_person()] if mine else ()))
    query = ItemQuery(
        overdue=overdue, owner=owners, status=tuple(status or ()), priority=tuple(priority or ()),
        due_before=chosen_day(due_before, "--due-before"), due_after=chosen_day(due_after, "--due-after"),
        postmortem=workspace.find(postmortem) if postmortem else "", due=tuple(due or ()), kind=tuple(kind or ()),
        prevents=tuple(prevents or ()), active=active_people(policy),
        teams=tuple((name, policy.teams.get(name, ()) if policy else ()) for name in team or ()),
        about=_about(service, severity, tag),
    )  # fmt: skip
    everything = proved_catalog(workspace)
    _refuse_impossible(session, query, everything, policy)
    day = chosen_day(on, "--on") or session.day
    found = items(everything, query, day, order)
    groups = grouped(found, group_by) if group_by else {"": found}
    _print(session, groups, day, format, everything, policy, bool(status))
    _warn(session, everything, found)
    if fail_on and _fails(found, fail_on, day, query.active):
        raise typer.Exit(1)


def _about(service: _Many, severity: _Many, tag: _Many) -> Query | None:
    """What is asked of an item's postmortem; None for nothing."""
    from pmctl.insight.search import Query

    if not (service or severity or tag):
        return None
    return Query(service=tuple(service or ()), severity=tuple(severity or ()), tag=tuple(tag or ()))


def _refuse_impossible(
    session: Session, query: ItemQuery, everything: Sequence[Summary], policy: Policy | None
) -> None:
    """Raise UsageProblem for a value that nothing can have."""
    from pmctl.document.fields import ItemKind, ItemStatus, Priority
    from pmctl.insight.search import LEFT, NONE, OVERDUE, WEEK

    def of_all(name: str) -> list[str]:
        return [one for summary in everything for one in getattr(summary, name)]

    choose_known("--status", query.status, (*ItemStatus, OVERDUE))
    choose_known("--priority", query.priority, Priority)
    choose_known("--due", query.due, (OVERDUE, WEEK, NONE))
    choose_known("--kind", query.kind, ItemKind)
    if query.owner:
        owners = (item.owner for summary in everything for item in summary.items)
        choose_known("--owner", query.owner, (*(policy.people if policy else ()), *owners, NONE, LEFT))
    if query.teams:
        choose_known("--team", (name for name, _ in query.teams), (*(policy.teams if policy else ()), *of_all("teams")))
    if query.prevents:
        named = (item.prevents for summary in everything for item in summary.items)
        choose_known("--prevents", query.prevents, (*of_all("root_causes"), *of_all("contributing_factors"), *named))
    if query.about is None:
        return
    severities = session.workspace.settings_and_findings()[0].severities if query.about.severity else ()
    if severities:  # else they are free text, and one that nothing has is no mistake
        choose_known("--severity", query.about.severity, (*severities, *(one.severity for one in everything)))
    choose_known("--service", query.about.service, of_all("services"))


def _print(
    session: Session, groups: dict[str, list[Pair]], day: date, format: str, everything: Sequence[Summary],
    policy: Policy | None, any_status: bool,
) -> None:  # fmt: skip
    from pmctl.output import items as output

    found = [pair for pairs in groups.values() for pair in pairs]
    if format == "text":
        _print_text(session, groups, {summary.id for summary in everything}, day)
    elif format == "json":
        from pmctl.output.answers import ActionItems

        counts = output.counted(groups, day) if "" not in groups else []
        session.json("actions", ActionItems(output.answers(found, day), counts))
    else:
        if format == "md":
            text = output.markdown(groups, day)
        elif format in ("ics", "tasks"):
            listed = [pair for pair in found if any_status or pair[1].open]
            text = _feed(session, listed, policy, tasks=format == "tasks")
        else:
            from pmctl.output.rows import to_csv, to_jsonl

            listed_rows = output.rows(groups, day)
            text = to_csv(output.COLUMNS, listed_rows) if format == "csv" else to_jsonl(listed_rows)
        sys.stdout.write(visible(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text)


def _feed(session: Session, found: Sequence[Pair], policy: Policy | None, *, tasks: bool) -> str:
    """The calendar, stamped with the time of the commit at HEAD, or the beginning of the day before there is one."""
    from datetime import UTC, datetime

    from pmctl import git
    from pmctl.cli.session import now
    from pmctl.output.calendar import calendar

    said = git.run(session.repo.top, "show", "-s", "--format=%ct", "HEAD", check=False).text
    stamp = datetime.fromtimestamp(int(said), UTC) if said.isdigit() else now().replace(hour=0, minute=0, second=0)
    return calendar(found, stamp, policy.repository if policy else "", tasks=tasks)


def _print_text(session: Session, groups: dict[str, list[Pair]], known: set[str], day: date) -> None:
    from pmctl.output.items import heading

    styles = {"STATUS": _status_style, "DUE": _due_style}
    for number, (name, pairs) in enumerate(groups.items()):
        rows = [
            (item.id or "(no id)", item.due + (" overdue" if item.overdue(day) else ""), item.status, item.priority,
             item.owner, item.description, summary.id)
            for summary, item in pairs
        ]  # fmt: skip
        if name:
            session.result(
                ("\n" if number else "") + terminal.paint(safe(heading(name, pairs, day)), "bold", session.colored)
            )
        session.table(("ID", "DUE", "STATUS", "PRIORITY", "OWNER", "ACTION", "POSTMORTEM"), rows, styles, known)
    found = [pair for pairs in groups.values() for pair in pairs]
    late = sum(item.overdue(day) for _, item in found)
    session.note(f"{plural(len(found), 'action item')}, {late} overdue")
    for name in dict.fromkeys(summary.id for summary, item in found if not item.id):
        session.note(f"  {name} has items without an id: pmctl validate --fix {name} gives them one")


def _warn(session: Session, everything: Sequence[Summary], found: Sequence[Pair]) -> None:
    for summary in everything:
        if summary.problem:
            session.warn(f"{summary.problem}; its action items are not listed")
    for summary in {summary.id: summary for summary, _ in found if summary.unproved}.values():
        session.warn(f"{summary.id}: {summary.unproved}")


def _fails(found: Sequence[Pair], on: Sequence[str], day: date, active: frozenset[str] | None) -> bool:
    from pmctl.insight.search import is_left, without_owner

    words = {word.casefold() for word in on}
    late = "overdue" in words and any(item.overdue(day) for _, item in found)
    unowned = (item for _, item in found if item.open and (without_owner(item) or is_left(item, active)))
    return late or ("unowned" in words and any(unowned))


def _status_style(cell: str) -> str:
    return terminal.STATUS_STYLES.get(cell, "")


def _due_style(cell: str) -> str:
    return "red" if cell.endswith("overdue") else ""


for _name, _function in action_acts.COMMANDS.items():
    app.command(_name)(_function)
