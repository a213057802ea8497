"""report: the page for a meeting, or a folder of evidence for an audit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmctl.cli.metrics import At, On, ask, suggestions
from pmctl.cli.options import ByService, BySeverity, ByTeam, choose_format

if TYPE_CHECKING:
    from pmctl.cli.session import Session

_FORMATS = ("md", "html", "pdf", "json")


def report(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option("--since", "--from", metavar="DATE", help="The first day; default: the last whole month.")
    ] = "",
    until: Annotated[str, typer.Option("--until", "--to", metavar="DATE", help="The last day.")] = "",
    team: ByTeam = None,
    service: ByService = None,
    severity: BySeverity = None,
    at: At = "HEAD",
    on: On = "",
    format: Annotated[str, typer.Option("--format", metavar="|".join(_FORMATS), help="How the page is made.")] = "md",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write it there; of evidence, the new folder.")
    ] = None,
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="A folder for auditors instead: what can be checked with git and ssh-keygen."),
    ] = False,
    control: Annotated[
        list[str] | None, typer.Option("--control", metavar="ID", help="With --evidence: only these, as soc2:CC7.5.")
    ] = None,
    incidents: Annotated[
        list[str] | None,
        typer.Option(
            "--incidents", metavar="FILE", help="With --evidence: incident records, each judged by your rules."
        ),
    ] = None,
) -> None:
    """The page for the monthly meeting: numbers against the time before, what was published, what is overdue by owner,
    what came back, and what to do about each trend.
    """
    session: Session = ctx.obj
    if evidence:
        from pmctl.cli.report_evidence import write_evidence

        write_evidence(
            session,
            ask(session, at=at, on=on, since=since, until=until, team=team, service=service, severity=severity),
            output,
            control or [],
            incidents or [],
        )
        return
    choose_format(format, _FORMATS)
    from pmctl.errors import UsageProblem
    from pmctl.insight.report import meeting_report

    if control or incidents:
        raise UsageProblem("--control and --incidents belong to --evidence", hint="add --evidence -o FOLDER")
    asked = ask(
        session, at=at, on=on, since=since, until=until, team=team, service=service, severity=severity
    )  # fmt: skip
    found = meeting_report(asked.facts, asked.query, asked.zone, suggestions(session, asked))
    if format == "json" and output is None:
        session.json("report", found)
    else:
        _leave(session, _made(found, format), format, output)
    session.end_if_incomplete(found.incomplete)


def _made(found: object, format: str) -> bytes:
    from pmctl.insight.report import MeetingReport
    from pmctl.output import meeting_report as pages

    assert isinstance(found, MeetingReport)  # noqa: S101  for the type checker
    if format == "pdf":
        return pages.pdf(found)
    if format == "json":
        from pmctl.output.answers import plain
        from pmctl.text import json_text

        return json_text({"schema": "pmctl/report/v1", **plain(found)}).encode()
    return (pages.html(found) if format == "html" else pages.markdown(found)).encode()


def _leave(session: Session, data: bytes, format: str, output: Path | None) -> None:
    """Write the page to its file, or print it; a PDF is for no terminal."""
    from pmctl.cli.exporting import write_file
    from pmctl.errors import UsageProblem

    if output is not None:
        write_file(output, data)
        session.note(f"wrote {output}")
    elif format != "pdf":
        session.rows(data.decode())
    elif sys.stdout.isatty():
        raise UsageProblem("a PDF is not for a terminal", hint="-o report.pdf")
    else:
        sys.stdout.buffer.write(data)
