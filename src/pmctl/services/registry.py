"""The incident systems that pmctl knows, and the one way in: files -> incidents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pmctl.errors import BadInput, UsageProblem
from pmctl.services import (
    alertmanager,
    firehydrant,
    generic,
    github_issue,
    grafana_irm,
    incident_io,
    opsgenie,
    opsknight,
    pagerduty,
    rootly,
    statuspage,
)
from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import Incident
from pmctl.services.merging import combine, merge
from pmctl.services.parsing import parse
from pmctl.services.recognition import Part, Recognition
from pmctl.services.system import System

# In the order in which a tie is decided; the generic shape takes what nobody else does.
SYSTEMS: tuple[System, ...] = (
    pagerduty.SYSTEM,
    opsgenie.SYSTEM,
    incident_io.SYSTEM,
    grafana_irm.SYSTEM,
    firehydrant.SYSTEM,
    rootly.SYSTEM,
    statuspage.SYSTEM,
    github_issue.SYSTEM,
    alertmanager.SYSTEM,
    opsknight.SYSTEM,
    generic.SYSTEM,
)


@dataclass(frozen=True, slots=True)
class _File:
    """One recognised file."""

    name: str
    system: System
    found: Recognition


def system_by_name(name: str) -> System:
    """The system of this name, label or alias; case, blanks, dots and dashes do not matter.

    Raises UsageProblem that lists the names that `--source` takes.
    """
    wanted = _plain(name)
    for system in SYSTEMS:
        if wanted and wanted in map(_plain, (system.name, system.label, *system.aliases)):
            return system
    known = ", ".join(system.name for system in SYSTEMS)
    raise UsageProblem(f"no incident source is called {name!r}", hint=f"use one of: {known}")


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def read_records(
    files: Sequence[tuple[str, bytes]],
    source: str | None = None,
    *,
    only: Collection[str] = (),
    now: datetime | None = None,
) -> Incident:
    """The incident that these files describe; several incidents become one, with a merged timeline.

    A single file that lists several incidents is refused unless `only` names the ids to take, since
    nobody wants a week's incidents in one postmortem by accident. Raises BadInput.
    """
    recognised = _recognise_all(files, source)
    incidents = _read_all(recognised, now)
    if only:
        chosen = tuple(incident for incident in incidents if incident.id in only)
        if unknown := sorted(set(only) - {incident.id for incident in chosen}):
            raise BadInput(
                f"no incident {', '.join(unknown)} in the given files",
                hint="it is one of those listed below",
                details=_listing(incidents),
            )
        incidents = chosen
    elif len(incidents) > 1 and (lists := [file for file in recognised if len(file.found.records) > 1]):
        raise BadInput(
            f"{lists[0].name}: holds {len(lists[0].found.records)} incidents",
            hint="say which one to take with --incident ID",
            details=_listing(incidents),
        )
    return merge(incidents)


def _listing(incidents: Sequence[Incident]) -> tuple[str, ...]:
    lines = [f"{incident.id or '(no id)'}  {incident.title[:80]}" for incident in incidents[:20]]
    return (*lines, f"and {len(incidents) - 20} more") if len(incidents) > 20 else tuple(lines)


def read_incidents(
    files: Sequence[tuple[str, bytes]], source: str | None = None, *, now: datetime | None = None
) -> tuple[Incident, ...]:
    """Every incident in these files, each once, in the order given.

    Files may hold a record, a list of records, or parts (log entries, notes). A part belongs to the
    record whose id it names, else to the nearest record before it, else to the first after it.
    `now` (default: the clock) tells which times lie in the future. Raises BadInput.
    """
    return _read_all(_recognise_all(files, source), now)


def _recognise_all(files: Sequence[tuple[str, bytes]], source: str | None) -> list[_File]:
    if not files:
        raise BadInput("no incident record was given", hint="name a file, or - for standard input")
    wanted = system_by_name(source) if source else None
    recognised = []
    for name, data in files:
        value = parse(name, data)
        # With several files a path says which one it leads into.
        root = value if len(files) == 1 else Cursor(value.value, f"{name.rsplit('/', 1)[-1]}:$")
        recognised.append(_recognise(name, root, wanted))
    return recognised


def _read_all(recognised: list[_File], now: datetime | None) -> tuple[Incident, ...]:
    moment = now or datetime.now(UTC)
    incidents: list[Incident] = []
    for name in dict.fromkeys(file.system.name for file in recognised):
        incidents += _read_system([file for file in recognised if name == file.system.name], moment)
    return combine(incidents)


def _recognise(name: str, data: Cursor, wanted: System | None) -> _File:
    """The system that recognises a file best; BadInput with what the nearest one lacked."""
    tried = (wanted,) if wanted else SYSTEMS
    judged = [(system, system.recognise(data)) for system in tried]
    system, best = max(judged, key=lambda pair: pair[1].score)
    if best.score > 0:
        return _File(name, system, best)
    system, nearest = max(judged, key=lambda pair: pair[1].nearness)
    lacking = ", ".join(nearest.missing)
    if wanted:
        raise BadInput(
            f"{name}: not a {system.label} record: it has no {lacking}",
            hint="leave out --source to let the shape decide",
        )
    if data.list and not any(item.mapping for item in data.each()):
        what = "a list without records"
    else:
        what = "not a record that pmctl knows" if data.mapping or data.list else "neither an object nor a list"
    nearly = f"; nearest is {system.label}, which needs {lacking}" if nearest.nearness >= 0.5 else ""
    raise BadInput(
        f"{name}: {what}{nearly}",
        hint="export it as the system's API returns it, or rename its fields to title, started_at, timeline, ...",
        details=(f"tried: {', '.join(system.label for system in SYSTEMS)}",),
    )


def _read_system(files: list[_File], now: datetime) -> list[Incident]:
    """The incidents of one system's files, each with its parts."""
    system = files[0].system
    records = [(number, record) for number, file in enumerate(files) for record in file.found.records]
    ids = {record.at(system.identity).text for _, record in records} if system.identity else set()
    for number, file in enumerate(files):
        named = frozenset().union(*(part.incidents for part in file.found.parts))
        if file.found.stand_ins and not (named & ids):
            records += [(number, record) for record in file.found.stand_ins[:1]]
            ids |= named
        elif not file.found.records and named and ids and not named & ids:
            raise BadInput(
                f"{file.name}: belongs to {system.label} incident {min(named)}, which no given file holds",
                hint="give the record of that incident as well",
            )
    if not records:
        raise BadInput(
            f"{files[0].name}: holds entries of an incident ({system.label}) but not the incident itself",
            hint="give the incident's record as well",
        )
    records.sort(key=lambda pair: pair[0])
    incidents = []
    for number, record in records:
        found = Assembly(system.name, now)
        resolved = system.read(found, record, _parts_of(number, records, files))
        incidents.append(found.finish(resolved=resolved))
    return incidents


def _parts_of(number: int, records: list[tuple[int, Cursor]], files: list[_File]) -> tuple[Cursor, ...]:
    """What may belong to the records of file `number`. Parts that name their incident go to all:
    `read` skips the entries that name another one."""
    holders = sorted({holder for holder, _ in records})
    parts: list[Part] = []
    for place, file in enumerate(files):
        before = [holder for holder in holders if holder <= place]
        home = before[-1] if before else holders[0]
        parts += [part for part in file.found.parts if part.incidents or home == number]
    return tuple(part.data for part in parts)
