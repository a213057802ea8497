"""Findings -> diagnostics of the protocol, and the other way: which findings lie at a place."""

from __future__ import annotations

from lsprotocol import types

from pmctl.document.finding import Finding, Severity
from pmctl.editor.open_documents import OpenDocument
from pmctl.output.advice import with_fix

SOURCE = "pmctl"
# Most editors barely show the protocol's own "hint"; ours is advice that people should see.
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.HINT: types.DiagnosticSeverity.Information,
}
_UNUSED_IGNORE = "PM261"


def diagnostics(opened: OpenDocument) -> list[types.Diagnostic]:
    """All findings of a document, in order: those about the change first."""
    return [diagnostic(opened, finding) for finding in (*opened.rights, *opened.findings)]


def diagnostic(opened: OpenDocument, finding: Finding) -> types.Diagnostic:
    """One finding: its message and fix, its code, and its range."""
    return types.Diagnostic(
        range=opened.positions.range(*span(opened, finding)),
        message=with_fix(finding.message, finding.fix),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if finding.code == _UNUSED_IGNORE else None,
    )


def span(opened: OpenDocument, finding: Finding) -> tuple[int, int]:
    """The offsets that a finding covers: to the end of its line when it names no end, the first line when it is
    about the whole file.
    """
    lines = opened.positions
    line = max(finding.line, 1)
    start = lines.place(line, finding.column)
    if finding.end_line >= line and finding.line:
        end = lines.place(finding.end_line, finding.end_column)
        if end > start:
            return start, end
    stop = lines.place(line, len(lines.text) + 1)
    return start, start + len(lines.text[start + lines.lead : stop + lines.lead].rstrip())


def at(opened: OpenDocument, start: int, end: int) -> list[Finding]:
    """The findings whose range touches the offsets `start` to `end`."""
    spans = [(finding, span(opened, finding)) for finding in (*opened.rights, *opened.findings)]
    return [finding for finding, (first, last) in spans if first <= end and start <= last]
