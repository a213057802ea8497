"""What an incident gives to a postmortem. Incident, people by e-mail -> Draft.

The same incident always gives the same draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pmctl.document.duration import duration_text
from pmctl.document.markdown_text import cell_text, code_apart, code_blocks, line, paragraph
from pmctl.services.import_document import ImportDocument, TimelineRow, without_strangers
from pmctl.services.incident import MOMENTS, Event, FollowUp, Incident, Participant, Reference
from pmctl.text import clean, utc

_TITLE_LIMIT = 200
_SUMMARY_LIMIT = 16_000
_ENTRY_LIMIT = 4_000
_CODE_LIMIT = 16_000  # of the code of one entry, which stands below the timeline
_NAME_LIMIT = 100
_ID_LIMIT = 200
_URL_LIMIT = 2000
_TAG_LIMIT = 20
_MOST_LOSSES = 10  # sentences about cut texts, before the rest is only counted
_TAG = re.compile(r"[^a-z0-9]+")
# A document may be 1 MiB; the timeline of a draft leaves room for what people write.
_TIMELINE_BYTES = 600_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known about a new postmortem. Everything but id, title, status and author may be empty.

    `front` holds front matter values by key, as plain values and times; empty ones are not written. `summary` is
    Markdown that opens no block but bullets and code; all other texts are those of table cells, as they read
    back (both from `pmctl.document.markdown_text`). `impact` are pairs of type and measurement, `action_items` cells by
    column.
    `teams` are the source's names, which the policy may not know. `imported` is what is kept beside the postmortem.
    """

    front: Mapping[str, object]
    summary: str = ""
    timeline: tuple[TimelineRow, ...] = ()
    impact: tuple[tuple[str, str], ...] = ()
    action_items: tuple[Mapping[str, str], ...] = ()
    teams: tuple[str, ...] = ()
    imported: ImportDocument | None = None
    warnings: tuple[str, ...] = ()


def draft_from(incident: Incident, people: Mapping[str, str]) -> Draft:
    """The draft of one (possibly merged) incident. `people` maps e-mail addresses to handles."""
    known = {email.strip().lower(): handle for email, handle in people.items()}
    front = _front(incident, known)
    summary = paragraph(incident.summary, _SUMMARY_LIMIT)
    timeline = _timeline(incident, _names(incident.participants, known))
    warnings = [line(warning, 600) for warning in incident.warnings] + losses(incident, len(timeline))
    impact = _impact(incident)
    items = tuple(_action(item, known) for item in incident.action_items)
    values = {name: utc(value) if isinstance(value, datetime) else value for name, value in front.items()}
    values.pop("incidents", None)
    imported = ImportDocument(
        values={**values, "summary": summary} if summary else values,
        timeline=timeline,
        impact=impact,
        action_items=tuple(item["Action"] for item in items),
        parts=tuple(without_strangers(part, known) for part in incident.parts or (incident,)),
        incidents=tuple(Reference(r.source, line(r.id, _ID_LIMIT), line(r.url)) for r in incident.references),
        paths=incident.provenance,
    )
    teams = tuple(line(team, _NAME_LIMIT) for team in incident.teams)
    return Draft(front, summary, timeline, impact, items, teams, imported, tuple(warnings))


def losses(incident: Incident, entries: int) -> list[str]:
    """Sentences about what does not fit: a person has to know that a text goes on in the record.

    `entries` is how many of the timeline a draft has.
    """
    said = _cut("the title", len(line(incident.title)), _TITLE_LIMIT)
    said += _cut("the summary", len(clean(incident.summary).strip()), _SUMMARY_LIMIT)
    said += [words for event in incident.events for words in cuts(event.at, _labelled(event))]
    texts = [
        *((f"the name {name[:40]!r}", name, _NAME_LIMIT) for name in (*incident.services, *incident.teams)),
        *((f"the impact {row.kind[:60]!r}", row.measurement, _ENTRY_LIMIT) for row in incident.impacts),
        *((f"the action item {item.description[:60]!r}", item.description, _ENTRY_LIMIT)
          for item in incident.action_items),
    ]  # fmt: skip
    for what, text, limit in texts:
        said += _cut(what, len(line(text)), limit)
    if len(said) > _MOST_LOSSES:
        said = [*said[:_MOST_LOSSES], f"{len(said) - _MOST_LOSSES} more texts are cut"]
    if left_out := len(incident.events) - entries:
        said.append(f"{left_out} of {len(incident.events)} timeline entries left out: more than a document can hold")
    if len(_slugs(incident.tags)) > _TAG_LIMIT:
        left = ", ".join(_slugs(incident.tags)[_TAG_LIMIT:])
        said.append(line(f"only the first {_TAG_LIMIT} tags are taken, without {left}", 600))
    return said


