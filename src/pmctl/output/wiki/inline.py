"""The inside of a paragraph or a cell, written anew from its tokens. inline token -> Markdown.

What is text stays text in every program: a character that could mean something gets a backslash where all of them know
one, else its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pmctl.text import harmless, single_line

if TYPE_CHECKING:
    from markdown_it.token import Token

Place = Callable[[str, bool], str | None]
"""(address, whether it is of a picture) -> the address to write, None where it must not lead anywhere."""

BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
"""What people write for a new line in a cell, where Markdown knows none."""

_SPECIAL = re.compile(r"[\\`*\[\]{}|<\n\r\t]|(?<![^\W_])_|_(?![^\W_])|~~|&(?=#?\w+;)|!\Z")
_BACKSLASHED = frozenset("\\`*_{}[]()>#+-.!|")  # the only ones that Python-Markdown knows
_LINE_START = re.compile(
    r"(?:#{1,6}(?=\s|\Z)|[-+](?=\s|\Z|-)|>|=|~~~|!!!|\?\?\?|:(?=\s|::)|([0-9]{1,9})(?=[.)](?:\s|\Z)))"
)
_MODULE = re.compile(r"(?:import|export)\b")
_SAFE = re.compile(r"[^A-Za-z0-9/:?#@!$&+,;=._~%-]")
_TITLE = re.compile(r'[^"\\<>{}`|\n]{1,200}')


class Cell(Protocol):
    """What matters in the cell of a table."""

    @property
    def line_break(self) -> str: ...
    @property
    def pipe_in_code(self) -> bool: ...


def escaped(text: str) -> str:
    """Plain text on one line, so that it shows as it is wherever it is put."""
    return at_start(_text(single_line(harmless(text))))


def address(url: str) -> str:
    """An address as it may stand in the parentheses of a link."""
    return _SAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")), url)


def at_start(line: str, *, modules: bool = False) -> str:
    """A line of a paragraph, so that it begins no other block."""
    if opening := _LINE_START.match(line):
        at = opening.end() if opening[1] else 0
        return line[:at] + _shown(line[at]) + line[at + 1 :]
    if modules and _MODULE.match(line):
        return f"&#{ord(line[0])};{line[1:]}"
    return f"&#{ord(line[0])};{line[1:]}" if line[:1] == " " else line


def inline_text(token: Token, place: Place, code: Callable[[str], str], cell: Cell | None = None) -> str:
    """What an inline token says, with every address as `place` says."""
    out: list[str] = []
    links: list[str | None] = []
    for child in token.children or ():
        kind = child.type
        if kind == "link_open":
            href = place(str(child.attrs.get("href", "")), False)
            links.append(None if href is None else f"]({address(href)}{_title(child)})")
            out.append("[" if href is not None else "")
        elif kind == "link_close":
            out.append((links.pop() if links else None) or "")
        elif kind == "image":
            out.append(_image(child, place, linked=any(links)))
        elif kind == "code_inline":
            out.append(_code(code(child.content), cell))
        elif kind in ("em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"):
            out.append(child.markup)
        elif kind in ("softbreak", "hardbreak"):
            out.append("\n" if kind == "softbreak" else "  \n")
        elif cell is not None:
            out.append(cell.line_break.join(map(_text, BREAK.split(child.content))))
        else:
            out.append(_text(child.content))
    return "".join(out)


def _shown(character: str) -> str:
    return f"\\{character}" if character in _BACKSLASHED else f"&#{ord(character)};"


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda match: "".join(_ENTITIES.get(one) or _shown(one) for one in match[0]), text)


_ENTITIES = {"<": "&lt;", "&": "&amp;"}


def _title(child: Token) -> str:
    title = str(child.attrs.get("title", "")).strip()
    return f' "{title}"' if _TITLE.fullmatch(title) else ""


def _image(child: Token, place: Place, *, linked: bool) -> str:
    """A picture that is there, else a link to it, else the words that stand for it."""
    source = str(child.attrs.get("src", ""))
    words = _text(child.content or source.rsplit("/", 1)[-1]).replace("\n", " ")
    shown = place(source, True)
    if shown is not None:
        return f"![{words}]({address(shown)}{_title(child)})"
    target = None if linked else place(source, False)
    return f"[{words}]({address(target)})" if target is not None else words


def _code(text: str, cell: Cell | None) -> str:
    runs = {len(run) for run in re.findall("`+", text)}
    fence = "`" * next(size for size in range(1, len(runs) + 2) if size not in runs)
    padded = text[:1] == "`" or text[-1:] == "`" or (text[:1] == " " and text[-1:] == " " and text.strip(" "))
    inside = f" {text} " if padded else text
    if cell is not None and not cell.pipe_in_code:
        inside = inside.replace("|", "\\|")
    return f"{fence}{inside}{fence}"
