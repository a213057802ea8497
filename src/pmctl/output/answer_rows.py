"""Parts of an answer for programs: the fields asked for of each of its rows, or of the answer when it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, get_args, get_type_hints

from pmctl.output.schema_answers import ANSWERS

# The answers that are a list: the name of the field that holds it.
ROWS = {
    "findings": "findings", "list": "postmortems", "status": "postmortems", "log": "events", "review": "waiting",
    "actions": "items", "discussions": "threads", "editors": "editors", "tickets": "items", "events": "events",
    "similar": "similar", "effectiveness": "effects", "metrics": "groups", "people": "people",
    "templates": "templates", "incident": "incidents", "triage": "incidents", "integrations": "connections",
    "deliveries": "deliveries", "reminders": "reminders", "meetings": "meetings", "doctor": "checks",
    "tokens": "tokens", "config": "settings",
}  # fmt: skip


def fields_of(name: str) -> list[str]:
    """The fields of a row of the answer by that name; those of the answer when it is one thing."""
    if name not in ANSWERS:  # the postmortem, described by a model of its own
        from pmctl.output.schemas import published

        schema = published()[name]()
        return list(dict.fromkeys([*schema["$defs"]["FrontMatter"]["properties"], *schema["properties"]]))
    module, kind = ANSWERS[name]
    whole = getattr(import_module(module), kind)
    if name in ROWS:
        whole = next(one for one in get_args(get_type_hints(whole)[ROWS[name]]) if is_dataclass(one))
    return [field.name.rstrip("_") for field in fields(whole)]


def chosen(name: str, content: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]] | dict[str, Any]:
    """The rows of an answer, each with these fields in this order, without any with all; an object when it is one."""
    if name in ROWS:
        return [_pick(row, names) for row in content[ROWS[name]]]
    return _pick({**content.get("front_matter", {}), **content}, names)


def _pick(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {one: row.get(one) for one in names or row}
