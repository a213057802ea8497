"""validate, explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.validation import Validation

_FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")
_Many = list[str] | None


def validate(
    ctx: typer.Context,
    what: Annotated[
        _Many, typer.Argument(metavar="[PATH|ID]...", help="Files, folders or ids; everything if none.")
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="What is staged, read from the index.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Fix what has one right answer, in the work tree.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    range: Annotated[
        str, typer.Option("--range", metavar="A..B", help="Look at the merges of this range, not only at HEAD.")
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Judge drafts as submitted: errors are what submit refuses.")
    ] = False,
    select: Annotated[_Many, typer.Option("--select", metavar="CODE", help="Only these codes or prefixes.")] = None,
    ignore: Annotated[_Many, typer.Option("--ignore", metavar="CODE", help="Not these codes or prefixes.")] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="|".join(_FORMATS), help="How the findings are printed.")
    ] = "text",
) -> None:
    """Check postmortems. Every finding has its place, a code and a fix; the last line counts them.

    Targets (PM95) are compared with the history when ids or nothing is named, not for files and what is staged. Of
    files and ids that are named it is said when their status was changed by hand and not committed.

    Exit code 1 when there are errors, 2 when --fix could not write a file. `pmctl explain CODE` documents any code.
    """
    from pmctl.cli.findings import show_findings, with_site_files
    from pmctl.cli.options import choose_format
    from pmctl.cli.session import now
    from pmctl.errors import UsageProblem
    from pmctl.insight.validation import Selection, validations

    session: Session = ctx.obj
    choose_format(format, _FORMATS)
    if staged and (fix or diff or what):
        raise UsageProblem("--staged checks the index as it is; leave out paths, --fix and --diff")
    if range and (staged or what):
        raise UsageProblem("--range looks at merges of the whole repository; leave out paths and --staged")
    selection = Selection(
        tuple(what or ()), staged, strict, tuple(select or ()), tuple(ignore or ()), now(), session.author, range
    )
    runs = validations(session.directory, selection, session.progress)
    if not what:
        runs = with_site_files(runs, staged=staged)
    _tell_notes(session, runs)
    written = True
    if diff:
        written = _fix(session, runs, write=False)
    elif fix:
        written = _fix(session, runs, write=True)
        runs = validations(session.directory, selection, session.progress)
        runs = runs if what else with_site_files(runs, staged=staged)
    if show_findings(session, runs, format) or not written:
        raise typer.Exit(1 if written else 2)


def _tell_notes(session: Session, runs: Sequence[Validation]) -> None:
    for line in dict.fromkeys(line for run in runs for line in run.notes):
        session.note(line)


def _fix(session: Session, runs: Sequence[Validation], *, write: bool) -> bool:
    """Fix what has one right answer, or only show how; returns whether every file could be written."""
    from pmctl.workflow.fixing import fixed

    written = True
    outcomes = [one for run in runs for one in fixed(run, write=write)]
    if not outcomes:
        session.note("nothing to fix: no finding has one right answer that pmctl could write")
    for outcome in outcomes:
        if not write and outcome.diff:
            session.result(outcome.diff.rstrip("\n"))
        for line in (*outcome.applied, *outcome.refused):
            session.note(f"{outcome.path}: {line}")
        if outcome.problem:
            written = False
            session.warn(f"{outcome.path} is not fixed: {outcome.problem}")
    return written


def report_one(session: Session, name: str, *, silent: bool = False) -> tuple[bool, tuple[str, ...]]:
    """Print what validation says about one postmortem of the work tree, unless `silent`.

    Returns whether there are errors, and every finding in a line.
    """
    from pmctl.cli.findings import show_findings
    from pmctl.cli.session import now
    from pmctl.insight.validation import Selection, validations

    runs = validations(session.directory, Selection((name,), now=now()))
    if not silent:
        show_findings(session, runs, "text")
    found = (one for run in runs for one in run.findings)
    lines = tuple(f"{f.path}:{f.line}:{f.column}: {f.severity} {f.code} {f.message}" for f in found)
    return any(run.failed for run in runs), lines


def explain(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="A finding's code (PM701, AU304) or name.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="One line for every code.")] = False,
) -> None:
    """The documentation of any finding code: what it means, why it matters, an example, the fix."""
    from pmctl.codes import codes
    from pmctl.codes import explain as explained
    from pmctl.errors import UsageProblem
    from pmctl.output.terminal import postmortem

    session: Session = ctx.obj
    if everything == bool(code):
        raise UsageProblem("give a code, or --all", hint="pmctl explain PM701")
    if everything:
        session.table(("CODE", "NAME", "MEANING"), [(one.code, one.name, one.what) for one in codes().values()])
        return
    text = explained(code).markdown()
    session.result(postmortem(text, text, (), width=session.width, color=session.colored).rstrip("\n"))
