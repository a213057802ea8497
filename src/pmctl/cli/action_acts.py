"""actions add, set, done, remove and show: what is done to single items."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pmctl.cli.answering import ActFormat, answer, tell
from pmctl.cli.options import As, Format, Id, choose_format
from pmctl.text import plural, safe

if TYPE_CHECKING:
    from datetime import datetime

    from pmctl.cli.session import Session
    from pmctl.insight.item_ticket import ItemTicket
    from pmctl.insight.items import ItemHistory, ItemStep
    from pmctl.repository.actor import Actor
    from pmctl.workflow.actions import Changed

_Items = Annotated[
    list[str] | None,
    typer.Argument(metavar="AI-xxxx", help="Ids of items, or any part of an id or a text that only one has."),
]
_Owner = Annotated[str | None, typer.Option("--owner", metavar="HANDLE", help="The one person who does it.")]
_Due = Annotated[str | None, typer.Option("--due", metavar="DATE", help="The day by which it is done.")]
_Priority = Annotated[str | None, typer.Option("--priority", metavar="P", help="HIGH, MEDIUM or LOW.")]
_Status = Annotated[
    str | None, typer.Option("--status", metavar="S", help="OPEN, IN_PROGRESS, COMPLETED, WONT_DO (with --notes).")
]
_Ticket = Annotated[str | None, typer.Option("--ticket", metavar="LINK", help="Where the work is tracked.")]
_Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="A note; the reason of WONT_DO.")]
_Prevents = Annotated[
    str | None, typer.Option("--prevents", metavar="CAUSE", help="The cause of the front matter that it prevents.")
]
_Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="prevent, detect, mitigate or process.")]
_Of = Annotated[str, typer.Option("--postmortem", metavar="ID", help="Look for the items in this postmortem only.")]
_Act = Literal["add", "set", "done", "remove"]


def add(
    ctx: typer.Context,
    id: Id,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What is to be done, so that anybody can tell when it is.")
    ],
    owner: _Owner = None,
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="The day; by default the target of its priority.")
    ] = None,
    priority: _Priority = None,
    ticket: _Ticket = None,
    notes: _Notes = None,
    prevents: _Prevents = None,
    kind: _Kind = None,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Add an action item as one new row, in one commit.

    To a published postmortem its author, an editor or an admin adds one, with a signed record.
    """
    from pmctl.cli.session import now
    from pmctl.workflow import actions

    session: Session = ctx.obj
    workspace = session.workspace
    wanted = actions.Change(text, owner, due, priority, None, ticket, notes, prevents, kind)
    name = workspace.find(id)
    by, signing = session.person(handle), session.signing()

    def signer() -> tuple[Actor, datetime]:
        return session.actor(handle), now()

    done = actions.add(workspace, by, name, wanted, signing, today=session.day(workspace), signer=signer)
    _tell(session, "add", by, done, format)


def set_(
    ctx: typer.Context,
    items: _Items = None,
    status: _Status = None,
    owner: _Owner = None,
    due: _Due = None,
    priority: _Priority = None,
    ticket: _Ticket = None,
    notes: _Notes = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Say it differently (not once published).")
    ] = None,
    prevents: _Prevents = None,
    kind: _Kind = None,
    postmortem: _Of = "",
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Change action items, all of them in one commit. Only their rows change; approvals stay valid unless a text does.

    Without ids you pick them, on a terminal.
    """
    from pmctl.workflow import actions

    session: Session = ctx.obj
    given = {
        "--status": status, "--owner": owner, "--due": due, "--priority": priority, "--ticket": ticket,
        "--notes": notes, "--text": text, "--prevents": prevents, "--kind": kind,
    }  # fmt: skip
    words = _chosen(session, "set", items, postmortem, given)
    if status and not notes and session.interactive and _is_wont_do(status):
        from pmctl.cli.prompts import ask_text

        notes = ask_text("Why will it not be done?", required=True)
    wanted = actions.Change(text, owner, due, priority, status, ticket, notes, prevents, kind)
    by = session.person(handle)
    done = actions.change(
        session.workspace, by, words, wanted, session.signing(), postmortem=_named(session, postmortem)
    )
    _tell(session, "set", by, done, format)


def done_(
    ctx: typer.Context,
    items: _Items = None,
    ticket: _Ticket = None,
    notes: _Notes = None,
    postmortem: _Of = "",
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Mark action items as COMPLETED, all of them in one commit. Without ids you pick them, on a terminal."""
    from pmctl.workflow import actions

    session: Session = ctx.obj
    words = _chosen(session, "done", items, postmortem, {"--ticket": ticket, "--notes": notes})
    wanted = actions.Change(status="COMPLETED", ticket=ticket, notes=notes)
    by = session.person(handle)
    done = actions.change(
        session.workspace, by, words, wanted, session.signing(), postmortem=_named(session, postmortem)
    )
    _tell(session, "done", by, done, format)


