"""Foreign text in Markdown: `inline` shows exactly as written, `block` opens no structure, `cell` reads back."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.document.reader import read, tables
from pmctl.workflow.markdown_text import block, cell, inline

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.text(alphabet="#-+=*_`~<>|[]()!&;:.1a \\\n\t\"'", max_size=40)


def collapsed(text: str) -> str:
    return " ".join("".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text).split())


@settings(max_examples=300, deadline=None)
@given(st.one_of(MARKUP, st.text(max_size=30)))
@example("1. a")
@example("&amp; &#60; &x")
@example("_a_ b_c __d__")
def test_inline_shows_exactly_the_text(text: str) -> None:
    wanted = collapsed(text.replace("\0", " "))
    tokens = PARSER.parse(inline(text))
    if not wanted:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == wanted


@settings(max_examples=300, deadline=None)
@given(MARKUP)
@example("a\n---")
@example("a\n=")
@example("- # a")
@example("- ```\n  x")
@example("| a |\n|---|\n| b |")
@example("\\\\<!-- x")
@example("> # a\n> ```")
@example("|\n:-")
def test_block_opens_no_structure(text: str) -> None:
    tokens = PARSER.parse(f"before\n\n{block(text)}\n\n## After\n\nend\n")
    outer = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    assert outer[-2:] == ["heading_open", "paragraph_open"]
    assert outer.count("heading_open") == 1
    assert not {"table_open", "fence", "code_block", "html_block"} & {
        token.type for token in tokens if token.level == 0
    }
    inner = [child.type for token in tokens for child in token.children or ()]
    assert "html_inline" not in inner


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, 5 % of it", "plain text, 5 % of it"),
        ("- one\n- two", "- one\n- two"),
        ("see `a|b` and [x](https://e)", "see `a|b` and [x](https://e)"),
        ("# no\n\n\n\nheading", "\\# no\n\nheading"),
        ("a\r\n---\r\nb", "a\n\\---\nb"),
    ],
)
def test_block_keeps_what_is_harmless(text: str, expected: str) -> None:
    assert block(text) == expected


def test_a_long_hostile_line_takes_no_time_and_no_stack() -> None:
    assert block("- " * 200_000 + "#")
    assert block("-" * 200_000 + "x")


@settings(max_examples=200, deadline=None)
@given(MARKUP)
@example("a\\|b")
@example("\\")
def test_a_cell_reads_back_without_its_tags(text: str) -> None:
    document = read(f"---\nid: x\n---\n| A | B |\n|---|---|\n| {cell(text)} | end |\n".encode())
    (table,) = tables(document)
    (row,) = table.rows
    assert row.cells[1].text == "end"
    assert unescaped(row.cells[0].text) == unescaped(collapsed(text))


def unescaped(text: str) -> str:
    """Without the backslashes before pipes and brackets, of which `cell` adds what is missing."""
    return re.sub(r"\\+(?=[|<])", "", text)
