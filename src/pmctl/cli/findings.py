"""Print findings: to stdout in the format that was asked for, and a step summary where GitHub wants one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding, Severity
from pmctl.output.findings import FOR_PEOPLE, Report, render

if TYPE_CHECKING:
    from pmctl.cli.session import Session
    from pmctl.insight.validation import Validation


def show_findings(session: Session, runs: Sequence[Validation], format: str) -> bool:
    """Print what validation found, in one report; returns whether any of it is an error."""
    from pmctl.cli.session import now

    findings: list[Finding] = []
    paths: list[str] = []
    sources: dict[str, bytes] = {}
    for run in runs:
        base = run.shown if format in FOR_PEOPLE else run.prefix
        findings += [one._replace(path=_placed(base, one.path)) if base else one for one in run.findings]
        paths += [_placed(base, item.path) for item in run.items]
        if session.width:
            sources |= {_placed(base, path): data for path, data in run.sources.items()}
    findings = list(dict.fromkeys(findings))  # a file may be named twice, and settings belong to several files
    report = Report(findings, paths=paths, sources=sources, width=session.width, color=session.colored, at=now())
    if format == "json":
        session.json_made("findings", render(report, format))
    else:
        sys.stdout.write(render(report, format))
    if format == "github":
        _step_summary(session, report)
    return report.failed


def with_site_files(runs: Sequence[Validation], *, staged: bool) -> tuple[Validation, ...]:
    """What validation found, and what would keep the site of each root from being built."""
    found = []
    for run in runs:
        if (run.root / ".pmctl/site").is_symlink() or (run.root / ".pmctl/site").exists():  # nothing to load without
            from pmctl import git
            from pmctl.output.site import own_files

            files = own_files.in_index(git.discover(run.root)) if staged else own_files.in_work_tree(run.root)
            run = replace(run, general=(*run.general, *own_files.findings(files)))
        found.append(run)
    return tuple(found)


def _placed(base: str, path: str) -> str:
    """A path behind a root, from where the root is; one from outside the repository stays."""
    if not base or not path or path.startswith("/"):
        return path
    return os.path.normpath(base + path) if path.startswith("../") else base + path


def show_plain(session: Session, findings: Sequence[Finding], noun: str, checked: int) -> bool:
    """Print findings about something else than postmortems; returns whether any of them is an error."""
    report = Report(tuple(findings), width=session.width, color=session.colored)
    if findings:
        sys.stdout.write(render(report, "text"))
    else:
        session.result(f"{checked} {noun}{'' if checked == 1 else 's'} checked, no findings")
    return any(finding.severity is Severity.ERROR for finding in findings)


def _step_summary(session: Session, report: Report) -> None:
    """GitHub shows ten annotations of a kind; the summary page of the step shows them all."""
    path = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not path:
        return
    from pmctl.output.findings_github import step_summary
    from pmctl.output.job_summary import MOST_BYTES

    try:
        with open(path, "a", encoding="utf-8") as summary:  # noqa: PTH123  the path is the service's, used as given
            text = step_summary(report, MOST_BYTES - summary.tell())
            summary.write(text)
    except OSError as error:
        session.warn(f"the step summary cannot be written: {error.strerror}")
    else:
        if not text:
            session.warn("the step summary is full already: this log lists all findings")
