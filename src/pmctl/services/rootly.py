"""Rootly (API v1, JSON:API): incidents, incident events and action items; its webhooks.

Shapes as in Rootly's public OpenAPI description. Everything is `{id, type, attributes}`; related objects
are embedded as `{data: {attributes: ...}}`, or named in `relationships` and listed under `included`. A webhook is
`{event: {type, issued_at}, data}` whose `data` has the attributes without a wrapper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS
from pmctl.services.recognition import Part, Recognition, candidates, parts_among, score_match
from pmctl.services.system import Api, System

_PEOPLE = ("user", "started_by", "detected_by", "acknowledged_by", "mitigated_by", "resolved_by", "closed_by")
_FOLLOW_UP = {"open": "OPEN", "in_progress": "IN_PROGRESS", "done": "COMPLETED", "cancelled": "WONT_DO"}
_DONE = ("resolved", "closed", "completed")
_STATES = (*_DONE, "in_triage", "started", "detected", "acknowledged", "mitigated", "cancelled", "scheduled",
           "in_progress", "planning", "verifying")  # fmt: skip
_KINDS = ("incident_events", "incident_action_items")
_RELATED = (("services", "services"), ("groups", "teams"), ("incident_types", "tags"))
_EXEMPT = {
    "test": ("test", "it was a test"),
    "example": ("test", "it is an example"),
    "scheduled": ("planned", "it was planned maintenance"),
}
Resources = Mapping[tuple[str, str], Cursor]


def recognise(data: Cursor) -> Recognition:
    """Rootly incidents, and pages of events and action items."""
    lists = (data, data.at("data"), data.at("included"), data.at("events"), data.at("action_items"),
             data.at("events", "data"), data.at("action_items", "data"))  # fmt: skip
    parts = [*parts_among(lists, _is_entry, "attributes", "incident_id")]
    parts += [Part(place) for place in (data.at("included"),) if place.list and place]
    if data.at("event", "type").text.startswith("incident."):
        return score_match(
            [data.at("data")], ("id", "title|slug", "status", "created_at|started_at"), ("sequential_id", "kind"),
            accept=_has_state, parts=tuple(parts),
        )  # fmt: skip
    return score_match(
        candidates(data),
        ("id", "attributes"),
        ("type", "relationships"),
        accept=lambda place: (
            place.at("type").text in ("incidents", "incident") and _is_incident(place.at("attributes"))
        ),
        parts=tuple(parts),
    )


def _is_incident(said: Cursor) -> bool:
    """Whether attributes are those of Rootly: other systems have JSON:API incidents as well."""
    return bool(said.first("title", "slug") and said.first("created_at", "started_at")) and _has_state(said)


def _has_state(said: Cursor) -> bool:
    return said.at("status").text.lower() in ("", *_STATES) and not said.has("public_id") and not said.has("fields")


def _is_entry(entry: Cursor) -> bool:
    return entry.at("type").text in _KINDS or bool(entry.at("event") and entry.at("occurred_at"))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its events and action items."""
    said = record.at("attributes") or record
    resources = {
        (item.at("type").text, item.at("id").text): item.at("attributes")
        for part in parts
        for item in part.each()
        if item.at("attributes").mapping
    }
    found.text("id", record.at("id"))
    number = said.at("sequential_id")
    found.text("name", number, value=f"INC-{number.text}" if number.text else "")
    found.text("url", said.at("url"), said.at("short_url"))
    found.text("title", said.at("title"), said.at("slug"))
    found.texts(said, summary="summary", status="status")
    severity = said.at("severity")
    related = _related(record, "severity", resources)
    found.text(
        "severity", severity.at("data", "attributes", "name"), severity.at("attributes", "name"), severity.at("name"),
        *(one.at("name") for one in related), *([] if severity.mapping else [severity]),
    )  # fmt: skip
    for key, field in _RELATED:
        listed = said.at(key, "data") if said.at(key).mapping else said.at(key)
        for item in listed.each():
            whole = item.at("data") or item
            found.name(
                field, whole.at("attributes", "name") or whole.at("name") or (whole if whole.text else whole.at("slug"))
            )
        for attributes in _related(record, key, resources):
            found.name(field, attributes.at("name"))
    for key in _PEOPLE:
        _user(found, said.at(key))
    status = said.at("status").text.lower()
    resolved = status in _DONE or (not status and bool(said.at("resolved_at").text))
    planned = said.at("kind").text.lower().removesuffix("_sub") == "scheduled"
    if planned:  # what was done counts before what was announced
        found.moment("started_at", said.at("in_progress_at"))
    for field, _ in MOMENTS:
        if field != "resolved_at" or resolved:
            found.moment(field, said.at(field))
    if planned:
        found.moment("started_at", said.at("scheduled_for"))
    if resolved:
        found.moment("resolved_at", said.at("completed_at"), said.at("closed_at"))
    _messages(found, said, resolved)
    for part in (said.at("events"), said.at("action_items"), *parts):
        for item in (part.at("data") or part).each():
            _entry(found, item, record.at("id").text)
    if status == "cancelled":
        found.name("tags", said.at("status"))
    _exemption(found, said)
    found.start_from_creation(said.at("created_at"))
    return resolved


def _related(record: Cursor, key: str, resources: Resources) -> Iterator[Cursor]:
    """The attributes of what the record names in `relationships`, as far as the answer includes them."""
    data = record.at("relationships", key, "data")
    for named in (data,) if data.mapping else data.each():
        attributes = resources.get((named.at("type").text, named.at("id").text))
        if attributes is not None:
            yield attributes


def _messages(found: Assembly, said: Cursor, resolved: bool) -> None:
    """What people wrote when they mitigated and resolved it."""
    for kind in ("mitigation", "resolution"):
        verb = {"mitigation": "mitigated", "resolution": "resolved"}[kind]
        message, at = said.at(f"{kind}_message"), said.at(f"{verb}_at")
        if message.text and at and (resolved or verb != "resolved"):
            who = _user(found, said.at(f"{verb}_by"))
            found.event(at, message.text, who=who, kind=verb, path=message.path)


def _exemption(found: Assembly, said: Cursor) -> None:
    kind = said.at("kind").text.lower().removesuffix("_sub")
    if kind in _EXEMPT:
        found.exempt(*_EXEMPT[kind])
    other = said.first("duplicate_incident_id", "duplicate_incident")
    if other.text:
        found.exempt("merged", f"it is a duplicate of {other.text}")


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
        found.event(
            said.first("occurred_at", "created_at"), said.at("event").text, who=who, path=item.path,
            entry=item.at("id").text,
        )  # fmt: skip
        return
    status = _FOLLOW_UP.get(said.at("status").text)
    if status is None or not (item.at("type").text in _KINDS or said.has("due_date") or said.has("assigned_to")):
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
    lists=("data", "events", "action_items", "included"),
    api=Api(
        credential="ROOTLY_TOKEN",
        address="ROOTLY_URL",
        default_address="https://api.rootly.com",
        headers={"Authorization": "Bearer {token}", "Accept": "application/vnd.api+json"},
        fetch=fetch,
        account=("/v1/users/me", "data", "attributes", "name"),
    ),
)
