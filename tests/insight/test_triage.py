"""Which incidents need a postmortem, and by which rule."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pmctl.document import strict_yaml
from pmctl.insight.catalog import Summary
from pmctl.insight.dismissals import Dismissal
from pmctl.insight.triage import _CHECKS, Triage, missing, triage, triage_documents
from pmctl.insight.triggers import RULES, TriggerSettings, Verdict, trigger_settings
from pmctl.services.incident import Event, Impact, Incident, Reference
from pmctl.services.registry import read_records
from pmctl.text import utc
from tests.skips import NO_CORPUS

START = datetime(2024, 1, 15, 14, tzinfo=UTC)
NOW = datetime(2024, 2, 1, tzinfo=UTC)
SETTINGS = TriggerSettings()
PLAIN = Incident(
    source="pagerduty",
    id="P1",
    title="Queue is long",
    resolved=True,
    urgency="LOW",
    started_at=START,
    acknowledged_at=START + timedelta(minutes=2),
    resolved_at=START + timedelta(minutes=20),
    references=(Reference("pagerduty", "P1"),),
)


def ask(incident: Incident, *history: Summary, settings: TriggerSettings = SETTINGS) -> Triage:
    return triage(incident, settings, history, now=NOW)


def standing(answer: Triage) -> list[str]:
    return [reason.rule for reason in answer.reasons if not reason.outweighed]


def written(day: int, **values: object) -> Summary:
    started = START - timedelta(days=day)
    return Summary("x.md", f"{started:%Y-%m-%d}-x", started_at=utc(started))._replace(**values)


def test_an_ordinary_incident_needs_none() -> None:
    answer = ask(PLAIN)
    assert (answer.verdict, answer.reasons) == (Verdict.SKIP, ())


@pytest.mark.parametrize(
    ("rule", "verdict", "values"),
    [
        ("high-urgency", "required", {"urgency": "HIGH"}),
        ("high-urgency", "required", {"urgency": "", "severity": "SEV1"}),
        ("high-urgency", "required", {"urgency": "LOW", "severity": "P1"}),
        ("high-urgency", "required", {"urgency": "HIGH", "severity": "purple"}),
        ("merged", "skip", {"exempt": "merged", "exempt_because": "it was merged into P2"}),
        ("test", "skip", {"exempt": "test", "exempt_because": "its mode is test"}),
        ("planned", "skip", {"exempt": "planned", "exempt_because": "it was planned maintenance"}),
        ("customer-impact", "required", {"impacts": (Impact("Customers impacted", "1200"),)}),
        ("customer-impact", "required", {"summary": "About 300 customers were affected."}),
        ("customer-impact", "required", {"events": (Event(START, "Users are unable to log in", "Jane"),)}),
        ("data-loss-or-security", "required", {"summary": "Two orders were lost for good: data loss."}),
        ("data-loss-or-security", "required", {"tags": ("Security",)}),
        ("data-loss-or-security", "required", {"title": "API token leaked in a log"}),
        ("long-duration", "required", {"resolved_at": START + timedelta(minutes=61)}),
        ("long-duration", "required", {"resolved": False, "resolved_at": None}),
        ("near-miss", "recommended", {"tags": ("Near miss",)}),
        ("near-miss", "recommended", {"summary": "A close call: the disk had 1 % left."}),
        ("unknown-length", "recommended", {"resolved_at": None}),
        ("unknown-length", "recommended", {"started_at": None}),
        ("several-teams", "recommended", {"teams": ("payments", "platform")}),
        ("false-positive", "skip", {"title": "False alarm: sensor broken"}),
        ("false-positive", "skip", {"status": "Declined"}),
        ("false-positive", "skip", {"tags": ("drill",)}),
        ("auto-resolved", "skip", {"acknowledged_at": None, "resolved_at": START + timedelta(minutes=3)}),
    ],
)
def test_each_rule_applies_alone(rule: str, verdict: str, values: dict[str, object]) -> None:
    answer = ask(replace(PLAIN, **values))
    assert standing(answer) == [rule]
    assert answer.verdict == verdict
    assert answer.reasons[0].because


@pytest.mark.parametrize(
    "values",
    [
        {"summary": "No data loss, no customer impact."},
        {"summary": "We ruled out unauthorized access."},
        {"events": (Event(START, "Checking whether customers are affected", "Jane"),)},
        {"events": (Event(START, "There wasn't any data loss", "Jane"),)},
        {"events": (Event(START, "Probably a false positive", "Jane"),)},
        {"impacts": (Impact("Customer impact", "None"),)},
        {"summary": "The security group of the load balancer was changed."},
        {"summary": "The false positive rate of the model rose."},
        {"resolved_at": START + timedelta(minutes=60)},
        {"teams": ("payments",)},
        {"resolved_at": START, "acknowledged_at": None},
        {"severity": "P5", "urgency": "HIGH"},
    ],
)
def test_what_is_denied_doubted_or_below_a_threshold_does_not_count(values: dict[str, object]) -> None:
    assert ask(replace(PLAIN, **values)).reasons == ()


def test_a_recurring_pattern_needs_two_postmortems_of_the_same_service_in_ninety_days() -> None:
    incident = replace(PLAIN, services=("Payment API",))
    near, nearer = written(80, services=("payment-api",)), written(10, services=("payment api", "x"))
    assert standing(ask(incident, near)) == []
    answer = ask(incident, near, nearer)
    assert standing(answer) == ["recurring"]
    assert "2 postmortems of the 90 days before" in answer.reasons[0].because
    assert nearer.id in answer.reasons[0].because
    assert standing(ask(incident, written(91, services=("payment-api",)), nearer)) == []
    assert standing(ask(incident, near, written(-3, services=("payment-api",)))) == []  # a later one


def test_the_same_root_cause_is_a_pattern_too() -> None:
    incident = replace(PLAIN, root_causes=("capacity",))
    assert standing(ask(incident, written(5, root_causes=("capacity",)), written(6, root_causes=("Capacity",)))) == [
        "recurring"
    ]


def test_a_service_that_no_postmortem_is_about_is_novel() -> None:
    incident = replace(PLAIN, services=("search",))
    assert standing(ask(incident, written(5, services=("mail",)))) == ["novel"]
    assert standing(ask(incident)) == []
    assert standing(ask(replace(incident, services=()), written(5, services=("mail",)))) == []


def test_a_documented_incident_needs_no_second_one_whatever_it_was() -> None:
    done = written(0, incidents=(("pagerduty", "P1"),), services=("a",))
    answer = ask(replace(PLAIN, urgency="HIGH", summary="data loss"), done)
    assert (answer.verdict, answer.postmortem) == (Verdict.SKIP, done.id)
    assert standing(answer) == ["documented"]
    assert [reason.rule for reason in answer.reasons if reason.outweighed] == ["high-urgency", "data-loss-or-security"]
    other = written(0, incidents=(("opsgenie", "P1"),))
    assert ask(replace(PLAIN, urgency="HIGH"), other).verdict is Verdict.REQUIRED


def test_resolving_itself_outweighs_urgency_and_no_harm_that_was_done() -> None:
    quick = replace(PLAIN, urgency="HIGH", acknowledged_at=None, resolved_at=START + timedelta(minutes=3))
    assert ask(quick).verdict is Verdict.SKIP
    assert ask(replace(quick, summary="All customers affected")).verdict is Verdict.REQUIRED
    assert ask(replace(quick, events=(Event(START, "restarted it", "Jane"),))).verdict is Verdict.REQUIRED


def test_a_public_status_page_tells_of_customer_impact() -> None:
    page = replace(PLAIN, source="statuspage", urgency="", severity="major")
    assert "customer-impact" in standing(ask(page))
    for severity in ("minor", "none"):  # alone that says little: most incidents of a page are minor
        assert standing(ask(replace(page, severity=severity))) == []


def test_what_is_exempt_needs_none_whatever_else_it_says() -> None:
    bad = replace(PLAIN, urgency="HIGH", summary="All customers were affected. We lost data.")
    answer = ask(replace(bad, exempt="merged", exempt_because="it was merged into P2"))
    assert (answer.verdict, standing(answer)) == (Verdict.SKIP, ["merged"])
    off = TriggerSettings(rules={"merged": Verdict.OFF})
    assert ask(replace(bad, exempt="merged", exempt_because="x"), settings=off).verdict is Verdict.REQUIRED


def test_a_dismissed_incident_needs_none_and_another_one_does() -> None:
    bad = replace(PLAIN, urgency="HIGH")
    decision = Dismissal("pagerduty", "P1", "no-learning", "A known test box", "jane", "2024-01-20T10:00:00Z")
    answer = triage(bad, SETTINGS, now=NOW, dismissed=[decision])
    assert (answer.verdict, standing(answer)) == (Verdict.SKIP, ["dismissed"])
    assert answer.reasons[-1].because == (
        "jane dismissed it on 2024-01-20: there is nothing to learn from it: A known test box"
    )
    assert missing([bad], SETTINGS, (), now=NOW, dismissed=[decision]) == ()
    other = replace(bad, id="P2", references=(Reference("pagerduty", "P2"),))
    assert len(missing([other], SETTINGS, (), now=NOW, dismissed=[decision])) == 1


def test_missing_lists_resolved_required_and_undocumented_incidents_oldest_first() -> None:
    incidents = [
        replace(PLAIN, id=name, urgency="HIGH", references=(Reference("pagerduty", name),), started_at=START + shift)
        for name, shift in (("new", timedelta(minutes=9)), ("done", timedelta(0)), ("old", timedelta(0)))
    ]
    incidents.append(replace(incidents[0], id="open", resolved=False))
    incidents.append(replace(PLAIN, id="small"))
    done = written(0, incidents=(("pagerduty", "done"),))
    assert [answer.incident.id for answer in missing(incidents, SETTINGS, [done], now=NOW)] == ["old", "new"]


def test_the_json_says_everything() -> None:
    assert triage_documents([ask(replace(PLAIN, urgency="HIGH"))]) == [
        {
            "source": "pagerduty",
            "id": "P1",
            "url": "",
            "title": "Queue is long",
            "resolved": True,
            "verdict": "required",
            "postmortem": None,
            "reasons": [
                {
                    "rule": "high-urgency",
                    "verdict": "required",
                    "because": "its urgency is HIGH",
                    "outweighed": False,
                }
            ],
            "pattern": None,
            "similar": [],
        }
    ]


YAML = """\
longer_than: 30m
auto_resolved_within: 90s
recurring: {count: 3, within: 4w}
several_teams: 3
high_severities: [red]
words: {customer-impact: [checkout is closed], near-miss: [knapp]}
rules: {novel: off, several-teams: required, near-miss: skip}
"""


def test_settings_change_thresholds_words_and_weights() -> None:
    settings, findings = trigger_settings(strict_yaml.load(YAML).node)
    assert findings == ()
    assert settings.longer_than == timedelta(minutes=30)
    assert settings.auto_resolved_within == timedelta(seconds=90)
    assert (settings.recurring_count, settings.recurring_within) == (3, timedelta(weeks=4))
    assert standing(ask(replace(PLAIN, severity="RED"), settings=settings)) == ["high-urgency"]
    assert standing(ask(replace(PLAIN, summary="Checkout is closed!"), settings=settings)) == ["customer-impact"]
    assert ask(replace(PLAIN, teams=("a", "b", "c")), settings=settings).verdict is Verdict.REQUIRED
    assert standing(ask(replace(PLAIN, services=("s",)), written(1, services=("t",)), settings=settings)) == []
    assert trigger_settings(None) == (TriggerSettings(), ())


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("longer_then: 1h", "PM191", "unknown key 'longer_then' in triggers"),
        ("longer_than: soon", "PM190", "triggers.longer_than is not a duration: 'soon'"),
        ("several_teams: 0", "PM190", "must be a whole number from 1 to 1000"),
        ("several_teams: true", "PM190", "must be a whole number from 1 to 1000"),
        ("recurring: 3", "PM190", "triggers.recurring must be a mapping"),
        ("high_severities: SEV1", "PM190", "must be a list"),
        ("words: {novel: [x]}", "PM191", "unknown key 'novel' in triggers.words"),
        ("rules: {high-urgence: off}", "PM191", "unknown key 'high-urgence' in triggers.rules"),
        ("rules: {novel: maybe}", "PM190", "triggers.rules.novel must be one of required, recommended, skip, off"),
    ],
)
def test_a_mistake_in_the_settings_is_a_finding_with_its_line_and_keeps_the_default(
    text: str, code: str, said: str
) -> None:
    settings, findings = trigger_settings(strict_yaml.load(f"# triggers\n{text}\n").node)
    assert settings == TriggerSettings()
    assert [(finding.code, finding.line) for finding in findings] == [(code, 2)]
    assert said in findings[0].message


def test_every_rule_has_a_weight_and_a_check() -> None:
    everything = TriggerSettings(rules=dict.fromkeys(RULES, Verdict.OFF))
    loud = replace(PLAIN, urgency="HIGH", summary="data loss, outage, near miss", teams=("a", "b"), tags=("drill",))
    assert ask(loud, settings=everything).reasons == ()
    assert len(ask(loud).reasons) == 6
    assert set(_CHECKS) == set(RULES)


def test_real_status_page_incidents_all_get_an_answer() -> None:
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    verdicts: dict[str, list[Verdict]] = {}
    for path in (Path(corpus) / "incidents" / "statuspage").glob("*.json"):
        incident = read_records([(path.name, path.read_bytes())], now=NOW)
        verdicts.setdefault(incident.severity, []).append(ask(incident).verdict)
    assert set(verdicts["major"]) == {Verdict.REQUIRED}
    required = verdicts["minor"].count(Verdict.REQUIRED)
    assert 0.2 < required / len(verdicts["minor"]) < 0.5  # those that were long, or say that people were hit
