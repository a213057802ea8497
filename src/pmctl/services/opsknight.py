"""OpsKnight: incidents of its API, with the events and notes of an export where there are any.

Shapes as in OpsKnight's public data model and API routes: camel case, states and urgencies in capitals.
The API itself has no timeline, so the key moments stand in for one.
"""

from __future__ import annotations

import re

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED", "SNOOZED", "SUPPRESSED")
_NOISE = re.compile(r"\s*notification sent via\b", re.IGNORECASE)
_FOLLOW_UP = {"OPEN": "OPEN", "IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "BLOCKED": "OPEN"}
_KINDS = (
    (re.compile(r"\bauto-?resolved\b|\bincident (?:was )?resolved\b|^resolved\b", re.IGNORECASE), "resolved"),
    (re.compile(r"\bincident (?:was )?acknowledged\b|^acknowledged\b", re.IGNORECASE), "acknowledged"),
)


def recognise(data: Cursor) -> Recognition:
    """OpsKnight incidents and lists of events and notes."""
    lists = (data.at("events"), data.at("notes"), data.at("actionItems"), data)
    ours = [listed for listed in lists if not any(_is_of_opsgenie(item) for item in listed.sample())]
    return score_match(
        candidates(data),
        ("id", "title", "status", "createdAt", "urgency|service|serviceId"),
        ("urgency", "service", "assignee", "acknowledgedAt", "resolvedAt", "dedupKey"),
        accept=lambda place: (
            place.at("status").text in _STATES
            and place.at("urgency").text in ("HIGH", "MEDIUM", "LOW")
            and not place.at("service").text
        ),
        parts=parts_among(ours, _is_entry, "incidentId"),
    )


def _is_entry(item: Cursor) -> bool:
    return bool(item.at("createdAt") and (item.at("message") or item.at("content")))


def _is_of_opsgenie(item: Cursor) -> bool:
    """Whether an entry is one of Opsgenie's incidents or alerts, which have a message as well."""
    return _is_entry(item) and bool(item.at("priority") or item.at("tinyId"))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its events and notes."""
    found.texts(record, id="id", url="url", title="title", summary="description", status="status", severity="priority")
    found.urgency(record.at("urgency"))
    found.name("services", record.at("service", "name"))
    found.name("teams", record.at("team", "name"))
    for tag in record.at("tags").each():
        found.name("tags", tag.at("tag", "name") or tag.at("name") or tag)
    found.moment("started_at", record.at("createdAt"))
    found.user(record.at("assignee"))
    keys = ("events", "notes", "actionItems", "actionItemRecords")
    listed = (*(record.at(key) for key in keys), record.at("postmortem", "actionItems"), *parts)
    for item in entries_of(listed, record.at("id").text, "incidentId"):
        _entry(found, item)
    resolved = record.at("status").text == "RESOLVED"
    found.moment("acknowledged_at", record.at("acknowledgedAt"))
    if resolved:
        found.moment("resolved_at", record.at("resolvedAt"))
    return resolved


def _entry(found: Assembly, item: Cursor) -> None:
    status = item.at("status").text
    if item.at("title") and status in _FOLLOW_UP:
        found.action(
            item,
            item.at("title").text,
            status=_FOLLOW_UP[status],
            owner=found.user(item.at("owner")),
            due=item.at("dueDate").day,
            priority=item.at("priority").text,
            notes="blocked in OpsKnight" if status == "BLOCKED" else "",
        )
        return
    message = item.at("message").text
    if message and _NOISE.match(message):
        return
    who = found.user(item.first("user", "author"))
    text = message or item.at("content").text
    kind = next((kind for pattern, kind in _KINDS if message and pattern.search(message)), "")
    found.event(item.at("createdAt"), text, who=who, kind=kind, path=item.path)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident."""
    return [("incident.json", service.get(f"/api/incidents/{segment(incident)}", f"incident {incident}").data)]


SYSTEM = System(
    name="opsknight",
    label="OpsKnight",
    recognise=recognise,
    read=read,
    lists=("incidents", "events", "notes", "actionItems"),
    api=Api(
        credential="OPSKNIGHT_TOKEN",
        address="OPSKNIGHT_URL",  # every installation has its own
        headers={"Authorization": "Bearer {token}"},
        fetch=fetch,
    ),
)
