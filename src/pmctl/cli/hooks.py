"""hook pre-commit, pre-push, pre-receive, merge-driver: for git to call. hook install: let git call them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.output.advice import with_fix
from pmctl.text import plural, safe

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.ledger.report import Report

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Hooks: for git to call.")


@app.command()
def install(
    ctx: typer.Context,
    chain: Annotated[
        bool, typer.Option("--chain", help="Keep a hook that is there, and run it before pmctl's.")
    ] = False,
) -> None:
    """Install pre-commit, pre-push and the merge driver in this clone. A hook that is not pmctl's stays as it is."""
    from pmctl.workflow import hooks, merge_driver

    session: Session = ctx.obj
    session.result(safe(merge_driver.install(session.repo)))
    for line in hooks.install(session.repo, chain=chain):
        session.result(safe(line))


@app.command("merge-driver")
def merge_driver(
    base: Annotated[Path, typer.Argument(metavar="%O", help="The version that both sides come from.")],
    ours: Annotated[Path, typer.Argument(metavar="%A", help="Our version; the merge is written to it.")],
    theirs: Annotated[Path, typer.Argument(metavar="%B", help="Their version.")],
    path: Annotated[str, typer.Argument(metavar="%P", help="The path of the file in the repository.")] = "",
    size: Annotated[str, typer.Argument(metavar="[%L]", help="How long the markers of a conflict are.")] = "",
    our_name: Annotated[str, typer.Argument(metavar="[%X]", help="What git calls our side.")] = "",
    their_name: Annotated[str, typer.Argument(metavar="[%Y]", help="What git calls their side.")] = "",
) -> None:
    """Merge three versions of a postmortem by meaning, any other file as git does. Exit code 1: a conflict is left."""
    from pmctl.workflow.merge_driver import MARKER_SIZE, drive, sides_under_way

    top, length = Path.cwd(), int(size) if size.isdigit() and 7 <= int(size) <= 200 else MARKER_SIZE
    names = (our_name, their_name)
    if not drive(base, ours, theirs, path, length, top, lambda: sides_under_way(top, os.environ, names)):
        raise typer.Exit(1)


@app.command("pre-commit")
def pre_commit(ctx: typer.Context) -> None:
    """Check what is staged: the postmortems as validate does, and what the audit would say of the commit."""
    from dataclasses import replace

    from pmctl.cli.findings import show_findings, with_site_files
    from pmctl.document.finding import Severity
    from pmctl.insight.validation import Selection, validations

    session: Session = ctx.obj
    repo = session.repo
    # git runs hooks at the top of the repository, and roots within this one are called for by themselves.
    runs = validations(session.directory, Selection(staged=True, author=session.author))
    runs = tuple(replace(run, shown=repo.prefix) for run in runs if run.root == repo.root)
    runs = with_site_files(runs, staged=True)
    if any(run.findings for run in runs) and show_findings(session, runs, "text"):
        errors = [one for run in runs for one in run.findings if one.severity is Severity.ERROR]
        audited = ", and the audit will say the same" if any(one.code.startswith("AU") for one in errors) else ""
        session.note(f"nothing was committed; --no-verify commits it as it is{audited}")
        raise typer.Exit(1)


@app.command("pre-push")
def pre_push(
    ctx: typer.Context,
    remote: Annotated[str, typer.Argument(metavar="[REMOTE]", help="The remote's name.")] = "",
    url: Annotated[str, typer.Argument(metavar="[URL]", help="Where it is.")] = "",
) -> None:
    """Audit what a push would land: refused for the protected branch, said for any other."""
    from pmctl.insight.pre_push import Pushed, pushed_reports
    from pmctl.output.audit import finding_lines
    from pmctl.repository.branches import protection_problem

    del remote, url  # git gives them; what lands is what standard input says
    session: Session = ctx.obj
    branch = session.workspace.policy.branch
    lines = [Pushed(*words) for line in sys.stdin if len(words := line.split()) == 4]
    refused = False
    problem = protection_problem(session.repo, branch)
    if problem is not None:
        print(safe(with_fix(f"AU613 {problem[0]}", problem[1])), file=sys.stderr)
        refused = True
    for ref, protected, report in pushed_reports(session.repo, lines, branch):
        _say_report(session, ref, report, finding_lines(report.findings))
        refused = refused or (protected and not report.passed)
    if refused:
        session.note("nothing was pushed; --no-verify pushes it as it is, and the audit will say the same")
        raise typer.Exit(1)


@app.command("pre-receive")
def pre_receive(ctx: typer.Context) -> None:
    """Judge a push to this bare repository; the policy is the one that stands at the old tip.

    The branch that HEAD names is protected, and those in the repository's own configuration: pmctl.protectedBranch
    (repeatable), pmctl.root (the digest of the first policy), pmctl.folder (where pmctl.yaml is).
    """
    from pmctl.errors import PmctlError, Refused
    from pmctl.insight import pre_receive
    from pmctl.output.audit import finding_lines

    session: Session = ctx.obj
    try:
        git_dir = pre_receive.bare_directory(Path(session.directory), os.environ)
        updates = pre_receive.parse_updates(sys.stdin)
        answer = pre_receive.check_push(
            git_dir,
            updates,
            pre_receive.protection(git_dir),
            pre_receive.quarantine(os.environ, git_dir),
            session.surroundings.user_folder,
        )
    except PmctlError as error:
        raise Refused(f"this push cannot be judged: {error.message}", hint=error.hint, details=error.details) from None
    for line in (*answer.notes, *answer.refusals, *finding_lines(answer.findings), *finding_lines(answer.warnings)):
        print(safe(line), file=sys.stderr)
    if answer.refused:
        count = len(answer.refusals) + len(answer.findings)
        print(f"pmctl: refused for {plural(count, 'reason')}", file=sys.stderr)
        raise typer.Exit(1)


def _say_report(session: Session, ref: str, report: Report, lines: list[str]) -> None:
    if not lines and report.complete:
        return
    session.note(f"{ref}: what the audit would say of this push")
    for line in lines:
        print(f"  {line}", file=sys.stderr)
    if not report.complete:
        session.note(f"  incomplete: {report.incomplete}")
