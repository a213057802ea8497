"""Findings as GitHub annotations: workflow commands on standard output, and a summary for the job's page.

The host shows ten annotations of each kind per step and hides the others without a word. So errors come first, a
plain line gives the total, and the summary (`step_summary`, appended to the file that GITHUB_STEP_SUMMARY names)
lists all that fit. Escaping as in the toolkit's documented `command`: `%`, CR and LF everywhere, `:` and `,` in
properties.
"""

from __future__ import annotations

from pmctl.document.finding import Finding, Severity
from pmctl.output.advice import with_fix
from pmctl.output.findings import Report, summary
from pmctl.output.job_summary import MOST_BYTES, cell, code, fitting
from pmctl.text import safe, visible

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
_SHOWN = 10


def github(report: Report) -> str:
    """One workflow command per finding, errors first, and a last line that counts them."""
    lines = [_command(finding) for finding in _ordered(report)]
    last = summary(report)
    if any(count > _SHOWN for count in report.counts.values()):
        last += f"; the host shows {_SHOWN} of each kind, the job's summary and this log all of them"
    return "\n".join([*lines, last]) + "\n"


def step_summary(report: Report, room: int = MOST_BYTES) -> str:
    """Markdown for the job's summary page: the total and a table of the findings that fit into `room` bytes.

    Errors come first, and the last line says how many did not fit. "" when there is no room even for the total.
    """
    head = f"### pmctl validate\n\n{summary(report)}\n"
    rows = (
        f"| {_KINDS[one.severity]} | {one.code} | {code(one.path, one.line)} | {cell(_said(one))} |"
        for one in _ordered(report)
    )
    return fitting(head, ("", "Code", "Where", "What"), rows, len(report.findings), room)


def _ordered(report: Report) -> list[Finding]:
    return sorted(report.findings, key=lambda finding: list(_KINDS).index(finding.severity))


def _command(finding: Finding) -> str:
    properties = {"file": finding.path} if finding.path else {}
    for name, number in (
        ("line", finding.line),
        ("endLine", finding.end_line),
        ("col", finding.column),
        ("endColumn", finding.end_column if finding.end_line == finding.line else 0),
    ):
        if number:
            properties[name] = str(number)
    properties["title"] = finding.code
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_KINDS[finding.severity]} {given}::{_data(_said(finding))}"


def _said(finding: Finding) -> str:
    return with_fix(finding.message, finding.fix)


def _data(text: str) -> str:
    return safe(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(escaped.replace(":", "%3A").replace(",", "%2C"))
