"""Rootly: incident, events and action items (JSON:API, pages by link)."""

from __future__ import annotations

from typing import Any

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member, segment

NAME = "rootly"
LABEL = "Rootly"
TOKEN_VARIABLE = "ROOTLY_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "ROOTLY_URL"
DEFAULT_URL = "https://api.rootly.com"
TOKEN_REQUIRED = True


def headers(token: str) -> dict[str, str]:
    """A bearer token and the media type of JSON:API."""
    return {"Authorization": f"Bearer {token}", "Accept": "application/vnd.api+json"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Three files: the incident, all its events, all its action items."""
    path, what = f"/v1/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    identity = member(record.value, "data", "id") or incident

    def pages(kind: str) -> list[Any]:
        first = f"/v1/incidents/{segment(str(identity))}/{kind}"
        return collect(
            lambda link: service.get(link, what) if link else service.get(first, what, {"page[size]": 100}),
            lambda value: member(value, "data"),
            lambda answer: member(answer.value, "links", "next"),
        )

    return [
        ("incident.json", record.data),
        as_file("events.json", {"data": pages("events")}),
        as_file("action_items.json", {"data": pages("action_items")}),
    ]
