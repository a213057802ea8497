"""tickets: push, sync, status, adopt."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Format, choose_format, choose_known
from pmctl.text import plural, safe, visible

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.errors import PmctlError
    from pmctl.insight.item_ticket import ItemTicket
    from pmctl.insight.tickets import Tracked
    from pmctl.services.rehearsal import Sent
    from pmctl.workflow.done import Done
    from pmctl.workflow.ticket_landing import Hands
    from pmctl.workflow.ticket_wanted import Problem

app = typer.Typer(
    help="Action items in the tracker that people have open.", no_args_is_help=True, rich_markup_mode=None,
    add_completion=False,
)  # fmt: skip
_Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID | AI-xxxx]...", help="Postmortems and action items; all of them if none is given."),
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be sent, and send, commit and push nothing.")
]


@app.command()
def push(
    ctx: typer.Context,
    words: _Words = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="Also create what an earlier run may have created and no search finds.")
    ] = False,
    dry_run: _DryRun = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Create a ticket for every open action item that has none, and write its address in the Ticket cell.

    What is about to be created is announced in a commit that is pushed first, so that two runs never create the same
    ticket; after a kill the next run looks up what was created and does the rest. Exit code 1 when a ticket is missing.
    """
    from pmctl.workflow.done import Done
    from pmctl.workflow.tickets import push as act

    session: Session = ctx.obj
    hands = _hands(session, handle)
    done = act(session.repo, hands, words or (), rehearsal=dry_run, resend=resend)
    if dry_run:
        _print_sent(session, done.sent, done.problems)
        return
    told = [*(f"{item} is {key}" for item, key in done.made.items())]
    told += [f"{item} is {key}, created by a run that did not finish" for item, key in done.found.items()]
    count = len(done.made) + len(done.found)
    sentence = f"{plural(count, 'ticket')} for action items" if count else "no ticket was created"
    facts = (
        *told,
        *((f"{plural(done.skipped, 'item')} left out: with a ticket already, or closed",) if done.skipped else ()),
    )
    _tell(
        session,
        Done(act="tickets push", id="", by=hands.by, sentence=sentence, landed=done.landed, facts=facts),
        done.problems,
        format,
        done.stopped,
    )


