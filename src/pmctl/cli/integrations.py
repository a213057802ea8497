"""integrations: what is connected, and what was sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import choose_format
from pmctl.text import plural

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.workflow.integrations import Connections

app = typer.Typer(
    help="What is connected, and what was sent.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
Format = Annotated[str, typer.Option("--format", metavar="text|json", help="How the answer is printed.")]
_STYLES = {"ok": "green", "BAD": "red", "missing": "yellow"}


@app.command("list")
def list_(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also the incident systems that no token is set for.")] = False,
    format: Format = "text",
) -> None:
    """Which accounts, channels and tracker pmctl.yaml names, the incident systems, and whether what they need is set.

    Nobody is asked; PMCTL_SECRET_COMMAND is run for incident systems only with --all. Exit code 1 when something is
    missing.
    """
    from pmctl.cli.notify import outlet_of
    from pmctl.services.secrets import COMMAND, from_environment
    from pmctl.workflow.integrations import Connections, incident_systems, listed, tracker

    session: Session = ctx.obj
    choose_format(format)
    plain = from_environment({name: value for name, value in os.environ.items() if name != COMMAND})
    with outlet_of(session, None) as out:
        found = [*listed(out).connections, *tracker(session.workspace, session.secrets)]
        found += incident_systems(session.secrets if every else plain, every=every)
        _print(session, Connections(tuple(found)), format)


@app.command("test")
def test(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="slack, mail, a channel or the tracker of pmctl.yaml, or an incident system."
        ),
    ],
    format: Format = "text",
) -> None:
    """Ask a service whose token it is and what it may not do; nothing is sent.

    Exit code 1 when something is missing.
    """
    from pmctl.cli.notify import outlet_of
    from pmctl.workflow.integrations import tested

    session: Session = ctx.obj
    choose_format(format)
    with outlet_of(session, None) as out:
        _print(session, tested(out, name, session.workspace), format)


@app.command("log")
def log(
    ctx: typer.Context,
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Only this channel, or @HANDLE.")] = "",
    postmortem: Annotated[str, typer.Option("--postmortem", metavar="ID", help="Only about this one.")] = "",
    format: Format = "text",
) -> None:
    """What was sent to whom, when, and with which answer, the oldest first."""
    from pmctl.repository.deliveries import Sent, opened

    session: Session = ctx.obj
    choose_format(format)
    wanted = session.workspace.find(postmortem, deleted=True) if postmortem else ""
    found = tuple(
        one for one in opened(session.repo).deliveries()
        if channel in ("", one.channel) and wanted in ("", one.postmortem)
    )  # fmt: skip
    if format == "json":
        session.json("deliveries", Sent(found))
        return
    rows = [(one.at, one.channel, one.state, one.what, one.answer) for one in found]
    session.table(("AT", "CHANNEL", "STATE", "WHAT", "ANSWER"), rows, {"STATE": _state_style})
    session.note(plural(len(found), "message"))


def _state_style(cell: str) -> str:
    return {"sent": "green", "refused": "red"}.get(cell, "yellow")


def _mark_style(cell: str) -> str:
    return _STYLES.get(cell, "")


def _print(session: Session, found: Connections, format: str) -> None:
    if format == "json":
        session.json("integrations", found)
    else:
        rows = [(one.name, one.kind, one.mark, one.said) for one in found.connections]
        session.table(("NAME", "KIND", "STATE", "WHAT"), rows, {"STATE": _mark_style})
        if not rows:
            session.note("pmctl.yaml names no channel, no way to people and no tracker: docs/notifications.md")
        for one in found.connections:
            if one.fix and one.mark in ("missing", "BAD"):
                session.note(f"  {one.name}: {one.fix}")
    if any(one.mark in ("missing", "BAD") for one in found.connections):
        raise typer.Exit(1)
