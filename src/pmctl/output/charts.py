"""Values as drawings: inline SVG for pages with the same values as a table, and lines of text for a terminal.

Points in, markup out. A drawing carries everything itself: no script, no style sheet (presentation attributes only, so
that a page's policy need not allow inline styles), no ids. It is black on light and light on dark because all ink is
`currentColor`; bars begin at a zero line, every value is written beside its mark, and what is too few to say is a
dashed outline with those words, never a bar of length nothing. The same values give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from pmctl.output.terminal import width_of
from pmctl.text import harmless, plural

TOO_FEW = "too few to say"
_WIDTH = 640
_ROW, _BAR = 26, 14
_LABEL, _VALUE = 212, 344  # most room for what stands before and behind a bar
_LETTER = 7.2  # columns of 13 px text, generously
_SHADES = ("0.85", "0.55", "0.3", "0.15")


@dataclass(frozen=True, slots=True)
class Point:
    """One value with its label. `value` None is too few to say; `said` is how it is written, by default as a number.

    `low` and `high` are the ends of its interval, `parts` the values of a stacked bar, `note` what a pointer is told.
    """

    label: str
    value: float | None
    said: str = ""
    low: float | None = None
    high: float | None = None
    parts: tuple[float, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The value as it is written."""
        return TOO_FEW if self.value is None else self.said or number(self.value)


class Chart(NamedTuple):
    """A drawing, and the table of its values; `figure` is both for a page."""

    svg: Markup
    table: Markup

    @property
    def figure(self) -> Markup:
        """The drawing with the data under it, folded."""
        return Markup('<figure class="chart">{}<details><summary>Data</summary>{}</details></figure>').format(*self)

    def named(self, name: str) -> Markup:
        """The same under its name."""
        caption = Markup('<figure class="chart"><figcaption>{}</figcaption>').format(harmless(name))
        return self.figure.replace(Markup('<figure class="chart">'), caption, 1)


def number(value: float) -> str:
    """A number as people write it: without a fraction where there is none, otherwise with at most one digit of it."""
    return f"{value:.1f}".removesuffix(".0")


