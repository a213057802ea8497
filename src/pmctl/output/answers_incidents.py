"""What `pmctl incident` prints with `--format json`, as values (see `answers`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pmctl.insight.similar import Alike

TriageVerdict = Literal["required", "recommended", "skip"]


@dataclass(eq=False, repr=False)
class RecordField:
    field: str
    value: str | Sequence[str]
    path: str


@dataclass(eq=False, repr=False)
class RecordEvent:
    at: str
    text: str
    who: str
    moment: str | None
    path: str


@dataclass(eq=False, repr=False)
class RecordPerson:
    name: str
    email: str
    handle: str
    path: str


@dataclass(eq=False, repr=False)
class RecordImpact:
    type: str
    measurement: str
    path: str


@dataclass(eq=False, repr=False)
class RecordItem:
    description: str
    status: str
    owner: RecordPerson | None
    due: str
    priority: str
    ticket: str
    path: str


@dataclass(eq=False, repr=False)
class Record:
    source: str
    id: str
    resolved: bool
    fields: Sequence[RecordField]
    timeline: Sequence[RecordEvent]
    participants: Sequence[RecordPerson]
    impact: Sequence[RecordImpact]
    action_items: Sequence[RecordItem]
    exempt: str | None
    exempt_because: str | None
    unused: Sequence[str]
    warnings: Sequence[str]


@dataclass(eq=False, repr=False)
class Records:
    """pmctl incident show: what was understood of each record, with the path in the source that it came from."""

    incidents: Sequence[Record]


@dataclass(eq=False, repr=False)
class TriageReason:
    rule: str
    verdict: TriageVerdict
    because: str
    outweighed: bool


@dataclass(eq=False, repr=False)
class TriagedIncident:
    source: str
    id: str
    url: str
    title: str
    resolved: bool
    verdict: TriageVerdict
    postmortem: str | None
    reasons: Sequence[TriageReason]
    pattern: Literal["recurring pattern", "novel failure"] | None
    similar: Sequence[Alike]


@dataclass(eq=False, repr=False)
class TriagedIncidents:
    """pmctl incident triage: whether each incident needs a postmortem, and by which rules."""

    incidents: Sequence[TriagedIncident]
