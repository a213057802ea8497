"""The lines and characters of a text by their offsets, as the Markdown parser counts them: it is given UTF-8."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

Span = tuple[int, int]
"""Offsets of characters: of the first, and behind the last."""

# For each byte of UTF-8 whether a character begins with it.
_CHARACTERS = bytes(not 0x80 <= byte < 0xC0 for byte in range(256))
_RUNS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def line_spans(text: str) -> list[Span]:
    """The offsets of the lines of a text, without their ends (LF, CRLF or CR)."""
    source = plain_lines(text)
    starts = list(accumulate([len(line) + 1 for line in source.split("\n")], initial=0))
    return [(first, line_end(text, min(last, len(text)))) for first, last in pairwise(starts)]


def plain_lines(text: str) -> str:
    """As many characters, all of them meaning to the parser what CommonMark says.

    It takes a lone CR for a line's end in some places only, vertical tabs and form feeds for white space, and no half
    of a surrogate pair.
    """
    if "\r" in text:
        text = text.replace("\r\n", " \n").replace("\r", "\n")
    if "\x0b" in text or "\x0c" in text:
        text = text.replace("\x0b", "\x1a").replace("\x0c", "\x1a")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def line_end(text: str, following: int) -> int:
    """Where the line ends, without its newline, behind which the offset `following` lies."""
    last = text[following - 1 : following]
    if last == "\n":
        return following - 2 if text[following - 2 : following - 1] == "\r" else following - 1
    return following - 1 if last == "\r" else following


def characters(body: str, start: int) -> Sequence[int]:
    """For each byte of UTF-8 in `body`, and behind the last: the offset of the character that begins there, in the text
    in which `body` begins at `start`. A byte within a character leads to the next one; the parser names none."""
    found: list[int] = []
    for run in _RUNS.findall(body):
        if run.isascii():
            found.extend(range(start, start + len(run)))
        else:
            found.extend(accumulate(run.encode().translate(_CHARACTERS)[:-1], initial=start))
        start += len(run)
    return [*found, start]
