"""Recognition, errors that help, several files, and hostile input of any shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.errors import BadInput, UsageProblem
from pmctl.services.draft import draft_from
from pmctl.services.import_document import ImportDocument, import_bytes
from pmctl.services.registry import SYSTEMS, read_incidents, read_records, system_by_name
from tests.growth import assert_in_proportion

from .records import EXAMPLES, NOW, record, rows

PAGERDUTY: dict[str, Any] = {
    "id": "P1", "title": "Down", "status": "resolved", "created_at": "2024-01-15T14:00:00Z", "urgency": "high",
    "resolved_at": "2024-01-15T15:00:00Z", "incident_number": 1, "service": {"summary": "api"},
}  # fmt: skip


def test_the_documentation_lists_every_system_with_its_variables() -> None:
    text = (EXAMPLES.parents[1] / "docs" / "incidents.md").read_text()
    for system in SYSTEMS:
        (row,) = [line for line in text.splitlines() if line.startswith("|") and f"| `{system.name}` |" in line]
        wanted = (system.api.credential, system.api.address, *system.api.also) if system.api else ("files only",)
        assert all(word in row for word in wanted)
        if system.api is not None and system.api.credential:
            assert ("optional" in row) is not system.api.credential_required
        assert system.api is None or ("URL`, required" in row) is not bool(system.api.default_address)


def test_an_unknown_shape_names_what_was_tried_and_what_the_nearest_lacked() -> None:
    with pytest.raises(BadInput) as caught:
        record({"id": "P1", "title": "x", "status": "resolved", "service": {"summary": "y"}})
    assert "nearest is PagerDuty, which needs created_at" in caught.value.message
    assert caught.value.details[0] == "seen: id, title, status, service; service with summary"
    assert "Statuspage" in caught.value.details[1]
    assert "Alertmanager" in caught.value.details[1]


@pytest.mark.parametrize("value", [{}, [], [1, 2], "text", 7, None, True, {"a": {"b": []}}, [[]], [{}]])
def test_values_that_are_no_records(value: object) -> None:
    with pytest.raises(BadInput, match=r"0\.json"):
        record(value)


def test_a_named_source_overrides_the_shape_and_says_what_it_misses() -> None:
    assert record({**PAGERDUTY, "summary": "s"}, source="generic").source == "generic"
    with pytest.raises(BadInput, match="not a Rootly record: it has no attributes"):
        record(PAGERDUTY, source="rootly")
    with pytest.raises(UsageProblem, match="no incident source is called 'nagios'"):
        record(PAGERDUTY, source="nagios")


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("PagerDuty", "pagerduty"),
        ("incident.io", "incident-io"),
        ("GitHub issue", "github"),
        ("grafana", "grafana-irm"),
    ],
)
def test_sources_are_found_by_their_usual_names(given_name: str, name: str) -> None:
    assert system_by_name(given_name).name == name


def test_no_files_is_an_error() -> None:
    with pytest.raises(BadInput, match="no incident record was given"):
        read_records([])


def test_parts_without_a_record_ask_for_it() -> None:
    with pytest.raises(BadInput, match="not the incident itself"):
        record({"notes": [{"content": "x", "created_at": "2024-01-01T00:00:00Z", "user": {}}]})


def test_parts_of_another_incident_are_an_error_and_never_mixed_in() -> None:
    entries = [{"event": "x", "occurred_at": "2024-01-01T00:00:00Z", "incident_id": "other"}]
    data = [{"id": "e", "type": "incident_events", "attributes": entry} for entry in entries]
    rootly = json.loads((EXAMPLES / "rootly.json").read_bytes())
    with pytest.raises(BadInput, match="belongs to Rootly incident other, which no given file holds"):
        record(rootly, {"data": data})


def test_several_files_of_one_incident_and_of_several() -> None:
    log = [
        {"type": "annotate_log_entry", "summary": f"entry of {number}", "created_at": "2024-01-15T14:20:00Z",
         "agent": {}, "incident": {"id": number, "summary": "x"}}
        for number in ("P1", "P2")
    ]  # fmt: skip
    second = {**PAGERDUTY, "id": "P2", "title": "Also down"}
    files = [("a.json", PAGERDUTY), ("log.json", {"log_entries": log}), ("b.json", second)]
    found = read_incidents([(name, json.dumps(value).encode()) for name, value in files], now=NOW)
    assert [i.id for i in found] == ["P1", "P2"]
    assert ("14:20", "entry of P1", "", "") in rows(found[0])
    assert "entry of P2" not in str(found[0].events)
    assert ("14:20", "entry of P2", "", "") in rows(found[1])


def test_a_list_of_incidents_is_not_merged_by_accident_beside_other_files() -> None:
    listed = {"incidents": [PAGERDUTY, {**PAGERDUTY, "id": "P2"}]}
    with pytest.raises(BadInput, match=r"0\.json: holds 2 incidents"):
        record(listed, {**PAGERDUTY, "id": "P3"})


def test_notes_go_to_the_record_before_them() -> None:
    notes = {"notes": [{"content": "for P2", "created_at": "2024-01-15T14:20:00Z", "user": {}}]}
    values = (PAGERDUTY, {**PAGERDUTY, "id": "P2"}, notes)
    files = [(f"{n}.json", json.dumps(value).encode()) for n, value in enumerate(values)]
    first, second = read_incidents(files, now=NOW)
    assert "for P2" not in str(first.events)
    assert "for P2" in str(second.events)


def test_the_same_incident_twice_is_one_and_the_later_record_tells_its_state() -> None:
    before = {**PAGERDUTY, "status": "acknowledged", "resolved_at": None}
    incident = record(before, PAGERDUTY)
    assert incident.resolved
    assert len(incident.references) == 1
    assert [row[3] for row in rows(incident)] == ["started", "resolved"]
    assert not record(PAGERDUTY, before).resolved


def test_reversed_future_and_unreadable_times_are_warnings() -> None:
    incident = record(
        {
            "title": "x", "started_at": "2024-01-15T15:00:00Z", "resolved_at": "2024-01-15T14:00:00Z",
            "detected_at": "soon", "mitigated_at": "2031-01-01T00:00:00Z",
            "timeline": [{"at": "2024-01-15 15:30", "text": "no zone"}, {"at": "noon", "text": "lost"}],
        }
    )  # fmt: skip
    said = "\n".join(incident.warnings)
    assert "resolved_at lies before mitigated_at" in said
    assert "mitigated_at lies in the future" in said
    assert "$.detected_at ('soon')" in said
    assert "$.timeline[1].at ('noon')" in said
    assert "$.timeline[0].at: names no time zone, read as UTC" in said


def test_events_are_sorted_and_doubles_of_a_minute_dropped() -> None:
    timeline = [
        {"at": "2024-01-15T14:10:30Z", "text": "Restarted  the pods", "who": "Jane"},
        {"at": "2024-01-15T14:00:00Z", "text": "Alert"},
        {"at": "2024-01-15T14:10:01Z", "text": "restarted the pods"},
        {"at": "2024-01-15T14:11:01Z", "text": "restarted the pods"},
    ]
    incident = record({"title": "x", "started_at": "2024-01-15T14:00:00Z", "timeline": timeline})
    assert rows(incident) == [
        ("14:00", "Alert", "", ""),
        ("14:10", "restarted the pods", "Jane", ""),
        ("14:11", "restarted the pods", "", ""),
    ]


def test_thousands_of_events_take_time_in_proportion() -> None:
    def made(count: int) -> bytes:
        entries = [
            {"id": f"L{n}", "type": "annotate_log_entry", "summary": f"event {n} <b>|</b>", "agent": {"type": "user",
             "summary": f"Person {n % 50}"}, "created_at": f"2024-01-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z",
             "incident": {"id": "P1", "summary": "x"}}
            for n in range(count)
        ]  # fmt: skip
        return json.dumps({"incident": PAGERDUTY, "log_entries": entries}).encode()

    def work(data: bytes) -> int:
        incident = read_records([("big.json", data)], now=NOW)
        draft = draft_from(incident, {})
        import_bytes(draft.imported or ImportDocument())
        assert len(draft.timeline) == len(incident.events) or "left out" in draft.warnings[-1]
        return len(incident.events)

    assert work(made(1_000)) > 900
    assert_in_proportion(work, made, 4_000)


def test_html_in_titles_stays_text() -> None:
    incident = record({**PAGERDUTY, "title": "<img src=x onerror=alert(1)>\nDown\x1b[31m | ---"})
    draft = draft_from(incident, {})
    assert draft.front["title"] == "<img src=x onerror=alert(1)> Down | ---"


WORDS = """
id title name message summary description status state created_at createdAt started_at resolved_at incident incidents
data attributes type log_entries notes entries eventTime content impact incident_updates alerts labels startsAt endsAt
timeline at text who services service urgency number html_url milestones occurred_at page incidentID events user body
activityItems priority participants email author display_at updater incident_id incident_status components taskList
incident_timestamp_values value tasks follow_ups actor hidden agent current_milestone commonLabels groupKey comments
acknowledgedAt event custom_field_entries values fields key result short_description sys_id public_id alert_group
integration_id alerts_count event_type object_attributes iid web_url logs incidentNumber currentPhase startTime
transitions begin end external_desc updates status_impact alert action alertId names changelog included relationships
resource_data noteable_type timelineEventTags nodes severity components labels issues webhookEvent
"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["resolved", "RESOLVED", "triggered", "open", "incidents", "incident_events", "2024-01-15T14:00:00Z",
         "trigger_log_entry", "https://github.com/a/b/issues/1", "outstanding", "0001-01-01T00:00:00Z", 1705327200000,
         "OPS-1", "INC1", "closed", "incident.resolved", "P1", "ACKED", "https://gitlab.com/a/b/-/issues/1"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=10)),
    max_leaves=40,
)


