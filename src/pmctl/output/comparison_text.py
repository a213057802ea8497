"""A difference for a terminal or a pipe: a line or a few for each change, within the width, readable without colours.

`+` stands before what is new, `-` before what is gone, `~` before what changed; within a text that goes on, words are
`{+added+}` and `[-removed-]`, as in `git diff --word-diff`. Colours only repeat that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pmctl.output.comparison import Answer, Entry, Part, headline, outline
from pmctl.output.terminal import paint, width_of
from pmctl.text import safe, safe_block

_SIGNS = {"added": ("{+", "+}"), "removed": ("[-", "-]")}
_STYLES = {"name": "bold", "old": "red", "removed": "red", "new": "green", "added": "green", "plain": "", "sign": ""}
_MARK_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_NARROWEST = 20  # columns that a text gets at least
_INDENT = 4
_SPACE, _BREAK = [(" ", "")], [("\n", "")]
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def to_text(answer: Answer, *, width: int = 0, color: bool = False) -> str:
    """The difference; `width` 0 is a pipe, where no line is broken."""
    lines = [paint(safe(headline(answer)), "bold", color)]
    for group in outline(answer.difference):
        lines.append("")
        title = paint(safe(group.title), "bold", color)
        lines += _wrapped([Part("plain", f"({group.remark})")], width, title, color) if group.remark else [title]
        for entry in group.entries:
            lines += _entry(entry, width, color)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _entry(entry: Entry, width: int, color: bool) -> Iterator[str]:
    mark = f"  {paint(entry.mark, _MARK_STYLES[entry.mark], color)}"
    if entry.lines:
        for part in entry.parts:
            for line in part.text.split("\n"):
                yield from _folded(safe(line), width, mark, _STYLES[part.role], color)
        return
    yield from _wrapped(entry.parts, width, mark, color)


def _folded(line: str, width: int, mark: str, style: str, color: bool) -> Iterator[str]:
    """A line of code, broken anywhere where it is too long."""
    room = max(width - _INDENT, _NARROWEST) if width else 0
    first = True
    while first or line:
        cut = _fitting(line, room) if room else len(line)
        yield f"{mark if first else '   '} {paint(line[:cut], style, color)}"
        line, first = line[cut:], False


def _wrapped(parts: Sequence[Part], width: int, head: str, color: bool) -> list[str]:
    """The parts behind `head`, broken between words; lines that go on are indented."""
    room = max(width - _INDENT, _NARROWEST) if width else 0
    lines: list[str] = []
    line, used = "", width_of(_COLOURS.sub("", head)) - _INDENT + 1
    for word in _words(parts):
        columns = sum(width_of(text) for text, _ in word)
        if word == _BREAK or (room and used > 0 and used + columns > room):
            lines, line, used = [*lines, line], "", 0
        if word == _BREAK or (word == _SPACE and not line and lines):
            continue
        for text, style in word:
            while room and used + width_of(text) > room:
                cut = _fitting(text, room - used) if room > used else 0
                lines, line, used = [*lines, line + paint(text[:cut], style, color)], "", 0
                text = text[cut:]
            line, used = line + paint(text, style, color), used + width_of(text)
    return [f"{head} {[*lines, line][0]}", *(f"{'':{_INDENT}}{more}" for more in [*lines, line][1:])]


def _words(parts: Sequence[Part]) -> Iterator[list[tuple[str, str]]]:
    """What stands together between spaces and line breaks, as texts with their styles, and these between them."""
    word: list[tuple[str, str]] = []
    for part in parts:
        before, behind = _SIGNS.get(part.role, ("", ""))
        said = safe_block(part.text).replace("\t", " ")
        bare = said.rstrip(" ")
        text = f"{before}{bare}{behind}{said[len(bare) :]}"
        for stretch in re.split(r"([ \n])", text):
            if stretch in (" ", "\n"):
                yield word
                yield _SPACE if stretch == " " else _BREAK
                word = []
            elif stretch:
                word.append((stretch, _STYLES[part.role]))
    yield word


def _fitting(text: str, room: int) -> int:
    """How many characters of a text fit into so many columns, one at least."""
    used = 0
    for at, character in enumerate(text):
        used += width_of(character)
        if used > room:
            return max(at, 1)
    return len(text)
