r"""Text of people and other systems as Markdown: the one place that escapes.

Records are written by machines, customers and strangers. What they say is kept, and can't become anything but
text: no control or direction characters, no HTML, no comments that hide the lines after them, no headings, fences,
front matter or table borders, no images that are fetched on reading.

    `inline`     one value in a line, a heading or a prompt: nothing in it is Markdown any more
    `paragraph`  a description of several lines: paragraphs and bullets stay, no line opens any other block
    `cell_text`  what a cell of a table is to say, as it reads back
    `table_row`  cells as the source of a row

(CommonMark 0.31, section 2.4: a backslash before any ASCII punctuation makes it literal.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pmctl.text import clean, single_line

_ALWAYS = re.compile(r"([\\`*\[\]<>|~])")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_LINE_START = re.compile(r"^([#+=-]|\d{1,9}(?=[.)](?:\s|$)))")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# A pipe with an even number of backslashes before it.
_BARE_PIPE = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_OPENS_HTML = re.compile(r"<(?=[a-zA-Z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(r"\](?=\()")
_BULLET = re.compile(r"[-*+•][ \t]+")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_BLOCK_START = re.compile(r"[#>|=+*_~`-]|\[[^\]]*\]:|:::|:(?=[-:|\s]+$)")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n+")


def inline(text: str) -> str:
    """One line that Markdown shows exactly as `text`, with runs of white space as single spaces."""
    line = _ALWAYS.sub(r"\\\1", single_line(_CONTROL.sub(" ", text)))
    line = _UNDERSCORE.sub(r"\\_", line)
    line = _ENTITY.sub("&amp;", line)
    return _LINE_START.sub(_escaped_start, line)


def _escaped_start(match: re.Match[str]) -> str:
    start = match.group()
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"


def line(text: str, limit: int = 0) -> str:
    """Cleaned text on one line, cut with an ellipsis to at most `limit` characters (0: any number)."""
    whole = single_line(clean(text))
    return f"{whole[: limit - 1].rstrip()}…" if limit and len(whole) > limit else whole


def cell_text(text: str, limit: int = 1000) -> str:
    """At most `limit` characters of a text as a cell of a table is to say it; `table_row` escapes the pipes."""
    return _inert(line(text, limit))


def table_row(cells: Iterable[str]) -> str:
    """The source of a row with these cells, without a line end."""
    return "|" + "|".join(f" {escaped_cell(text)} " if text else " " for text in cells) + "|"


def escaped_cell(text: str) -> str:
    """The source of one cell; a pipe that is escaped already stays as it is."""
    return _BARE_PIPE.sub(r"\1\\|", text)


def paragraph(text: str, limit: int = 4000) -> str:
    """At most `limit` characters of a text for a section's body.

    Headings, rules, fences, quotes, tables and reference definitions lose their meaning to a backslash.
    """
    text = clean(text).strip()
    if len(text) > limit:
        text = f"{text[: limit - 1].rstrip()}…"
    text = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", text))
    return "\n".join(_quiet(_inert(each.strip())) for each in text.split("\n"))


def _inert(text: str) -> str:
    """Cleaned text whose HTML, comments, images and links become what they say."""
    if "<" in text:
        text = _OPENS_HTML.sub("&lt;", text)
    if "[" in text:
        text = _LINK.sub(r"]\\", _IMAGE.sub(r"!\\", text))
    return text.replace("-->", "--&gt;")


def _quiet(text: str) -> str:
    """One line that opens no block but a bullet."""
    bullet = _BULLET.match(text)
    if bullet and len(set(text.replace(" ", ""))) > 1:  # "- - -" is a rule, not a list
        rest = text[bullet.end() :].strip()
        return f"- {_quiet(rest)}" if rest and not _BULLET.match(rest) else f"\\{text}"
    if number := _NUMBER.match(text):
        return f"{number[1]}\\{text[number.end(1) :]}"
    return f"\\{text}" if _BLOCK_START.match(text) else text
