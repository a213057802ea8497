"""FireHydrant: incident and events (API v1, numbered pages)."""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member, segment

NAME = "firehydrant"
LABEL = "FireHydrant"
TOKEN_VARIABLE = "FIREHYDRANT_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "FIREHYDRANT_URL"
DEFAULT_URL = "https://api.firehydrant.io"
TOKEN_REQUIRED = True


def headers(token: str) -> dict[str, str]:
    """A bot's token."""
    return {"Authorization": f"Bearer {token}"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Two files: the incident and all its events."""
    path, what = f"/v1/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    events = collect(
        lambda page: service.get(f"{path}/events", what, {"page": page or 1, "per_page": 100}),
        lambda value: member(value, "data"),
        lambda answer: member(answer.value, "pagination", "next"),
    )
    return [("incident.json", record.data), as_file("events.json", {"data": events})]
