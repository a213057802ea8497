"""FireHydrant (API v1): incidents with milestones and roles, their events; its webhooks (`data.incident`).

Shapes as in FireHydrant's public API reference and its Go client. Texts may be HTML; milestones name
the key moments; what happens after the incident (the retrospective) is not part of its timeline.
"""

from __future__ import annotations

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.html_text import from_html
from pmctl.services.incident import MOMENTS
from pmctl.services.recognition import Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_MOMENTS = {kind: field for field, kind in MOMENTS}
_AFTERWARDS = ("postmortem", "post_mortem", "retrospective", "closed")
_NOISE = frozenset(("bulk_update", "chat_message_reaction", "runbook_execution", "runbook_step", "vote"))
_DONE = ("resolved", "closed")
_FOLLOW_UP = {"open": "OPEN", "in_progress": "IN_PROGRESS", "done": "COMPLETED", "closed": "COMPLETED",
              "cancelled": "WONT_DO", "canceled": "WONT_DO"}  # fmt: skip


def recognise(data: Cursor) -> Recognition:
    """FireHydrant incidents and pages of events, milestones and follow-ups."""
    lists = (data, data.at("data"), data.at("events"), data.at("events", "data"), data.at("follow_ups"),
             data.at("follow_ups", "data"), data.at("milestones"))  # fmt: skip
    return score_match(
        [*candidates(data), data.at("data", "incident")],
        ("id", "name", "created_at|started_at", "milestones|current_milestone"),
        ("role_assignments", "customer_impact_summary", "incident_url", "tag_list", "severity_color", "number"),
        accept=lambda place: place.at("milestones").list or bool(place.at("current_milestone").text),
        parts=parts_among(lists, _is_entry, "incident_id"),
    )


def _is_entry(item: Cursor) -> bool:
    happened = item.at("occurred_at") and item.at("type") and not item.at("attributes")
    return bool(happened or (item.at("summary") and item.at("state") and item.has("connected_integrations")))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its milestones and events."""
    found.texts(record, id="id", url="incident_url")
    for field, *keys in (("title", "name"), ("summary", "summary", "description")):
        place = record.first(*keys)
        found.text(field, place, value=from_html(place.text))
    found.text("status", record.at("current_milestone"), record.at("status"))
    number = record.at("number")
    found.text("name", number, value=f"#{number.text}" if number.text else "")
    severity = record.at("severity")
    # UNSET is a choice that nobody has made yet, not a priority by another name.
    chosen = severity.at("slug") if severity.mapping else severity
    found.text("severity", chosen, *([] if chosen.text else [record.at("priority")]))
    found.names("services", record.at("services"), "name")
    found.names("teams", record.at("team_assignments"), "team", "name")
    found.names("tags", record.at("tag_list"))
    for assignment in record.at("role_assignments").each():
        found.user(assignment.at("user"))
    _impact(found, record)
    resolved = record.first("current_milestone", "status").text.lower().startswith((*_DONE, *_AFTERWARDS))
    found.moment("started_at", record.at("started_at"))
    for milestone in record.at("milestones").each():
        _milestone(found, milestone, resolved)
    for item in entries_of(parts, record.at("id").text, "incident_id"):
        _entry(found, item, resolved)
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
    found.start_from_creation(record.at("created_at"))
    return resolved


def _impact(found: Assembly, record: Cursor) -> None:
    impact = record.at("customer_impact_summary")
    found.impact("Customer impact", from_html(impact.text), impact)
    customers = record.at("customers_impacted")
    if customers.text != "0":
        found.impact("Customers impacted", customers.text, customers)


def _milestone(found: Assembly, milestone: Cursor, resolved: bool) -> None:
    kind = milestone.at("type").text.lower()
    if kind.startswith(_AFTERWARDS):
        return
    at = milestone.at("occurred_at")
    field = _MOMENTS.get(kind)
    if field and (resolved or field != "resolved_at"):
        found.moment(field, at)
    label = kind.replace("_", " ").replace("-", " ")
    # "started" itself says no more than started_at does.
    if kind != "started":
        found.event(at, f"Milestone: {label}" if label else "", kind=kind if field else "", path=milestone.path)


def _entry(found: Assembly, item: Cursor, resolved: bool) -> None:
    kind = item.at("type").text.lower()
    if item.at("state") and not item.at("occurred_at"):
        owner = found.user(item.first("owner", "assignee"))
        status = _FOLLOW_UP.get(item.at("state").text.lower(), "OPEN")
        found.action(item, from_html(item.at("summary").text), status=status, owner=owner)
        return
    if kind in _NOISE:
        return
    if not item.has("data") and not item.has("author"):
        _milestone(found, item, resolved)
        return
    data = item.at("data")
    place = data.first("body", "summary", "message", "text", "description", "name")
    text = from_html(place.text or data.text)
    author = item.at("author")
    automatic = author.at("source").text.lower() in ("bot", "system", "runbook") and not author.at("email")
    who = author.at("name").text if automatic else found.user(author)
    found.event(item.at("occurred_at"), text, who=who, path=item.path, entry=item.at("id").text)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident and all its events (numbered pages)."""
    path, what = f"/v1/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    events = collect(
        lambda page: service.get(f"{path}/events", what, {"page": page or 1, "per_page": 100}),
        lambda page: page.at("pagination", "next"),
        "data",
    )
    return [("incident.json", record.data), as_file("events.json", {"data": events})]


SYSTEM = System(
    name="firehydrant",
    label="FireHydrant",
    recognise=recognise,
    read=read,
    lists=("data", "events", "follow_ups", "milestones"),
    api=Api(
        credential="FIREHYDRANT_TOKEN",
        address="FIREHYDRANT_URL",
        default_address="https://api.firehydrant.io",
        headers={"Authorization": "Bearer {token}"},
        fetch=fetch,
        account=("/v1/ping", "actor", "name"),
    ),
)
