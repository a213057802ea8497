"""Bring in what an incident's record says now and did not say when the postmortem was drafted.

What people edited stays: the import document tells what was filled in, so an edit shows. Where people and the
record both changed something, the record's word is listed and not applied.
"""

from __future__ import annotations

from collections.abc import Sequence

from pmctl.errors import Refused
from pmctl.repository.workspace import Workspace
from pmctl.services.incident import Incident
from pmctl.workflow.imports import Imported, Plan, is_reference, plan, read_imported, references_of


def plan_refresh(workspace: Workspace, by: str, name: str, records: Sequence[Incident]) -> Plan:
    """What the records of today would change in the postmortem `name`; nothing is written.

    Each record must be of an incident that is linked to it; linked incidents without a record stay as
    imported. Raises Refused for another incident, a published postmortem or somebody who may not edit it.
    """
    old = read_imported(workspace, name, by, "refresh")
    parts = list(old.parts)
    for record in records:
        place = _place(old, record)
        if place is None:
            parts.append(record)
        else:
            parts[place] = record
    return plan(workspace, old, parts, references_of(old.document))


def linked_names(workspace: Workspace, name: str) -> tuple[str, ...]:
    """SOURCE:ID of every incident that the postmortem names."""
    entries = references_of(workspace.read_at(name))
    return tuple(f"{entry['source']}:{entry['id']}" for entry in entries if entry.get("source") and entry.get("id"))


def _place(old: Imported, record: Incident) -> int | None:
    """Which part the record is of; None for an incident that was linked by hand and never imported.

    Raises Refused when the postmortem is not about it.
    """
    for number, part in enumerate(old.parts):
        if (part.source, part.id) == (record.source, record.id):
            return number
    listed = references_of(old.document)
    if record.references and any(is_reference(entry, record.references[0]) for entry in listed):
        return None
    shown = ", ".join(f"{entry.get('source')}:{entry.get('id')}" for entry in listed) or "none"
    raise Refused(
        f"{record.source} incident {record.id or record.title!r} is not linked to {old.id} (linked: {shown})",
        hint=f"pmctl incident link {old.id} --from FILE",
    )
