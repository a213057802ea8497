"""Opsgenie and the alerts of Jira Service Management: incidents (API v1), their timeline (API v2), alerts and notes.

Shapes as in the public API references of both and in Opsgenie's Go SDK: answers are wrapped in `data`, lists of Jira
Service Management in `values`; a timeline is `{"data": {"entries": [...]}}`, whose hidden entries people took out on
purpose; a webhook is `{action, alert, source}`, whose alert has an `alertId` and numbers for times.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

from pmctl.errors import NotFound
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file, collect
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import Part, Recognition, candidates, entries_of, parts_among, score_match
from pmctl.services.system import Api, System
from pmctl.text import plural

_DONE = ("resolved", "closed")
_PRIORITY = re.compile(r"P[1-5]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# What a webhook tells by its action: words, kind.
_ACTIONS = {
    "create": ("Alert created", "detected"),
    "acknowledge": ("Alert acknowledged", "acknowledged"),
    "unacknowledge": ("Alert no longer acknowledged", ""),
    "escalate": ("Alert escalated", ""),
    "close": ("Alert closed", "resolved"),
}
# An entry's type and title say what happened in one of a few words.
_MARKS = (
    (re.compile(r"\bresol|incidentresolv", re.IGNORECASE), "resolved"),
    (re.compile(r"\back(?:nowledged|ed)?\b|acknowledg", re.IGNORECASE), "acknowledged"),
    (re.compile(r"\bmitigat", re.IGNORECASE), "mitigated"),
    (re.compile(r"\bdetected\b", re.IGNORECASE), "detected"),
)


def recognise(data: Cursor) -> Recognition:
    """Opsgenie incidents (and alerts, whose shape is nearly the same), timelines and notes."""
    parts = _parts(data)
    alert = data.at("alert")
    if data.at("action") and alert.at("alertId"):
        hook = Part(data, frozenset((alert.at("alertId").text,)))
        return score_match([alert], ("alertId", "message", "createdAt"), ("tinyId", "alias"), parts=(hook,))
    return score_match(
        candidates(data, "values"),
        ("id", "message", "createdAt", "status|priority"),
        ("tinyId", "impactedServices", "ownerTeam", "responders", "extraProperties", "impactStartDate"),
        accept=_is_ours,
        parts=parts,
    )


def _is_ours(place: Cursor) -> bool:
    """Whether the values are Opsgenie's: a priority from P1 to P5, or the short number that it gives."""
    priority = place.at("priority").text
    return not place.at("incidentID") and bool(_PRIORITY.fullmatch(priority) or (place.at("tinyId") and not priority))


