"""The JSON Schema of a meeting's file, `.pmctl/meetings/<postmortem>/<meeting>.yaml`, as YAML is read into JSON.

What a schema cannot say is left to the reader: that the file is byte for byte as pmctl writes it, that moments exist.
"""

from __future__ import annotations

from typing import Any

from pmctl.document import meeting
from pmctl.document.fields import HANDLE

Schema = dict[str, Any]


def meeting_schema() -> Schema:
    """The schema (draft 2020-12) of the whole file."""
    person = _matching(rf"{HANDLE.pattern}|{meeting.MAIL.pattern}")
    people: Schema = {"type": "array", "maxItems": meeting.MOST_ATTENDEES, "uniqueItems": True, "items": person}
    moment = _matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
    minutes: Schema = {"type": "integer", "minimum": meeting.SHORTEST, "maximum": meeting.LONGEST}
    members: dict[str, tuple[Schema, str]] = {
        "at": (moment, "When it begins, UTC."),
        "minutes": (minutes, "How long it takes."),
        "zone": (_matching(meeting.ZONE.pattern), "The time zone that it was planned in, by its IANA name."),
        "organizer": (_matching(HANDLE.pattern), "Whose invitation it is."),
        "attendees": ({**people, "minItems": 1}, "Who is invited: handles, and mail addresses of guests."),
        "former": (people, "Whom the last change left out."),
        "calendar": ({"enum": list(meeting.CALENDARS)}, "Who invites them: nobody, or pmctl by mail."),
        "link": (
            _matching(rf"(?:{meeting.LINK.pattern})?"),
            "The address of the room where they meet; empty for none.",
        ),
        "sequence": ({"type": "integer", "minimum": 0}, "How often it was changed."),
        "changed": (moment, "When it was changed last, UTC."),
        "cancelled": ({"type": "boolean"}, "Whether it was called off."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pmctl/meeting/v1",
        "description": "A meeting about a postmortem.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {**schema, "description": text} for name, (schema, text) in members.items()},
        "required": list(members),
    }


def _matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}
