"""Where everything on a drawn timeline stands: a document's times -> shares of the line's length, with their words.

The line reaches from the first moment to the last, whatever the order they are written in. Long silence is a gap; where
gaps would take most of the line, they get less of it and are marked as not to scale. What would lie upon each other is
laid out in rows by `timeline_rows`; the forms (`timeline_drawing`, `page.typ`) only draw what is found here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from pmctl.document.timeline import entries
from pmctl.output.page_facts import TIMES
from pmctl.output.terminal import duration
from pmctl.text import harmless, parse_utc, single_line

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_GAP = 0.25
_PRESSED = 0.5  # of the line in gaps, and more: each of them then gets _GAP of it
_FEW = 5  # moments: with fewer there is nothing that would need the room
_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200, 129600, 525600)
)
_MARKUP = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)|<br ?/?>|[*`]+|(?<!\w)_+|_+(?!\w)")
_MOST_TICKS = 9
_LONGEST = 400  # characters of an entry's text


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment, or several of one minute: `Detected, acknowledged`. `since` is how long after the mark before it,
    "" for the first; `kind` is the last of its names, as part of a class name."""

    name: str
    kind: str
    at: datetime
    share: float
    since: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """From one mark to the next; `kind` is that of the mark that it begins with."""

    kind: str
    start: float
    end: float
    length: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a quarter of the line's time or more in which nothing is written down.

    `scaled` is false where the line does not give it its whole length.
    """

    start: float
    end: float
    length: str
    scaled: bool

    @property
    def words(self) -> str:
        """What it is."""
        return f"{self.length} without an entry"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the table; `number` is its place in `document.timeline.entries`, from 1."""

    number: int
    at: datetime
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A timeline to draw. `ticks` are full hours and the like; `untimed` entries stand in the table alone.

    `dated` is true when it runs over more than one day, so that times need their date.
    """

    marks: tuple[Mark, ...]
    phases: tuple[Phase, ...]
    gaps: tuple[Gap, ...]
    entries: tuple[Entry, ...]
    ticks: tuple[tuple[float, str], ...]
    untimed: int
    dated: bool

    def time(self, at: datetime) -> str:
        """A moment as it is written on the line."""
        return f"{at.day} {at:%b} {at:%H:%M}" if self.dated else f"{at:%H:%M}"

    @property
    def sentences(self) -> str:
        """The whole drawing in words."""
        found = [
            f"{mark.name} {self.time(mark.at)} UTC" + (f", {mark.since}." if mark.since else ".") for mark in self.marks
        ]
        found.append("1 entry." if len(self.entries) == 1 else f"{len(self.entries)} entries.")
        found += [f"{gap.words}." for gap in self.gaps]
        return " ".join(found)


def layout(document: Document) -> Layout | None:
    """The timeline of a document; None with fewer than two things that have a time."""
    told = entries(document)
    numbered = [(entry.at, number, entry) for number, entry in enumerate(told, 1) if entry.at is not None]
    timed = [(at, number, _plain(one.text, one.who)) for at, number, one in sorted(numbered, key=lambda one: one[:2])]
    named = _named(document)
    if len(timed) + len(named) < 2:
        return None
    moments = sorted({at for at, _, _ in timed} | {at for at, _, _ in named})
    scale = Scale(moments, gaps=bool(timed))
    return Layout(
        marks=tuple(_marks(named, scale)),
        phases=tuple(_phases(named, scale)),
        gaps=tuple(scale.gaps()),
        entries=tuple(Entry(number, at, scale.share(at), text) for at, number, text in timed),
        ticks=tuple(scale.ticks()),
        untimed=len(told) - len(timed),
        dated=moments[0].date() != moments[-1].date(),
    )


def _plain(text: str, who: str) -> str:
    """An entry's text on one line without Markdown's marks, with who it was."""
    plain = harmless(single_line(_MARKUP.sub(lambda match: match[1] or " ", text)))
    plain = plain if len(plain) <= _LONGEST else plain[:_LONGEST].rstrip() + "…"
    return f"{plain} ({harmless(single_line(who))[:60]})" if who else plain


def _named(document: Document) -> list[tuple[datetime, str, str]]:
    """(moment, name, kind) of the front matter's times, in the order of time, those of one minute joined."""
    times = [
        (at, label, key.removesuffix("_at"))
        for key, label in TIMES
        if (at := parse_utc(str(document.meta.get(key)))) is not None
    ]
    joined: list[tuple[datetime, str, str]] = []
    for at, label, kind in sorted(times, key=lambda one: one[0]):
        if joined and at.replace(second=0, microsecond=0) == joined[-1][0].replace(second=0, microsecond=0):
            joined[-1] = (joined[-1][0], f"{joined[-1][1]}, {label.lower()}", kind)
        else:
            joined.append((at, label, kind))
    return joined


