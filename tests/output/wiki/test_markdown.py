"""What is written anew says what was there: the same HTML from both, for everything that people and dice write."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.document.reader import read
from pmctl.output.markdown import clean_body
from pmctl.output.markdown_parser import parser
from pmctl.output.wiki.inline import escaped
from pmctl.output.wiki.markdown import Dialect, rewritten
from pmctl.text import harmless, single_line
from tests.skips import NO_CORPUS

PARSER = parser("table", "strikethrough")
MKDOCS = Dialect(fenced_in_lists=False, other_markers=False, pipe_in_code=True)


def html(text: str) -> str:
    page = PARSER.render(harmless(text)).replace("<br />\n", "\n")
    page = re.sub(r' (?:title|class|alt)="[^"]*"', "", page)
    return re.sub(r"&lt;br ?/?&gt;", "<br>", page, flags=re.IGNORECASE)


def same(text: str) -> None:
    assert html(rewritten(text, lambda address, picture: address)) == html(text)


@pytest.mark.parametrize(
    "text",
    [
        "a *b* **c** ~~d~~ `e` \\*f\\* snake_case _g_ __h__ ***i***",
        "# One\n\nTwo\n===\n\nThree #\n---\n",
        "- a\n- b\n\n  c\n\n* d\n* e\n\n1. f\n2. g\n   - h\n     1. i\n\n3) j",
        "- a\n  ```py\n  x = 1\n\n  y\n  ```\n- b",
        "> a\n> - b\n>\n>   c\n\n> d",
        "| a | b |\n|:--|--:|\n| `x\\|y` | z \\| w |\n| **b** | |",
        "`` a`b `` ``` `` ``` ` `` `",
        "[a](<b c> \"t\") [d][e] <https://x.example> ![f](g.png)\n\n[e]: /h",
        "1986\\. A year\n\n\\# no\n\n\\- no\n\n\\+ no\n\n\\> no\n\na\n\\=\n",
        "line  \nbreak\\\nagain\nsoft",
        "&amp;lt; &lt; &#42;a&#42; &nbsp;x & y",
        "a!\\[b](c) !\\[d\\](e)",
        "-\n- \n- a\n\n***\n\n- ---\n",
        "    code\n\n\tmore `x` ``` y\n",
        "````\n```\n````\n",
        "a | b\n\\--|--\nc | d",
        "<div>\n*x*\n</div>\n\n<!-- no -->",
    ],
)  # fmt: skip
def test_it_says_the_same(text: str) -> None:
    same(text)


_PIECES = st.sampled_from(
    ["a", "b_c", "*", "**", "_", "`", "``", "~~", "[", "](x)", "![", "<b>", "&lt;", "&", "\\", "|", "#", "# ", "- ",
     "1. ", "> ", "    ", "\t", "\n", "\n\n", "---", "===", "```", "| a | b |\n|---|---|\n", "import x", "{", "}", "!",
     " ", ":", "日本", "<br>", "\u00a0", "+ ", "2) ", "[ ] ", "[r]: /u\n"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_dice_write_nothing_that_comes_out_as_a_tag_or_a_brace(text: str) -> None:
    for dialect in (Dialect(line_break=" ", modules=True), MKDOCS):
        out = rewritten(text, lambda address, picture: None, dialect)
        page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(out)
        assert not re.search(r"<(?:b|div|a|img)\b", page.replace("<br />", "")), (text, out)


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_words_stay_in_order(text: str) -> None:
    """Whatever happens to markup that is on the brink, no word is lost."""
    words = re.compile(r"[ab]|b_c|日本|import x")
    shown = lambda page: words.findall(re.sub(r"<[^>]*>", "", re.sub(r'alt="([^"]*)"', r">\1<", page)))  # noqa: E731
    before = shown(PARSER.render(harmless(text)))
    assert shown(PARSER.render(rewritten(text, lambda address, picture: address))) == before


@given(st.text(max_size=40))
def test_a_title_shows_as_it_is_in_a_cell(title: str) -> None:
    page = PARSER.render(f"| {escaped(title)} | x |\n|---|---|\n")
    cell = re.search(r"<th>(.*?)</th>", page, re.DOTALL)
    assert cell is not None
    assert single_line(cell[1]) == escape(single_line(harmless(title))).replace("&#x27;", "'")


def test_real_postmortems_say_the_same() -> None:
    folder = os.environ.get("PMCTL_CORPUS", "")
    if not folder:
        pytest.skip(NO_CORPUS)
    count = 0
    for file in sorted(Path(folder).rglob("*.md")):
        document = read(file.read_bytes(), file.name)
        if not document.problems or document.body:
            same(clean_body(document))
            count += 1
    assert count > 50
