"""The published JSON Schemas: a name for each, and its text. What pmctl writes and reads keeps to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from pmctl.errors import NotFound


def published() -> dict[str, Callable[[], dict[str, Any]]]:
    """Every schema by name, as the function that makes it: what people write first, then what commands print."""
    from pmctl.output.schema_answers import ANSWERS, answer_schema

    return {
        "front-matter": _front_matter,
        "settings": _settings,
        "message": _message,
        "ticket": _ticket,
        "meeting": _meeting,
        "postmortem": _postmortem,
        **{name: partial(answer_schema, name) for name in ANSWERS},
    }


def render(name: str) -> str:
    """The schema by that name as indented JSON with a final newline.

    Raises NotFound, with the names that there are.
    """
    schemas = published()
    if name not in schemas:
        raise NotFound(f"there is no schema {name!r}", hint=f"there are: {', '.join(schemas)}")
    return json.dumps(schemas[name](), indent=2, ensure_ascii=False) + "\n"


def _front_matter() -> dict[str, Any]:
    from pmctl.output.schema_front_matter import front_matter_schema

    return front_matter_schema()


def _settings() -> dict[str, Any]:
    from pmctl.output.schema_settings import settings_schema

    return settings_schema()


def _message() -> dict[str, Any]:
    from pmctl.output.schema_message import message_schema

    return message_schema()


def _ticket() -> dict[str, Any]:
    from pmctl.output.schema_ticket import ticket_schema

    return ticket_schema()


def _meeting() -> dict[str, Any]:
    from pmctl.output.schema_meeting import meeting_schema

    return meeting_schema()


def _postmortem() -> dict[str, Any]:
    from pmctl.output.json_export import json_schema

    return json_schema()
