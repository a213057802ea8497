"""A place in a record, with the path that leads there.

The modules of the systems walk records through cursors, so that nothing has to exist, nothing can raise, and every
value that is taken knows where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A JSON value and its path. `value` is None where the record has nothing.

    `looked` gathers the paths that somebody asked for, where anybody wants to know (see `unused`).
    """

    value: object
    path: str = "$"
    looked: set[str] | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        """Whether there is anything: null, "", [] and {} are nothing; false and 0 are something."""
        return self.value is not None and self.value != "" and self.value != [] and self.value != {}

    def at(self, *keys: str | int) -> Cursor:
        """The value below these keys or indices; an empty cursor where the record has none."""
        value, path = self.value, self.path
        for key in keys:
            if isinstance(key, str):
                value = value.get(key) if isinstance(value, dict) else None
                path += f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{key!r}]"
            else:
                value = value[key] if isinstance(value, list) and 0 <= key < len(value) else None
                path += f"[{key}]"
            if self.looked is not None:
                self.looked.add(path)
        return Cursor(value, path, self.looked)

    def first(self, *keys: str) -> Cursor:
        """The first of these members that holds something; the last one when none does."""
        places = [self.at(key) for key in keys]
        return next((place for place in places if place), places[-1])

    def has(self, key: str) -> bool:
        """Whether the mapping has this key at all, even with a null."""
        return isinstance(self.value, dict) and key in self.value

    def each(self) -> Iterator[Cursor]:
        """The items of a list; nothing for any other value."""
        if isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield Cursor(item, f"{self.path}[{index}]", self.looked)

    def members(self) -> Iterator[tuple[str, Cursor]]:
        """The keys and values of a mapping; nothing for any other value."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield str(key), self.at(str(key))

    def sample(self) -> Iterator[Cursor]:
        """The first items of a list: enough to tell what it is a list of."""
        return islice(self.each(), 20)

    @property
    def text(self) -> str:
        """The value as text: strings (trimmed) and numbers; "" for everything else."""
        value = self.value
        if isinstance(value, str):
            # A lone surrogate is valid in JSON and can't be written as UTF-8.
            return _SURROGATES.sub("\ufffd", value).strip()
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        if isinstance(value, float) and not isfinite(value):
            return ""
        try:
            return str(value)
        except ValueError:  # an integer beyond Python's limit for conversion to text
            return ""

    @property
    def day(self) -> str:
        """The date that the text begins with, as YYYY-MM-DD; "" for everything else."""
        match = _DAY.match(self.text)
        return match[0] if match else ""

    @property
    def mapping(self) -> bool:
        """Whether this is a JSON object."""
        return isinstance(self.value, dict)

    @property
    def list(self) -> bool:
        """Whether this is a JSON array."""
        return isinstance(self.value, list)
