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
        "calendar": ({"enum": list(meeting.CALENDARS)}, "Who invites them: nobody, pmctl by mail, or Google Calendar."),
        "link": (
            _matching(rf"(?:{meeting.LINK.pattern})?"),
            "The address of the room where they meet; empty for none.",
        ),
        "sequence": ({"type": "integer", "minimum": 0}, "How often it was changed."),
        "changed": (moment, "When it was changed last, UTC."),
        "cancelled": ({"type": "boolean"}, "Whether it was called off."),
    }
    kept: dict[str, tuple[Schema, str]] = {
        "room": ({"enum": ["none", *meeting.ROOMS]}, "The service that makes the room."),
        "zoom": (_matching(rf"(?:{meeting.NUMBER.pattern})?"), "Its number in Zoom; empty for none."),
        "account": (_matching(rf"(?:{meeting.MAIL.pattern})?"), "Whose Google calendar it is in; empty if not known."),
        "announced": (
            _matching(rf"(?:{moment['pattern'].strip('^$')})?"),
            "Since when a run brings the services into step; empty when they are.",
        ),
        "run": (_matching(rf"(?:{meeting.RUN.pattern})?"), "The random name of that run."),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pmctl/meeting/v1",
        "description": "A meeting about a postmortem.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {**schema, "description": text} for name, (schema, text) in (members | kept).items()},
        "required": list(members),
        "dependentRequired": {name: list(kept) for name in kept},
    }


def _matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}
