"""Offsets in a document's text <-> positions of the protocol, in whichever encoding client and server agreed on.

A position is a line and a number of code units in it, both from 0 (Language Server Protocol 3.17, "Position"):
UTF-16 unless the client offers another. Lines end with LF, CRLF or a lone CR, as they do for findings, and with
nothing else; `str.splitlines` would also break at form feeds and U+2028.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from lsprotocol import types

_BREAK = re.compile(r"\r\n|\r|\n")
UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"


@dataclass(frozen=True, slots=True)
class Positions:
    """The lines of one text. Offsets count characters without a leading byte order mark, as in `Document.text`."""

    text: str
    encoding: str
    starts: tuple[int, ...]
    lead: int

    def position(self, offset: int) -> types.Position:
        """The position of an offset; offsets outside of the text are moved to its nearest end."""
        at = min(max(offset + self.lead, 0), len(self.text))
        line = bisect_right(self.starts, at) - 1
        return types.Position(line, _units(self.text[self.starts[line] : at], self.encoding))

    def range(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position(start), self.position(max(start, end)))

    def offset(self, position: types.Position) -> int:
        """The offset of a position. One behind a line's end means that end, as the protocol asks; one within a
        character means its start.
        """
        if position.line >= len(self.starts):
            return len(self.text) - self.lead
        start, end = self.starts[max(position.line, 0)], self.line_end(position.line)
        left, at = position.character, start
        if self.text[start:end].isascii() or self.encoding == UTF32:
            at = min(start + max(left, 0), end)
        else:
            while at < end and (left := left - _units(self.text[at], self.encoding)) >= 0:
                at += 1
        return max(at - self.lead, 0)

    def place(self, line: int, column: int) -> int:
        """The offset of a finding's line and column (from 1, in characters); beyond the line it is its end."""
        if not 1 <= line <= len(self.starts):
            return 0 if line < 1 else len(self.text) - self.lead
        skipped = self.lead if line == 1 else 0
        at = self.starts[line - 1] + skipped + max(column - 1, 0)
        return max(min(at, self.line_end(line - 1)) - self.lead, 0)

    def line_end(self, line: int) -> int:
        """Where the text of a line (from 0) ends, its break left out; an index into `text` with any mark."""
        stop = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        while stop > self.starts[line] and self.text[stop - 1] in "\r\n":
            stop -= 1
        return stop


def positions(text: str, encoding: str) -> Positions:
    """The positions of a text as the editor sent it. `encoding` is one of utf-8, utf-16, utf-32."""
    starts = (0, *(match.end() for match in _BREAK.finditer(text)))
    return Positions(text, encoding, starts, int(text.startswith("\ufeff")))


def _units(text: str, encoding: str) -> int:
    """How many code units a text has. A lone surrogate, which a client may send, counts like its neighbours."""
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF16:
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text) + sum((char > "\x7f") + (char > "\u07ff") + (char > "\uffff") for char in text)
