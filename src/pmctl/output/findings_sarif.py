"""Findings as SARIF 2.1.0 (OASIS), for code scanning services and editors.

Columns count Unicode code points, which SARIF calls `unicodeCodePoints`. Every code that occurs is described in the
driver's rules, from the same documentation as `pmctl explain`.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

from pmctl import __version__
from pmctl.document.finding import Finding, Severity
from pmctl.errors import NotFound
from pmctl.output.advice import with_fix
from pmctl.output.findings import Report, fingerprints

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_TOP = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}


MOST_RESULTS = 25_000
"""Results of one run: GitHub refuses a file with more."""


def sarif(report: Report) -> str:
    """One run with one result per finding; of more than MOST_RESULTS the heaviest, and a notification that says so."""
    pairs = list(zip(report.findings, fingerprints(report), strict=True))
    more = len(pairs) - MOST_RESULTS
    if more > 0:
        pairs = sorted(pairs, key=lambda pair: list(_LEVELS).index(pair[0].severity))[:MOST_RESULTS]
    codes = sorted({finding.code for finding, _ in pairs})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "pmctl", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_TOP: {"description": {"text": "The top of the git repository."}}},
        "results": [_result(finding, print_, codes.index(finding.code)) for finding, print_ in pairs],
    }
    if more > 0:
        text = f"{more} of {len(report.findings)} findings are left out: a run holds at most {MOST_RESULTS}"
        notification = {"level": "warning", "message": {"text": text}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [notification]}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(finding: Finding, fingerprint: str, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": with_fix(finding.message, finding.fix)},
        "partialFingerprints": {"pmctl/v1": fingerprint},
    }
    if finding.path:
        uri = quote(os.fsencode(finding.path), safe="/")
        outside = uri.startswith("/")  # of every repository
        place = {"uri": f"file://{uri}"} if outside else {"uri": uri, "uriBaseId": _TOP}
        location: dict[str, Any] = {"artifactLocation": place}
        if finding.line:
            location["region"] = _region(finding)
        result["locations"] = [{"physicalLocation": location}]
    return result


def _region(finding: Finding) -> dict[str, int]:
    region = {"startLine": finding.line}
    if finding.column:
        region["startColumn"] = finding.column
    if finding.end_line >= finding.line:
        region["endLine"] = finding.end_line
        if finding.end_column:
            region["endColumn"] = finding.end_column
    return region


def _rule(code: str) -> dict[str, Any]:
    """A code's description, as far as it is documented."""
    from pmctl.codes import explain

    try:
        doc = explain(code)
    except NotFound:
        return {"id": code}
    plain = "\n\n".join(part for part in (doc.what, doc.details, doc.why) if part)
    described: dict[str, Any] = {
        "id": code,
        "name": "".join(part.capitalize() for part in doc.name.split("-")),
        "shortDescription": {"text": doc.what},
        "fullDescription": {"text": doc.details or doc.what},
        "help": {
            "text": plain,
            "markdown": doc.markdown(),
        },
    }
    if doc.family:
        described["properties"] = {"tags": [doc.family.replace("_", "-")]}
    return described
