"""actions: list and show; add, set, done and remove are in `action_acts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pmctl.cli import action_acts
from pmctl.cli.options import choose_format, choose_known, chosen_day
from pmctl.output import terminal
from pmctl.text import plural, safe

if TYPE_CHECKING:
    from datetime import date

    from pmctl.cli.session import Session
    from pmctl.insight.catalog import Summary
    from pmctl.insight.item_search import Found, ItemQuery
    from pmctl.insight.search import Query
    from pmctl.output.calendar import Origin
    from pmctl.policy.model import Policy
    from pmctl.repository.workspace import Workspace

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
    different options must all hold. Several -C read several repositories. With --fail-on the exit code is 2 when a
    postmortem, or its table of action items, cannot be read.
    """
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.item_search import GROUPS, SORTS, ItemQuery, active_people, grouped, in_order, items

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    order = tuple(word.strip() for word in sort.split(",") if word.strip())
    choose_known("--sort", (word.removeprefix("-") for word in order), SORTS)
    choose_known("--group-by", [group_by] if group_by else (), GROUPS)
    choose_known("--fail-on", fail_on or (), ("overdue", "unowned"))
    query = ItemQuery(
        overdue=overdue, owner=tuple(owner or ()), status=tuple(status or ()), priority=tuple(priority or ()),
        due_before=chosen_day(due_before, "--due-before"), due_after=chosen_day(due_after, "--due-after"),
        due=tuple(due or ()), kind=tuple(kind or ()), prevents=tuple(prevents or ()),
        about=_about(service, severity, tag),
    )  # fmt: skip
    chosen = chosen_day(on, "--on")
    asks_people = bool(owner or team or fail_on or mine or format in ("ics", "tasks"))

    def read(workspace: Workspace) -> Part:
        policy = workspace.known_people() if asks_people else None
        members = tuple((name, policy.teams.get(name, ()) if policy else ()) for name in team or ())
        own = replace(
            query, owner=(*query.owner, *([session.known_reader(workspace)] if mine else ())), teams=members,
            active=active_people(policy), postmortem=workspace.find(postmortem) if postmortem else "",
        )  # fmt: skip
        day = chosen or session.day(workspace)
        return Part(workspace, proved_catalog(workspace), policy, own, day)

    parts = session.each(read, one_has_it=bool(postmortem))
    everything = [summary for _, part in parts for summary in part.summaries]
    _refuse_impossible(query, team or (), everything, [part for _, part in parts])
    found = in_order([one for name, part in parts for one in items(part.summaries, part.query, part.day, name)], order)
    groups = grouped(found, group_by) if group_by else {"": found}
    _print(session, groups, format, {summary.id for summary in everything}, dict(parts), any_status=bool(status))
    half = _tell_unread(session, [part for _, part in parts])
    for summary in {one.summary.path: one.summary for one in found if one.summary.unproved}.values():
        session.warn(f"{summary.id}: {summary.unproved}")
    session.finish()
    if fail_on and half:
        raise typer.Exit(2)  # a job must not be told that nothing is overdue in what could not be read
    if fail_on and _fails(found, fail_on, dict(parts)):
        raise typer.Exit(1)


def _tell_unread(session: Session, parts: Sequence[Part]) -> bool:
    """Say which of the postmortems that were asked about cannot be read, or not as a table; whether there are any."""
    told = False
    for part in parts:
        for summary in part.summaries:
            if part.query.postmortem not in ("", summary.id):
                continue
            if summary.problem:
                session.warn(f"{summary.problem}; its action items are not listed")
            elif summary.items_problem and part.query.fits_postmortem(summary):
                session.warn(f"{summary.items_problem}; its action items are not listed, or not all of them")
            told = told or bool(summary.problem) or bool(summary.items_problem and part.query.fits_postmortem(summary))
    return told


class Part(NamedTuple):
    """What one repository has, and what it is asked on which day."""

    workspace: Workspace
    summaries: Sequence[Summary]
    policy: Policy | None
    query: ItemQuery
    day: date


def _about(service: _Many, severity: _Many, tag: _Many) -> Query | None:
    """What is asked of an item's postmortem; None for nothing."""
    from pmctl.insight.search import Query

    if not (service or severity or tag):
        return None
    return Query(service=tuple(service or ()), severity=tuple(severity or ()), tag=tuple(tag or ()))


