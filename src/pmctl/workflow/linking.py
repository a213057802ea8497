"""Several incidents in one postmortem: link another one, or take one out again.

The records are merged as `pmctl new --from A --from B` merges them: timelines together and labelled, the
earliest start, the latest end, services and people of all. What people edited stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmctl.document import edits
from pmctl.errors import BadInput, NotFound, Refused
from pmctl.insight.catalog import catalog
from pmctl.repository.workspace import Workspace
from pmctl.services.draft import reference_entry
from pmctl.services.incident import Incident, Reference
from pmctl.services.refresh import Difference
from pmctl.workflow.imports import Plan, plan, read_imported, references_of


def plan_link(
    workspace: Workspace, by: str, name: str, records: Sequence[Incident], *, allow_open: bool = False
) -> Plan:
    """What linking the incidents of these records would change in the postmortem `name`; nothing is written.

    Raises Refused when an incident is linked already, here or elsewhere, or is not resolved (unless
    `allow_open`), and BadInput for a record without an id.
    """
    old = read_imported(workspace, name, by, "link an incident to")
    for record in records:
        _refuse(workspace, name, record, allow_open=allow_open)
    listed = references_of(old.document)
    new = [reference_entry(record.references[0]) for record in records]
    planned = plan(workspace, old, (*old.parts, *records), [*listed, *new], title=not listed and bool(old.parts))
    linked = [Difference("+", "incident", f"{entry['source']}:{entry['id']}") for entry in new]
    planned = _with_teams(workspace, planned, records)
    return replace(planned, differences=(*linked, *planned.differences))


def plan_unlink(workspace: Workspace, by: str, name: str, reference: str) -> Plan:
    """What taking out the incident `reference` (SOURCE:ID, or its id alone) would change.

    Entries that came from it and that nobody edited go, others stay and are listed as kept. Raises NotFound
    when the postmortem is not about it.
    """
    old = read_imported(workspace, name, by, "unlink an incident from")
    listed = references_of(old.document)
    names = [f"{entry.get('source')}:{entry.get('id')}" for entry in listed]
    fitting = [number for number, full in enumerate(names) if reference in (full, str(listed[number].get("id")))]
    if len(fitting) != 1:
        problem = "is not linked to" if not fitting else "names several incidents of"
        raise NotFound(
            f"{reference} {problem} {name}",
            hint="give one of these SOURCE:ID" if names else "no incident is linked",
            details=tuple(names),
        )
    source, _, key = names[fitting[0]].partition(":")
    parts = [part for part in old.parts if _key(part) != (source, key)]
    rest = [entry for number, entry in enumerate(listed) if number != fitting[0]]
    if len(parts) == len(old.parts):  # it was written in by hand: nothing came from its record
        planned = plan(workspace, old, parts, rest)
    else:
        planned = plan(workspace, old, parts, rest, forget=True, title=bool(parts))
    unlinked = Difference("-", "incident", names[fitting[0]])
    return replace(planned, differences=(unlinked, *planned.differences))


def _refuse(workspace: Workspace, name: str, record: Incident, *, allow_open: bool) -> None:
    if not record.references:
        raise BadInput(
            f"the record of {record.title!r} has no id, so it cannot be linked", hint="export it with its id"
        )
    key = _key(record)
    for summary in catalog(workspace):
        if key in summary.incidents:
            place = "is linked to it already" if summary.id == name else f"has a postmortem already: {summary.id}"
            refresh = f"pmctl incident refresh {summary.id} --from FILE"
            raise Refused(f"{key[0]} incident {key[1]} {place}", hint=f"bring in what is new: {refresh}")
    if not record.resolved and not allow_open:
        raise Refused(
            f"the incident {record.id} is not resolved yet (status: {record.status or 'unknown'})",
            hint="link it when it is over, or give --allow-open",
        )


def _key(incident: Incident) -> tuple[str, str]:
    """Source and id as the front matter has them."""
    entry = reference_entry(Reference(incident.source, incident.id))
    return entry["source"], entry["id"]


def _with_teams(workspace: Workspace, planned: Plan, records: Sequence[Incident]) -> Plan:
    """The plan with the teams of the new incidents that the policy knows."""
    listed = planned.document.meta.get("teams")
    present = [str(team) for team in listed] if isinstance(listed, list | tuple) else []
    wanted = dict.fromkeys(team.lower() for record in records for team in record.teams)
    gained = [team for team in wanted if team in workspace.policy.teams and team not in present]
    if not gained:
        return planned
    document = edits.set_field(planned.document, "teams", [*present, *gained])
    told = Difference("+", "teams", ", ".join(f"+ {team}" for team in gained))
    return replace(planned, document=document, differences=(*planned.differences, told), changes=True)
