"""pmctl.yaml: defaults, findings with their place, and that nothing of it raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.repository.settings import DEFAULT_SETTINGS, Settings, load_settings


def test_the_default_file_says_the_defaults() -> None:
    found, findings = load_settings(DEFAULT_SETTINGS)
    assert findings == ()
    assert (found.template, found.severities) == ("default", ())
    assert set(found.blocks) == {"rules"}
    assert load_settings(b"") == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        (b"templat: default", "PM191", 1, "did you mean template?"),
        (b"version: 1\nversion: 1", "PM", 2, ""),
        (b"version: 2", "PM192", 1, "not known to this pmctl"),
        (b"template: [a]", "PM190", 1, "the name of a template"),
        (b"\nseverities: SEV1", "PM190", 2, "must be a list"),
        (b"severities: [SEV1, {a: b}]", "PM190", 1, "a severity must be text"),
        (b"version: true", "PM190", 1, "version must be a whole number"),
        (b"severities: [SEV1, ' ', true]", "PM190", 1, "a severity must be text"),
        (b"visibility: public", "PM190", 1, "one of private, team, organization"),
        (b"template: ../x", "PM190", 1, "the name of a template"),
        (b"protected_branch: main", "PM191", 1, "protected_branch"),  # the policy names it
        (b"- a", "PM", 1, ""),
        (b"template: a\nrules: \xff", "PM001", 2, "not UTF-8"),
        (b"a: &x 1\nb: *x", "PM", 1, ""),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_line(text: bytes, code: str, line: int, says: str) -> None:
    _, findings = load_settings(text)
    assert findings, "it is said"
    first = findings[0]
    assert first.code.startswith(code) and first.line == line and first.path == "pmctl.yaml"
    assert says in first.message + first.fix


def test_days_and_their_zone() -> None:
    found, findings = load_settings(
        b"time_zone: Europe/Berlin\nactions: {due: {LOW: 90d, HIGH: 2w}}\nroot_causes: [config]\n"
    )
    assert findings == ()
    assert (found.time_zone, list(found.item_targets.items())) == ("Europe/Berlin", [("HIGH", 14), ("LOW", 90)])
    assert found.root_causes == ("config",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"time_zone: Europe/Berlim", "did you mean Europe/Berlin?"),
        (b"time_zone: ../../etc/passwd", "there is no time zone"),
        (b"time_zone: /etc/localtime", "there is no time zone"),
        (b"time_zone: [UTC]", "must be text"),
        (b"actions: {due: {HIGH: 24h}}", "not a number of days: '24h'"),
        (b"actions: {due: {HIGH: 0d}}", "not a number of days"),
        (b"actions: {due: {URGENT: 2w}}", "unknown key 'URGENT' in actions.due"),
        (b"actions: {deu: {}}", "did you mean due?"),
    ],
)
def test_what_is_wrong_with_days(text: bytes, says: str) -> None:
    found, (finding, *more) = load_settings(text)
    assert more == [] and says in finding.message + finding.fix
    assert (found.time_zone, dict(found.item_targets)) == ("UTC", {})


def test_a_wrong_key_keeps_its_default_and_the_others_count() -> None:
    found, findings = load_settings(b"template: lightweight\nvisibility: [x]\n")
    assert (found.template, found.visibility, len(findings)) == ("lightweight", "organization", 1)


def test_what_is_commented_out_counts_as_not_there() -> None:
    assert load_settings(b"# version: 1\n") == (Settings(), ())
    found, findings = load_settings(b"---\nversion: 1\nrules:\n  # ignore: [PM8]\nseverities:\ntemplate: security\n")
    assert (findings, found) == ((), Settings(template="security"))


def test_what_cannot_be_used_is_not_used() -> None:
    found, findings = load_settings(b"severities: [SEV1, ' ', null, 2]\ntemplate: A B\n")
    assert (found.severities, found.template) == (("SEV1", "2"), "default")
    assert len(findings) == 3


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))))
def test_nothing_raises(data: bytes) -> None:
    found, findings = load_settings(data)
    assert isinstance(found, Settings)
    assert all(finding.line >= 1 for finding in findings)
