"""Any other system: JSON or YAML with the field names of a postmortem's own front matter.

`title` and at least one of the other fields, plus `timeline: [{at, text, who}]`,
`action_items: [{description, owner, due, priority, status, ticket, notes}]`, `impact: {type: measurement}`.
A record is taken for one of these when it says `source: generic`, or when its fields are those: all of them, or half
with a time among them. What it does not use is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from pmctl.document.fields import FIELDS
from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS
from pmctl.services.instants import parse_instant
from pmctl.services.recognition import OTHER_VALUES, Recognition, candidates, score_match
from pmctl.services.system import System

_LISTS = ("services", "teams", "tags", "root_causes")
_STATUSES = ("OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO")
_DONE = ("resolved", "closed", "completed", "done", "published", "archived")
_FIELDS = "started_at|resolved_at|detected_at|summary|timeline|services|severity|urgency|incidents"
_OURS = frozenset(field.name for field in FIELDS) | {
    "source", "id", "url", "summary", "timeline", "participants", "action_items", "impact", "teams",
}  # fmt: skip
_HANDLE = re.compile(r"@?[a-z0-9][a-z0-9-]*")
_KINDS = tuple(kind for _, kind in MOMENTS)


def recognise(data: Cursor) -> Recognition:
    """A mapping in the front matter's words. The lowest score: every system's own shape comes first."""
    found = score_match(candidates(data), ("title", _FIELDS), accept=_is_ours)
    missing = found.missing
    if missing == OTHER_VALUES:
        missing = ("fields that are all those of a postmortem's front matter, or source: generic",)
    return Recognition(min(found.score, 5), missing, found.nearness / 2, found.records, strangers=found.strangers)


def _is_ours(record: Cursor) -> bool:
    if says_so(record):
        return True
    names = {name for name, place in record.members() if place}
    known = names & _OURS
    moments = [field for field, _ in MOMENTS if parse_instant(record.at(field).value).at is not None]
    return known == names or (2 * len(known) >= len(names) and bool(moments or record.at("timeline").list))


def says_so(record: Cursor) -> bool:
    """Whether a record calls itself a generic one."""
    return record.at("source").text.lower() == "generic"


def _recognise_named(data: Cursor) -> Recognition:
    """With `--source generic` whatever has a title and one of the other fields."""
    return score_match(candidates(data), ("title", _FIELDS))


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident. `resolved` follows `status` where there is one, else whether there is an end."""
    record.at("source")
    linked = record.at("incidents", 0)
    found.text("id", record.at("id"), linked.at("id"))
    found.text("url", record.at("url"), linked.at("url"))
    for field in ("title", "summary", "status", "severity"):
        found.text(field, record.at(field))
    found.urgency(record.at("urgency"))
    for field in _LISTS:
        listed = record.at(field)
        if listed.text:
            for word in listed.text.split(",") if field != "root_causes" else (listed.text,):
                found.name(field, listed, word)
            continue
        for item in found.listed(listed):
            found.name(field, item.at("name") if item.mapping else item)
    for field, _ in MOMENTS:
        found.moment(field, record.at(field))
    for person in _several(found, record.at("participants")):
        _person(found, person)
    for entry in found.listed(record.at("timeline")):
        _entry(found, entry)
    for item in _several(found, record.at("action_items")):
        _action(found, item)
    impact = record.at("impact")
    for kind, measure in impact.members():
        found.impact(kind, measure.text, measure)
    for item in impact.each():
        found.impact(item.first("type", "kind").text or "Impact", item.text or item.at("measurement").text, item)
    found.impact("Impact", impact.text, impact)
    status = record.at("status").text.lower()
    ended = found.known("resolved_at") is not None
    return status in _DONE or (ended and status in ("", "draft", "in_review", "mitigated"))


def _several(found: Assembly, place: Cursor) -> Iterable[Cursor]:
    """The items of a list; one value alone is a list of one."""
    return (place,) if place.text or place.mapping else found.listed(place)


def _entry(found: Assembly, entry: Cursor) -> None:
    if entry.text:  # a line, mostly with its time before the text
        words = entry.text.split(" ", 1)
        dated = len(words) == 2 and parse_instant(words[0]).at is not None
        found.event(Cursor(words[0] if dated else None, entry.path), words[1] if dated else entry.text)
        return
    pair = [*entry.each()] or [Cursor(key, entry.path) for key, _ in entry.members()][:1]
    if entry.list or (len([*entry.members()]) == 1 and parse_instant(pair[0].value).at is not None):
        # [time, text, who], or {time: text}
        texts = [item.text for item in (pair[1:] if entry.list else [place for _, place in entry.members()])]
        who = _person(found, Cursor(texts[1], entry.path)) if len(texts) > 1 and texts[1] else ""
        if not any(texts[:1]):
            found.warn(f"{entry.path}: a timeline entry without a text, left out")
        found.event(pair[0] if pair else entry, texts[0] if texts else "", who=who, path=entry.path)
        return
    kind = entry.at("kind").text
    names = [_person(found, who) for who in _several(found, entry.first("who", "by", "author"))]
    text = entry.first("text", "event", "description", "message", "note", "summary").text
    if not text:
        found.warn(f"{entry.path}: a timeline entry without a text, left out")
    found.event(
        entry.first("at", "time", "timestamp", "when"),
        text,
        who=", ".join(filter(None, names)),
        kind=kind if kind in _KINDS else "",
        path=entry.path,
    )


def _person(found: Assembly, person: Cursor) -> str:
    """A mapping with name, email, handle, or one text that is an e-mail, a handle or a name."""
    if person.mapping:
        handle = person.at("handle").text.lstrip("@")
        return found.person(person, name=person.at("name").text, email=person.at("email").text, handle=handle)
    text = person.text
    if "@" in text[1:]:
        return found.person(person, email=text)
    if _HANDLE.fullmatch(text):
        return found.person(person, handle=text.lstrip("@"))
    return found.person(person, name=text)


def _action(found: Assembly, item: Cursor) -> None:
    status = item.at("status").text.upper()
    found.action(
        item,
        item.text or item.first("description", "action", "text").text,
        status=status if status in _STATUSES else "OPEN",
        owner=_person(found, item.at("owner")),
        due=item.at("due").text,
        priority=item.at("priority").text,
        ticket=item.at("ticket").text,
        notes=item.at("notes").text,
    )


SYSTEM = System(
    name="generic",
    label="generic JSON or YAML",
    recognise=recognise,
    read=read,
    lists=("incidents", "timeline", "action_items"),
)
NAMED = replace(SYSTEM, recognise=_recognise_named)
"""The same for a record that somebody calls generic with --source."""
