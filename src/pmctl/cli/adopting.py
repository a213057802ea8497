"""adopt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import As, Format, Note, choose_format

if TYPE_CHECKING:
    from pmctl.adopt.adopt import Plan, Result
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

    Shows for every document what was recognised, what stays as it is and what a person should settle.
    With --write files inside this repository are moved, others copied, in one commit that can be reverted.
    PUBLISHED and ARCHIVED need --baseline: a record, signed by an admin, that accepts the documents and
    the history before it as found.
    """
    from pmctl.adopt.adopt import AdoptOptions, prepare
    from pmctl.cli.dates import parse_day
    from pmctl.errors import UsageProblem

    session: Session = ctx.obj
    choose_format(format)
    if write and dry_run:
        raise UsageProblem("--write and --dry-run exclude each other")
    wished = status.upper()
    if wished in ("PUBLISHED", "ARCHIVED") and not baseline:
        raise UsageProblem(
            f"--status {wished} needs --baseline: without a signed record the audit reports such documents",
            hint=f"pmctl adopt --status {wished} --baseline -m REASON PATH...  (an admin signs it)",
        )
    if baseline and write and not note.strip():
        raise UsageProblem("--baseline needs a reason", hint="say why with -m TEXT")
    wish = AdoptOptions(wished, split, parse_day(date, "--date"))
    planned = prepare(session.workspace, paths, session.directory, wish, _acting(session, handle))
    commit = _land(session, planned, baseline, note, handle) if write and planned.adopted else ""
    if format == "json":
        session.json("adopt", {"written": bool(commit), "commit": commit, **_as_json(planned)})
    else:
        _show(session, planned, commit)
    problems = any(result.state == "problem" for result in planned.results)
    if problems or not planned.adopted:
        raise typer.Exit(1)


def _acting(session: Session, handle: str) -> str:
    from pmctl.errors import NotFound, Refused
    from pmctl.repository.actor import author_handle, git_config

    policy = session.workspace.policy
    wanted = handle or session.handle or author_handle(policy, git_config(session.repo)) or ""
    if not wanted:
        raise Refused("the policy knows nobody with your git e-mail address", hint="say who you are: --as HANDLE")
    if wanted not in policy.people:
        raise NotFound(f"{wanted} is not in the policy", hint="pmctl people list shows everybody")
    return wanted


def _land(session: Session, planned: Plan, baseline: bool, note: str, handle: str) -> str:
    from pmctl.adopt.adopt import write, write_with_baseline
    from pmctl.cli.session import now
    from pmctl.cli.writing import signing_of
    from pmctl.repository.actor import git_config, identify

    workspace = session.workspace
    if baseline:
        actor = identify(session.repo, workspace.policy, handle or session.handle)
        return write_with_baseline(workspace, planned, actor, at=now(), note=note).oid
    return write(workspace, planned, signing_of(git_config(session.repo))).oid


def _as_json(planned: Plan) -> dict[str, object]:
    return {
        "documents": [
            {
                "source": result.source,
                "state": result.state,
                "reason": result.reason,
                "id": result.adoption.id if result.adoption else None,
                "path": result.adoption.path if result.adoption else None,
                "recognised": [
                    {"what": one.what, "value": one.value, "from": one.origin} for one in result.adoption.recognised
                ] if result.adoption else [],
                "kept": list(result.adoption.kept) if result.adoption else [],
                "questions": list(result.adoption.questions) if result.adoption else [],
                "confidence": result.adoption.confidence if result.adoption else None,
                "moved": result.moved,
                "attachments": list(result.attachments),
            }
            for result in planned.results
        ]
    }  # fmt: skip


def _show(session: Session, planned: Plan, commit: str) -> None:
    for result in planned.results:
        for line in _lines(result):
            session.result(line)
    counts = {
        state: sum(result.state == state for result in planned.results) for state in ("adopt", "skipped", "problem")
    }
    questions = sum(len(one.questions) for one in planned.adopted)
    verb = "adopted" if commit else "can be adopted"
    summary = (
        f"{counts['adopt']} {verb}, {counts['skipped']} skipped, {counts['problem']} with a problem; "
        f"{questions} questions"
    )
    session.result(summary)
    if commit:
        session.note(f"  commit {commit[:12]}; undo it: git revert {commit[:12]}")
        session.note("  next: pmctl validate, then answer the questions with pmctl edit ID")
    elif planned.adopted:
        session.note("  nothing was changed; do it: the same command with --write")


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
