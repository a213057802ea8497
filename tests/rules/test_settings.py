"""Path patterns and host names of `rules:`; the other settings stand in test_engine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.finding import Finding, Severity
from pmctl.document.strict_yaml import load
from pmctl.rules.settings import RuleSettings, _glob, parse_rule_settings
from tests.growth import assert_in_proportion

DOC = "postmortems/2019/2019-01-15-payments.md"


def parsed(text: str) -> tuple[RuleSettings, list[Finding]]:
    """The settings below `rules:` and what is wrong with them."""
    result, findings = parse_rule_settings(load(f"rules:\n  {text}\n").node.value["rules"])
    return result, list(findings)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("postmortems/2019/**", True),
        ("postmortems/2019", True),
        ("postmortems/2019/", True),
        ("postmortems", True),
        ("postmortems/201", False),
        ("postmortems/*", True),
        ("postmortems/*.md", False),
        ("**/*.md", True),
        ("**/2019-*-payments.md", True),
        ("**.md", True),
        ("*.md", False),
        ("postmortems/20??/*-payments.md", True),
        ("postmortems/20?/*", False),
        (DOC, True),
        (DOC + "x", False),
        ("postmortems/**/2019/**/*.md", True),
        ("postmortems[/]2019", False),
    ],
)
def test_a_pattern_fits_files_and_whole_folders(pattern, fits):
    found, findings = parsed(f'paths: {{"{pattern}": [PM7]}}')
    assert findings == []
    assert found.selection(DOC)("PM701") is not fits


def plain(pattern: str) -> str:
    """The same pattern as a regular expression that tries every place for every star."""
    table = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    parts = re.split(r"((?:\A|(?<=/))\*\*/|\*\*|\*|\?)", pattern.rstrip("/"))
    return "".join(table.get(part, re.escape(part)) for part in parts) + "(?:/.*)?"


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "ab", "/", "*", "**", "**/", "/**/", "?", "."]), min_size=1, max_size=9),
    st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=4),
)
def test_what_is_tried_once_finds_what_trying_everything_finds(pattern, folders):
    both = [re.compile(source("".join(pattern)), re.DOTALL) for source in (_glob, plain)]
    one, other = (bool(found.fullmatch("/".join(folders))) for found in both)
    assert one == other


@pytest.mark.parametrize(
    ("pattern", "unit", "end"),
    [
        ("*e" * 100 + "zz", "e", ""),
        ("**/" * 50 + "zz", "a/", "b"),
        ("**e" * 100 + "zz", "e", ""),
        ("**/*e*e*e" * 40 + "z", "e/", ""),
        ("*/" * 100 + "**/*e*e*e*z", "e" * 100 + "/", ""),
    ],
)
def test_a_pattern_of_many_stars_takes_time_in_proportion_to_the_path(pattern, unit, end):
    def work(path):
        assert RuleSettings(paths={pattern: ("PM7",)}).selection(path)("PM701")

    assert_in_proportion(work, lambda size: unit * (size // len(unit)) + end, 2_000)


def test_a_pattern_that_fits_no_file_is_said():
    _, findings = parsed('paths: {"./postmortems/**": PM7, "/a": PM7, "a/../b": PM7, "..x/*": PM7}')
    assert [(one.code, one.column) for one in findings] == [("PM260", 11), ("PM260", 36), ("PM260", 47)]
    assert findings[0].message == "'./postmortems/**' fits no file: a path begins in the folder of pmctl.yaml"


def test_names_of_hosts():
    found, findings = parsed('internal: [.Corp.example, "*.x", ".", a b, ""]')
    assert found.internal == ("corp.example",)
    assert len(findings) == 4, "an empty ending would be the ending of every name"
    found, findings = parsed('customers: ["@y.example", münchen.example]')
    assert (found.customers, findings) == (("y.example", "münchen.example"), [])


def test_a_scanner_that_is_not_installed_is_said_and_its_results_are_kept_apart(monkeypatch):
    monkeypatch.setattr("pmctl.rules.settings.scanner_is_there", lambda: False)
    without, findings = parsed("detect_secrets: true")
    assert [(one.code, one.severity, one.fix) for one in findings] == [
        ("PM260", Severity.WARNING, "pip install 'pmctl[secrets]'")
    ]
    keys = [without.digest_source()]
    monkeypatch.setattr("pmctl.rules.settings.scanner_is_there", lambda: True)
    found, findings = parsed("detect_secrets: true")
    assert (found.detect_secrets, findings) == (True, [])
    assert found.digest_source() not in keys
    assert parsed("detect_secrets: false") == (RuleSettings(), [])


def test_a_severity_that_is_set_twice_is_said():
    found, findings = parsed("severity: {pm5: error, PM5: off}")
    assert [one.message for one in findings] == ["the severity of PM5 is set twice"]
    assert found.severity == {"PM5": Severity.ERROR}


@pytest.mark.parametrize(("value", "says"), [("", "''"), ("24", "'24'"), ("[1d]", "''"), ("1.5h", "'1.5h'")])
def test_a_duration_is_quoted_as_it_stands(value, says):
    _, findings = parsed(f"targets: {{draft: {value}}}")
    assert [one.message for one in findings] == [f"{says} is not a duration"]
