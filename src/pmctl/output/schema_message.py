"""The JSON Schema of a message's front matter: which keys, which values, what they mean.

What a schema cannot say is left to the reader: that a time exists, that the file's name says the same, that only the
first message of a thread says what it is about.
"""

from __future__ import annotations

from typing import Any

from pmctl.document.comment import BLOCK, NAME, MessageKind
from pmctl.document.fields import HANDLE, MAX_HANDLE, MAX_TEXT

Schema = dict[str, Any]
_AT = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"


def _whole(pattern: str) -> str:
    """A pattern for the whole text, without the names of its groups, which other languages write otherwise."""
    for group in ("time", "by", "mark"):
        pattern = pattern.replace(f"(?P<{group}>", "(?:")
    return f"^{pattern}$"


def message_schema() -> Schema:
    """The schema (draft 2020-12) of what stands between the two `---` of a message."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pmctl/message/v1",
        "description": "The front matter of one message of a discussion.",
        "type": "object",
        "additionalProperties": False,
        "required": ["thread", "kind", "by", "at"],
        "dependentRequired": {"quote": ["section", "block"], "block": ["quote"]},
        "properties": {
            "thread": {
                "type": "string",
                "pattern": _whole(NAME.pattern),
                "description": "The name of the message that began the thread, without .md: its own for that one.",
                "examples": ["20240117T100000Z-bob-7f3kq2"],
            },
            "kind": {"enum": [kind.value for kind in MessageKind], "description": "What it does to its thread."},
            "by": {
                "type": "string",
                "pattern": _whole(HANDLE.pattern),
                "maxLength": MAX_HANDLE,
                "description": "The handle of who writes it, as in the file's name.",
            },
            "at": {
                "type": "string",
                "pattern": rf"{_AT} ?(?:[Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)$",
                "description": "When, to the second, as in the file's name. A claim, by which messages are sorted.",
            },
            "section": {
                "type": "string",
                "maxLength": MAX_TEXT,
                "description": "The title of the section that the thread is about; absent for the whole postmortem.",
            },
            "quote": {
                "type": "string",
                "maxLength": MAX_TEXT,
                "description": "The words of that section that it is about, white space collapsed.",
            },
            "block": {
                "type": "string",
                "pattern": _whole(BLOCK.pattern),
                "description": "The hash of the block that held the quote.",
            },
        },
    }
