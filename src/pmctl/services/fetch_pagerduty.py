"""PagerDuty: incident, log entries and notes (REST API v2, offset paging)."""

from __future__ import annotations

from pmctl.services.client import Service
from pmctl.services.paging import as_file, collect, member, segment

NAME = "pagerduty"
LABEL = "PagerDuty"
TOKEN_VARIABLE = "PAGERDUTY_TOKEN"  # noqa: S105 - the name of a variable
URL_VARIABLE = "PAGERDUTY_URL"
DEFAULT_URL = "https://api.pagerduty.com"
TOKEN_REQUIRED = True

_PAGE = 100


def headers(token: str) -> dict[str, str]:
    """An API key is sent in PagerDuty's own form."""
    return {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}


def fetch(incident: str, service: Service) -> list[tuple[str, bytes]]:
    """Three files: the incident, all its log entries, its notes."""
    path, what = f"/incidents/{segment(incident)}", f"incident {incident}"
    record = service.get(path, what)
    entries = collect(
        lambda offset: service.get(f"{path}/log_entries", what, {"limit": _PAGE, "offset": offset or 0}),
        lambda value: member(value, "log_entries"),
        lambda answer: (member(answer.value, "offset") or 0) + _PAGE if member(answer.value, "more") else None,
    )
    notes = service.get(f"{path}/notes", what)
    return [
        ("incident.json", record.data),
        as_file("log_entries.json", {"log_entries": entries}),
        ("notes.json", notes.data),
    ]