def _parts(data: Cursor) -> tuple[Part, ...]:
    holders = (data, data.at("data"), data.at("timeline"), data.at("incident"))
    timelines = [*(holder.at("entries") for holder in holders), data]
    return (
        *parts_among(timelines, lambda entry: entry.at("eventTime"), "incidentId"),
        *parts_among((data, data.at("data"), data.at("notes")), lambda item: item.at("note") and item.at("createdAt")),
        *([Part(data)] if any(item.at("name") and item.at("id") for item in data.at("services").sample()) else []),
    )


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its timeline. The moment of the impact, where given, is the start."""
    found.text("id", record.at("id"), record.at("alertId"))
    tiny = record.at("tinyId")
    found.text("name", tiny, value=f"#{tiny.text}" if tiny.text else "")
    found.text("url", record.at("links", "web"), record.at("url"))
    found.texts(record, title="message", summary="description", status="status", severity="priority")
    _services(found, record, parts)
    found.names("tags", record.at("tags"))
    found.moment("started_at", record.at("impactStartDate"), record.at("createdAt"))
    found.moment("detected_at", record.at("impactDetectDate"))
    for team in (*record.at("teams").each(), *([record.at("ownerTeam")] if record.at("ownerTeam") else [])):
        if not _UUID.fullmatch(team.text):
            found.name("teams", team.at("name") if team.mapping else team)
    found.person(record.at("owner"), email=record.at("owner").text) if "@" in record.at("owner").text else None
    for responder in record.at("responders").each():
        _responder(found, responder)
    for item in entries_of(parts, record.at("id").text, "incidentId"):
        _entry(found, item)
    resolved = record.at("status").text.lower() in _DONE
    for part in parts:
        if part.at("action") and part.at("alert", "alertId").text == record.at("alertId").text:
            resolved = _hook(found, part) or resolved
    if resolved:
        found.moment("resolved_at", record.at("resolvedAt"), record.at("impactEndDate"), record.at("closedAt"))
        closed = record.at("report", "closeTime")  # an alert says in milliseconds how long it was open
        created = record.at("createdAt")
        begin = parse_instant(created.value).at
        if isinstance(closed.value, int) and begin and not found.marked("resolved") and 0 < closed.value < 10**11:
            found.moment("resolved_at", replace(closed, value=begin.timestamp() + closed.value / 1000))
        if record.has("count") and not found.marked("resolved"):  # of an alert nothing else says when it was closed
            found.moment("resolved_at", record.at("updatedAt"))
    return resolved


def _services(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> None:
    """The services by name: the API gives ids, which nobody knows them by."""
    names = {item.at("id").text: item.at("name") for part in parts for item in part.at("services").each()}
    unknown = 0
    for service in record.at("impactedServices").each():
        if service.mapping:
            found.name("services", service.at("name"))
        elif service.text in names:
            found.name("services", names[service.text])
        elif _UUID.fullmatch(service.text):
            unknown += 1
        else:
            found.name("services", service)
    if unknown:
        found.warn(f"{plural(unknown, 'impacted service')} left out: the record has ids and no names")


def _hook(found: Assembly, hook: Cursor) -> bool:
    """What a webhook tells; whether that is the end of the alert."""
    alert = hook.at("alert")
    action = hook.at("action").text.lower()
    user = alert.at("username").text
    who = found.person(alert, email=user) if "@" in user else found.person(alert, name=user)
    words, kind = _ACTIONS.get(action, ("", ""))
    note = alert.at("note").text
    at = alert.at("createdAt") if action == "create" else alert.at("updatedAt") or alert.at("createdAt")
    found.event(at, f"{words}: {note}" if words and note else words or note, who=who, kind=kind, path=hook.path)
    return kind == "resolved"


def _responder(found: Assembly, responder: Cursor) -> None:
    kind = responder.at("type").text.lower()
    name = responder.first("fullName", "name").text
    email = responder.first("username", "email").text
    if kind == "team":
        found.name("teams", responder.at("name"))
    elif kind == "user" and (name or email):
        found.person(responder, name=name, email=email if "@" in email else "")


def _entry(found: Assembly, item: Cursor) -> None:
    if item.at("hidden").value is True:
        return
    if item.at("note"):
        owner = item.at("owner").text
        who = found.person(item, email=owner) if "@" in owner else owner
        found.event(item.at("createdAt"), item.at("note").text, who=who, path=item.path, entry=item.at("id").text)
        return
    actor = item.at("actor")
    name = actor.at("name").text
    who = ""
    if actor.at("type").text.lower() == "user":
        who = found.person(actor, email=name) if "@" in name else found.person(actor, name=name)
    title = item.at("title", "content").text or item.at("title").text
    description = item.at("description")
    body = description.first("content", "name").text or description.text
    text = f"{title}: {body}" if title and body and title not in body else body or title
    kind = _kind(item, title or body)
    found.event(item.at("eventTime"), text, who=who, kind=kind, path=item.path, entry=item.at("id").text)


def _kind(item: Cursor, title: str) -> str:
    """Entries that the system wrote are marked by their type or title; what people typed is not."""
    if item.at("group").text.lower() == "custom":
        return ""
    said = f"{item.at('type').text} {title}"
    return next((kind for pattern, kind in _MARKS if pattern.search(said)), "")


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident (API v1) and its whole timeline (API v2)."""
    what = f"incident {incident}"
    record = service.get(f"/v1/incidents/{segment(incident)}", what)
    path = f"/v2/incident-timelines/{segment(incident)}/entries"
    order: dict[str, str | int] = {"limit": 100, "order": "asc"}
    entries = collect(
        lambda offset: service.get(path, what, {**order, **({"offset": offset} if offset else {})}),
        lambda page: page.at("data", "nextOffset"),
        "data",
        "entries",
    )
    return [
        ("incident.json", record.data),
        as_file("timeline.json", {"data": {"entries": entries}}),
        as_file("services.json", {"services": _named_services(record.at("data", "impactedServices"), service)}),
    ]


def _named_services(ids: object, service: Service) -> list[object]:
    """The services of these ids, those that the token may read."""
    found = []
    for identity in ids[:50] if isinstance(ids, list) else []:
        if isinstance(identity, str) and _UUID.fullmatch(identity):
            with suppress(NotFound):
                found.append(service.get(f"/v1/services/{segment(identity)}", f"service {identity}").at("data"))
    return found


SYSTEM = System(
    name="opsgenie",
    label="Opsgenie",
    recognise=recognise,
    read=read,
    aliases=("jsm alerts",),
    lists=("data", "values", "entries", "notes", "services", "alerts"),
    api=Api(
        credential="OPSGENIE_TOKEN",
        address="OPSGENIE_URL",  # accounts in the EU have another address
        default_address="https://api.opsgenie.com",
        headers={"Authorization": "GenieKey {token}"},
        fetch=fetch,
        account=("/v2/account", "data", "name"),
    ),
)
