"""submit, approve, request-changes, withdraw, publish, amend, archive, reopen, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Id, Note, Reason

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.workflow.lifecycle import Done


def submit(
    ctx: typer.Context,
    id: Id,
    reviewer: Annotated[
        list[str] | None, typer.Option("--reviewer", "-r", metavar="HANDLE", help="Who is asked to review; repeatable.")
    ] = None,
    note: Note = "",
    handle: As = "",
) -> None:
    """Ask for review: DRAFT -> IN_REVIEW. On a postmortem in review it asks further reviewers."""
    _act(ctx, "submit", id, note, handle, tuple(part for item in reviewer or () for part in item.split(",") if part))


def approve(ctx: typer.Context, id: Id, note: Note = "", handle: As = "") -> None:
    """Sign exactly this content. An edit afterwards makes the approval stale."""
    _act(ctx, "approve", id, note, handle)


def request_changes(ctx: typer.Context, id: Id, note: Reason, handle: As = "") -> None:
    """Send it back to its author with a reason: IN_REVIEW -> DRAFT."""
    _act(ctx, "request-changes", id, note, handle)


def withdraw(ctx: typer.Context, id: Id, note: Note = "", handle: As = "") -> None:
    """Take your own submission back: IN_REVIEW -> DRAFT."""
    _act(ctx, "withdraw", id, note, handle)


def publish(ctx: typer.Context, id: Id, note: Note = "", handle: As = "") -> None:
    """IN_REVIEW -> PUBLISHED, when every reviewer has approved exactly this content and it is complete."""
    _act(ctx, "publish", id, note, handle)


def amend(ctx: typer.Context, id: Id, note: Reason, handle: As = "") -> None:
    """Put your edit of a published or archived postmortem on the record (admins).

    Edit the file first, then amend: the changes of the work tree are committed with the signed record.
    """
    _act(ctx, "amend", id, note, handle)


def archive(ctx: typer.Context, id: Id, note: Note = "", handle: As = "") -> None:
    """PUBLISHED -> ARCHIVED (admins)."""
    _act(ctx, "archive", id, note, handle)


def reopen(ctx: typer.Context, id: Id, note: Reason, handle: As = "") -> None:
    """PUBLISHED or ARCHIVED -> DRAFT, for a new round of review (admins)."""
    _act(ctx, "reopen", id, note, handle)


def delete(ctx: typer.Context, id: Id, note: Reason, handle: As = "") -> None:
    """Remove a postmortem and its attachments, on the record (admins). History keeps it."""
    _act(ctx, "delete", id, note, handle)


def _act(ctx: typer.Context, kind: str, part: str, note: str, handle: str, reviewers: tuple[str, ...] = ()) -> None:
    from pmctl.cli.session import now
    from pmctl.repository.actor import identify
    from pmctl.workflow.lifecycle import perform

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(part)
    actor = identify(session.repo, workspace.policy, session.surroundings, handle or session.handle)
    done = perform(workspace, actor, kind, name, at=now(), note=note, reviewers=reviewers)
    _tell(session, done)


def _tell(session: Session, done: Done) -> None:
    session.result(done.sentence)
    for line in done.facts:
        session.note(f"  {line}")
    if done.next_step:
        session.note(f"  next: {done.next_step}")
