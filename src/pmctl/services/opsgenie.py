"""Opsgenie: incidents (API v1), their timeline (API v2) and notes.

Shapes as in Opsgenie's public API reference and its Go SDK: answers are wrapped in `data`; a timeline is
`{"data": {"entries": [...]}}`, whose hidden entries people took out on purpose.
"""

from __future__ import annotations

import re

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Part, Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_DONE = ("resolved", "closed")
# An entry's type and title say what happened in one of a few words.
_MARKS = (
    (re.compile(r"\bresol|incidentresolv", re.IGNORECASE), "resolved"),
    (re.compile(r"\back(?:nowledged|ed)?\b|acknowledg", re.IGNORECASE), "acknowledged"),
    (re.compile(r"\bmitigat", re.IGNORECASE), "mitigated"),
    (re.compile(r"\bdetected\b", re.IGNORECASE), "detected"),
)


def recognise(data: Cursor) -> Recognition:
    """Opsgenie incidents (and alerts, whose shape is nearly the same), timelines and notes."""
    return score_match(
        candidates(data),
        ("id", "message", "createdAt", "status|priority"),
        ("tinyId", "impactedServices", "ownerTeam", "responders", "extraProperties", "impactStartDate"),
        accept=lambda place: not place.at("incidentID"),
        parts=_parts(data),
    )


def _parts(data: Cursor) -> tuple[Part, ...]:
    holders = (data, data.at("data"), data.at("timeline"), data.at("incident"))
    timelines = [holder.at("entries") for holder in holders]
    return (
        *parts_among(timelines, lambda entry: entry.at("eventTime"), "incidentId"),
        *parts_among((data.at("data"), data.at("notes")), lambda item: item.at("note") and item.at("createdAt")),
    )


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its timeline. The moment of the impact, where given, is the start."""
    found.text("id", record.at("id"))
    found.text("url", record.at("links", "web"), record.at("url"))
    found.texts(record, title="message", summary="description", status="status", severity="priority")
    for service in record.at("impactedServices").each():
        found.name("services", service.at("name") if service.mapping else service)
    found.names("tags", record.at("tags"))
    found.moment("started_at", record.at("impactStartDate"), record.at("createdAt"))
    found.moment("detected_at", record.at("impactDetectDate"))
    for responder in record.at("responders").each():
        _responder(found, responder)
    for item in entries_of(parts, record.at("id").text, "incidentId"):
        _entry(found, item)
    resolved = record.at("status").text.lower() in _DONE
    if resolved:
        found.moment("resolved_at", record.at("resolvedAt"), record.at("impactEndDate"), record.at("closedAt"))
    return resolved


def _responder(found: Assembly, responder: Cursor) -> None:
    kind = responder.at("type").text.lower()
    name = responder.first("fullName", "name").text
    email = responder.first("username", "email").text
    if kind == "team":
        found.name("teams", responder.at("name"))
    elif kind == "user" and (name or email):
        found.person(responder, name=name, email=email if "@" in email else "")


def _entry(found: Assembly, item: Cursor) -> None:
    if item.at("hidden").value is True:
        return
    if item.at("note"):
        owner = item.at("owner").text
        who = found.person(item, email=owner) if "@" in owner else owner
        found.event(item.at("createdAt"), item.at("note").text, who=who, path=item.path)
        return
    actor = item.at("actor")
    name = actor.at("name").text
    who = ""
    if actor.at("type").text.lower() == "user":
        who = found.person(actor, email=name) if "@" in name else found.person(actor, name=name)
    title = item.at("title", "content").text or item.at("title").text
    description = item.at("description")
    body = description.first("content", "name").text or description.text
    text = f"{title}: {body}" if title and body and title not in body else body or title
    found.event(item.at("eventTime"), text, who=who, kind=_kind(item, title or body), path=item.path)


def _kind(item: Cursor, title: str) -> str:
    """Entries that the system wrote are marked by their type or title; what people typed is not."""
    if item.at("group").text.lower() == "custom":
        return ""
    said = f"{item.at('type').text} {title}"
    return next((kind for pattern, kind in _MARKS if pattern.search(said)), "")


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident (API v1) and its whole timeline (API v2)."""
    what = f"incident {incident}"
    record = service.get(f"/v1/incidents/{segment(incident)}", what)
    path = f"/v2/incident-timelines/{segment(incident)}/entries"
    order: dict[str, str | int] = {"limit": 100, "order": "asc"}
    entries = collect(
        lambda offset: service.get(path, what, {**order, **({"offset": offset} if offset else {})}),
        lambda page: page.at("data", "nextOffset"),
        "data",
        "entries",
    )
    return [("incident.json", record.data), as_file("timeline.json", {"data": {"entries": entries}})]


SYSTEM = System(
    name="opsgenie",
    label="Opsgenie",
    recognise=recognise,
    read=read,
    api=Api(
        credential="OPSGENIE_TOKEN",
        address="OPSGENIE_URL",  # accounts in the EU have another address
        default_address="https://api.opsgenie.com",
        headers={"Authorization": "GenieKey {token}"},
        fetch=fetch,
    ),
)
