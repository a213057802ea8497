"""Rootly (API v1, JSON:API): incidents, incident events and action items.

Shapes as in Rootly's public OpenAPI description. Everything is `{id, type, attributes}`; related objects
are embedded as `{data: {attributes: ...}}` or listed under `included`.
"""

from __future__ import annotations

from typing import Any

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS
from pmctl.services.recognition import Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_PEOPLE = ("user", "started_by", "detected_by", "acknowledged_by", "mitigated_by", "resolved_by", "closed_by")
_FOLLOW_UP = {"open": "OPEN", "in_progress": "IN_PROGRESS", "done": "COMPLETED", "cancelled": "WONT_DO"}
_DONE = ("resolved", "closed", "completed")
_KINDS = ("incident_events", "incident_action_items")


def recognise(data: Cursor) -> Recognition:
    """Rootly incidents, and pages of events and action items."""
    lists = (data, data.at("data"), data.at("included"), data.at("events"), data.at("action_items"),
             data.at("events", "data"), data.at("action_items", "data"))  # fmt: skip
    return score_match(
        candidates(data),
        ("id", "attributes"),
        ("type", "relationships"),
        accept=lambda place: (
            place.at("type").text in ("incidents", "incident") and bool(place.at("attributes").first("title", "slug"))
        ),
        parts=parts_among(lists, _is_entry, "attributes", "incident_id"),
    )


def _is_entry(entry: Cursor) -> bool:
    return entry.at("type").text in _KINDS or bool(entry.at("event") and entry.at("occurred_at"))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its events and action items."""
    said = record.at("attributes")
    found.text("id", record.at("id"))
    found.text("url", said.at("url"), said.at("short_url"))
    found.text("title", said.at("title"), said.at("slug"))
    found.texts(said, summary="summary", status="status")
    severity = said.at("severity")
    found.text("severity", severity.at("data", "attributes", "name"), severity.at("name"), severity)
    for key, field in (("services", "services"), ("groups", "teams"), ("incident_types", "tags")):
        listed = said.at(key, "data") if said.at(key).mapping else said.at(key)
        for item in listed.each():
            found.name(field, item.at("attributes", "name") or item.at("name"))
    for key in _PEOPLE:
        _user(found, said.at(key))
    resolved = said.at("status").text.lower() in _DONE or (not said.at("status") and bool(said.at("resolved_at").text))
    for field, _ in MOMENTS:
        if field != "resolved_at" or resolved:
            found.moment(field, said.at(field))
    for part in (said.at("events"), said.at("action_items"), *parts):
        for item in part.each():
            _entry(found, item, record.at("id").text)
    if said.at("status").text.lower() == "cancelled":
        found.name("tags", said.at("status"))
    found.start_from_creation(said.at("created_at"))
    return resolved


def _user(found: Assembly, user: Cursor) -> str:
    """People come as a JSON:API resource, as a flat object, or as text."""
    person = user.at("data", "attributes") or user.at("attributes") or user
    if not person.mapping:
        return ""
    name = person.first("full_name", "name").text
    return found.person(person, name=name, email=person.at("email").text)


def _entry(found: Assembly, item: Cursor, incident: str) -> None:
    said = item.at("attributes") or item
    if said.at("incident_id").text not in ("", incident):
        return
    if said.at("event"):
        who = _user(found, said.first("user", "created_by"))
        found.event(said.first("occurred_at", "created_at"), said.at("event").text, who=who, path=item.path)
        return
    status = _FOLLOW_UP.get(said.at("status").text)
    if status is None:
        return
    found.action(
        item,
        said.first("summary", "description").text,
        status=status,
        owner=_user(found, said.first("assigned_to", "assigned_to_user")),
        due=said.at("due_date").day,
        priority=said.at("priority").text,
        ticket=said.first("jira_issue_url", "linear_issue_url", "url").text,
        notes="cancelled in Rootly" if status == "WONT_DO" else "",
    )


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident, all its events and all its action items (pages by link)."""
    path, what = f"/v1/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    identity = Cursor(record.value).at("data", "id").text or incident

    def pages(kind: str) -> list[Any]:
        first = f"/v1/incidents/{segment(identity)}/{kind}"
        return collect(
            lambda link: service.get(link, what) if link else service.get(first, what, {"page[size]": 100}),
            lambda page: page.at("links", "next"),
            "data",
        )

    return [
        ("incident.json", record.data),
        as_file("events.json", {"data": pages("events")}),
        as_file("action_items.json", {"data": pages("action_items")}),
    ]


SYSTEM = System(
    name="rootly",
    label="Rootly",
    recognise=recognise,
    read=read,
    api=Api(
        credential="ROOTLY_TOKEN",
        address="ROOTLY_URL",
        default_address="https://api.rootly.com",
        headers={"Authorization": "Bearer {token}", "Accept": "application/vnd.api+json"},
        fetch=fetch,
    ),
)
