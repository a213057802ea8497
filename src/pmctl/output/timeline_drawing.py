"""A timeline as inline SVG: Layout -> Markup, once lying for wide screens and once standing for phones.

The style sheet (page.css) shows one of the two and gives colours for light and dark. Along the line places are in
percent, so that the lying one fits any width from LYING on with letters of the same size; nothing needs a script.
Every dot links to its entry's row, which has the id `entry-N`; the row links back by `row_links`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.timeline import entries
from pmctl.output.timeline_layout import Gap, Layout, layout
from pmctl.output.timeline_rows import DOT_ROWS, Dot, Label, anchor, dots, rows

if TYPE_CHECKING:
    from markupsafe import Markup

    from pmctl.document.reader import Document

LYING = 620  # pixels: the least width that the lying drawing is shown in
_START, _SPAN = 1.5, 93.0  # percent of the width before the line, and of the line
_LABEL, _BAR, _DOT, _FOOT = 38, 22, 24, 42  # pixels: heights of a row of labels, the bar, a row of dots, ticks and text
_GAP_LETTERS = 20  # of a gap's length
_READ = 92  # letters of an entry's text below the lying drawing
_TALL, _SIDE, _LINE, _EDGE = 300, 34, 19, 10.0  # pixels: least height, bar to dots, a line of text, above the line
_LETTERS = 27  # of a line of text beside the standing line
_MANY = 12  # dots: with more of them a link leads past the drawing
_WITHOUT = "without an entry"


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of the timeline: its number among the entries, its time as written, and whether a drawing has it."""

    number: int
    time: str
    drawn: bool


def drawing_of(document: Document) -> tuple[Markup, dict[int, TimelineRow]]:
    """The drawing of a document's timeline, "" where there is nothing to draw, and its table's rows by their lines."""
    from markupsafe import Markup

    found = layout(document)
    drawn = {one.number for one in found.entries} if found is not None else set()
    rows = {one.line: TimelineRow(number, one.time, number in drawn) for number, one in enumerate(entries(document), 1)}
    return drawing(found) if found is not None else Markup(), rows


def drawing(timeline: Layout, *, prefix: str = "") -> Markup:
    """The drawing with what it says in words. `prefix` sets its ids apart from those of another one on the page."""
    from markupsafe import Markup

    name = f"{prefix}timeline"
    skip = ""
    if len(timeline.entries) > _MANY:
        skip = _tag("a", "Skip the drawn timeline", class_="tl-skip", href=f"#{name}-end")
    caption = _tag("figcaption", escape(" ".join(_notes(timeline))), id=f"{name}-end")
    figure = _tag(
        "figure", f"{skip}{_lying(timeline, name)}\n{_standing(timeline, name)}\n{caption}", class_="tl", id=name
    )
    return Markup(figure + "\n")  # noqa: S704  # _tag escapes attributes, and every text above is escaped


def row_links(number: int, text: str, *, prefix: str = "") -> str:
    """HTML: the text of a row's time as the link to its dot, for either drawing. `text` is HTML already."""
    return "".join(
        _tag("a", text, class_=f"tl-to tl-to-{kind}", href=f"#{prefix}timeline-{kind}-{number}")
        for kind in ("lying", "standing")
    )


def _tag(name: str, content: str = "", **attributes: object) -> str:
    """An element; `class_` is class and `text_anchor` text-anchor. `content` is HTML, the attributes are not."""
    shown = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{shown}>{content}</{name}>"


def _notes(timeline: Layout) -> Iterable[str]:
    yield "Times are UTC."
    if any(not gap.scaled for gap in timeline.gaps):
        yield "Stretches without an entry are not to scale."
    yield from (f"{gap.words}." for gap in timeline.gaps if not _fits(gap))
    if timeline.untimed:
        be = "entry has no certain time and is" if timeline.untimed == 1 else "entries have no certain time and are"
        yield f"{timeline.untimed} {be} in the table only."


def _fits(gap: Gap) -> bool:
    """Whether a gap's words have room in it, as they have but for lengths of many years."""
    return len(gap.length) <= _GAP_LETTERS


def _svg(timeline: Layout, name: str, kind: str, height: int, parts: Iterable[str]) -> str:
    title, words = f"{name}-{kind}-title", f"{name}-{kind}-words"
    inside = _tag("title", "Timeline", id=title) + _tag("desc", escape(timeline.sentences), id=words) + "".join(parts)
    return _tag(
        "svg", inside, class_=f"tl-{kind}", width="100%", height=height, role="group",
        aria_labelledby=title, aria_describedby=words,
    )  # fmt: skip


