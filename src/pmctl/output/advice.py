"""The commands that pmctl advises to type, in one table: advice -> words.

Whatever reports something says only which advice fits and about what (`errors.advise`); here it becomes a sentence for
people, the same in every form in which an answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pmctl.errors import Advice, Hint

WORDS: dict[str, str] = {}
"""Advice by name; values that the reporter gives stand in braces."""


def words(hint: Hint) -> str:
    """A hint as people read it."""
    return WORDS[hint.name].format_map(dict(hint.values)) if isinstance(hint, Advice) else hint


def in_words(value: Any) -> Any:
    """JSON data with every advice in it as people read it."""
    if isinstance(value, Advice):
        return words(value)
    if isinstance(value, Mapping):
        return {key: in_words(item) for key, item in value.items()}
    return [in_words(item) for item in value] if isinstance(value, list | tuple) else value


def with_fix(message: str, hint: Hint) -> str:
    """A message and, in brackets behind it, what to do about it."""
    return f"{message} (fix: {words(hint)})" if hint else message
