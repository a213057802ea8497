"""Plain values -> YAML of the strict subset, on one line, that reads back as the same value.

Text is written plainly where nothing could take it for something else, otherwise in double quotes; lists and
mappings are written in brackets. Whether the result reads back is checked by the editor that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pmctl.document.strict_yaml import resolve
from pmctl.errors import BadInput

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+@():-]*[A-Za-z0-9._/+@()-])?")
# Words that other YAML readers take for booleans or null, and numbers in their other notations.
_GUESSED = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|nan|inf)|[-+.0-9][-+._0-9:eExXoOa-fA-F]*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)")
_POSTMORTEM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]*[a-z][a-z0-9-]*")
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\"}


def scalar(value: str | int | float | bool | date | None) -> str:
    """One scalar. Raises BadInput for control characters and lone surrogates in a text, which the subset refuses."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if _is_plain(value) else quoted(value)


def _is_plain(value: str) -> bool:
    """Whether a text may stand without quotes, and no reader of YAML takes it for anything else."""
    if not _PLAIN.fullmatch(value) or ": " in value or " #" in value or resolve(value) != value:
        return False
    return not _GUESSED.fullmatch(value) or bool(_TIMESTAMP.fullmatch(value) or _POSTMORTEM.fullmatch(value))


def quoted(value: str) -> str:
    """A text in double quotes, with escapes where needed. Raises BadInput as `scalar` does."""

    def escape(match: re.Match[str]) -> str:
        char = match.group()
        if char in _SHORT:
            return _SHORT[char]
        code = ord(char)
        if char == "\xa0":
            return char
        if char in "\n\t":
            return "\\n" if char == "\n" else "\\t"
        raise BadInput(f"the character U+{code:04X} may not stand in front matter", hint="remove it from the value")

    return '"' + _ESCAPED.sub(escape, value) + '"'


def moment(value: datetime) -> str:
    """A moment in UTC, to the second unless it has a fraction. Raises BadInput for one without a zone."""
    if value.tzinfo is None:
        raise BadInput(f"the time {value} has no zone", hint="give it an offset from UTC")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def flow(value: Any) -> str:
    """A value of any depth on one line. Raises BadInput for what the subset cannot hold."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(item) for item in value) + "]"
    if value is None or isinstance(value, str | int | float | date):
        return scalar(value)
    raise BadInput(f"a {type(value).__name__} cannot stand in front matter")


def _inner(value: Any) -> str:
    """A value inside brackets; an address is quoted there, as people write it."""
    if isinstance(value, str) and "://" in value:
        return quoted(value)
    return flow(value)
