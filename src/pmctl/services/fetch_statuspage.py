"""Statuspage: a public page needs no token; the management API is `statuspage:PAGE/INCIDENT` with one.

STATUSPAGE_URL is the address of the page (https://status.example.com), or of the management API.
"""

from __future__ import annotations

from pmctl.errors import NotFound
from pmctl.services.client import Service
from pmctl.services.paging import as_file, member, segment

NAME = "statuspage"
LABEL = "Statuspage"
TOKEN_VARIABLE = "STATUSPAGE_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "STATUSPAGE_URL"
DEFAULT_URL = "https://api.statuspage.io"
TOKEN_REQUIRED = False


def headers(token: str) -> dict[str, str]:
    """An API key, where there is one, is sent in Statuspage's own form."""
    return {"Authorization": f"OAuth {token}"} if token else {}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """One file. A public page lists its latest incidents; older ones it serves one by one."""
    what = f"incident {incident}"
    page, _, number = incident.rpartition("/")
    if page:
        return [("incident.json", service.get(f"/v1/pages/{segment(page)}/incidents/{segment(number)}", what).data)]
    try:
        listed = service.get("/api/v2/incidents.json", what).value
    except NotFound:
        listed = {}
    for item in member(listed, "incidents") or []:
        if member(item, "id") == number:
            return [as_file("incident.json", {"page": member(listed, "page"), "incident": item})]
    return [("incident.json", service.get(f"/incidents/{segment(number)}.json", what).data)]
