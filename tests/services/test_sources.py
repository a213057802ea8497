"""Every source: its example, the details of its shape, and real records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.errors import BadInput
from pmctl.services.draft import draft_from
from pmctl.services.incident import Incident
from pmctl.services.registry import SYSTEMS, read_incidents, read_records
from pmctl.services.system import System

from .records import EXAMPLES, NOW, at, example, record, rows


def names(incident: Incident) -> list[str]:
    return [person.name or person.handle for person in incident.participants]


def test_pagerduty_export_with_log_entries_and_notes() -> None:
    incident = example("pagerduty.json", "pagerduty-log-entries.json")
    assert (incident.source, incident.id, incident.title) == ("pagerduty", "PT7Q2ZC", "Payment API returns errors")
    assert incident.summary.startswith("More than 5 %")
    assert (incident.severity, incident.urgency, incident.services) == ("SEV2", "HIGH", ("payment-api",))
    assert incident.teams == ("payments",)
    assert incident.started_at == incident.detected_at == at("2024-01-15T14:00:00Z")
    assert incident.acknowledged_at == at("2024-01-15T14:03:00Z")
    assert incident.resolved_at == at("2024-01-15T14:45:00Z")
    assert names(incident) == ["Jane Doe", "Bob Ray"]
    assert incident.participants[0].email == "jane@example.com"
    assert rows(incident) == [
        ("14:00", "Triggered through the monitoring integration.", "", "detected"),
        ("14:03", "Acknowledged by Jane Doe.", "Jane Doe", "acknowledged"),
        ("14:10", "Escalated to Bob Ray by Jane Doe.", "Jane Doe", ""),
        ("14:15", "Failed payments since 13:58 | 2,347 so far, list is in the shared folder", "Bob Ray", ""),
        ("14:22", "Raised the connection pool to 100; errors are falling.", "Jane Doe", ""),
        ("14:45", "Resolved by Jane Doe.", "Jane Doe", "resolved"),
    ]
    assert incident.provenance["title"] == "pagerduty.json:$.incident.title"
    assert incident.warnings == ()


def test_pagerduty_without_priority_or_title_takes_what_is_there() -> None:
    incident = record(
        {
            "id": "P1", "summary": "[#7] Disk full", "status": "triggered", "created_at": "2024-01-01T00:00:00Z",
            "incident_number": 7, "priority": None, "service": None, "urgency": "low", "body": {"details": {"k": 1}},
        }
    )  # fmt: skip
    assert (incident.title, incident.severity, incident.urgency, incident.summary) == ("Disk full", "", "LOW", "")
    assert not incident.resolved
    assert incident.resolved_at is None


def test_pagerduty_reopened_incident_has_no_end() -> None:
    base = {
        "id": "P1",
        "title": "x",
        "status": "acknowledged",
        "created_at": "2024-01-01T00:00:00Z",
        "incident_number": 7,
    }
    entry = {"type": "resolve_log_entry", "summary": "Resolved", "created_at": "2024-01-01T01:00:00Z", "agent": {}}
    assert record({"incident": base, "log_entries": [entry]}).resolved_at is None


@pytest.mark.parametrize("wrap", [lambda i: {"event": {"data": i}}, lambda i: {"messages": [{"incident": i}]}])
def test_pagerduty_webhooks(wrap: object) -> None:
    inner = json.loads((EXAMPLES / "pagerduty.json").read_bytes())["incident"]
    assert callable(wrap)
    assert record(wrap(inner)).id == "PT7Q2ZC"


def test_opsgenie_with_its_timeline() -> None:
    incident = example("opsgenie.json", "opsgenie-timeline.json")
    assert (incident.source, incident.severity, incident.urgency) == ("opsgenie", "P2", "")
    assert incident.services == ("checkout", "cart")
    assert incident.teams == ("checkout",)
    assert incident.started_at == at("2024-02-03T09:12:31Z")
    assert incident.acknowledged_at == at("2024-02-03T09:15:02Z")
    assert incident.resolved_at == at("2024-02-03T10:05:00Z")
    assert [person.email for person in incident.participants] == ["jane@example.com"]
    assert "wrong channel" not in str(incident.events)
    assert len(incident.events) == 4


def test_incident_io_with_updates_and_follow_ups() -> None:
    incident = example("incident-io.json")
    assert (incident.title, incident.severity, incident.services) == ("Search returns nothing", "Major", ("search",))
    assert incident.teams == ("discovery",)
    assert incident.started_at == at("2024-03-11T08:20:00Z")
    assert incident.detected_at == at("2024-03-11T08:31:00Z")
    assert incident.acknowledged_at == at("2024-03-11T08:33:00Z")
    assert incident.mitigated_at == at("2024-03-11T08:52:00Z")
    assert incident.resolved_at == at("2024-03-11T09:10:00Z")
    assert [(a.description, a.status) for a in incident.action_items] == [
        ("Alert when the index shrinks by half", "OPEN"),
        ("Rewrite the indexer", "WONT_DO"),
        ("Pause deployments on an empty index", "COMPLETED"),
    ]
    assert incident.action_items[0].owner == incident.participants[0]
    assert incident.impacts[0].measurement == "All searches of the web shop were empty"
    assert ("08:31", "Status: Investigating, severity Major", "Declare from alert", "") in rows(incident)
    path = "$.incident.incident_timestamp_values[0].value.value"
    assert incident.provenance["started_at"] == path


def test_incident_io_without_a_start_takes_the_creation_and_says_so() -> None:
    data = json.loads((EXAMPLES / "incident-io.json").read_bytes())
    data["incident"]["incident_timestamp_values"] = []
    incident = record(data)
    assert incident.started_at == at("2024-03-11T08:31:00Z")
    assert any("took the creation" in warning for warning in incident.warnings)


def test_grafana_irm_api_and_webhook() -> None:
    incident = example("grafana-irm.json")
    assert (incident.source, incident.id, incident.url) == ("grafana-irm", "42", "")  # a relative address is none
    assert (incident.severity, incident.services, incident.teams) == ("major", ("ingest",), ("telemetry",))
    assert incident.tags == ("kafka",)
    assert incident.started_at == at("2024-04-02T21:30:00Z")
    assert incident.detected_at == at("2024-04-02T21:47:10Z")
    assert incident.resolved_at == at("2024-04-03T00:10:00Z")
    assert [(a.description, a.status) for a in incident.action_items] == [("Add a lag alert per partition", "OPEN")]
    assert rows(incident)[1] == ("21:47", "Incident declared", "Jane Doe", "detected")
    assert "Role changed" not in str(incident.events)
    hook = example("grafana-irm-webhook.json")
    assert (hook.severity, hook.tags, names(hook)) == ("", ("drill",), ["Bob Ray", "Jane Doe"])
    assert hook.resolved_at == at("2024-04-05T10:30:00Z")


def test_firehydrant_with_html_and_milestones() -> None:
    incident = example("firehydrant.json", "firehydrant-events.json")
    assert incident.title == "Logins fail & time out"
    assert incident.summary == "The session store ran out of memory.\nNew logins failed."
    assert (incident.severity, incident.services, incident.tags) == ("SEV1", ("identity",), ("redis",))
    assert incident.started_at == at("2024-05-20T06:02:00Z")
    assert incident.detected_at == at("2024-05-20T06:12:00Z")
    assert incident.mitigated_at == at("2024-05-20T06:55:00Z")
    assert incident.resolved_at == at("2024-05-20T07:30:00Z")
    assert ("06:40", "Evicted stale sessions;\nmemory is at 60 %", "Jane Doe", "") in rows(incident)
    assert "postmortem" not in str(incident.events)
    assert [i.measurement for i in incident.impacts] == ["About 4 % of logins failed", "1200"]


def test_rootly_with_events_and_action_items() -> None:
    incident = example("rootly.json", "rootly-events.json", "rootly-action-items.json")
    assert (incident.title, incident.severity) == ("Invoices are sent twice", "SEV2")
    assert (incident.services, incident.teams) == (("billing",), ("finance",))
    assert incident.started_at == at("2024-06-07T10:00:00Z")
    assert incident.resolved_at == at("2024-06-07T12:00:00Z")
    assert names(incident) == ["Jane Doe", "Bob Ray"]
    first, second = incident.action_items
    assert (first.status, first.due, first.priority) == ("IN_PROGRESS", "2024-06-21", "HIGH")
    assert (second.status, second.notes) == ("WONT_DO", "cancelled in Rootly")


def test_statuspage_prefers_what_the_page_shows() -> None:
    incident = example("statuspage.json")
    assert (incident.severity, incident.services) == ("major", ("Webhooks", "API"))
    assert incident.summary == "Webhooks are delivered late. We are looking into it."
    assert incident.started_at == at("2024-07-01T12:00:00Z")
    assert rows(incident) == [
        ("12:00", "Incident started", "", "started"),
        ("12:05", "Webhooks are delivered late. We are looking into it.", "", ""),
        ("12:48", "The queue is draining. We are monitoring it.", "", "mitigated"),
        ("13:30", "This incident has been resolved.", "", "resolved"),
        ("09:00", "A long text.", "", ""),
    ]
    # It was written the day after, and says nothing of when the incident was over.
    assert not [warning for warning in incident.warnings if "goes on" in warning]
    assert incident.participants == ()


def test_statuspage_keeps_every_update_whatever_its_status() -> None:
    page = json.loads((EXAMPLES / "statuspage.json").read_bytes())
    base = page["incident"]["incident_updates"][0]
    states = ("postmortem", "monitoring_closely", "", "false_alarm")
    page["incident"]["incident_updates"] += [
        base | {"id": f"u{n}", "status": status, "body": f"Word {n}", "display_at": f"2025-02-01T13:1{n}:00Z"}
        for n, status in enumerate(states)
    ]
    page["incident"]["incident_updates"].append(
        base | {"id": "u9", "status": "on_hold", "body": "", "display_at": "2025-02-01T13:19:00Z"}
    )
    texts = [event.text for event in record(page).events]
    assert [word for word in ("Word 0", "Word 1", "Word 2", "Word 3", "On hold") if word not in texts] == []


def test_statuspage_monitoring_at_counts_unless_the_page_went_back() -> None:
    page = json.loads((EXAMPLES / "statuspage.json").read_bytes())
    updates = page["incident"]["incident_updates"]
    resolved = next(update for update in updates if update["status"] == "resolved")
    begun = next(update for update in updates if update["status"] in ("investigating", "identified"))
    page["incident"] |= {"monitoring_at": resolved["display_at"], "incident_updates": [resolved, begun]}
    incident = record(page)
    assert incident.mitigated_at == incident.resolved_at
    page["incident"]["monitoring_at"] = page["incident"]["started_at"]  # looked into again afterwards
    assert record(page).mitigated_at is None


def test_statuspage_lists_need_a_choice_and_bare_incidents_are_read() -> None:
    one = json.loads((EXAMPLES / "statuspage.json").read_bytes())["incident"]
    assert record(one).id == "sp1xkq0c2m9d"
    both = json.dumps({"page": {}, "incidents": [one, {**one, "id": "other"}]}).encode()
    with pytest.raises(BadInput, match="holds 2 incidents") as caught:
        read_records([("all.json", both)], now=NOW)
    assert caught.value.details == ("sp1xkq0c2m9d  Delayed webhooks", "other  Delayed webhooks")
    assert read_records([("all.json", both)], only=["other"], now=NOW).id == "other"
    with pytest.raises(BadInput, match="no incident nope"):
        read_records([("all.json", both)], only=["nope"], now=NOW)


def test_github_issue_with_comments() -> None:
    incident = example("github-issue.json", "github-comments.json")
    assert (incident.id, incident.severity, incident.services) == ("example/ops#321", "high", ("backup",))
    assert (incident.teams, incident.tags) == (("storage",), ("incident",))
    assert "key 17" not in incident.summary
    assert [person.handle for person in incident.participants] == ["jane-doe", "bob-ray"]
    assert incident.resolved_at == at("2024-08-09T07:45:00Z")
    assert rows(incident)[2] == ("07:40", "Backup finished: 312 GB", "ci[bot]", "")


def test_github_timeline_and_the_gh_tool() -> None:
    issue = {
        "number": 5, "title": "Down", "state": "CLOSED", "createdAt": "2024-01-01T10:00:00Z", "body": "",
        "closedAt": "2024-01-01T11:00:00Z", "url": "https://github.com/a/b/issues/5", "author": {"login": "ann"},
        "labels": [{"name": "sev1"}, {"name": "urgency: high"}], "assignees": [],
        "comments": [{"author": {"login": "ben"}, "body": "rolled back", "createdAt": "2024-01-01T10:30:00Z"}],
    }  # fmt: skip
    timeline = [
        {"event": "committed", "sha": "1", "author": {"name": "Cy", "date": "2024-01-01T10:20:00Z"}, "message": "Fix"},
        {"event": "subscribed", "actor": {"login": "zed"}, "created_at": "2024-01-01T10:21:00Z"},
        {"event": "closed", "actor": {"login": "ann"}, "created_at": "2024-01-01T11:00:00Z"},
    ]
    incident = record(issue, timeline)
    assert (incident.id, incident.severity, incident.urgency) == ("a/b#5", "sev1", "HIGH")
    assert rows(incident) == [
        ("10:00", "Incident started", "", "started"),
        ("10:20", "Commit: Fix", "Cy", ""),
        ("10:30", "rolled back", "ben", ""),
        ("11:00", "Issue closed", "ann", "resolved"),
    ]


def test_alertmanager_resolved_firing_and_as_a_list() -> None:
    incident = example("alertmanager.json")
    assert (incident.id, incident.title) == ("HighErrorRate-20240910T140430Z", "HighErrorRate")
    assert incident.summary == "More than 5 % of requests fail"
    assert (incident.severity, incident.services, incident.teams) == ("critical", ("gateway",), ("edge",))
    assert incident.started_at == incident.detected_at == at("2024-09-10T14:04:30Z")
    assert incident.resolved_at == at("2024-09-10T14:50:00Z")
    assert [row[0] for row in rows(incident)] == ["14:04", "14:06", "14:41", "14:50"]
    payload = json.loads((EXAMPLES / "alertmanager.json").read_bytes())
    for still_firing in ("0001-01-01T00:00:00Z", "2099-01-01T00:00:00Z", ""):
        payload["alerts"][1].update(endsAt=still_firing, status="firing")
        firing = record(payload)
        assert not firing.resolved
        assert firing.resolved_at is None
        assert len(firing.events) == 3
    listed = record(payload["alerts"])
    assert listed.provenance["started_at"] == "$[0].startsAt"


def test_opsknight_api_and_export() -> None:
    incident = example("opsknight.json")
    assert (incident.severity, incident.urgency, incident.services) == ("P1", "HIGH", ("payment-api",))
    assert [row[3] for row in rows(incident)] == ["started", "acknowledged", "resolved"]
    export = example("opsknight-export.json")
    assert export.acknowledged_at == at("2024-01-15T14:03:00Z")
    assert export.resolved_at == at("2024-01-15T14:45:00Z")
    assert "Notification sent" not in str(export.events)
    assert (export.action_items[0].status, export.action_items[0].notes) == ("OPEN", "blocked in OpsKnight")
    assert export.action_items[0].due == "2024-01-22"


def test_generic_yaml() -> None:
    incident = example("generic.yaml")
    assert (incident.id, incident.severity, incident.urgency) == ("ops-2024-17", "SEV3", "LOW")
    assert incident.resolved
    assert incident.resolved_at == at("2024-10-01T07:20:00Z")
    assert [row[:3] for row in rows(incident)][:2] == [
        ("06:00", "Incident started", ""),
        ("06:45", "First ticket: browser warning", "jane@example.com"),
    ]
    assert (incident.action_items[0].due, incident.action_items[0].priority) == ("2024-10-15", "HIGH")
    assert incident.impacts[0].kind == "Affected users"


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_source_recognises_its_example_alone_and_nobody_else_does_better(system: System) -> None:
    mains = {f"{system.name}{ending}" for ending in (".json", ".yaml", "-issue.json")}
    path = next(path for path in EXAMPLES.iterdir() if path.name in mains)
    assert read_records([(path.name, path.read_bytes())], now=NOW).source == system.name
    assert read_records([(path.name, path.read_bytes())], system.name, now=NOW).source == system.name


def test_every_example_file_belongs_to_some_example() -> None:
    whole = [(path.name, path.read_bytes()) for path in sorted(EXAMPLES.iterdir())]
    found = read_incidents(whole, now=NOW)
    assert {incident.source for incident in found} == {system.name for system in SYSTEMS}


def test_every_real_status_page_incident_gives_a_whole_draft(corpus: Path) -> None:
    paths = sorted((corpus / "statuspage").glob("*.json"))
    assert len(paths) == 64
    for path in paths:
        incident = read_records([(path.name, path.read_bytes())], now=NOW)
        draft = draft_from(incident, {})
        assert incident.source == "statuspage"
        assert incident.resolved
        assert {"title", "started_at", "resolved_at", "incidents", "severity"} <= set(draft.front), path.name
        assert incident.started_at and incident.resolved_at
        assert incident.started_at <= incident.resolved_at
        assert draft.summary
        assert "<" not in draft.summary
        assert len(draft.timeline) >= 1
        updates = json.loads(path.read_bytes())["incident"]["incident_updates"]
        assert len(draft.timeline) >= min(len(updates), 1)


def test_a_status_page_update_that_holds_a_whole_timeline_is_taken_apart() -> None:
    lines = ("2013-05-06 20:55:32</strong> - We look into it.", "2013-05-06 21:31:47</strong> - All is well.")
    page = json.loads((EXAMPLES / "statuspage.json").read_bytes())
    moment = "2013-05-06T20:55:32.000Z"
    body = f"<ul>{''.join(f'<li><strong>{line}</li>' for line in lines)}</ul>"
    page["incident"].update(started_at=moment, created_at=moment, resolved_at=moment)
    page["incident"]["incident_updates"] = [{"status": "resolved", "body": body, "display_at": moment}]
    incident = record(page)
    assert rows(incident) == [("20:55", "We look into it.", "", ""), ("21:31", "All is well.", "", "resolved")]
    assert incident.summary == "We look into it."
    assert incident.resolved_at == at("2013-05-06T21:31:47Z")  # the last line, not the moment of typing
    assert incident.warnings == ()
    page["page"]["time_zone"] = "America/New_York"
    assert [row[0] for row in rows(record(page)) if row[1] == "All is well."] == ["01:31"]


def test_real_updates_of_that_kind_give_one_entry_for_each_of_their_lines(corpus: Path) -> None:
    for path in (corpus / "statuspage").glob("*.json"):
        updates = json.loads(path.read_bytes())["incident"]["incident_updates"]
        items = {line for update in updates for line in update["body"].split("<li>")[1:]}
        incident = read_records([(path.name, path.read_bytes())], now=NOW)
        if items and len(updates) == 1:
            assert len([e for e in incident.events if e.path.endswith(".body")]) == len(items), path.name


def test_all_published_pagerduty_examples_together_and_alone(corpus: Path) -> None:
    paths = {path.name: path for path in (corpus / "pagerduty").glob("*.json")}
    together = [paths[name] for name in sorted(paths) if "_id" in name]
    said = {name: json.loads(path.read_bytes()) for name, path in paths.items()}
    whole = said["get_incidents_id__response.json"]["incident"]
    notes = said["get_incidents_id_notes__response.json"]["notes"]
    incident = read_records([(path.name, path.read_bytes()) for path in together], now=NOW)
    assert (incident.id, incident.title) == (whole["id"], whole["title"])
    assert incident.severity == whole["priority"]["summary"]
    assert {note["content"] for note in notes} <= {event.text for event in incident.events}
    assert names(incident)[0] == whole["assignments"][0]["assignee"]["summary"]
    for name, path in paths.items():
        if "notes" in name:
            with pytest.raises(BadInput, match="not the incident itself"):
                read_records([(name, path.read_bytes())], now=NOW)
        else:
            alone = read_records([(name, path.read_bytes())], now=NOW)
            assert (alone.id, alone.title) == (whole["id"], whole["title"]), name


def test_real_incident_io_data(corpus: Path) -> None:
    folder = corpus / "incident-io"
    chosen = ("incidents.json", "incident_updates.json", "follow_ups.json")
    files = [(name, (folder / name).read_bytes()) for name in chosen]
    (whole,) = json.loads(files[0][1])
    incident = read_records(files, now=NOW)
    assert (incident.id, incident.severity) == (whole["id"], whole["severity"]["name"])
    assert incident.participants[0].email == whole["creator"]["user"]["email"]
    assert [a.description for a in incident.action_items] == [json.loads(files[2][1])[0]["title"]]
    assert len(incident.events) == 2  # the same update in two files counts once
    for path in folder.glob("*.json"):
        if path.name != "incidents.json":
            with pytest.raises(BadInput):
                read_records([(path.name, path.read_bytes())], now=NOW)
