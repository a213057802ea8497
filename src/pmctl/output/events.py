"""Events for programs, one JSON object a line. (events) -> text."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pmctl.insight.event import Event

_NAMES = tuple(Event.__dataclass_fields__)


def to_jsonl(events: Iterable[Event]) -> str:
    """Each event as one line of ASCII, its keys in the order of `Event`."""
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    return "".join(f"{encode({name: getattr(one, name) for name in _NAMES})}\n" for one in events)
