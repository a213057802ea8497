"""Several incidents in one file: found by the headings that each of them repeats, and taken apart on request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from pmctl.adopt.source import SourceDocument, SourceHeading
from pmctl.document.aliases import ACTION_ITEMS, IMPACT, RESOLUTION, ROOT_CAUSE, SUMMARY, TIMELINE
from pmctl.document.dates import days

_CORE = {SUMMARY, TIMELINE, IMPACT, ROOT_CAUSE, RESOLUTION, ACTION_ITEMS}


@dataclass(frozen=True, slots=True)
class Part:
    """One incident of a file: its title and its text, heading included."""

    title: str
    text: str


def parts(source: SourceDocument) -> tuple[Part, ...]:
    """The incidents of a file, in order; empty when it holds one.

    A file holds several when two headings of one level each have known sections below them that repeat, or when
    every heading of a level names another day and a title.
    """
    for level in sorted({heading.level for heading in source.headings}):
        headings = [heading for heading in source.headings if heading.level == level]
        repeated = _repeating(source.headings, [heading for heading in headings if heading.meaning is None])
        if len(repeated) >= 2:
            return _cut(source, repeated)
        dated = [heading for heading in headings if heading.meaning is None and _names_an_incident(heading.text)]
        several = len({days(heading.text)[0][2] for heading in dated}) >= 2
        if several and len(headings) - len(dated) <= 1 and not _in_a_timeline(source.headings, dated[0]):
            return _cut(source, dated)
    return ()


def _repeating(headings: Sequence[SourceHeading], found: list[SourceHeading]) -> list[SourceHeading]:
    """The headings below which the same known sections stand as below another one."""
    below = [_sections_below(headings, heading) & _CORE for heading in found]
    return [
        heading for index, heading in enumerate(found)
        if any(len(below[index] & other) >= 2 for other in (*below[:index], *below[index + 1 :]))
    ]  # fmt: skip


def _sections_below(headings: Sequence[SourceHeading], heading: SourceHeading) -> set[str]:
    later = headings[headings.index(heading) + 1 :]
    inside = takewhile(lambda one: one.level > heading.level, later)
    known = [one.meaning for one in inside if one.level == heading.level + 1]
    return {found.section for found in known if found and not found.part}


def _names_an_incident(text: str) -> bool:
    """Whether a heading names a day with its year and says more than that."""
    found = days(text)
    if len(found) != 1 or found[0][2].year is None:
        return False
    rest = text[: found[0][0]] + text[found[0][1] :]
    return len(re.findall(r"[^\W\d_]{3,}", rest)) >= 2


def _in_a_timeline(headings: Sequence[SourceHeading], heading: SourceHeading) -> bool:
    before = headings[: headings.index(heading)]
    known = before[-1].meaning if before else None
    return bool(known and known.section == TIMELINE)


def _cut(source: SourceDocument, found: list[SourceHeading]) -> tuple[Part, ...]:
    """The text in pieces at these headings: what is above goes with the first, all that follows with the last."""
    starts = [heading.start for heading in found]
    starts[0] = 0
    ends = [*starts[1:], len(source.text)]
    return tuple(
        Part(heading.text, source.text[start:end]) for heading, start, end in zip(found, starts, ends, strict=True)
    )
