"""adopt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Format, Note, choose_format

if TYPE_CHECKING:
    from pmctl.adopt.plan import Plan, Result
    from pmctl.cli.session import Session


def adopt(
    ctx: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, or folders to search for them.")],
    write: Annotated[
        bool, typer.Option("--write", help="Do it, as one commit. Without it only the plan is shown.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing (the default).")] = False,
    status: Annotated[str, typer.Option("--status", metavar="S", help="DRAFT, PUBLISHED or ARCHIVED.")] = "DRAFT",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Sign a record that accepts the documents as found (admins).")
    ] = False,
    split: Annotated[bool, typer.Option("--split", help="Make one postmortem of each incident in a file.")] = False,
    date: Annotated[str, typer.Option("--date", metavar="DATE", help="The day of the incident, for one file.")] = "",
    note: Note = "",
    handle: As = "",
    format: Format = "text",
) -> None:
    """Bring existing Markdown postmortems under management, without losing a line of them.

    Shows for every document what was recognised, what stays as it is and which questions a person should answer.
    With --write, files inside this repository are moved and others copied, in one commit that can be reverted.
    PUBLISHED and ARCHIVED need --baseline: a record, signed by an admin, that accepts the documents and
    the history before it as found.
    """
    from pmctl.adopt.plan import AdoptOptions, plan
    from pmctl.cli.dates import parse_day
    from pmctl.errors import NotFound, UsageProblem

    session: Session = ctx.obj
    choose_format(format)
    if write and dry_run:
        raise UsageProblem("--write and --dry-run cannot be used together")
    wished = status.upper()
    if wished in ("PUBLISHED", "ARCHIVED") and not baseline:
        raise UsageProblem(
            f"--status {wished} needs --baseline: the audit reports such documents without a signed record",
            hint=f"pmctl adopt --status {wished} --baseline -m REASON PATH...  (an admin signs it)",
        )
    if baseline and write and not note.strip():
        raise UsageProblem("--baseline needs a reason", hint="say why with -m TEXT")
    options = AdoptOptions(wished, split, parse_day(date, "--date"))
    person = session.known_person(handle)
    if person not in session.workspace.policy.people:
        raise NotFound(f"{person} is not in the policy", hint="pmctl people list shows everybody")
    planned = plan(session.workspace, paths, session.directory, options, person)
    commit = _land(session, planned, baseline, note, handle) if write and planned.adopted else ""
    if format == "json":
        session.json("adopt", {"written": bool(commit), "commit": commit, **_as_json(planned)})
    else:
        _show(session, planned, commit)
    problems = any(result.state == "problem" for result in planned.results)
    if problems or not planned.adopted:
        raise typer.Exit(1)


def _land(session: Session, planned: Plan, baseline: bool, note: str, handle: str) -> str:
    from pmctl.adopt.write import write, write_with_baseline
    from pmctl.cli.session import now

    if baseline:
        return write_with_baseline(session.workspace, planned, session.actor(handle), at=now(), note=note).oid
    return write(session.workspace, planned, session.signing()).oid


def _as_json(planned: Plan) -> dict[str, object]:
    return {"documents": [_document_as_json(result) for result in planned.results]}


def _document_as_json(result: Result) -> dict[str, object]:
    adoption = result.adoption
    recognised = adoption.recognised if adoption else ()
    return {
        "source": result.source,
        "state": result.state,
        "reason": result.reason,
        "id": adoption.id if adoption else None,
        "path": adoption.path if adoption else None,
        "recognised": [{"what": one.what, "value": one.value, "from": one.origin} for one in recognised],
        "kept": adoption.kept if adoption else [],
        "questions": adoption.questions if adoption else [],
        "confidence": adoption.confidence if adoption else None,
        "moved": result.moved,
        "attachments": result.attachments,
    }


def _show(session: Session, planned: Plan, commit: str) -> None:
    for result in planned.results:
        for line in _lines(result):
            session.result(line)
    counts = Counter(result.state for result in planned.results)
    questions = sum(len(one.questions) for one in planned.adopted)
    session.result(
        f"{counts['adopt']} {'adopted' if commit else 'can be adopted'}, {counts['skipped']} skipped, "
        f"{counts['problem']} with a problem; {questions} questions"
    )
    if commit:
        session.note(f"  commit {commit[:12]}; to undo it: git revert {commit[:12]}")
        session.note("  next: pmctl validate, then answer the questions with pmctl edit ID")
    elif planned.adopted:
        session.note("  nothing was changed; to do it, run the same command with --write")


def _lines(result: Result) -> list[str]:
    from pmctl.text import safe

    adoption = result.adoption
    if adoption is None:
        return [safe(f"{result.source}: {result.state}: {result.reason}")]
    verb = "moves to" if result.moved else "is copied to"
    lines = [f"{result.source}  (confidence {adoption.confidence:.2f})", f"  {verb} {adoption.path}"]
    lines += [f"  recognised  {one.what}: {one.value}  ({one.origin})" for one in adoption.recognised]
    lines += [f"  attachment  {name}" for name in result.attachments]
    lines += [f"  kept        {text}" for text in adoption.kept]
    lines += [f"  question    {text}" for text in adoption.questions]
    return [safe(line) for line in lines]
