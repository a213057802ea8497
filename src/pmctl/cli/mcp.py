"""mcp."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pmctl.cli.session import Session


def mcp(
    ctx: typer.Context,
    person: Annotated[
        str, typer.Option("--for", metavar="HANDLE", help="Whom the assistant works for, when an agent is who acts.")
    ] = "",
) -> None:
    """Tools for an assistant, over stdin and stdout (Model Context Protocol): search, read, validate, draft, comment.

    With the key or e-mail of an agent of the policy (people add NAME --kind agent) it may draft and comment for the
    person that --for names; as anybody else it reads what they may read. It submits, approves and publishes nothing.
    Needs the extra: pip install 'pmctl[mcp]'.
    """
    from pmctl.cli.session import now
    from pmctl.errors import EnvironmentProblem
    from pmctl.server.assistant import Assistant, principal

    session: Session = ctx.obj
    try:
        from pmctl.server.mcp_server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise EnvironmentProblem("the tools for assistants need an extra: pip install 'pmctl[mcp]'") from None
    workspace = session.workspace
    who = principal(workspace, session.reader(workspace), person, session.signing())
    if sys.stdin.isatty():
        session.note("waiting for an assistant on stdin; its program starts this itself (see docs/assistants.md)")
    serve(Assistant(session.repo, who, now))
