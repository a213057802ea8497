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
from pmctl.text import safe, visible

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
_SHOWN = 10
MOST_BYTES = 1024 * 1024
"""What the summary of one step may hold; the host shows nothing of a longer one."""
_LAST_LINE = 100


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
    text = f"### pmctl validate\n\n{summary(report)}\n"
    room -= len(text.encode()) + _LAST_LINE
    if room < 0:
        return ""
    rows = ["\n| | Code | Where | What |", "|---|---|---|---|"]
    room -= sum(len(row) + 1 for row in rows)
    shown = 0
    for one in _ordered(report):
        place = _code(one.path, one.line)
        rows.append(f"| {_KINDS[one.severity]} | {one.code} | {place} | {_cell(_said(one))} |")
        room -= len(rows[-1].encode()) + 1
        if room < 0:
            rows.pop()
            break
        shown += 1
    more = len(report.findings) - shown
    table = "\n".join(rows) + "\n" if shown else ""
    return text + table + (f"\n… and {more} more: the job's log lists all\n" if more else "")


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


def _cell(text: str) -> str:
    """Text for a table cell, where neither markup nor HTML counts."""
    plain = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|*_`[]~@#":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def _code(path: str, line: int) -> str:
    place = f"{safe(path)}:{line}" if line else safe(path)
    return f"`{place.replace('`', chr(39)).replace('|', ' ')}`"
