"""What an incident gives to the draft of a postmortem, and where each value came from.

Input: an Incident and the policy's people by e-mail. Output: front matter values, texts and table rows
that are safe to write as they stand, and the provenance document from which a refresh later tells what
people have edited. The same incident always gives the same draft.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pmctl.document.duration import duration_text
from pmctl.services.incident import MOMENTS, Event, FollowUp, Incident, Participant
from pmctl.services.instants import format_instant
from pmctl.services.stored import stored
from pmctl.services.text import cell, clean, paragraph, single_line

PROVENANCE_SCHEMA = "pmctl/import/v1"

TIMELINE_COLUMNS = ("Time", "Event", "Who")
IMPACT_COLUMNS = ("Impact Type", "Measurement")

_TITLE_LIMIT = 200
_NAME_LIMIT = 100
_TAG_LIMIT = 20
_TAG = re.compile(r"[^a-z0-9]+")
# A document may be 1 MiB; the timeline of a draft leaves room for what people write.
_TIMELINE_BYTES = 600_000


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row of the Timeline table. `time` is `HH:MM`, with the date in front where the day changes."""

    time: str
    event: str
    who: str = ""
    path: str = ""
    at: str = ""

    def cells(self) -> tuple[str, str, str]:
        """The cells in the order of TIMELINE_COLUMNS."""
        return self.time, self.event, self.who


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One row of the Action Items table without its id. `owner` is a handle or ""."""

    action: str
    owner: str = ""
    due: str = ""
    priority: str = ""
    status: str = "OPEN"
    ticket: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class DraftValues:
    """Everything that a draft takes from an incident.

    `front` holds only fields that have a value (plain str, list and dict, for the YAML writer to quote).
    `summary` is Markdown-safe text, "" when the source has none. All cells of the rows are escaped:
    write them between pipes as they are. `teams` are the source's names, which the policy may not know.
    """

    front: Mapping[str, object]
    summary: str
    timeline: tuple[TimelineRow, ...]
    impact: tuple[tuple[str, str], ...]
    action_items: tuple[ActionRow, ...]
    teams: tuple[str, ...]
    unknown_participants: tuple[str, ...]
    provenance: Mapping[str, object]
    warnings: tuple[str, ...] = field(default=())


def draft_values(incident: Incident, people: Mapping[str, str]) -> DraftValues:
    """The draft of one (possibly merged) incident. `people` maps e-mail addresses to handles."""
    known = {email.strip().lower(): handle for email, handle in people.items()}
    shown = _names(incident.participants, known)
    front = _front(incident, known)
    summary = paragraph(incident.summary)
    rows, warnings = _timeline(incident, shown)
    impact = _impact(incident)
    items = tuple(_action(item, known) for item in incident.action_items)
    return DraftValues(
        front=front,
        summary=summary,
        timeline=rows,
        impact=impact,
        action_items=items,
        teams=tuple(single_line(team, _NAME_LIMIT) for team in incident.teams),
        unknown_participants=tuple(
            name
            for person in incident.participants
            if not _handle(person, known) and (name := single_line(person.name or person.handle, _NAME_LIMIT))
        ),
        provenance={
            **_provenance(incident, front, summary, rows),
            "impact": [list(row) for row in impact],
            "action_items": [item.action for item in items],
            "parts": [stored(part, known) for part in incident.parts or (incident,)],
        },
        warnings=(*(single_line(warning, 300) for warning in incident.warnings), *warnings),
    )


def provenance_bytes(provenance: Mapping[str, object]) -> bytes:
    """The content of `.pmctl/imports/<id>.json`: readable, ASCII, keys sorted, one final newline."""
    return (json.dumps(provenance, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table of cells that are escaped already."""
    header = [*columns]
    lines = [header, ["---"] * len(header), *([*row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _handle(person: Participant, known: Mapping[str, str]) -> str:
    return known.get(person.email.lower(), "") if person.email else ""


def _names(people: Iterable[Participant], known: Mapping[str, str]) -> dict[str, str]:
    """How to show each participant, by any of the names that events use for them."""
    shown: dict[str, str] = {}
    for person in people:
        handle = _handle(person, known)
        if handle:
            for name in (person.name, person.handle, person.email):
                shown.setdefault(name.lower(), f"@{handle}")
    shown.pop("", None)
    return shown


def _front(incident: Incident, known: Mapping[str, str]) -> dict[str, object]:
    front: dict[str, object] = {"title": single_line(incident.title, _TITLE_LIMIT)}
    front["participants"] = _distinct(_handle(person, known) for person in incident.participants)
    front["services"] = _distinct(single_line(name, _NAME_LIMIT) for name in incident.services)
    front["severity"] = single_line(incident.severity, _NAME_LIMIT)
    front["urgency"] = incident.urgency
    front["incidents"] = [
        {
            "source": reference.source,
            "id": single_line(reference.id, 200),
            **({"url": url} if (url := single_line(reference.url)) and len(url) <= 2000 else {}),
        }
        for reference in incident.references
    ]
    for name, _ in MOMENTS:
        at = incident.moment(name)
        front[name] = format_instant(at) if at else ""
    front["tags"] = _slugs(incident.tags)[:_TAG_LIMIT]
    front["root_causes"] = _slugs(incident.root_causes)
    return {name: value for name, value in front.items() if value}


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _slugs(values: Iterable[str]) -> list[str]:
    return _distinct(_TAG.sub("-", single_line(value).lower()).strip("-")[:50].strip("-") for value in values)


def _timeline(incident: Incident, shown: Mapping[str, str]) -> tuple[tuple[TimelineRow, ...], tuple[str, ...]]:
    """The rows, and a warning when not all fit into a document: then key moments come first."""
    start = incident.started_at
    day = start.date() if start else None
    events = incident.events
    texts = {id(event): _event_cell(event) for event in events}
    size = sum(len(text) for text in texts.values()) * 2 + 40 * len(events)
    warnings: tuple[str, ...] = ()
    if size > _TIMELINE_BYTES:
        events = _fitting(events, texts)
        left_out = len(incident.events) - len(events)
        warnings = (f"{left_out} of {len(incident.events)} timeline entries left out: more than a document can hold",)
    rows = []
    for event in events:
        rows.append(
            TimelineRow(
                time=_time(event.at, day),
                event=texts[id(event)],
                who=cell(shown.get(event.who.lower(), event.who), _NAME_LIMIT),
                path=event.path,
                at=format_instant(event.at),
            )
        )
        day = event.at.date()
    return tuple(rows), warnings


def _event_cell(event: Event) -> str:
    return cell(f"{event.label}: {event.text}" if event.label else event.text)


def _fitting(events: tuple[Event, ...], texts: Mapping[int, str]) -> tuple[Event, ...]:
    """As many events as fit: those that mark a moment, then those of people, then the earliest."""
    room = _TIMELINE_BYTES
    kept: set[int] = set()
    for event in sorted(events, key=lambda event: (not event.kind, not event.who)):
        room -= 2 * len(texts[id(event)]) + 40
        if room < 0:
            break
        kept.add(id(event))
    return tuple(event for event in events if id(event) in kept)


def _time(at: datetime, day: date | None) -> str:
    moment = at.astimezone(UTC)
    return f"{moment:%H:%M}" if moment.date() == day else f"{moment:%Y-%m-%d %H:%M}"


def _impact(incident: Incident) -> tuple[tuple[str, str], ...]:
    rows = []
    start, end = incident.started_at, incident.resolved_at
    if start and end and end > start:
        rows.append(("Duration", duration_text(end - start)))
    rows += [(cell(row.kind, _NAME_LIMIT), cell(row.measurement)) for row in incident.impacts]
    return tuple(rows)


def _action(item: FollowUp, known: Mapping[str, str]) -> ActionRow:
    """A follow-up as a row; an owner whom the policy does not know is named in the notes."""
    owner = _handle(item.owner, known) if item.owner else ""
    notes = [item.notes] if item.notes else []
    if item.owner and not owner and (name := item.owner.name or item.owner.handle or item.owner.email):
        notes.append(f"owner in the incident: {name}")
    return ActionRow(
        action=cell(item.description),
        owner=owner,
        due=item.due,
        priority=item.priority,
        status=item.status,
        ticket=cell(item.ticket, 300),
        notes=cell("; ".join(notes), 300),
    )


def _provenance(
    incident: Incident, front: Mapping[str, object], summary: str, rows: Iterable[TimelineRow]
) -> dict[str, object]:
    """What was filled in: each field's path and value as imported, each timeline row's."""
    values = {name: value for name, value in front.items() if name != "incidents"}
    if summary:
        values["summary"] = summary
    return {
        "schema": PROVENANCE_SCHEMA,
        "incidents": [
            {"source": reference.source, "id": single_line(reference.id, 200), "url": single_line(reference.url)}
            for reference in incident.references
        ],
        "fields": {
            name: {"path": clean(incident.provenance.get(name, "")), "value": value} for name, value in values.items()
        },
        "timeline": [{"path": clean(row.path), "at": row.at, "text": row.event, "who": row.who} for row in rows],
    }
