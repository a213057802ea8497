"""incident.io: incident, updates and follow-ups (API v2, cursor paging)."""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member, segment

NAME = "incident-io"
LABEL = "incident.io"
TOKEN_VARIABLE = "INCIDENT_IO_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "INCIDENT_IO_URL"
DEFAULT_URL = "https://api.incident.io"
TOKEN_REQUIRED = True


def headers(token: str) -> dict[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {token}"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Three files: the incident, all its updates, its follow-ups. INC-88 is a reference, not an id."""
    what = f"incident {incident}"
    number = incident[4:] if incident.upper().startswith("INC-") else incident
    record = service.get(f"/v2/incidents/{segment(number)}", what)
    identity = member(record.value, "incident", "id") or number
    updates = collect(
        lambda after: service.get(
            "/v2/incident_updates",
            what,
            {"incident_id": identity, "page_size": 250, **({"after": after} if after else {})},
        ),
        lambda value: member(value, "incident_updates"),
        lambda answer: member(answer.value, "pagination_meta", "after"),
    )
    follow_ups = service.get("/v2/follow_ups", what, {"incident_id": identity})
    return [
        ("incident.json", record.data),
        as_file("incident_updates.json", {"incident_updates": updates}),
        ("follow_ups.json", follow_ups.data),
    ]
