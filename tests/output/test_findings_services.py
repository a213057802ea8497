"""Findings for GitHub, GitLab, code scanning and JUnit, each held against the shape that the service documents.

With PMCTL_SARIF_SCHEMA naming a copy of the OASIS schema, SARIF is validated against that as well.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from pmctl.document.finding import Finding, Severity
from pmctl.output.findings import Report, render
from pmctl.output.findings_github import step_summary

FIX = "write 2024-01-22"
ERROR = Finding("PM508", "'soon' is not a date", "postmortems/2024/a.md", 3, 5, Severity.ERROR, FIX, 3, 9)
WARNING = Finding("PM701", "100 % hindsight", "b c,d:e.md", 2, 11, Severity.WARNING, "", 4, 2)
HINT = Finding("PM201", "the required section 'Impact' is missing", "postmortems/2024/a.md", 0, 0, Severity.HINT)
NASTY = "a\x1b[31m\u202e\nsecond: %0A::error::x <b>|`]]>&"
HOSTILE = Finding("PM801", NASTY, "x\x07é.md", 1, 1, Severity.ERROR, "f\r\n::stop")
ALL = (WARNING, HINT, ERROR, HOSTILE)
REPORT = Report(ALL, paths=("clean.md",), prefix="docs/")

# What the documentation of a GitLab code quality report asks for.
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def closed(required: list[str], **properties: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


TEXT = {"type": "string"}
POSITIVE = {"type": "integer", "minimum": 1}
URI = {"type": "string", "pattern": "^[!-~]+$"}
REGION = dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), POSITIVE)
MESSAGE = closed(["text"], text=TEXT, markdown=TEXT)
# The part of SARIF 2.1.0 that is written here, closed, so that nothing else can slip in.
SARIF = closed(
    ["$schema", "version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": closed(
            ["tool", "results"],
            tool=closed(
                ["driver"],
                driver=closed(
                    ["name"],
                    name=TEXT,
                    version=TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": closed(
                            ["id"],
                            id=TEXT,
                            name=TEXT,
                            shortDescription=MESSAGE,
                            fullDescription=MESSAGE,
                            help=MESSAGE,
                            properties=closed([], tags={"type": "array", "uniqueItems": True, "items": TEXT}),
                        ),
                    },
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": closed(
                    ["message"],
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=MESSAGE,
                    partialFingerprints={"type": "object", "additionalProperties": TEXT},
                    locations={
                        "type": "array",
                        "items": closed(
                            ["physicalLocation"],
                            physicalLocation=closed(
                                ["artifactLocation"],
                                artifactLocation=closed(["uri"], uri=URI, uriBaseId=TEXT),
                                region=closed(["startLine"], **REGION),
                            ),
                        ),
                    },
                ),
            },
        ),
    },
)


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_github_commands_errors_first_and_the_total():
    lines = render(REPORT, "github").splitlines()
    assert lines[0] == (
        "::error file=docs/postmortems/2024/a.md,line=3,endLine=3,col=5,endColumn=9,title=PM508"
        "::'soon' is not a date (fix: write 2024-01-22)"
    )
    assert lines[2] == "::warning file=docs/b c%2Cd%3Ae.md,line=2,endLine=4,col=11,title=PM701::100 %25 hindsight"
    assert lines[3] == "::notice file=docs/postmortems/2024/a.md,title=PM201::the required section 'Impact' is missing"
    assert lines[4] == "2 errors, 1 warning, 1 hint in 3 of 4 files"
    assert len(lines) == 5


def test_github_properties_can_be_read_back():
    command = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
    for line in render(REPORT, "github").splitlines()[:-1]:
        kind, properties, data = command.fullmatch(line).groups()
        names = dict(part.split("=", 1) for part in properties.split(","))
        assert kind
        assert unescaped(names["file"]).startswith("docs/")
        assert "\n" not in unescaped(data)


def test_github_says_what_the_host_hides():
    many = Report(tuple(Finding("PM701", f"number {n}", "a.md", n + 1, 1, Severity.WARNING) for n in range(11)))
    assert render(many, "github").splitlines()[-1] == (
        "11 warnings in 1 of 1 file; the host shows 10 of each kind, the job's summary and this log all of them"
    )


def test_github_summary_is_a_table_that_nothing_breaks_out_of():
    text = step_summary(REPORT)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(ALL)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "2 errors, 1 warning, 1 hint in 3 of 4 files" in text
    assert "no findings" in step_summary(Report((), paths=("a.md",)))


def test_github_summary_of_thousands_stays_below_a_mebibyte():
    many = Report(tuple(Finding("PM701", "x" * 200, "a.md", n + 1, 1, Severity.WARNING) for n in range(5000)))
    text = step_summary(many)
    assert len(text.encode()) < 1024 * 1024
    assert text.endswith("… and 4000 more\n")


def test_gitlab_report_fits_its_shape():
    issues = json.loads(render(REPORT, "gitlab"))
    jsonschema.validate(issues, GITLAB)
    assert [issue["severity"] for issue in issues] == ["minor", "info", "major", "major"]
    assert issues[0]["location"] == {"path": "docs/b c,d:e.md", "lines": {"begin": 2}}
    assert issues[1]["location"]["lines"] == {"begin": 1}


def test_gitlab_fingerprints_differ_and_survive_moved_lines():
    def prints(line: int) -> list[str]:
        twice = tuple(Finding("PM701", "same", "a.md", line + n, 1, Severity.WARNING) for n in range(3))
        return [issue["fingerprint"] for issue in json.loads(render(Report(twice), "gitlab"))]

    assert len(set(prints(1))) == 3
    assert prints(1) == prints(40)


def test_sarif_fits_its_shape():
    data = json.loads(render(REPORT, "sarif"))
    jsonschema.validate(data, SARIF)
    run = data["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == ["warning", "note", "error", "error"]
    assert run["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "docs/b%20c%2Cd%3Ae.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 11, "endLine": 4, "endColumn": 2},
    }
    assert "region" not in run["results"][1]["locations"][0]["physicalLocation"]
    described = next(rule for rule in rules if rule["id"] == "PM701")
    assert described["name"] == "Counterfactual"
    assert described["help"]["markdown"].startswith("# counterfactual (PM701)")


def test_sarif_fits_the_schema_of_oasis():
    place = os.environ.get("PMCTL_SARIF_SCHEMA")
    if not place:
        pytest.skip("PMCTL_SARIF_SCHEMA names no copy of the SARIF 2.1.0 schema")
    schema = json.loads(Path(place).read_text())
    for report in (REPORT, Report(()), Report((Finding("AU301", "no path"),))):
        jsonschema.validate(json.loads(render(report, "sarif")), schema)


def test_junit_counts_agree_with_its_cases():
    root = ET.fromstring(render(REPORT, "junit"))  # noqa: S314  # written by ourselves a line above
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "3", "0")
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"docs/clean.md", "docs/b c,d:e.md", "docs/postmortems/2024/a.md", "docs/x\\x07é.md"}
    for suite in suites.values():
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
    assert suites["docs/clean.md"].find("testcase").get("name") == "valid"
    failure = suites["docs/postmortems/2024/a.md"].find("testcase/failure")
    assert failure.get("type") == "error"
    assert failure.text == "postmortems/2024/a.md:3:5: PM508 'soon' is not a date (fix: write 2024-01-22)"
    assert "PM201" in suites["docs/postmortems/2024/a.md"].find("system-out").text


def test_junit_of_anything_is_xml():
    strange = Finding("PM801", "\x00\x0b\ud800\ufffe]]>&<", "\x01.md", 1, 1)
    root = ET.fromstring(render(Report((strange, HOSTILE)), "junit"))  # noqa: S314  # as above
    assert root.get("tests") == "2"
