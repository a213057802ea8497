"""What a draft gets from an incident."""

from __future__ import annotations

import json

from pmctl.services.draft import draft_from
from pmctl.services.import_document import ImportDocument, import_bytes
from pmctl.services.registry import read_records

from .records import NOW, at, example, record

PEOPLE = {"Jane@Example.com": "jane"}


def test_front_matter_summary_and_impact() -> None:
    draft = draft_from(example("pagerduty.json"), PEOPLE)
    assert dict(draft.front) == {
        "title": "Payment API returns errors",
        "participants": ["jane"],
        "services": ["payment-api"],
        "severity": "SEV2",
        "urgency": "HIGH",
        "incidents": [
            {"source": "pagerduty", "id": "PT7Q2ZC", "url": "https://example.pagerduty.com/incidents/PT7Q2ZC"}
        ],
        "started_at": at("2024-01-15T14:00:00Z"),
        "detected_at": at("2024-01-15T14:00:00Z"),
        "acknowledged_at": at("2024-01-15T14:03:00Z"),
        "resolved_at": at("2024-01-15T14:45:00Z"),
    }
    assert draft.impact == (("Duration", "45 minutes"),)
    assert draft.teams == ("payments",)


def test_known_people_are_handles_and_unknown_ones_are_named() -> None:
    draft = draft_from(example("pagerduty.json"), PEOPLE)
    assert {row.who for row in draft.timeline} == {"", "@jane", "Bob Ray"}


def test_no_duration_is_invented() -> None:
    instant = {"title": "x", "started_at": "2024-01-15T14:00:00Z", "resolved_at": "2024-01-15T14:00:00Z"}
    assert draft_from(record(instant), {}).impact == ()
    assert draft_from(record({"title": "x", "summary": "y"}), {}).impact == ()


def test_action_items_with_known_and_unknown_owners() -> None:
    items = [
        {"description": "A | B", "owner": "jane@example.com", "status": "OPEN"},
        {"description": "C", "owner": "Somebody Else"},
    ]
    first, second = draft_from(record({"title": "x", "summary": "s", "action_items": items}), PEOPLE).action_items
    assert (first["Action"], first["Owner"], first["Notes"]) == ("A | B", "@jane", "")
    assert (second["Owner"], second["Notes"]) == ("", "owner in the incident: Somebody Else")


def test_the_import_document_names_path_and_value_of_everything() -> None:
    draft = draft_from(example("pagerduty.json"), PEOPLE)
    document = json.loads(import_bytes(draft.imported or ImportDocument()))
    assert document["schema"] == "pmctl/import/v1"
    assert document["incidents"][0]["id"] == "PT7Q2ZC"
    assert document["fields"]["title"] == {"path": "$.incident.title", "value": "Payment API returns errors"}
    assert set(document["fields"]) == {*draft.front, "summary"} - {"incidents"}
    assert all(field["path"].startswith("$.") for field in document["fields"].values())
    assert [entry["text"] for entry in document["timeline"]] == [row.event for row in draft.timeline]
    assert document["timeline"][1] == {
        "path": "$.log_entries[2]",
        "at": "2024-01-15T14:03:00Z",
        "text": "Acknowledged by Jane Doe.",
        "who": "@jane",
    }


def test_the_same_record_gives_the_same_bytes() -> None:
    data = json.dumps({"title": "x", "started_at": "2024-01-15T14:00:00Z", "tags": ["b", "A b"]}).encode()
    drafts = [draft_from(read_records([("x.json", data)], now=NOW), {}) for _ in range(2)]
    assert drafts[0] == drafts[1]
    written = {import_bytes(draft.imported or ImportDocument()) for draft in drafts}
    assert len(written) == 1
    assert drafts[0].front["tags"] == ["b", "a-b"]


def test_an_address_that_is_no_web_address_is_left_out() -> None:
    incident = record({"title": "x", "id": "1", "summary": "s", "url": "javascript:alert(1)"})
    assert draft_from(incident, {}).front["incidents"] == [{"source": "generic", "id": "1"}]


def test_a_timeline_beyond_what_a_document_holds_keeps_the_key_moments() -> None:
    timeline = [
        {"at": f"2024-01-15T{h:02}:{m:02}:00Z", "text": f"{h}:{m} " + "x" * 900} for h in range(14) for m in range(60)
    ]
    incident = record({"title": "x", "started_at": "2024-01-15T00:00:00Z", "resolved_at": "2024-01-15T13:59:30Z",
                       "timeline": timeline})  # fmt: skip
    draft = draft_from(incident, {})
    assert "left out" in draft.warnings[-1]
    assert draft.timeline[-1].event == "Incident resolved"
    assert sum(len(row.event) + 30 for row in draft.timeline) < 700_000


def test_what_is_cut_is_among_the_warnings_of_the_incident_itself() -> None:
    from pmctl.insight.incidents import incident_documents

    code = "```\n" + "line of code\n" * 2_000 + "```"
    entry = {"at": "2024-01-15T14:00:00Z", "text": f"{'a word ' * 1_000}\n{code}"}
    data = json.dumps({"title": "x", "started_at": "2024-01-15T14:00:00Z", "timeline": [entry]}).encode()
    (said,) = incident_documents([read_records([("x.json", data)])])
    prose, cut = said["warnings"][-2:]
    assert prose.startswith("the timeline entry of ") and " has 7,028 characters: cut after 4,000" in prose
    assert cut.startswith("the code of the timeline entry of ") and " has 26,000 characters: cut after 16,000" in cut
