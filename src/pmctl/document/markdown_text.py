r"""Text of people and other systems as Markdown: the one place that escapes.

Records are written by machines, customers and strangers. What they say is kept, and can't become anything but
text: no control or direction characters, no HTML, no comments that hide the lines after them, no headings, fences,
front matter or table borders, no images that are fetched on reading.

    `inline`     one value in a line, a heading or a prompt: nothing in it is Markdown any more
    `paragraph`  a description of several lines: paragraphs, bullets and fenced code stay, no line opens any other block
    `cell_text`  what a cell of a table is to say, as it reads back
    `code_apart` a text for a cell without the fenced code in it, and `code_blocks` that code, to stand elsewhere
    `table_row`  cells as the source of a row

What stands in code is code and needs no escaping: code spans and fences survive as they were written.

(CommonMark 0.31, section 2.4: a backslash before any ASCII punctuation makes it literal.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pmctl.document.fenced_code import Run, runs
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
_BLOCK_START = re.compile(r"[#>|=+*_~-]|\[[^\]]*\]:|:::|:(?=[-:|\s]+$)")
_SPACES = re.compile(r"[^\S\n]+")
# Outside of code a backslash takes the character behind it along.
_TICKS_OR_ESCAPE = re.compile(r"\\.|(`+)")
_TICKS = re.compile(r"`+")
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
    return shortened(single_line(clean(text)), limit)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of a text (0: any number), cut between words and marked with an ellipsis."""
    if not limit or len(text) <= limit:
        return text
    kept = text[: limit - 1]
    if not text[limit - 1].isspace():
        words = kept.rsplit(None, 1)
        # What has no space for half its length is no text of words; it is cut anywhere.
        kept = words[0] if len(words) == 2 and 2 * len(words[0]) > limit else kept
    return f"{kept.rstrip()}…"


def cell_text(text: str, limit: int = 1000) -> str:
    """At most `limit` characters of a text as a cell of a table is to say it; `table_row` escapes the pipes.

    A cell has one line: of fenced code every line becomes a code span. Where code has a place of its own, see
    `code_apart`.
    """
    if "```" in text or "~~~" in text:
        text = " ".join(
            " ".join(_span(each.strip()) for each in run.lines if each.strip()) if run.fenced else " ".join(run.lines)
            for run in runs(clean(text))
        )
    return _inert(line(text, limit))


def code_apart(text: str, pointer: str) -> tuple[str, tuple[Run, ...]]:
    """A cleaned text on one line, with `pointer` wherever fenced code stood, and that code."""
    if "```" not in text and "~~~" not in text:
        return line(text), ()
    found = runs(clean(text))
    said = " ".join(pointer if run.fenced else run.source for run in found)
    return single_line(said), tuple(run for run in found if run.fenced)


def code_blocks(found: Iterable[Run], limit: int) -> tuple[str, ...]:
    """The source of blocks of code with at most `limit` characters of code together.

    An ellipsis stands for the lines that have no room; a first line that has none is cut.
    """
    written: list[str] = []
    for run in found:
        kept: list[str] = []
        for each in run.lines if limit else ():
            if len(each) >= limit:
                kept += ["…"] if kept or written else [each[: limit - 1], "…"]
                limit = 0
                break
            kept.append(each)
            limit -= len(each) + 1
        if kept or not run.lines:
            written.append(run._replace(lines=kept).source)
    return tuple(written)


def table_row(cells: Iterable[str]) -> str:
    """The source of a row with these cells, without a line end."""
    return "|" + "|".join(f" {escaped_cell(text)} " if text else " " for text in cells) + "|"


def escaped_cell(text: str) -> str:
    """The source of one cell; a pipe that is escaped already stays as it is."""
    return _BARE_PIPE.sub(r"\1\\|", text)


def paragraph(text: str, limit: int = 4000) -> str:
    """At most `limit` characters of a text for a section's body.

    Headings, rules, quotes, tables and reference definitions lose their meaning to a backslash; fenced code stays, and
    is closed where the text ends in it.
    """
    parts = []
    for run in runs(shortened(clean(text).strip(), limit)):
        if run.fenced:
            parts.append(run.source)
        else:
            plain = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", run.source))
            parts.append("\n".join(_quiet(_inert(each.strip())) for each in plain.split("\n")))
    return "\n".join(parts)


def _inert(text: str) -> str:
    """One cleaned line whose HTML, comments, images and links become what they say; code spans stay.

    No span reaches beyond the line: a backtick that nothing in it answers is only a backtick.
    """
    if "`" not in text:
        return _inert_prose(text)
    pieces = []
    start = at = 0
    while match := _TICKS_OR_ESCAPE.search(text, at):
        at = match.end()
        if match[1] is None:
            continue
        run = match[1]
        close = next((found for found in _TICKS.finditer(text, at) if len(found.group()) == len(run)), None)
        pieces.append(_inert_prose(text[start : match.start()]))
        if close is None:
            pieces.append("\\`" * len(run))
        else:
            pieces.append(
                text[match.start() : close.end()] if len(run) < 3 else _span(text[at : close.start()].strip())
            )
            at = close.end()
        start = at
    return "".join((*pieces, _inert_prose(text[start:])))


def _span(code: str) -> str:
    """A code span; its fence is short, so that no line can open a block with it."""
    runs = {len(found.group()) for found in _TICKS.finditer(code)}
    fence = next((ticks for ticks in ("`", "``") if len(ticks) not in runs), "")
    if not fence:
        return _inert_prose(code.replace("\\", "\\\\").replace("`", "\\`"))
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{fence}{pad}{code}{pad}{fence}"


def _inert_prose(text: str) -> str:
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
