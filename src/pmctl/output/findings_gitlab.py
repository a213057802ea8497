"""Findings as a GitLab code quality report: a JSON array of issues (the fields that GitLab's documentation lists)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from pmctl.document.finding import Severity
from pmctl.output.findings import Report

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.HINT: "info"}


def gitlab(report: Report) -> str:
    """The report. A fingerprint stays the same when lines above move, and differs for a second finding like it."""
    seen: Counter[tuple[str, str, str]] = Counter()
    issues = []
    for finding in report.findings:
        key = (finding.code, finding.path, finding.message)
        source = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        fix = f" (fix: {finding.fix})" if finding.fix else ""
        issues.append(
            {
                "description": f"{finding.message}{fix}",
                "check_name": finding.code,
                "fingerprint": hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": report.prefix + finding.path, "lines": {"begin": finding.line or 1}},
            }
        )
    return json.dumps(issues, indent=2) + "\n"
