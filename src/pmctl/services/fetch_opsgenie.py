"""Opsgenie: incident (API v1) and its timeline (API v2). Accounts in the EU set OPSGENIE_URL."""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member, segment

NAME = "opsgenie"
LABEL = "Opsgenie"
TOKEN_VARIABLE = "OPSGENIE_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "OPSGENIE_URL"
DEFAULT_URL = "https://api.opsgenie.com"
TOKEN_REQUIRED = True


def headers(token: str) -> dict[str, str]:
    """An API key is sent in Opsgenie's own form."""
    return {"Authorization": f"GenieKey {token}"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Two files: the incident and its whole timeline."""
    what = f"incident {incident}"
    record = service.get(f"/v1/incidents/{segment(incident)}", what)
    path = f"/v2/incident-timelines/{segment(incident)}/entries"
    entries = collect(
        lambda offset: service.get(
            path, what, {"limit": 100, "order": "asc", **({"offset": offset} if offset else {})}
        ),
        lambda value: member(value, "data", "entries"),
        lambda answer: member(answer.value, "data", "nextOffset"),
    )
    return [("incident.json", record.data), as_file("timeline.json", {"data": {"entries": entries}})]
