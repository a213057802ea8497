"""What tickets say: held against an independent converter, and shown by the program that hosts render with."""

from __future__ import annotations

import re

import cmarkgfm
import marklassian
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.services.ticket_text import MAX_TITLE, Piece, adf, escaped_markdown, markdown, plain, title, wiki
from pmctl.text import clean, single_line

URL = "https://pm.example.com/postmortems/2024/x.html"
HOSTILE = (
    "<!channel>", "/close", "@team please", "*bold* _it_ `code`", "[x](javascript:alert(1))", "# heading", "- item",
    "1. first", "> quote", "a | b", "<script>alert(1)</script>", "![x](https://evil.example/p.png)", "&amp; &#64;team",
    "line\nbreak\r\n/assign @bob", "~label !12 #34", "```\nfence", "{code}x{code} [~bob] h1. x", "\u202eright to left",
    "+ x", "= y", "\\",
)  # fmt: skip
words = st.text(st.sampled_from("abc /@*_[]()<>&#`~|!-+.12\\\n{}"), max_size=40)


def test_jira_gets_the_document_that_an_independent_converter_makes() -> None:
    body = [
        [Piece("Action item AI-7f3k of "), Piece("Payment API outage", URL), Piece(" (2024).")],
        [Piece("It was down.")],
    ]
    assert adf(body) == marklassian.markdown_to_adf(markdown(body))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_inert_text(text: str) -> None:
    for write in (markdown, wiki, plain):
        assert "\n" not in write([[Piece(text)]])
    (paragraph,) = adf([[Piece(text)]])["content"]
    assert [node["type"] for node in paragraph["content"]] == ["text"]
    assert "marks" not in paragraph["content"][0]
    shown = markdown([[Piece(text)]])
    assert not shown.startswith("/")
    assert not re.search(r"@\w", shown)
    assert "<script" not in cmarkgfm.github_flavored_markdown_to_html(shown)


@given(words)
def test_markdown_shows_just_the_text(text: str) -> None:
    written = escaped_markdown(text)
    html = cmarkgfm.github_flavored_markdown_to_html(written)
    inside = re.sub(r"<!-- (?:--> )?(?:raw HTML omitted )?-->|<!-- -->", "", html).strip()
    expected = single_line(clean(text))
    if expected:
        shown = inside.removeprefix("<p>").removesuffix("</p>")
        for name, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            shown = shown.replace(name, letter)
        assert shown == expected


def test_an_empty_text_is_no_node() -> None:
    assert adf([[Piece("")]]) == {"version": 1, "type": "doc", "content": [{"type": "paragraph"}]}


def test_a_link_cannot_be_left() -> None:
    link = Piece("x", "https://pm.example.com/a b)](javascript:x)|y")
    assert markdown([[link]]).count("](") == 1
    assert "|y" not in wiki([[link]])
    assert " " not in adf([[link]])["content"][0]["content"][0]["marks"][0]["attrs"]["href"]


def test_a_title_is_one_line_of_a_length_that_all_take() -> None:
    assert title("a\nb\x1b[31m") == single_line(clean("a\nb\x1b[31m"))
    assert len(title("x" * 999)) <= MAX_TITLE
