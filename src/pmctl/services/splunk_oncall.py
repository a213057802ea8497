"""Splunk On-Call (VictorOps): incidents of its API and of its reports, with their transitions.

Shapes as in the public API reference: `incidentNumber` is what people call it, `currentPhase` is UNACKED, ACKED or
RESOLVED, and `transitions` say who did what when.
"""

from __future__ import annotations

from pmctl.errors import NotFound
from pmctl.services.assembly import Assembly
from pmctl.services.client import RecordFile, Service, as_file
from pmctl.services.cursor import Cursor
from pmctl.services.recognition import Recognition, candidates, score_match
from pmctl.services.system import Api, System

_PHASES = ("unacked", "acked", "resolved", "triggered")
_KINDS = {"triggered": "detected", "acked": "acknowledged", "acknowledged": "acknowledged", "resolved": "resolved"}


def recognise(data: Cursor) -> Recognition:
    """Incidents of Splunk On-Call."""
    return score_match(
        candidates(data),
        ("incidentNumber", "currentPhase", "startTime"),
        ("entityId", "entityState", "transitions", "pagedUsers", "routingKey", "pagedTeams"),
        accept=lambda place: place.at("currentPhase").text.lower() in _PHASES,
    )


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident with its transitions."""
    number = record.at("incidentNumber")
    found.text("id", number)
    found.text("name", number, value=f"#{number.text}")
    found.text("url", record.at("incidentLink"))
    found.text("title", record.at("entityDisplayName"), record.at("entityId"))
    found.text("status", record.at("currentPhase"))
    found.text("severity", record.at("entityState"))
    found.name("services", record.at("service"))
    for team in record.at("pagedTeams").each():
        found.name("teams", team)
    for paged in record.at("pagedPolicies").each():
        found.name("teams", paged.at("team", "name"))
    found.moment("started_at", record.at("startTime"))
    resolved = record.at("currentPhase").text.lower() == "resolved"
    for item in record.at("transitions").each():
        _transition(found, item, resolved)
    for user in record.at("pagedUsers").each():
        found.person(user, handle=user.text)
    if resolved and not found.marked("resolved"):
        found.moment("resolved_at", record.at("lastAlertTime"))
    return resolved


def _transition(found: Assembly, item: Cursor, resolved: bool) -> None:
    name, by = item.at("name").text, item.at("by").text
    who = "" if by.lower() in ("", "system", "auto", "victorops") else found.person(item, handle=by)
    kind = _KINDS.get(name.lower(), "")
    message = item.at("message").text
    text = f"{name} by {who}" if who else name
    kind = kind if resolved or kind != "resolved" else ""
    found.event(item.at("at"), f"{text}: {message}" if message else text, who=who, kind=kind, path=item.path)


def fetch(incident: str, service: Service) -> list[RecordFile]:
    """The incident, among those that are open or else in the reports."""
    what = f"incident {incident}"
    for path, query in (
        ("/api-public/v1/incidents", None),
        ("/api-reporting/v2/incidents", {"incidentNumber": incident}),
    ):
        listed = Cursor(service.get(path, what, query).value)
        for item in listed.at("incidents").each():
            if item.at("incidentNumber").text == incident:
                return [as_file("incident.json", {"incidents": [item.value]})]
    raise NotFound(f"Splunk On-Call lists no incident {incident}", hint="check its number")


SYSTEM = System(
    name="splunk-oncall",
    label="Splunk On-Call",
    recognise=recognise,
    read=read,
    identity="incidentNumber",
    aliases=("victorops",),
    lists=("incidents",),
    api=Api(
        credential="SPLUNK_ONCALL_TOKEN",
        address="SPLUNK_ONCALL_URL",
        default_address="https://api.victorops.com",
        headers={"X-VO-Api-Key": "{token}", "X-VO-Api-Id": "{SPLUNK_ONCALL_API_ID}"},
        also={"SPLUNK_ONCALL_API_ID": True},
        fetch=fetch,
    ),
)
