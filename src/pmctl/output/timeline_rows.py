"""Rows for what stands on a drawn timeline, so that nothing lies upon anything else: a layout and a width -> Rows.

Widths are in the unit of the drawing, about a pixel: the labels are set in letters of at most LETTER. A drawing that is
wider than it was laid out for only has more room between things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from pmctl.output.timeline_layout import Entry, Layout, Mark

LETTER = 7.6
_BETWEEN = 10  # between a label and the next one
_TARGET = 24  # between the middles of dots: as much as a finger needs (WCAG 2.2, 2.5.8)
_PILL = 12  # more than that where a number stands for several
DOT_ROWS = 3
_EDGE = 0.04  # of the line: nearer to its end, words stand to one side


@dataclass(frozen=True, slots=True)
class Label:
    """A mark's label: in which row, from 0 at the line, and whether it ends or begins at `share`, which is the mark's
    but where the label would leave the line. `since` is "" where the phase before it says how long it was."""

    mark: Mark
    row: int
    ends: bool
    since: str
    share: float

    @property
    def moved(self) -> bool:
        """Whether it stands aside of its mark, which is below it then."""
        return self.share != self.mark.share


@dataclass(frozen=True, slots=True)
class Dot:
    """One entry, or several for which there is no room, in one of DOT_ROWS rows from the line on."""

    entries: tuple[Entry, ...]
    row: int


@dataclass(frozen=True, slots=True)
class Rows:
    """`lengths` are those of the phases, "" where one has no room for it; `ticks` without words have none."""

    labels: tuple[Label, ...]
    dots: tuple[Dot, ...]
    lengths: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    @property
    def label_rows(self) -> int:
        """How many rows of labels there are."""
        return max((label.row for label in self.labels), default=-1) + 1

    @property
    def dot_rows(self) -> int:
        """How many rows of dots there are."""
        return max((dot.row for dot in self.dots), default=-1) + 1


def rows(layout: Layout, width: float) -> Rows:
    """What goes into which row of a line that is `width` long."""
    lengths = tuple(
        phase.length if (phase.end - phase.start) * width > len(phase.length) * LETTER + _BETWEEN else ""
        for phase in layout.phases
    )
    since = ["" if length else mark.since for mark, length in zip(layout.marks, ("", *lengths), strict=False)]
    return Rows(_labels(layout, since, width), dots(layout.entries, width), lengths, _ticks(layout, width))


def _labels(layout: Layout, since: Sequence[str], width: float) -> tuple[Label, ...]:
    """Labels begin or end at their marks, whichever way needs fewer rows and lets fewer leaders run through labels."""
    marks = layout.marks
    places = [mark.share * width for mark in marks]
    sizes = [
        max(len(f"{mark.name} {layout.time(mark.at)}"), len(words)) * LETTER + _BETWEEN
        for mark, words in zip(marks, since, strict=True)
    ]
    best: tuple[int, int, list[int], tuple[bool, ...]] | None = None
    for ends in product((False, True), repeat=len(marks)):
        spans = [_span(*one, width) for one in zip(places, sizes, ends, strict=True)]
        taken = _stacked(spans, ends)
        crossed = sum(
            left < x < right and row < taken[index]
            for index, x in enumerate(places)
            for (left, right), row in zip(spans, taken, strict=True)
        )
        moved = sum(span[end] != x for x, span, end in zip(places, spans, ends, strict=True))
        cost = (moved * 100 + max(taken, default=0) * 4 + crossed * 3, sum(ends))
        if best is None or cost < best[:2]:
            best = (*cost, taken, ends)
    _, _, taken, ends = best or (0, 0, [], ())
    found = []
    for mark, x, size, row, end, words in zip(marks, places, sizes, taken, ends, since, strict=True):
        stands = _span(x, size, end, width)[end]
        found.append(Label(mark, row, end, words, mark.share if stands == x else stands / width))
    return tuple(found)


def _span(x: float, size: float, ends: bool, width: float) -> tuple[float, float]:
    """From where to where a label reaches: from its mark or up to it, moved as far as it takes to stay on the line."""
    left = x - size if ends else x
    if 0 <= left <= width - size:
        return (left, x) if ends else (x, x + size)
    left = max(min(left, width - size), 0.0)
    return left, left + size


def _stacked(spans: Sequence[tuple[float, float]], ends: Sequence[bool]) -> list[int]:
    """The lowest free row for each, those that end at their marks from the left on, the others from the right on."""
    order = [index for index, end in enumerate(ends) if end]
    order += [index for index in reversed(range(len(ends))) if not ends[index]]
    taken = [-1] * len(spans)
    for index in order:
        left, right = spans[index]
        busy = {row for (a, b), row in zip(spans, taken, strict=True) if row >= 0 and a < right and left < b}
        taken[index] = next(row for row in range(len(spans)) if row not in busy)
    return taken


def dots(entries: Sequence[Entry], length: float) -> tuple[Dot, ...]:
    """Each entry in the first row with room for it; what has none is counted with the one before it in the last row."""
    ends = [-float("inf")] * DOT_ROWS
    found: list[Dot] = []
    last: int | None = None
    for entry in entries:
        x = entry.share * length
        row = next((row for row, end in enumerate(ends) if x >= end), None)
        if row is not None:
            ends[row] = x + _TARGET
            found.append(Dot((entry,), row))
            last = len(found) - 1 if row == DOT_ROWS - 1 else last
        elif last is not None:
            if len(found[last].entries) == 1:
                ends[-1] += _PILL
            found[last] = Dot((*found[last].entries, entry), DOT_ROWS - 1)
    return tuple(found)


def anchor(share: float) -> str:
    """Which part of a tick's words stands at it, so that none leaves the drawing: its start, its middle or its end."""
    return "start" if share < _EDGE else "end" if share > 1 - _EDGE else "middle"


def _ticks(layout: Layout, width: float) -> tuple[tuple[float, str], ...]:
    found, end = [], -float("inf")
    for share, words in layout.ticks:
        size = len(words) * LETTER
        left = share * width - {"start": 0.0, "middle": size / 2, "end": size}[anchor(share)]
        found.append((share, words if left > end else ""))
        end = left + size + _BETWEEN if left > end else end
    return tuple(found)
