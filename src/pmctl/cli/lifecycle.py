"""The acts on a postmortem as commands: submit, approve, publish and the others of `policy.act`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Id, Note, Reason
from pmctl.policy.act import ACTS

if TYPE_CHECKING:
    from pmctl.cli.session import Session

Reviewers = Annotated[
    list[str] | None, typer.Option("--reviewer", "-r", metavar="HANDLE", help="Who is asked to review; repeatable.")
]


def command(name: str) -> Callable[..., None]:
    """The command for the act `name`, with the options that its kind asks for."""
    spec = ACTS[name]

    def plain(ctx: typer.Context, id: Id, note: Note = "", handle: As = "") -> None:
        _act(ctx, name, id, note, handle)

    def with_reason(ctx: typer.Context, id: Id, note: Reason, handle: As = "") -> None:
        _act(ctx, name, id, note, handle)

    def with_reviewers(
        ctx: typer.Context, id: Id, reviewer: Reviewers = None, note: Note = "", handle: As = ""
    ) -> None:
        _act(ctx, name, id, note, handle, [part for item in reviewer or () for part in item.split(",") if part])

    asks = with_reason if spec.needs_note else plain
    chosen: Callable[..., None] = with_reviewers if "reviewers" in spec.keys else asks
    chosen.__doc__ = f"{spec.help[0].upper()}{spec.help[1:]}.\n\n{spec.more}"
    return chosen


def _act(ctx: typer.Context, kind: str, part: str, note: str, handle: str, reviewers: Sequence[str] = ()) -> None:
    from pmctl.cli.session import now
    from pmctl.output.advice import words
    from pmctl.workflow.lifecycle import perform

    session: Session = ctx.obj
    name = session.workspace.find(part)
    done = perform(session.workspace, session.actor(handle), kind, name, at=now(), note=note, reviewers=reviewers)
    session.result(done.sentence)
    for line in done.facts:
        session.note(f"  {line}")
    if done.next_step:
        session.note(f"  next: {words(done.next_step)}")
