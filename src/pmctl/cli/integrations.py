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
    """Which accounts, channels, tracker and calendar pmctl.yaml names, the incident systems, and whether what they need
    is set.

    Nobody is asked; PMCTL_SECRET_COMMAND is run for incident systems only with --all. Exit code 1 when something is
    missing.
    """
    from pmctl.cli.notify import outlet_of
    from pmctl.services.secrets import COMMAND, from_environment
    from pmctl.workflow.integrations import Connections, incident_systems, listed, meeting_services, tracker

    session: Session = ctx.obj
    choose_format(format)
    plain = from_environment({name: value for name, value in os.environ.items() if name != COMMAND})
    with outlet_of(session, None) as out:
        found = [*listed(out).connections, *tracker(session.workspace, session.secrets)]
        found += meeting_services(session.workspace, session.secrets)
        found += incident_systems(session.secrets if every else plain, every=every)
        _print(session, Connections(tuple(found)), format)


@app.command("test")
def test(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="slack, mail, google, zoom, a channel or the tracker of pmctl.yaml, or an incident system.",
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


@app.command("login")
def login(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="google.")],
    patience: Annotated[
        int, typer.Option("--within", metavar="SECONDS", min=1, max=3600, help="How long to wait for the browser.")
    ] = 300,
) -> None:
    """Log in with a browser, and print the credential for your secret store, once; it is kept nowhere.

    The OAuth client is the one of GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET. The browser comes back to a port of this
    machine. What is printed on stdout belongs into GOOGLE_CREDENTIALS.
    """
    from pmctl.cli.options import choose_known
    from pmctl.services import google_oauth
    from pmctl.services.loopback import listening

    session: Session = ctx.obj
    choose_known("login", [name], ("google",))
    secrets = session.secrets
    with listening() as listener:
        under_way = google_oauth.begun(secrets, listener.address)
        address = google_oauth.address(under_way, secrets)
        opened = session.interactive and _opened(address)
        say = session.warn if session.quiet else session.note  # without it nobody could go on
        say(f"{'if no browser came up, open' if opened else 'open'} this in a browser of this machine:\n{address}")
        if not opened:
            port = listener.address.rpartition(":")[2]
            session.note(f"  from another machine first: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE")
        came = listener.answer(patience)
    found, grant = google_oauth.finished(under_way, came, secrets, session.note)
    session.rows(f"{found.text}\n")
    whose = f" of {grant.account}" if grant.account else ""
    session.note(f"that is the login{whose}: keep it in your secret store as {google_oauth.CREDENTIALS}")


def _opened(address: str) -> bool:
    """Whether a browser with windows has taken the address; one in the terminal would be in the way."""
    import sys
    import webbrowser

    windows = sys.platform == "darwin" or any(os.environ.get(one) for one in ("DISPLAY", "WAYLAND_DISPLAY"))
    try:
        return windows and webbrowser.open(address)
    except webbrowser.Error:
        return False


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
