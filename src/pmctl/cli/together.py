"""merge, sync: what several people wrote becomes one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.options import Format, choose_format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmctl.cli.session import Session
    from pmctl.ledger.report import AuditFinding
    from pmctl.output.answers import AuditFinding as AuditRow
    from pmctl.output.answers import MergedFile
    from pmctl.workflow.merging import FileMerge, Outcome


def merge(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="[FILE|BRANCH]", help="A file in conflict, or a branch; all files in conflict.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the branch would merge; nothing is changed.")
    ] = False,
    format: Format = "text",
) -> None:
    """Merge postmortems by meaning: what git left in conflict, or a branch, also where no driver is configured.

    Exit code 1 when conflicts are left. For a request that a host calls conflicted, and for CI.
    """
    from dataclasses import replace

    from pmctl.errors import UsageProblem
    from pmctl.repository.branches import where_it_is
    from pmctl.workflow import merging

    session: Session = ctx.obj
    choose_format(format)
    repo = session.repo
    file = _file(session, what)
    if check:
        if not what or file:
            raise UsageProblem("--check needs a branch", hint="pmctl merge --check origin/main")
        outcome = merging.check_branch(repo, what)
    elif what and not file:
        outcome = merging.merge_branch(repo, what, session.signing())
        if outcome.result == "merged" and not outcome.next:
            outcome = replace(outcome, next=where_it_is(repo))
    else:
        outcome = merging.resolve(repo, session.surroundings.environ, (file,) if file else ())
    _tell(session, outcome, format)
    if outcome.result == "conflicts":
        raise typer.Exit(1)


def sync(
    ctx: typer.Context,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="Put your commits on top of what arrived, instead of merging it.")
    ] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Give up a merge that waits for you.")] = False,
    format: Format = "text",
) -> None:
    """Fetch, merge by meaning, check what arrived and what you push, push; again when somebody was faster.

    A merge keeps your commits as they are, so it is the rule; --rebase writes them anew. Exit code 1 when conflicts are
    left, when the audit finds something in what you would push, or when the server refuses it.
    """
    import time

    from pmctl.output.advice import words
    from pmctl.output.answers import Sync, pick
    from pmctl.text import safe
    from pmctl.workflow import sync as work

    session: Session = ctx.obj
    choose_format(format)
    if abort:
        session.result(work.abort(session.repo))
        return
    done = work.sync(session.workspace, session.signing(), rebase=rebase, wait=time.sleep, say=session.note)
    if format == "json":
        files, found = _files(done.files), {"arrived": _findings(done.arrived), "own": _findings(done.own)}
        session.json("sync", pick(Sync, done, files=files, **found))
    else:
        for name, findings in ((f"arrived from {done.remote}", done.arrived), ("yours", done.own)):
            _say_findings(session, name, findings)
        _say_files(session, done.files)
        traffic = _traffic(done.received, done.sent)
        session.result(
            safe(f"{done.branch} and {done.remote}: {traffic}" if done.result == "synced" else _why(done.result))
        )
        if done.next:
            session.note(f"  next: {words(done.next)}")
    if done.result != "synced":
        raise typer.Exit(1)


def _traffic(received: int, sent: int) -> str:
    """How many commits went which way; nothing is said of a way that none went."""
    from pmctl.text import plural

    told = [f"{plural(count, 'commit')} {way}" for count, way in ((received, "received"), (sent, "sent")) if count]
    return ", ".join(told) or "in step already"


def _why(result: str) -> str:
    return {"conflicts": "both sides changed the same: nothing was pushed", "violations": "nothing was pushed"}[result]


def _file(session: Session, what: str) -> str:
    """The path from the top of the repository of a file that was named, "" when the word is no file of it."""
    if not what:
        return ""
    top = session.repo.top
    for folder in (session.directory, session.repo.root):
        place = Path(folder, what).absolute()
        if place.is_relative_to(top) and (place.is_file() or place.is_symlink()):
            return place.relative_to(top).as_posix()
    return ""


def _tell(session: Session, outcome: Outcome, format: str) -> None:
    from pmctl.output.advice import words
    from pmctl.output.answers import Merge, pick

    if format == "json":
        session.json("merge", pick(Merge, outcome, files=_files(outcome.files)))
        return
    _say_files(session, outcome.files)
    if not outcome.files:
        session.result("merged" if outcome.result == "merged" else "nothing to merge")
    if outcome.next:
        session.note(f"  next: {words(outcome.next)}")


def _say_files(session: Session, files: Iterable[FileMerge]) -> None:
    from pmctl.output.advice import with_fix
    from pmctl.text import safe

    for one in files:
        reason = f": {one.reason}" if one.reason else ""
        session.result(safe(with_fix(f"{one.state:<8} {one.path}{reason}", one.fix)))
        for told in one.conflicts:
            session.result(safe(f"  line {told.line}: {told.ours}"))
            session.result(safe(f"  {' ' * len(f'line {told.line}')}  {told.theirs}"))


def _say_findings(session: Session, name: str, findings: Iterable[AuditFinding]) -> None:
    from pmctl.output.audit import finding_lines

    lines = finding_lines(findings)
    if lines:
        session.note(f"{name}: what the audit says")
        for line in lines:
            session.note(f"  {line}")


def _files(files: Iterable[FileMerge]) -> list[MergedFile]:
    from pmctl.output.answers import MergeConflict, MergedFile, pick

    return [pick(MergedFile, one, conflicts=[pick(MergeConflict, told) for told in one.conflicts]) for one in files]


def _findings(findings: Iterable[AuditFinding]) -> list[AuditRow]:
    from pmctl.output.audit import finding_row

    return [finding_row(one) for one in findings]
