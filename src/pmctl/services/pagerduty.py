"""PagerDuty (REST API v2): incidents, log entries, notes, alerts, and its webhooks.

Shapes as in PagerDuty's public REST API v2 reference. The incident may be bare, wrapped, in a list, or
in one export with its `log_entries` and `notes`. `summary` of an incident is "[#1234] title".
"""

from __future__ import annotations

import re
from datetime import datetime

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import Incident
from pmctl.services.recognition import Part, Recognition, candidates, incident_ids, score_match

NAME = "pagerduty"
LABEL = "PagerDuty"
IDENTITY = "id"

_NUMBER = re.compile(r"^\[#\d+\]\s*")
_STATES = ("triggered", "acknowledged", "resolved")
# Log entries that tell of pmctl's readers being paged, not of the incident.
_NOISE = frozenset(("notify_log_entry", "exhaust_escalation_path_log_entry", "repeat_escalation_path_log_entry"))
_KINDS = {
    "trigger_log_entry": "detected",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
}
_PEOPLE = ("user_reference", "user")


def recognise(data: Cursor) -> Recognition:
    """PagerDuty incidents, and lists of log entries, notes and alerts that belong to one."""
    places = [*candidates(data), data.at("event", "data")]
    places += [message.at("incident") for message in data.at("messages").each()]
    parts, stand_ins = _parts(data)
    return score_match(
        places,
        ("id", "title|summary", "created_at", "status", "service|incident_number|incident_key|escalation_policy"),
        ("incident_number", "escalation_policy", "assignments", "last_status_change_at", "urgency"),
        accept=lambda place: place.at("status").text in _STATES and place.at("type").text != "alert",
        parts=parts,
        stand_ins=stand_ins,
    )


def _parts(data: Cursor) -> tuple[tuple[Part, ...], tuple[Cursor, ...]]:
    parts: list[Part] = []
    stand_ins: list[Cursor] = []
    for holder in (data, data.at("incident"), *data.at("messages").each()):
        log = holder.at("log_entries")
        entries = [e for e in log.sample() if e.at("type").text.endswith("_log_entry")]
        if entries:
            parts.append(Part(log, incident_ids(log.each(), "incident", "id")))
            stand_ins += [e.at("incident") for e in entries if e.at("incident", "summary")][:1]
        if any(note.at("content") and note.at("created_at") for note in holder.at("notes").sample()):
            parts.append(Part(holder.at("notes")))
        alerts = [a for a in holder.at("alerts").sample() if a.at("alert_key") or a.at("type").text == "alert"]
        if alerts:
            parts.append(Part(holder.at("alerts"), incident_ids(holder.at("alerts").each(), "incident", "id")))
            stand_ins += alerts[:1]
    return tuple(parts), tuple(stand_ins)


def read(record: Cursor, parts: tuple[Cursor, ...], now: datetime) -> Incident:
    """One incident with what the parts say about it."""
    found = Assembly(NAME)
    is_alert = record.at("type").text == "alert"
    identity = record.at("incident", "id") if is_alert else record.at("id")
    found.text("id", identity)
    found.text("url", record.at("html_url"))
    found.text("title", record.at("title"))
    found.text("title", record.at("summary"), value=_NUMBER.sub("", record.at("summary").text))
    found.text("summary", *(record.at("body", "details"),) if not is_alert else ())
    found.text("status", record.at("status"))
    found.text("severity", record.at("priority", "summary"), record.at("priority", "name"))
    found.urgency(record.at("urgency"))
    found.name("services", record.at("service").first("summary", "name"))
    for team in record.at("teams").each():
        found.name("teams", team.first("summary", "name"))
    found.moment("started_at", record.at("created_at"))
    _responders(found, record)
    for part in parts:
        for item in part.each():
            named = item.at("incident", "id").text
            if not named or not identity.text or named == identity.text:
                _entry(found, item)
    if not found.marked("acknowledged"):
        times = sorted(
            ((text, a) for a in record.at("acknowledgements").each() if (text := a.at("at").text)),
            key=lambda pair: pair[0],
        )
        found.moment("acknowledged_at", *(a.at("at") for _, a in times))
    resolved = record.at("status").text == "resolved"
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
        if not found.marked("resolved"):
            found.moment("resolved_at", record.at("last_status_change_at"))
    return found.finish(resolved=resolved, now=now)


def _responders(found: Assembly, record: Cursor) -> None:
    for listed, member in (
        ("assignments", "assignee"),
        ("acknowledgements", "acknowledger"),
        ("incidents_responders", "user"),
    ):
        for item in record.at(listed).each():
            _person(found, item.at(member))
    for user in record.at("assignees").each():  # as webhooks list them
        _person(found, user)
    _person(found, record.at("last_status_change_by"))


def _person(found: Assembly, user: Cursor) -> str:
    """The name of a user; services, bots and integrations are named and are no participants."""
    name = user.first("name", "summary").text
    if user.at("type").text in _PEOPLE:
        return found.person(user, name=name, email=user.at("email").text)
    return ""


def _entry(found: Assembly, item: Cursor) -> None:
    kind = item.at("type").text
    if kind in _NOISE:
        return
    if item.at("content") and not kind.endswith("_log_entry"):
        who = _person(found, item.at("user"))
        found.event(item.at("created_at"), item.at("content").text, who=who, path=item.path)
        return
    if item.at("alert_key") or kind == "alert":
        found.name("services", item.at("service").first("summary", "name"))
        if item.at("summary"):
            text = f"Alert: {item.at('summary').text}"
            found.event(item.at("created_at"), text, path=item.path)
        return
    who = _person(found, item.at("agent"))
    for user in item.at("assignees").each():
        _person(found, user)
    text = item.at("summary").text
    if kind == "annotate_log_entry":
        channel = item.at("channel")
        text = channel.first("content", "summary").text or text
    found.event(item.at("created_at"), text, who=who, kind=_KINDS.get(kind, ""), path=item.path)
