"""Grafana IRM: incident and activity. Its calls are posts; every stack has its own address.

GRAFANA_URL is the address of the stack (https://example.grafana.net); the path of the plugin is added.
"""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member

NAME = "grafana-irm"
LABEL = "Grafana IRM"
TOKEN_VARIABLE = "GRAFANA_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "GRAFANA_URL"
DEFAULT_URL = ""
TOKEN_REQUIRED = True

_API = "/api/plugins/grafana-irm-app/resources/api/v1"


def headers(token: str) -> dict[str, str]:
    """A service account's token."""
    return {"Authorization": f"Bearer {token}"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Two files: the incident and all its activity."""
    what = f"incident {incident}"
    record = service.post(f"{_API}/IncidentsService.GetIncident", what, {"incidentID": incident})
    query = {"incidentID": incident, "limit": 100, "orderDirection": "ASC"}

    def following(value: object) -> object:
        return member(value, "cursor", "nextValue") if member(value, "cursor", "hasMore") else None

    items = collect(
        lambda mark: service.post(
            f"{_API}/ActivityService.QueryActivity",
            what,
            {"query": query, **({"cursor": {"nextValue": mark, "hasMore": True}} if mark else {})},
        ),
        lambda value: member(value, "activityItems"),
        lambda answer: following(answer.value),
    )
    return [("incident.json", record.data), as_file("activity.json", {"activityItems": items})]
