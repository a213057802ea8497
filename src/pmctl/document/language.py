"""What a language adds to recognition: its words for the sections, their parts, and the labels, columns and states.

A language is one module in `pmctl.document.languages` that defines `LANGUAGE`; every module there is found by itself.
The names are in lower case, without numbering, emphasis and a trailing colon, and separated by bars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from pmctl.document import languages
from pmctl.text import single_line


@dataclass(frozen=True, slots=True)
class Language:
    """One language's names of sections, of the parts of Lessons Learned, and of what tables and labels say.

    `either` are headings such as "Conclusion", which name no section by themselves; `nothing` says that a list is
    empty, `times` head the column of times in a timeline. `wording` are the phrases of each kind that the blameless
    rules look for: words of which one must be there, and a pattern over lower-case prose.
    """

    sections: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    metadata: str = ""
    either: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    nothing: str = ""
    times: str = ""
    wording: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def known() -> tuple[Language, ...]:
    """Every language, English first: of two that use a word, the first one's meaning counts."""
    found = sorted((module.name for module in iter_modules(languages.__path__)), key=lambda name: (name != "en", name))
    return tuple(import_module(f"{languages.__name__}.{name}").LANGUAGE for name in found)


def names(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by bars, each with its white space as single spaces."""
    return tuple(name for part in text.split("|") if (name := single_line(part)))


def by_name(kind: str) -> dict[str, str]:
    """Name -> what it stands for, of every language: of `sections`, `parts`, `labels`, `columns` or `statuses`."""
    return {name.casefold(): key for language in reversed(known()) for name, key in _pairs(getattr(language, kind))}


def every(kind: str) -> frozenset[str]:
    """The names of one kind of every language: `metadata`, `either`, `nothing` or `times`."""
    return frozenset(name.casefold() for language in known() for name in names(getattr(language, kind)))


def _pairs(table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, key) for key, text in table.items() for name in names(text))
