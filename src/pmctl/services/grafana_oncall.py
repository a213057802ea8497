"""Grafana OnCall: alert groups of its HTTP API and of its outgoing webhooks, with their alerts and people.

Shapes as in Grafana OnCall's public API reference. A group names people by ids only; `fetch` asks for their names, and
a webhook brings the one who acted along.
"""

from __future__ import annotations

from contextlib import suppress

from pmctl.errors import NotFound
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Part, Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_STATES = ("new", "firing", "alerting", "acknowledged", "resolved", "silenced")
_SERVICE_LABELS = ("service", "service_name", "app")
_ACTIONS = {
    "acknowledge": ("Acknowledged", "acknowledged"),
    "unacknowledge": ("No longer acknowledged", ""),
    "resolve": ("Resolved", "resolved"),
    "unresolve": ("Opened again", ""),
    "silence": ("Silenced", ""),
    "escalation": ("Escalated", ""),
    "alert group created": ("Alert group created", "detected"),
}


def recognise(data: Cursor) -> Recognition:
    """Alert groups, pages of alerts and users, and webhooks."""
    group = data.at("alert_group")
    parts = [*parts_among((data.at("results"), data.at("alerts")), _is_alert, "alert_group_id")]
    parts += [Part(data)] if group or data.at("users").list else []
    return score_match(
        [*candidates(data, "results"), group],
        ("id", "state", "created_at", "integration_id"),
        ("route_id", "alerts_count", "permalinks", "acknowledged_at", "resolved_by"),
        accept=lambda place: place.at("state").text in _STATES and place.has("alerts_count"),
        parts=tuple(parts),
    )


def _is_alert(item: Cursor) -> bool:
    return bool(item.at("alert_group_id") and item.at("created_at"))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One alert group as one incident."""
    found.texts(record, id="id", title="title", status="state")
    if not record.at("title"):
        found.text("title", record.at("id"), value=f"Alert group {record.at('id').text}")
    found.text("url", record.at("permalinks", "web"), record.at("permalinks", "slack"))
    found.moment("started_at", record.at("created_at"))
    found.moment("detected_at", record.at("created_at"))
    found.moment("acknowledged_at", record.at("acknowledged_at"))
    resolved = record.at("state").text == "resolved"
    root = record.at("root_alert_group_id").text or record.at("root_alert_group", "id").text
    if root and root != record.at("id").text:
        found.exempt("merged", f"it was attached to alert group {root}")
    users = {user.at("id").text: user for part in parts for user in part.at("users").each()}
    for key in ("acknowledged_by", "resolved_by"):
        _person(found, users.get(record.at(key).text, Cursor(None)))
    for label in record.at("labels").each():
        _label(found, label)
    for part in parts:
        if part.at("alert_group", "id").text == record.at("id").text:
            _hook(found, part, resolved)
    for alert in entries_of(parts, record.at("id").text, "alert_group_id"):
        _alert(found, alert)
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
    return resolved


def _person(found: Assembly, user: Cursor) -> str:
    email = user.at("email").text
    name = user.at("name").text
    return found.person(user, name=name, handle=user.at("username").text, email=email if "@" in email else "")


def _label(found: Assembly, label: Cursor) -> None:
    key, place = label.at("key", "name").text.lower(), label.at("value", "name")
    if key == "severity":
        found.text("severity", place)
    elif key == "team":
        found.name("teams", place)
    elif key in _SERVICE_LABELS:
        found.name("services", place)
    else:
        found.name("tags", place)


def _hook(found: Assembly, hook: Cursor, resolved: bool) -> None:
    event, payload = hook.at("event"), hook.at("alert_payload")
    who = _person(found, hook.at("user"))
    words, kind = _ACTIONS.get(event.at("type").text.lower(), ("", ""))
    kind = kind if resolved or kind != "resolved" else ""
    found.event(event.at("time"), f"{words} by {who}" if who and words else words, who=who, kind=kind, path=event.path)
    found.name("teams", hook.at("integration", "team"))
    labels = payload.first("commonLabels", "labels")
    found.text("severity", labels.at("severity"))
    for key in _SERVICE_LABELS:
        found.name("services", labels.at(key))
    found.text("summary", payload.at("commonAnnotations", "summary"), payload.at("annotations", "summary"),
               payload.at("message"))  # fmt: skip


def _alert(found: Assembly, alert: Cursor) -> None:
    payload = alert.at("payload")
    said = payload.at("annotations").first("summary", "description") or payload.first("title", "message")
    if said.text:
        found.event(alert.at("created_at"), f"Alert: {said.text}", path=alert.path, entry=alert.at("id").text)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The alert group, its alerts (pages by link) and the people it names."""
    what = f"alert group {incident}"
    record = service.get(f"/api/v1/alert_groups/{segment(incident)}/", what)
    query = {"alert_group_id": incident}
    alerts = collect(
        lambda link: service.get(link, what) if link else service.get("/api/v1/alerts/", what, query),
        lambda page: page.at("next"),
        "results",
    )
    users = []
    group = Cursor(record.value)
    for identity in dict.fromkeys((group.at("acknowledged_by").text, group.at("resolved_by").text)):
        if identity:
            with suppress(NotFound):
                users.append(service.get(f"/api/v1/users/{segment(identity)}/", f"user {identity}").value)
    return [
        ("alert_group.json", record.data),
        as_file("alerts.json", {"alerts": alerts}),
        as_file("users.json", {"users": users}),
    ]


SYSTEM = System(
    name="grafana-oncall",
    label="Grafana OnCall",
    recognise=recognise,
    read=read,
    aliases=("oncall",),
    lists=("results", "alerts", "users"),
    api=Api(
        credential="GRAFANA_ONCALL_TOKEN",
        address="GRAFANA_ONCALL_URL",  # of the OnCall API of the stack
        headers={"Authorization": "{token}"},
        fetch=fetch,
    ),
)
