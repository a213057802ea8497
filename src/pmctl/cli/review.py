"""diff, review."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Format, Id, OptionalId, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.versions import Version
    from pmctl.output.comparison import Answer

DIFF_FORMATS = ("text", "md", "json", "html")
_Rev = Annotated[str, typer.Option("--from", metavar="REV", help="The earlier version: a commit.")]


def diff(
    ctx: typer.Context,
    id: Id,
    handle: Annotated[
        str, typer.Argument(metavar="[HANDLE]", help="With --since-approval: whose approval; yours without it.")
    ] = "",
    since_approval: Annotated[
        bool, typer.Option("--since-approval", help="What changed since the text that was approved last.")
    ] = False,
    from_: _Rev = "",
    to: Annotated[str, typer.Option("--to", metavar="REV", help="The later version: a commit.")] = "",
    staged: Annotated[bool, typer.Option("--staged", help="The later version is what git's index holds.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 when there is a difference.")] = False,
    format: Annotated[str, typer.Option("--format", metavar="text|md|json|html", help="How it is printed.")] = "text",
) -> None:
    """What changed between two versions of a postmortem, by section, row, cell and word.

    Without options: from the last commit (HEAD) to the work tree, that is what you have not committed. --from alone
    goes to the work tree, --to alone begins at HEAD. --since-approval begins at the text that you, or HANDLE, approved
    last, in any round, and goes to HEAD unless --to or --staged says otherwise.
    """
    from pmctl.errors import NotFound

    session: Session = ctx.obj
    choose_format(format, DIFF_FORMATS)
    _refuse_together(handle=handle, since_approval=since_approval, from_=from_, to=to, staged=staged)
    part, by = _told_apart(session, id, handle.removeprefix("@")) if handle else (id, "")
    name, before, after = _versions(session, part, by, since_approval, from_, to, staged)
    if before.document is None and after.document is None:
        raise NotFound(f"{name} is neither in {before.label} nor in {after.label}", hint="pmctl list shows them all")
    answer = compared(name, before, after)
    tell(session, answer, format)
    if answer.difference.kind == "same" and not (since_approval or from_ or to or staged):
        session.note(f"to compare with what you approved: pmctl diff {name} --since-approval")
    if exit_code and answer.difference.kind != "same":
        raise typer.Exit(1)


def _refuse_together(*, handle: str, since_approval: bool, from_: str, to: str, staged: bool) -> None:
    """Raise UsageProblem for options that do not fit together."""
    from pmctl.errors import UsageProblem

    if handle and not since_approval:
        raise UsageProblem(f"{handle}: a second word is for --since-approval", hint="give one ID")
    if since_approval and from_:
        raise UsageProblem("--since-approval and --from both say where to begin", hint="give one of them")
    if staged and to:
        raise UsageProblem("--staged and --to both say where to end", hint="give one of them")


def _told_apart(session: Session, first: str, second: str) -> tuple[str, str]:
    """(postmortem, handle) of two words, whichever comes first: `diff --since-approval bob ID` is typed as well."""
    people = session.workspace.policy.people
    swapped = second not in people and first.removeprefix("@") in people
    return (second, first.removeprefix("@")) if swapped else (first, second)


def _versions(
    session: Session, part: str, by: str, since_approval: bool, from_: str, to: str, staged: bool
) -> tuple[str, Version, Version]:
    """The postmortem's id and its two versions."""
    from pmctl.insight import versions

    workspace = session.workspace
    name = versions.find(workspace, part)
    if since_approval:
        before = versions.approved(workspace, name, session.known_person(by))
    else:
        before = versions.committed(workspace, name, from_ or "HEAD")
    if staged:
        return name, before, versions.staged(workspace, name)
    if to or since_approval:
        return name, before, versions.committed(workspace, name, to or "HEAD")
    return name, before, versions.in_work_tree(workspace, name)


def compared(name: str, before: Version, after: Version) -> Answer:
    """The difference between two versions, as it is printed."""
    from pmctl.document.comparison import compare
    from pmctl.output.comparison import Answer

    found = compare(before.document, after.document, before.files, after.files)
    return Answer(name, before.label, after.label, found)


def tell(session: Session, answer: Answer, format: str) -> None:
    """Print a difference in one of DIFF_FORMATS."""
    from pmctl.text import visible

    if format == "json":
        session.json("diff", answer)
    elif format == "text":
        from pmctl.output.comparison_text import to_text

        session.result(to_text(answer, width=min(session.width, 100), color=session.colored).rstrip("\n"))
    else:
        from pmctl.output.comparison_pages import to_html, to_markdown

        page = to_markdown(answer) if format == "md" else to_html(answer)
        sys.stdout.write(visible(page) if sys.stdout.isatty() else page)


def review(ctx: typer.Context, id: OptionalId = "", handle: As = "", format: Format = "text") -> None:
    """What waits for your review, since when, how much it is and what changed since you approved it last.

    With ID: shows what is committed, or what changed since you approved, asked for changes or commented last,
    and asks for your decision. What is signed is what was shown. Without a terminal it prints, and says what to type.
    """
    from pmctl.cli import reviewing as shown
    from pmctl.cli.session import now
    from pmctl.insight.review_queue import review_queue
    from pmctl.insight.reviewing import reviewing

    session: Session = ctx.obj
    choose_format(format)
    person = session.known_person(handle)
    if not id:
        queue = review_queue(session.workspace, person)
        if format == "json":
            session.json("review", queue)
        else:
            shown.tell_queue(session, queue, now())
        return
    found = reviewing(session.workspace, session.workspace.find(id), person)
    if format == "json":
        session.json("review-one", found)
        return
    shown.tell_one(session, found)
    if session.interactive and found.may_decide and not found.approved:
        shown.decide(session, found, handle)
    else:
        shown.tell_what_next(session, found)
