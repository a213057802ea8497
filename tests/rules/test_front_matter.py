"""Front matter beyond its schema: one finding for one mistake, and the fix that fits it."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.document.template import TemplateField
from pmctl.output.advice import words
from pmctl.rules.context import TemplateView
from pmctl.rules.engine import check

from .sample import CONTEXT, PATH, sample


def found(fragment: str, context=CONTEXT) -> list[tuple[str, str, str]]:
    findings = check(sample(fragment + "\n"), context)
    return [(one.code, one.message, words(one.fix)) for one in findings if one.code.startswith("PM1")]


def only(fragment: str, context=CONTEXT) -> tuple[str, str, str]:
    [finding] = found(fragment, context)
    return finding


LIST = "write the person's handle, as in jane: pmctl people list"


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("author: Jane", "PM105", "did you mean jane?"),
        ('author: "@jane"', "PM105", "did you mean jane?"),
        ("author: Jane Doe", "PM105", LIST),
        ("author: jane@example.com", "PM105", LIST),
        ("author: jnae", "PM150", "did you mean jane?"),
        ("author: zoe", "PM150", "if the handle is right, an admin runs pmctl people add zoe"),
        ("author: payments", "PM150", "name a person"),
        ("editors: {bbo: edit}", "PM150", "did you mean bob?"),
        ("teams: [Payments]", "PM105", "did you mean payments?"),
        ("teams: [Pay Ments]", "PM105", "write the team's handle, as in payments"),
        ("teams: [paymnets]", "PM151", "did you mean payments?"),
        ("teams: [sre]", "PM151", "the policy has payments"),
    ],
)
def test_people_and_teams(line, code, fix):
    assert only(line)[::2] == (code, fix)


@pytest.mark.parametrize(
    ("severity", "fix"),
    [
        ("sev2", "did you mean SEV2?"),
        ("Sev-2", "did you mean SEV2?"),
        ("P2", "did you mean SEV2?"),
        ("2", "did you mean SEV2?"),
        ("SEV4", "write one of SEV1, SEV2, SEV3"),
        ("critical", "write one of SEV1, SEV2, SEV3"),
    ],
)
def test_severities(severity, fix):
    assert only(f"severity: {severity}")[::2] == ("PM153", fix)


@pytest.mark.parametrize(
    ("written", "code", "fix"),
    [
        ("2024-01-15 14:00 UTC", "PM107", "write 2024-01-15T14:00:00Z"),
        ("2024-01-15T14:00:00 Europe/Berlin", "PM107", "write 2024-01-15T14:00:00+01:00"),
        ("15/01/2024 14:00", "PM107", "write 2024-01-15T14:00:00Z"),
        ("Jan 15, 2024 2:30 pm CET", "PM107", "write 2024-01-15T14:30:00+01:00"),
        ("2024-01-15", "PM107", "add the time of day, as in 2024-01-15T14:00:00Z"),
        ("2024-01-15 14:00 IST", "PM107", "write it as in 2024-01-15T14:00:00Z"),
        ("Jan 15 14:00", "PM107", "write it as in 2024-01-15T14:00:00Z"),
        ("TBD", "PM107", "write it as in 2024-01-15T14:00:00Z"),
        ("2024-01-15T14:00", "PM108", "write 2024-01-15T14:00Z for UTC, or 2024-01-15T14:00+02:00"),
    ],
)
def test_times_that_are_written_otherwise(written, code, fix):
    assert only(f"started_at: {written}")[::2] == (code, fix)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("started_at: 2044-01-15T14:00:00Z", "started_at is after detected_at, 2024-01-15T14:00:00Z"),
        ("detected_at: 2024-01-15T15:00:00Z", "detected_at is after mitigated_at, 2024-01-15T14:22:00Z"),
        ("detected_at: 2024-01-15T13:00:00Z", "detected_at is before started_at, 2024-01-15T14:00:00Z"),
        ("mitigated_at: 2024-01-15T13:00:00Z", "mitigated_at is before started_at, 2024-01-15T14:00:00Z"),
        ("mitigated_at: 2024-01-15T15:00:00Z", "resolved_at is before mitigated_at, 2024-01-15T15:00:00Z"),
        ("acknowledged_at: 2024-01-15T14:50:00Z", "resolved_at is before acknowledged_at, 2024-01-15T14:50:00Z"),
    ],
)
def test_one_wrong_time_is_one_finding(line, message):
    findings = check(sample(line + "\n"), CONTEXT)
    assert [one.message for one in findings if one.code == "PM154"] == [message]


def test_seconds_that_a_person_did_not_type_contradict_nothing():
    assert found("started_at: 2024-01-15T14:00:20Z") == []


def test_times_that_are_missing_are_one_finding():
    assert only("started_at:\nresolved_at:") == (
        "PM156",
        "started_at and resolved_at are not given",
        "add started_at and resolved_at, as in started_at: 2024-01-15T14:00:00Z",
    )


def test_a_status_is_put_back_and_not_chosen():
    assert only("status: Draft")[2] == "did you mean DRAFT?"
    fix = "put back what it was, DRAFT for a new one: pmctl submit, publish and archive change it"
    assert only("status: published")[::2] == ("PM104", fix)
    assert only("status: DONE")[::2] == ("PM104", fix)


def test_a_file_that_lies_elsewhere_is_moved_or_is_a_copy():
    doc = read(sample().data, "postmortems/2024/2024-01-16-a copy.md")
    [finding] = [one for one in check(doc, CONTEXT._replace(exists=lambda path: False)) if one.code == "PM110"]
    move, copy = words(finding.fix).split("; ")
    assert move == f"git mv 'postmortems/2024/2024-01-16-a copy.md' {PATH}"
    assert copy == "in a copy of another postmortem, write an id of its own"
    [finding] = [one for one in check(doc, CONTEXT._replace(exists=lambda path: path == PATH)) if one.code == "PM110"]
    assert finding.fix == f"{PATH} is there already: give this one an id of its own, or remove it"


def test_a_required_field_says_what_to_write():
    field = TemplateField("personal_data", "boolean", required=True, description="Whether personal data was exposed")
    context = CONTEXT._replace(template=TemplateView(fields=(field,)))
    assert only("", context) == (
        "PM155",
        "personal_data is required",
        "write fields: {personal_data: true} (Whether personal data was exposed)",
    )


UNKNOWN = "correct the name or the version, or bring its file back to .pmctl/templates/"


def test_templates_that_nobody_knows():
    own = CONTEXT._replace(own_templates=())
    assert only("template: lightwight", own)[::2] == ("PM157", "did you mean lightweight?")
    for name in ("quarterly@3", "default@9"):
        code, message, fix = only(f"template: {name}", own)
        assert (code, fix) == ("PM157", UNKNOWN), message
    for name in ("default", "default@1", "lightweight", "near-miss@1"):
        assert [code for code, _, _ in found(f"template: {name}", own) if code == "PM157"] == []
    assert found("template: quarterly", CONTEXT) == [], "nobody knows which templates there are"
