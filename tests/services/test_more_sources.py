"""Datadog, GitLab, Grafana OnCall, Squadcast, Splunk On-Call, Google Cloud, ServiceNow, Jira: examples and details."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.insight.triage import triage
from pmctl.insight.triggers import TriggerSettings, Verdict
from pmctl.services.cursor import Cursor
from pmctl.services.incident import Incident
from pmctl.services.jira_text import plain_text

from .records import EXAMPLES, NOW, at, example, record, rows


def load(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_bytes())


def test_datadog_with_cells_and_todos() -> None:
    incident = example("datadog.json", "datadog-timeline.json", "datadog-todos.json")
    assert (incident.name, incident.severity, incident.services) == ("IR-214", "SEV-2", ("exports",))
    assert (incident.teams, incident.root_causes) == (("reporting",), ("Schema change",))
    assert incident.started_at == at("2024-11-04T07:50:00Z")
    assert incident.detected_at == at("2024-11-04T08:25:00Z")
    assert incident.mitigated_at == at("2024-11-04T09:40:00Z")
    assert incident.resolved_at == at("2024-11-04T10:05:00Z")
    assert [row[1] for row in rows(incident)][1:4:2] == [
        "Support has ten tickets about empty files.",
        "Put the old column name back as an alias.",
    ]
    assert [(item.status, item.due) for item in incident.action_items] == [("OPEN", "2024-11-18"), ("COMPLETED", "")]
    assert incident.action_items[0].owner == incident.participants[0]
    assert incident.impacts[0].measurement == "Reports of 40 customers had no rows"


def test_datadog_tests_long_root_causes_and_what_hit_nobody() -> None:
    whole = load("datadog.json")
    said = whole["data"]["attributes"]
    said["fields"]["root_cause"]["value"] = "The column was renamed, and the job read it by its old name. " * 2
    said |= {"is_test": True, "customer_impacted": False, "customer_impact_start": None, "detected": None}
    incident = record(whole)
    assert incident.exempt == "test"
    assert incident.root_causes == incident.impacts == ()
    assert "Root cause: The column was renamed" in incident.summary
    assert any("took the creation" in warning for warning in incident.warnings)
    listed = record({"data": [whole["data"]], "included": whole["included"]})
    assert [person.email for person in listed.participants] == ["jane@example.com", "bob@example.com"]


def _required(incident: Incident) -> list[str]:
    answer = triage(incident, TriggerSettings(), now=NOW)
    return [reason.rule for reason in answer.reasons if reason.verdict is Verdict.REQUIRED]


@pytest.mark.parametrize(("impacted", "rules"), [(True, ["customer-impact"]), (False, []), (None, [])])
def test_datadog_says_in_one_word_that_customers_were_hit(impacted: bool | None, rules: list[str]) -> None:
    whole = load("datadog.json")
    said = whole["data"]["attributes"]
    said["fields"] = {}
    said |= {"title": "Slow", "severity": "SEV-4", "customer_impacted": impacted, "customer_impact_scope": "",
             "customer_impact_start": None, "customer_impact_end": None, "resolved": "2024-11-04T08:50:00Z",
             }  # fmt: skip
    assert _required(record(whole)) == rules


@pytest.mark.parametrize(
    ("value", "rules"), [(True, ["customer-impact"]), (False, []), (0, []), (12, ["customer-impact"])]
)
def test_firehydrant_counts_customers_or_says_that_there_were_some(value: object, rules: list[str]) -> None:
    whole = load("firehydrant.json")
    calm = {key: whole[key] for key in ("id", "name", "created_at", "started_at", "milestones")}
    assert _required(record({**calm, "name": "Slow", "milestones": [], "current_milestone": "resolved",
                             "resolved_at": calm["started_at"], "customers_impacted": value})) == rules  # fmt: skip


@pytest.mark.parametrize(
    ("overall", "update", "rules"),
    [
        ("SERVICE_OUTAGE", "AVAILABLE", ["customer-impact"]),
        ("SERVICE_DISRUPTION", "AVAILABLE", ["customer-impact"]),
        ("SERVICE_INFORMATION", "SERVICE_OUTAGE", ["customer-impact"]),
        ("SERVICE_INFORMATION", "SERVICE_INFORMATION", []),
    ],
)
def test_google_cloud_says_by_its_states_that_a_service_was_hit(overall: str, update: str, rules: list[str]) -> None:
    one = load("google-cloud.json")[0]
    one |= {"status_impact": overall, "end": "2024-12-12T11:20:00+00:00"}
    one["updates"][1]["status"] = update
    assert _required(record([one])) == rules


def test_gitlab_with_timeline_events_and_notes() -> None:
    incident = example("gitlab.json", "gitlab-timeline.json", "gitlab-notes.json")
    assert (incident.id, incident.name, incident.severity) == ("infra/ci#48", "#48", "HIGH")
    assert (incident.services, incident.teams, incident.tags) == (("runners",), ("platform",), ("incident",))
    assert incident.started_at == at("2024-12-02T05:58:00Z")  # by the tag of a timeline event
    assert incident.mitigated_at == at("2024-12-02T07:20:00Z")
    assert rows(incident) == [
        ("05:58", "The upgrade of the runners is out", "Bob Ray", "started"),
        ("07:20", "Rolled back to the version before", "Jane Doe", "mitigated"),
        ("07:40", "All queues are empty again.", "Bob Ray", ""),
        ("07:45", "Incident closed", "Jane Doe", "resolved"),
    ]


def test_gitlab_webhook_and_its_old_times() -> None:
    hook = {
        "object_kind": "incident", "event_type": "incident", "user": {"name": "Jane Doe", "username": "jane"},
        "project": {"path_with_namespace": "infra/ci"}, "labels": [{"title": "sev2"}],
        "object_attributes": {
            "id": 1, "iid": 48, "title": "Slow", "state": "closed", "created_at": "2024-12-02 06:10:00 UTC",
            "closed_at": "2024-12-02 07:45:00 UTC", "url": "https://gitlab.example.com/infra/ci/-/issues/48",
            "severity": "unknown", "action": "close", "type": "Incident"},
    }  # fmt: skip
    incident = record(hook)
    assert (incident.id, incident.severity, incident.resolved) == ("infra/ci#48", "sev2", True)
    assert (incident.started_at, incident.resolved_at) == (at("2024-12-02T06:10:00Z"), at("2024-12-02T07:45:00Z"))
    assert [person.handle for person in incident.participants] == ["jane"]


def test_grafana_oncall_group_and_webhook() -> None:
    incident = example("grafana-oncall.json", "grafana-oncall-alerts.json")
    assert (incident.severity, incident.services) == ("critical", ("mail",))
    assert incident.started_at == at("2024-10-11T03:02:07Z")
    assert incident.acknowledged_at == at("2024-10-11T03:06:00Z")
    assert incident.resolved_at == at("2024-10-11T04:30:00Z")
    assert incident.participants == ()  # the group has ids only
    user = {"id": "UQ1", "name": "Jane Doe", "username": "jane", "email": "jane@example.com"}
    named = record(load("grafana-oncall.json"), {"users": [user]})
    assert [person.email for person in named.participants] == ["jane@example.com"]
    hook = {"event": {"type": "resolve", "time": "2024-10-11T04:30:00.6Z"}, "user": user,
            "alert_group": load("grafana-oncall.json"), "integration": {"name": "prom", "team": "Mail"},
            "alert_payload": {"commonLabels": {"severity": "critical", "service": "mail"}}}  # fmt: skip
    incident = record(hook)
    assert rows(incident)[-1] == ("04:30", "Resolved by Jane Doe", "Jane Doe", "resolved")
    assert incident.teams == ("Mail",)


def test_squadcast_export_api_and_webhook() -> None:
    incident = example("squadcast.json")
    assert (incident.title, incident.severity, incident.services) == ("Login page answers 503", "high", ("login",))
    assert rows(incident) == [
        ("19:10", "Triggered for Web on-call", "", "detected"),
        ("19:13", "Acknowledged", "Jane Doe", "acknowledged"),
        ("19:52", "Resolved: Pool restarted", "Jane Doe", "resolved"),
    ]
    whole = load("squadcast.json")
    hook = {"version": "v2", "event": {"type": "incident.resolved"}, "data": {"resource_data": whole}}
    assert record(hook).events == tuple(
        event.__class__(event.at, event.text, event.who, event.kind, f"$.data.resource_data{event.path[1:]}",
                        nanosecond=event.nanosecond)
        for event in incident.events
    )  # fmt: skip
    export = [{**whole, "title": "Down", "service": "login", "assignee": "Web on-call", "assigned_to": None}]
    assert (record(export).services, record(export).title) == (("login",), "Down")


def test_splunk_oncall_transitions_and_open_incidents() -> None:
    incident = example("splunk-oncall.json")
    assert (incident.id, incident.name) == ("3107", "#3107")
    assert (incident.services, incident.teams) == (("orders-db",), ("Data",))
    assert incident.acknowledged_at == at("2024-09-14T22:44:30Z")
    assert rows(incident)[-1] == ("23:40", "Resolved by jdoe: replica rebuilt", "jdoe", "resolved")
    assert [person.handle for person in incident.participants] == ["jdoe"]
    whole = load("splunk-oncall.json")
    whole["incidents"][0]["currentPhase"] = "ACKED"
    assert (record(whole).resolved, record(whole).resolved_at) == (False, None)


def test_google_cloud_status() -> None:
    incident = example("google-cloud.json")
    assert (incident.severity, incident.services) == ("medium", ("Google Cloud Storage",))
    assert incident.url == "https://status.cloud.google.com/incidents/aB3dE5fG7hJ9kLmN1pQr"
    assert (incident.started_at, incident.resolved_at) == (at("2024-12-12T10:40:00Z"), at("2024-12-12T12:15:00Z"))
    assert incident.summary == "We are looking into slow reads in one region."
    whole = load("google-cloud.json")
    whole[0] |= {"end": None, "affected_products": []}
    assert (record(whole).resolved, record(whole).services) == (False, ("Multiple Products",))


def test_servicenow_takes_times_from_values_and_names_from_what_is_shown() -> None:
    incident = example("servicenow.json", "servicenow-journal.json")
    assert (incident.id, incident.status, incident.severity, incident.urgency) == (
        "INC0041877", "Closed", "2 - High", "HIGH",
    )  # fmt: skip
    assert (incident.services, incident.teams) == (("Building access",), ("Facilities IT",))
    assert (incident.started_at, incident.resolved_at) == (at("2024-06-18T06:12:00Z"), at("2024-06-18T07:55:00Z"))
    assert [row[1] for row in rows(incident)][1:] == [
        "Security opens the doors by hand.",
        "The controller has an expired certificate.",
        "Restarted the controller and renewed its certificate.",
    ]
    assert incident.warnings == ()


def test_servicenow_with_plain_values_and_with_what_somebody_sees() -> None:
    plain = {key: value["value"] for key, value in load("servicenow.json")["result"][0].items()}
    incident = record({"result": plain})
    assert (incident.status, incident.severity, incident.services) == ("Closed", "P2", ())  # ids are no names
    assert (incident.started_at, incident.warnings) == (at("2024-06-18T06:12:00Z"), ())
    shown = {key: value["display_value"] for key, value in load("servicenow.json")["result"][0].items()}
    incident = record({"result": [shown]})
    assert (incident.services, incident.resolved) == (("Building access",), True)
    assert any("names no time zone" in warning for warning in incident.warnings)
    merged = record({"result": [{**plain, "parent_incident": {"value": "x", "display_value": "INC0041876"}}]})
    assert (merged.exempt, merged.exempt_because) == ("merged", "it was closed as a part of INC0041876")
    assert not record({"result": {**plain, "state": "8", "resolved_at": ""}}).resolved


def test_jira_with_custom_fields_comments_and_history() -> None:
    incident = example("jira.json", "jira-comments.json")
    assert (incident.id, incident.severity) == ("OPS-318", "SEV2")
    assert incident.url == "https://example.atlassian.net/browse/OPS-318"
    assert (incident.services, incident.teams) == (("billing", "Invoices"), ("billing",))
    assert (incident.started_at, incident.resolved_at) == (at("2024-07-09T04:00:00Z"), at("2024-07-09T12:30:00Z"))
    code = "```sql\nselect * from address where id < 10\n```"
    assert incident.summary == f"The job `invoice-run` read the old table.\n\n{code}"
    assert [row[1:] for row in rows(incident)][1:] == [
        ("Status: Open → Work in progress", "Bob Ray", ""),
        ("Assigned to Jane Doe", "Bob Ray", ""),
        ("Stopped the run, @bob checks the rest.", "Jane Doe", ""),
        ("All 212 invoices are sent again.", "Bob Ray", ""),
        ("Status: Work in progress → Resolved", "Jane Doe", "resolved"),
    ]
    assert incident.impacts[0].measurement == "212 customers got an invoice with an old address"


def test_jira_webhook_search_and_open_issues() -> None:
    issue = load("jira.json")
    names = issue.pop("names")
    searched = record({"issues": [issue], "names": names, "total": 1})
    assert searched.severity == "SEV2"
    assert record(issue).severity == "High"  # without the names of its fields
    issue.pop("changelog")
    hook = {
        "timestamp": 1720528200000,
        "webhookEvent": "jira:issue_updated",
        "issue": issue,
        "user": {"displayName": "Jane Doe", "accountType": "atlassian"},
        "changelog": {"id": "502", "items": [{"field": "status", "fromString": "Open", "toString": "Resolved"}]},
    }
    assert rows(record(hook))[-1] == ("12:30", "Status: Open → Resolved", "Jane Doe", "resolved")
    issue["fields"] |= {"status": {"name": "Open", "statusCategory": {"key": "new"}}, "resolutiondate": None}
    assert (record(issue).resolved, record(issue).resolved_at) == (False, None)
    issue["fields"] |= {"resolution": {"name": "Duplicate"}, "status": {"name": "Done"}}
    assert record(issue).exempt == "merged"


def test_a_jira_app_is_no_participant() -> None:
    issue = load("jira.json")
    issue["fields"]["reporter"] = {"displayName": "Automation for Jira", "accountType": "app"}
    assert [person.name for person in record(issue).participants] == ["Jane Doe", "Bob Ray"]


DOCUMENT = {
    "type": "doc", "version": 1, "content": [
        {"type": "paragraph", "content": [
            {"type": "text", "text": "Ran "},
            {"type": "text", "text": "kubectl get <pod>", "marks": [{"type": "code"}]},
            {"type": "hardBreak"}, {"type": "mention", "attrs": {"id": "1", "text": "@Ada"}}]},
        {"type": "bulletList", "content": [
            {"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "one"}]}]}]},
        {"type": "codeBlock", "attrs": {"language": "sh"}, "content": [{"type": "text", "text": "a | b\nc"}]},
        {"type": "paragraph", "content": [{"type": "text", "text": "see", "marks": [
            {"type": "link", "attrs": {"href": "https://example.com/x"}}]}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (DOCUMENT, "Ran `kubectl get <pod>`\n@Ada\n- one\n\n```sh\na | b\nc\n```\nsee (https://example.com/x)"),
        ("a {{b}} [c|https://example.com/d] [~ada]", "a `b` c (https://example.com/d) @ada"),
        ("{noformat}x{noformat}", "```\nx\n```"),
        ({"type": "doc", "content": "x"}, ""),
        ({"type": 7, "content": [None, [], "x", {"type": "text", "text": 5}]}, ""),
        (None, ""),
    ],
)
def test_texts_of_jira(value: object, text: str) -> None:
    assert plain_text(Cursor(value)) == text


def test_a_document_as_deep_as_one_likes_is_no_trouble() -> None:
    value: Any = {"type": "text", "text": "x"}
    for _ in range(60):
        value = {"type": "paragraph", "content": [value]}
    assert plain_text(Cursor(value)) == ""


def test_rootly_maintenance_took_what_it_took_and_not_what_was_announced() -> None:
    whole = load("rootly.json")
    said = whole["data"]["attributes"]
    for key in [key for key in said if key.endswith("_at") and key != "created_at"]:
        del said[key]
    said |= {"kind": "scheduled", "status": "completed", "scheduled_for": "2025-01-10T05:00:00Z",
             "started_at": "2025-01-10T05:00:00Z", "in_progress_at": "2025-01-10T05:30:00Z",
             "completed_at": "2025-01-10T07:31:00Z"}  # fmt: skip
    whole.pop("included", None)
    incident = record(whole)
    assert (incident.started_at, incident.resolved_at) == (at("2025-01-10T05:30:00Z"), at("2025-01-10T07:31:00Z"))
    assert incident.exempt == "planned"
    del said["in_progress_at"]
    assert record(whole).started_at == at("2025-01-10T05:00:00Z")


def test_datadog_says_what_it_took_for_the_start() -> None:
    whole = load("datadog.json")
    said = whole["data"]["attributes"]
    said["customer_impact_start"] = None
    incident = record(whole)
    assert incident.started_at == at(said["detected"].replace("+00:00", "Z"))
    assert any("took the detection of the incident" in warning for warning in incident.warnings)
    assert not any("took the creation" in warning for warning in incident.warnings)


def test_grafana_oncall_group_that_was_attached_to_another_one() -> None:
    group = load("grafana-oncall.json")
    assert record({**group, "root_alert_group_id": None}).exempt == ""
    merged = record({**group, "root_alert_group_id": "IROOT"})
    assert (merged.exempt, merged.exempt_because) == ("merged", "it was attached to alert group IROOT")


def _ticket(**values: object) -> dict[str, object]:
    return {"result": [{
        "number": "INC0001", "short_description": "Slow", "state": "7", "sys_id": "a" * 32,
        "opened_at": "2024-06-18 06:12:00", "resolved_at": "2024-06-18 06:40:00", "close_code": "Fixed", **values,
    }]}  # fmt: skip


def test_servicenow_journals_that_the_record_holds_as_text() -> None:
    notes = (
        "2024-06-18 06:30:11 - Jane Doe (Work notes)\nCustomers could not pay.\nWe are on it.\n\n"
        "2024-06-18 06:20:00 - Bob Ray (Additional comments)\nA first look."
    )
    incident = record(_ticket(comments_and_work_notes=notes, work_notes=notes))
    assert [row for row in rows(incident) if row[2]] == [
        ("06:20", "A first look.", "Bob Ray", ""),
        ("06:30", "Customers could not pay.\nWe are on it.", "Jane Doe", ""),
    ]
    assert _required(incident) == ["customer-impact"]
    assert not any("work_notes" in path for path in incident.unused)
    plain = record(_ticket(work_notes="Customers could not pay.", sys_updated_on="2024-06-18 06:41:00"))
    assert ("06:41", "Customers could not pay.", "", "") in rows(plain)
    assert "$.result[0].work_notes has no time; took that of the last change" in plain.warnings


def test_servicenow_names_an_unreadable_time_once_and_as_it_stands() -> None:
    incident = record(_ticket(opened_at="30/03/2026 01:06:16"))
    assert [one for one in incident.warnings if "can be read" in one] == [
        "$.result[0].opened_at ('30/03/2026 01:06:16'): not a time that can be read, left out"
    ]


def test_code_of_wiki_markup_keeps_its_language_and_every_character() -> None:
    text = "see {code:title=a|java}\n[a|http://x] {{q}} [~b]\n\n\n  c\n{code} then [d|https://e.example]"
    assert (
        plain_text(Cursor(text)) == "see \n```java\n[a|http://x] {{q}} [~b]\n\n\n  c\n```\n then d (https://e.example)"
    )