def cuts(at: datetime, text: str) -> list[str]:
    """Sentences about what `timeline_row` cuts of a text."""
    what = f"the timeline entry of {utc(at)}"
    prose, code = code_apart(text, _pointer(at))
    lines = sum(len(each) + 1 for run in code for each in run.lines)
    return [*_cut(what, len(prose), _ENTRY_LIMIT), *_cut(f"the code of {what}", lines, _CODE_LIMIT)]


def _cut(what: str, length: int, limit: int) -> list[str]:
    if length <= limit:
        return []
    return [f"{what} has {length:,} characters: cut after {limit:,}, the rest is in the record"]


def timeline_row(at: datetime, text: str, who: str, path: str = "") -> TimelineRow:
    """What was said at a moment as a row of a timeline; fenced code, for which a cell has no room, goes with it."""
    prose, code = code_apart(text, _pointer(at))
    event = cell_text(prose, _ENTRY_LIMIT)
    return TimelineRow(at, event, cell_text(who, _NAME_LIMIT), path, code_blocks(code, _CODE_LIMIT))


def _pointer(at: datetime) -> str:
    return f"(code of {at:%H:%M:%S} UTC below)"


def reference_entry(reference: Reference) -> dict[str, str]:
    """The entry of an incident in the front matter."""
    url = line(reference.url)
    entry = {"source": reference.source, "id": line(reference.id, _ID_LIMIT)}
    return {**entry, "url": url} if url and len(url) <= _URL_LIMIT else entry


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
    front: dict[str, object] = {
        "title": line(incident.title, _TITLE_LIMIT),
        "participants": _distinct(_handle(person, known) for person in incident.participants),
        "services": _distinct(line(name, _NAME_LIMIT) for name in incident.services),
        "severity": line(incident.severity, _NAME_LIMIT),
        "urgency": incident.urgency,
        "incidents": [reference_entry(reference) for reference in incident.references],
        **{name: incident.moment(name) for name, _ in MOMENTS},
        "tags": _slugs(incident.tags)[:_TAG_LIMIT],
        "root_causes": _slugs(incident.root_causes),
    }
    return {name: value for name, value in front.items() if value}


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _slugs(values: Iterable[str]) -> list[str]:
    return _distinct(_TAG.sub("-", line(value).lower()).strip("-")[:50].strip("-") for value in values)


def _timeline(incident: Incident, shown: Mapping[str, str]) -> tuple[TimelineRow, ...]:
    """The entries; where not all fit into a document those that mark a moment, then those of people, then the first."""
    rows = [(event, _row(event, shown)) for event in incident.events]
    sizes = [2 * len(row.event) + 40 + sum(len(block) + 60 for block in row.code) for _, row in rows]
    if sum(sizes) <= _TIMELINE_BYTES:
        return tuple(row for _, row in rows)
    room = _TIMELINE_BYTES
    kept: set[int] = set()
    for number in sorted(range(len(rows)), key=lambda number: (not rows[number][0].kind, not rows[number][0].who)):
        room -= sizes[number]
        if room < 0:
            break
        kept.add(number)
    return tuple(row for number, (_, row) in enumerate(rows) if number in kept)


def _labelled(event: Event) -> str:
    """The text behind the name of its incident; a fence that it begins with stays at the beginning of a line."""
    space = "\n" if event.text.startswith(("```", "~~~")) else " "
    return f"{event.label}:{space}{event.text}" if event.label else event.text


def _row(event: Event, shown: Mapping[str, str]) -> TimelineRow:
    return timeline_row(event.at, _labelled(event), shown.get(event.who.lower(), event.who), event.path)


def _impact(incident: Incident) -> tuple[tuple[str, str], ...]:
    start, end = incident.started_at, incident.resolved_at
    rows = [("Duration", duration_text(end - start))] if start and end and end > start else []
    rows += [(cell_text(row.kind, _NAME_LIMIT), cell_text(row.measurement, _ENTRY_LIMIT)) for row in incident.impacts]
    return tuple(rows)


def _action(item: FollowUp, known: Mapping[str, str]) -> dict[str, str]:
    """A follow-up as cells; an owner whom the policy does not know is named in the notes."""
    owner = _handle(item.owner, known) if item.owner else ""
    notes = [item.notes] if item.notes else []
    if item.owner and not owner and (name := item.owner.name or item.owner.handle or item.owner.email):
        notes.append(f"owner in the incident: {name}")
    return {
        "Action": cell_text(item.description, _ENTRY_LIMIT),
        "Owner": f"@{owner}" if owner else "",
        "Due": cell_text(item.due, _NAME_LIMIT),
        "Priority": item.priority,
        "Status": item.status,
        "Ticket": cell_text(item.ticket, 300),
        "Notes": cell_text("; ".join(notes), 300),
    }
