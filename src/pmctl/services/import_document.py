"""The import document, `.pmctl/imports/<id>.json`: what was filled in from which incident record.

By it a refresh tells what people have edited since, and linking merges the incidents again. Only what has a value is
written; text is cleaned.
"""

from __future__ import annotations

import json
import types
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pmctl.errors import BadInput
from pmctl.services.incident import Incident, Participant, Reference
from pmctl.text import clean, parse_utc, utc

SCHEMA = "pmctl/import/v1"
_URGENCIES = ("", "HIGH", "MEDIUM", "LOW")
# What an incident does not need to be merged again, or what follows from the rest.
_LEFT_OUT = ("warnings", "references", "parts", "unused")


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """Something that happened: when (UTC, whole seconds), what, and by whom. `path` is where a record says so.

    Texts are those of table cells, as they read back (`pmctl.document.markdown_text.cell_text`). `code` is the Markdown
    of the blocks of code that belong to it and stand below the table, to which its text points.
    """

    at: datetime
    event: str
    who: str = ""
    path: str = field(default="", compare=False)
    code: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportDocument:
    """What a postmortem took from its incidents, as it was written.

    `values` are front matter values by field, and the summary; `paths` where in the records each was. `parts` are
    the incidents as they were read.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    timeline: tuple[TimelineRow, ...] = ()
    impact: tuple[tuple[str, str], ...] = ()
    action_items: tuple[str, ...] = ()
    parts: tuple[Incident, ...] = ()
    incidents: tuple[Reference, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)


def import_bytes(document: ImportDocument) -> bytes:
    """The file's content: readable, ASCII, keys sorted, one final newline."""
    value = {
        "schema": SCHEMA,
        "incidents": [{"source": one.source, "id": one.id, "url": one.url} for one in document.incidents],
        "fields": {
            name: {"path": clean(document.paths.get(name, "")), "value": value}
            for name, value in document.values.items()
        },
        "timeline": [
            {"at": utc(row.at), "text": row.event, "who": row.who, "path": clean(row.path)}
            | ({"code": row.code} if row.code else {})
            for row in document.timeline
        ],
        "impact": document.impact,
        "action_items": document.action_items,
        "parts": _plain(document.parts),
    }
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def read_import(data: bytes, path: str) -> ImportDocument:
    """The import document in the file `path`. Raises BadInput when it is not one."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not valid JSON", hint="restore the file from git") from error
    try:
        if value["schema"] != SCHEMA:
            raise ValueError(f"not {SCHEMA}")
        rows = _read(tuple[Mapping[str, Any], ...], value["timeline"])
        document = ImportDocument(
            values={name: entry["value"] for name, entry in value["fields"].items()},
            timeline=tuple(
                TimelineRow(
                    _read(datetime, row["at"]),
                    _read(str, row["text"]),
                    _read(str, row.get("who", "")),
                    _read(str, row.get("path", "")),
                    _read(tuple[str, ...], row.get("code", [])),
                )
                for row in rows
            ),
            impact=_read(tuple[tuple[str, str], ...], value.get("impact", [])),
            action_items=_read(tuple[str, ...], value.get("action_items", [])),
            incidents=_read(tuple[Reference, ...], value.get("incidents", [])),
            paths={name: _read(str, entry.get("path", "")) for name, entry in value["fields"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: not an import document ({SCHEMA})", hint="restore the file from git") from error
    try:
        parts = tuple(_incident(part) for part in _read(tuple[Mapping[str, Any], ...], value.get("parts", [])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: holds an incident that cannot be read", hint="restore the file from git") from error
    return replace(document, parts=parts)


def without_strangers(incident: Incident, known: Container[str]) -> Incident:
    """The incident without the addresses of people whom the policy does not know: a repository is no address book.

    `known` holds the addresses that may be kept, in lower case.
    """

    def kept(person: Participant) -> Participant:
        if person.email.lower() in known:
            return person
        # Somebody without a name or handle is known by their address alone: its first part tells them apart.
        name = person.name or ("" if person.handle else person.email.partition("@")[0])
        return replace(person, name=name, email="")

    return replace(
        incident,
        participants=tuple(map(kept, incident.participants)),
        action_items=tuple(
            replace(item, owner=kept(item.owner)) if item.owner else item for item in incident.action_items
        ),
    )


def _incident(value: Mapping[str, Any]) -> Incident:
    defaults = {"source": "", "id": ""}
    incident: Incident = _read(Incident, {**defaults, **value})
    if "resolved" not in value or incident.urgency not in _URGENCIES:
        raise ValueError("not one of the known words")
    reference = Reference(incident.source, incident.id, incident.url)
    return replace(incident, references=(reference,) if incident.id else ())


def _plain(value: Any) -> Any:
    """A value as JSON has it; of a dataclass only what is not empty."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        found = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in _LEFT_OUT}
        return {name: _plain(item) for name, item in found.items() if item or isinstance(item, bool)}
    return value


def _read(kind: Any, value: Any) -> Any:
    """The value of this type that `_plain` wrote. Raises TypeError, KeyError or ValueError for any other."""
    if kind is Any:
        return value
    if kind is datetime:
        at = parse_utc(_read(str, value))
        if at is None:
            raise ValueError("not a time")
        return at
    arguments = get_args(kind)
    if get_origin(kind) is types.UnionType:
        return _read(arguments[0], value)
    if get_origin(kind) is tuple:
        items: Sequence[Any] = _checked(list, value)
        kinds = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else arguments
        return tuple(_read(each, item) for each, item in zip(kinds, items, strict=True))
    if get_origin(kind) is Mapping:
        return {name: _read(arguments[1], item) for name, item in _checked(dict, value).items()}
    if isinstance(kind, type) and is_dataclass(kind):
        kinds_of = _kinds_of(kind)
        return kind(**{name: _read(kinds_of[name], item) for name, item in _checked(dict, value).items()})
    return _checked(kind, value)


@cache
def _kinds_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _checked(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"not a {kind.__name__}")
    return value
