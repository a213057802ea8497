"""Where links and images lead, against the Markdown parser."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pmctl.document.reader import read
from pmctl.rules.writing import link_targets
from tests.skips import NO_CORPUS

PARSER = MarkdownIt("commonmark").enable("table")


def parsed(text: str) -> set[str]:
    """The targets of all links, images and definitions, as the parser reads them."""
    found: set[str] = set()

    def walk(tokens: list[Token]) -> None:
        for token in tokens:
            if token.type == "link_open" and token.markup != "autolink":
                found.add(unquote(str(token.attrs["href"])))
            elif token.type == "image":
                found.add(unquote(str(token.attrs["src"])))
            walk(token.children or [])

    env: dict[str, dict[str, dict[str, str]]] = {}
    walk(PARSER.parse(text, env))
    return found | {unquote(one["href"]) for one in env.get("references", {}).values()}


def scanned(text: str) -> set[str]:
    return {unquote(target) for match, target in link_targets(text, 0) if match["image"] != "<img"}


def test_links_are_those_of_the_parser_in_real_documents() -> None:
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    for path in sorted(Path(corpus, "documents").rglob("*.md")):
        doc = read(path.read_bytes(), path.name)
        body = doc.text[doc.body_start :].replace("\r\n", "\n")
        assert scanned(body) == parsed(body), path


@pytest.mark.parametrize(
    "text",
    [
        "[a](b.md) and ![c](d.png 'title')",
        "[a](<b c.md>) [a](b(c).md)",
        "[a [b] c](d.md)",
        "[a]: b.md\n[c]: <d e.md> 'title'\n\n[a] [c]",
        "[14:02]: We restarted it",
        "\\[a](b.md)",
        "`[a](b.md)` and\n\n    [c](d.md)\n",
        "[a\nb](c.md)",
        "[a](b.md",
        "[![image](a.png)](b.md)",
    ],
)
def test_links(text: str) -> None:
    assert scanned(text) == parsed(text)
