"""Text of others in Markdown stays text: held against a Markdown parser."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.document.markdown_text import cell_text, inline, line, paragraph, table_row
from pmctl.document.reader import read, tables
from pmctl.document.structure import comment_spans

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


NASTY = st.text(
    st.one_of(st.sampled_from("|\\`<>!-#=*_~[]():&;\"'\n\r\t \x00\x1b\u202e\u2028\u200b\x85{}%@+1.a"), st.characters()),
    max_size=60,
)
ALLOWED_BLOCKS = {"paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close",
                  "list_item_open", "list_item_close", "fence"}  # fmt: skip


@given(NASTY, NASTY)
@example("a|b", "c\\")
@example("\\|", "\\\\")
@example("`a|b`", "<!-- x")
@example("\x85", "x")
@settings(max_examples=400, deadline=None)
def test_two_cells_stay_two_cells_of_one_row(first: str, second: str) -> None:
    row = table_row((cell_text(first), cell_text(second)))
    source = f"| A | B |\n| --- | --- |\n{row}\n\nAfter\n"
    tokens = PARSER.parse(source)
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
@example("a | b\n:-|:-\n1 | 2")
@example("[x]: http://example.com\n[x]")
@example("- # a\n- - b\n1. c\n12) d\n-\n+")
@example("- - -")
@example("    code")
@example("<!-- hide\n## Root Cause\n-->")
@example("- a\n---")
@example("a ` b\n` <img src=x> `")
@example("\\`<img src=x>`")
@example("`<a>` ``<b>`` ```<c>``` ````")
@example("- ```<c>```\n- ```x")
@example("~~~ <img src=x>\n<img>\n~~")
@example("  ```\n  ## x\n   ```\n```` ")
@settings(max_examples=600, deadline=None)
def test_a_paragraph_holds_nothing_but_paragraphs_and_bullets(text: str) -> None:
    tokens = PARSER.parse(f"## Summary\n\n{paragraph(text)}\n\n## Timeline\n")
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
    code = [token for token in PARSER.parse(paragraph(text)) if token.type == "fence"]
    fenced = {number for token in code for number in range(*(token.map or (0, 0)))}
    prose = [line for number, line in enumerate(paragraph(text).split("\n")) if number not in fenced]
    assert not any(line.startswith((" ", "\t", "#", "---", "```", "~~~", "|")) for line in prose)
    assert comment_spans(paragraph(text)) == ()


@given(st.lists(NASTY, min_size=1, max_size=3))
@example(["a\\|b"])
@example(["\\\\|", "\\"])
@settings(max_examples=200, deadline=None)
def test_a_row_has_one_cell_for_each_text_and_reads_back(texts: list[str]) -> None:
    texts = ["x", *(cell_text(text).replace("\\", "") for text in texts)]
    names = "|".join("abcd"[: len(texts)])
    document = read(f"---\nid: x\n---\n|{names}|\n|{'---|' * len(texts)}\n{table_row(texts)}\n".encode())
    ((row,),) = (table.rows for table in tables(document))
    assert [cell.text for cell in row.cells] == texts
    assert row.extra == ()


def test_a_pipe_that_is_escaped_already_stays_so() -> None:
    assert table_row(("a|b", "a\\|b", "a\\\\|b", "")) == "| a\\|b | a\\|b | a\\\\\\|b | |"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a | b", "a | b"),
        ("first\nsecond\r\nthird", "first second third"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<!-- hide", "&lt;!-- hide"),
        ("latency < 5 ms", "latency < 5 ms"),
        ("![x](http://example.com/pixel)", "!\\[x]\\(http://example.com/pixel)"),
        ("C:\\", "C:\\"),
        ("pool_size * 2", "pool_size * 2"),
    ],
)
def test_cells(raw: str, shown: str) -> None:
    assert cell_text(raw) == shown


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
    assert line("a" * 20, 10) == "a" * 9 + "…"
    assert len(cell_text("b" * 5000)) == 1000
    assert paragraph("c" * 5000).endswith("c…")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("we ran `kubectl logs <pod>` here", "we ran `kubectl logs <pod>` here"),
        ("`a[i](x)` and [i](x)", "`a[i](x)` and [i]\\(x)"),
        ("a `` x`y<b> `` c", "a `` x`y<b> `` c"),
        ("one ` tick <b>", "one \\` tick &lt;b>"),
        ("```sh\ncurl <url> | jq\necho `date`\n```\nthen", "`curl <url> | jq` `` echo `date` `` then"),
        ("\\`<b>`", "\\`&lt;b>\\`"),
    ],
)
def test_code_in_a_cell_stays_as_it_was(raw: str, shown: str) -> None:
    assert cell_text(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("```\nfor i in 1 2; do\n  echo $i > /dev/null\n\n\n# no heading\ndone\n```\nfine",) * 2,
        ("~~~ yaml title=x\na: <b>\n~~~~", "~~~yaml title=x\na: <b>\n~~~"),
        ("cut off\n```\n## x", "cut off\n```\n## x\n```"),
        ("`x` at the start", "`x` at the start"),
        ("do\n  ```\n    if a:\n  ```", "do\n```\n  if a:\n```"),
    ],
)
def test_code_in_a_paragraph_stays_as_it_was(raw: str, shown: str) -> None:
    assert paragraph(raw) == shown


def test_text_is_cut_between_words() -> None:
    assert line("alpha beta gamma", 12) == "alpha beta…"
    assert line("alpha beta gamma", 11) == "alpha beta…"
    assert paragraph("word " * 10, 23) == "word word word word…"
