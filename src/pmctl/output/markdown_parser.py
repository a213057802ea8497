"""The parser that all pages are rendered with: CommonMark by markdown-it, raw HTML left as text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Raw HTML stays text, and what lies more than `maxNesting` deep would be lost.
_OPTIONS = {"html": False, "linkify": False, "maxNesting": 200}


@cache
def parser(*enabled: str) -> MarkdownIt:
    """The parser with these further rules of markdown-it: "table", "strikethrough"."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", _OPTIONS).enable(list(enabled))