def _told(timeline: Layout, dot: Dot) -> str:
    """What a dot says: its entry, or how many there are from when to when and how they begin."""
    first, last = dot.entries[0], dot.entries[-1]
    if len(dot.entries) == 1:
        return f"{timeline.time(first.at)} {first.text}"
    until = f" to {timeline.time(last.at)}" if last.at > first.at else ""
    return f"{timeline.time(first.at)}{until}, {len(dot.entries)} entries: {first.text}"


def _dot(timeline: Layout, dot: Dot, name: str, x: object, y: object, said: str) -> str:
    """A dot, or a number for several, as a link to the first row; the rows of the others lead to it as well."""
    first, count = dot.entries[0], len(dot.entries)
    shape = _tag("circle", r=6)
    if count > 1:
        half = 7 + 4 * len(str(count))
        shape = _tag("rect", x=-8, y=-9, width=2 * half, height=18, rx=9)
        shape += _tag("text", str(count), class_="tl-count", x=half - 8, y=4, text_anchor="middle")
    title = _tag("title", escape(_told(timeline, dot)))
    others = "".join(_tag("g", id=f"{name}-{entry.number}") for entry in dot.entries[1:])
    body = _tag("svg", _tag("circle", class_="tl-hit", r=12) + shape, class_="tl-at", x=x, y=y, overflow="visible")
    return _tag(
        "a", title + others + body + said, class_="tl-dot", id=f"{name}-{first.number}", href=f"#entry-{first.number}"
    )


# The lying drawing: labels above the bar of phases, dots and ticks below it.


def _x(share: float) -> str:
    return f"{_START + _SPAN * share:.2f}%"


def _lying(timeline: Layout, name: str) -> str:
    placed = rows(timeline, LYING * _SPAN / 100)
    top = placed.label_rows * _LABEL
    line = top + (_BAR if timeline.phases else 0) + 18
    bottom = line + max(placed.dot_rows - 1, 1 if timeline.gaps else 0) * _DOT + 14
    out = []
    for share, words in placed.ticks:
        x = _x(share)
        out.append(_tag("line", class_="tl-tick", x1=x, x2=x, y1=line, y2=bottom + 4))
        out.append(_tag("text", words, class_="tl-soft", x=x, y=bottom + 18, text_anchor=anchor(share)))
    out += _lying_line(timeline, line)
    for phase, length in zip(timeline.phases, placed.lengths, strict=True):
        width = f"{max(_SPAN * (phase.end - phase.start), 0.2):.2f}%"
        out.append(_tag("rect", class_=f"tl-phase tl-{phase.kind}", x=_x(phase.start), y=top, width=width, height=_BAR))
        middle = _x((phase.start + phase.end) / 2)
        out.append(_tag("text", length, class_=f"tl-in tl-{phase.kind}", x=middle, y=top + 15, text_anchor="middle"))
    out += [_lying_label(timeline, label, top) for label in placed.labels]
    for dot in placed.dots:
        text = escape(textwrap.shorten(_told(timeline, dot), _READ, placeholder=" …"))
        said = _tag("text", text, class_="tl-said", x=0, y=bottom + _FOOT - 6)
        out.append(_dot(timeline, dot, f"{name}-lying", _x(dot.entries[0].share), line + dot.row * _DOT, said))
    return _svg(timeline, name, "lying", bottom + _FOOT, out)


def _lying_label(timeline: Layout, label: Label, top: int) -> str:
    mark, x, y = _x(label.mark.share), _x(label.share), top - (label.row + 1) * _LABEL
    side = {"text_anchor": "end", "dx": -6} if label.ends else {"dx": 6}
    words = f"{_tag('tspan', label.mark.name)} {timeline.time(label.mark.at)}"
    start = y + (34 if label.since else 18) if label.moved else y + 3
    return (
        _tag("line", class_="tl-mark", x1=mark, x2=mark, y1=start, y2=top + _BAR)
        + _tag("text", words, class_="tl-name", x=x, y=y + 14, **side)
        + _tag("text", label.since, class_="tl-soft", x=x, y=y + 29, **side)
    )


def _lying_line(timeline: Layout, y: int) -> list[str]:
    """The line that dots stand on, interrupted where nothing is written down."""
    out, at = [], 0.0
    for gap in timeline.gaps:
        start, middle, end = _x(gap.start), _x((gap.start + gap.end) / 2), _x(gap.end)
        out.append(_tag("line", class_="tl-line", x1=_x(at), x2=start, y1=y, y2=y))
        out.append(_tag("line", class_="tl-gap", x1=start, x2=end, y1=y, y2=y))
        if not gap.scaled:
            out.append(_break(middle, y, "M-7 7L-1-7M1 7L7-7"))
        for number, words in enumerate((gap.length, _WITHOUT) if _fits(gap) else ()):
            out.append(_tag("text", words, class_="tl-soft", x=middle, y=y + 20 + 14 * number, text_anchor="middle"))
        at = gap.end
    return [*out, _tag("line", class_="tl-line", x1=_x(at), x2=_x(1), y1=y, y2=y)]


