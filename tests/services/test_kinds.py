"""What strangers' records are like: orders, precisions, names, bots, tests and merges, each beside its neighbours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.services.assembly import tidy
from pmctl.services.draft import draft_from
from pmctl.services.incident import Event, Incident

from .records import EXAMPLES, at, record, rows


def paged(*entries: dict[str, Any], **values: Any) -> dict[str, Any]:
    incident = {
        "id": "P7", "title": "Cart fails", "status": "resolved", "created_at": "2024-05-05T10:00:00Z",
        "incident_number": 31, "service": {"summary": "cart"}, "escalation_policy": {"summary": "all"}, **values,
    }  # fmt: skip
    return {"incident": incident, "log_entries": list(entries)}


def entry(kind: str, moment: str, text: str, **values: Any) -> dict[str, Any]:
    agent = {"type": "user_reference", "summary": "Ada Ode"}
    return {"id": text, "type": f"{kind}_log_entry", "created_at": moment, "summary": text, "agent": agent, **values}


def texts(incident: Incident) -> list[str]:
    return [event.text for event in incident.events]


FOUR = [
    entry("trigger", "2024-05-05T10:00:00Z", "Triggered"), entry("assign", "2024-05-05T10:00:00Z", "Assigned"),
    entry("acknowledge", "2024-05-05T10:02:00Z", "Taken"), entry("resolve", "2024-05-05T11:00:00Z", "Done"),
]  # fmt: skip


@pytest.mark.parametrize("entries", [FOUR, FOUR[::-1], FOUR[:2][::-1]])
def test_entries_of_one_second_stand_oldest_first_whichever_way_the_list_runs(entries: list[dict[str, Any]]) -> None:
    assert texts(record(paged(*entries)))[:2] == ["Triggered", "Assigned"]


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("2024-05-05T10:00:00.1Z", "2024-05-05T10:00:00.20Z"), ("2024-05-05T10:00:00Z", "2024-05-05T10:00:00.000001Z"),
        ("2024-05-05T10:00:00.123456788Z", "2024-05-05T10:00:00.123456789Z"),
        ("2024-05-05T12:00:00.25+02:00", "2024-05-05T10:00:00.3Z"), (1714903200.25, 1714903200.5),
        (1714903200250, 1714903200251), ("1714903200.000100", "1714903200.000200"),
        (1714903200000000001, 1714903200000000002), ("2024-05-05 10:00:00.5", "2024-05-05T10:00:00,75Z"),
    ],
)  # fmt: skip
def test_times_are_sorted_by_all_their_digits(early: object, late: object) -> None:
    timeline = [{"at": late, "text": "second"}, {"at": early, "text": "first"}, {"at": late, "text": "third"}]
    incident = record({"title": "x", "summary": "s", "started_at": "2024-05-05T09:00:00Z", "timeline": timeline})
    assert texts(incident)[1:] == ["first", "second", "third"]
    assert {event.at for event in incident.events[1:]} == {at("2024-05-05T10:00:00Z")}


def test_the_end_is_the_last_thing_that_happened() -> None:
    again = [
        *FOUR,
        entry("unacknowledge", "2024-05-05T11:30:00Z", "Back"),
        entry("resolve", "2024-05-05T12:00:00Z", "Over"),
    ]
    incident = record(paged(*again, resolved_at="2024-05-05T11:00:00Z"))
    assert incident.resolved_at == at("2024-05-05T12:00:00Z")
    assert incident.warnings == ()


def test_the_same_words_by_two_people_stand_twice_and_told_twice_once() -> None:
    def said(*rows: tuple[str, str, str]) -> list[tuple[str, str]]:
        timeline = [{"at": f"2024-05-05T10:{minute}Z", "text": text, "who": who} for minute, text, who in rows]
        incident = record({"title": "x", "started_at": "2024-05-05T10:00:00Z", "timeline": timeline})
        return [(event.text, event.who) for event in incident.events if event.text != "Incident started"]

    assert said(("10:00", "Looking", "Ada"), ("10:05", "looking", "Ben")) == [("Looking", "Ada"), ("looking", "Ben")]
    assert said(("10:00", "Looking", "Ada"), ("10:05", "looking", "")) == [("Looking", "Ada")]
    assert said(("10:00", "Looking", "Ada"), ("10:05", "Looking", "Ada")) == [("Looking", "Ada")]


def test_entries_that_the_source_tells_apart_stay_apart() -> None:
    alert = {"type": "alert", "summary": "Disk full", "created_at": "2024-05-05T10:00:10Z", "incident": {"id": "P7"}}
    record_file = {**paged(), "alerts": [{**alert, "id": "A1"}, {**alert, "id": "A2"}, {**alert, "id": "A2"}]}
    assert texts(record(record_file)).count("Alert: Disk full") == 2
    first, second = (Event(at("2024-05-05T10:00:00Z"), "x", path=f"{file}:$[0]", entry=file) for file in "ab")
    assert len(tidy([first, second])) == 1  # the same event in two files has two ids


def test_a_webhook_tells_when_it_was_resolved_and_by_whom() -> None:
    data = {**paged()["incident"], "number": 31, "type": "incident", "incident_number": None}
    hook = {"id": "01", "event_type": "incident.resolved", "resource_type": "incident",
            "occurred_at": "2024-05-05T10:40:07.9Z", "data": data,
            "agent": {"type": "user_reference", "summary": "Ada Ode"}}  # fmt: skip
    incident = record({"event": hook})
    assert (incident.name, incident.resolved_at) == ("#31", at("2024-05-05T10:40:07Z"))
    assert rows(incident)[-1] == ("10:40", "Resolved by Ada Ode", "Ada Ode", "resolved")
    taken = {**hook, "id": "02", "event_type": "incident.acknowledged", "occurred_at": "2024-05-05T10:02:00Z",
             "data": {**data, "status": "acknowledged"}}  # fmt: skip
    note = {"id": "03", "event_type": "incident.annotated", "occurred_at": "2024-05-05T10:20:00Z",
            "agent": hook["agent"],
            "data": {"incident": {"id": "P7"}, "id": "N", "content": "Rolled back"}}  # fmt: skip
    whole = record({"event": taken}, {"event": note}, {"event": hook})
    assert [row[:3] for row in rows(whole)][1:] == [
        ("10:02", "Acknowledged by Ada Ode", "Ada Ode"),
        ("10:20", "Rolled back", "Ada Ode"),
        ("10:40", "Resolved by Ada Ode", "Ada Ode"),
    ]


@pytest.mark.parametrize("pick", [{"resolve_reason": {"type": "merge_resolve_reason", "incident": {"id": "P8"}}}])
def test_merged_incidents_say_into_which(pick: dict[str, Any]) -> None:
    incident = record(paged(*FOUR, **pick))
    assert (incident.exempt, incident.exempt_because) == ("merged", "it was merged into P8")
    assert record(paged(*FOUR, resolve_reason=None)).exempt == ""


def changed(name: str, *path: str | int, **values: Any) -> Incident:
    """An example with some values replaced."""
    whole = json.loads((EXAMPLES / name).read_bytes())
    place = whole
    for key in path:
        place = place[key]
    place.update(values)
    return record(whole)


@pytest.mark.parametrize(
    ("incident", "exempt"),
    [
        (lambda: changed("incident-io.json", "incident", mode="test"), "test"),
        (lambda: changed("incident-io.json", "incident", mode="tutorial"), "test"),
        (lambda: changed("incident-io.json", "incident", mode="retrospective"), ""),
        (
            lambda: changed("incident-io.json", "incident", incident_status={"name": "M", "category": "merged"}),
            "merged",
        ),
        (lambda: changed("incident-io.json", "incident", incident_type={"name": "Game day"}), "test"),
        (lambda: changed("firehydrant.json", severity="GAMEDAY"), "test"),
        (lambda: changed("firehydrant.json", severity="MAINTENANCE"), "planned"),
        (lambda: changed("rootly.json", "data", "attributes", kind="test_sub"), "test"),
        (lambda: changed("rootly.json", "data", "attributes", kind="example"), "test"),
        (lambda: changed("rootly.json", "data", "attributes", kind="scheduled"), "planned"),
        (lambda: changed("rootly.json", "data", "attributes", kind="normal"), ""),
        (lambda: changed("rootly.json", "data", "attributes", duplicate_incident_id="r2"), "merged"),
        (lambda: changed("grafana-irm.json", "incident", isDrill=True), "test"),
        (lambda: changed("statuspage.json", "incident", impact="maintenance"), "planned"),
        (lambda: changed("alertmanager.json", "commonLabels", alertname="Watchdog"), "test"),
    ],
)
def test_tests_merges_and_planned_work_are_told_apart(incident: Any, exempt: str) -> None:
    assert incident().exempt == exempt


def maintenance(**values: Any) -> dict[str, Any]:
    updates = [
        {"status": "completed", "body": "Over.", "display_at": "2024-03-09T04:20:00Z"},
        {"status": "in_progress", "body": "We begin.", "display_at": "2024-03-09T03:00:00Z"},
        {"status": "scheduled", "body": "We will move hosts.", "display_at": "2024-03-01T09:00:00Z"},
    ]
    planned = {
        "id": "m7", "name": "Move hosts", "status": "completed", "created_at": "2024-03-01T09:00:00Z",
        "started_at": "2024-03-01T09:00:00Z", "resolved_at": "2024-03-09T04:20:00Z", "impact": "maintenance",
        "scheduled_for": "2024-03-09T02:55:00Z", "incident_updates": updates, **values,
    }  # fmt: skip
    return {"page": {"id": "p", "time_zone": "Etc/UTC"}, "scheduled_maintenances": [planned]}


def test_planned_work_takes_from_its_begin_to_its_end_not_from_its_announcement() -> None:
    incident = record(maintenance())
    assert (incident.started_at, incident.resolved_at) == (at("2024-03-09T03:00:00Z"), at("2024-03-09T04:20:00Z"))
    assert (incident.exempt, incident.warnings) == ("planned", ())
    waiting = record(maintenance(status="scheduled", incident_updates=[], resolved_at=None))
    assert (waiting.started_at, waiting.resolved) == (at("2024-03-09T02:55:00Z"), False)


def page(**values: Any) -> dict[str, Any]:
    incident = {
        "id": "s1", "name": "Errors", "status": "resolved", "created_at": "2024-04-01T10:00:00Z", "impact": "minor",
        "started_at": "2024-04-01T10:00:00Z", "resolved_at": "2024-04-01T12:00:00Z", "components": [], **values,
    }  # fmt: skip
    return {"page": {"id": "p", "time_zone": "Etc/UTC"}, "incident": incident}


def update(status: str, moment: str, body: str = "x", **names: str) -> dict[str, Any]:
    hit = [{"code": code, "name": name} for code, name in names.items()]
    return {
        "id": moment,
        "status": status,
        "display_at": f"2024-04-01T{moment}Z",
        "body": body,
        "affected_components": hit,
    }


def test_components_have_the_name_of_today_once() -> None:
    updates = [update("resolved", "12:00:00", c1="Old API", c9="Mail"), update("investigating", "10:00:00", c1="API 1")]
    incident = record(page(components=[{"id": "c1", "name": "Core API"}], incident_updates=updates))
    assert incident.services == ("Core API", "Mail")
    assert record(page(incident_updates=updates)).services == ("Old API", "Mail")  # the latest name that is known


def test_services_are_named_once_whatever_their_case() -> None:
    assert record({"title": "x", "summary": "s", "services": ["API", "api", " Api "]}).services == ("API",)


def test_a_mitigation_that_did_not_hold_is_none() -> None:
    steps = ("investigating", "monitoring", "investigating", "monitoring", "monitoring", "resolved")
    updates = [update(step, f"{10 + n}:00:00") for n, step in enumerate(steps)][::-1]
    incident = record(page(incident_updates=updates, monitoring_at="2024-04-01T11:00:00Z"))
    assert incident.mitigated_at == at("2024-04-01T13:00:00Z")


def test_a_status_page_incident_without_updates_is_still_one() -> None:
    assert record(page(incident_updates=[])).resolved_at == at("2024-04-01T12:00:00Z")


def rootly(attributes: dict[str, Any], **beside: Any) -> Incident:
    said = {"title": "Slow", "status": "resolved", "started_at": "2024-03-01T10:00:00Z",
            "created_at": "2024-03-01T10:01:00Z", "resolved_at": "2024-03-01T11:00:00Z", **attributes}  # fmt: skip
    included = beside.pop("included", [])
    return record({"data": {"id": "r9", "type": "incidents", "attributes": said, **beside}, "included": included})


@pytest.mark.parametrize(
    "services",
    [
        [{"data": {"id": "1", "type": "services", "attributes": {"name": "Cart"}}}],
        {"data": [{"id": "1", "attributes": {"name": "Cart"}}]}, [{"id": "1", "name": "Cart", "slug": "cart"}],
        [{"id": "1", "slug": "Cart"}], ["Cart"],
    ],
)  # fmt: skip
def test_rootly_embeds_related_things_in_many_ways(services: object) -> None:
    assert rootly({"services": services}).services == ("Cart",)


def test_rootly_lists_related_things_beside_the_record() -> None:
    related = {"services": {"data": [{"id": "1", "type": "services"}]}, "groups": {"data": []},
               "severity": {"data": {"id": "2", "type": "severities"}}}  # fmt: skip
    included = [
        {"id": "1", "type": "services", "attributes": {"name": "Cart"}},
        {"id": "2", "type": "severities", "attributes": {"name": "SEV2"}},
        {"id": "3", "type": "services", "attributes": {"name": "Not ours"}},
    ]
    incident = rootly({"sequential_id": 44}, relationships=related, included=included)
    assert (incident.services, incident.severity, incident.name) == (("Cart",), "SEV2", "INC-44")


def test_rootly_tells_what_people_wrote_when_they_mitigated_and_resolved() -> None:
    said = {
        "mitigation_message": "Traffic moved",
        "mitigated_at": "2024-03-01T10:30:00Z",
        "resolution_message": "Fixed",
    }
    assert [row[1:] for row in rows(rootly(said))][1:] == [
        ("Traffic moved", "", "mitigated"),
        ("Fixed", "", "resolved"),
    ]


def test_a_rootly_webhook_has_no_attributes() -> None:
    data = {"id": "r9", "title": "Slow", "status": "resolved", "started_at": "2024-03-01T10:00:00Z", "kind": "normal",
            "created_at": "2024-03-01T10:01:00Z", "resolved_at": "2024-03-01T11:00:00Z",
            "services": [{"id": "1", "name": "Cart"}], "severity": {"name": "SEV1"}}  # fmt: skip
    event = {"id": "e", "type": "incident.resolved", "issued_at": "2024-03-01T11:00:01Z"}
    incident = record({"event": event, "data": data})
    assert (incident.source, incident.services, incident.severity) == ("rootly", ("Cart",), "SEV1")


PODS = [
    {"labels": {"alertname": "Crash", "namespace": "shop", "pod": pod, "severity": "critical"}, "fingerprint": pod,
     "annotations": {"summary": "Pod restarts"}, "startsAt": "2024-02-06T00:17:58Z", "endsAt": "2024-02-06T00:40:00Z",
     "status": {"state": "active"}}
    for pod in ("cart-1", "cart-2", "pay-1")
]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        PODS, {"status": "success", "data": PODS}, {"status": "success", "data": {"alerts": PODS}},
        [{"alerts": PODS, "labels": {"alertname": "Crash"}, "receiver": {"name": "ops"}}],
        {"status": "resolved", "alerts": PODS, "groupLabels": {"alertname": "Crash"}, "receiver": "ops"},
    ],
)  # fmt: skip
def test_alerts_of_one_name_are_told_apart_by_the_labels_that_differ(value: object) -> None:
    incident = record(value)
    assert incident.id == "Crash-20240206T001758Z"
    fired = [event.text for event in incident.events if " fires" in event.text and "no longer" not in event.text]
    ended = [event.text for event in incident.events if "no longer" in event.text]
    assert fired == [f"Crash fires: Pod restarts (pod {pod})" for pod in ("cart-1", "cart-2", "pay-1")]
    assert len(ended) == 3


def test_alerts_without_a_telling_label_stay_apart_too_and_groups_are_incidents_of_their_own() -> None:
    twins = [{**PODS[0], "labels": {"alertname": "Crash"}, "fingerprint": name} for name in "ab"]
    assert len(record(twins).events) == 4
    groups = [{"alerts": PODS[:1], "labels": {"alertname": "Crash", "namespace": name}} for name in ("shop", "pay")]
    incident = record(groups[0], groups[1])
    assert [reference.id for reference in incident.references] == [
        "Crash-shop-20240206T001758Z",
        "Crash-pay-20240206T001758Z",
    ]


def test_opsgenie_and_jira_service_management_alerts() -> None:
    alert = {"id": "a-7", "tinyId": "7", "message": "Disk full", "status": "closed", "priority": "P3", "count": 2,
             "createdAt": "2024-01-01T10:00:00Z", "updatedAt": "2024-01-01T11:00:00Z", "tags": ["x"],
             "owner": "ada@example.com"}  # fmt: skip
    for value in ({"data": alert}, {"data": [alert]}, {"values": [alert], "count": 1}, [alert]):
        incident = record(value)
        assert (incident.source, incident.name, incident.resolved_at) == ("opsgenie", "#7", at("2024-01-01T11:00:00Z"))
        assert [person.email for person in incident.participants] == ["ada@example.com"]
    timed = {**alert, "report": {"ackTime": 5000, "closeTime": 60000}}
    assert record({"data": timed}).resolved_at == at("2024-01-01T10:01:00Z")


def test_opsgenie_webhooks_have_numbers_for_times() -> None:
    alert = {"alertId": "a-7", "tinyId": "7", "message": "Disk full", "createdAt": 1704103200000, "username": "System",
             "updatedAt": 1704106800000000000, "source": "probe", "tags": [], "alias": "k"}  # fmt: skip
    hook = {"action": "Close", "alert": alert, "source": {"name": "", "type": "web"}, "integrationName": "hook"}
    incident = record({**hook, "action": "Create"}, {**hook, "alert": {**alert, "username": "ada@example.com"}})
    assert (incident.source, incident.id, incident.resolved) == ("opsgenie", "a-7", True)
    assert (incident.started_at, incident.resolved_at) == (at("2024-01-01T10:00:00Z"), at("2024-01-01T11:00:00Z"))
    assert [person.email for person in incident.participants] == ["ada@example.com"]


def test_opsgenie_services_are_names_not_ids() -> None:
    ids = ["0b2c3d4e-1111-4222-8333-444455556666", "0b2c3d4e-1111-4222-8333-444455557777"]
    data = {"id": "o", "message": "Slow", "status": "open", "priority": "P2", "createdAt": "2024-01-01T10:00:00Z",
            "impactedServices": [*ids, "cart"]}  # fmt: skip
    incident = record({"data": data}, {"services": [{"id": ids[0], "name": "Checkout"}]})
    assert incident.services == ("Checkout", "cart")
    assert "1 impacted service left out: the record has ids and no names" in incident.warnings


def test_incident_io_and_firehydrant_webhooks() -> None:
    whole = json.loads((EXAMPLES / "incident-io.json").read_bytes())["incident"]
    for kind, body in (("incident_created_v2", whole), ("incident_status_updated_v2", {"incident": whole})):
        name = f"public_incident.{kind}"
        assert record({"event_type": name, name: body}).name == whole["reference"]
    hydrant = json.loads((EXAMPLES / "firehydrant.json").read_bytes())
    hook = {"event": {"operation": "UPDATED", "resource_type": "incident"}, "data": {"incident": hydrant}}
    assert record(hook).id == record(hydrant).id


@pytest.mark.parametrize(
    ("severity", "priority", "wanted"),
    [
        ("UNSET", "P1", ""),
        ("unset", None, ""),
        (None, "P4", "P4"),
        ("SEV2", "P1", "SEV2"),
        ({"slug": "UNSET"}, "P2", ""),
    ],
)
def test_a_severity_that_nobody_chose_is_none(severity: object, priority: object, wanted: str) -> None:
    value = {"id": "f", "name": "Slow", "created_at": "2024-01-01T10:00:00Z", "current_milestone": "resolved",
             "severity": severity, "priority": priority}  # fmt: skip
    assert record(value).severity == wanted


def test_bots_the_system_and_hidden_comments_are_no_participants() -> None:
    people = [{"login": "ada"}, {"login": "ci[bot]"}, {"login": "deploy-bot"}, {"login": "rex", "type": "Bot"},
              {"login": "renovate", "is_bot": True}, {"login": ""}, {"login": "ghost"}]  # fmt: skip
    comments = [
        {"author": author, "body": f"says {n}", "createdAt": f"2024-05-01T10:1{n}:00Z"}
        for n, author in enumerate(people)
    ]
    hidden = {"author": {"login": "spam"}, "body": "buy", "createdAt": "2024-05-01T10:30:00Z", "isMinimized": True}
    issue = {"number": 5, "title": "Down", "state": "CLOSED", "createdAt": "2024-05-01T10:00:00Z", "labels": [],
             "closedAt": "2024-05-01T12:00:00Z", "url": "https://github.com/o/r/issues/5", "author": {"login": "ada"},
             "comments": [*comments, hidden]}  # fmt: skip
    incident = record(issue)
    assert [person.handle for person in incident.participants] == ["ada"]
    assert "buy" not in texts(incident)
    assert rows(incident)[2][2] == "ci[bot]"  # named in the timeline, as what it is
    generic = record({"title": "x", "summary": "s", "participants": ["System", "system", "Bob Ray", "Abbot"]})
    assert [person.name or person.handle for person in generic.participants] == ["Bob Ray", "Abbot"]


def test_entries_without_a_time_and_values_of_another_kind_are_said() -> None:
    odd = {
        "title": "x", "summary": {"text": "s"}, "started_at": "2024-01-01T10:00:00Z", "severity": ["SEV1"],
        "urgency": "critical", "services": {"name": "db"}, "teams": [["a"], "b"], "tags": 7,
        "timeline": [{"at": "", "text": "Restarted"}, {"text": "Back"}, "10:05 called"], "detected_at": {"at": 1},
    }  # fmt: skip
    said = "\n".join(record(odd).warnings)
    assert "3 timeline entries have no time, left out: “Restarted”, “Back”, “10:05 called”" in said
    for what in ("$.summary (an object)", "$.severity (a list)", "$.urgency ('critical')", "$.services (an object)",
                 "$.teams[0] (a list)", "$.detected_at"):  # fmt: skip
        assert what in said
    one = record({"title": "x", "started_at": "2024-01-01T10:00:00Z", "timeline": [{"text": "Back"}]})
    assert "1 timeline entry has no time, left out: “Back”" in one.warnings


def test_long_texts_are_cut_between_words_and_said() -> None:
    long = "The index was bad. " * 1_000
    value = {"title": "x", "summary": long, "started_at": "2024-01-01T10:00:00Z",
             "timeline": [{"at": "2024-01-01T10:05:00Z", "text": long}]}  # fmt: skip
    draft = draft_from(record(value), {})
    assert 15_900 < len(draft.summary) <= 16_000
    entry_text = draft.timeline[1].event
    assert 3_900 < len(entry_text) <= 4_000
    for text in (draft.summary, entry_text):
        assert text.removesuffix("…").split()[-1] in ("The", "index", "was", "bad.")
    assert draft.warnings[-2:] == (
        "the summary has 18,999 characters: cut after 16,000, the rest is in the record",
        "the timeline entry of 2024-01-01T10:05:00Z has 18,999 characters: cut after 4,000, the rest is in the record",
    )
    short = draft_from(record({**value, "summary": "s", "timeline": []}), {})
    assert not any("cut after" in warning for warning in short.warnings)


def test_code_reaches_the_draft_as_it_was() -> None:
    code = "ran `kubectl logs <pod>` and `Map<String, List<Foo>>`"
    fence = "```\ncurl x | jq '.[]'\n  echo $i > /dev/null\n```"
    value = {"title": "x", "summary": f"{code}\n\n{fence}\nfine", "started_at": "2024-01-01T10:00:00Z",
             "timeline": [{"at": "2024-01-01T10:05:00Z", "text": code}]}  # fmt: skip
    draft = draft_from(record(value), {})
    assert draft.summary == f"{code}\n\n{fence}\nfine"
    assert draft.timeline[1].event == code
