"""Plain values as one line of strict YAML that reads back as the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

# Unquoted only where no YAML reader could see anything but this text: words, spaces, and marks without a
# meaning of their own; not what any of them takes for a number, a truth value, a null or a date.
_PLAIN = re.compile(r"[A-Za-z_][\w./@+-]*(?: [\w./@+()-]+)*", re.ASCII)
_DATED_ID = re.compile(r"\d{4}-\d{2}-\d{2}-[a-z0-9-]*[a-z][a-z0-9-]*")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?Z")
_WORDS_WITH_MEANING = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))


def flow(value: object) -> str:
    """A text, number, truth value, time, list or mapping in flow style.

    Times are written in UTC to the second. Raises TypeError for any other kind of value.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    raise TypeError(f"no YAML for {type(value).__name__}")


def _text(value: str) -> str:
    if _DATED_ID.fullmatch(value) or _TIMESTAMP.fullmatch(value):
        return value
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_WITH_MEANING:
        return value
    # JSON's escapes are YAML's; the separators and C1 controls that YAML counts as line breaks or refuses
    # are escaped as well.
    quoted = json.dumps(value.encode("utf-8", "replace").decode("utf-8"), ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda match: f"\\u{ord(match.group()):04x}", quoted)
