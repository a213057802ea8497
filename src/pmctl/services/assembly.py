"""Puts an incident together from what the module of a system finds, the same way for all of them.

First value wins for each field, and its path is kept. At the end events are sorted, duplicates
dropped and the key moments marked, and what looks wrong or was left out (reversed, future or unreadable times, values
of another type, entries without a time) becomes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS, Event, FollowUp, Impact, Incident, Participant, Reference
from pmctl.services.instants import parse_instant
from pmctl.services.order import oldest_first
from pmctl.services.people import People, is_bot, is_nobody

URGENCIES = {"high": "HIGH", "medium": "MEDIUM", "low": "LOW"}
PRIORITIES = {**URGENCIES, "urgent": "HIGH", "normal": "MEDIUM"}

# What a key moment is called in the timeline when no entry of the source marks it.
_MOMENT_TEXTS = {
    "started": "Incident started",
    "detected": "Incident detected",
    "acknowledged": "Incident acknowledged",
    "mitigated": "Impact mitigated",
    "resolved": "Incident resolved",
}
_FUTURE_TOLERANCE = timedelta(minutes=5)  # clocks differ
# What systems write where nobody has chosen a severity.
_UNSET = frozenset(("unset", "not set", "none set", "unknown", "pending", "undefined", "unspecified", "unassigned",
                    "undetermined", "n/a", "na", "null", "nil", "tbd", "-", "--none--"))  # fmt: skip
_NO_NUMBERS = frozenset(("nan", "inf", "infinity"))  # what a broken computation leaves, as JSON and YAML write it
# Some organisations say with the severity that it was none.
_EXEMPT_SEVERITIES = {"gameday": "test", "drill": "test", "test": "test", "exercise": "test", "maintenance": "planned"}
_LAST_INDEX = re.compile(r"\[\d+\](?!.*\[\d+\]).*", re.DOTALL)


class Assembly:
    """An incident in the making. The module of a system fills it; `finish` normalises and freezes it.

    `now` (aware) is what times are compared with to find those in the future, `zone` what times without one are in.
    `newest_first` says how the source lists entries where their times do not show it.
    """

    def __init__(self, source: str, now: datetime) -> None:
        self.source = source
        self.now = now
        self.zone: tzinfo = UTC
        self.newest_first = False
        self._fields: dict[str, str] = {}
        self._moments: dict[str, datetime] = {}
        self._lists: dict[str, dict[str, str]] = {"services": {}, "teams": {}, "tags": {}, "root_causes": {}}
        self._provenance: dict[str, str] = {}
        self._events: list[Event] = []
        self._people = People()
        self._actions: list[FollowUp] = []
        self._impacts: list[Impact] = []
        self._warnings: list[str] = []
        self._unreadable: list[str] = []
        self._unzoned: list[str] = []
        self._untimed: list[str] = []
        self._afterwards: set[str] = set()
        self._misfits: dict[str, list[str]] = {}
        self._exempt = ("", "")

    def text(self, field: str, *places: Cursor, value: str | None = None) -> None:
        """Fill a text field from the first place that holds text; `value` replaces what stands there."""
        for place in places:
            found = value if value is not None else place.text
            if field == "severity" and found.lower() in _UNSET:
                continue
            if field == "severity" and found.lower().lstrip("+-.") in _NO_NUMBERS:
                self._misfit(field, place)
                continue
            if found and field not in self._fields:
                self._fields[field] = found
                self._provenance[field] = place.path
            elif place and not place.text:
                self._misfit(field, place)

    def texts(self, record: Cursor, **keys: str) -> None:
        """Fill text fields, each from the member of a record that `keys` names for it."""
        for field, key in keys.items():
            self.text(field, record.at(key))

    def urgency(self, place: Cursor) -> None:
        """Fill the urgency when the source uses one of the three words."""
        word = URGENCIES.get(place.text.lower(), "")
        self.text("urgency", place, value=word)
        if place and not word:
            self._misfit("urgency", place)

    def _misfit(self, field: str, place: Cursor) -> None:
        """Remember a value that is of no use for a field, in case nothing else fills it."""
        self._misfits.setdefault(field, []).append(f"{place.path} ({_kind(place)})")

    def instant(self, place: Cursor) -> datetime | None:
        """The time at a place; remembers what can't be read and what names no zone."""
        read = parse_instant(place.value, self.zone)
        if not read.readable:
            self._unreadable.append(f"{place.path} ({str(place.value)[:40]!r})")
        elif not read.zoned:
            self._unzoned.append(place.path)
        return read.at

    def moment(self, field: str, *places: Cursor) -> None:
        """Fill one of the MOMENTS from the first place that holds a time."""
        for place in places:
            if field not in self._moments and (at := self.instant(place)) is not None:
                self._moments[field] = at
                self._provenance[field] = place.path

    def known(self, field: str) -> datetime | None:
        """The time in a moment's field so far."""
        return self._moments.get(field)

    def name(self, field: str, place: Cursor, value: str | None = None) -> None:
        """Add one entry to services, teams, tags or root_causes; duplicates are dropped."""
        text = " ".join((place.text if value is None else value).split())
        if text:
            self._lists[field].setdefault(text.casefold(), text)
            self._provenance.setdefault(field, place.path)
        elif place and not place.text:
            self.warn(f"{place.path} ({_kind(place)}): not one of the {field.replace('_', ' ')}, left out")

    def names(self, field: str, listed: Cursor, *path: str) -> None:
        """Add what stands at `path` in every item of a list."""
        self.listed(listed)
        for item in listed.each():
            self.name(field, item.at(*path))

    def listed(self, place: Cursor) -> Iterable[Cursor]:
        """The items of a list; a value that is none is left out with a warning."""
        if place and not place.list:
            self.warn(f"{place.path} ({_kind(place)}): not a list, left out")
        return place.each()

    def person(self, place: Cursor, *, name: str = "", email: str = "", handle: str = "") -> str:
        """Add a participant, or complete one that is known; returns the name to use in the timeline.

        A bot keeps its name and is no participant; "System" is nobody.
        """
        if is_nobody(name or handle or email):
            return ""
        if is_bot(name) or is_bot(handle):
            return name or handle
        shown = self._people.add(Participant(name, email, handle, place.path))
        if shown:
            self._provenance.setdefault("participants", place.path)
        return shown

    def user(self, place: Cursor) -> str:
        """Add a participant who is written down as `{name, email}`; returns the name to use in the timeline."""
        return self.person(place, name=place.at("name").text, email=place.at("email").text)

    def event(self, at: Cursor, text: str, *, who: str = "", kind: str = "", path: str = "", entry: str = "") -> None:
        """Add a timeline entry; one without text or time is left out, the latter with a warning.

        `entry` is the source's own id of it: entries of one list that have different ids are never the same.
        """
        if not text.strip():
            return
        read = parse_instant(at.value, self.zone)
        when = self.instant(at)
        if when is not None:
            event = Event(when, text.strip(), who, kind, path or at.path, nanosecond=read.nanosecond, entry=entry)
            self._events.append(event)
        elif read.readable:
            self._untimed.append(" ".join(text.split()))

    def afterwards(self, path: str) -> None:
        """Say that the entry from this path was written when the incident was over: it says nothing of its end."""
        self._afterwards.add(path)

    def exempt(self, why: str, because: str) -> None:
        """Say that the record is no incident of its own: `why` is one of EXEMPTIONS, `because` a clause for people."""
        if not self._exempt[0]:
            self._exempt = (why, because)

    def start_from_creation(self, created: Cursor) -> None:
        """Without a start of the impact take the creation of the incident, and say so."""
        if "started_at" not in self._moments:
            self.moment("started_at", created)
            self.warn("the record names no start of the impact; took the creation of the incident")

    def marked(self, kind: str) -> bool:
        """Whether an entry of the timeline marks this key moment."""
        return any(event.kind == kind for event in self._events)

    def action(
        self,
        place: Cursor,
        description: str,
        *,
        status: str = "OPEN",
        owner: str = "",
        due: str = "",
        priority: str = "",
        ticket: str = "",
        notes: str = "",
    ) -> None:
        """Add an action item. `owner` is a name that `person` or `user` returned, `priority` the source's word."""
        if description.strip():
            priority = PRIORITIES.get(priority.lower(), "")
            person = self._people.named(owner)
            item = FollowUp(description, status, person, due, priority, ticket, notes, place.path)
            self._actions.append(item)
            self._provenance.setdefault("action_items", place.path)

    def impact(self, kind: str, measurement: str, place: Cursor) -> None:
        """Add a row of the Impact section. A field that only says that there was such an impact says "yes"."""
        measurement = measurement.strip() or ("yes" if place.value is True else "")
        if measurement:
            self._impacts.append(Impact(kind, measurement, place.path))
            self._provenance.setdefault("impacts", place.path)

    def warn(self, sentence: str) -> None:
        """Tell the person who imports."""
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    def finish(self, *, resolved: bool) -> Incident:
        """The incident."""
        self._in_order()
        self._moments_from_events(resolved)
        early: list[Event] = []
        late: list[Event] = []
        for event in self._missing_moments():
            (early if event.kind == "started" else late).append(event)
        events = tidy([*early, *self._events, *late])
        self._check(resolved, events)
        if events:
            self._provenance.setdefault("timeline", events[0].path)
        values: dict[str, Any] = {"id": "", **self._fields, **self._moments}
        values |= {name: tuple(texts.values()) for name, texts in self._lists.items()}
        if kind := _EXEMPT_SEVERITIES.get(values.get("severity", "").lower().replace(" ", "")):
            self.exempt(kind, f"its severity is {values['severity']}")
        if not values.get("url", "").startswith(("https://", "http://")):
            values["url"] = ""
        return Incident(
            source=self.source,
            resolved=resolved,
            **values,
            events=events,
            participants=self._people.all(),
            action_items=tuple(self._actions),
            impacts=tuple(self._impacts),
            provenance=dict(self._provenance),
            warnings=tuple(self._warnings),
            references=(Reference(self.source, values["id"], values["url"]),) if values["id"] else (),
            exempt=self._exempt[0],
            exempt_because=self._exempt[1],
        )

    def _in_order(self) -> None:
        """Put the entries of each list into the order in which they happened."""
        lists: dict[str, list[Event]] = {}
        for event in self._events:
            lists.setdefault(_LAST_INDEX.sub("", event.path), []).append(event)
        self._events = [
            event
            for listed in lists.values()
            for event in oldest_first(listed, lambda one: one.order, newest_first=self.newest_first)
        ]

    def _moments_from_events(self, resolved: bool) -> None:
        """A moment that only the timeline knows is taken from its first entry.

        Of resolutions the last one counts, also where a field names an earlier one, and none while the incident is
        open: it was opened again.
        """
        for field, kind in MOMENTS:
            marked = [event for event in self._events if event.kind == kind]
            if not marked or (kind == "resolved" and not resolved):
                continue
            event = max(marked, key=lambda one: one.order) if kind == "resolved" else min(marked, key=lambda o: o.order)
            if field not in self._moments or (kind == "resolved" and event.at > self._moments[field]):
                self._moments[field] = event.at
                self._provenance[field] = event.path

    def _missing_moments(self) -> Iterable[Event]:
        """Entries for the key moments that no entry of the timeline marks."""
        kinds = {event.kind for event in self._events}
        minutes = {_minute(event.at) for event in self._events}
        for field, kind in MOMENTS:
            at = self._moments.get(field)
            if at is None or kind in kinds:
                continue
            # A resolution that the timeline goes on after is doubtful; a warning says so, not a row.
            if kind == "resolved" and self._goes_on(at, self._events):
                continue
            # A start at a moment that the timeline tells of anyway says nothing new.
            if kind == "started" and (_minute(at) in minutes or at == self._moments.get("detected_at")):
                continue
            yield Event(at, _MOMENT_TEXTS[kind], "", kind, self._provenance[field])

    def _goes_on(self, end: datetime, events: Iterable[Event]) -> bool:
        """Whether the timeline tells of the incident after its end."""
        late = end + timedelta(minutes=1)
        return any(event.at > late and event.path not in self._afterwards for event in events)

    def _check(self, resolved: bool, events: tuple[Event, ...]) -> None:
        if self._unreadable:
            self.warn(f"{_some(self._unreadable)}: not a time that can be read, left out")
        if self._unzoned:
            self.warn(f"{_some(self._unzoned)}: names no time zone, read as {self.zone}")
        if self._untimed:
            count = len(self._untimed)
            what = "1 timeline entry has" if count == 1 else f"{count} timeline entries have"
            quoted = _some([f"“{text[:60]}”" for text in self._untimed])
            self.warn(f"{what} no time, left out: {quoted}")
        for field, places in self._misfits.items():
            if field not in self._fields:
                self.warn(f"{_some(places)}: not a value for {field}, left out")
        ordered = [(field, self._moments[field]) for field, _ in MOMENTS if field in self._moments]
        for (earlier, first), (later, second) in pairwise(ordered):
            if second < first:
                self.warn(f"{later} lies before {earlier}; correct one of them")
        self._warnings += [f"{field} lies in the future" for field, at in ordered if at > self.now + _FUTURE_TOLERANCE]
        end, start = self._moments.get("resolved_at"), self._moments.get("started_at")
        if end and self._goes_on(end, events):
            self.warn("the timeline goes on after resolved_at; check when the incident was over")
        announced = self._exempt[0] == "planned"
        if events and start and events[0].at < start - timedelta(minutes=1) and not announced:
            self.warn("the timeline begins before started_at; check when the incident started")
        if resolved and end is None:
            self.warn("the record says that the incident is resolved, but not when")
        if start is None:
            self.warn("the record does not say when the incident started")


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _kind(place: Cursor) -> str:
    """What kind of value stands there, and the value where it is short."""
    if place.mapping or place.list:
        return "a list" if place.list else "an object"
    return repr(place.value)[:40]


def tidy(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events in order of time, each once: same minute and same text is the same event, told twice.

    What two people said, and what the source tells apart by ids, stays two events. The one that marks a key moment
    wins, then the one that says who.
    """
    kept: list[Event] = []
    alike: dict[tuple[int, str, str], list[int]] = {}
    for event in sorted(events, key=lambda event: event.order):
        key = (_minute(event.at), " ".join(event.text.casefold().split()), event.label)
        numbers = alike.setdefault(key, [])
        number = next((number for number in numbers if _same(kept[number], event)), None)
        if number is None:
            numbers.append(len(kept))
            kept.append(event)
        else:
            known = kept[number]
            kept[number] = replace(known, kind=known.kind or event.kind, who=known.who or event.who)
    return tuple(kept)


def _same(first: Event, second: Event) -> bool:
    """Whether two events of the same words and minute are one."""
    if first.entry and second.entry and _LAST_INDEX.sub("", first.path) == _LAST_INDEX.sub("", second.path):
        return first.entry == second.entry
    return not first.who or not second.who or first.who.casefold() == second.who.casefold()
