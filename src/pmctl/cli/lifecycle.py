"""The acts on a postmortem as commands: submit, approve, publish and the others of `policy.act`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, Note, Reason, Remote
from pmctl.policy.act import ACTS, AMEND

if TYPE_CHECKING:
    from pmctl.cli.session import Session

Reviewers = Annotated[
    list[str] | None, typer.Option("--reviewer", "-r", metavar="HANDLE", help="Who is asked to review; repeatable.")
]
Editors = Annotated[
    list[str] | None,
    typer.Option("--editor", metavar="HANDLE", help="In review: who may edit it from now on; repeatable."),
]


def command(name: str) -> Callable[..., None]:
    """The command for the act `name`, with the options that its kind asks for."""
    spec = ACTS[name]

    def plain(
        ctx: typer.Context, id: Id, note: Note = "", handle: As = "", remote: Remote = "", format: ActFormat = "text"
    ) -> None:
        _act(ctx, name, id, note, handle, remote, format)

    def with_reason(
        ctx: typer.Context, id: Id, note: Reason, handle: As = "", remote: Remote = "", format: ActFormat = "text"
    ) -> None:
        _act(ctx, name, id, note, handle, remote, format)

    def here(ctx: typer.Context, id: Id, note: Reason, handle: As = "", format: ActFormat = "text") -> None:
        _act(ctx, name, id, note, handle, "", format)

    def with_reviewers(
        ctx: typer.Context,
        id: Id,
        reviewer: Reviewers = None,
        editor: Editors = None,
        note: Note = "",
        handle: As = "",
        remote: Remote = "",
        format: ActFormat = "text",
    ) -> None:
        _act(ctx, name, id, note, handle, remote, format, _listed(reviewer), _listed(editor))

    asks = here if name == AMEND else with_reason if spec.needs_note else plain
    chosen: Callable[..., None] = with_reviewers if "reviewers" in spec.keys else asks
    chosen.__doc__ = f"{spec.help[0].upper()}{spec.help[1:]}.\n\n{spec.more}"
    return chosen


def _listed(given: list[str] | None) -> list[str]:
    return [part for item in given or () for part in item.split(",") if part]


def _act(
    ctx: typer.Context,
    kind: str,
    part: str,
    note: str,
    handle: str,
    remote: str,
    format: str,
    reviewers: Sequence[str] = (),
    editors: Sequence[str] = (),
) -> None:
    from pmctl.cli.session import now
    from pmctl.workflow.lifecycle import perform

    session: Session = ctx.obj
    workspace, name = session.workspace, session.workspace.find(part)
    session.require_people((*reviewers, *editors))
    if remote:
        from pmctl.services.pmctl_server import connect
        from pmctl.workflow.remote import act_remotely

        actor = session.actor(handle)
        with connect(remote, session.secrets, session.note) as service:
            done = act_remotely(workspace, actor, service, kind, name, note=note, reviewers=reviewers, editors=editors)
        tell(session, done, format)
        return
    if kind == AMEND:
        _show_open(session, name)
    done = perform(
        workspace, session.actor(handle), kind, name, at=now(), note=note, reviewers=reviewers, editors=editors
    )
    tell(session, done, format)


def _show_open(session: Session, name: str) -> None:
    """Show what an amend settles before it is signed: the difference of an unsigned text to the one in force."""
    from pmctl.cli.prompts import ask_yes
    from pmctl.errors import Refused
    from pmctl.text import safe
    from pmctl.workflow.lifecycle import difference_in_force

    difference = difference_in_force(session.workspace, name)
    if not difference:
        return
    session.note("the last commit has another text than the one in force; against that one it says:")
    for line in difference.splitlines():
        session.note(safe(f"  {line}"))
    if session.interactive and not ask_yes("Sign this text?", default=False):
        raise Refused(f"{name} was not amended", hint="edit it first, and amend then")
