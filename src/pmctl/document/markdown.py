"""The one Markdown parser, asked for block structure, and for a block's code spans and HTML.

Imported only where the fast scan of `blocks` is in doubt: loading it costs more than reading ten documents.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.blocks import CODE, HTML, TABLE, TEXT, Block, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@lru_cache(maxsize=1)
def block_parser() -> MarkdownIt:
    """CommonMark with tables, stopping before inline markup."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def parse_blocks(lines: list[str]) -> list[Block]:
    """The top-level headings and tables of these lines, as the parser sees them."""
    tokens = block_parser().parse("\n".join(lines))
    blocks = []
    for index, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        if token.type == "heading_open":
            blocks.append(Block(int(token.tag[1]), token.map[0], token.map[1], tokens[index + 1].content))
        elif token.type == "table_open":
            blocks.append(Block(0, token.map[0], token.map[1]))
    return blocks


def parse_leaves(lines: list[str]) -> list[Leaf]:
    """Every leaf of these lines, as the parser sees them."""
    leaves = []
    rows = (0, 0)
    kind = TEXT
    for token in block_parser().parse("\n".join(lines)):
        if token.map is not None:
            rows = (token.map[0], token.map[1])
        if token.type in ("fence", "code_block"):
            leaves.append(Leaf(CODE, rows[0], lines[slice(*rows)]))
        elif token.type == "html_block":
            inside = lines[slice(*rows)]
            leaves.append(Leaf(HTML, rows[0], [line.lstrip(" \t>") for line in inside] if token.level else inside))
        elif token.type == "tr_open":
            leaves.append(Leaf(TABLE, rows[0], [lines[rows[0]].lstrip(" \t>")]))
        elif token.type == "table_open":
            kind = TABLE
        elif token.type == "table_close":
            kind = TEXT
        elif token.type == "inline" and kind == TEXT:
            written = [part.strip() for part in token.content.split("\n")]
            # The parser strips a block's text as a whole: lines of unusual white space are missing at its beginning.
            first = next((row for row in range(*rows) if written[0] in lines[row]), rows[0])
            behind = zip(lines[first : rows[1]], written, strict=False)
            leaves.append(Leaf(TEXT, first, [line[max(0, line.rfind(part)) :] for line, part in behind]))
    return leaves


def parse_inline(text: str) -> list[tuple[str, str]]:
    """The code spans (mark and content) and the HTML ("" and the tag) of a block's text, in order."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    return list(_inline(parser.parseInline(text)))


def _inline(tokens: Iterable[Token]) -> Iterable[tuple[str, str]]:
    for token in tokens:
        if token.type == "code_inline":
            yield token.markup, token.content
        elif token.type == "html_inline":
            yield "", token.content
        elif token.children:
            yield from _inline(token.children)
