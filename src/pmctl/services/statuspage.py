"""Atlassian Statuspage: incidents of the public status API and of the management API.

Shapes as in Statuspage's public API documentation and as exported by real pages: `{page, incident}`,
`{page, incidents: []}` or a bare incident. Updates come newest first; bodies may be HTML; `display_at` is
the time that the page shows and may be set by hand, `created_at` is when somebody typed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from pmctl.errors import NotFound
from pmctl.services.address import segment
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file
from pmctl.services.cursor import Cursor
from pmctl.services.html_text import from_html
from pmctl.services.instants import parse_instant
from pmctl.services.order import oldest_first
from pmctl.services.recognition import Part, Recognition, candidates, score_match
from pmctl.services.system import Api, System

_DONE = ("resolved", "postmortem", "completed")
_OPEN = ("investigating", "identified", "monitoring")
_PLANNED = ("scheduled", "in_progress", "verifying", "completed")
# Pages that were moved to Statuspage hold a whole incident in one update: "2013-08-30 20:55:32 - text".
_DATED_LINE = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)\s*(?:UTC)?\s*[-–—:]\s+(.+)", re.ASCII)


def recognise(data: Cursor) -> Recognition:
    """Statuspage incidents and scheduled maintenances."""
    found = score_match(
        candidates(data, "scheduled_maintenances"),
        ("id", "name", "status", "created_at|started_at"),
        ("incident_updates", "impact", "shortlink", "page_id", "components", "monitoring_at"),
        accept=lambda place: (
            place.at("incident_updates").list and place.at("status").text in (*_OPEN, *_DONE, *_PLANNED)
        ),
    )
    page = data.at("page")
    return replace(found, parts=(Part(page),)) if found.records and page.mapping else found


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident. The page itself names no people."""
    page = next((part for part in parts if part.at("time_zone")), Cursor(None))
    found.zone = _zone(page.at("time_zone").text)
    found.newest_first = True
    found.texts(record, id="id", url="shortlink")
    found.text("title", record.at("name"), value=from_html(record.at("name").text))
    found.text("status", record.at("status"))
    planned = bool(record.at("scheduled_for")) or "maintenance" in (record.at("impact").text, record.at("status").text)
    found.text("severity", record.at("impact_override"), record.at("impact"))
    resolved = record.at("status").text in _DONE
    updates = oldest_first(
        record.at("incident_updates").each(),
        lambda update: parse_instant(_shown(update).value, found.zone).order,
        newest_first=True,
    )
    if planned:
        found.exempt("planned", "it was planned maintenance")
        begun = [_shown(update) for update in updates if update.at("status").text == "in_progress"]
        found.moment("started_at", *begun[:1], record.at("scheduled_for"))
    for update in updates:
        _update(found, update)
    _times(found, record, updates, resolved)
    if updates:
        body = updates[0].at("body")
        text = from_html(body.text)
        lines = [match[2] if (match := _DATED_LINE.fullmatch(line)) else line for line in text.split("\n")]
        found.text("summary", body, value=lines[0] if _dated(text) else text)
    _services(found, record, updates)
    return resolved


def _services(found: Assembly, record: Cursor, updates: list[Cursor]) -> None:
    """Components by the name that they have now: an update keeps the name that one had when it was written."""
    found.names("services", record.at("components"), "name")
    known = {component.at("id").text for component in record.at("components").each()}
    renamed: dict[str, Cursor] = {}
    for update in updates:
        for component in update.at("affected_components").each():
            code = component.first("code", "id").text
            if code not in known:
                renamed[code or component.at("name").text] = component.at("name")
    for name in renamed.values():
        found.name("services", name)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name and name not in ("UTC", "Etc/UTC") else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def _times(found: Assembly, record: Cursor, updates: list[Cursor], resolved: bool) -> None:
    """Start, mitigation and end. An incident that was told afterwards, line by line, took as long as its lines."""
    started, created = record.at("started_at"), record.at("created_at")
    if resolved:
        found.moment("resolved_at", record.at("resolved_at"))
    end = found.known("resolved_at")
    begin, typed = parse_instant(started.value).at, parse_instant(created.value).at
    if end and begin and typed and typed <= end < begin:
        # Entered afterwards: started_at is then the moment of typing and created_at was set by hand.
        found.moment("started_at", created)
        found.warn("started_at lies after resolved_at; took created_at as the start")
    found.moment("started_at", started, created)
    # It may come back while it is being watched: only what nobody took back is a mitigation.
    watched = None
    for update in updates:
        status = update.at("status").text
        watched = None if status in ("investigating", "identified") else watched
        watched = _shown(update) if status == "monitoring" and watched is None else watched
    noted = record.at("monitoring_at")
    begun = parse_instant(noted.value, found.zone).order
    back = any(
        update.at("status").text in ("investigating", "identified")
        and parse_instant(_shown(update).value, found.zone).order > begun
        for update in updates
    )
    found.moment("mitigated_at", *([watched] if watched else []), *([] if back else [noted]))


def _shown(update: Cursor) -> Cursor:
    return update.first("display_at", "created_at")


def _dated(text: str) -> bool:
    """Whether every line of a body carries its own time."""
    return bool(text) and all(_DATED_LINE.fullmatch(line) for line in text.split("\n"))


def _update(found: Assembly, update: Cursor) -> None:
    body, status = update.at("body"), update.at("status").text
    # An update without words still says when the page changed its status.
    text = from_html(body.text) or status.replace("_", " ").capitalize()
    kind = {"resolved": "resolved", "completed": "resolved", "monitoring": "mitigated"}.get(status, "")
    if not _dated(text):
        found.event(_shown(update), text, kind=kind, path=update.path, entry=update.at("id").text)
        if status == "postmortem":
            found.afterwards(update.path)
        return
    _shown(update)
    matches = [match for line in text.split("\n") if (match := _DATED_LINE.fullmatch(line))]
    last = max(matches, key=lambda match: parse_instant(match[1]).order)
    for match in matches:
        at = parse_instant(match[1], found.zone).at
        ends = kind == "resolved" and match is last
        found.event(
            Cursor(at and at.timestamp(), update.path), match[2], kind="resolved" if ends else "", path=body.path
        )


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """One incident. The management API is asked for `PAGE/INCIDENT`.

    A public page lists its latest incidents; older ones it serves one by one.
    """
    what = f"incident {incident}"
    page, _, number = incident.rpartition("/")
    if page:
        return [("incident.json", service.get(f"/v1/pages/{segment(page)}/incidents/{segment(number)}", what).data)]
    try:
        listed = Cursor(service.get("/api/v2/incidents.json", what).value)
    except NotFound:
        listed = Cursor(None)
    for item in listed.at("incidents").each():
        if item.at("id").value == number:
            return [as_file("incident.json", {"page": listed.at("page").value, "incident": item.value})]
    return [("incident.json", service.get(f"/incidents/{segment(number)}.json", what).data)]


SYSTEM = System(
    name="statuspage",
    label="Statuspage",
    recognise=recognise,
    read=read,
    lists=("incidents", "scheduled_maintenances"),
    api=Api(
        credential="STATUSPAGE_TOKEN",
        address="STATUSPAGE_URL",  # of the page (https://status.example.com) or of the management API
        default_address="https://api.statuspage.io",
        headers={"Authorization": "OAuth {token}"},
        fetch=fetch,
        credential_required=False,
    ),
)
