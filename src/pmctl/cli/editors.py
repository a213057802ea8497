"""editors add, remove, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Format, Id, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

app = typer.Typer(
    help="Who else may edit a postmortem, or comment on it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="A person of the policy.")]


@app.command()
def add(
    ctx: typer.Context,
    id: Id,
    person: _Handle,
    comment: Annotated[bool, typer.Option("--comment", help="Only to comment; at any time.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Let somebody edit a draft, or with --comment discuss a postmortem whatever its state (author, admins).

    In review pmctl submit --editor makes somebody an editor, on the record.
    """
    from pmctl.document.fields import EditorRole
    from pmctl.workflow.editors import give

    session: Session = ctx.obj
    name = session.workspace.find(id)
    role = EditorRole.COMMENT if comment else EditorRole.EDIT
    tell(session, give(session.workspace, session.known_person(handle), name, person, role, session.signing()), format)


@app.command()
def remove(ctx: typer.Context, id: Id, person: _Handle, handle: As = "", format: ActFormat = "text") -> None:
    """Take the right back: to edit while it is a draft, to comment at any time (author, admins)."""
    from pmctl.workflow.editors import take

    session: Session = ctx.obj
    name = session.workspace.find(id)
    tell(session, take(session.workspace, session.known_person(handle), name, person, session.signing()), format)


@app.command("list")
def list_(ctx: typer.Context, id: Id, format: Format = "text") -> None:
    """The editors that the last commit of a postmortem names."""
    from pmctl.workflow.editors import listed

    session: Session = ctx.obj
    choose_format(format)
    found = listed(session.workspace, session.workspace.find(id))
    if format == "json":
        session.json("editors", found)
        return
    session.table(
        ("EDITOR", "MAY"), [(one.handle, "nothing: left" if one.left else one.level) for one in found.editors]
    )
    if not found.editors:
        session.note(f"{found.postmortem} has no editors beside its author")
