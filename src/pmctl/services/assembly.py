"""Puts an incident together from what the module of a system finds, the same way for all of them.

First value wins for each field, and its path is kept. At the end events are sorted, duplicates
dropped and the key moments marked, and what looks wrong (reversed, future or unreadable times) becomes a warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS, Event, FollowUp, Impact, Incident, Participant, Reference
from pmctl.services.instants import parse_instant
from pmctl.services.people import People

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


class Assembly:
    """An incident in the making. The module of a system fills it; `finish` normalises and freezes it.

    `now` (aware) is what times are compared with to find those in the future, `zone` what times without one are in.
    """

    def __init__(self, source: str, now: datetime) -> None:
        self.source = source
        self.now = now
        self.zone: tzinfo = UTC
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

    def text(self, field: str, *places: Cursor, value: str | None = None) -> None:
        """Fill a text field from the first place that holds text; `value` replaces what stands there."""
        for place in places:
            found = value if value is not None else place.text
            if found and field not in self._fields:
                self._fields[field] = found
                self._provenance[field] = place.path

    def texts(self, record: Cursor, **keys: str) -> None:
        """Fill text fields, each from the member of a record that `keys` names for it."""
        for field, key in keys.items():
            self.text(field, record.at(key))

    def urgency(self, place: Cursor) -> None:
        """Fill the urgency when the source uses one of the three words."""
        self.text("urgency", place, value=URGENCIES.get(place.text.lower(), ""))

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
            self._lists[field].setdefault(text, place.path)
            self._provenance.setdefault(field, place.path)

    def names(self, field: str, listed: Cursor, *path: str) -> None:
        """Add what stands at `path` in every item of a list."""
        for item in listed.each():
            self.name(field, item.at(*path))

    def person(self, place: Cursor, *, name: str = "", email: str = "", handle: str = "") -> str:
        """Add a participant, or complete one that is known; returns the name to use in the timeline."""
        shown = self._people.add(Participant(name, email, handle, place.path))
        if shown:
            self._provenance.setdefault("participants", place.path)
        return shown

    def user(self, place: Cursor) -> str:
        """Add a participant who is written down as `{name, email}`; returns the name to use in the timeline."""
        return self.person(place, name=place.at("name").text, email=place.at("email").text)

    def event(self, at: Cursor, text: str, *, who: str = "", kind: str = "", path: str = "") -> None:
        """Add a timeline entry; one without text or time is left out, the latter with a warning."""
        if not text.strip():
            return
        when = self.instant(at)
        if when is not None:
            self._events.append(Event(when, text.strip(), who, kind, path or at.path))

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
        """Add a row of the Impact section."""
        if measurement.strip():
            self._impacts.append(Impact(kind, measurement.strip(), place.path))
            self._provenance.setdefault("impacts", place.path)

    def warn(self, sentence: str) -> None:
        """Tell the person who imports."""
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    def finish(self, *, resolved: bool) -> Incident:
        """The incident."""
        self._moments_from_events(resolved)
        events = tidy([*self._events, *self._missing_moments()])
        self._check(resolved, events)
        if events:
            self._provenance.setdefault("timeline", events[0].path)
        values: dict[str, Any] = {"id": "", **self._fields, **self._moments}
        values |= {name: tuple(texts) for name, texts in self._lists.items()}
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
        )

    def _moments_from_events(self, resolved: bool) -> None:
        """A moment that only the timeline knows is taken from its first entry.

        Of resolutions the last one counts, and none while the incident is open: it was opened again.
        """
        for field, kind in MOMENTS:
            marked = [event for event in self._events if event.kind == kind]
            if marked and field not in self._moments and (resolved or kind != "resolved"):
                pick = max if kind == "resolved" else min
                event = pick(marked, key=lambda event: event.at)
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
            if kind == "resolved" and any(event.at > at + timedelta(minutes=1) for event in self._events):
                continue
            # A start at a moment that the timeline tells of anyway says nothing new.
            if kind == "started" and (_minute(at) in minutes or at == self._moments.get("detected_at")):
                continue
            yield Event(at, _MOMENT_TEXTS[kind], "", kind, self._provenance[field])

    def _check(self, resolved: bool, events: tuple[Event, ...]) -> None:
        if self._unreadable:
            self.warn(f"{_some(self._unreadable)}: not a time that can be read, left out")
        if self._unzoned:
            self.warn(f"{_some(self._unzoned)}: names no time zone, read as {self.zone}")
        ordered = [(field, self._moments[field]) for field, _ in MOMENTS if field in self._moments]
        for (earlier, first), (later, second) in pairwise(ordered):
            if second < first:
                self.warn(f"{later} lies before {earlier}; correct one of them")
        self._warnings += [f"{field} lies in the future" for field, at in ordered if at > self.now + _FUTURE_TOLERANCE]
        end, start = self._moments.get("resolved_at"), self._moments.get("started_at")
        if events and end and events[-1].at > end + timedelta(minutes=1):
            self.warn("the timeline goes on after resolved_at; check when the incident was over")
        if events and start and events[0].at < start - timedelta(minutes=1):
            self.warn("the timeline begins before started_at; check when the incident started")
        if resolved and end is None:
            self.warn("the record says that the incident is resolved, but not when")
        if start is None:
            self.warn("the record does not say when the incident started")


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def tidy(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events in order of time, each once: same minute and same text is the same event.

    The one that marks a key moment wins, then the one that says who.
    """
    kept: dict[tuple[int, str, str], Event] = {}
    for event in sorted(events, key=lambda event: event.at):
        key = (_minute(event.at), " ".join(event.text.casefold().split()), event.label)
        known = kept.get(key)
        if known is None:
            kept[key] = event
        else:
            kept[key] = replace(known, kind=known.kind or event.kind, who=known.who or event.who)
    return tuple(kept.values())
