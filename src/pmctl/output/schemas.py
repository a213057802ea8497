"""The published JSON Schemas: a name for each, and its text. What pmctl writes and reads keeps to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pmctl.errors import NotFound


def _postmortem() -> dict[str, Any]:
    from pmctl.output.json_export import json_schema

    return json_schema()


def _front_matter() -> dict[str, Any]:
    from pmctl.document.model import front_matter_schema

    return front_matter_schema()


_SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"postmortem": _postmortem, "front-matter": _front_matter}


def published() -> tuple[str, ...]:
    """The names of all schemas."""
    return tuple(_SCHEMAS)


def render(name: str) -> str:
    """The schema by that name as indented JSON with a final newline.

    Raises NotFound, with the names that there are.
    """
    make = _SCHEMAS.get(name)
    if make is None:
        raise NotFound(f"there is no schema {name!r}", hint=f"there are: {', '.join(_SCHEMAS)}")
    return json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
