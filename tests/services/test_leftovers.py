"""Small things in records that were lost or read wrongly: each kind with a neighbour that was right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.errors import UsageProblem
from pmctl.services.fetch import fetch_reference
from pmctl.services.incident import Incident
from pmctl.services.registry import read_records
from pmctl.services.secrets import from_environment
from pmctl.services.slack import read_messages
from pmctl.text import utc
from tests.team import AT

START = "2024-01-15T14:00:00Z"


def incident(value: dict[str, Any], name: str = "record.json") -> Incident:
    return read_records([(name, json.dumps(value).encode())], now=AT)


def generic(**more: Any) -> Incident:
    return incident({"source": "generic", "title": "Checkout was slow", "started_at": START, **more})


@pytest.mark.parametrize(
    "entry",
    [
        {"at": "2024-01-15T14:05:00Z", "text": "The alert fired", "who": "Jane Doe"},
        {"time": "2024-01-15T14:05:00Z", "description": "The alert fired", "by": "Jane Doe"},
        {"timestamp": "2024-01-15T14:05:00Z", "message": "The alert fired", "author": "Jane Doe"},
        ["2024-01-15T14:05:00Z", "The alert fired", "Jane Doe"],
    ],
)
def test_a_timeline_entry_however_it_is_written(entry: Any) -> None:
    found = generic(timeline=[entry])
    assert ("2024-01-15T14:05:00Z", "The alert fired", "Jane Doe") in [(utc(e.at), e.text, e.who) for e in found.events]
    assert found.warnings == ()


@pytest.mark.parametrize("entry", [{"2024-01-15T14:05:00Z": "The alert fired"}, "2024-01-15T14:05:00Z The alert fired"])
def test_a_timeline_entry_of_time_and_text(entry: Any) -> None:
    assert "The alert fired" in [event.text for event in generic(timeline=[entry]).events if event.at.minute == 5]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"at": "2024-01-15T14:05:00Z", "colour": "red"}, "timeline entry without a text"),
        ("The alert fired", "no time"),
        (["just one"], "without"),
    ],
)
def test_a_timeline_entry_that_is_lost_is_said(entry: Any, said: str) -> None:
    found = generic(timeline=[entry])
    assert len(found.events) == 1 and any(said in warning for warning in found.warnings), found.warnings


def test_several_names_in_one_text() -> None:
    found = generic(services="api, web", teams="core,edge", tags=["one, with a comma"], root_causes="slow, and old")
    assert (found.services, found.teams) == (("api", "web"), ("core", "edge"))
    assert (found.tags, found.root_causes) == (("one, with a comma",), ("slow, and old",))


@pytest.mark.parametrize("value", ["inf", ".inf", "-.Inf", "NaN", ".nan", "Infinity"])
def test_a_severity_that_is_no_number(value: str) -> None:
    found = generic(severity=value)
    assert found.severity == "" and any("not a value for severity" in warning for warning in found.warnings)
    assert generic(severity="Info").severity == "Info"


def test_a_webhook_of_version_2_that_refers_to_its_log_entries() -> None:
    log = {
        "id": "R2", "type": "resolve_log_entry_reference", "summary": "Resolved by Wiley", "created_at":
        "2024-01-15T15:00:00Z", "agent": {"id": "PU", "type": "user_reference", "summary": "Wiley"},
    }  # fmt: skip
    told = {
        "id": "PRORDTY", "incident_number": 33, "title": "Checkout was slow", "status": "resolved", "created_at": START,
        "service": {"id": "PS", "type": "service_reference", "summary": "Checkout"}, "urgency": "high",
    }  # fmt: skip
    found = incident({"messages": [{"event": "incident.resolve", "incident": told, "log_entries": [log]}]})
    assert [(event.text, event.who, event.kind) for event in found.events][-1] == (
        "Resolved by Wiley", "Wiley", "resolved",
    )  # fmt: skip


def test_a_webhook_of_gitlab_says_who_closed_it_and_who_had_it() -> None:
    issue = {
        "iid": 23, "title": "DB down", "state": "closed", "action": "close", "created_at": "2024-01-15 14:00:00 UTC",
        "closed_at": "2024-01-15 15:00:00 UTC", "url": "https://x.example/g/p/-/issues/incident/23", "labels": [],
    }  # fmt: skip
    found = incident(
        {
            "object_kind": "incident", "object_attributes": issue, "user": {"name": "Ann Admin", "username": "ann"},
            "assignees": [{"name": "Uma User", "username": "uma"}],
        }
    )  # fmt: skip
    assert found.id == "g/p#23"
    assert [(event.text, event.who) for event in found.events][-1] == ("Incident closed", "Ann Admin")
    assert [person.name for person in found.participants] == ["Ann Admin", "Uma User"]


def test_messages_whose_time_cannot_be_read_are_counted() -> None:
    said: list[str] = []
    messages = [
        {"type": "message", "ts": ts, "text": ts, "user": "U12"} for ts in ("1405000000.000100", "soon", "yesterday")
    ]
    found = read_messages([("day.json", json.dumps(messages).encode())], said.append)
    assert [one.text for one in found] == ["1405000000.000100"]
    assert said == ["2 messages have a ts that is no time, left out: $[1], $[2]"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("pagerdutty:P1", "no source is called 'pagerdutty'", "did you mean pagerduty?"),
        ("alertmanager:P1", "has no API to fetch from", "give its record as a file"),
        ("nobody:P1", "no source is called 'nobody'", "there is no file of that name, and the sources are pagerduty"),
    ],
)
def test_a_source_that_is_misspelt(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        fetch_reference(text, from_environment({}))
    assert str(caught.value.hint).startswith(hint)