def remove(
    ctx: typer.Context, items: _Items = None, postmortem: _Of = "", handle: As = "", format: ActFormat = "text"
) -> None:
    """Take action items out, all of them in one commit, while the text may be edited.

    What was agreed on and will not be done is better kept: pmctl actions set AI-xxxx --status WONT_DO --notes WHY.
    """
    from pmctl.workflow import actions

    session: Session = ctx.obj
    words = _chosen(session, "remove", items, postmortem)
    by = session.person(handle)
    done = actions.remove(session.workspace, by, words, session.signing(), postmortem=_named(session, postmortem))
    _tell(session, "remove", by, done, format)


def show(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="AI-xxxx", help="The item's id, or a part of it or of its text.")],
    postmortem: _Of = "",
    live: Annotated[
        bool, typer.Option("--live", help="Ask the tracker for its ticket instead of what the last sync read.")
    ] = False,
    format: Format = "text",
) -> None:
    """The life of one action item: who created it, its owners and due days, how it slipped, its ticket and changes.

    Changes are told in the order in which the main line got them. Exit code 2 when the history is not all there.
    """
    from pmctl.cli.tickets import as_known
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.items import item_history, named_item
    from pmctl.insight.tickets import tracked

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    summary, named = named_item(proved_catalog(workspace), item, _named(session, postmortem))
    rows = [one for one in tracked(workspace, [(summary, named)]) if one.file is not None or one.problem]
    known = as_known(session, rows, live=live) if rows else []
    found = replace(
        item_history(workspace, summary, named, session.day(workspace)), tracked=known[0] if known else None
    )
    if format == "json":
        session.json("item", found)
        session.end_if_incomplete(found.incomplete)
        return
    if found.incomplete:
        session.result(f"INCOMPLETE: the history is not all there ({found.incomplete}); this is the item as it is now")
    for line in (*_life(found), *(line for one in known for line in _tracked(one))):
        session.result(safe(line))
    session.end_if_incomplete(found.incomplete)


def _tracked(known: ItemTicket) -> list[str]:
    """The item's ticket, its state there, and what is linked to it."""
    if known.problem or known.announced:
        return [f"ticket: {known.problem or f'announced at {known.announced}, not known to be created'}"]
    unasked = "" if known.asked else " (not asked; as the last push or sync read it)"
    said = f"ticket {known.ticket}: {known.state or 'open when it was created'}{unasked}"
    return [said, f"  {known.url}", *(f"  {change.state}  {change.url}" for change in known.changes)]


COMMANDS: dict[str, Callable[..., None]] = {"add": add, "set": set_, "done": done_, "remove": remove, "show": show}


def _is_wont_do(status: str) -> bool:
    from pmctl.document.actions import canonical
    from pmctl.document.fields import ItemStatus

    return canonical(status, ItemStatus) == ItemStatus.WONT_DO


def _named(session: Session, postmortem: str) -> str:
    return session.workspace.find(postmortem) if postmortem else ""