@app.command()
def sync(
    ctx: typer.Context,
    words: _Words = None,
    take: Annotated[
        str, typer.Option("--take", metavar="ours|theirs", help="Which side counts where both have moved.")
    ] = "",
    dry_run: _DryRun = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Bring action items and their tickets into step: status, owner and due date, as `tickets.sync` says who decides.

    Where both sides may decide and both have moved, nothing is changed: exit code 1, and what to type.
    """
    from pmctl.workflow.done import Done
    from pmctl.workflow.ticket_sync import TAKE, sync_tickets

    session: Session = ctx.obj
    choose_known("--take", [take] if take else (), TAKE)
    hands = _hands(session, handle)
    done = sync_tickets(session.repo, hands, words or (), take=take, rehearsal=dry_run)
    told = [f"{one.item}: {one.field} {one.before or 'none'} -> {one.after or 'none'}, {one.to}" for one in done.moved]
    if dry_run:
        for line in told:
            session.note(safe(line))
        _print_sent(session, done.sent, done.problems)
        return
    sentence = f"{plural(done.read, 'ticket')} read, {plural(len(done.moved), 'field')} brought into step"
    _tell(
        session, Done(act="tickets sync", id="", by=hands.by, sentence=sentence, landed=done.landed, facts=tuple(told)),
        done.problems, format, done.stopped,
    )  # fmt: skip


@app.command()
def adopt(ctx: typer.Context, words: _Words = None, handle: As = "", format: ActFormat = "text") -> None:
    """Take over the tickets that Ticket cells name already, so that a sync keeps them in step."""
    from pmctl.workflow.done import Done
    from pmctl.workflow.ticket_sync import adopt_tickets

    session: Session = ctx.obj
    hands = _hands(session, handle)
    done = adopt_tickets(session.repo, hands, words or ())
    told = tuple(f"{item} is {key}" for item, key in done.taken.items())
    sentence = f"{plural(len(done.taken), 'ticket')} taken over"
    _tell(
        session,
        Done(act="tickets adopt", id="", by=hands.by, sentence=sentence, landed=done.landed, facts=told),
        done.problems,
        format,
    )


@app.command()
def status(
    ctx: typer.Context,
    words: _Words = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the tracker instead of what the last sync read.")] = False,
    format: Format = "text",
) -> None:
    """Each action item with its ticket, the state there, and the linked pull requests, merged or not.

    What is shown is what the last push or sync has read; --live asks the tracker and changes nothing.
    """
    from pmctl.insight.catalog import proved_catalog
    from pmctl.insight.tickets import ItemTickets, chosen, tracked

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    rows = tracked(workspace, chosen(proved_catalog(workspace), words or (), workspace))
    items = as_known(session, rows, live=live)
    if format == "json":
        session.json("tickets", ItemTickets(items))
        return
    heads = ["ID", "STATUS", "TICKET", "THERE", "CHANGES", "ACTION", "POSTMORTEM"]
    cells = [
        [one.item, one.status, _ticket(one), one.state, _changes(one), one.description[:80], one.postmortem]
        for one in items
    ]
    session.table(heads, cells, known={one.postmortem for one in items})
    for one in items:
        if one.problem:
            session.warn(f"{one.item} of {one.postmortem}: {one.problem}")
    with_ticket = sum(bool(one.ticket) for one in items)
    read = "; as the last push or sync has read them, --live asks" if with_ticket and not live else ""
    session.note(f"{plural(len(items), 'action item')}, {with_ticket} with a ticket{read}")


def as_known(session: Session, rows: Sequence[Tracked], *, live: bool) -> list[ItemTicket]:
    """The items with their tickets: as the tracker has them now, or as the last push or sync has read them."""
    from pmctl.insight.tickets import told

    if not live:
        return [told(one) for one in rows]
    from pmctl.workflow.tickets import read_live

    return read_live(session.workspace, session.secrets, session.note, rows)


def _ticket(one: ItemTicket) -> str:
    if one.announced:
        return "announced"
    return one.ticket or (f"({one.cell})" if one.cell else "")


def _changes(one: ItemTicket) -> str:
    """Linked pull requests in short: `#7 merged, #9 open`."""
    return ", ".join(f"#{change.url.rstrip('/').rpartition('/')[2]} {change.state}" for change in one.changes)


def _hands(session: Session, handle: str) -> Hands:
    from pmctl.cli.session import now
    from pmctl.workflow.ticket_landing import Hands

    def ask(question: str) -> str:
        from pmctl.cli.prompts import ask_text

        return ask_text(safe(question)) if session.interactive else ""

    return Hands(session.person(handle), session.signing(), session.secrets, now, session.note, time.sleep, ask)


def _tell(
    session: Session, done: Done, problems: Sequence[Problem], format: str, stopped: PmctlError | None = None
) -> None:
    """Say what was done and what somebody has to look at: exit code 1 where there is something, 2 where the tracker
    kept the run from doing the rest."""
    from dataclasses import replace

    from pmctl.output.advice import with_fix
    from pmctl.policy.ticket_files import place_of

    warnings = tuple(with_fix(f"{one.item} of {one.postmortem}: {one.message}", one.fix) for one in problems)
    warnings += (with_fix(f"stopped: {stopped.message}", stopped.hint),) if stopped is not None else ()
    about = dict.fromkeys((*(place_of(path)[0] for path in done.paths), *(one.postmortem for one in problems)))
    tell(session, replace(done, warnings=warnings, id=", ".join(filter(None, about))), format)
    if problems or stopped is not None:
        raise typer.Exit(1 if stopped is None else 2)


def _print_sent(session: Session, sent: Sequence[Sent], problems: Sequence[Problem]) -> None:
    """Print requests that were not sent. They hold no headers, and so no token."""
    for one in sent:
        session.result(visible(f"{one.method} {one.url}"))
        if one.body is not None:
            session.result(visible(json.dumps(one.body, indent=2, ensure_ascii=False)))
    for problem in problems:
        session.warn(f"{problem.item} of {problem.postmortem}: {problem.message}")
    session.note(f"{plural(len(sent), 'request')} not sent; reading may have asked the tracker")
