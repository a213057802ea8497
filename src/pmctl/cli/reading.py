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


def show(
    ctx: typer.Context,
    id: Id,
    section: Annotated[str, typer.Option("--section", metavar="NAME", help="Only this section.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="REV", help="As it was in this commit.")] = "",
    format: Format = "text",
) -> None:
    """One postmortem, or one section of it, as it stands in the work tree or stood in a commit.

    State, author and reviewers are those that signed records prove; what the file says otherwise is marked.
    """
    from pmctl import git
    from pmctl.errors import NotFound
    from pmctl.insight.added_items import added_later
    from pmctl.insight.standing import shown
    from pmctl.output.markdown import marked

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    if at:
        from pmctl.document.fields import is_id

        revision = git.resolve(session.repo.top, at)
        name = id if is_id(id) else workspace.find(id)
        found = shown(workspace.at(revision), workspace.read_at(name, revision), name)
    else:
        name = workspace.find(id)
        found = shown(workspace.head, workspace.read(name), name)
    document = found.document
    for mark in found.marks:
        session.warn(f"{name}: {mark}")
    for later in added_later(workspace.at(at or "HEAD"), name):
        session.note(f"{later.item} was added after publication by {later.by}, {later.at[:10]}")
    if section:
        part = document.section(section)
        if part is None:
            known = tuple(entry.title for entry in document.sections)
            raise NotFound(f"{document.id} has no section {section!r}", hint="name one of these", details=known)
        body = part.text.strip("\r\n") + "\n"
        if format == "json":
            from pmctl.output.answers import Section

            session.json("section", Section(document.id, part.title, part.line, body))
            return
        session.result(terminal.postmortem(body, body, (), width=session.width, color=session.colored).rstrip("\n"))
        return
    if format == "json":
        from pmctl.output.json_export import to_json

        session.result(to_json(document, marks=found.marks, approved=found.approved).rstrip("\n"))
        return
    facts = _facts(document, name, found.approved) if session.width else ()
    source, body = (marked(text, found.marks) for text in (document.text, document.body))
    text = terminal.postmortem(source, body, facts, width=session.width, color=session.colored)
    session.result(text.rstrip("\n"))


def log(ctx: typer.Context, id: Id, format: Format = "text") -> None:
    """Who did what when, newest last, with the verdict on every step."""
    from pmctl.insight.history import history

    session: Session = ctx.obj
    choose_format(format)
    workspace = session.workspace
    found = history(session.repo, workspace.find(id))
    if format == "json":
        session.json("log", found)
        return
    for entry in found.events:
        mark = {one: one for one in ("ok", "late", "waived", "warning")}.get(entry.verdict, "VIOLATION")
        session.result(safe(f"{entry.commit[:12]}  {entry.at}  {mark:<9}  {entry.who}: {entry.what}"))
        for line in (*([entry.note] if entry.note else ()), *entry.findings):
            session.result(safe(f"{'':14}{line}"))
    if found.incomplete:
        shallow = "clone" in found.incomplete
        fix = "git fetch --unshallow brings the rest" if shallow else "git fsck shows what is damaged"
        session.warn(f"the history is incomplete ({found.incomplete}): {fix}")


def _facts(document: Document, name: str, approved: Sequence[str]) -> tuple[tuple[str, str], ...]:
    from pmctl.document.fields import FIELD

    meta = document.meta
    shown = ("status", "author", "reviewers", "severity", "services", "started_at", "resolved_at")
    facts = [("id", name)]
    for key in shown:
        value = meta.get(key)
        if value:
            facts.append(
                (FIELD[key].name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
            )
        if key == "reviewers" and approved:
            facts.append(("approved by", ", ".join(approved)))
    return tuple(facts)
