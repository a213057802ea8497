"""The report of an audit as text, JSON or SARIF. Report -> strings; nothing is printed here.

What is proved (signatures, records, content) and what is attributed (whom commits say they are from) are
told apart in every format: two chapters, two objects, two SARIF runs. docs/trust.md documents the shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pmctl import __version__
from pmctl.document.finding import Severity
from pmctl.ledger.report import ATTRIBUTED, PROVED, AuditFinding, Report
from pmctl.output import answers
from pmctl.output.advice import with_fix, words
from pmctl.output.answers import Audit, Layer, PostmortemState, pick, plain
from pmctl.policy.change import waivable
from pmctl.text import plural, safe

FORMATS = ("text", "json", "sarif")

INCOMPLETE = frozenset(("AU601", "AU602", "AU603"))
"""Codes that say what this clone lacks: no violation by anybody, and no pass either."""

_CHAPTERS = {
    PROVED: "proved (rests on signatures, records and content):",
    ATTRIBUTED: "attributed (rests on whom commits say they are from):",
}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_SETTINGS_FILE = "pmctl.yaml"


def to_text(report: Report, *, root_source: str = "") -> str:
    """Lines for people, with a final newline: findings by layer, then waived ones, then one line that counts.

    `root_source` says where the trust root came from. Every text of a repository is made safe for a terminal.
    """
    lines: list[str] = []
    lacking = [finding for finding in report.findings if finding.code in INCOMPLETE]
    told = [finding for finding in report.findings if finding.code not in INCOMPLETE and not finding.waived_by]
    chapters = {title: [one for one in told if one.layer == layer] for layer, title in _CHAPTERS.items()}
    for title, findings in {"what cannot be read here:": lacking, **chapters}.items():
        if findings:
            lines.append(title)
            lines += [f"  {_line(finding)}" for finding in findings]
    waived = [finding for finding in report.findings if finding.waived_by]
    if waived:
        lines.append("waived (accepted by an admin's signed record):")
        for finding in waived:
            lines.append(f"  {_line(finding)}")
            lines.append(f"    accepted by {safe(finding.waived_by)}: {safe(finding.waived_note)}")
    if not report.complete:
        lines.append(f"INCOMPLETE: {safe(report.incomplete)}; what is missing was not judged, so this is no pass")
    if any(finding.commit and waivable(finding.code) for finding in report.violations):
        lines.append("what is settled stays reported until an admin accepts it: pmctl waive CODE COMMIT -m REASON")
    lines.append(_scope(report, root_source))
    lines += _witness(report)
    lines.append(_verdict(report))
    return "\n".join(lines) + "\n"


def to_json(report: Report, *, root_source: str = "") -> str:
    """The report as `pmctl/audit/v1`, indented, with a final newline."""
    version = report.policy.version if report.policy else 0
    states = [pick(PostmortemState, state, id=name) for name, state in sorted(report.states.items())]
    layers = {layer: _layer([finding for finding in report.findings if finding.layer == layer]) for layer in _CHAPTERS}
    witness = pick(answers.Witness, report.witness) if report.witness is not None else None
    answer = pick(
        Audit, report, root_source=root_source, policy_version=version, witness=witness, postmortems=states, **layers
    )
    content = {"schema": "pmctl/audit/v1", **plain(answer)}
    # ASCII: what a hostile history holds stays visible as escapes wherever the report is shown.
    return json.dumps(content, indent=2) + "\n"


def to_sarif(report: Report, titles: Mapping[str, str], *, prefix: str = "") -> str:
    """The findings as SARIF 2.1.0 with one run for each layer.

    `titles` gives a sentence for each code, `prefix` is the pmctl root inside the repository, so that paths
    are the repository's. Waived findings are results with an accepted suppression.
    """
    runs = [
        _run(layer, [f for f in report.findings if f.layer == layer], report, titles, prefix) for layer in _CHAPTERS
    ]
    content = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": runs}
    # ASCII: what a hostile history holds stays visible as escapes wherever the report is shown.
    return json.dumps(content, indent=2) + "\n"


def finding_row(finding: AuditFinding) -> answers.AuditFinding:
    """One finding as it is printed in JSON."""
    return pick(answers.AuditFinding, finding, postmortem=finding.doc, fix=words(finding.hint))


def finding_lines(findings: Iterable[AuditFinding]) -> list[str]:
    """One safe line for each finding, as git's client shows them when a push is refused."""
    return [_line(finding) for finding in findings]


