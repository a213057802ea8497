"""Rootly (API v1, JSON:API): incidents, incident events and action items.

Shapes as in Rootly's public OpenAPI description. Everything is `{id, type, attributes}`; related objects
are embedded as `{data: {attributes: ...}}` or listed under `included`.
"""

from __future__ import annotations

import re
from datetime import datetime

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import FollowUp, Incident
from pmctl.services.recognition import Part, Recognition, candidates, incident_ids, score_match

NAME = "rootly"
LABEL = "Rootly"
IDENTITY = "id"

_MOMENTS = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_PEOPLE = ("user", "started_by", "detected_by", "acknowledged_by", "mitigated_by", "resolved_by", "closed_by")
_FOLLOW_UP = {"open": "OPEN", "in_progress": "IN_PROGRESS", "done": "COMPLETED", "cancelled": "WONT_DO"}
_PRIORITY = {"high": "HIGH", "medium": "MEDIUM", "low": "LOW"}
_DONE = ("resolved", "closed", "completed")
_KINDS = ("incident_events", "incident_action_items")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def recognise(data: Cursor) -> Recognition:
    """Rootly incidents, and pages of events and action items."""
    parts = []
    for holder in (data, data.at("data"), data.at("included"), data.at("events"), data.at("action_items"),
                   data.at("events", "data"), data.at("action_items", "data")):  # fmt: skip
        entries = [e for e in holder.sample() if _kind(e)]
        if entries:
            parts.append(Part(holder, incident_ids(holder.each(), "attributes", "incident_id")))
    return score_match(
        candidates(data),
        ("id", "attributes"),
        ("type", "relationships"),
        accept=lambda place: (
            place.at("type").text in ("incidents", "incident") and bool(place.at("attributes").first("title", "slug"))
        ),
        parts=tuple(parts),
    )


def _kind(entry: Cursor) -> str:
    kind = entry.at("type").text
    if kind in _KINDS:
        return kind
    return "incident_events" if entry.at("event") and entry.at("occurred_at") else ""


def read(record: Cursor, parts: tuple[Cursor, ...], now: datetime) -> Incident:
    """One incident with its events and action items."""
    found = Assembly(NAME)
    said = record.at("attributes")
    found.text("id", record.at("id"))
    found.text("url", said.at("url"), said.at("short_url"))
    found.text("title", said.at("title"), said.at("slug"))
    found.text("summary", said.at("summary"))
    found.text("status", said.at("status"))
    severity = said.at("severity")
    found.text("severity", severity.at("data", "attributes", "name"), severity.at("name"), severity)
    for key, field in (("services", "services"), ("groups", "teams"), ("incident_types", "tags")):
        listed = said.at(key, "data") if said.at(key).mapping else said.at(key)
        for item in listed.each():
            found.name(field, item.at("attributes", "name") or item.at("name"))
    for key in _PEOPLE:
        _user(found, said.at(key))
    resolved = said.at("status").text.lower() in _DONE or (not said.at("status") and bool(said.at("resolved_at").text))
    for field in _MOMENTS:
        if field != "resolved_at" or resolved:
            found.moment(field, said.at(field))
    for part in (said.at("events"), said.at("action_items"), *parts):
        for item in part.each():
            _entry(found, item, record.at("id").text)
    if said.at("status").text.lower() == "cancelled":
        found.name("tags", said.at("status"))
    if found.known("started_at") is None:
        found.moment("started_at", said.at("created_at"))
        found.warn("the record names no start of the impact; took the creation of the incident")
    return found.finish(resolved=resolved, now=now)


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
    due = _DATE.match(said.at("due_date").text)
    cancelled = "cancelled in Rootly" if status == "WONT_DO" else ""
    found.action(
        FollowUp(
            description=said.first("summary", "description").text,
            status=status,
            owner=found.participant(_user(found, said.first("assigned_to", "assigned_to_user"))),
            due=due[0] if due else "",
            priority=_PRIORITY.get(said.at("priority").text, ""),
            ticket=said.first("jira_issue_url", "linear_issue_url", "url").text,
            notes=cancelled,
            path=item.path,
        )
    )
