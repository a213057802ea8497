"""serve, serve token create, serve token list, serve token revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(help="The REST API, and the tokens for it.", rich_markup_mode=None, add_completion=False)
token = typer.Typer(
    help="The tokens that requests bring: who asks.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)
app.add_typer(token, name="token")


@app.callback(invoke_without_command=True)
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="The port.")] = 8080,
    rate: Annotated[
        float, typer.Option("--rate", metavar="N", min=0.1, help="Requests a second that one token may make.")
    ] = 1000.0,
) -> None:
    """Serve the REST API of this clone, which has to be the server's alone: it stands wherever upstream is.

    Every write is a commit of the person whose token asks, pushed before it is answered; several servers share one git
    server. TLS is the business of a proxy in front of it. Needs the extra: pip install 'pmctl[server]'.
    """
    if ctx.invoked_subcommand is not None:
        return
    from pmctl.cli.session import now
    from pmctl.errors import EnvironmentProblem

    session: Session = ctx.obj
    try:
        from pmctl.server.rest import serve as run
        from pmctl.server.service import Service
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "starlette", "uvicorn"):
            raise
        raise EnvironmentProblem("the server needs an extra: pip install 'pmctl[server]'") from None
    session.note(f"serving {session.repo.root} at http://{host}:{port}/api/postmortems; Ctrl-C ends it")
    run(Service(session.repo, now, session.warn), host, port, rate)


@token.command()
def create(
    ctx: typer.Context,
    person: Annotated[str, typer.Option("--for", metavar="HANDLE", help="Whose token it is; yours if not given.")] = "",
    scope: Annotated[str, typer.Option("--scope", metavar="read|write", help="What it may.")] = "read",
    expires: Annotated[str, typer.Option("--expires", metavar="30d|8h", help="How long it counts.")] = "30d",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is for.")] = "",
) -> None:
    """Make a token and print it, once: only its hash is kept, in refs/pmctl/server. For others, admins make them."""
    from pmctl.cli.session import now
    from pmctl.repository.tokens import create as make
    from pmctl.text import single_line

    session: Session = ctx.obj
    me = session.known_person()
    made, text = make(
        session.repo, session.workspace.policy, handle=person or me, scope=scope, life=expires,
        name=single_line(name)[:100], by=me, now=now(),
    )  # fmt: skip
    session.result(text)
    session.note(f"token {made.id} of {made.handle}: {made.scope}, until {made.expires}; it is not shown again")
    session.note(f"  take it back: pmctl serve token revoke {made.id}")


@token.command("list")
def list_(ctx: typer.Context, format: Format = "text") -> None:
    """The tokens, without their secrets: whose, what they may, until when."""
    from pmctl.cli.session import now
    from pmctl.output.answers import pick
    from pmctl.output.answers_programs import ListedToken, Tokens
    from pmctl.repository.tokens import TokenBook

    session: Session = ctx.obj
    choose_format(format)
    found = [pick(ListedToken, one, expired=one.expired(now())) for one in TokenBook.opened(session.repo).tokens()]
    if format == "json":
        session.json("tokens", Tokens(found))
        return
    rows = [
        [one.id, one.handle, one.scope, f"{one.expires}{' (expired)' if one.expired else ''}", one.by, one.name]
        for one in found
    ]
    session.table(["TOKEN", "OF", "MAY", "UNTIL", "MADE BY", "FOR"], rows)
    if not rows:
        session.note("no tokens yet; make one: pmctl serve token create")


@token.command()
def revoke(
    ctx: typer.Context,
    part: Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id, or its beginning.")],
) -> None:
    """Take a token back: servers stop to know it within two seconds."""
    from pmctl.repository.tokens import revoke as take

    session: Session = ctx.obj
    gone = take(session.repo, session.workspace.policy, part, by=session.known_person())
    session.result(f"revoked {gone.id} of {gone.handle}")
