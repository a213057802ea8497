"""Untrusted text stays text: held against the Markdown parser that everything else uses."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.services.text import cell, clean, from_html, paragraph, single_line

MARKDOWN = MarkdownIt("commonmark").enable("table")
NASTY = st.text(
    st.one_of(st.sampled_from("|\\`<>!-#=*_~[]():&;\"'\n\r\t \x00\x1b\u202e\u2028\u200b\x85{}%@+1.a"), st.characters()),
    max_size=60,
)
ALLOWED_BLOCKS = {"paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close",
                  "list_item_open", "list_item_close"}  # fmt: skip


@given(NASTY, NASTY)
@example("a|b", "c\\")
@example("\\|", "\\\\")
@example("`a|b`", "<!-- x")
@example("\x85", "x")
@settings(max_examples=400, deadline=None)
def test_two_cells_stay_two_cells_of_one_row(first: str, second: str) -> None:
    source = f"| A | B |\n| --- | --- |\n| {cell(first)} | {cell(second)} |\n\nAfter\n"
    tokens = MARKDOWN.parse(source)
    kinds = [token.type for token in tokens]
    assert kinds.count("tr_open") == 2
    assert kinds.count("td_open") == 2
    assert tokens[-2].content == "After"
    assert not any(child.type in ("html_inline", "image") for token in tokens for child in token.children or [])


@given(NASTY)
@example("---\n# x\n***\n> q\n```\ncode\n~~~\n")
@example("a\n===\nb\n---")
@example("| a | b |\n| --- | --- |\n| 1 | 2 |")
@example("a | b\n--- | ---\n1 | 2")
@example("[x]: http://example.com\n[x]")
@example("- # a\n- - b\n1. c\n12) d\n-\n+")
@example("- - -")
@example("    code")
@example("<!-- hide\n## Root Cause\n-->")
@example("- a\n---")
@settings(max_examples=600, deadline=None)
def test_a_paragraph_holds_nothing_but_paragraphs_and_bullets(text: str) -> None:
    tokens = MARKDOWN.parse(f"## Summary\n\n{paragraph(text)}\n\n## Timeline\n")
    body = tokens[3:-3]
    assert tokens[1].content == "Summary"
    assert tokens[-2].content == "Timeline"
    assert {token.type for token in body} <= ALLOWED_BLOCKS
    inline = [child.type for token in body for child in token.children or []]
    assert "html_inline" not in inline
    assert "image" not in inline
    assert "link_open" not in inline


@given(NASTY)
@settings(max_examples=300, deadline=None)
def test_no_line_of_a_paragraph_is_indented_or_a_comment(text: str) -> None:
    safe = paragraph(text)
    assert "<!--" not in safe
    assert not any(line.startswith((" ", "\t", "#", "---", "```", "~~~", "|")) for line in safe.split("\n"))


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_clean_text_has_no_controls_and_one_kind_of_line_end(text: str) -> None:
    cleaned = clean(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in cleaned)
    assert cleaned.splitlines() == cleaned.rstrip("\n").split("\n") or not cleaned.strip("\n") or cleaned.endswith("\n")
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Server \x1b[31mdown\x1b[0m", "Server down"),
        ("\x1b]0;title\x07text", "text"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("half \ud800 pair", "half \ufffd pair"),
    ],
)
def test_deceiving_characters_go_and_meaningful_ones_stay(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a | b", "a \\| b"),
        ("first\nsecond\r\nthird", "first second third"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<!-- hide", "&lt;!-- hide"),
        ("latency < 5 ms", "latency < 5 ms"),
        ("![x](http://example.com/pixel)", "!\\[x]\\(http://example.com/pixel)"),
        ("C:\\", "C:\\\\"),
        ("pool_size * 2", "pool_size * 2"),
    ],
)
def test_cells(raw: str, shown: str) -> None:
    assert cell(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("# Heading", "\\# Heading"),
        ("text\n---", "text\n\\---"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("* a\n• b", "- a\n- b"),
        ("1. first", "1\\. first"),
        ("> quoted", "\\> quoted"),
        ("   indented", "indented"),
    ],
)
def test_paragraphs(raw: str, shown: str) -> None:
    assert paragraph(raw) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    assert single_line("a" * 20, 10) == "a" * 9 + "…"
    assert len(cell("b" * 5000)) == 1000
    assert paragraph("c" * 5000).endswith("c…")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text & more < less", "plain text & more < less"),
        ("<p>One</p><p>Two <b>bold</b></p>", "One\nTwo bold"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("line<br>break<br/>again", "line\nbreak\nagain"),
        ("fails &amp; recovers &lt;5 %", "fails & recovers <5 %"),
        ("<script>alert(1)</script>text<style>p{}</style>", "text"),
        ("<b>unclosed", "unclosed"),
        ("<!-- gone -->left", "left"),
    ],
)
def test_html_becomes_its_text(raw: str, shown: str) -> None:
    assert from_html(raw) == shown


@given(st.text(st.sampled_from("<>/!-&;abp \n\"'=[]?"), max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_html_makes_the_reader_raise(text: str) -> None:
    from_html(text)
