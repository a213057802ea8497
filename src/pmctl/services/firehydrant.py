"""FireHydrant (API v1): incidents with milestones and roles, their events.

Shapes as in FireHydrant's public API reference and its Go client. Texts may be HTML; milestones name
the key moments; what happens after the incident (the retrospective) is not part of its timeline.
"""

from __future__ import annotations

from datetime import datetime

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import FollowUp, Incident
from pmctl.services.recognition import Part, Recognition, candidates, incident_ids, score_match
from pmctl.services.text import from_html

NAME = "firehydrant"
LABEL = "FireHydrant"
IDENTITY = "id"

_MOMENTS = {
    "started": "started_at",
    "detected": "detected_at",
    "acknowledged": "acknowledged_at",
    "mitigated": "mitigated_at",
    "resolved": "resolved_at",
}
_AFTERWARDS = ("postmortem", "post_mortem", "retrospective", "closed")
_NOISE = frozenset(("bulk_update", "chat_message_reaction", "runbook_execution", "runbook_step", "vote"))
_DONE = ("resolved", "closed")
_FOLLOW_UP = {"open": "OPEN", "in_progress": "IN_PROGRESS", "done": "COMPLETED", "closed": "COMPLETED",
              "cancelled": "WONT_DO", "canceled": "WONT_DO"}  # fmt: skip


def recognise(data: Cursor) -> Recognition:
    """FireHydrant incidents and pages of events, milestones and follow-ups."""
    parts = []
    for holder in (data, data.at("data"), data.at("events"), data.at("events", "data"), data.at("follow_ups"),
                   data.at("follow_ups", "data"), data.at("milestones")):  # fmt: skip
        entries = [e for e in holder.sample() if e.at("occurred_at") and e.at("type") and not e.at("attributes")]
        entries += [e for e in holder.sample() if e.at("summary") and e.at("state") and e.has("connected_integrations")]
        if entries:
            parts.append(Part(holder, incident_ids(holder.each(), "incident_id")))
    return score_match(
        candidates(data),
        ("id", "name", "created_at|started_at", "milestones|current_milestone"),
        ("role_assignments", "customer_impact_summary", "incident_url", "tag_list", "severity_color", "number"),
        parts=tuple(parts),
    )


def read(record: Cursor, parts: tuple[Cursor, ...], now: datetime) -> Incident:
    """One incident with its milestones and events."""
    found = Assembly(NAME)
    found.text("id", record.at("id"))
    found.text("url", record.at("incident_url"))
    for field, *keys in (("title", "name"), ("summary", "summary", "description")):
        place = record.first(*keys)
        found.text(field, place, value=from_html(place.text))
    found.text("status", record.at("current_milestone"), record.at("status"))
    found.text("severity", record.at("severity"), record.at("severity", "slug"), record.at("priority"))
    for service in record.at("services").each():
        found.name("services", service.at("name"))
    for assignment in record.at("team_assignments").each():
        found.name("teams", assignment.at("team", "name"))
    for tag in record.at("tag_list").each():
        found.name("tags", tag)
    for assignment in record.at("role_assignments").each():
        _person(found, assignment.at("user"))
    _impact(found, record)
    resolved = record.first("current_milestone", "status").text.lower().startswith((*_DONE, *_AFTERWARDS))
    found.moment("started_at", record.at("started_at"))
    for milestone in record.at("milestones").each():
        _milestone(found, milestone, resolved)
    for part in parts:
        for item in part.each():
            if item.at("incident_id").text in ("", record.at("id").text):
                _entry(found, item, resolved)
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
    if found.known("started_at") is None:
        found.moment("started_at", record.at("created_at"))
        found.warn("the record names no start of the impact; took the creation of the incident")
    return found.finish(resolved=resolved, now=now)


def _impact(found: Assembly, record: Cursor) -> None:
    impact = record.at("customer_impact_summary")
    found.impact("Customer impact", from_html(impact.text), impact)
    customers = record.at("customers_impacted")
    if customers.text not in ("", "0"):
        found.impact("Customers impacted", customers.text, customers)


def _person(found: Assembly, user: Cursor) -> str:
    return found.person(user, name=user.at("name").text, email=user.at("email").text)


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
        owner = found.participant(_person(found, item.first("owner", "assignee")))
        status = _FOLLOW_UP.get(item.at("state").text.lower(), "OPEN")
        found.action(FollowUp(from_html(item.at("summary").text), status, owner, path=item.path))
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
    who = author.at("name").text if automatic else _person(found, author)
    found.event(item.at("occurred_at"), text, who=who, path=item.path)
