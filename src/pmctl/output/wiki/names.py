"""Names of pages and files that are unique wherever they end up. Text -> name.

A wiki keeps all pages in one folder, its host and some file systems compare names without case, and neither takes
every character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 150  # bytes of a name; file systems take 255, and some programs add to them
_WORD = re.compile(r"[^\w.()+,=@&'-]+")
_ENDS = "-._ "


def flat(text: str) -> str:
    """Text as one part of a path: letters and digits of every script, with hyphens for all that is special."""
    name = re.sub(r"-{2,}", "-", _WORD.sub("-", unicodedata.normalize("NFC", text))).strip(_ENDS)
    while len(name.encode()) > LONGEST:
        name = name[:-1].rstrip(_ENDS)
    return name


class Names:
    """Gives each thing a name of its own; the first to ask gets the plain one."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}

    def take(self, text: str, otherwise: str) -> str:
        """The flat name of a text; followed by `otherwise`, which is unique itself, where another thing has it."""
        name = flat(text)
        if not name or _key(name) in self._taken:
            name = flat(otherwise) if not name else f"{name}-({flat(otherwise)})"
        self._taken.add(_key(name))
        return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def file_names(paths: Iterable[str]) -> dict[str, str]:
    """A safe path for each path of an attachment: its folders flattened away, no two alike."""
    names = Names()
    found: dict[str, str] = {}
    for number, path in enumerate(sorted(paths), 1):
        stem, dot, suffix = path.replace("/", "-").rpartition(".")
        name = names.take(stem if dot else suffix, str(number))
        found[path] = f"{name}.{flat(suffix).lower()}" if dot else name
    return found
