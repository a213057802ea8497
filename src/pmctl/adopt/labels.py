"""What a document states about its incident outside its prose: front matter, two-column tables, labels at the top.

The values are only read; they stay where they are in the text. Labels are mapped to a few keys, values are kept as
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pmctl.adopt.source import SourceDocument
from pmctl.document.aliases import METADATA
from pmctl.document.headings import bare, plain
from pmctl.document.language import by_name
from pmctl.document.rows import TRIM, split_row

_KEY_OF = by_name("labels")
_BETWEEN_NAMES = re.compile(r"\s*[,;、/]\s*|\s+(?:and|&|und|et|y|e)\s+")
_LABEL_LINE = re.compile(
    r"""[ \t]*(?:[-*+•]\s+|\d+[.)]\s+)?(?:>\s*)?(?:[-*+]\s+)?(?:
      (?P<open>\*\*|__|\*|_)(?P<strong>[^*_\n:：]{2,40}?)\s*[:：]?\s*(?P=open)\s*(?P<joint>[:：-]?)\s*(?P<bold_value>\S.*)
    | (?P<word>[A-Za-z\u3040-\u9fff][\w /()'-]{1,35}?)\s*[:：]\s*(?P<value>\S.*)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class LabelledValues:
    """What a document states: key (of `Language.labels`) -> values as written, and the keys of its front matter."""

    values: dict[str, tuple[str, ...]]
    in_front: frozenset[str]

    def first(self, key: str) -> str:
        """The first value of a key as plain text, "" when there is none."""
        return plain(self.values[key][0]) if key in self.values else ""

    def people(self, key: str) -> list[str]:
        """The names in a key's values, such as "Jane Doe <jane@example.com>, @bob and Carol"."""
        parts = [part for text in self.values.get(key, ()) for part in _BETWEEN_NAMES.split(plain(text))]
        return [name for part in parts if (name := part.strip(" .@()[]"))]


def labelled_values(source: SourceDocument, first_section: int) -> LabelledValues:
    """The labelled values of a document: above the offset `first_section`, and in sections of metadata."""
    found: dict[str, list[str]] = {}
    in_front = set()
    for label, value in _front_values(source.front.values):
        if key := _KEY_OF.get(bare(label.replace("_", " "))):
            found.setdefault(key, []).append(value)
            in_front.add(key)
    for start, end in _places(source, first_section):
        for label, value in (*_in_tables(source, start, end), *_in_lines(source, start, end)):
            key = _KEY_OF.get(bare(label)) or _KEY_OF.get(re.sub(r"\s*\(.*\)$", "", bare(label)))
            if key and value.strip(" *_-–—") and value not in found.get(key, []):
                found.setdefault(key, []).append(value.strip())
    return LabelledValues({key: tuple(values) for key, values in found.items()}, frozenset(in_front))


def _front_values(front: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in front.items():
        if isinstance(value, dict):
            yield from _front_values(value)
        elif isinstance(value, (list, tuple)):
            texts = [item for item in value if isinstance(item, str)]
            if texts:
                yield str(key), ", ".join(texts)
        elif value is not None and not isinstance(value, bool):
            yield str(key), value.isoformat() if hasattr(value, "isoformat") else str(value)


def _places(source: SourceDocument, first_section: int) -> Iterator[tuple[int, int]]:
    yield source.body_start, first_section
    for index, heading in enumerate(source.headings):
        found = heading.meaning
        if found and found.section == METADATA and heading.end >= first_section:
            later = (other.start for other in source.headings[index + 1 :] if other.level <= heading.level)
            yield heading.end, next(later, len(source.text))


def _in_tables(source: SourceDocument, start: int, end: int) -> Iterator[tuple[str, str]]:
    """The first two cells of every row."""
    for table in source.tables:
        if start <= table.spans[0][0] < end:
            for first, last in (table.spans[0], *table.spans[2:]):
                line = source.text[first:last]
                cells = [line[left:right].strip(TRIM) for left, right in split_row(line)]
                if len(cells) >= 2 and cells[0] and cells[1]:
                    yield plain(cells[0]).rstrip(":："), cells[1]


def _in_lines(source: SourceDocument, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Lines such as `- **Severity:** high`; several labels may share a line, with bars between them."""
    at = start
    for line in source.text[start:end].splitlines(keepends=True):
        if not line.lstrip().startswith("|") and not source.in_code(at):
            for part in re.split(r"\s+[|·•]\s+(?=\*\*|__)", line.strip()):
                if match := _LABEL_LINE.match(part):
                    yield plain(match["strong"] or match["word"]), (match["bold_value"] or match["value"]).strip()
        at += len(line)