@given(st.lists(VALUES, min_size=1, max_size=3))
@settings(max_examples=250, deadline=None)
def test_no_json_whatever_raises_anything_but_bad_input(values: list[object]) -> None:
    files = [(f"{n}.json", json.dumps(value).encode()) for n, value in enumerate(values)]
    for name in (None, "generic"):
        try:
            draft_from(read_records(files, name, now=NOW), {})
        except BadInput as error:
            assert error.message


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A real shape with some of its values replaced by anything."""
    names = sorted(path.name for path in EXAMPLES.glob("*.json"))
    value = json.loads((EXAMPLES / draw(st.sampled_from(names))).read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        node = value
        while isinstance(node, dict | list) and node:
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
            if not isinstance(node[key], dict | list) or draw(st.integers(0, 3)) == 0:
                node[key] = draw(st.one_of(SCALARS, VALUES))
                break
            node = node[key]
    return value


@given(damaged())
@settings(max_examples=300, deadline=None)
def test_damaged_records_of_every_source_raise_nothing_but_bad_input(value: object) -> None:
    try:
        draft = draft_from(read_records([("damaged.json", json.dumps(value).encode())], now=NOW), {})
    except BadInput:
        return
    import_bytes(draft.imported or ImportDocument())
    assert all("\n" not in text for row in draft.timeline for text in (row.event, row.who))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_bytes_whatever_raise_anything_but_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_records([("x", data)], now=NOW)
