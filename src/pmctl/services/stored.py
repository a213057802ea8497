"""An incident as the import document keeps it, so that a later refresh or link can merge it again.

Incident -> plain values -> Incident. Only what has a value is written. E-mail addresses of people whom the
policy does not know are left out: a repository is no address book.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict
from typing import Any

from pmctl.errors import BadInput
from pmctl.services.incident import MOMENTS, Event, FollowUp, Impact, Incident, Participant, Reference
from pmctl.services.instants import format_instant, parse_instant
from pmctl.services.text import clean

_TEXTS = ("source", "id", "url", "title", "summary", "status", "severity", "urgency")
_NAMES = ("services", "teams", "tags", "root_causes")
_URGENCIES = ("", "HIGH", "MEDIUM", "LOW")


def stored(incident: Incident, known: Container[str]) -> dict[str, object]:
    """The plain values of one incident; `known` holds the e-mail addresses that may be kept, in lower case."""
    value: dict[str, object] = {name: clean(getattr(incident, name)) for name in _TEXTS}
    value |= {name: [clean(text) for text in getattr(incident, name)] for name in _NAMES}
    value |= {name: format_instant(at) for name, _ in MOMENTS if (at := incident.moment(name)) is not None}
    value["events"] = [{**_plain(event), "at": format_instant(event.at)} for event in incident.events]
    value["participants"] = [_person(person, known) for person in incident.participants]
    value["action_items"] = [
        {**_plain(item), **({"owner": _person(item.owner, known)} if item.owner else {})}
        for item in incident.action_items
    ]
    value["impacts"] = [_plain(row) for row in incident.impacts]
    value["provenance"] = {name: clean(path) for name, path in incident.provenance.items()}
    return {"resolved": incident.resolved, **{name: item for name, item in value.items() if item}}


def restored(value: object, path: str) -> Incident:
    """The incident that `stored` wrote. Raises BadInput, naming the import document `path`, for anything else."""
    try:
        return _incident(value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadInput(f"{path}: holds an incident that cannot be read", hint="restore the file from git") from error


def _plain(item: Event | FollowUp | Impact) -> dict[str, object]:
    texts = {name: value for name, value in asdict(item).items() if isinstance(value, str) and value}
    return {name: clean(text) for name, text in texts.items()}


def _person(person: Participant, known: Container[str]) -> dict[str, object]:
    email = person.email if person.email.lower() in known else ""
    # Somebody without a name or handle is known by their address alone: its first part tells them apart.
    name = person.name or ("" if person.handle or email else person.email.partition("@")[0])
    values = {"name": name, "email": email, "handle": person.handle, "path": person.path}
    return {key: clean(text) for key, text in values.items() if text}


def _incident(value: object) -> Incident:
    fields = _mapping(value)
    texts: dict[str, Any] = {name: _text(fields.get(name, "")) for name in _TEXTS}
    if texts["urgency"] not in _URGENCIES or not isinstance(fields["resolved"], bool):
        raise ValueError("not one of the known words")
    names: dict[str, Any] = {name: tuple(map(_text, _list(fields.get(name, [])))) for name in _NAMES}
    moments: dict[str, Any] = {name: parse_instant(_text(fields.get(name, ""))).at for name, _ in MOMENTS}
    return Incident(
        **texts,
        **names,
        **moments,
        resolved=fields["resolved"],
        events=tuple(map(_event, _list(fields.get("events", [])))),
        participants=tuple(map(_participant, _list(fields.get("participants", [])))),
        action_items=tuple(map(_follow_up, _list(fields.get("action_items", [])))),
        impacts=tuple(Impact(**_texts(row)) for row in _list(fields.get("impacts", []))),
        provenance=_texts(fields.get("provenance", {})),
        references=(Reference(texts["source"], texts["id"], texts["url"]),) if texts["id"] else (),
    )


def _event(value: object) -> Event:
    fields = _texts(value)
    at = parse_instant(fields.pop("at")).at
    if at is None:
        raise ValueError("an event without a time")
    return Event(at, **fields)


def _participant(value: object) -> Participant:
    return Participant(**{"name": "", **_texts(value)})


def _follow_up(value: object) -> FollowUp:
    fields = dict(_mapping(value))
    owner = fields.pop("owner", None)
    return FollowUp(owner=_participant(owner) if owner is not None else None, **_texts(fields))


def _texts(value: object) -> dict[str, str]:
    return {name: _text(text) for name, text in _mapping(value).items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return value
