"""What was understood of an incident record, and which linked incidents are still open. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pmctl.document.fields import is_id
from pmctl.document.reader import Document
from pmctl.errors import BadInput, EnvironmentProblem
from pmctl.repository.workspace import Workspace
from pmctl.text import utc

# `status` and `publish` ask here about open incidents only: what reads records and triggers is loaded when it is used.
if TYPE_CHECKING:
    from pmctl.insight.catalog import Summary
    from pmctl.insight.triggers import TriggerSettings
from pmctl.services.draft import losses
from pmctl.services.incident import Incident

_FIELDS = ("id", "name", "url", "title", "summary", "status", "severity", "urgency", "services", "teams", "tags")


def understood(incident: Incident) -> list[tuple[str, str | list[str], str]]:
    """(field, value, JSON path in the source) for everything that the record fills, in reading order.

    Times are written as in the front matter; the path is "" for what was concluded from the whole record.
    """
    from pmctl.services.incident import MOMENTS

    found: list[tuple[str, str | list[str], str]] = []
    for name in (*_FIELDS, *(moment for moment, _ in MOMENTS), "root_causes"):
        at = incident.moment(name)
        value = utc(at) if at is not None else getattr(incident, name)
        if isinstance(value, tuple):
            value = list(value)
        if value:
            found.append((name, value, incident.provenance.get(name, "")))
    return found


def incident_documents(incidents: Iterable[Incident]) -> list[dict[str, Any]]:
    """The incidents of `pmctl/incident/v1`: every field with its value and its path in the source."""
    return [_document(incident) for incident in incidents]


def _document(incident: Incident) -> dict[str, Any]:
    events = [
        {"at": utc(one.at), "text": one.text, "who": one.who, "moment": one.kind or None, "path": one.path}
        for one in incident.events
    ]
    items = [asdict(item) for item in incident.action_items]
    for item in items:
        del item["notes"]
    return {
        "source": incident.source,
        "id": incident.id,
        "resolved": incident.resolved,
        "fields": [{"field": name, "value": value, "path": path} for name, value, path in understood(incident)],
        "timeline": events,
        "participants": [asdict(person) for person in incident.participants],
        "impact": [{"type": row.kind, "measurement": row.measurement, "path": row.path} for row in incident.impacts],
        "action_items": items,
        "exempt": incident.exempt or None,
        "exempt_because": incident.exempt_because or None,
        "unused": list(incident.unused),
        "warnings": [*incident.warnings, *losses(incident, len(incident.events))],
    }


def triage_rules(workspace: Workspace) -> tuple[TriggerSettings, Sequence[Summary]]:
    """The repository's triggers and its postmortems.

    Raises EnvironmentProblem that lists every problem of the triggers.
    """
    from pmctl.insight.catalog import catalog
    from pmctl.insight.triggers import trigger_settings

    settings, findings = trigger_settings(workspace.settings.blocks.get("triggers"))
    if findings:
        raise EnvironmentProblem(
            "the triggers in pmctl.yaml cannot be used",
            hint="correct pmctl.yaml, then try again",
            details=tuple(f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in findings),
        )
    return settings, catalog(workspace)


def unresolved_incidents(workspace: Workspace, name: str, document: Document | None = None) -> list[str]:
    """SOURCE:ID of the linked incidents that were open when their record was last read.

    None once the postmortem says `resolved_at`: then somebody knows when it was over. `document` is the
    postmortem at HEAD where the caller has it already.
    """
    document = workspace.read_at(name) if document is None else document
    linked = document.meta.get("incidents")
    if document.meta.get("resolved_at") or not isinstance(linked, list | tuple) or not is_id(name):
        return []
    from pmctl.document.beside import Beside
    from pmctl.services.import_document import read_import

    data = workspace.head.beside(Beside.IMPORTS, name).get("")
    if data is None:
        return []
    try:
        parts = read_import(data, name).parts
    except BadInput:
        return []  # a damaged import document says nothing about the incident; refreshing says what is wrong with it
    still_open = {(part.source, part.id) for part in parts if not part.resolved}
    here = [(str(entry.get("source")), str(entry.get("id"))) for entry in linked if isinstance(entry, dict)]
    return [f"{source}:{key}" for source, key in here if (source, key) in still_open]
