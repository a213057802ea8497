"""Squadcast: incidents of its export and API v3, and its outgoing webhooks (v1 and v2).

Shapes as in Squadcast's public developer documentation. An export calls the title `title` and the service by name, the
API and webhooks have a `message` and an object; the log is `logs` or `timeline`.
"""

from __future__ import annotations

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition, candidates, score_match
from pmctl.services.system import Api, System

_STATES = ("triggered", "acknowledged", "resolved", "suppressed")
_KINDS = {"triggered": "detected", "acknowledged": "acknowledged", "resolved": "resolved"}


def recognise(data: Cursor) -> Recognition:
    """Squadcast incidents, bare, in lists and in webhooks."""
    return score_match(
        [*candidates(data), data.at("data", "resource_data"), data.at("data", "incidents")],
        ("id", "title|message", "status", "created_at", "alert_source|alert_source_id|event_count|logs|timeline"),
        ("logs", "event_count", "assignee|assigned_to", "service", "organization|url"),
        accept=_is_ours,
    )


def _is_ours(place: Cursor) -> bool:
    log = place.at("logs") or place.at("timeline")
    source = place.at("alert_source") or place.at("alert_source_id")
    acted = all(item.at("action") and item.at("time") for item in log.sample())
    logged = place.at("logs").list or place.at("timeline").list
    return place.at("status").text in _STATES and acted and bool(logged or source)


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its log."""
    found.texts(record, id="id", url="url", summary="description", status="status")
    found.text("title", record.first("title", "message"))
    service = record.at("service")
    found.name("services", service.at("name") if service.mapping else service)
    found.text("severity", record.at("priority"), record.at("tags", "severity", "value"), record.at("tags", "severity"))
    for key, tag in record.at("tags").members():
        if key not in ("severity", "priority"):
            value = tag.at("value") if tag.mapping else tag
            found.name("tags", value, f"{key} {value.text}".strip())
    found.names("tags", record.at("tags")) if record.at("tags").list else None
    found.moment("started_at", record.at("created_at"))
    log = list(record.first("logs", "timeline").each())
    person = _assignee(found, record, log)
    resolved = record.at("status").text == "resolved"
    for item in log:
        _entry(found, item, resolved, person)
    found.moment("acknowledged_at", record.at("acknowledged_at"))
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
    return resolved


def _assignee(found: Assembly, record: Cursor, log: list[Cursor]) -> str:
    """The person that it was assigned to; "" for a policy or a squad."""
    place = record.first("assigned_to", "assignee")
    if place.mapping:
        if place.at("type").text not in ("", "user"):
            return ""
        return found.person(place, name=place.at("name").text, email=place.at("email").text)
    by_user = any(item.first("assignedTo", "assigned_to").text == "user" for item in log)
    return found.person(place, name=place.text) if by_user else ""


def _entry(found: Assembly, item: Cursor, resolved: bool, person: str) -> None:
    action, reason = item.at("action").text, item.at("reason").text
    kind = _KINDS.get(action.lower(), "")
    named, to = item.at("name").text, item.first("assignedTo", "assigned_to").text
    who = (found.person(item, name=named) if named else person) if to == "user" and kind != "detected" else ""
    text = action[:1].upper() + action[1:].replace("_", " ")
    text = f"{text}: {reason}" if reason else f"{text} for {named}" if named and to != "user" else text
    kind = kind if resolved or kind != "resolved" else ""
    found.event(item.at("time"), text, who=who, kind=kind, path=item.path, entry=item.at("id").text)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident with its log."""
    return [("incident.json", service.get(f"/v3/incidents/{segment(incident)}", f"incident {incident}").data)]


SYSTEM = System(
    name="squadcast",
    label="Squadcast",
    recognise=recognise,
    read=read,
    lists=("incidents", "data", "logs"),
    api=Api(
        credential="SQUADCAST_TOKEN",
        address="SQUADCAST_URL",
        default_address="https://api.squadcast.com",
        headers={"Authorization": "Bearer {token}"},
        fetch=fetch,
    ),
)
