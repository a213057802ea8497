r"""Text from people and other systems, made safe to stand in Markdown: it shows as written and changes no structure.

`inline` is for a single value in a line, a heading, a table cell or a prompt: nothing in it is Markdown any
more. `block` is for a description of several lines: emphasis, links and lists stay, but it can't open a
heading, a table, a code block, an HTML comment or a front matter block, so the sections after it stay whole.
(CommonMark 0.31, section 2.4: a backslash before any ASCII punctuation makes it literal.)
"""

from __future__ import annotations

import re

_ALWAYS = re.compile(r"([\\`*\[\]<>|~])")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_LINE_START = re.compile(r"^([#+=-]|\d{1,9}(?=[.)](?:\s|$)))")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Only the characters that open a structure at the start of a line, and a comment or tag anywhere.
_OPENS_BLOCK = re.compile(
    r"^(#{1,6}(?=\s|$)|=+\s*$|-+\s*$|-(?:\s*-){2,}\s*$|`{3,}|~{3,}|\||:(?=[-:\s]+$)|\[(?=[^\]]+\]:))"
)
# A character that opens a code span, a tag or a table cell, when an even number of backslashes precedes it.
_UNESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)([`<|])")
_BULLETS = re.compile(r"(?:(?:[-*+]|\d{1,9}[.)])\s+)+")


def inline(text: str) -> str:
    """One line that Markdown shows exactly as `text`, with runs of white space as single spaces."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    line = _ALWAYS.sub(r"\\\1", line)
    line = _UNDERSCORE.sub(r"\\_", line)
    line = _ENTITY.sub("&amp;", line)
    return _LINE_START.sub(_escaped_start, line)


def block(text: str) -> str:
    """Paragraphs and lists as in `text`, with everything escaped that would change the document around them."""
    out: list[str] = []
    for raw in re.split(r"\r\n?|\n", text.strip()):
        line = _quiet(_CONTROL.sub(" ", raw).strip())
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out)


def _quiet(line: str) -> str:
    """One line of a block; what follows a list marker is treated like the start of a line."""
    markers = _BULLETS.match(line)
    start = markers.end() if markers else 0
    rest = _OPENS_BLOCK.sub(r"\\\1", line[start:])
    pieces = rest.split("`")
    if len(pieces) % 2 == 0 or "``" in rest or "\\`" in rest:
        return line[:start] + _UNESCAPED.sub(r"\1\\\2", rest)
    # An even number of single backticks: every second piece is code and needs no escapes.
    pieces[::2] = [_UNESCAPED.sub(r"\1\\\2", piece) for piece in pieces[::2]]
    return line[:start] + "`".join(pieces)


def _escaped_start(match: re.Match[str]) -> str:
    start = match.group()
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"


def cell(text: str) -> str:
    """One table cell that shows `text` on one line: pipes escaped, tags and comments made literal.

    What is escaped already stays as it is, so that a cell may come from another table.
    """
    line = " ".join(_CONTROL.sub(" ", text).split())
    return re.sub(r"(?<!\\)((?:\\\\)*)(\||<(?=[!/?A-Za-z]))", r"\1\\\2", line)
