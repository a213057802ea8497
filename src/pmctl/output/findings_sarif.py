"""Findings as SARIF 2.1.0 (OASIS), for code scanning services and editors.

Columns count Unicode code points, which SARIF calls `unicodeCodePoints`. Every code that occurs is described in the
driver's rules, from the same documentation as `pmctl explain`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from pmctl import __version__
from pmctl.document.finding import Finding, Severity
from pmctl.errors import NotFound
from pmctl.output.findings import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}


def sarif(report: Report) -> str:
    """One run with one result per finding."""
    codes = sorted({finding.code for finding in report.findings})
    places = {code: index for index, code in enumerate(codes)}
    seen: Counter[tuple[str, str, str]] = Counter()
    results = [_result(finding, report.prefix, places, seen) for finding in report.findings]
    driver = {"name": "pmctl", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(
    finding: Finding, prefix: str, places: dict[str, int], seen: Counter[tuple[str, str, str]]
) -> dict[str, Any]:
    key = (finding.code, finding.path, finding.message)
    source = "\0".join((*key, str(seen[key])))
    seen[key] += 1
    fix = f" (fix: {finding.fix})" if finding.fix else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": places[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}{fix}"},
        "partialFingerprints": {"pmctl/v1": hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()},
    }
    if finding.path:
        location: dict[str, Any] = {"artifactLocation": {"uri": _uri(prefix + finding.path), "uriBaseId": "%SRCROOT%"}}
        if finding.line:
            location["region"] = _region(finding)
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(path: str) -> str:
    """A path as a URI reference: its bytes, which need not be UTF-8."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


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
    from pmctl.rules.documentation import explain

    try:
        doc = explain(code)
    except NotFound:
        return {"id": code}
    plain = "\n\n".join(part for part in (doc.summary, doc.what, doc.why) if part)
    described: dict[str, Any] = {
        "id": code,
        "name": "".join(part.capitalize() for part in doc.name.split("-")),
        "shortDescription": {"text": doc.summary},
        "help": {
            "text": plain,
            "markdown": doc.markdown(),
        },
    }
    if doc.what:
        described["fullDescription"] = {"text": doc.what}
    if doc.family:
        described["properties"] = {"tags": [doc.family.replace("_", "-")]}
    return described
