"""Several incidents in one postmortem."""

from __future__ import annotations

import pytest

from pmctl.services.incident import UNKNOWN_SEVERITY, severity_rank
from pmctl.services.merging import merge

from .records import at, example, record

FIRST = {
    "id": "A", "title": "Database slow", "status": "resolved", "severity": "SEV3", "urgency": "MEDIUM",
    "services": ["db"], "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T15:00:00Z",
    "participants": ["jane@example.com"], "summary": "Slow queries.",
    "timeline": [{"at": "2024-01-15T14:05:00Z", "text": "Restart"}],
}  # fmt: skip
SECOND = {
    "id": "B", "title": "Shop down", "status": "resolved", "severity": "SEV1", "urgency": "LOW",
    "services": ["shop", "db"], "started_at": "2024-01-15T13:50:00Z", "resolved_at": "2024-01-15T15:30:00Z",
    "participants": [{"name": "Jane", "email": "jane@example.com"}, "bob"], "summary": "No orders.",
    "timeline": [{"at": "2024-01-15T14:05:00Z", "text": "Restart"}, {"at": "2024-01-15T13:55:00Z", "text": "Alert"}],
}  # fmt: skip


def test_earliest_start_latest_end_union_of_services_and_people() -> None:
    incident = record(FIRST, SECOND)
    assert incident.title == "Database slow"
    assert (incident.severity, incident.urgency) == ("SEV1", "MEDIUM")
    assert incident.started_at == at("2024-01-15T13:50:00Z")
    assert incident.resolved_at == at("2024-01-15T15:30:00Z")
    assert incident.services == ("db", "shop")
    assert [(p.name, p.email, p.handle) for p in incident.participants] == [
        ("Jane", "jane@example.com", ""),
        ("", "", "bob"),
    ]
    assert [reference.id for reference in incident.references] == ["A", "B"]
    assert incident.provenance["started_at"] == "1.json:$.started_at"
    assert incident.provenance["resolved_at"] == "1.json:$.resolved_at"


def test_timelines_are_merged_in_order_and_labelled() -> None:
    incident = record(FIRST, SECOND)
    shown = [(f"{e.at:%H:%M}", e.label, e.text) for e in incident.events if e.text in ("Alert", "Restart")]
    assert shown == [("13:55", "B", "Alert"), ("14:05", "A", "Restart"), ("14:05", "B", "Restart")]


def test_it_is_resolved_when_all_are() -> None:
    incident = record(FIRST, {**SECOND, "status": "open", "resolved_at": None})
    assert not incident.resolved
    assert incident.resolved_at is None
    assert "resolved_at" not in incident.provenance


def test_one_incident_comes_back_as_it_is() -> None:
    incident = example("pagerduty.json")
    assert merge([incident]) is incident


def test_incidents_of_different_systems_merge() -> None:
    incident = example("pagerduty.json", "opsknight.json")
    assert [(r.source, r.id) for r in incident.references] == [("pagerduty", "PT7Q2ZC"), ("opsknight", "clr8x2k1p0001")]
    assert incident.severity == "P1"
    assert [person.email for person in incident.participants].count("jane@example.com") == 1


@pytest.mark.parametrize(
    ("word", "rank"),
    [("SEV1", 1), ("sev-2", 2), ("P0", 1), ("P5", 5), ("Severity 3", 3), ("critical", 1), ("Major", 2),
     ("minor", 4), ("none", 5), ("1", 1), ("purple", UNKNOWN_SEVERITY), ("", UNKNOWN_SEVERITY), ("SEV2 (high)", 2)],
)  # fmt: skip
def test_severities_of_all_systems_can_be_compared(word: str, rank: int) -> None:
    assert severity_rank(word) == rank
