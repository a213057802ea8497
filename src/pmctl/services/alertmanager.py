"""Prometheus Alertmanager: the webhook payload (version 4), and the alerts and groups of its APIs v1 and v2.

Shapes as in Prometheus' public documentation. An alert has no id that is its own: a fingerprint is the
hash of its labels and comes back with every recurrence. The id here is the alert's name and its start, and what the
group is about besides the name. Alerts of one group are told apart by the labels in which they differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import Recognition, score_match
from pmctl.services.system import System

_SEVERITIES = ("critical", "page", "error", "high", "major", "warning", "medium", "minor", "low", "info", "none")
_SERVICE_LABELS = ("service", "service_name", "app", "job")
# What does not tell two alerts apart for a reader, or is told elsewhere.
_UNTELLING = ("alertname", "severity", "prometheus", "monitor", "replica", "__alert_rule_uid__")
_MOST_LABELS = 4
# Alerts that fire all the time, so that somebody notices when they stop.
_HEARTBEATS = re.compile(r"watchdog|dead_?man'?s_?switch", re.IGNORECASE)


def recognise(data: Cursor) -> Recognition:
    """A webhook payload or group with its alerts, or a list of alerts, which together are one incident."""
    for listed in (data, data.at("data"), data.at("data", "alerts")):
        items = list(listed.each())
        if items and all(_is_alert(item) for item in items):
            return Recognition(60, (), 1.0, (Cursor({"alerts": listed.value}, listed.path),))
    groups = [item for item in (*data.each(), *data.at("data").each()) if item.at("alerts").list]
    return score_match(
        [*([data] if data.mapping else []), *groups],
        ("alerts", "status|groupKey|receiver|commonLabels|labels"),
        ("groupKey", "commonLabels", "groupLabels", "externalURL", "receiver"),
        accept=lambda place: all(map(_is_alert, place.at("alerts").each())) and place.at("alerts").list,
    )


def _is_alert(item: Cursor) -> bool:
    return item.at("labels").mapping and item.has("startsAt")


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One group of alerts as one incident: from the first start to the last end."""
    # A list of alerts was wrapped by `recognise`; its items keep the paths of the file.
    root = record.at("alerts") if len(_keys(record)) > 1 else replace(record.at("alerts"), path=record.path)
    alerts = list(root.each())
    lead = alerts[0] if alerts else Cursor(None, root.path)
    group = record.first("groupLabels", "labels")
    name = record.at("commonLabels", "alertname") or group.at("alertname") or lead.at("labels", "alertname")
    found.text("title", name)
    for notes in (record.at("commonAnnotations"), lead.at("annotations")):
        found.text("summary", notes.at("summary"), notes.at("description"), notes.at("message"))
    found.text("url", record.at("externalURL"), lead.at("generatorURL"))
    ends = [_end(alert, found.now) for alert in alerts]
    starts = [alert.at("startsAt") for alert in alerts if found.instant(alert.at("startsAt"))]
    resolved = bool(alerts) and all(end is not None for end in ends)
    if starts:
        first = min(starts, key=lambda place: parse_instant(place.value).order)
        found.moment("started_at", first)
        found.moment("detected_at", first)
    last = max(
        (end for end in ends if end is not None), key=lambda place: parse_instant(place.value).order, default=None
    )
    if resolved and last is not None:
        found.moment("resolved_at", last)
    found.text("status", record.at("status"), *([] if resolved else [lead.at("status", "state"), lead.at("status")]))
    _labels(found, record, alerts)
    if name.text and _HEARTBEATS.fullmatch(name.text):
        found.exempt("test", f"{name.text} fires all the time, to show that alerts arrive")
    telling = _telling(alerts)
    for alert, end in zip(alerts, ends, strict=True):
        _alert(found, alert, end, "resolved" if resolved and end is last else "", telling)
    start = found.known("started_at")
    if start is not None:
        about = [name.text or "alert", *(value.text for key, value in group.members() if key not in _UNTELLING)]
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(about))[:120]
        found.text("id", lead.at("startsAt"), value=f"{slug}-{start:%Y%m%dT%H%M%SZ}")
        found.text("name", name)
    return resolved


def _telling(alerts: Sequence[Cursor]) -> list[str]:
    """The labels by which a reader tells the alerts apart: those whose values differ."""
    values: dict[str, set[str]] = {}
    for alert in alerts:
        for key, value in alert.at("labels").members():
            values.setdefault(key, set()).add(value.text)
    names = {alert.at("labels", "alertname").text for alert in alerts}
    differing = [
        key for key, seen in values.items() if key not in _UNTELLING and (len(seen) > 1 or _missing(alerts, key))
    ]
    return differing[:_MOST_LABELS] if len(alerts) > len(names) or len(alerts) > 1 else []


def _missing(alerts: Iterable[Cursor], key: str) -> bool:
    return not all(alert.at("labels").has(key) for alert in alerts)


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


def _alert(found: Assembly, alert: Cursor, end: Cursor | None, kind: str, telling: Sequence[str]) -> None:
    labels = alert.at("labels")
    name = labels.at("alertname").text or "Alert"
    said = alert.at("annotations").first("summary", "description", "message").text
    keys = telling or (["instance"] if labels.at("instance") else [])
    where = [
        value if key == "instance" else f"{key} {value}"
        for key in keys
        if (value := labels.at(key).text) and value not in said
    ]
    detail = f"{said} ({', '.join(where)})" if said and where else said or ", ".join(where)
    tail = f": {detail}" if detail else ""
    entry = alert.at("fingerprint").text
    found.event(
        alert.at("startsAt"), f"{name} fires{tail}", kind="detected", path=alert.at("startsAt").path,
        entry=entry and f"{entry} fires",
    )  # fmt: skip
    if end is not None:
        text = f"{name} no longer fires{tail}"
        found.event(end, text, kind=kind, path=end.path, entry=entry and f"{entry} ends")


SYSTEM = System(
    name="alertmanager",
    label="Alertmanager",
    recognise=recognise,
    read=read,
    identity="",
    lists=("alerts", "data"),
)
