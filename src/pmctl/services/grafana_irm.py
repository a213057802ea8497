"""Grafana IRM (formerly Grafana Incident): the API's incident, its activity, and the outgoing webhook.

Shapes as in Grafana's public reference of the Incident API and its Go client. The webhook lists people
under `roles`, the API under `incidentMembership.assignments`.
"""

from __future__ import annotations

import re

from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Part, Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System

_SERVICE_KEYS = frozenset(("service", "services", "service_name", "servicename", "component", "app", "application"))
_TEAM_KEYS = frozenset(("team", "teams", "squad"))
_API = "/api/plugins/grafana-irm-app/resources/api/v1"
_PAIR = re.compile(r"\s*([A-Za-z_]+)\s*[:=]\s*(.+)")


def recognise(data: Cursor) -> Recognition:
    """Grafana incidents, bare, wrapped or in a webhook, and pages of activity items."""
    parts = list(parts_among((data.at("activityItems"), data), _is_activity, "incidentID"))
    nested = data.at("incident", "activityItems")
    parts += [Part(nested)] if nested else []
    return score_match(
        candidates(data),
        ("incidentID", "title", "status", "createdTime|incidentStart"),
        ("overviewURL", "incidentMembership|roles", "taskList", "isDrill", "incidentStart"),
        parts=tuple(parts),
    )


def _is_activity(item: Cursor) -> bool:
    return bool(item.at("activityItemID") or (item.at("activityKind") and item.first("eventTime", "createdTime")))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its activity."""
    found.texts(record, id="incidentID", url="overviewURL", title="title", summary="summary", status="status")
    severity = record.first("severity", "severityLabel")
    found.text("severity", severity, value="" if severity.text.lower() == "pending" else None)
    for label in record.at("labels").each():
        _label(found, label)
    if record.at("isDrill").value is True:
        found.name("tags", record.at("isDrill"), "drill")
        found.exempt("test", "it was a drill")
    found.moment("started_at", record.at("incidentStart"), record.at("createdTime"))
    found.moment("detected_at", record.at("createdTime"))
    for item in (*record.at("incidentMembership", "assignments").each(), *record.at("roles").each()):
        found.user(item.at("user"))
    found.user(record.at("createdByUser"))
    for task in record.at("taskList", "tasks").each():
        _task(found, task)
    for item in entries_of(parts, record.at("incidentID").text, "incidentID"):
        _activity(found, item)
    resolved = record.at("status").text.lower() in ("resolved", "closed")
    if resolved:
        found.moment("resolved_at", record.at("incidentEnd"), record.at("closedTime"))
    return resolved


def _label(found: Assembly, label: Cursor) -> None:
    """Labels are `{key, label}`; older ones have one text, often `service:name`."""
    place = label.at("label") if label.mapping else label
    key, value = label.at("key").text.lower(), place.text
    if pair := _PAIR.fullmatch(value):
        key, value = pair[1].lower(), pair[2]
    field = "services" if key in _SERVICE_KEYS else "teams" if key in _TEAM_KEYS else "tags"
    found.name(field, place, value)


def _task(found: Assembly, task: Cursor) -> None:
    if task.at("immutable").value is True:  # the product's own checklist: assign a role, set a severity
        return
    status = "COMPLETED" if task.at("status").text == "done" else "OPEN"
    found.action(task, task.at("text").text, status=status, owner=found.user(task.at("assignedUser")))


def _activity(found: Assembly, item: Cursor) -> None:
    if item.at("relevance").text == "low":
        return
    declared = item.at("activityKind").text.lower() == "incidentcreated"
    text = item.at("body").text or ("Incident declared" if declared else "")
    name = item.at("user", "name").text
    system = item.at("user", "userID").text.startswith("grafana-incident:system") or not name
    who = "" if system else found.user(item.at("user"))
    kind = "detected" if declared else ""
    found.event(
        item.first("eventTime", "createdTime"), text, who=who, kind=kind, path=item.path,
        entry=item.at("activityItemID").text,
    )  # fmt: skip


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident and all its activity. The calls are posts (RPC over HTTP)."""
    what = f"incident {incident}"
    record = service.post(f"{_API}/IncidentsService.GetIncident", what, {"incidentID": incident})
    query = {"incidentID": incident, "limit": 100, "orderDirection": "ASC"}
    items = collect(
        lambda mark: service.post(
            f"{_API}/ActivityService.QueryActivity",
            what,
            {"query": query, **({"cursor": {"nextValue": mark, "hasMore": True}} if mark else {})},
        ),
        lambda page: page.at("cursor", "nextValue") if page.at("cursor", "hasMore") else None,
        "activityItems",
    )
    return [("incident.json", record.data), as_file("activity.json", {"activityItems": items})]


SYSTEM = System(
    name="grafana-irm",
    label="Grafana IRM",
    recognise=recognise,
    read=read,
    identity="incidentID",
    lists=("activityItems", "incidents"),
    aliases=("grafana",),
    api=Api(
        credential="GRAFANA_TOKEN",
        address="GRAFANA_URL",  # of the stack: https://example.grafana.net
        headers={"Authorization": "Bearer {token}"},
        fetch=fetch,
    ),
)
