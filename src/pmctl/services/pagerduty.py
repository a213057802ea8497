"""PagerDuty (REST API v2): incidents, log entries, notes, alerts, and its webhooks.

Shapes as in PagerDuty's public references of the REST API v2 and of webhooks v3. The incident may be bare, wrapped, in
a list, in one export with its `log_entries` and `notes`, or the `data` of a webhook, whose `event` says what happened
when. `summary` of an incident is "[#1234] title". Lists of log entries come newest first.
"""

from __future__ import annotations

import re

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import Part, Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_NUMBER = re.compile(r"^\[#\d+\]\s*")
_STATES = ("triggered", "acknowledged", "resolved")
# Log entries that tell who was paged how, and nothing of the incident.
_NOISE = frozenset(("notify_log_entry", "exhaust_escalation_path_log_entry", "repeat_escalation_path_log_entry"))
_KINDS = {
    "trigger_log_entry": "detected",
    "acknowledge_log_entry": "acknowledged",
    "resolve_log_entry": "resolved",
}
# What an entry without a summary says; the rest of its kind is bookkeeping.
_WORDS = {
    "trigger_log_entry": "Triggered", "acknowledge_log_entry": "Acknowledged", "resolve_log_entry": "Resolved",
    "escalate_log_entry": "Escalated", "unacknowledge_log_entry": "No longer acknowledged",
    "reopen_log_entry": "Opened again", "assign_log_entry": "Assigned", "snooze_log_entry": "Snoozed",
}  # fmt: skip
_PEOPLE = ("user_reference", "user")
_PAGE = 100
# What a webhook of version 3 tells by its event_type, behind "incident.": words, kind.
_HOOKS = {
    "triggered": ("Triggered", "detected"),
    "acknowledged": ("Acknowledged", "acknowledged"),
    "unacknowledged": ("No longer acknowledged", ""),
    "escalated": ("Escalated", ""),
    "reassigned": ("Reassigned", ""),
    "delegated": ("Delegated", ""),
    "reopened": ("Opened again", ""),
    "priority_updated": ("Priority changed", ""),
    "responder.added": ("Responder asked for", ""),
    "resolved": ("Resolved", "resolved"),
}


def recognise(data: Cursor) -> Recognition:
    """PagerDuty incidents, and lists of log entries, notes and alerts that belong to one."""
    places = [*candidates(data), data.at("event", "data")]
    places += [message.at("incident") for message in data.at("messages").each()]
    parts, stand_ins = _parts(data)
    return score_match(
        places,
        ("id", "title|summary", "created_at", "status", "service|incident_number|incident_key|escalation_policy"),
        ("incident_number", "escalation_policy", "assignments", "last_status_change_at", "urgency"),
        accept=_is_ours,
        parts=parts,
        stand_ins=stand_ins,
    )


def _is_ours(place: Cursor) -> bool:
    """Whether the values are PagerDuty's: its states, and a service or policy that is a reference."""
    service, policy = place.at("service"), place.at("escalation_policy")
    referred = service.mapping or policy.mapping or bool(place.at("incident_number") and not service)
    return place.at("status").text in _STATES and place.at("type").text != "alert" and referred


def _parts(data: Cursor) -> tuple[tuple[Part, ...], tuple[Cursor, ...]]:
    parts: list[Part] = []
    stand_ins: list[Cursor] = []
    for holder in (data, data.at("incident"), *data.at("messages").each()):
        log, notes, alerts = holder.at("log_entries"), holder.at("notes"), holder.at("alerts")
        parts += parts_among((log,), _is_log_entry, "incident", "id")
        parts += parts_among((notes,), _is_note)
        parts += parts_among((alerts,), _is_alert, "incident", "id")
        stand_ins += [e.at("incident") for e in log.sample() if _is_log_entry(e) and e.at("incident", "summary")][:1]
        stand_ins += [alert for alert in alerts.sample() if _is_alert(alert)][:1]
    parts += [*parts_among((data,), _is_log_entry, "incident", "id"), *parts_among((data,), _is_note)]
    parts += parts_among((data,), _is_bare_alert, "incident", "id")
    stand_ins += [alert for alert in data.sample() if _is_bare_alert(alert)][:1]
    stand_ins += [e.at("incident") for e in data.sample() if _is_log_entry(e) and e.at("incident", "summary")][:1]
    event = data.at("event")
    if event.at("event_type").text.startswith("incident."):
        subject = event.at("data", "incident", "id") or event.at("data", "id")
        parts.append(Part(event, frozenset((subject.text,)) if subject.text else frozenset()))
    return tuple(parts), tuple(stand_ins)


