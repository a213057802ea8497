"""Lists that come in pages, and values as record files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pmctl.errors import BadInput
from pmctl.services.client import PAGE_LIMIT, Answer, RecordFile


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def collect(ask: Callable[[Any], Answer], following: Callable[[Answer], Any], *keys: str) -> list[Any]:
    """All items of a paged list, which is below `keys` in every answer.

    `ask` fetches a page by its mark (None for the first), `following` takes the mark of the next page (an
    offset, a cursor, a link) from an answer. Raises BadInput when the pages do not end.
    """
    found: list[Any] = []
    mark: Any = None
    for _ in range(PAGE_LIMIT):
        answer = ask(mark)
        page = answer.at(*keys)
        found += page if isinstance(page, list) else []
        previous, mark = mark, following(answer)
        if not mark or not page or mark == previous:
            return found
    raise BadInput(f"the list has more than {PAGE_LIMIT} pages", hint="export the incident and import the file")


def as_file(name: str, value: object) -> RecordFile:
    """A JSON value as a record file."""
    return name, json.dumps(value).encode()
