"""Several incidents as one: one outage that paged three teams, or one incident seen by two systems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pmctl.document.markdown_text import shortened
from pmctl.services.assembly import tidy
from pmctl.services.incident import MOMENTS, Incident, severity_rank
from pmctl.services.people import People

_T = TypeVar("_T")
_URGENCIES = ("HIGH", "MEDIUM", "LOW", "")
_MACHINE_MADE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{10,}|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27,}")
_EARLIEST = ("started_at", "detected_at", "acknowledged_at")


def combine(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Each incident once: of several records of the same source and id the last one tells its state."""
    kept: dict[tuple[str, str], Incident] = {}
    for number, incident in enumerate(incidents):
        key = (incident.source, incident.id or f"#{number}")
        known = kept.get(key)
        kept[key] = incident if known is None else _update(known, incident)
    return tuple(kept.values())


def _update(before: Incident, after: Incident) -> Incident:
    merged = merge((before, after), label=False)
    return replace(
        merged,
        title=after.title or before.title,
        status=after.status or before.status,
        summary=after.summary or before.summary,
        resolved=after.resolved,
        resolved_at=after.resolved_at if after.resolved else None,
        references=after.references,
        parts=(),
        action_items=after.action_items or before.action_items,
        impacts=after.impacts or before.impacts,
        exempt=after.exempt or before.exempt,
        exempt_because=after.exempt_because or before.exempt_because,
    )


def merge(incidents: Sequence[Incident], *, label: bool = True) -> Incident:
    """One incident out of several: earliest start, latest end, union of services and people.

    The first one gives the title, the worst severity and the highest urgency win, the timelines are
    merged and each entry labelled with its incident. It is resolved when all are. One comes back as is.
    """
    first = incidents[0]
    if len(incidents) == 1:
        return first
    people = People(person for incident in incidents for person in incident.participants)
    provenance: dict[str, str] = {}
    for incident in incidents:
        for field, path in incident.provenance.items():
            provenance.setdefault(field, path)
    resolved = all(incident.resolved for incident in incidents)
    moments: dict[str, datetime] = {}
    for field, _ in MOMENTS:
        early = field in _EARLIEST
        given = [(at, i.provenance.get(field, "")) for i in incidents if (at := i.moment(field)) is not None]
        provenance.pop(field, None)
        if given and (early or len(given) == len(incidents)) and (resolved or field != "resolved_at"):
            moments[field], provenance[field] = min(given) if early else max(given)
    severities = [incident for incident in incidents if incident.severity]
    worst = min(severities, key=lambda incident: severity_rank(incident.severity), default=first)
    if worst.severity:
        provenance["severity"] = worst.provenance.get("severity", "")
    labels = _labels(incidents) if label else [""] * len(incidents)
    events = (
        replace(event, label=event.label or name)
        for incident, name in zip(incidents, labels, strict=True)
        for event in incident.events
    )
    return Incident(
        source=first.source,
        id=first.id,
        url=first.url,
        title=first.title or next((i.title for i in incidents if i.title), ""),
        summary="\n\n".join(dict.fromkeys(_summary(i, label) for i in incidents if i.summary)),
        status=first.status if len({i.status for i in incidents}) == 1 else "",
        resolved=resolved,
        severity=worst.severity,
        urgency=min((i.urgency for i in incidents), key=_URGENCIES.index),
        services=_union(i.services for i in incidents),
        teams=_union(i.teams for i in incidents),
        tags=_union(i.tags for i in incidents),
        **moments,
        events=tidy(events),
        participants=people.all(),
        action_items=_union(i.action_items for i in incidents),
        impacts=_union(i.impacts for i in incidents),
        root_causes=_union(i.root_causes for i in incidents),
        provenance=provenance,
        warnings=_union(tuple(_warnings(i, label)) for i in incidents),
        references=_union(i.references for i in incidents),
        name=first.name,
        exempt=first.exempt if all(i.exempt for i in incidents) else "",
        exempt_because=first.exempt_because if all(i.exempt for i in incidents) else "",
        unused=_union(i.unused for i in incidents),
        parts=tuple(part for i in incidents for part in i.parts or (i,)),
    )


def _label(incident: Incident) -> str:
    """What people call it: its number, or its title where the id was made by a machine for machines."""
    spoken = "" if _MACHINE_MADE.fullmatch(incident.id) else incident.id
    return incident.name or spoken or shortened(incident.title, 40) or incident.id


def _labels(incidents: Sequence[Incident]) -> list[str]:
    """The label of each incident; their ids where two would be called the same."""
    labels = [_label(incident) for incident in incidents]
    return [
        label if labels.count(label) == 1 else incident.id or label
        for label, incident in zip(labels, incidents, strict=True)
    ]


def _summary(incident: Incident, label: bool) -> str:
    return f"{incident.title}: {incident.summary}" if label and incident.title else incident.summary


def _warnings(incident: Incident, label: bool) -> Iterable[str]:
    name = _label(incident)
    return (f"{name}: {warning}" if label and name else warning for warning in incident.warnings)


def _union(groups: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
