"""Google Cloud Service Health: the incidents of its public page (status.cloud.google.com/incidents.json).

Shapes as the page serves them: `begin` and `end` of an incident, updates newest first, products by title. The page
names no people.
"""

from __future__ import annotations

from pmctl.errors import NotFound
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file
from pmctl.services.cursor import Cursor
from pmctl.services.instants import parse_instant
from pmctl.services.order import oldest_first
from pmctl.services.recognition import Recognition, candidates, score_match
from pmctl.services.system import Api, System

# What the page calls an incident, or one of its updates, that hit those who use the product; the worst first.
_HIT = {"SERVICE_OUTAGE": "service outage", "SERVICE_DISRUPTION": "service disruption"}
_PAGE = "https://status.cloud.google.com/"


def recognise(data: Cursor) -> Recognition:
    """Incidents of the page."""
    return score_match(
        candidates(data),
        ("id", "begin", "external_desc", "updates|most_recent_update"),
        ("number", "affected_products", "service_name", "status_impact", "severity", "uri"),
        accept=lambda place: bool(place.at("status_impact") or place.at("affected_products").list),
    )


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its updates."""
    found.newest_first = True
    found.texts(record, id="id", title="external_desc", status="status_impact", severity="severity")
    address = record.at("uri")
    found.text("url", address, value=f"{_PAGE}{address.text}" if address.text.startswith("incidents/") else "")
    for product in record.at("affected_products").each():
        found.name("services", product.at("title"))
    if not record.at("affected_products"):
        found.name("services", record.at("service_name"))
    resolved = bool(record.at("end").text)
    found.moment("started_at", record.at("begin"))
    if resolved:
        found.moment("resolved_at", record.at("end"))
    updates = oldest_first(
        record.at("updates").each(), lambda update: parse_instant(update.at("when").value).order, newest_first=True
    )
    for update in updates or [record.at("most_recent_update")]:
        found.event(update.first("when", "created"), update.at("text").text, path=update.path)
    states = [one.at("status") for one in (*updates, record.at("most_recent_update"))]
    said = [record.at("status_impact"), *states]
    for word, meaning in _HIT.items():
        if place := next((one for one in said if one.text == word), None):
            found.impact("Customer impact", meaning, place)
            break
    if updates:
        found.text("summary", updates[0].at("text"))
    return resolved


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """One incident of the page, which lists all that it keeps."""
    listed = Cursor(service.get("/incidents.json", f"incident {incident}").value)
    for item in listed.each():
        if incident in (item.at("id").text, item.at("number").text):
            return [as_file("incident.json", item.value)]
    raise NotFound(f"the page lists no incident {incident}", hint="check the id, the last part of its address")


SYSTEM = System(
    name="google-cloud",
    label="Google Cloud status",
    recognise=recognise,
    read=read,
    aliases=("gcp", "google cloud"),
    lists=("incidents", "updates"),
    api=Api(
        credential="",
        address="GOOGLE_CLOUD_STATUS_URL",
        default_address="https://status.cloud.google.com",
        headers={"Accept": "application/json"},
        fetch=fetch,
        credential_required=False,
    ),
)
