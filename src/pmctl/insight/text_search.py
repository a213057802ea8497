"""Which postmortems say some words, and where. (title, bytes, words) -> the line that shows it.

What is searched is what people read: the title and the text below the front matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n.*?^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_WIDEST = 100  # characters of a snippet


@dataclass(frozen=True, slots=True)
class Match:
    """The line of the file that holds most of the words, counted from 1, and the part of it around them; 0 and "" when
    only the title holds them."""

    line: int = 0
    snippet: str = ""


def words_of(text: str) -> tuple[str, ...]:
    """The words that are looked for: case and the ways to write an accent make no difference."""
    return tuple(dict.fromkeys(_plain(text).split()))


def match(title: str, data: bytes, words: Sequence[str]) -> Match | None:
    """Where a postmortem says all the words, None when one of them is in neither its title nor its text."""
    whole = data.decode("utf-8", "replace")
    front = _FRONT_MATTER.match(whole)
    text = whole[front.end() :] if front else whole
    plain, heading = _plain(text), _plain(title)
    if not all(word in plain or word in heading for word in words):
        return None
    before = whole.count("\n", 0, len(whole) - len(text))
    lines = text.split("\n")
    counts = (
        [sum(word in _plain(line) for word in words) for line in lines] if any(map(plain.__contains__, words)) else []
    )
    most = max(counts, default=0)
    if not most:
        return Match()
    index = counts.index(most)
    return Match(before + index + 1, _snippet(lines[index], words))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _snippet(line: str, words: Sequence[str]) -> str:
    """The line without the blanks around it; of a long one the part that begins a little before the first word."""
    text = " ".join(line.split())
    if len(text) <= _WIDEST:
        return text
    first = min((at for word in words if (at := _plain(text).find(word)) >= 0), default=0)
    begin = min(max(first - _WIDEST // 4, 0), len(text) - _WIDEST)
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    end = begin + _WIDEST
    end = text.rfind(" ", begin, end) if end < len(text) and " " in text[begin + 1 : end] else end
    return ("... " if begin else "") + text[begin:end] + (" ..." if end < len(text) else "")
