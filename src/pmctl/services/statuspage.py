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
from pmctl.services.recognition import Part, Recognition, candidates, score_match
from pmctl.services.system import Api, System

_DONE = ("resolved", "postmortem", "completed")
# Pages that were moved to Statuspage hold a whole incident in one update: "2013-08-30 20:55:32 - text".
_DATED_LINE = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)\s*(?:UTC)?\s*[-–—:]\s+(.+)", re.ASCII)


def recognise(data: Cursor) -> Recognition:
    """Statuspage incidents and scheduled maintenances."""
    found = score_match(
        candidates(data, "scheduled_maintenances"),
        ("id", "name", "status", "incident_updates", "created_at|started_at"),
        ("impact", "shortlink", "page_id", "components", "monitoring_at"),
        accept=lambda place: place.at("incident_updates").list,
    )
    page = data.at("page")
    return replace(found, parts=(Part(page),)) if found.records and page.mapping else found


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident. The page itself names no people."""
    page = next((part for part in parts if part.at("time_zone")), Cursor(None))
    found.zone = _zone(page.at("time_zone").text)
    found.texts(record, id="id", url="shortlink")
    found.text("title", record.at("name"), value=from_html(record.at("name").text))
    found.text("status", record.at("status"))
    found.text("severity", record.at("impact_override"), record.at("impact"))
    resolved = record.at("status").text in _DONE
    _times(found, record, resolved)
    # Oldest first, so that the summary and the first "resolved" are the right ones.
    updates = list(record.at("incident_updates").each())[::-1]
    for update in updates:
        _update(found, update)
    if updates:
        first = min(updates, key=lambda update: str(parse_instant(_shown(update).value).at or "~"))
        text = from_html(first.at("body").text)
        lines = [match[2] if (match := _DATED_LINE.fullmatch(line)) else line for line in text.split("\n")]
        found.text("summary", first.at("body"), value=lines[0] if _dated(text) else text)
    found.names("services", record.at("components"), "name")
    for update in updates:
        found.names("services", update.at("affected_components"), "name")
    return resolved


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name and name not in ("UTC", "Etc/UTC") else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def _times(found: Assembly, record: Cursor, resolved: bool) -> None:
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
    found.moment("mitigated_at", record.at("monitoring_at"))


def _shown(update: Cursor) -> Cursor:
    return update.first("display_at", "created_at")


def _dated(text: str) -> bool:
    """Whether every line of a body carries its own time."""
    return bool(text) and all(_DATED_LINE.fullmatch(line) for line in text.split("\n"))


def _update(found: Assembly, update: Cursor) -> None:
    text = from_html(update.at("body").text)
    if _dated(text):
        for line in text.split("\n"):
            if match := _DATED_LINE.fullmatch(line):
                at = parse_instant(match[1], found.zone).at
                found.event(Cursor(at and at.timestamp(), update.path), match[2], path=update.at("body").path)
        return
    status = update.at("status").text
    kind = {"resolved": "resolved", "completed": "resolved", "monitoring": "mitigated"}.get(status, "")
    if status == "postmortem":  # published afterwards
        return
    found.event(_shown(update), text, kind=kind, path=update.path)


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
    api=Api(
        credential="STATUSPAGE_TOKEN",
        address="STATUSPAGE_URL",  # of the page (https://status.example.com) or of the management API
        default_address="https://api.statuspage.io",
        headers={"Authorization": "OAuth {token}"},
        fetch=fetch,
        credential_required=False,
    ),
)
