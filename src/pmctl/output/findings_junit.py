"""Findings as JUnit XML: one test case per error or warning, and one that passes for each file without any.

The shape is what the schemas in circulation accept, that of Apache Ant's JUnit task and those of Jenkins; so there are
no totals on `testsuites`, which the first one knows nothing of, every attribute that it asks for, and a property, which
an old one of Jenkins misses. Hints are `system-out`, because they fail nothing. Services know a case again by its class
and name, and GitLab drops a second one of the same name: so names hold the message and no line, and repeated ones a
number.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from xml.sax.saxutils import quoteattr

from pmctl import __version__
from pmctl.document.finding import Finding, Severity
from pmctl.output.findings import Report, one_line
from pmctl.text import safe

# What XML 1.0 allows, section 2.2; `safe` has written out control characters already.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The document."""
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for path in report.paths:
        by_path[path] = []
    for finding in report.findings:
        by_path[finding.path].append(finding)
    common = f'timestamp="{report.at:%Y-%m-%dT%H:%M:%S}" hostname="localhost" time="0"'
    suites = [
        _suite(f'id="{number}" {common}', path, findings) for number, (path, findings) in enumerate(by_path.items())
    ]
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>", ""])
    return text.encode("ascii", "xmlcharrefreplace").decode()  # right in whatever encoding it is printed


def _suite(attributes: str, path: str, findings: list[Finding]) -> str:
    """The suite of one file."""
    failing = [finding for finding in findings if finding.severity is not Severity.HINT]
    said = "\n".join(one_line(finding) for finding in findings if finding.severity is Severity.HINT)
    seen: Counter[str] = Counter()
    cases = []
    for finding in failing:
        name = f"{finding.code} {finding.message}"
        seen[name] += 1
        cases.append(_case(path, name if seen[name] == 1 else f"{name} ({seen[name]})", finding))
    cases = cases or [f'    <testcase classname={_attribute(path)} name="valid" time="0"/>']
    counts = f'tests="{len(cases)}" failures="{len(failing)}" errors="0"'
    return "\n".join(
        [
            f'  <testsuite package="pmctl" {attributes} name={_attribute(path or "pmctl")} {counts}>',
            f'    <properties><property name="pmctl" value={_attribute(__version__)}/></properties>',
            *cases,
            f"    <system-out>{_content(said)}</system-out>",
            "    <system-err/>",
            "  </testsuite>",
        ]
    )


def _case(path: str, name: str, finding: Finding) -> str:
    return (
        f'    <testcase classname={_attribute(path)} name={_attribute(name)} time="0">\n'
        f"      <failure type={_attribute(str(finding.severity))} message={_attribute(finding.message)}>"
        f"{_content(one_line(finding))}</failure>\n"
        "    </testcase>"
    )


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL.sub("\ufffd", safe(text)))


def _content(text: str) -> str:
    plain = _ILLEGAL.sub("\ufffd", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
