"""Prometheus Alertmanager: the webhook payload (version 4) and the alerts of its API v2.

Shapes as in Prometheus' public documentation. An alert has no id that is its own: a fingerprint is the
hash of its labels and comes back with every recurrence. The id here is the alert's name and its start.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import Recognition, score_match
from pmctl.services.system import System

_SEVERITIES = ("critical", "page", "error", "high", "major", "warning", "medium", "minor", "low", "info", "none")
_SERVICE_LABELS = ("service", "service_name", "app", "job")


def recognise(data: Cursor) -> Recognition:
    """A webhook payload with its alerts, or a list of alerts, which together are one incident."""
    if data.list:
        items = list(data.each())
        if items and all(i.at("labels").mapping and i.at("startsAt") for i in items):
            return Recognition(60, (), 1.0, (Cursor({"alerts": data.value}, data.path),))
    return score_match(
        [data] if data.mapping else [],
        ("alerts", "status|groupKey|receiver|commonLabels"),
        ("groupKey", "commonLabels", "groupLabels", "externalURL", "receiver"),
        accept=lambda place: (
            all(a.at("labels").mapping and a.has("startsAt") for a in place.at("alerts").each())
            and place.at("alerts").list
        ),
    )


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One group of alerts as one incident: from the first start to the last end."""
    # A list of alerts was wrapped by `recognise`; its items keep the paths of the file.
    root = Cursor(record.at("alerts").value, record.path if len(_keys(record)) == 1 else record.at("alerts").path)
    alerts = list(root.each())
    lead = alerts[0] if alerts else Cursor(None, root.path)
    name = record.at("commonLabels", "alertname") or lead.at("labels", "alertname")
    found.text("title", name)
    for notes in (record.at("commonAnnotations"), lead.at("annotations")):
        found.text("summary", notes.at("summary"), notes.at("description"), notes.at("message"))
    found.text("url", record.at("externalURL"), lead.at("generatorURL"))
    ends = [_end(alert, found.now) for alert in alerts]
    starts = [alert.at("startsAt") for alert in alerts if found.instant(alert.at("startsAt"))]
    resolved = bool(alerts) and all(end is not None for end in ends)
    if starts:
        first = min(starts, key=lambda place: str(parse_instant(place.value).at))
        found.moment("started_at", first)
        found.moment("detected_at", first)
    last = max(
        (end for end in ends if end is not None), key=lambda place: str(parse_instant(place.value).at), default=None
    )
    if resolved and last is not None:
        found.moment("resolved_at", last)
    found.text("status", record.at("status"), lead.at("status", "state"))
    _labels(found, record, alerts)
    for alert, end in zip(alerts, ends, strict=True):
        _alert(found, alert, end, "resolved" if resolved and end is last else "")
    start = found.known("started_at")
    if start is not None:
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", name.text or "alert")
        found.text("id", lead.at("startsAt"), value=f"{slug}-{start:%Y%m%dT%H%M%SZ}")
    return resolved


def _keys(record: Cursor) -> list[str]:
    return list(record.value) if isinstance(record.value, dict) else []


def _end(alert: Cursor, now: datetime) -> Cursor | None:
    """Where the alert's end is; None while it fires: then endsAt is zero or still to come."""
    place = alert.at("endsAt")
    at = parse_instant(place.value).at
    status = alert.at("status", "state").text or alert.at("status").text
    if at is None or status == "firing" or (status == "active" and at > now) or at > now + timedelta(minutes=5):
        return None
    return place


def _labels(found: Assembly, record: Cursor, alerts: list[Cursor]) -> None:
    holders = [record.at("commonLabels"), *(alert.at("labels") for alert in alerts)]
    severities = [place for holder in holders if (place := holder.at("severity"))]
    found.text("severity", *sorted(severities, key=_rank))
    for key in _SERVICE_LABELS:
        places = [place for holder in holders if (place := holder.at(key))]
        for place in places:
            found.name("services", place)
        if places:  # `job` and `app` only stand in for a missing `service`
            break
    for holder in holders:
        found.name("teams", holder.at("team"))


def _rank(severity: Cursor) -> int:
    text = severity.text.lower()
    return _SEVERITIES.index(text) if text in _SEVERITIES else len(_SEVERITIES)


def _alert(found: Assembly, alert: Cursor, end: Cursor | None, kind: str) -> None:
    name = alert.at("labels", "alertname").text or "Alert"
    said = alert.at("annotations").first("summary", "description", "message").text
    where = alert.at("labels", "instance").text
    detail = said or where
    if where and said and where not in said:
        detail = f"{said} ({where})"
    tail = f": {detail}" if detail else ""
    found.event(alert.at("startsAt"), f"{name} fires{tail}", kind="detected", path=alert.at("startsAt").path)
    if end is not None:
        found.event(end, f"{name} no longer fires{tail}", kind=kind, path=end.path)


SYSTEM = System(name="alertmanager", label="Alertmanager", recognise=recognise, read=read, identity="")
