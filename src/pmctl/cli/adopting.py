"""adopt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.answering import tell
from pmctl.cli.options import As, Format, Note, choose_format, chosen_day

if TYPE_CHECKING:
    from pmctl.adopt.plan import Plan, Result
    from pmctl.cli.session import Session
    from pmctl.output.answers import AdoptedDocuments
    from pmctl.repository.transaction import CommitResult
    from pmctl.workflow.done import Done


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
    options = AdoptOptions(wished, split, chosen_day(date, "--date"))
    person = session.known_person(handle)
    if person not in session.workspace.policy.people:
        raise NotFound(f"{person} is not in the policy", hint="pmctl people list shows everybody")
    planned = plan(session.workspace, paths, session.directory, options, person)
    landed = _land(session, planned, baseline, note, handle) if write and planned.adopted else None
    done = _done(planned, landed, person)
    if format == "json":
        session.json("adopt", _answer(session, planned, done))
    else:
        _show(session, planned)
        tell(session, done)
    problems = any(result.state == "problem" for result in planned.results)
    if problems or not planned.adopted:
        raise typer.Exit(1)


def _land(session: Session, planned: Plan, baseline: bool, note: str, handle: str) -> CommitResult:
    from pmctl.adopt.write import write, write_with_baseline
    from pmctl.cli.session import now

    if baseline:
        return write_with_baseline(session.workspace, planned, session.actor(handle), at=now(), note=note)
    return write(session.workspace, planned, session.signing())


def _done(planned: Plan, landed: CommitResult | None, by: str) -> Done:
    from pmctl.errors import advise
    from pmctl.workflow.done import Done

    counts = Counter(result.state for result in planned.results)
    questions = sum(len(one.questions) for one in planned.adopted)
    sentence = (
        f"{counts['adopt']} {'adopted' if landed else 'can be adopted'}, {counts['skipped']} skipped, "
        f"{counts['problem']} with a problem; {questions} questions"
    )
    facts: tuple[str, ...] = ()
    if landed:
        facts = (f"commit {landed.oid[:12]}; to undo it: git revert {landed.oid[:12]}",)
    elif planned.adopted:
        facts = ("nothing was changed; to do it, run the same command with --write",)
    step = advise("answer-questions") if landed else ""
    return Done(act="adopt", id="", by=by, sentence=sentence, landed=landed, facts=facts, next_step=step)


def _answer(session: Session, planned: Plan, done: Done) -> AdoptedDocuments:
    from pmctl.cli.answering import answer
    from pmctl.output.answers import AdoptedDocument, AdoptedDocuments, Recognised, pick

    nothing = {"id": None, "path": None, "recognised": (), "kept": (), "questions": (), "confidence": None}
    documents = []
    for result in planned.results:
        facts: dict[str, object] = dict(nothing)
        if result.adoption is not None:
            facts = {name: getattr(result.adoption, name) for name in nothing}
            facts["recognised"] = [Recognised(one.what, one.value, one.origin) for one in result.adoption.recognised]
        documents.append(pick(AdoptedDocument, result, **facts))
    return AdoptedDocuments(bool(done.commit), done.commit, documents, answer(session, done))


def _show(session: Session, planned: Plan) -> None:
    for result in planned.results:
        for line in _lines(result):
            session.result(line)


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
