"""What is claimed and what is refused: empty parts, foreign records, lists of several kinds, other formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.errors import BadInput
from pmctl.services.registry import SYSTEMS, read_incidents, read_records

from .records import EXAMPLES, NOW, at, example, record

PAGED: dict[str, Any] = {
    "id": "P1", "title": "Queue grows", "status": "resolved", "created_at": "2024-01-15T14:00:00Z", "urgency": "low",
    "resolved_at": "2024-01-15T15:00:00Z", "incident_number": 11, "service": {"summary": "queue"},
}  # fmt: skip
EMPTY: list[Any] = [
    [], {"notes": []}, {"log_entries": [], "more": False, "offset": 0, "limit": 100}, {"notes": None},
    {"data": {"entries": []}, "took": 0.2, "requestId": "r"}, {"data": [], "links": {"next": None, "self": "https://x"}},
    {"incident_updates": [], "pagination_meta": {"page_size": 25}}, {"follow_ups": []},
    {"activityItems": [], "cursor": {"hasMore": False, "nextValue": ""}, "error": ""},
    {"data": [], "pagination": {"count": 0, "page": 1, "next": None}}, {"events": []}, {"comments": []},
    {"incidents": [], "limit": 25, "offset": 0, "total": None, "more": False},
    {"page": {"id": "p", "name": "Status", "time_zone": "Etc/UTC"}, "incidents": []},
    {"page": {"id": "p"}, "scheduled_maintenances": []}, {"values": [], "count": 0}, {"alerts": [], "receiver": "ops"},
    {"status": "success", "data": []},
]  # fmt: skip


@pytest.mark.parametrize("value", EMPTY, ids=str)
def test_an_empty_part_adds_nothing_and_an_empty_export_holds_no_incident(value: object) -> None:
    assert record(PAGED, value) == record(PAGED, {"notes": []})
    assert record(value, PAGED).id == "P1"
    assert read_incidents([("x.json", json.dumps(value).encode())], now=NOW) == ()
    with pytest.raises(BadInput, match="holds no incident"):
        record(value)


@pytest.mark.parametrize(
    "value",
    [
        {}, {"data": {}}, {"data": None}, {"incident": None}, {"incident": {}, "notes": []}, {"results": [{}]},
        {"notes": [], "error": {"message": "Not Found", "code": 2100}}, {"errors": ["forbidden"], "data": []},
        {"message": "Bad credentials", "issues": []}, {"data": None, "meta": {"status": 403}},
        {"id": "1", "title": "x", "notes": []}, {"incidents": [], "other": [1]}, {"unheard_of": []},
    ],
    ids=str,
)  # fmt: skip
def test_what_only_looks_empty_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        read_incidents([("x.json", json.dumps(value).encode())], now=NOW)


FOREIGN: dict[str, Any] = {
    "a JSON:API incident of a monitor": {
        "data": {"id": "1", "type": "incident", "attributes": {
            "name": "api.example.com", "cause": "Status 500", "started_at": "2024-01-01T10:00:00Z",
            "resolved_at": "2024-01-01T14:00:00Z", "response_content": None}}},
    "a JSON:API incident with other states": {
        "data": [{"id": "1", "type": "incidents", "attributes": {
            "title": "Down", "status": "firefighting", "started_at": "2024-01-01T10:00:00Z"}}]},
    "an alert tool that names the service in text": [
        {"id": "7", "title": "Down", "status": "resolved", "service": "Shop", "created_at": "2024-01-01T10:00:00Z",
         "ended": "2024-01-01T12:00:00Z", "escalation": "Default", "probe": "a"}],
    "a tool with a status in numbers": {
        "incident_number": 5, "title": "Down", "status": 3, "unique_id": "a", "service": "b", "urgency": 1,
        "creation_date": "2024-01-01T10:00:00Z", "resolved_date": None},
    "another tracker's issue": {
        "id": 9, "number": 4, "title": "Down", "state": "closed", "created_at": "2024-01-01T10:00:00Z",
        "url": "https://tracker.example.com/t/4", "severity": "low"},
    "an alert with a message": {
        "id": "1", "message": "Disk", "createdAt": "2024-01-01T10:00:00Z", "status": "OK", "host": "a"},
    "a named record with a state": {
        "id": "1", "name": "Down", "created_at": "2024-01-01T10:00:00Z", "status": "Fixed", "reference": "none"},
    "camel case with other urgencies": {
        "id": "1", "title": "Down", "status": "RESOLVED", "createdAt": "2024-01-01T10:00:00Z", "urgency": "P1"},
    "a page of another product": {
        "id": "1", "name": "Down", "status": "FIXED", "incident_updates": [], "created_at": "2024-01-01T10:00:00Z"},
}  # fmt: skip


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_record_is_claimed_by_nobody_and_what_was_seen_is_said(value: object) -> None:
    with pytest.raises(BadInput) as caught:
        record(value)
    assert caught.value.details[0].startswith("seen: ")
    assert caught.value.details[1].startswith("tried: ")


def test_a_generic_record_says_so_by_its_fields_or_in_words() -> None:
    foreign = {"title": "Down", "severity": "minor", "opened": "2024-01-01T10:00:00Z", "host": "a", "kind": "outage"}
    with pytest.raises(BadInput, match="not a record that pmctl knows"):
        record(foreign)
    for incident in (record({**foreign, "source": "generic"}), record(foreign, source="generic")):
        assert incident.unused == ("$.host", "$.kind", "$.opened")
        assert "not used, because the generic source has no such field: host, kind, opened" in incident.warnings
    exact = record({"title": "Down", "severity": "minor", "author": "jane"})
    assert exact.unused == ("$.author",)


HALF = {
    "title": "Down",
    "status": "resolved",
    "resolved_at": "2024-01-01T12:00:00Z",
    "start": "x",
    "hit": "db",
    "log": 1,
}


def test_a_record_of_which_half_the_fields_are_known_is_shown_too() -> None:
    assert record(HALF).unused == ("$.hit", "$.log", "$.start")
    with pytest.raises(BadInput):
        record({**HALF, "one": "more"})


NEARLY = {
    "id": "N1", "title": "Slow", "status": "resolved", "resolved_at": "2024-01-01T12:00:00Z", "severity": "minor",
    "begun": "2024-01-01T10:00:00Z", "systems": ["db"],
}  # fmt: skip


def test_a_nearly_generic_record_is_shown_with_what_was_not_used_but_not_judged() -> None:
    files = [("x.json", json.dumps([NEARLY]).encode())]
    (shown,) = read_incidents(files, now=NOW)
    assert shown.unused == ("$[].begun", "$[].systems")
    with pytest.raises(BadInput, match="has no begun, systems"):
        read_incidents(files, now=NOW, whole=True)
    assert len(read_incidents(files, "generic", now=NOW, whole=True)) == 1
    said = [("x.json", json.dumps([{**NEARLY, "source": "generic"}]).encode())]
    assert len(read_incidents(said, now=NOW, whole=True)) == 1


def test_a_list_of_several_kinds_is_taken_apart_and_a_stranger_in_it_is_named() -> None:
    rootly = json.loads((EXAMPLES / "rootly.json").read_bytes())
    mixed = json.dumps([PAGED, rootly, {"event": {"data": {**PAGED, "id": "P2"}}}]).encode()
    assert [i.source for i in read_incidents([("m.json", mixed)], now=NOW)] == [
        "pagerduty",
        "pagerduty",
        "rootly",
    ]
    with pytest.raises(BadInput, match=r"m\.json: \$\[1\]: not a record"):
        read_incidents([("m.json", json.dumps([PAGED, {"id": "P2", "what": "is this"}]).encode())], now=NOW)
    with pytest.raises(BadInput, match=r"\$\.incidents\[1\] is no PagerDuty record like the others"):
        read_incidents([("m.json", json.dumps({"incidents": [PAGED, {"id": "P2"}]}).encode())], now=NOW)


def test_json_lines_hold_one_value_in_a_line() -> None:
    rows = [PAGED, {"incident": {**PAGED, "id": "P2"}}, {"notes": []}]
    text = "\n".join(json.dumps(row) for row in rows) + "\n\n"
    for name in ("export.jsonl", "export.ndjson", "export.json", "standard input"):
        first, second = read_incidents([(name, text.encode())], now=NOW)
        assert (first.id, second.id) == ("P1", "P2")
        assert second.provenance["title"] == "$[1].incident.title"
    with pytest.raises(BadInput, match="holds 2 incidents"):
        read_records([("export.jsonl", text.encode())], now=NOW)
    assert read_records([("export.jsonl", text.encode())], only=["#11"], now=NOW).name == "#11"
    with pytest.raises(BadInput, match="line 2"):
        read_incidents([("export.jsonl", b'{"notes": []}\n{"a": \n')], now=NOW)
    assert read_incidents([("export.jsonl", b"\n")], now=NOW) == ()
    with pytest.raises(BadInput, match="the file is empty"):
        read_incidents([("export.json", b"")], now=NOW)
    pretty = json.dumps(PAGED, indent=1).encode()
    assert read_records([("export.json", pretty)], now=NOW).id == "P1"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"id,title\n1,x\n", "CSV"),
        ("-", b"id,incident_number,description,created_on\nP1,7,x,2024\n", "CSV"),
        ("a.tsv", b"id\ttitle\tcreated\n", "CSV"),
        ("a.xml", b"<?xml version='1.0'?><incident/>", "XML"),
        ("a.xlsx", b"PK\x03\x04rest", "ZIP archive or an Office document"),
        ("a.json.gz", b"\x1f\x8brest", "gzip"),
        ("a.pdf", b"%PDF-1.7", "PDF"),
    ],
)
def test_other_formats_are_named(name: str, data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_records([(name, data)], now=NOW)


PARTS = [
    [{"eventTime": "2024-01-01T00:00:00Z", "title": {"content": "x"}}],
    {"log_entries": [{"type": "notify_log_entry", "created_at": "2024-01-15T14:00:00Z"}]},
    [{"id": "n", "content": "x", "created_at": "2024-01-01T00:00:00Z", "user": {}}],
    {"data": {"entries": [{"eventTime": "2024-01-01T00:00:00Z"}]}},
    {"incident_updates": [{"incident_id": "i", "created_at": "2024-01-01T00:00:00Z", "updater": {}}]},
    {"activityItems": [{"activityItemID": "a", "eventTime": "2024-01-01T00:00:00Z"}]},
    {"data": [{"occurred_at": "2024-01-01T00:00:00Z", "type": "note"}]},
    {"data": [{"type": "incident_events", "attributes": {"event": "x"}}]},
    [{"body": "x", "user": {"login": "ann"}, "created_at": "2024-01-01T00:00:00Z"}],
    {"events": [{"message": "x", "createdAt": "2024-01-01T00:00:00Z"}]},
]


@pytest.mark.parametrize("value", PARTS, ids=str)
def test_entries_without_their_incident_ask_for_it_in_the_same_words(value: object) -> None:
    with pytest.raises(BadInput, match=r"0\.json: holds entries of an incident \(.+\) but not the incident itself"):
        record(value)


def test_bare_lists_of_entries_are_those_of_an_object() -> None:
    entry = {"id": "R", "type": "acknowledge_log_entry", "created_at": "2024-01-15T14:05:00Z",
             "summary": "Taken", "agent": {"type": "user_reference", "summary": "Ada"},
             "incident": {"id": "P1", "summary": "x"}}  # fmt: skip
    note = {"id": "N", "content": "looking", "created_at": "2024-01-15T14:06:00Z", "user": {"summary": "Ada"}}
    wrapped = record(PAGED, {"log_entries": [entry]}, {"notes": [note]})
    bare = record(PAGED, [entry], [note])
    assert [(e.at, e.text, e.who) for e in bare.events] == [(e.at, e.text, e.who) for e in wrapped.events]
    assert bare.acknowledged_at == at("2024-01-15T14:05:00Z")


def test_a_named_source_takes_its_article() -> None:
    with pytest.raises(BadInput, match="not an Opsgenie record"):
        record({"a": 1}, source="opsgenie")
    with pytest.raises(BadInput, match="not a Rootly record"):
        record({"a": 1}, source="rootly")


def test_every_system_says_what_lists_it_may_leave_empty() -> None:
    assert all(system.lists for system in SYSTEMS)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_no_example_loses_its_source_by_a_field_that_nobody_knows(path: Any) -> None:
    try:
        before = example(path.name)
    except BadInput:
        return  # entries only
    value = json.loads(path.read_bytes())
    if isinstance(value, dict):
        value["heard_of_by_nobody"] = "x"
        after = record(value)
        assert after.source == before.source
        assert "$.heard_of_by_nobody" in after.unused


@pytest.mark.parametrize("key", ["incidents", "issues", "data", "incident"])
def test_null_in_place_of_the_incidents_is_no_empty_export(key: str) -> None:
    with pytest.raises(BadInput, match="not a record that pmctl knows") as caught:
        read_incidents([("x.json", json.dumps({key: None}).encode())])
    assert f"{key} is null" in caught.value.details[0]
