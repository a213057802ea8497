"""Findings as a GitLab code quality report: a JSON array of issues (the fields that GitLab's documentation lists)."""

from __future__ import annotations

import json

from pmctl.document.finding import Severity
from pmctl.output.advice import with_fix
from pmctl.output.findings import Report, fingerprints

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.HINT: "info"}


def gitlab(report: Report) -> str:
    """The report: a JSON array with an issue for each finding."""
    issues = []
    for finding, fingerprint in zip(report.findings, fingerprints(report), strict=True):
        issues.append(
            {
                "description": with_fix(finding.message, finding.fix),
                "check_name": finding.code,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": finding.path, "lines": {"begin": finding.line or 1}},
            }
        )
    return json.dumps(issues, indent=2) + "\n"
