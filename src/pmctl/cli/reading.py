"""show, log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, Id, choose_format
from pmctl.output import terminal
from pmctl.text import safe

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.document.reader import Document
    from pmctl.insight.discussion import ListedThread
    from pmctl.ledger.snapshot import Snapshot


def show(
    ctx: typer.Context,
    id: Id,
    section: Annotated[str, typer.Option("--section", metavar="NAME", help="Only this section.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="REV", help="As it was in this commit.")] = "",
    comments: Annotated[bool, typer.Option("--comments", help="With what is said about it, as committed.")] = False,
    format: Format = "text",
) -> None:
    """One postmortem, or one section of it, as it stands in the work tree or stood in a commit.

    State, author and reviewers are those that signed records prove; what the file says otherwise is marked.
    """
    from pmctl import git
    from pmctl.insight.added_items import added_later
    from pmctl.insight.standing import shown
    from pmctl.output.markdown import marked

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    snapshot = workspace.head
    if at:
        from pmctl.document.fields import is_id

        revision = git.resolve(session.repo.top, at)
        name = id if is_id(id) else workspace.find(id)
        snapshot = workspace.at(revision)
        found = shown(snapshot, workspace.read_at(name, revision), name)
    else:
        name = workspace.find(id)
        found = shown(snapshot, workspace.read(name), name)
    threads = _threads(snapshot, name, section) if comments else ()
    _warn_of_removed(session, snapshot, name, asked=comments)
    document = found.document
    for mark in found.marks:
        session.warn(f"{name}: {mark}")
    for later in added_later(workspace.at(at or "HEAD"), name):
        session.note(f"{later.item} was added after publication by {later.by}, {later.at[:10]}")
    if section:
        _show_section(session, document, section, format)
        if format != "json":
            _show_discussion(session, threads, asked=comments)
        session.end_if_incomplete(found.incomplete)
        return
    if format == "json":
        from pmctl.output.answers import plain
        from pmctl.output.json_export import to_json

        said = [plain(one) for one in threads] if comments else None
        text = to_json(document, marks=found.marks, approved=found.approved, discussion=said)
        session.json_made("postmortem", text)
        session.end_if_incomplete(found.incomplete)
        return
    facts = _facts(document, name, found.approved) if session.width else ()
    source, body = (marked(text, found.marks) for text in (document.text, document.body))
    text = terminal.postmortem(source, body, facts, width=session.width, color=session.colored)
    session.result(text.rstrip("\n"))
    _show_discussion(session, threads, asked=comments)
    session.end_if_incomplete(found.incomplete)


def _show_section(session: Session, document: Document, section: str, format: str) -> None:
    from pmctl.errors import NotFound

    part = document.section(section)
    if part is None:
        known = tuple(entry.title for entry in document.sections)
        raise NotFound(f"{document.id} has no section {section!r}", hint="name one of these", details=known)
    body = part.text.strip("\r\n") + "\n"
    if format == "json":
        from pmctl.output.answers import Section

        session.json("section", Section(document.id, part.title, part.line, body))
    else:
        session.result(terminal.postmortem(body, body, (), width=session.width, color=session.colored).rstrip("\n"))


def _threads(snapshot: Snapshot, name: str, section: str) -> tuple[ListedThread, ...]:
    """What is said about a postmortem, or about one section of it as it is now."""
    from pmctl.insight.discussion import listed

    wanted = section.casefold()
    return tuple(one for one in listed(snapshot, (name,)) if not wanted or one.now_in.casefold() == wanted)


def _warn_of_removed(session: Session, snapshot: Snapshot, name: str, *, asked: bool) -> None:
    from pmctl.insight.discussion import removed

    for said in removed(snapshot, (name,)) if asked else ():
        session.warn(said)


def _show_discussion(session: Session, threads: Sequence[ListedThread], *, asked: bool) -> None:
    if not asked:
        return
    from pmctl.cli.comment import show_threads

    session.result("\nDiscussion" if threads else "\nNobody has commented on it.")
    show_threads(session, threads, named=False)


def log(ctx: typer.Context, id: Id, format: Format = "text") -> None:
    """Who did what when, newest last, with the verdict on every step, and what is not pushed yet.

    Exit code 2 when the history is not all there.
    """
    from pmctl.insight.history import history
    from pmctl.insight.unlanded import unlanded_records
    from pmctl.objects import CorruptObject, MissingObject

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    name = workspace.find(id, deleted=True)
    try:
        unlanded = unlanded_records(workspace)
    except (MissingObject, CorruptObject):
        unlanded = frozenset()  # a clone that lacks objects: the history says so
    found = history(session.repo, name, unlanded)
    if format == "json":
        session.json("log", found)
    else:
        for entry in found.events:
            mark = {one: one for one in ("ok", "late", "waived", "warning")}.get(entry.verdict, "VIOLATION")
            session.result(safe(f"{entry.commit[:12]}  {entry.at}  {mark:<9}  {entry.who}: {entry.what}"))
            pushed = [] if entry.pushed else ["not pushed yet"]
            for line in (*([entry.note] if entry.note else ()), *entry.findings, *pushed):
                session.result(safe(f"{'':14}{line}"))
        if found.detached:
            session.note("HEAD is detached: this is the history of the commit that is checked out, not of a branch")
    session.end_if_incomplete(found.incomplete)


def _facts(document: Document, name: str, approved: Sequence[str]) -> tuple[tuple[str, str], ...]:
    from pmctl.document.fields import FIELD

    meta = document.meta
    shown = ("status", "author", "reviewers", "severity", "services", "started_at", "resolved_at")
    facts = [("title", document.title or name), ("id", name)]
    for key in shown:
        value = meta.get(key)
        if value:
            facts.append(
                (FIELD[key].name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
            )
        if key == "reviewers" and approved:
            facts.append(("approved by", ", ".join(approved)))
    return tuple(facts)
