"""PagerDuty (REST API v2): incidents, log entries, notes, alerts, and its webhooks.

Shapes as in PagerDuty's public REST API v2 reference. The incident may be bare, wrapped, in a list, or
in one export with its `log_entries` and `notes`. `summary` of an incident is "[#1234] title".
"""

from __future__ import annotations

import re

from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
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
_PEOPLE = ("user_reference", "user")
_PAGE = 100


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
        log, notes, alerts = holder.at("log_entries"), holder.at("notes"), holder.at("alerts")
        parts += parts_among((log,), _is_log_entry, "incident", "id")
        parts += parts_among((notes,), lambda note: note.at("content") and note.at("created_at"))
        parts += parts_among((alerts,), _is_alert, "incident", "id")
        stand_ins += [e.at("incident") for e in log.sample() if _is_log_entry(e) and e.at("incident", "summary")][:1]
        stand_ins += [alert for alert in alerts.sample() if _is_alert(alert)][:1]
    return tuple(parts), tuple(stand_ins)


def _is_log_entry(item: Cursor) -> bool:
    return item.at("type").text.endswith("_log_entry")


def _is_alert(item: Cursor) -> bool:
    return bool(item.at("alert_key")) or item.at("type").text == "alert"


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with what the parts say about it."""
    is_alert = record.at("type").text == "alert"
    identity = record.at("incident", "id") if is_alert else record.at("id")
    found.text("id", identity)
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
    for item in entries_of(parts, identity.text, "incident", "id"):
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
    return resolved


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
    if _is_alert(item):
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
    api=Api(
        credential="PAGERDUTY_TOKEN",
        address="PAGERDUTY_URL",
        default_address="https://api.pagerduty.com",
        headers={
            "Authorization": "Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        },
        fetch=fetch,
    ),
)
