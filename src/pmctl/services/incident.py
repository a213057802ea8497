"""An incident as pmctl understands it, whatever system recorded it.

Data flows one way: the module of a system reads a record into these values, `draft` makes a postmortem's content of
them, `insight` asks whether one is required. All text is raw and untrusted; all times are UTC with whole seconds; a
value that the record does not have stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# The moments of an incident in the order in which they should happen: (field, kind of its event).
MOMENTS: tuple[tuple[str, str], ...] = (
    ("started_at", "started"),
    ("detected_at", "detected"),
    ("acknowledged_at", "acknowledged"),
    ("mitigated_at", "mitigated"),
    ("resolved_at", "resolved"),
)
UNKNOWN_SEVERITY = 9
# Why a record needs no postmortem of its own, whatever it says besides.
EXEMPTIONS = ("merged", "test", "planned")

# From worst to harmless; the position is the rank of words, the number that of SEV1, P2, S3, ...
_SEVERITY_WORDS = (
    frozenset(("critical", "catastrophic", "emergency", "blocker", "page", "fatal")),
    frozenset(("major", "high", "severe", "urgent", "error")),
    frozenset(("moderate", "medium", "normal", "warning", "warn")),
    frozenset(("minor", "low")),
    frozenset(("trivial", "info", "informational", "cosmetic", "none", "maintenance", "notice")),
)
_SEVERITY_NUMBER = re.compile(r"(?:sev(?:erity)?|p(?:rio(?:rity)?)?|s|tier)?[ _-]?(\d)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of an incident's timeline.

    `kind` is "" or one of started, detected, acknowledged, mitigated, resolved. `label` names the
    incident that it belongs to once several were merged. `path` is the JSON path that it came from. `nanosecond` is
    the fraction of its second, `entry` what the source calls this entry ("" where it has no id for it).
    """

    at: datetime
    text: str
    who: str = ""
    kind: str = ""
    path: str = ""
    label: str = ""
    nanosecond: int = 0
    entry: str = ""

    @property
    def order(self) -> tuple[datetime, int]:
        """What entries are sorted by."""
        return self.at, self.nanosecond


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who took part, as the source names them; empty where it does not say."""

    name: str = ""
    email: str = ""
    handle: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An action item that the source already tracks.

    `status` is OPEN, IN_PROGRESS, COMPLETED or WONT_DO; `priority` HIGH, MEDIUM, LOW or ""; `due` is
    YYYY-MM-DD or "".
    """

    description: str
    status: str = "OPEN"
    owner: Participant | None = None
    due: str = ""
    priority: str = ""
    ticket: str = ""
    notes: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """One row of the Impact section: what was hit and how much, in the source's words."""

    kind: str
    measurement: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an incident lives: the three values of a front matter `incidents` entry."""

    source: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, normalised. `provenance` maps a field's name to the JSON path that filled it.

    `references` has one entry, more after a merge. `status` is the source's own word, `resolved` what it
    means. `urgency` is HIGH, MEDIUM, LOW or "". `warnings` are sentences for the person who imports. `parts`
    are the incidents that a merged one was made of, empty for a single one. `name` is what people call it, where that
    is not its id ("INC-12", "#7"). `exempt` is why it is no incident of its own (a key of EXEMPTIONS, or ""), and
    `exempt_because` says so in words. `unused` are the paths of what the record holds and nobody read.
    """

    source: str
    id: str
    url: str = ""
    title: str = ""
    summary: str = ""
    status: str = ""
    resolved: bool = False
    severity: str = ""
    urgency: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    events: tuple[Event, ...] = ()
    participants: tuple[Participant, ...] = ()
    action_items: tuple[FollowUp, ...] = ()
    impacts: tuple[Impact, ...] = ()
    root_causes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    parts: tuple[Incident, ...] = ()
    name: str = ""
    exempt: str = ""
    exempt_because: str = ""
    unused: tuple[str, ...] = ()

    def moment(self, name: str) -> datetime | None:
        """The time in one of the fields of MOMENTS."""
        value = getattr(self, name)
        return value if isinstance(value, datetime) else None


def severity_rank(severity: str) -> int:
    """1 (worst: SEV0, SEV1, P1, critical) to 5, UNKNOWN_SEVERITY for any other word."""
    text = severity.strip()
    if match := _SEVERITY_NUMBER.match(text):
        return min(max(int(match[1]), 1), 5)
    words = re.findall(r"[a-z]+", text.lower())
    ranks = [rank for rank, known in enumerate(_SEVERITY_WORDS, 1) for word in words if word in known]
    return min(ranks, default=UNKNOWN_SEVERITY)