def _chosen(
    session: Session,
    verb: _Act,
    items: list[str] | None,
    postmortem: str,
    given: Mapping[str, str | None] | None = None,
) -> list[str]:
    """The items that were typed, or picked at a terminal. Raises UsageProblem where neither is possible; it repeats the
    options that were `given`."""
    from pmctl.errors import UsageProblem

    if items:
        return items
    if not session.interactive:
        typed = [word for option, value in (given or {}).items() if value for word in (option, value)]
        options = f" {shlex.join(typed)}" if typed else " --status IN_PROGRESS" if verb == "set" else ""
        raise UsageProblem(
            "which action items? without a terminal they cannot be picked",
            hint=f"pmctl actions {verb} AI-xxxx{options}; pmctl actions list shows the ids",
        )
    from pmctl.cli.prompts import ask_many
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.item_search import ItemQuery, in_order
    from pmctl.insight.item_search import items as fitting

    workspace = session.workspace
    query = ItemQuery(postmortem=_named(session, postmortem), status=("OPEN", "IN_PROGRESS"))
    found = in_order(fitting(proved_catalog(workspace), query, session.day(workspace)))
    open_items = [one.item for one in found if one.item.id]
    if not open_items:
        raise UsageProblem("there is no open action item to pick", hint="pmctl actions list")
    mine = session.person()
    open_items.sort(key=lambda item: item.owner != mine)
    choices = {item.id: safe(f"{item.id}  {item.due:<10}  {item.owner:<10}  {item.description}") for item in open_items}
    picked = ask_many(f"Which items ({verb})?", choices)
    if not picked:
        raise UsageProblem("no action item was picked", hint="the space bar picks, Enter goes on")
    return picked


def _tell(session: Session, act: _Act, by: str, changed: Changed, format: str) -> None:
    from pmctl.workflow.done import Done

    lines = [f"{one.item} of {one.postmortem}: {_written(one.cells)}" for one in changed.items]
    same = tuple(f"{item} says that already" for item in changed.same)
    names = dict.fromkeys(one.postmortem for one in changed.items)
    told = Done(
        act=f"actions {act}", id=", ".join(names), by=by, sentence="; ".join(lines), landed=changed.landed, facts=same
    )
    if format == "json":
        from pmctl.output.answers import ItemChange, ItemChanges

        items = [ItemChange(one.item, one.postmortem, dict(one.cells)) for one in changed.items]
        session.json("item-changes", ItemChanges(items, answer(session, told)))
        return
    for line in lines:
        session.result(safe(line))
    tell(session, replace(told, sentence=""))


def _written(cells: Mapping[str, str]) -> str:
    """What was written in an item: `Status COMPLETED, Notes emptied`; `removed` for nothing."""
    told = [f"{column} {text}" if text else f"{column} emptied" for column, text in cells.items() if column != "ID"]
    return ", ".join(told) or "removed"


def _life(found: ItemHistory) -> list[str]:
    late = " (overdue)" if found.overdue else ""
    lines = [f"{found.id}: {found.description}"]
    lines.append(f"  {found.status}, {found.priority}, owner {found.owner or 'none'}, due {found.due or 'none'}{late}")
    facts = (("ticket", found.ticket), ("notes", found.notes), ("prevents", found.prevents), ("kind", found.kind))
    lines += [f"  {name}: {text}" for name, text in facts if text]
    if found.created_at and found.slips is not None and found.open_days is not None:
        after = ", added after publication" if found.added_after_publication else ""
        lines.append(f"  created {found.created_at[:10]} by {found.created_by}{after}")
        closed = f", closed {found.closed_at[:10]}" if found.closed_at else ""
        lines.append(f"  open for {plural(found.open_days, 'day')}{closed}; slipped {_times(found.slips)}")
    elif not found.incomplete:
        lines.append("  not committed yet")
    if found.target:
        kept = "kept" if found.closed_at else "kept so far"
        lines.append(f"  wanted by {found.target}: {'missed' if found.missed else kept}")
    lines += [f"{found.postmortem}", *(f"  {line}" for line in found.context if line)]
    if not found.incomplete:
        lines.append("history")
    for commit, steps in groupby(found.steps, key=lambda step: step.commit):
        told = list(steps)
        moved = ", ".join(map(_moved, told))
        landed = f" (landed {told[0].landed[:10]})" if told[0].landed[:10] > told[0].at[:10] else ""
        lines.append(f"  {told[0].at}  {commit[:12]}  {told[0].by}: {moved}{landed}")
    return lines


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _moved(step: ItemStep) -> str:
    if not step.column:
        return "created" if step.after else "removed"
    if not step.before:
        return f"{step.column} {step.after}"
    return f"{step.column} {step.before} -> {step.after or 'emptied'}"
