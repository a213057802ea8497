"""Findings for GitHub, GitLab, code scanning and JUnit, each held against its published schema or documentation."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

import jsonschema

from pmctl.document.finding import Finding, Severity
from pmctl.output import findings_sarif
from pmctl.output.findings import FORMATS, Report, render
from pmctl.output.findings_github import step_summary
from tests.published import junit_problems, junit_schemas, sarif_problems

FIX = "write 2024-01-22"
ERROR = Finding("PM508", "'soon' is not a date", "docs/postmortems/2024/a.md", 3, 5, Severity.ERROR, FIX, 3, 9)
WARNING = Finding("PM701", "100 % hindsight", "docs/b c,d:e.md", 2, 11, Severity.WARNING, "", 4, 2)
HINT = Finding("PM201", "the required section 'Impact' is missing", "docs/postmortems/2024/a.md", 0, 0, Severity.HINT)
NASTY = "a\x1b[31m\u202e\nsecond: %0A::error::x <b>|`]]>&"
HOSTILE = Finding("PM801", NASTY, "docs/x\x07é.md", 1, 1, Severity.ERROR, "f\r\n::stop")
ALL = (WARNING, HINT, ERROR, HOSTILE)
REPORT = Report(ALL, paths=("docs/clean.md",), at=datetime(2024, 1, 15, 14, 0, 7, tzinfo=UTC))
NOT_UTF8 = os.fsdecode(b"postmortems/2024/\xff\xfe.md")

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
            originalUriBaseIds={
                "type": "object",
                "additionalProperties": closed(["description"], description=MESSAGE),
            },
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


def test_github_paths_keep_their_names_and_reach_no_terminal_raw():
    strange = "a%b\nc\rd\x1b[31m\u202e,e:f.md"
    line = render(Report((Finding("PM801", "x", strange, 1, 1),)), "github").splitlines()[0]
    assert line == "::error file=a%25b%0Ac%0Dd\\x1b[31m\\u202e%2Ce%3Af.md,line=1,col=1,title=PM801::x"


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


def test_github_summary_keeps_errors_first_and_below_a_mebibyte():
    many = [Finding("PM701", "é" * 200, "a.md", n + 1, 1, Severity.WARNING) for n in range(5000)]
    text = step_summary(Report((*many, ERROR)))
    rows = [line for line in text.splitlines() if line.startswith(("| warning", "| error"))]
    assert 1_000_000 < len(text.encode()) <= 1024 * 1024
    assert "PM508" in rows[0]
    assert text.endswith(f"\n… and {5001 - len(rows)} more: the job's log lists all\n")
    short = step_summary(Report((ERROR, *many)), 1000)
    assert len(short.encode()) <= 1000
    assert "PM508" in short
    assert step_summary(Report((ERROR,)), 20) == "", "the summary of the step is full already"


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
    for report in (REPORT, Report(()), Report((Finding("AU301", "no path"),)), Report((Finding("XX1", "x", "y"),))):
        assert sarif_problems(render(report, "sarif")) == []
    assert sarif_problems(render(REPORT, "sarif").replace('"startLine": 3', '"startLine": 0')) != []


def test_sarif_rules_hold_what_code_scanning_requires():
    """shortDescription, fullDescription and help, for every code that validation can report."""
    from pmctl.codes import codes

    every = Report(tuple(Finding(code, "x", "a.md") for code in codes()))
    text = render(every, "sarif")
    assert sarif_problems(text) == []
    for rule in json.loads(text)["runs"][0]["tool"]["driver"]["rules"]:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help")), rule["id"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10


def test_sarif_addresses_lead_to_the_file_whatever_its_name():
    for path in ("a b.md", "é日.md", "p#q?r%20.md", "c:d.md", "nl\nx.md", "back\\slash.md", "\u202ertl.md", NOT_UTF8):
        text = render(Report((Finding("PM801", "x", path, 1, 1),)), "sarif")
        assert sarif_problems(text) == []
        uri = json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert unquote_to_bytes(uri) == os.fsencode(path)


def test_sarif_of_a_file_outside_of_every_repository():
    data = json.loads(render(Report((Finding("PM801", "x", "/tmp/a b.md"),)), "sarif"))  # noqa: S108  # only a name
    place = data["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///tmp/a%20b.md"}


def test_sarif_leaves_out_the_lightest_of_too_many_and_says_so(monkeypatch):
    assert findings_sarif.MOST_RESULTS == 25_000, "what code scanning takes"
    monkeypatch.setattr(findings_sarif, "MOST_RESULTS", 50)
    hints = tuple(Finding("PM201", f"hint {n}", "a.md", 0, 0, Severity.HINT) for n in range(50))
    text = render(Report((*hints, ERROR)), "sarif")
    assert sarif_problems(text) == []
    run = json.loads(text)["runs"][0]
    assert len(run["results"]) == 50
    assert run["results"][0]["ruleId"] == "PM508"
    said = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert said == "1 of 51 findings are left out: a run holds at most 50"


def test_junit_fits_both_schemas():
    for report in (REPORT, Report(()), Report((), paths=("a.md",)), Report((Finding("AU301", "no path"),))):
        assert junit_problems(ET.fromstring(render(report, "junit"))) == []  # noqa: S314  # written a line above
    broken = render(REPORT, "junit").replace(' hostname="localhost"', "")
    assert "Apache Ant: testsuite without hostname" in junit_problems(ET.fromstring(broken))  # noqa: S314  # as above


def test_junit_fits_the_schema_files():
    schemas = junit_schemas()
    from lxml import etree

    for report in (REPORT, Report(()), Report((), paths=("a.md",)), Report((Finding("AU301", "no path"),))):
        document = etree.fromstring(render(report, "junit").encode())
        for schema in schemas:
            assert schema.validate(document), schema.error_log


def test_junit_counts_agree_with_its_cases():
    root = ET.fromstring(render(REPORT, "junit"))  # noqa: S314  # written by ourselves a line above
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"docs/clean.md", "docs/b c,d:e.md", "docs/postmortems/2024/a.md", "docs/x\\x07é.md"}
    for suite in suites.values():
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert suite.get("timestamp") == "2024-01-15T14:00:07"
    assert suites["docs/clean.md"].find("testcase").get("name") == "valid"
    failure = suites["docs/postmortems/2024/a.md"].find("testcase/failure")
    assert failure.get("type") == "error"
    assert failure.text == "docs/postmortems/2024/a.md:3:5: error: PM508 'soon' is not a date (fix: write 2024-01-22)"
    assert "PM201" in suites["docs/postmortems/2024/a.md"].find("system-out").text


def test_junit_names_are_unique_and_survive_moved_lines():
    """GitLab shows only the first of two cases with one name, and knows a case again by it."""

    def names(line: int) -> list[str]:
        same = tuple(Finding("PM701", "same", "a.md", line + n, 1, Severity.WARNING) for n in range(2))
        other = Finding("PM102", "author is missing", "a.md")
        root = ET.fromstring(render(Report((*same, other)), "junit"))  # noqa: S314  # written by ourselves
        return [case.get("name") for case in root.iter("testcase")]

    assert names(1) == names(40) == ["PM701 same", "PM701 same (2)", "PM102 author is missing"]


def test_junit_of_anything_is_xml():
    strange = Finding("PM801", "\x00\x0b\ud800\ufffe]]>&<", "\x01.md", 1, 1)
    root = ET.fromstring(render(Report((strange, HOSTILE)), "junit"))  # noqa: S314  # as above
    assert len(root.findall("testsuite/testcase/failure")) == 2
    assert junit_problems(root) == []
    assert render(Report((strange, HOSTILE)), "junit").isascii()


def test_no_format_fails_on_a_name_that_is_not_utf8():
    for name in FORMATS:
        assert render(Report((Finding("PM801", "x", NOT_UTF8, 1, 1),)), name)
