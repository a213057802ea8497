"""incident.io (API v2): incidents, incident updates, follow-ups and actions; its webhooks.

Shapes as in incident.io's public API reference. Timestamps carry the names that the customer gave them,
so they are matched by the words in the name; an updater is a user, an API key, a workflow or an alert.
"""

from __future__ import annotations

import re

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_MOMENT_NAMES = (
    ("started_at", re.compile(r"impact (?:started|began)|^started|^start\b|incident started", re.IGNORECASE)),
    ("detected_at", re.compile(r"detected|reported|declared at", re.IGNORECASE)),
    ("acknowledged_at", re.compile(r"acknowledged|accepted", re.IGNORECASE)),
    ("mitigated_at", re.compile(r"mitigated|fixed|impact (?:ended|stopped)", re.IGNORECASE)),
    ("resolved_at", re.compile(r"resolved", re.IGNORECASE)),
)
_REFERENCE = re.compile(r"[A-Z][A-Z0-9]*-\d+")
_DRILL = re.compile(r"\b(?:game ?day|drill|test|exercise|training)\b", re.IGNORECASE)
_DONE = ("learning", "closed", "post-incident")
_FOLLOW_UP = {"outstanding": "OPEN", "completed": "COMPLETED", "not_doing": "WONT_DO", "in_progress": "IN_PROGRESS"}
_SERVICE_FIELD = re.compile(r"\b(?:service|component|system|application|product)s?\b", re.IGNORECASE)
_TEAM_FIELD = re.compile(r"\bteams?\b", re.IGNORECASE)
_IMPACT_FIELD = re.compile(r"\b(?:impact|customers?|affected users?)\b", re.IGNORECASE)


def recognise(data: Cursor) -> Recognition:
    """incident.io incidents, and lists of what belongs to them (by `incident_id`)."""
    lists = [*(data.at(key) for key in ("incident_updates", "updates", "follow_ups", "actions")), data]
    hook = data.at(data.at("event_type").text) if data.at("event_type").text else Cursor(None)
    return score_match(
        [*candidates(data), hook, hook.at("incident")],
        ("id", "name", "created_at", "incident_status|status", "incident_timestamp_values|timestamps|reference"),
        ("incident_timestamp_values", "incident_role_assignments", "custom_field_entries", "permalink", "mode"),
        accept=_is_ours,
        parts=parts_among(lists, _is_part, "incident_id"),
    )


def _is_ours(place: Cursor) -> bool:
    """Whether the values are incident.io's: named timestamps, or a reference like INC-12 and one of its states."""
    if place.at("incident_updates") or place.at("milestones"):
        return False
    named = place.at("incident_timestamp_values").list or place.at("timestamps").list
    category = place.first("incident_status", "status").at("category").text
    return named or (bool(_REFERENCE.fullmatch(place.at("reference").text)) and bool(category))


