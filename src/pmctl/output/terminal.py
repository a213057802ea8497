"""How text leaves for a terminal or a pipe: safe, aligned, coloured when wanted. Returns strings, prints nothing.

Rich is imported only to lay out for a real terminal; what goes into a pipe is plain text made here, which
keeps short commands quick.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from pmctl.text import DECEIVING, in_utc, plural, safe, safe_block, short_ids, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35",
    "cyan": "36",
}  # fmt: skip

# A change of colour or weight (ECMA-48, SGR), but for the one that conceals text.
_COLOUR = re.compile(r"(\x1b\[(?!(?:[0-9]*;)*0*8[;m])[0-9;]*m)")

Styles = Mapping[str, Callable[[str], str]]
"""For a column's header: cell text -> style (words of `paint`, "" for none)."""

STATUS_STYLES = {
    "DRAFT": "yellow", "IN_REVIEW": "blue", "PUBLISHED": "green", "ARCHIVED": "dim",
    "OPEN": "yellow", "IN_PROGRESS": "blue", "COMPLETED": "green", "WONT_DO": "dim",
}  # fmt: skip


class Stream(Protocol):
    """The one thing asked of an output stream: whether a person looks at it."""

    def isatty(self) -> bool:
        """True for a terminal."""
        ...


def wants_color(choice: str, stream: Stream, environ: Mapping[str, str]) -> bool:
    """Whether to colour: `choice` is always, never or auto.

    On auto, NO_COLOR (no-color.org: any non-empty value) beats FORCE_COLOR (any value but empty and 0),
    which beats TERM=dumb, which beats whether `stream` is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()


def paint(text: str, style: str, color: bool) -> str:
    """`text` in a style of words such as "bold red"; unchanged without colour, without style or when empty."""
    if not (color and style and text):
        return text
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"


def shown(text: str) -> str:
    """`text` as it may reach a terminal: only colours go through. What was made safe before stays as it is."""
    if not DECEIVING.search(text):
        return text
    parts = _COLOUR.split(text)
    parts[::2] = [visible(part) for part in parts[::2]]
    return "".join(parts)


def width_of(text: str) -> int:
    """Columns that `text` takes on a terminal: wide and full-width characters two, combining ones none.

    Widths are those of Unicode Standard Annex 11 as the standard library knows them.
    """
    if text.isascii():
        return len(text)
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
            continue
        if "\u1160" <= character <= "\u11ff":  # Hangul vowels and finals join the syllable that they follow
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    width: int = 0,
    color: bool = False,
    styles: Styles | None = None,
    known: Iterable[str] = (),
) -> str:
    """A table as text that ends with a newline; cells are made safe here. "" without rows.

    `width` 0 means a pipe: nothing is cut or wrapped, columns are two spaces apart, and a line ends with
    its last text. Otherwise `width` is the terminal's: where a table is too wide, `known` ids become as short as they
    may be typed, and long cells wrap between words; where even the longest words do not fit beside each other, each
    row is a paragraph.
    """
    heads = [safe(header) for header in headers]
    lines = [[safe(cell) for cell in row] for row in rows]
    if not lines:
        return ""
    chosen = styles or {}
    if width > 0 and _natural_width(heads, lines) > width:
        short = short_ids(known)
        lines = [[short.get(cell, cell) for cell in cells] for cells in lines]
        if _natural_width(heads, lines) > width:
            columns = _shares(heads, lines, width)
            if not columns:
                return _paragraphs(heads, lines, width, color, chosen)
            return _wrapped(heads, lines, columns, width, color, chosen)
    return _aligned(heads, lines, color, chosen)


def _columns(heads: list[str], lines: list[list[str]]) -> list[int]:
    return [max(map(width_of, column)) for column in zip(heads, *lines, strict=True)]


def _natural_width(heads: list[str], lines: list[list[str]]) -> int:
    return sum(_columns(heads, lines)) + 2 * (len(heads) - 1)


def _aligned(heads: list[str], lines: list[list[str]], color: bool, styles: Styles) -> str:
    columns = _columns(heads, lines)
    if not color and all(cell.isascii() for cells in (heads, *lines) for cell in cells):
        # Ten thousands of lines into a pipe are common; characters are columns here.
        return "".join("  ".join(map(str.ljust, cells, columns)).rstrip(" ") + "\n" for cells in (heads, *lines))

    def laid_out(cells: list[str], cell_styles: list[str]) -> str:
        last = max((index for index, cell in enumerate(cells) if cell), default=0)
        parts = []
        for index, cell in enumerate(cells[: last + 1]):
            gap = " " * (columns[index] - width_of(cell)) if index < last else ""
            parts.append(paint(cell, cell_styles[index], color) + gap)
        return "  ".join(parts)

    out = [laid_out(heads, ["bold"] * len(heads))]
    out += [laid_out(cells, [_style(styles, *pair) for pair in zip(heads, cells, strict=True)]) for cells in lines]
    return "\n".join(out) + "\n"


def _style(styles: Styles, head: str, cell: str) -> str:
    style_of = styles.get(head)
    return style_of(cell) if style_of else ""


def _longest_word(cell: str) -> int:
    # Between wide characters a line may break anywhere.
    return max(
        (width_of(word) if word.isascii() or width_of(word) == len(word) else 2 for word in cell.split()), default=0
    )


def _shares(heads: list[str], lines: list[list[str]], width: int) -> list[int]:
    """How wide each column becomes so that no word breaks and all fit; empty when they cannot."""
    shares = [max(map(_longest_word, column)) for column in zip(heads, *lines, strict=True)]
    spare = width - sum(shares) - 2 * (len(heads) - 1)
    if spare < 0:
        return []
    wants = [natural - share for natural, share in zip(_columns(heads, lines), shares, strict=True)]
    for done, index in enumerate(sorted(range(len(wants)), key=wants.__getitem__)):
        given = min(wants[index], spare // (len(wants) - done))
        shares[index] += given
        spare -= given
    return shares


def _wrapped(
    heads: list[str], lines: list[list[str]], columns: list[int], width: int, color: bool, styles: Styles
) -> str:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head, share in zip(heads, columns, strict=True):
        grid.add_column(Text(head), overflow="fold", width=share)
    for cells in lines:
        grid.add_row(*(Text(c, style=_style(styles, heads[i], c)) for i, c in enumerate(cells)))
    return _printed(grid, width, color)


def _paragraphs(heads: list[str], lines: list[list[str]], width: int, color: bool, styles: Styles) -> str:
    """Each row as its first cell and, indented below it, the others behind their headers; a blank line between rows."""
    label = max(map(width_of, heads))
    room = max(width - label - 4, 20)
    out = []
    for first, *cells in lines:
        out.append(paint(first, "bold", color))
        for head, cell in zip(heads[1:], cells, strict=True):
            begun, *more = _broken(cell, room)
            if begun:
                style = _style(styles, head, cell)
                out.append(
                    f"  {paint(head, 'dim', color)}{' ' * (label - width_of(head) + 2)}{paint(begun, style, color)}"
                )
                out += [f"{'':{label + 4}}{paint(line, style, color)}" for line in more]
        out.append("")
    return "\n".join(out[:-1]) + "\n"


def folded(text: str, width: int, indent: int = 0) -> str:
    """A line made safe and, for a terminal of `width` columns, broken between words; what follows the first line is
    indented. 0 means a pipe: nothing is broken."""
    line = safe(text)
    if width <= 0 or width_of(line) <= width:
        return line
    room = max(width - indent, 20)
    first, *rest = _broken(line[indent:], room)
    return "\n".join([line[:indent] + first, *(" " * indent + one for one in rest)])


def _broken(text: str, room: int) -> list[str]:
    """A line in pieces of at most `room` columns, broken between words where that is possible; at least one piece."""
    from rich.console import Console
    from rich.text import Text

    return [line.plain.rstrip() for line in Text(text).wrap(Console(width=room), room)] or [""]


def _printed(renderable: RenderableType, width: int, color: bool) -> str:
    """What rich makes of a renderable, with deceiving characters made visible after its own decoding.

    Cleaning must come last: Markdown turns `&#27;` into an escape character, and rich passes it on.
    """
    import io

    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, color_system="standard" if color else None,
        legacy_windows=False, markup=False, emoji=False, highlight=False, no_color=not color,
    )  # fmt: skip
    drawn = [Segment(visible(part.text), part.style) for part in console.render(renderable) if not part.control]
    with console.capture() as captured:
        console.print(Segments(drawn), end="")
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def postmortem(source: str, body: str, facts: Sequence[tuple[str, str]], *, width: int = 0, color: bool = False) -> str:
    """One postmortem for reading.

    Into a pipe (`width` 0): `source`, the Markdown as it is, made safe. On a terminal: `facts` (label and
    value pairs; the first is the title) above `body`, the Markdown without front matter, laid out by rich.
    """
    if width <= 0:
        text = safe_block(source)
        return text if text.endswith("\n") else text + "\n"
    from rich.markdown import Markdown

    label_width = max((width_of(label) for label, _ in facts[1:]), default=0)
    top = [paint(safe(value), "bold", color) for _, value in facts[:1]]
    for label, value in facts[1:]:
        gap = " " * (label_width - width_of(label))
        top.append(f"{paint(label, 'dim', color)}{gap}  {paint(safe(value), STATUS_STYLES.get(value, ''), color)}")
    page = Markdown(body, hyperlinks=False, code_theme="ansi_dark")
    return "\n".join(top) + "\n\n" + _printed(page, min(width, 100), color)


def moment(at: datetime) -> str:
    """A time for people, in UTC to the minute: `2024-01-15 14:00 UTC`. A naive time counts as UTC."""
    return in_utc(at).strftime("%Y-%m-%d %H:%M UTC")


def duration(span: timedelta) -> str:
    """A span in its two largest units: `45 minutes`, `1 hour 5 minutes`, `2 days 3 hours`; never negative."""
    seconds = max(0, int(span.total_seconds()))
    for size, smaller, unit, small_unit in (
        (86400, 3600, "day", "hour"),
        (3600, 60, "hour", "minute"),
        (60, 0, "minute", ""),
    ):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            small = rest // smaller if smaller else 0
            return plural(count, unit) + (f" {plural(small, small_unit)}" if small else "")
    return plural(seconds, "second")


def due(day: date, today: date) -> str:
    """A due date with its distance: `2024-01-22 (2 days overdue)`, `(today)`, `(in 3 days)`."""
    days = (day - today).days
    if days == 0:
        return f"{day.isoformat()} (today)"
    distance = f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} overdue"
    return f"{day.isoformat()} ({distance})"
