"""The JSON Schema of an action item's ticket file, `.pmctl/tickets/<postmortem>/AI-xxxx.json`.

What a schema cannot say is left to the reader: that the file is byte for byte as pmctl writes it, that moments exist.
"""

from __future__ import annotations

from typing import Any

from pmctl.document.fields import HANDLE, ITEM_ID, MAX_HANDLE, ItemStatus
from pmctl.document.ticket import CHANGE_STATES, MAX_CHANGES, RUN, SCHEMA, SYSTEM, URL, WORD

Schema = dict[str, Any]


def ticket_schema() -> Schema:
    """The schema (draft 2020-12) of the whole file."""
    day = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?"
    change = {"url": _matching(URL.pattern), "state": {"enum": list(CHANGE_STATES)}}
    agreed = {
        "status": {"enum": [status.value for status in ItemStatus]},
        "owner": {**_matching(rf"(?:{HANDLE.pattern})?"), "maxLength": MAX_HANDLE},
        "due": _matching(day),
    }
    announced = {
        "at": {"type": "string", "description": "When it was said that a ticket is about to be created, UTC."},
        "run": {**_matching(RUN.pattern), "description": "The random name of the run that said it."},
    }
    ticket = {
        "id": {**_matching(WORD.pattern), "description": "The ticket's lasting id: it stays when the ticket moves."},
        "key": {**_matching(WORD.pattern), "description": "What people call it.", "examples": ["OPS-12"]},
        "url": {**_matching(URL.pattern), "description": "Where people look at it."},
    }
    properties: Schema = {
        "schema": {"const": SCHEMA},
        "item": {**_matching(ITEM_ID.pattern), "description": "The action item, as the file's name says."},
        "system": {**_matching(SYSTEM.pattern), "description": "The tracker.", "examples": ["jira", "github"]},
        "announced": {**_object(announced), "description": "There is no ticket yet, and a run is about to create it."},
        "ticket": _object(ticket),
        "agreed": {
            **_object(agreed, required=()),
            "description": "The last value of each field that the item and its ticket both had.",
        },
        "state": {"type": "string", "maxLength": 100, "description": "The ticket's status, in the tracker's own word."},
        "changes": {
            "type": "array", "maxItems": MAX_CHANGES, "items": _object(change),
            "description": "Pull requests and merge requests that are linked to the ticket.",
        },
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "Where an action item is tracked, and what both sides agreed on last.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": ["schema", "item", "system"],
        "oneOf": [{"required": ["announced"]}, {"required": ["ticket", "agreed", "state", "changes"]}],
    }


def _matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _object(properties: Schema, required: tuple[str, ...] | None = None) -> Schema:
    names = list(properties) if required is None else list(required)
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": names}