def _line(finding: AuditFinding) -> str:
    place = finding.path or finding.doc
    where = " ".join(part for part in (finding.commit[:12], place) if part) or "this clone"
    return safe(with_fix(f"{where}: {finding.severity}: {finding.code} {finding.message}", finding.hint))


def _scope(report: Report, root_source: str) -> str:
    if not report.complete and not report.policy:
        return safe(f"nothing up to {report.tip[:12]} could be judged: no policy can be read from here")
    reach = f"{report.base[:12]}..{report.tip[:12]}" if report.base else f"everything up to {report.tip[:12]}"
    version = f", policy version {report.policy.version}" if report.policy else ", no policy"
    source = f" ({root_source})" if root_source else ""
    return safe(f"audited {reach}{version}, root {report.root or 'none'}{source}")


def _witness(report: Report) -> list[str]:
    """How far back somebody's signature names a commit of the main line; what came after rests on what is seen here."""
    if report.witness is None:
        return []
    by, commit, steps = report.witness.by, report.witness.commit, report.witness.steps_ago
    return [safe(f"last witnessed by {by} at {commit[:12]}, {plural(steps, 'step')} ago")]


def _verdict(report: Report) -> str:
    violations = [finding for finding in report.violations if finding.code not in INCOMPLETE]
    proved = sum(finding.layer == PROVED for finding in violations)
    attributed = len(violations) - proved
    warnings = sum(f.severity is not Severity.ERROR and not f.waived_by for f in report.findings)
    waived = sum(bool(finding.waived_by) for finding in report.findings)
    counts = [f"{plural(proved, 'proved violation')}"]
    if attributed:
        counts.append(f"{plural(attributed, 'attributed violation')}")
    counts += [plural(warnings, "warning")] if warnings else []
    counts += [f"{waived} waived"] if waived else []
    answer = "passed" if report.passed else "FAILED" if violations else "INCOMPLETE"
    judged = f"{plural(report.steps, 'step')}, {plural(report.records, 'signed record')}"
    return f"{answer}: {', '.join(counts)} in {judged}"


def _layer(findings: Sequence[AuditFinding]) -> Layer:
    rows = [finding_row(one) for one in findings]
    return Layer(
        violations=[row for row in rows if not row.waived_by and row.severity == "error"],
        warnings=[row for row in rows if not row.waived_by and row.severity != "error"],
        waived=[row for row in rows if row.waived_by],
    )


def _run(
    layer: str, findings: Sequence[AuditFinding], report: Report, titles: Mapping[str, str], prefix: str
) -> dict[str, Any]:
    codes = sorted({finding.code for finding in findings})
    rules = [
        {"id": code, "shortDescription": {"text": titles.get(code, code)}, "properties": {"layer": layer}}
        for code in codes
    ]
    return {
        "tool": {"driver": {"name": "pmctl audit", "version": __version__, "rules": rules}},
        # The id ends with a slash: SARIF 3.17.2 then reads it as the category of the run, not of one execution.
        "automationDetails": {"id": f"pmctl-audit/{layer}/"},
        "invocations": [
            {
                "executionSuccessful": report.complete,
                **(
                    {}
                    if report.complete
                    else {
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": f"incomplete: {report.incomplete}"}}
                        ]
                    }
                ),
            }
        ],
        "properties": {"layer": layer, "root": report.root, "tip": report.tip, "base": report.base},
        "results": [_result(finding, codes, prefix) for finding in findings],
    }


def _result(finding: AuditFinding, codes: Sequence[str], prefix: str) -> dict[str, Any]:
    fix = f" Fix: {words(finding.hint)}." if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}.{fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(prefix + (finding.path or _SETTINGS_FILE))},
                    "region": {"startLine": 1},
                },
                **({"logicalLocations": [{"name": finding.doc, "kind": "object"}]} if finding.doc else {}),
            }
        ],
        "partialFingerprints": {"pmctl/v1": f"{finding.code}:{finding.commit}:{finding.doc}:{finding.path}"},
        "properties": {"commit": finding.commit, "postmortem": finding.doc, "layer": finding.layer},
    }
    if finding.waived_by:
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": f"{finding.waived_by}: {finding.waived_note}",
            }
        ]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogateescape"))