def _refuse_impossible(
    query: ItemQuery, teams: Sequence[str], everything: Sequence[Summary], parts: Sequence[Part]
) -> None:
    """Raise UsageProblem for a value that nothing can have."""
    from pmctl.document.fields import ItemKind, ItemStatus, Priority
    from pmctl.insight.item_search import LEFT, NONE, OVERDUE, WEEK

    def of_all(name: str) -> list[str]:
        return [one for summary in everything for one in getattr(summary, name)]

    choose_known("--status", query.status, (*ItemStatus, OVERDUE))
    choose_known("--priority", query.priority, Priority)
    choose_known("--due", query.due, (OVERDUE, WEEK, NONE))
    choose_known("--kind", query.kind, ItemKind)
    policies = [part.policy for part in parts if part.policy]
    if query.owner:
        people = (handle for policy in policies for handle in policy.people)
        owners = (item.owner for summary in everything for item in summary.items)
        choose_known("--owner", query.owner, (*people, *owners, NONE, LEFT))
    if teams:
        own = (name for policy in policies for name in policy.teams)
        choose_known("--team", teams, (*own, *of_all("teams")), strict=True)
    if query.prevents:
        named = (item.prevents for summary in everything for item in summary.items)
        causes = (*of_all("root_causes"), *of_all("contributing_factors"), *named)
        choose_known("--prevents", query.prevents, causes, strict=True)
    if query.about is None:
        return
    severities = [
        one
        for part in (parts if query.about.severity else ())
        for one in part.workspace.settings_and_findings()[0].severities
    ]
    if severities:  # else they are free text, and one that nothing has is no mistake
        choose_known("--severity", query.about.severity, (*severities, *(one.severity for one in everything)))
    choose_known("--service", query.about.service, of_all("services"), strict=True)
    choose_known("--tag", query.about.tag, of_all("tags"), strict=True)


def _print(
    session: Session,
    groups: dict[str, list[Found]],
    format: str,
    known: set[str],
    parts: dict[str, Part],
    *,
    any_status: bool,
) -> None:
    from pmctl.output import items as output

    found = [one for those in groups.values() for one in those]
    if format == "text":
        _print_text(session, groups, known)
    elif format == "json":
        from pmctl.output.answers import ActionItems

        counts = output.counted(groups) if "" not in groups else []
        session.json("actions", ActionItems(output.answers(found), counts))
    elif format == "md":
        session.rows(output.markdown(groups))
    elif format in ("ics", "tasks"):
        from pmctl.output.calendar import calendar

        listed = [one for one in found if any_status or one.item.open]
        origin = {name: _origin(part) for name, part in parts.items()}
        session.rows(calendar(listed, origin, tasks=format == "tasks"))
    else:
        from pmctl.output.rows import to_csv, to_jsonl

        columns = ("repository", *output.COLUMNS) if session.several else output.COLUMNS
        rows = output.rows(groups)
        session.rows(to_csv(columns, rows) if format == "csv" else to_jsonl(rows))


def _origin(part: Part) -> Origin:
    """Where a repository's items are from: the time of HEAD's commit, or the day's beginning before there is one."""
    from datetime import UTC, datetime

    from pmctl import git
    from pmctl.cli.session import now
    from pmctl.output.calendar import Origin

    said = git.run(part.workspace.repo.top, "show", "-s", "--format=%ct", "HEAD", check=False).text
    stamp = datetime.fromtimestamp(int(said), UTC) if said.isdigit() else now().replace(hour=0, minute=0, second=0)
    return Origin(stamp, part.policy.repository if part.policy else "")


def _print_text(session: Session, groups: dict[str, list[Found]], known: set[str]) -> None:
    from pmctl.output.items import heading

    heads = ["ID", "DUE", "STATUS", "PRIORITY", "OWNER", "ACTION", "POSTMORTEM"]
    if session.several:
        heads.insert(0, "REPOSITORY")
    styles = {"STATUS": _status_style, "DUE": _due_style}
    for number, (name, found) in enumerate(groups.items()):
        rows = [
            [item.id or "(no id)", item.due + (" overdue" if overdue else ""), item.status, item.priority,
             item.owner, item.description, summary.id]
            for summary, item, overdue, _ in found
        ]  # fmt: skip
        if session.several:
            rows = [[one.repository, *row] for one, row in zip(found, rows, strict=True)]
        if name:
            told = terminal.paint(safe(heading(name, found)), "bold", session.colored)
            session.result(f"\n{told}" if number else told)
        session.table(heads, rows, styles, known)
    everything = [one for found in groups.values() for one in found]
    late = sum(one.overdue for one in everything)
    session.note(f"{plural(len(everything), 'action item')}, {late} overdue")
    for name in dict.fromkeys(one.summary.id for one in everything if not one.item.id):
        session.note(f"  {name} has items without an id: pmctl validate --fix {name} gives them one")


def _fails(found: Sequence[Found], on: Sequence[str], parts: dict[str, Part]) -> bool:
    from pmctl.insight.item_search import is_left, without_owner

    words = {word.casefold() for word in on}
    if "overdue" in words and any(one.overdue for one in found):
        return True
    return "unowned" in words and any(
        one.item.open and (without_owner(one.item) or is_left(one.item, parts[one.repository].query.active))
        for one in found
    )


def _status_style(cell: str) -> str:
    return terminal.STATUS_STYLES.get(cell, "")


def _due_style(cell: str) -> str:
    return "red" if cell.endswith("overdue") else ""


for _name, _function in action_acts.COMMANDS.items():
    app.command(_name)(_function)
