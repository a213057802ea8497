"""The one Markdown parser, asked for block structure only.

Imported only where the fast scan of `blocks` is in doubt: loading it costs more than reading ten documents.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.blocks import Block

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


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
