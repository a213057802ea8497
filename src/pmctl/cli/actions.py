"""actions list, add, set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Id, choose_format, choose_known, chosen_day
from pmctl.output import terminal
from pmctl.text import plural, safe

if TYPE_CHECKING:
    from datetime import datetime

    from pmctl.cli.session import Session
    from pmctl.insight.catalog import Item, Summary
    from pmctl.policy.model import Policy
    from pmctl.repository.actor import Actor
    from pmctl.repository.workspace import Workspace
    from pmctl.workflow.actions import Changed

app = typer.Typer(
    help="List, add and move action items.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
_Many = list[str] | None
_Owner = Annotated[str | None, typer.Option("--owner", metavar="HANDLE", help="The one person who does it.")]
_Due = Annotated[str | None, typer.Option("--due", metavar="DATE", help="The day by which it is done.")]
_Priority = Annotated[str | None, typer.Option("--priority", metavar="P", help="HIGH, MEDIUM or LOW.")]
_Status = Annotated[
    str | None, typer.Option("--status", metavar="S", help="OPEN, IN_PROGRESS, COMPLETED, WONT_DO (with --notes).")
]
_Ticket = Annotated[str | None, typer.Option("--ticket", metavar="LINK", help="Where the work is tracked.")]
_COLUMNS = (
    "id", "postmortem", "description", "owner", "due", "priority", "status", "ticket", "notes", "overdue",
)  # fmt: skip
_Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="A note; the reason of WONT_DO.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    overdue: Annotated[bool, typer.Option("--overdue", help="Open and past the due day; due today is not.")] = False,
    owner: Annotated[_Many, typer.Option("--owner", metavar="HANDLE", help="Owned by this person.")] = None,
    status: Annotated[
        _Many, typer.Option("--status", metavar="S", help="OPEN, IN_PROGRESS, COMPLETED, WONT_DO.")
    ] = None,
    priority: Annotated[_Many, typer.Option("--priority", metavar="P", help="HIGH, MEDIUM, LOW.")] = None,
    due_before: Annotated[str, typer.Option("--due-before", metavar="DATE", help="Due on or before this day.")] = "",
    due_after: Annotated[str, typer.Option("--due-after", metavar="DATE", help="Due on or after this day.")] = "",
    postmortem: Annotated[str, typer.Option("--postmortem", metavar="ID", help="Only of this postmortem.")] = "",
    format: Annotated[
        str, typer.Option("--format", metavar="text|json|csv|jsonl", help="How the answer is printed.")
    ] = "text",
) -> None:
    """Action items across all postmortems, the earliest due day first. Several -C read several repositories."""
    from pmctl.cli.session import today
    from pmctl.document.fields import ItemStatus, Priority
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.search import ItemQuery, items

    session: Session = ctx.obj
    choose_format(format, ("text", "json", "csv", "jsonl"))
    query = ItemQuery(
        overdue, tuple(owner or ()), tuple(status or ()), tuple(priority or ()),
        chosen_day(due_before, "--due-before"), chosen_day(due_after, "--due-after"),
    )  # fmt: skip

    def read(workspace: Workspace) -> tuple[list[Summary], Policy | None, str]:
        only = workspace.find(postmortem) if postmortem else ""
        return proved_catalog(workspace), workspace.known_people() if query.owner else None, only

    parts = session.each(read, one_has_it=bool(postmortem))
    everything = [summary for _, (summaries, _, _) in parts for summary in summaries]
    people = (handle for _, (_, policy, _) in parts if policy for handle in policy.people)
    owners = (item.owner for summary in everything for item in summary.items)
    choose_known("--status", query.status, ItemStatus)
    choose_known("--priority", query.priority, Priority)
    choose_known("--owner", query.owner, (*people, *owners))
    day = today()
    found = sorted(
        (
            (summary, item, name)
            for name, (summaries, _, only) in parts
            for summary, item in items(summaries, replace(query, postmortem=only), day)
        ),
        key=lambda one: one[1].due_date or date.max,
    )
    _print_found(session, found, {summary.id for summary in everything}, day, format)
    for summary in everything:
        if summary.problem:
            session.warn(f"{summary.problem}; its action items are not listed")
    for summary in {summary.path: summary for summary, _, _ in found if summary.unproved}.values():
        session.warn(f"{summary.id}: {summary.unproved}")
    session.finish()


def _print_found(
    session: Session, found: Sequence[tuple[Summary, Item, str]], known: set[str], day: date, format: str
) -> None:
    if format == "json":
        from pmctl.output.answers import ActionItem, ActionItems, pick

        listed = [
            pick(ActionItem, item, postmortem=one.id, overdue=item.overdue(day), path=one.path, repository=name)
            for one, item, name in found
        ]
        session.json("actions", ActionItems(listed))
    elif format in ("csv", "jsonl"):
        from pmctl.output.rows import to_csv, to_jsonl

        listed_rows = [_as_dict(summary, item, name, day) for summary, item, name in found]
        columns = ("repository", *_COLUMNS) if session.several else _COLUMNS
        session.rows(to_csv(columns, listed_rows) if format == "csv" else to_jsonl(listed_rows))
    else:
        _print_items(session, found, known, day)


def _print_items(session: Session, found: Sequence[tuple[Summary, Item, str]], known: set[str], day: date) -> None:
    heads = ["ID", "DUE", "STATUS", "PRIORITY", "OWNER", "ACTION", "POSTMORTEM"]
    rows = [
        [item.id or "(no id)", item.due + (" overdue" if item.overdue(day) else ""), item.status, item.priority,
         item.owner, item.description, summary.id]
        for summary, item, _ in found
    ]  # fmt: skip
    if session.several:
        heads.insert(0, "REPOSITORY")
        rows = [[name, *row] for (_, _, name), row in zip(found, rows, strict=True)]
    styles = {"STATUS": _status_style, "DUE": _due_style}
    session.table(heads, rows, styles, known)
    late = sum(item.overdue(day) for _, item, _ in found)
    session.note(f"{plural(len(found), 'action item')}, {late} overdue")
    for name in dict.fromkeys(summary.id for summary, item, _ in found if not item.id):
        session.note(f"  {name} has items without an id: pmctl validate --fix {name} gives them one")


def _as_dict(summary: Summary, item: Item, repository: str, day: date) -> dict[str, object]:
    return {
        "id": item.id, "postmortem": summary.id, "description": item.description, "owner": item.owner,
        "due": item.due, "priority": item.priority, "status": item.status, "ticket": item.ticket,
        "notes": item.notes, "overdue": item.overdue(day), "path": summary.path, "line": item.line,
        "repository": repository,
    }  # fmt: skip


@app.command()
def add(
    ctx: typer.Context,
    id: Id,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What is to be done, so that anybody can tell when it is.")
    ],
    owner: _Owner = None,
    due: _Due = None,
    priority: _Priority = None,
    ticket: _Ticket = None,
    notes: _Notes = None,
    handle: As = "",
) -> None:
    """Add an action item as one new row, in one commit.

    To a published postmortem its author, an editor or an admin adds one, with a signed record.
    """
    from pmctl.cli.session import now, today
    from pmctl.workflow import actions

    session: Session = ctx.obj
    workspace = session.workspace
    wanted = actions.Change(text, owner, due, priority, None, ticket, notes)
    name = workspace.find(id)
    by, signing = session.person(handle), session.signing()

    def signer() -> tuple[Actor, datetime]:
        return session.actor(handle), now()

    _tell(session, actions.add(workspace, by, name, wanted, signing, today=today(), signer=signer))


@app.command("set")
def set_(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="AI-xxxx", help="The action item's id.")],
    status: _Status = None,
    owner: _Owner = None,
    due: _Due = None,
    priority: _Priority = None,
    ticket: _Ticket = None,
    notes: _Notes = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Say it differently (not once published).")
    ] = None,
    handle: As = "",
) -> None:
    """Change an action item. Only its row changes; approvals stay valid unless its text does."""
    from pmctl.workflow import actions

    session: Session = ctx.obj
    wanted = actions.Change(text, owner, due, priority, status, ticket, notes)
    _tell(session, actions.change(session.workspace, session.person(handle), item, wanted, session.signing()))


def _tell(session: Session, changed: Changed) -> None:
    written = ", ".join(f"{column} {text}" for column, text in changed.cells.items() if column != "ID" and text)
    session.result(safe(f"{changed.item} of {changed.postmortem}: {written}"))


def _status_style(cell: str) -> str:
    return terminal.STATUS_STYLES.get(cell, "")


def _due_style(cell: str) -> str:
    return "red" if cell.endswith("overdue") else ""
