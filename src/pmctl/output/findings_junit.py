"""Findings as JUnit XML: one test case per error or warning, and one that passes for each file without any.

The shape is the one that CI services agree on (testsuites, testsuite, testcase, failure); hints are
`system-out`, because they fail nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from xml.sax.saxutils import quoteattr

from pmctl.document.finding import Finding, Severity
from pmctl.output.findings import Report, one_line
from pmctl.output.terminal import safe

# What XML 1.0 allows, section 2.2; `safe` has written out control characters already.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The document."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for path in report.paths:
        by_path[path] = []
    for finding in report.findings:
        by_path[finding.path].append(finding)
    suites = [_suite(report.prefix + path, findings) for path, findings in by_path.items()]
    tests = sum(count for _, count, _ in suites)
    failures = sum(failed for _, _, failed in suites)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="pmctl" tests="{tests}" failures="{failures}" errors="0">',
            *(text for text, _, _ in suites),
            "</testsuites>",
            "",
        ]
    )


def _suite(path: str, findings: list[Finding]) -> tuple[str, int, int]:
    """The suite of one file, with the number of its cases and of those that failed."""
    failing = [finding for finding in findings if finding.severity is not Severity.HINT]
    hints = [finding for finding in findings if finding.severity is Severity.HINT]
    cases = [_case(path, finding) for finding in failing] or [_passed(path)]
    said = "\n".join(one_line(finding) for finding in hints)
    out = [f"    <system-out>{_content(said)}</system-out>"] if hints else []
    failed = len(failing)
    head = f'  <testsuite name={_attribute(path)} tests="{len(cases)}" failures="{failed}" errors="0" skipped="0">'
    return "\n".join([head, *cases, *out, "  </testsuite>"]), len(cases), failed


def _passed(path: str) -> str:
    return f'    <testcase classname={_attribute(path)} name="valid"/>'


def _case(path: str, finding: Finding) -> str:
    name = f"{finding.code} {finding.line}:{finding.column}"
    return (
        f"    <testcase classname={_attribute(path)} name={_attribute(name)}>\n"
        f"      <failure type={_attribute(str(finding.severity))} message={_attribute(finding.message)}>"
        f"{_content(one_line(finding))}</failure>\n"
        "    </testcase>"
    )


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL.sub("\ufffd", safe(text)))


def _content(text: str) -> str:
    plain = _ILLEGAL.sub("\ufffd", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
