"""OpsKnight: incidents of its API, with the events and notes of an export where there are any.

Shapes as in OpsKnight's public data model and API routes: camel case, states and urgencies in capitals.
The API itself has no timeline, so the key moments stand in for one.
"""

from __future__ import annotations

import re
from datetime import datetime

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import FollowUp, Incident
from pmctl.services.recognition import Part, Recognition, candidates, incident_ids, score_match

NAME = "opsknight"
LABEL = "OpsKnight"
IDENTITY = "id"

_STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED", "SNOOZED", "SUPPRESSED")
_NOISE = re.compile(r"\s*notification sent via\b", re.IGNORECASE)
_FOLLOW_UP = {"OPEN": "OPEN", "IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "BLOCKED": "OPEN"}
_KINDS = (
    (re.compile(r"\bauto-?resolved\b|\bincident (?:was )?resolved\b|^resolved\b", re.IGNORECASE), "resolved"),
    (re.compile(r"\bincident (?:was )?acknowledged\b|^acknowledged\b", re.IGNORECASE), "acknowledged"),
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def recognise(data: Cursor) -> Recognition:
    """OpsKnight incidents and lists of events and notes."""
    parts = []
    for holder in (data.at("events"), data.at("notes"), data.at("actionItems"), data):
        entries = [e for e in holder.sample() if e.at("createdAt") and (e.at("message") or e.at("content"))]
        if entries and not any(e.at("priority") or e.at("tinyId") for e in entries):
            parts.append(Part(holder, incident_ids(holder.each(), "incidentId")))
    return score_match(
        candidates(data),
        ("id", "title", "status", "createdAt", "urgency|service|serviceId"),
        ("urgency", "service", "assignee", "acknowledgedAt", "resolvedAt", "dedupKey"),
        accept=lambda place: place.at("status").text in _STATES,
        parts=tuple(parts),
    )


def read(record: Cursor, parts: tuple[Cursor, ...], now: datetime) -> Incident:
    """One incident with its events and notes."""
    found = Assembly(NAME)
    found.text("id", record.at("id"))
    found.text("url", record.at("url"))
    found.text("title", record.at("title"))
    found.text("summary", record.at("description"))
    found.text("status", record.at("status"))
    found.text("severity", record.at("priority"))
    found.urgency(record.at("urgency"))
    found.name("services", record.at("service", "name"))
    found.name("teams", record.at("team", "name"))
    for tag in record.at("tags").each():
        found.name("tags", tag.at("tag", "name") or tag.at("name") or tag)
    found.moment("started_at", record.at("createdAt"))
    _user(found, record.at("assignee"))
    listed = (record.at("events"), record.at("notes"), record.at("actionItems"), record.at("actionItemRecords"))
    for part in (*listed, record.at("postmortem", "actionItems"), *parts):
        for item in part.each():
            if item.at("incidentId").text in ("", record.at("id").text):
                _entry(found, item)
    resolved = record.at("status").text == "RESOLVED"
    found.moment("acknowledged_at", record.at("acknowledgedAt"))
    if resolved:
        found.moment("resolved_at", record.at("resolvedAt"))
    return found.finish(resolved=resolved, now=now)


def _user(found: Assembly, user: Cursor) -> str:
    return found.person(user, name=user.at("name").text, email=user.at("email").text)


def _entry(found: Assembly, item: Cursor) -> None:
    status = item.at("status").text
    if item.at("title") and status in _FOLLOW_UP:
        due = _DATE.match(item.at("dueDate").text)
        priority = item.at("priority").text
        found.action(
            FollowUp(
                description=item.at("title").text,
                status=_FOLLOW_UP[status],
                owner=found.participant(_user(found, item.at("owner"))),
                due=due[0] if due else "",
                priority=priority if priority in ("HIGH", "MEDIUM", "LOW") else "",
                notes="blocked in OpsKnight" if status == "BLOCKED" else "",
                path=item.path,
            )
        )
        return
    message = item.at("message").text
    if message and _NOISE.match(message):
        return
    who = _user(found, item.first("user", "author"))
    text = message or item.at("content").text
    kind = next((kind for pattern, kind in _KINDS if message and pattern.search(message)), "")
    found.event(item.at("createdAt"), text, who=who, kind=kind, path=item.path)
