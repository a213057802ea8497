"""comment add, reply, resolve, reopen, list."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, OptionalId, choose_format
from pmctl.text import plural, safe, safe_block, visible

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.document.comment import MessageKind
    from pmctl.insight.discussion import ListedThread
    from pmctl.workflow.comment import Speaker

app = typer.Typer(
    help="Discuss a postmortem: begin threads, answer, resolve them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
_Thread = Annotated[str, typer.Argument(metavar="THREAD", help="The thread's id, or any part of it that only it has.")]
_Text = Annotated[
    str | None, typer.Option("-m", "--message", metavar="TEXT", help="What you say; opens $EDITOR if not given.")
]
_Word = Annotated[str, typer.Option("-m", "--message", metavar="TEXT", help="What you say with it.")]


@app.command()
def add(
    ctx: typer.Context,
    id: Id,
    section: Annotated[str, typer.Option("--section", metavar="NAME", help="The section that it is about.")] = "",
    quote: Annotated[
        str, typer.Option("--quote", metavar="TEXT", help="Words of that section; the thread stays with them.")
    ] = "",
    text: _Text = None,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Begin a thread about a postmortem, in one commit. It has to be resolved before publishing.

    Without --section it is about the postmortem as a whole. No approval becomes stale by a comment.
    """
    from pmctl.cli.session import now
    from pmctl.workflow import comment

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(id)
    who = speaker(session, handle)
    about = [name, *([f"{section}: {quote}" if quote else section] if section else [])]
    said = text if text is not None else comment.typed(session.surroundings, about)
    done = comment.begin(workspace, who, name, said, session.signing(), at=now(), section=section, quote=quote)
    tell(session, done.done, format)


@app.command()
def reply(ctx: typer.Context, thread: _Thread, text: _Text = None, handle: As = "", format: ActFormat = "text") -> None:
    """Answer in a thread."""
    from pmctl.document.comment import MessageKind

    _answer(ctx, thread, MessageKind.COMMENT, text, handle, format)


@app.command()
def resolve(ctx: typer.Context, thread: _Thread, text: _Word = "", handle: As = "", format: ActFormat = "text") -> None:
    """Say that a thread is settled: whoever began it, the author, editors and admins may."""
    from pmctl.document.comment import MessageKind

    _answer(ctx, thread, MessageKind.RESOLVE, text, handle, format)


@app.command()
def reopen(ctx: typer.Context, thread: _Thread, text: _Word = "", handle: As = "", format: ActFormat = "text") -> None:
    """Say that a thread is not settled after all: whoever may resolve it may."""
    from pmctl.document.comment import MessageKind

    _answer(ctx, thread, MessageKind.REOPEN, text, handle, format)


@app.command("list")
def list_(
    ctx: typer.Context,
    id: OptionalId = "",
    unresolved: Annotated[bool, typer.Option("--unresolved", help="Only threads that are open.")] = False,
    mentions_me: Annotated[
        bool, typer.Option("--mentions-me", help="Only threads in which you are addressed.")
    ] = False,
    handle: As = "",
    format: Annotated[
        str, typer.Option("--format", metavar="text|json|jsonl", help="How the answer is printed.")
    ] = "text",
) -> None:
    """The threads of one postmortem, or of all, as they are in the last commit; the oldest first."""
    from pmctl.insight.discussion import Discussions, listed, postmortems_discussed, unreadable

    session: Session = ctx.obj
    choose_format(format, ("text", "json", "jsonl"))
    workspace = session.workspace
    me = session.known_person(handle) if mentions_me else ""
    docs = [workspace.find(id)] if id else postmortems_discussed(workspace.head)
    found = tuple(
        one
        for one in listed(workspace.head, docs)
        if not (unresolved and one.resolved) and (not me or one.addresses(me))
    )
    if format == "json":
        session.json("discussions", Discussions(found))
    elif format == "jsonl":
        from pmctl.output.answers import plain
        from pmctl.output.rows import to_jsonl

        text = to_jsonl(plain(one) for one in found)
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    else:
        show_threads(session, found, named=not id)
        open_ones = sum(not one.resolved for one in found)
        session.note(f"{plural(len(found), 'thread')}, {open_ones} unresolved")
    for problem in unreadable(workspace.head, docs):
        session.warn(f"{problem.path}:{problem.line}: {problem.code} {problem.message}")


def show_threads(session: Session, found: Sequence[ListedThread], *, named: bool, new: Collection[str] = ()) -> None:
    """Print threads with their messages; `named` says of which postmortem each is, `new` messages are marked."""
    for one in found:
        where = one.now_in or one.section or "the whole postmortem"
        state = f"resolved by {one.resolved_by}" if one.resolved else "open"
        moved = {"current": "", "changed": ", the text around it has changed", "moved": f", moved from {one.section}"}
        anchor = moved.get(one.anchor, ", outdated: the text is gone")
        name = f"{one.postmortem}  " if named else ""
        session.result(safe(f"{one.short}  {name}{where}  {state}{anchor}"))
        if one.quote:
            session.result(safe(f"    > {one.quote}"))
        for message in one.messages:
            verb = {"resolve": " resolves", "reopen": " reopens"}.get(message.kind, "")
            why = "older than its thread" if message.at < one.began else "may not"
            mark = " (new)" if message.id in new else ""
            mark += "" if message.counts else f" ({why}, and it does not count)"
            lines = safe_block(message.text).split("\n") if message.text else []
            head = f"{message.at[:10]} {message.at[11:16]}  {message.by}{verb}{mark}"
            session.result(safe(f"    {head}: {lines[0]}" if lines else f"    {head}"))
            for line in lines[1:]:
                session.result(f"      {line}".rstrip())


def _answer(ctx: typer.Context, thread: str, kind: MessageKind, text: str | None, handle: str, format: str) -> None:
    from pmctl.cli.session import now
    from pmctl.insight.discussion import find_thread
    from pmctl.workflow import comment

    session: Session = ctx.obj
    workspace, who = session.workspace, speaker(session, handle)
    if text is None:
        name, found = find_thread(workspace.head, thread)
        said = [f"{one.by}: {line}" for one in found.messages for line in one.text.split("\n")]
        text = comment.typed(session.surroundings, [name, *said])
    done = comment.answer(workspace, who, thread, kind, text, session.signing(), at=now())
    tell(session, done.done, format)


def speaker(session: Session, handle: str) -> Speaker:
    """In whose name something is said, and whom the commit will name."""
    from pmctl.policy.model import person_by_email
    from pmctl.repository.actor import git_config
    from pmctl.workflow.comment import Speaker

    email = session.author or git_config(session.repo).get("user.email", "")
    return Speaker(session.known_person(handle), person_by_email(session.workspace.policy, email) or "")
