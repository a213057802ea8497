"""new, edit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import ActFormat, tell
from pmctl.cli.options import As, Id, chosen_day

if TYPE_CHECKING:
    from datetime import date

    from pmctl.cli.session import Session
    from pmctl.repository.transaction import CommitResult
    from pmctl.services.draft import Draft
    from pmctl.services.incident import Incident
    from pmctl.workflow.create import Created
    from pmctl.workflow.done import Done

_Many = list[str] | None


def new(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="[TITLE]", help="What happened, in a few words.")] = "",
    from_: Annotated[
        _Many,
        typer.Option("--from", metavar="FILE|-|SOURCE:ID", help="An incident record; repeat for several. - is stdin."),
    ] = None,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Which system wrote the record.")] = "",
    incident: Annotated[
        _Many, typer.Option("--incident", metavar="ID", help="Take this incident of a record that lists several.")
    ] = None,
    allow_open: Annotated[bool, typer.Option("--allow-open", help="Also from an incident not yet resolved.")] = False,
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="See pmctl template list.")] = "",
    date: Annotated[str, typer.Option("--date", metavar="DATE", help="The day of the incident.")] = "",
    author: Annotated[str, typer.Option("--author", metavar="HANDLE", help="Who writes it; you, unless given.")] = "",
    severity: Annotated[str, typer.Option("--severity", metavar="SEV", help="As your team names it.")] = "",
    urgency: Annotated[str, typer.Option("--urgency", metavar="U", help="HIGH, MEDIUM or LOW.")] = "",
    service: Annotated[_Many, typer.Option("--service", metavar="NAME", help="An affected service.")] = None,
    team: Annotated[_Many, typer.Option("--team", metavar="NAME", help="A team that it belongs to.")] = None,
    tag: Annotated[_Many, typer.Option("--tag", metavar="TAG", help="A label.")] = None,
    field: Annotated[_Many, typer.Option("--field", metavar="KEY=VALUE", help="A custom field.")] = None,
    no_commit: Annotated[bool, typer.Option("--no-commit", help="Write the file, do not commit it.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Create a postmortem in state DRAFT, from scratch or from an incident record.

    From a record, title, summary, timeline, services, severity, times and participants are filled in;
    the rest stays the template's prompts.
    """
    from pmctl.cli.session import today
    from pmctl.workflow.create import NewPostmortem, land, plan, write_only

    session: Session = ctx.obj
    workspace = session.workspace
    draft = _draft(session, from_ or [], source, tuple(incident or ()), allow_open)
    if not title and not (draft and draft.front.get("title")) and session.interactive:
        from pmctl.cli.prompts import ask_new

        answers = ask_new(workspace, title, severity, urgency, tuple(service or ()))
        title, severity, urgency, service = answers.title, answers.severity, answers.urgency, list(answers.services)
    writer = known_author(session, author or session.person(handle))
    wanted = NewPostmortem(
        title, _past_day(date, today()), writer, template, severity, urgency,
        _split(service), _split(team), _split(tag), _fields(field or []),
    )  # fmt: skip
    created = plan(workspace, wanted, draft, today=today())
    if no_commit:
        write_only(workspace, created)
        landed = None
    else:
        landed = land(workspace, created, session.signing())
    tell(session, _done(created, writer, landed), format)
    if draft is not None:
        from pmctl.cli.similar import tell_of
        from pmctl.insight.similar import terms_of

        tell_of(session, terms_of(created.data, created.path), created.id)


def _past_day(text: str, today: date) -> date | None:
    """The day of the incident. Raises UsageProblem for one that is still to come."""
    from pmctl.errors import UsageProblem

    day = chosen_day(text, "--date")
    if day is not None and day > today:
        raise UsageProblem(f"--date {text}: lies in the future", hint="give the day of the incident, or leave it out")
    return day


def _done(created: Created, by: str, landed: CommitResult | None) -> Done:
    from pmctl.document.fields import Status
    from pmctl.errors import advise
    from pmctl.workflow.done import Done

    facts = [f"template: {created.template}{f', for {created.why}' if created.why else ''}"]
    if created.filled:
        facts.append(f"filled in from the record: {', '.join(created.filled)}")
    return Done(
        act="new",
        id=created.id,
        by=by,
        sentence=created.path,
        landed=landed,
        after=Status.DRAFT.value,
        facts=tuple(facts),
        warnings=created.warnings,
        next_step=advise("edit-then-status", id=created.id),
    )


