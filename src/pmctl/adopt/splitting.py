"""Several incidents in one file: found by the headings that each of them repeats, and taken apart on request."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pmctl.adopt.source import Source
from pmctl.document.dates import days
from pmctl.document.headings import meaning, plain
from pmctl.document.structure import Heading


@dataclass(frozen=True, slots=True)
class Part:
    """One incident of a file: its title and its text, heading included."""

    title: str
    text: str


def parts(source: Source) -> tuple[Part, ...]:
    """The incidents of a file, in order; empty when it holds one.

    A file holds several when two headings of one level each have known sections below them that repeat, or when
    every heading of a level names another day and a title.
    """
    headings = source.outline.headings
    for level in sorted({heading.level for heading in headings}):
        found = [heading for heading in headings if heading.level == level and meaning(heading.title) is None]
        repeated = _repeating(source, found, level)
        if len(repeated) >= 2:
            return _cut(source, repeated)
        dated = [heading for heading in found if _names_an_incident(heading)]
        others = [heading for heading in headings if heading.level == level and heading not in dated]
        known_days = {days(heading.title)[0][2] for heading in dated}
        if len(dated) >= 2 and len(known_days) >= 2 and len(others) <= 1 and not _in_a_timeline(headings, dated[0]):
            return _cut(source, dated)
    return ()


def _repeating(source: Source, found: list[Heading], level: int) -> list[Heading]:
    """The headings below which the same known sections stand as below another one."""
    headings = source.outline.headings
    below: dict[int, set[str]] = {}
    for heading in found:
        start = headings.index(heading)
        inside = set()
        for later in headings[start + 1 :]:
            if later.level <= level:
                break
            known = meaning(later.title)
            if known and not known.part and later.level == level + 1:
                inside.add(known.section)
        below[heading.start] = inside
    core = {"Summary", "Timeline", "Impact", "Root Cause", "Resolution", "Action Items"}
    return [
        heading for heading in found
        if any(
            len(below[heading.start] & other & core) >= 2 for start, other in below.items() if start != heading.start
        )
    ]  # fmt: skip


def _names_an_incident(heading: Heading) -> bool:
    """Whether a heading names a day with its year and says more than that."""
    text = plain(heading.title)
    found = days(text)
    if len(found) != 1 or found[0][2].year is None:
        return False
    rest = text[: found[0][0]] + text[found[0][1] :]
    return len(re.findall(r"[^\W\d_]{3,}", rest)) >= 2


def _in_a_timeline(headings: tuple[Heading, ...], heading: Heading) -> bool:
    before = [other for other in headings if other.start < heading.start]
    known = meaning(before[-1].title) if before else None
    return bool(known and known.section == "Timeline")


def _cut(source: Source, found: list[Heading]) -> tuple[Part, ...]:
    """The text in pieces at these headings: what is above goes with the first, all that follows with the last."""
    starts = [heading.start for heading in found]
    starts[0] = 0
    ends = [*starts[1:], len(source.text)]
    return tuple(
        Part(plain(heading.title), source.text[start:end])
        for heading, start, end in zip(found, starts, ends, strict=True)
    )