def _is_note(item: Cursor) -> bool:
    return bool(item.at("content") and item.at("created_at") and item.at("user").value is not None)


def _is_log_entry(item: Cursor) -> bool:
    return _kind(item).endswith("_log_entry")


def _kind(item: Cursor) -> str:
    """What an entry is; webhooks of version 2 refer to log entries, and tell all of them."""
    return item.at("type").text.removesuffix("_reference")


def _is_bare_alert(item: Cursor) -> bool:
    return _is_alert(item) and bool(item.at("incident", "id"))


def _is_alert(item: Cursor) -> bool:
    return bool(item.at("alert_key")) or item.at("type").text == "alert"


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with what the parts say about it."""
    is_alert = record.at("type").text == "alert"
    identity = record.at("incident", "id") if is_alert else record.at("id")
    found.text("id", identity)
    found.newest_first = True
    number = record.first("incident_number", "number").text
    found.text("name", record.first("incident_number", "number"), value=f"#{number}" if number else "")
    found.texts(record, url="html_url", title="title")
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
    _merged(found, record)
    for item in entries_of(parts, identity.text, "incident", "id"):
        _entry(found, item)
    for part in parts:
        if part.at("event_type") and part.at("data").first("incident", "id").first("id").text in ("", identity.text):
            _hook(found, part)
    if not found.marked("acknowledged"):
        times = [acknowledged.at("at") for acknowledged in record.at("acknowledgements").each()]
        found.moment("acknowledged_at", *sorted(times, key=lambda at: parse_instant(at.value).order))
    resolved = record.at("status").text == "resolved"
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
        if not found.marked("resolved"):
            found.moment("resolved_at", record.at("last_status_change_at"))
    return resolved


def _merged(found: Assembly, record: Cursor) -> None:
    reason = record.at("resolve_reason")
    other = reason.at("incident")
    if reason.at("type").text.startswith("merge"):
        found.exempt("merged", f"it was merged into {other.first('id', 'summary').text or 'another incident'}")


def _hook(found: Assembly, event: Cursor) -> None:
    """What happened, as a webhook of version 3 tells it."""
    data, who = event.at("data"), _person(found, event.at("agent"))
    words, kind = _HOOKS.get(event.at("event_type").text.removeprefix("incident."), ("", ""))
    text = data.at("content").text or data.at("message").text
    if not text and words:
        text = f"{words} by {who}" if who and kind != "detected" else words
    found.event(event.at("occurred_at"), text, who=who, kind=kind, path=event.path, entry=event.at("id").text)


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
    kind = _kind(item)
    if kind in _NOISE:
        return
    entry = item.at("id").text
    if item.at("content") and not kind.endswith("_log_entry"):
        who = _person(found, item.at("user"))
        found.event(item.at("created_at"), item.at("content").text, who=who, path=item.path, entry=entry)
        return
    if _is_alert(item):
        found.name("services", item.at("service").first("summary", "name"))
        if item.at("summary"):
            text = f"Alert: {item.at('summary').text}"
            found.event(item.at("created_at"), text, path=item.path, entry=entry)
        return
    who = _person(found, item.at("agent"))
    for user in item.at("assignees").each():
        _person(found, user)
    text = item.at("summary").text or _WORDS.get(kind, "")
    if kind == "annotate_log_entry":
        channel = item.at("channel")
        text = channel.first("content", "summary").text or text
    if kind == "resolve_log_entry" and item.at("channel", "type").text == "merge":
        found.exempt("merged", "it was resolved by merging it into another incident")
    found.event(item.at("created_at"), text, who=who, kind=_KINDS.get(kind, ""), path=item.path, entry=entry)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident, all its log entries (offset paging) and its notes."""
    path, what = f"/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    entries = collect(
        lambda offset: service.get(f"{path}/log_entries", what, {"limit": _PAGE, "offset": offset or 0}),
        lambda page: page.count("offset") + _PAGE if page.at("more") else None,
        "log_entries",
    )
    return [
        ("incident.json", record.data),
        as_file("log_entries.json", {"log_entries": entries}),
        ("notes.json", service.get(f"{path}/notes", what).data),
    ]


SYSTEM = System(
    name="pagerduty",
    label="PagerDuty",
    recognise=recognise,
    read=read,
    lists=("incidents", "log_entries", "notes", "alerts", "messages"),
    api=Api(
        credential="PAGERDUTY_TOKEN",
        address="PAGERDUTY_URL",
        default_address="https://api.pagerduty.com",
        headers={
            "Authorization": "Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        },
        fetch=fetch,
        account=("/users/me", "user", "name"),
    ),
)
