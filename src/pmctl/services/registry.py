"""The incident systems that pmctl knows, and the one way in: files -> incidents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pmctl.document.markdown_text import line
from pmctl.errors import BadInput, UsageProblem
from pmctl.services import (
    alertmanager,
    datadog,
    firehydrant,
    generic,
    github_issue,
    gitlab,
    google_cloud,
    grafana_irm,
    grafana_oncall,
    incident_io,
    jira,
    opsgenie,
    opsknight,
    pagerduty,
    rootly,
    servicenow,
    splunk_oncall,
    squadcast,
    statuspage,
)
from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import Incident
from pmctl.services.merging import combine, merge
from pmctl.services.paging import pages_in, what_lacks
from pmctl.services.parsing import parse_all
from pmctl.services.recognition import OTHER_VALUES, Part, Recognition, holds_nothing
from pmctl.services.system import System
from pmctl.services.unused import unused_fields

# In the order in which a tie is decided; the generic shape takes what nobody else does.
SYSTEMS: tuple[System, ...] = (
    pagerduty.SYSTEM,
    opsgenie.SYSTEM,
    incident_io.SYSTEM,
    grafana_irm.SYSTEM,
    grafana_oncall.SYSTEM,
    firehydrant.SYSTEM,
    rootly.SYSTEM,
    datadog.SYSTEM,
    squadcast.SYSTEM,
    splunk_oncall.SYSTEM,
    jira.SYSTEM,
    servicenow.SYSTEM,
    statuspage.SYSTEM,
    google_cloud.SYSTEM,
    github_issue.SYSTEM,
    gitlab.SYSTEM,
    alertmanager.SYSTEM,
    opsknight.SYSTEM,
    generic.SYSTEM,
)


_LISTS = tuple(dict.fromkeys(key for system in SYSTEMS for key in system.lists))


@dataclass(frozen=True, slots=True)
class _File:
    """One recognised file, or one value of a file that holds several."""

    name: str
    root: Cursor
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
    lacking: Callable[[str], None] | None = None,
) -> Incident:
    """The incident that these files describe; several incidents become one, with a merged timeline.

    A single file that lists several incidents is refused unless `only` names the ids to take, since
    nobody wants a week's incidents in one postmortem by accident. `lacking` is told what the files are only a part of.
    Raises BadInput.
    """
    recognised = _recognise_all(files, source, lacking)
    incidents = _read_all(recognised, now)
    if not incidents:
        raise BadInput(f"{files[0][0]}: holds no incident", hint="give the incident's record")
    if only:
        chosen = tuple(incident for incident in incidents if incident.id in only or incident.name in only)
        known = {name for incident in incidents for name in (incident.id, incident.name)}
        if unknown := sorted(set(only) - known):
            raise BadInput(
                f"no incident {', '.join(unknown)} in the given files",
                hint="it is one of those listed below",
                details=_listing(incidents),
            )
        incidents = chosen
    elif len(incidents) > 1 and (listed := _list_among(recognised)):
        raise BadInput(
            f"{listed[0]}: holds {listed[1]} incidents",
            hint="say which one to take with --incident ID",
            details=_listing(incidents),
        )
    return merge(incidents)


def _list_among(recognised: Sequence[_File]) -> tuple[str, int] | None:
    """The first file that lists several incidents, and how many; None when every file is about one."""
    listed: dict[str, set[str]] = {}
    for number, file in enumerate(recognised):
        for place, record in enumerate(file.found.records):
            key = record.at(file.system.identity).text if file.system.identity else ""
            listed.setdefault(file.name, set()).add(key or f"{number}/{place}")
    return next(((name, len(keys)) for name, keys in listed.items() if len(keys) > 1), None)


def _listing(incidents: Sequence[Incident]) -> tuple[str, ...]:
    lines = [
        f"{incident.id or '(no id)'}{f' ({incident.name})' if incident.name else ''}  {incident.title[:80]}"
        for incident in incidents[:20]
    ]
    return (*lines, f"and {len(incidents) - 20} more") if len(incidents) > 20 else tuple(lines)


def read_incidents(
    files: Sequence[tuple[str, bytes]],
    source: str | None = None,
    *,
    now: datetime | None = None,
    whole: bool = False,
    lacking: Callable[[str], None] | None = None,
) -> tuple[Incident, ...]:
    """Every incident in these files, each once, in the order given; none for exports without an incident.

    Files may hold a record, a list of records, or parts (log entries, notes). A part belongs to the
    record whose id it names, else to the nearest record before it, else to the first after it.
    `now` (default: the clock) tells which times lie in the future. With `whole` a record that no system claims and
    that has fields which the generic source does not know is refused: to judge it by the rest could give an
    all-clear that its system would not give. `lacking` is told, in a sentence for each list, that the files hold only
    some of its pages. Raises BadInput.
    """
    recognised = _recognise_all(files, source, lacking)
    incidents = _read_all(recognised, now)
    if whole and not source:
        _refuse_half_known([record for file in recognised for record in file.found.records], incidents)
    return incidents


def _refuse_half_known(records: Sequence[Cursor], incidents: Sequence[Incident]) -> None:
    """Raise BadInput for a generic incident with unknown fields that does not call itself generic."""
    named = {record.at("id").text for record in records if generic.says_so(record)}
    for incident in incidents:
        if incident.source == generic.SYSTEM.name and incident.unused and incident.id not in named:
            raise BadInput(
                f"{incident.id or incident.title[:80]}: no system that pmctl knows writes such a record, and the "
                f"generic source has no {_named(incident.unused)}",
                hint="rename these fields as docs/incidents.md says, or judge it by the rest with --source generic",
            )


def _named(paths: Sequence[str]) -> str:
    names = [path.removeprefix("$").removeprefix("[]").removeprefix(".") for path in paths[:12]]
    return ", ".join(names) + (f" and {len(paths) - 12} more" if len(paths) > 12 else "")


def _recognise_all(
    files: Sequence[tuple[str, bytes]], source: str | None, lacking: Callable[[str], None] | None
) -> list[_File]:
    if not files:
        raise BadInput("no incident record was given", hint="name a file, or - for standard input")
    wanted = system_by_name(source) if source else None
    wanted = generic.NAMED if wanted is generic.SYSTEM else wanted
    recognised: list[_File] = []
    empty: list[tuple[str, Cursor]] = []
    for name, data in files:
        for value in parse_all(name, data):
            # With several files a path says which one it leads into.
            path = value.path if len(files) == 1 else f"{name.rsplit('/', 1)[-1]}:{value.path}"
            root = Cursor(value.value, path)
            found = _recognise(name, root, wanted)
            recognised += found
            empty += [] if found else [(name, root)]
    if lacking is not None:
        several = sum(len(file.found.records) for file in recognised) > 1
        pages = [
            page
            for file in recognised
            for page in pages_in(file.name, file.root, file.found.records, file.system.lists, several=several)
        ]
        pages += [page for name, root in empty for page in pages_in(name, root, (), _LISTS)]
        for sentence in what_lacks(pages):
            lacking(sentence)
    return recognised


def _read_all(recognised: list[_File], now: datetime | None) -> tuple[Incident, ...]:
    moment = now or datetime.now(UTC)
    incidents: list[Incident] = []
    for name in dict.fromkeys(file.system.name for file in recognised):
        incidents += _read_system([file for file in recognised if name == file.system.name], moment)
    return combine(incidents)


def _recognise(name: str, data: Cursor, wanted: System | None) -> list[_File]:
    """The system that recognises a value best; several for a list of different things, none for what holds nothing.

    Raises BadInput with what was seen and what the nearest system misses in it.
    """
    tried = (wanted,) if wanted else SYSTEMS
    judged = [(system, system.recognise(data)) for system in tried]
    system, best = max(judged, key=lambda pair: pair[1].score)
    if best.score > 0 and not best.strangers:
        return [_File(name, data, system, best)]
    if data.list and any(item.mapping for item in data.each()):
        return [file for item in data.each() if item for file in _recognise(name, item, wanted)]
    if best.strangers:
        raise BadInput(
            f"{name}: {best.strangers[0].path} is no {system.label} record like the others in its list",
            hint="take it out of the list, and give it in a file of its own",
            details=(_seen(best.strangers[0]),),
        )
    if holds_nothing(data, _LISTS):
        return []
    system, nearest = max(judged, key=lambda pair: pair[1].nearness)
    where = name if data.path.endswith("$") else f"{name}: {data.path}"
    lacking = ", ".join(nearest.missing)
    if wanted:
        article = "an" if system.label[0] in "AEIOU" or system.label == "incident.io" else "a"
        why = "its values are others" if nearest.missing == OTHER_VALUES else f"it has no {lacking}"
        raise BadInput(
            f"{where}: not {article} {system.label} record: {why}",
            hint="leave out --source to let the shape decide",
            details=(_seen(data),),
        )
    if data.list and not any(item.mapping for item in data.each()):
        what = "a list without records"
    else:
        what = "not a record that pmctl knows" if data.mapping or data.list else "neither an object nor a list"
    nearly = f"; nearest is {system.label}, which needs {lacking}" if nearest.nearness >= 0.5 else ""
    if nearest.missing == OTHER_VALUES:
        nearly = f"; it has the fields of {system.label}, but not its values"
    raise BadInput(
        f"{where}: {what}{nearly}",
        hint="export it as the system's API returns it, or rename its fields to title, started_at, timeline, ...",
        details=(_seen(data), f"tried: {', '.join(system.label for system in SYSTEMS)}"),
    )


def _seen(data: Cursor) -> str:
    """What stands there, for the person who wonders why it was not recognised."""
    if not data.mapping:
        return f"seen: {'a list' if data.list else _in_words(data.value)}"
    keys = [key for key, _ in data.members()]
    inner = [f"{key} is null" for key, place in data.members() if len(keys) <= 4 and place.value is None]
    inner += [f"{key} with {_keys(place)}" for key, place in data.members() if len(keys) <= 4 and _keys(place)]
    return line(f"seen: {'; '.join((_keys(data), *inner))}", 600)


def _in_words(value: object) -> str:
    """A value that is neither an object nor a list, as people call it."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return line(f"the number {value}", 60)
    return line(f"the text {str(value)!r}", 60) if str(value).strip() else "an empty text"


def _keys(place: Cursor) -> str:
    """The first keys of an object, or of the first object in a list."""
    if place.list:
        return next((_keys(item) for item in place.sample() if item.mapping), "")
    keys = [key for key, _ in place.members()]
    return ", ".join(keys[:20]) + (f" and {len(keys) - 20} more" if len(keys) > 20 else "")


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
    roots = [file.root for file in files]
    return [
        _incident(system, now, record, _parts_of(number, records, files), roots if len(records) == 1 else [record])
        for number, record in records
    ]


def _incident(
    system: System, now: datetime, record: Cursor, parts: tuple[Cursor, ...], roots: Sequence[Cursor]
) -> Incident:
    """One incident, and what nobody read of the values in `roots`."""
    found = Assembly(system.name, now)
    looked: set[str] = set()
    watched = tuple(replace(part, looked=looked) for part in parts)
    resolved = system.read(found, replace(record, looked=looked), watched)
    unused = unused_fields(roots, looked, (record.path, *(part.path for part in parts)))
    if unused and system.name == generic.SYSTEM.name:
        found.warn(f"not used, because the generic source has no such field: {_named(unused)}")
    return replace(found.finish(resolved=resolved), unused=unused)


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