def _marks(named: Sequence[tuple[datetime, str, str]], scale: Scale) -> Iterable[Mark]:
    for index, (at, name, kind) in enumerate(named):
        since = f"{duration(at - named[index - 1][0])} later" if index else ""
        yield Mark(name, kind, at, scale.share(at), since)


def _phases(named: Sequence[tuple[datetime, str, str]], scale: Scale) -> Iterable[Phase]:
    for (before, _, kind), (after, _, _) in pairwise(named):
        yield Phase(kind, scale.share(before), scale.share(after), duration(after - before))


class Scale:
    """Moments -> shares of the line, from 0 to 1. `moments` are sorted, each once; without `gaps` silence is none."""

    def __init__(self, moments: Sequence[datetime], *, gaps: bool) -> None:
        self.moments = moments
        self.length = moments[-1] - moments[0]
        self.silent = {a for a, b in pairwise(moments) if gaps and b - a > self.length * _GAP}
        quiet = sum((b - a for a, b in pairwise(moments) if a in self.silent), timedelta())
        self.heard = self.length - quiet
        self.pressed = len(moments) > _FEW and bool(self.heard) and quiet > self.length * _PRESSED
        room = 1 - _GAP * len(self.silent)
        self.shares = [0.0 if self.length else 0.5]
        for a, b in pairwise(moments):
            part = (b - a) / self.length
            if self.pressed:
                part = _GAP if a in self.silent else (b - a) / self.heard * room
            self.shares.append(self.shares[-1] + part)

    def share(self, at: datetime) -> float:
        """Where a moment between the first and the last stands."""
        index = min(max(bisect_right(self.moments, at) - 1, 0), len(self.moments) - 1)
        if index == len(self.moments) - 1:
            return min(self.shares[index], 1.0)
        a, b = self.moments[index : index + 2]
        return self.shares[index] + (at - a) / (b - a) * (self.shares[index + 1] - self.shares[index])

    def gaps(self) -> Iterable[Gap]:
        """The stretches of silence."""
        for index, (a, b) in enumerate(pairwise(self.moments)):
            if a in self.silent:
                yield Gap(self.shares[index], self.shares[index + 1], duration(b - a), not self.pressed)

    def ticks(self) -> Iterable[tuple[float, str]]:
        """Round times with their words; where gaps are not to scale, only outside of them."""
        length = self.heard if self.pressed else self.length
        if not length:
            return
        step = next((step for step in _STEPS if length / step <= _MOST_TICKS), max(_STEPS[-1], length / _MOST_TICKS))
        years = self.moments[0].year != self.moments[-1].year
        day: date | None = self.moments[0].date() if self.length < timedelta(days=1) else None
        for start, end in self._stretches():
            midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
            count = -(-(start - midnight) // step)
            while step * count <= end - midnight:
                at = midnight + step * count
                count += 1
                words = [f"{at.day} {at:%b}" + (f" {at.year}" if years else "")] if at.date() != day else []
                day = at.date()
                yield self.share(at), " ".join(words + ([f"{at:%H:%M}"] if step < timedelta(days=1) else []))

    def _stretches(self) -> Iterable[tuple[datetime, datetime]]:
        start = self.moments[0]
        for a, b in pairwise(self.moments):
            if self.pressed and a in self.silent:
                yield start, a
                start = b
        yield start, self.moments[-1]
