"""Any other system: JSON or YAML with the field names of a postmortem's own front matter.

`title` and at least one of the other fields, plus `timeline: [{at, text, who}]`,
`action_items: [{description, owner, due, priority, status, ticket, notes}]`, `impact: {type: measurement}`.
"""

from __future__ import annotations

import re

from pmctl.services.assembly import Assembly
from pmctl.services.cursor import Cursor
from pmctl.services.incident import MOMENTS
from pmctl.services.recognition import Recognition, candidates, score_match
from pmctl.services.system import System

_LISTS = ("services", "teams", "tags", "root_causes")
_STATUSES = ("OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO")
_DONE = ("resolved", "closed", "completed", "done", "published", "archived")
_FIELDS = "started_at|resolved_at|detected_at|summary|timeline|services|severity|urgency|incidents"
_HANDLE = re.compile(r"@?[a-z0-9][a-z0-9-]*")
_KINDS = tuple(kind for _, kind in MOMENTS)


def recognise(data: Cursor) -> Recognition:
    """A mapping in the front matter's words. The lowest score: every system's own shape comes first."""
    found = score_match(candidates(data), ("title", _FIELDS))
    return Recognition(min(found.score, 5), found.missing, found.nearness / 2, found.records)


def read(found: Assembly, record: Cursor, parts: tuple[Cursor, ...]) -> bool:
    """One incident. `resolved` follows `status` where there is one, else whether there is an end."""
    linked = record.at("incidents", 0)
    found.text("id", record.at("id"), linked.at("id"))
    found.text("url", record.at("url"), linked.at("url"))
    for field in ("title", "summary", "status", "severity"):
        found.text(field, record.at(field))
    found.urgency(record.at("urgency"))
    for field in _LISTS:
        listed = record.at(field)
        for item in (listed,) if listed.text else listed.each():
            found.name(field, item.at("name") if item.mapping else item)
    for field, _ in MOMENTS:
        found.moment(field, record.at(field))
    for person in record.at("participants").each():
        _person(found, person)
    for entry in record.at("timeline").each():
        who = entry.at("who")
        kind = entry.at("kind").text
        found.event(
            entry.first("at", "time"),
            entry.first("text", "event").text,
            who=", ".join(
                filter(None, (_person(found, w) for w in ((who,) if who.text or who.mapping else who.each())))
            ),
            kind=kind if kind in _KINDS else "",
            path=entry.path,
        )
    for item in record.at("action_items").each():
        _action(found, item)
    impact = record.at("impact")
    if isinstance(impact.value, dict):
        for key in impact.value:
            found.impact(str(key), impact.at(str(key)).text, impact.at(str(key)))
    else:
        found.impact("Impact", impact.text, impact)
    status = record.at("status").text.lower()
    ended = found.known("resolved_at") is not None
    return status in _DONE or (ended and status in ("", "draft", "in_review", "mitigated"))


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


SYSTEM = System(name="generic", label="generic JSON or YAML", recognise=recognise, read=read)
