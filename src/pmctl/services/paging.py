"""Lists that come in pages, and answers as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pmctl.errors import BadInput
from pmctl.services.client import PAGE_LIMIT, Answer


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def member(value: Any, *keys: str) -> Any:
    """A nested member of a JSON answer; None when the way ends early."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def collect(ask: Callable[[Any], Answer], items: Callable[[Any], Any], following: Callable[[Answer], Any]) -> list[Any]:
    """All items of a paged list. `ask` takes the page's mark (None first), `following` gives the next mark.

    Raises BadInput when the pages do not end.
    """
    found: list[Any] = []
    mark: Any = None
    for _ in range(PAGE_LIMIT):
        answer = ask(mark)
        page = items(answer.value)
        found += page if isinstance(page, list) else []
        previous, mark = mark, following(answer)
        if not mark or not page or mark == previous:
            return found
    raise BadInput(f"the list has more than {PAGE_LIMIT} pages", hint="export the incident and import the file")


def as_file(name: str, value: object) -> tuple[str, bytes]:
    """A JSON value as a record file."""
    return name, json.dumps(value).encode()
