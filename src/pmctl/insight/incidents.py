"""What was understood of an incident record, and which linked incidents are still open. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pmctl.document import schema
from pmctl.document.reader import Document
from pmctl.errors import BadInput, EnvironmentProblem
from pmctl.repository.workspace import Workspace

# `status` and `publish` ask here about open incidents only: what reads records and triggers is loaded when it is used.
if TYPE_CHECKING:
    from pmctl.insight.triage import WrittenPostmortem
    from pmctl.insight.triggers import TriggerSettings
    from pmctl.services.incident import FollowUp, Incident, Participant

_FIELDS = ("id", "url", "title", "summary", "status", "severity", "urgency", "services", "teams", "tags")
_IMPORTS = ".pmctl/imports"


def understood(incident: Incident) -> list[tuple[str, str | list[str], str]]:
    """(field, value, JSON path in the source) for everything that the record fills, in reading order.

    Times are written as in the front matter; the path is "" for what was concluded from the whole record.
    """
    from pmctl.services.incident import MOMENTS
    from pmctl.services.instants import format_instant

    found: list[tuple[str, str | list[str], str]] = []
    for name in (*_FIELDS, *(moment for moment, _ in MOMENTS), "root_causes"):
        at = incident.moment(name)
        value = format_instant(at) if at is not None else getattr(incident, name)
        if isinstance(value, tuple):
            value = list(value)
        if value:
            found.append((name, value, incident.provenance.get(name, "")))
    return found


def incident_documents(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """The incidents of `pmctl/incident/v1`: every field with its value and its path in the source."""
    return [_document(incident) for incident in incidents]


def _document(incident: Incident) -> dict[str, Any]:
    from pmctl.services.instants import format_instant

    return {
        "source": incident.source,
        "id": incident.id,
        "resolved": incident.resolved,
        "fields": [{"field": name, "value": value, "path": path} for name, value, path in understood(incident)],
        "timeline": [
            {
                "at": format_instant(event.at),
                "text": event.text,
                "who": event.who,
                "moment": event.kind or None,
                "path": event.path,
            }
            for event in incident.events
        ],
        "participants": [_person(person) for person in incident.participants],
        "impact": [{"type": row.kind, "measurement": row.measurement, "path": row.path} for row in incident.impacts],
        "action_items": [_item(item) for item in incident.action_items],
        "warnings": list(incident.warnings),
    }


def _person(person: Participant) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "handle": person.handle, "path": person.path}


def _item(item: FollowUp) -> dict[str, Any]:
    return {
        "description": item.description,
        "status": item.status,
        "owner": _person(item.owner) if item.owner else None,
        "due": item.due,
        "priority": item.priority,
        "ticket": item.ticket,
        "path": item.path,
    }


def triage_rules(workspace: Workspace) -> tuple[TriggerSettings, tuple[WrittenPostmortem, ...]]:
    """The repository's triggers and what is written down already.

    Raises EnvironmentProblem that lists every problem of the triggers.
    """
    from pmctl.insight.catalog import catalog
    from pmctl.insight.triage import written_postmortems
    from pmctl.insight.triggers import trigger_settings

    settings, findings = trigger_settings(workspace.settings.blocks.get("triggers"))
    if findings:
        raise EnvironmentProblem(
            "the triggers in pmctl.yaml cannot be used",
            hint="correct pmctl.yaml, then try again",
            details=tuple(f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in findings),
        )
    return settings, written_postmortems(catalog(workspace))


def unresolved_incidents(workspace: Workspace, name: str, document: Document | None = None) -> list[str]:
    """SOURCE:ID of the linked incidents that were open when their record was last read.

    None once the postmortem says `resolved_at`: then somebody knows when it was over. `document` is the
    postmortem at HEAD where the caller has it already.
    """
    document = workspace.read_at(name) if document is None else document
    linked = document.meta.get("incidents")
    if document.meta.get("resolved_at") or not isinstance(linked, list | tuple) or not schema.is_id(name):
        return []
    data = workspace.head.file(f"{_IMPORTS}/{name}.json")
    if data is None:
        return []
    from pmctl.services.refresh import parse_provenance

    try:
        parts = parse_provenance(data, name).get("parts", [])
    except BadInput:
        return []  # a damaged import document is no word on the incident; refreshing says what is wrong with it
    still_open = {
        (str(part.get("source", "")), str(part.get("id", "")))
        for part in parts
        if isinstance(part, dict) and part.get("resolved") is False
    }
    here = [(str(entry.get("source")), str(entry.get("id"))) for entry in linked if isinstance(entry, dict)]
    return [f"{source}:{key}" for source, key in here if (source, key) in still_open]
