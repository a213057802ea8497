"""Untrusted text made safe for a Markdown document.

Incident records are written by machines, customers and strangers. What they say is kept, and can't
become anything but text: no control or direction characters, no HTML, no comments that hide the lines
after them, no headings, fences, front matter or table borders, no images that are fetched on reading.
"""

from __future__ import annotations

import html
import re
from functools import cache
from html.parser import HTMLParser

# ECMA-48 escape sequences (colours, cursor movement, titles) as terminals and CI logs produce them.
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:[a-zA-Z]{2,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BLOCK_TAGS = frozenset(("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer"))
_BLOCK_TAGS |= frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p"))
_BLOCK_TAGS |= frozenset(("pre", "section", "table", "tr", "ul"))
_HIDDEN_TAGS = frozenset(("script", "style", "template", "title", "head"))

_OPENS_HTML = re.compile(r"<(?=[a-zA-Z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(r"\](?=\()")
_BULLET = re.compile(r"[-*+•][ \t]+")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_BLOCK_START = re.compile(r"[#>|=+*_~`-]|\[[^\]]*\]:|:::|\+\+\+")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n+")


@cache
def _unwanted() -> dict[int, str | None]:
    """The translation of characters that have no business in a document.

    Dropped: C0 and C1 controls, bidirectional controls (UAX #9), zero-width and soft hyphens, tag
    characters, BOM. Line and paragraph separators, form feeds and NEL become newlines: some readers
    count them as line ends and some do not. Joiners stay: Persian and emoji need them.
    """
    table: dict[int, str | None] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
    table.update({ord("\n"): "\n", ord("\t"): " ", 0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"})
    dropped = (0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, 0xFEFF)
    table.update(dict.fromkeys((*dropped, *range(0x2061, 0x2070), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080))))
    table.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
    return table


def clean(text: str) -> str:
    """The text without characters that deceive: one newline form, no controls, no direction changes."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_unwanted())


def single_line(text: str, limit: int = 0) -> str:
    """Cleaned text on one line, at most `limit` characters (0: any number), for names and titles."""
    line = " ".join(clean(text).split())
    return f"{line[: limit - 1].rstrip()}…" if limit and len(line) > limit else line


def neutral(text: str) -> str:
    """Cleaned text whose inline markup is dead: HTML, comments, images and links become what they say."""
    text = clean(text)
    if "<" in text:
        text = _OPENS_HTML.sub("&lt;", text)
    if "[" in text:
        text = _IMAGE.sub(r"!\\", text)
        text = _LINK.sub(r"]\\", text)
    return text.replace("-->", "--&gt;") if "-->" in text else text


def cell(text: str, limit: int = 1000) -> str:
    """Text for one cell of a Markdown table, ready to be written between pipes.

    One line; pipes escaped; a backslash at the end doubled, as it would escape the border; at most
    `limit` characters of the original.
    """
    line = neutral(single_line(text, limit)).replace("|", "\\|")
    return f"{line}\\" if line.endswith("\\") else line


def paragraph(text: str, limit: int = 4000) -> str:
    """Text for a section's body: paragraphs and bullets stay, no line can start any other block.

    Headings, rules, fences, quotes, tables and reference definitions lose their meaning to a backslash.
    """
    text = clean(text).strip()
    if len(text) > limit:
        text = f"{text[: limit - 1].rstrip()}…"
    text = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", text))
    return "\n".join(_line(neutral(line.strip())) for line in text.split("\n"))


def _line(line: str) -> str:
    bullet = _BULLET.match(line)
    if bullet and len(set(line.replace(" ", ""))) > 1:  # "- - -" is a rule, not a list
        rest = line[bullet.end() :].strip()
        return f"- {_line(rest)}" if rest and not _BULLET.match(rest) else f"\\{line}"
    if number := _NUMBER.match(line):
        return f"{number[1]}\\{line[number.end(1) :]}"
    return f"\\{line}" if _BLOCK_START.match(line) else line


def from_html(text: str) -> str:
    """Plain text of what a source delivers as HTML: tags dropped, list items and breaks become lines.

    Text without a tag or an entity comes back unchanged.
    """
    if not _TAG.search(text):
        return text
    reader = _PlainText()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):  # html.parser gives up on some malformed declarations
        return html.unescape(_TAG.sub(" ", text))
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _PlainText(HTMLParser):
    """Collects the visible text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN_TAGS:
            self._hidden += 1
        elif tag in _BLOCK_TAGS:
            self.pieces.append("\n")
        elif tag == "td":
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCK_TAGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN_TAGS:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCK_TAGS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