def _is_part(entry: Cursor) -> bool:
    if not entry.at("incident_id") or not entry.at("created_at"):
        return False
    if entry.at("body") or entry.at("display_at"):  # a Statuspage update names its incident as well
        return False
    return entry.has("updater") or entry.at("status").text in (*_FOLLOW_UP, "deleted")


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its updates and follow-ups."""
    found.texts(record, id="id", url="permalink", title="name", summary="summary", name="reference")
    if record.at("mode").text in ("test", "tutorial"):
        found.exempt("test", f"its mode is {record.at('mode').text}")
    kind = record.at("incident_type", "name")
    if _DRILL.search(kind.text):
        found.exempt("test", f"its type is {kind.text}")
    status = record.first("incident_status", "status")
    found.text("status", status.at("name"), status)
    found.text("severity", record.at("severity", "name"))
    for item in record.at("incident_role_assignments").each():
        found.user(item.at("assignee"))
    found.user(record.at("creator", "user"))
    _custom_fields(found, record)
    category = (status.at("category").text or status.text).lower()
    resolved = category in (*_DONE, "resolved")
    _timestamps(found, record, resolved)
    if category == "merged":
        found.exempt("merged", "it was merged into another incident")
    if category in ("declined", "canceled", "cancelled", "merged"):
        found.name("tags", status, category)
    listed = (record.at("updates"), record.at("incident_updates"), *parts)
    for item in entries_of(listed, record.at("id").text, "incident_id"):
        _entry(found, item)
    found.start_from_creation(record.at("created_at"))
    return resolved


def _timestamps(found: Assembly, record: Cursor, resolved: bool) -> None:
    """Named timestamps (API v2, then v1). The start falls back on the report, the end on the closing."""
    named: list[tuple[str, Cursor]] = [
        (value.at("incident_timestamp", "name").text, value.at("value", "value"))
        for value in record.at("incident_timestamp_values").each()
    ]
    named += [(item.at("name").text, item.at("last_occurred_at")) for item in record.at("timestamps").each()]
    for field, pattern in _MOMENT_NAMES:
        if field != "resolved_at" or resolved:
            found.moment(field, *(place for name, place in named if pattern.search(name)))
    found.moment("started_at", *(place for name, place in named if "reported" in name.lower()))
    if resolved:
        found.moment("resolved_at", *(place for name, place in named if "closed" in name.lower()))


def _custom_fields(found: Assembly, record: Cursor) -> None:
    for entry in record.at("custom_field_entries").each():
        name = entry.at("custom_field", "name").text
        for value in entry.at("values").each():
            option = value.at("value_option", "value")
            place = option or value.at("value_catalog_entry", "name") or value.first("value_text", "value_numeric")
            if _SERVICE_FIELD.search(name):
                found.name("services", place)
            elif _TEAM_FIELD.search(name):
                found.name("teams", place)
            elif _IMPACT_FIELD.search(name):
                found.impact(name, place.text, place)


def _entry(found: Assembly, item: Cursor) -> None:
    status = item.at("status").text
    if status in _FOLLOW_UP and not item.has("updater"):
        found.action(
            item,
            item.first("title", "description").text,
            status=_FOLLOW_UP[status],
            owner=found.user(item.at("assignee")),
            priority=item.at("priority", "name").text,
            ticket=item.at("external_issue_reference").first("issue_permalink", "issue_name").text,
            notes="closed as not doing in incident.io" if status == "not_doing" else "",
        )
        return
    if status == "deleted":
        return
    updater = item.at("updater")
    automatic = updater.first("api_key", "workflow", "alert").first("name", "title").text
    who = found.user(updater.at("user")) or automatic
    state = item.at("new_incident_status")
    text = item.at("message").text
    if not text and state:
        text = f"Status: {state.at('name').text}" if state.at("name") else ""
        severity = item.at("new_severity", "name").text
        text += f", severity {severity}" if text and severity else ""
    found.event(item.at("created_at"), text, who=who, path=item.path, entry=item.at("id").text)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident, all its updates (cursor paging) and its follow-ups. INC-88 is a reference, the id is 88."""
    what = f"incident {incident}"
    number = incident[4:] if incident.upper().startswith("INC-") else incident
    record = service.get(f"/v2/incidents/{segment(number)}", what)
    identity = Cursor(record.value).at("incident", "id").text or number
    query: dict[str, str | int] = {"incident_id": identity, "page_size": 250}
    updates = collect(
        lambda after: service.get("/v2/incident_updates", what, {**query, **({"after": after} if after else {})}),
        lambda page: page.at("pagination_meta", "after"),
        "incident_updates",
    )
    follow_ups = service.get("/v2/follow_ups", what, {"incident_id": identity})
    return [
        ("incident.json", record.data),
        as_file("incident_updates.json", {"incident_updates": updates}),
        ("follow_ups.json", follow_ups.data),
    ]


SYSTEM = System(
    name="incident-io",
    label="incident.io",
    recognise=recognise,
    read=read,
    lists=("incidents", "incident_updates", "updates", "follow_ups", "actions"),
    api=Api(
        credential="INCIDENT_IO_TOKEN",
        address="INCIDENT_IO_URL",
        default_address="https://api.incident.io",
        headers={"Authorization": "Bearer {token}"},
        fetch=fetch,
        account=("/v1/identity", "identity", "name"),
    ),
)
