"""OpsKnight: an incident of a self-hosted installation. Its API has no timeline."""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import segment

NAME = "opsknight"
LABEL = "OpsKnight"
TOKEN_VARIABLE = "OPSKNIGHT_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "OPSKNIGHT_URL"
DEFAULT_URL = ""
TOKEN_REQUIRED = True


def headers(token: str) -> dict[str, str]:
    """An API key as a bearer token."""
    return {"Authorization": f"Bearer {token}"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """One file: the incident."""
    return [("incident.json", service.get(f"/api/incidents/{segment(incident)}", f"incident {incident}").data)]