def _break(x: object, y: object, path: str) -> str:
    return _tag("svg", _tag("path", class_="tl-break", d=path), class_="tl-at", x=x, y=y, overflow="visible")


# The standing drawing: the bar of phases, dots beside it, words to the right.


class _Words(NamedTuple):
    """Lines of text beside the line; those of a mark have a leader from its place."""

    share: float
    is_mark: bool
    lines: list[str]

    @property
    def height(self) -> int:
        return len(self.lines) * _LINE + 8


def _standing(timeline: Layout, name: str) -> str:
    words = _beside(timeline)
    height = max(_TALL, sum(one.height for one in words) + 30)
    length, side = height - 2 * _EDGE, _SIDE + DOT_ROWS * _DOT

    def y(share: float) -> float:
        return round(_EDGE + share * length, 1)

    out = [
        _tag("rect", class_=f"tl-phase tl-{one.kind}", x=2, y=y(one.start), width=12,
             height=max(round((one.end - one.start) * length, 1), 2))
        for one in timeline.phases
    ]  # fmt: skip
    at = 0.0
    for gap in timeline.gaps:
        start, middle, end = y(gap.start), y((gap.start + gap.end) / 2), y(gap.end)
        out.append(_tag("line", class_="tl-line", x1=_SIDE, x2=_SIDE, y1=y(at), y2=start))
        out.append(_tag("line", class_="tl-gap", x1=_SIDE, x2=_SIDE, y1=start, y2=end))
        out.append("" if gap.scaled else _break(_SIDE, middle, "M-7 1L7-5M-7 7L7 1"))
        at = gap.end
    out.append(_tag("line", class_="tl-line", x1=_SIDE, x2=_SIDE, y1=y(at), y2=y(1)))
    for top, one in zip(_spread(words, [y(one.share) for one in words], height), words, strict=True):
        out += _standing_words(one, top, y(one.share), side)
    for dot in dots(timeline.entries, length):
        lines = textwrap.wrap(_told(timeline, dot), 40, max_lines=3, placeholder=" …")
        spans = (_tag("tspan", escape(text), x=0, y=height + 18 + 17 * row) for row, text in enumerate(lines))
        said = _tag("text", "".join(spans), class_="tl-said")
        out.append(_dot(timeline, dot, f"{name}-standing", _SIDE + dot.row * _DOT, y(dot.entries[0].share), said))
    return _svg(timeline, name, "standing", height + 60, out)


def _standing_words(words: _Words, top: float, y: float, side: int) -> Iterable[str]:
    if words.is_mark:
        path = f"M2 {y}H{side - 18}L{side - 6} {top + _LINE / 2:.1f}"
        yield _tag("path", class_="tl-mark", fill="none", d=path)
    for number, line in enumerate(words.lines):
        kind = "tl-name" if words.is_mark and not number else "tl-soft"
        yield _tag("text", escape(line), class_=kind, x=side, y=f"{top + _LINE * (number + 0.75):.1f}")


def _beside(timeline: Layout) -> list[_Words]:
    """What stands beside the standing line, from above: marks and gaps; without marks its first and last ticks."""
    found = []
    for mark in timeline.marks:
        lines = textwrap.wrap(f"{timeline.time(mark.at)} {mark.name}", _LETTERS)
        found.append(_Words(mark.share, True, [*lines, mark.since] if mark.since else lines))
    found += [_Words((gap.start + gap.end) / 2, False, [gap.length, _WITHOUT]) for gap in timeline.gaps]
    if len(timeline.marks) < 2:
        found += [_Words(share, False, [text]) for share, text in timeline.ticks[:1] + timeline.ticks[1:][-1:]]
    return sorted(found, key=lambda one: one.share)


def _spread(words: Sequence[_Words], places: Sequence[float], height: float) -> list[float]:
    """The top of each text: at its place, moved down where the one before takes the room, then up from the end."""
    tops: list[float] = []
    lowest = 0.0
    for one, y in zip(words, places, strict=True):
        tops.append(max(y - _LINE / 2, lowest))
        lowest = tops[-1] + one.height
    limit = height
    for index in reversed(range(len(tops))):
        tops[index] = limit = min(tops[index], limit - words[index].height)
    return tops
