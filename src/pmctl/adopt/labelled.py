"""Sections that are written as bold labels of bullets or of lines (`- **Impact**: two hours`) get headings.

Only where at least two labels name sections that have no heading, and never below a heading that is a known section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pmctl.adopt.blocks import blocks
from pmctl.adopt.source import SourceDocument, SourceHeading, parse_source
from pmctl.document.aliases import METADATA, TIMELINE, TOO_SHORT
from pmctl.document.dates import find_leading
from pmctl.document.headings import ALIAS, bare, meaning

_LABEL = re.compile(r"\s*(\*\*|__)(?P<label>[^*_\n:：]{2,60}?)\s*[:：]?\s*\1\s*[:：–—-]?\s*(?P<rest>.*)$")
_MARK = re.compile(r"\s*(?:[-*+•]|\d{1,9}[.)])\s+(?:\*\*|__|`)*")


@dataclass(frozen=True, slots=True)
class _Part:
    """A label over the lines `first` to `last` (exclusive) of its segment, and what it says, without the label."""

    first: int
    last: int
    label: str
    lines: tuple[str, ...]
    is_item: bool

    @property
    def section(self) -> str:
        found = meaning(self.label)
        return found.section if found and found.tier >= ALIAS and found.section != METADATA else ""

    @property
    def is_timed(self) -> bool:
        """Whether it holds nothing but entries that begin with a time."""
        entries = [_MARK.sub("", line) for line in self.lines if line.strip() and not line.startswith("   ")]
        return len(entries) > 1 and all(find_leading(entry) for entry in entries)


def with_label_headings(source: SourceDocument, title: SourceHeading | None) -> SourceDocument:
    """The document with such labels as headings, or the same document when it has none."""
    there = {one.meaning.section for one in source.headings if one is not title and one.meaning}
    segments = []
    for start, end, level in _segments(source, title):
        lines = source.text[start:end].replace("\r\n", "\n").split("\n")
        parts = list(_parts(lines))
        first = next((index for index, part in enumerate(parts) if part.section and part.section not in there), None)
        if first is not None:
            segments.append((start, end, level, lines, parts[first:]))
    named = {part.section: bare(part.label) for *_, parts in segments for part in parts if part.section not in there}
    named.pop("", None)
    if len(named) < 2 or (len(named) < 3 and set(named.values()) & TOO_SHORT):
        return source
    text = source.text
    for start, end, level, lines, parts in reversed(segments):
        chosen = [part for part in parts if part.is_item or (part.section and part.section not in there)]
        new = "\n".join(_rewritten(lines, chosen, level)).replace("\n", source.newline)
        text = text[:start] + new + text[end:]
    return parse_source(text, source.path, bom=source.bom)


def _segments(source: SourceDocument, title: SourceHeading | None) -> Iterator[tuple[int, int, int]]:
    """The stretches below a heading that is no known section, with the level that headings get there."""
    starts = [one.start for one in source.headings]
    yield source.body_start, starts[0] if starts else len(source.text), 2
    known = 7
    for heading, end in zip(source.headings, [*starts[1:], len(source.text)], strict=False):
        if heading.level <= known:
            known = heading.level if heading.meaning and heading is not title else 7
        if known == 7:
            yield heading.end, end, min(heading.level + 1, 6)


def _parts(lines: Sequence[str]) -> Iterator[_Part]:
    for block in blocks(lines):
        if block.kind == "item" and (match := _LABEL.match(block.lines[0])):
            yield _Part(block.first, block.last, match["label"], (match["rest"], *block.lines[1:]), True)
        elif block.kind == "paragraph":
            rows = [row for row, line in enumerate(block.lines) if _LABEL.match(line)]
            for row, end in zip(rows, [*rows[1:], len(block.lines)], strict=False):
                if match := _LABEL.match(block.lines[row]):
                    said = (match["rest"], *block.lines[row + 1 : end])
                    yield _Part(block.first + row, block.first + end, match["label"], said, False)


def _rewritten(lines: Sequence[str], parts: Sequence[_Part], level: int) -> Iterator[str]:
    """The segment's lines; a list of moments beside the timeline goes below it, whatever its label says."""
    timeline = next((part for part in parts if part.section == TIMELINE), None)
    beside = [part for part in parts if timeline and part.is_item and not part.section and part.is_timed]
    at = 0
    for part in parts:
        yield from lines[at : part.first]
        at = part.last
        if part not in beside:
            yield from _section(part, level)
        if part is timeline:
            for one in beside:
                yield from _section(one, min(level + 1, 6))
    yield from lines[at:]


def _section(part: _Part, level: int) -> Iterator[str]:
    """A heading and what the label says; a label with text on its line stays on that line."""
    said, *below = part.lines
    yield from ("", f"{'#' * level} {part.section if said and part.section else part.label.strip()}", "")
    yield from (f"**{part.label.strip()}**: {said}" if said else "", *below, "")