def edit(
    ctx: typer.Context,
    id: Id,
    note: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="What the commit's message says of the change.")
    ] = "",
    no_commit: Annotated[bool, typer.Option("--no-commit", help="Leave the change uncommitted.")] = False,
    handle: As = "",
    format: ActFormat = "text",
) -> None:
    """Open a postmortem in $VISUAL or $EDITOR, show what validation says, and commit the change.

    Says first who asked for which changes, whether you may change it, and whose approvals a change makes stale.
    """
    from pmctl.cli.checking import report_one
    from pmctl.workflow.editing import (
        before_editing,
        changes_asked_for,
        commit_edit,
        edited,
        made_stale,
        open_editor,
        uncommitted_attachments,
    )

    session: Session = ctx.obj
    workspace = session.workspace
    name = workspace.find(id)
    by = session.person(handle)
    if asked := changes_asked_for(workspace, name):
        session.note(asked)
    told = before_editing(workspace, by, name)
    for sentence in told:
        session.warn(sentence)
    changed = open_editor(workspace, name, session.surroundings)
    left = uncommitted_attachments(workspace, name)
    if left:
        told = (*told, f"edit commits the text alone; attachments that are not committed: {', '.join(left)}")
        session.warn(told[-1])
    failed, findings = report_one(session, name, silent=format == "json")
    commits = changed and not no_commit
    if commits and (stale := made_stale(workspace, name)):
        commits = _commits_all_the_same(session, f"this edit changes what {stale} approved: they have to read it again")
    landed = commit_edit(workspace, by, name, note, session.signing()) if commits else None
    done = edited(workspace, by, name, landed, changed=changed, failed=failed)
    tell(session, replace(done, warnings=(*told, *findings)) if format == "json" else done, format)


def _commits_all_the_same(session: Session, sentence: str) -> bool:
    """Whether to commit an edit that makes approvals stale: asked at a terminal, said everywhere else."""
    if not session.interactive:
        session.warn(sentence)
        return True
    from pmctl.cli.prompts import ask_yes

    return ask_yes(f"{sentence}. Commit it?")


def _draft(session: Session, names: list[str], source: str, only: tuple[str, ...], allow_open: bool) -> Draft | None:
    if not names:
        return None
    from pmctl.errors import Refused
    from pmctl.workflow.create import draft_of

    record = read_incident(session, names, source, only)
    if not record.resolved and not allow_open:
        named = repr(record.id or record.title) if record.id or record.title else "of this record"
        raise Refused(
            f"the incident {named} is not resolved yet (status: {record.status or 'unknown'})",
            hint="write it up when it is over, or give --allow-open",
        )
    return draft_of(session.workspace, record)


def read_incident(session: Session, names: list[str], source: str, only: tuple[str, ...]) -> Incident:
    """The incident of these files, `-` or SOURCE:ID names, several merged into one."""
    from pmctl.cli.session import now
    from pmctl.services.registry import read_records

    return read_records(record_files(session, names), source or None, only=only, now=now(), lacking=session.warn)


def record_files(session: Session, names: list[str]) -> list[tuple[str, bytes]]:
    """(name, bytes) of these files, of standard input for `-`, and of what a SOURCE:ID fetches."""
    from pmctl.services.fetch import fetch_reference, looks_like_reference
    from pmctl.services.parsing import load_files

    files: list[tuple[str, bytes]] = []
    for name in names:
        if looks_like_reference(name) and not Path(name).exists():
            files.extend(fetch_reference(name, session.secrets, session.note))
        else:
            files.extend(load_files([name], sys.stdin.buffer))
    return files


def known_author(session: Session, handle: str) -> str:
    """`handle` when the policy has such a person. Raises NotFound when it has not, Refused when nobody is named."""
    from pmctl.errors import Refused

    handle = handle.removeprefix("@")
    session.require_people([handle])
    if handle:
        return handle
    raise Refused(
        "the policy knows nobody with your git e-mail address",
        hint="anybody whom the policy knows may create one: give --author HANDLE (pmctl people list), or have an admin "
        "add you (pmctl people join)",
    )


def _split(values: list[str] | None) -> tuple[str, ...]:
    parts = (part.strip() for value in values or () for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _fields(pairs: list[str]) -> dict[str, str]:
    from pmctl.errors import UsageProblem

    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageProblem(f"--field {pair}: not KEY=VALUE")
        found[key.strip()] = value
    return found