def data_table(headers: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """Values as an HTML table; the first cell of a row is its header."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(harmless(one)) for one in headers)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            harmless(first), Markup("").join(Markup("<td>{}</td>").format(harmless(cell)) for cell in cells)
        )
        for first, *cells in rows
    )
    named = Markup("<caption>{}</caption>").format(harmless(caption)) if caption else Markup("")
    return Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(named, head, body)


def columns(title: str, up: Sequence[Point], down: Sequence[Point] = (), heads: tuple[str, str] = ("", "")) -> Chart:
    """Small columns beside each other on one zero line, as the months of a year: `up` above it, `down` below.

    `heads` say what either is, for the table and the description; the labels are those of `up`.
    """
    room = _WIDTH / max(len(up), 1)
    tall = 72 if down else 96
    zero = tall + 18
    marks = [_column(point, number_, room, zero, _most(up), tall) for number_, point in enumerate(up)]
    marks += [_column(point, number_, room, zero + 16, _most(down), -tall) for number_, point in enumerate(down)]
    marks.append(element("line", x1=0, x2=_WIDTH, y1=zero, y2=zero, stroke="currentColor", stroke_opacity="0.4"))
    marks += [
        words(point.label, (at + 0.5) * room, zero + 12, anchor="middle", size=11) for at, point in enumerate(up)
    ]  # fmt: skip
    rows = [[point.label, point.text, *([down[at].text] if down else [])] for at, point in enumerate(up)]
    table = data_table(["", heads[0], *([heads[1]] if down else [])], rows, title)
    return Chart(drawing(title, _said(up, heads[0]), zero + 22 + (tall + 18 if down else 0), marks), table)


def _column(point: Point, at: int, room: float, zero: float, most: float, tall: float) -> Markup:
    wide = min(room * 0.6, 28)
    left = at * room + (room - wide) / 2
    if point.value is None:
        top = zero - 14 if tall > 0 else zero
        return _group(point, _empty(left, top, wide, 14))
    length = abs(tall) * point.value / most
    top = zero - length if tall > 0 else zero
    bar = element("rect", x=left, y=top, width=wide, height=length, fill="currentColor", fill_opacity=_shade(tall < 0))
    if not point.value:
        return _group(point, bar)
    beyond = top - 4 if tall > 0 else zero + length + 11
    return _group(point, bar + words(point.text, at * room + room / 2, beyond, anchor="middle", size=11))


def _shade(second: bool) -> str:
    return _SHADES[1] if second else _SHADES[0]


def bars(title: str, points: Sequence[Point], heads: tuple[str, str] = ("", "")) -> Chart:
    """One bar a row from a zero line, its label before and its value behind it."""
    left = _label_room(points)
    most = _most(points)
    room = _WIDTH - left - _value_room(points)
    marks = [_zero(left, len(points))]
    for at, point in enumerate(points):
        if point.value is None:
            drawn = _empty(left, _top(at), 40, _BAR) + _beside(point, left + 40, at)
        else:
            length = room * point.value / most
            drawn = _bar(left, at, length, _SHADES[0]) + _beside(point, left + length, at)
        marks.append(_group(point, _label(point, left, at) + drawn))
    table = data_table(heads, [(point.label, point.text) for point in points], title)
    return Chart(drawing(title, _said(points, heads[1]), len(points) * _ROW, marks), table)


def stacked(title: str, points: Sequence[Point], parts: Sequence[str]) -> Chart:
    """Bars of several parts, in the order of `parts`, which are named where the first bar has room for each."""
    left = _label_room(points)
    totals = [sum(point.parts) for point in points]
    most = max(totals, default=0) or 1
    room = _WIDTH - left - _value_room(points)
    named = "; ".join(f"{part} {_strength(at)}" for at, part in enumerate(parts))
    marks = [_zero(left, len(points))]
    for at, point in enumerate(points):
        drawn, reached = _label(point, left, at), left
        if point.value is None:
            drawn += _empty(left, _top(at), 40, _BAR)
            reached += 40
        for which, value in enumerate(() if point.value is None else point.parts):
            length = room * value / most
            inner = element("title", f"{parts[which]}: {number(value)}")
            drawn += Markup("<g>{}{}</g>").format(inner, _bar(reached, at, length, _SHADES[which % len(_SHADES)]))
            reached += length
        marks.append(_group(point, drawn + _beside(point, reached, at)))
    marks.append(words(named, left, len(points) * _ROW + 13, size=11))
    rows = [(point.label, *(map(number, point.parts) if point.value is not None else [TOO_FEW])) for point in points]
    rows = [(*row, *[""] * (len(parts) + 1 - len(row))) for row in rows]
    return Chart(
        drawing(title, _said(points, ""), len(points) * _ROW + 20, marks), data_table(["", *parts], rows, title)
    )  # fmt: skip


def _strength(at: int) -> str:
    return ("(dark)", "(middle)", "(light)", "(faint)")[at % len(_SHADES)]


def dots(title: str, points: Sequence[Point], heads: tuple[str, str] = ("", ""), mark: float | None = None) -> Chart:
    """A dot a row on a common scale from zero, with its interval as a line; `mark` is a value to compare with, as 1
    is for a ratio. An interval that is open at its end reaches the edge."""
    left = _label_room(points)
    ends = [value for point in points for value in (point.value, point.high, mark) if value is not None]
    most = max(ends, default=0) or 1
    room = _WIDTH - left - _value_room(points)

    def across(value: float) -> float:
        return left + room * min(value / most, 1)

    marks = [_zero(left, len(points))]
    if mark is not None:
        x = across(mark)
        marks.append(_line(x, 0, x, len(points) * _ROW, stroke_dasharray="2 3", stroke_opacity="0.6"))
    for at, point in enumerate(points):
        middle = _top(at) + _BAR / 2
        drawn = _label(point, left, at)
        if point.value is None:
            drawn += _empty(left, _top(at), 40, _BAR) + _beside(point, left + 40, at)
        else:
            reached = across(point.value if point.high is None else point.high)
            if point.low is not None:
                drawn += _line(across(point.low), middle, reached, middle, stroke_width="2")
            drawn += element("circle", cx=across(point.value), cy=middle, r=4.5, fill="currentColor")
            drawn += _beside(point, max(reached, across(point.value) + 5), at)
        marks.append(_group(point, drawn))
    table = data_table(heads, [(point.label, point.text) for point in points], title)
    return Chart(drawing(title, _said(points, heads[1]), len(points) * _ROW, marks), table)


def sparkline(title: str, points: Sequence[Point]) -> Chart:
    """A small line through the values with a dot at the last; it breaks where there are too few to say."""
    most = _most(points)
    step = 120 / max(len(points) - 1, 1)
    runs: list[list[str]] = [[]]
    last = ""
    for at, point in enumerate(points):
        if point.value is None:
            runs.append([])
            continue
        last = f"{_n(4 + at * step)},{_n(26 - 22 * point.value / most)}"
        runs[-1].append(last)
    marks = [_line(4, 26, 124, 26, stroke_opacity="0.3")]
    marks += [
        element("polyline", points=" ".join(run), fill="none", stroke="currentColor", stroke_width="1.5")
        for run in runs
        if len(run) > 1
    ]
    marks += [element("circle", cx=run[0].split(",")[0], cy=run[0].split(",")[1], r=1.5, fill="currentColor")
              for run in runs if len(run) == 1]  # fmt: skip
    if last:
        marks.append(element("circle", cx=last.split(",")[0], cy=last.split(",")[1], r=3, fill="currentColor"))
    table = data_table(["", title], [(point.label, point.text) for point in points])
    return Chart(drawing(title, _said(points, ""), 30, marks, wide=128), table)


def bar_lines(points: Sequence[Point], width: int = 24, *, plain: bool = False) -> list[str]:
    """Bars for a terminal or a pipe, a line each: label, bar, value. With `plain` the bars are made of #."""
    labels = max((width_of(point.label) for point in points), default=0)
    most = _most(points)
    lines = []
    for point in points:
        gap = " " * (labels - width_of(point.label))
        length = 0.0 if point.value is None else width * point.value / most
        lines.append(f"{point.label}{gap}  {_blocks(length, plain=plain)}{' ' if length else ''}{point.text}")
    return lines


_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEIGHTS, _HEIGHTS_ASCII = "▁▂▃▄▅▆▇█", "_.:-=+*#"


def _blocks(length: float, *, plain: bool) -> str:
    """A bar of so many columns; what is more than nothing shows as something."""
    if not length:
        return ""
    if plain:
        return "#" * max(round(length), 1)
    eighths = max(round(length * 8), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def spark_text(values: Sequence[float | None], *, plain: bool = False) -> str:
    """A sparkline of one character a value, the lowest for zero; a blank where there are too few to say."""
    heights = _HEIGHTS_ASCII if plain else _HEIGHTS
    most = max((value for value in values if value is not None), default=0) or 1
    return "".join(" " if one is None else heights[min(int(one / most * 7 + 0.5), 7)] for one in values)


def draws_blocks(encoding: str | None) -> bool:
    """Whether a stream of this encoding can carry block elements; otherwise bars are drawn in ASCII."""
    try:
        (_HEIGHTS + _EIGHTHS).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _most(points: Sequence[Point]) -> float:
    return max((point.value for point in points if point.value is not None), default=0) or 1


def _label_room(points: Sequence[Point]) -> float:
    return min(max((width_of(point.label) for point in points), default=0) * _LETTER + 12, _LABEL)


def _value_room(points: Sequence[Point]) -> float:
    return min(max((width_of(point.text) for point in points), default=0) * _LETTER + 14, _VALUE)


def _shortened(text: str, room: float) -> str:
    """A text that has so much room; what is cut off stands in the table and where a pointer rests."""
    most = int(room / _LETTER)
    return text if width_of(text) <= most else text[: max(most - 2, 1)].rstrip() + " …"


def _top(at: int) -> float:
    return at * _ROW + (_ROW - _BAR) / 2


def _label(point: Point, left: float, at: int) -> Markup:
    return words(_shortened(point.label, left - 12), left - 8, _top(at) + 11, anchor="end")


def _beside(point: Point, x: float, at: int) -> Markup:
    return words(_shortened(point.text, _VALUE - 14), x + 7, _top(at) + 11)


def _bar(x: float, at: int, length: float, shade: str) -> Markup:
    return element("rect", x=x, y=_top(at), width=length, height=_BAR, fill="currentColor", fill_opacity=shade)


def _empty(x: float, y: float, width: float, height: float) -> Markup:
    return element(
        "rect", x=x, y=y, width=width, height=height, fill="none", stroke="currentColor", stroke_dasharray="3 3",
        stroke_opacity="0.6",
    )  # fmt: skip


def _zero(x: float, rows: int) -> Markup:
    return _line(x, 0, x, rows * _ROW, stroke_opacity="0.4")


def _line(x1: float, y1: float, x2: float, y2: float, **more: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", **more)


def _group(point: Point, drawn: Markup) -> Markup:
    told = f"{point.label}: {point.text}" + (f" ({point.note})" if point.note else "")
    return Markup("<g>{}{}</g>").format(element("title", told), drawn)


def words(text: str, x: float, y: float, anchor: str = "start", size: int = 13) -> Markup:
    """A line of text in a drawing."""
    return element("text", text, x=x, y=y, text_anchor=anchor, font_size=size, fill="currentColor")


def _said(points: Sequence[Point], what: str) -> str:
    """The values as a sentence for who does not see the drawing."""
    told = "; ".join(f"{point.label}: {point.text}" for point in points[:24])
    rest = f"; and {plural(len(points) - 24, 'more row')}" if len(points) > 24 else ""
    return f"{what}{': ' if what and told else ''}{told}{rest}" or "no data"


def drawing(title: str, told: str, height: float, marks: Iterable[Markup], wide: float = _WIDTH) -> Markup:
    """A whole drawing: its name, what it shows in words, and its marks."""
    inner = element("title", title) + element("desc", told) + Markup("").join(marks)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {} {}" width="{}" height="{}" '
        'font-family="system-ui, sans-serif" aria-label="{}">{}</svg>'
    ).format(_n(wide), _n(height), _n(wide), _n(height), harmless(title), inner)


def element(name: str, text: str = "", **attributes: str | float) -> Markup:
    """An element; names with _ are those with -."""
    said = Markup("").join(
        Markup(' {}="{}"').format(key.replace("_", "-"), value if isinstance(value, str) else _n(value))
        for key, value in attributes.items()
    )
    if text:
        return Markup("<{}{}>{}</{}>").format(name, said, escape(harmless(text)), name)
    return Markup("<{}{}/>").format(name, said)


def _n(value: float) -> str:
    """A length in the drawing, to a tenth."""
    return number(round(value, 1) + 0.0)
