"""Comments are found where a Markdown reader sees them, by the scan as by the parser, and code keeps its own."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pmctl.document.comments import _Doubt, _scanned, comment_spans, layout
from pmctl.document.prompts import strip_comments

from .strategies import commented_lines

READER = MarkdownIt("commonmark").enable("table")

CODE = {
    "fence": "```\n<!-- x -->\n```\n",
    "long fence": "````\n```\n<!-- x -->\n````\n",
    "tilde fence": "~~~ html\n<!-- x\ny -->\n~~~\n",
    "indented code": "text\n\n    <!-- x -->\n",
    "fence in an item": "- item\n\n  ```\n  <!-- x -->\n  ```\n",
    "fence far in an item": "1. item\n\n    ```\n    <!-- x -->\n    ```\n",
    "fence behind a marker": "- ```\n  <!-- x -->\n  ```\n",
    "fence in a quote": "> ```\n> <!-- x -->\n> ```\n",
    "indented code in an item": "- item\n\n      <!-- x -->\n",
    "span": "a `<!-- x -->` b\n",
    "long span": "a ``<!-- ` -->`` b\n",
    "span over lines": "a `b\nc <!-- x --> d` e\n",
    "span in a cell": "| a |\n|---|\n| `<!-- x -->` |\n",
    "escaped": "a \\<!-- x --> b\n",
}
PROMPTS = {
    "several lines": "<!-- PROMPT\n\n## PROMPT\n\n| PROMPT |\n|---|\n-->\n",
    "in a line": "a <!-- PROMPT --> b\n",
    "in a paragraph": "a <!-- PROMPT\nPROMPT --> b\n",
    "in an item": "- <!-- PROMPT -->\n- a <!-- PROMPT -->\n",
    "over lines in an item": "- <!-- PROMPT\n  PROMPT -->\n  a\n",
    "over a blank line in an item": "- <!-- PROMPT\n\n  PROMPT -->\n\n  a\n",
    "not indented in an item": "- <!-- PROMPT\nPROMPT -->\n\na\n",
    "in a quote": "> <!-- PROMPT -->\n> a <!-- PROMPT -->\n> <!-- PROMPT\n> PROMPT -->\n",
    "in a cell": "| a | b |\n|---|---|\n| x <!-- PROMPT --> | <!-- PROMPT \\| PROMPT --> |\n",
    "over cells": "| a | b |\n|---|---|\n| <!-- PROMPT | PROMPT --> |\n",
    "beside a code span that ends in its cell": "| a | b | c |\n|---|---|---|\n| ` | <!-- PROMPT --> | ` |\n",
    "in a heading": "### A <!-- PROMPT -->\n",
    "behind code in an item": "- ```\n  a\n  ```\n\nb\n\n<!-- PROMPT -->\n",
    "behind an escaped one": "a \\<!-- b\n\n<!-- PROMPT -->\n",
    "in other HTML": "<details>\n<!-- PROMPT -->\n</details>\n",
    "with dashes": "<!--PROMPT---->a <!---PROMPT --->\n",
    "never closed": "a\n\n<!-- PROMPT\n\nPROMPT\n",
}


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_what_looks_like_a_comment_in_code_stays(text: str) -> None:
    assert strip_comments(text) == text
    assert strip_comments(f"<!-- a -->\n\n{text}\n<!-- b\n\nc -->\n") == f"\n\n{text}\n\n"


@pytest.mark.parametrize("text", PROMPTS.values(), ids=PROMPTS)
def test_no_prompt_is_left_wherever_it_stands(text: str) -> None:
    assert "PROMPT" in text
    assert "PROMPT" not in strip_comments(text)
    assert "PROMPT" not in strip_comments(text.replace("\n", "\r\n"))


def test_a_comment_that_is_open_in_a_list_hides_no_section() -> None:
    assert strip_comments("- <!-- a\n\n## Impact\n\nb\n") == "- \n## Impact\n\nb\n"


@settings(max_examples=1500, deadline=None)
@given(commented_lines, st.sampled_from(["\n", "\r\n"]))
@example(["    > <!-- comment -->"], "\n")
@example(["- a", "  <!-- b", "  c -->"], "\n")
@example(["<!--", "```", "-->", "<!-- x -->", "```"], "\n")
def test_the_scan_agrees_with_the_parser_or_doubts(lines: list[str], newline: str) -> None:
    text = newline.join(lines)
    try:
        scanned = tuple(_scanned(text))
    except _Doubt:
        return
    assert scanned == layout(text).comments


@settings(max_examples=1500, deadline=None)
@given(commented_lines)
def test_what_is_a_comment_is_one_for_a_markdown_reader(lines: list[str]) -> None:
    text = "\n".join(lines)
    if "--->" in text:
        return  # the reader keeps to an older CommonMark there, in which three dashes close nothing
    theirs: list[str] = []
    for token in READER.parse(text):
        if token.type == "inline":
            inner = [child.content for child in token.children or () if child.type == "html_inline"]
            theirs += [content for content in inner if content.startswith("<!--")]
        elif token.type == "html_block":
            content = token.content.strip()
            if (content.count("<!--"), content.count("-->")) != (1, 1) or not content.endswith("-->"):
                return  # other HTML, or a comment that reaches beyond its block
            theirs.append(content[content.index("<!--") :])
    ours = [text[start:end] for start, end in layout(text).comments]
    assert sorted(map(_bare, ours)) == sorted(map(_bare, theirs))


def _bare(comment: str) -> str:
    return " ".join(comment.replace(">", " ").split())


def test_nearly_every_prompt_of_the_shipped_templates_needs_no_parser() -> None:
    from pmctl.document.template_library import BUILTIN_NAMES, builtin_source

    for name in BUILTIN_NAMES:
        assert _scanned(builtin_source(name).decode())


@pytest.mark.parametrize(
    "unit",
    ["<!---->", "x<!-- -->\n", "`\nx <!-- -->\n", "x <!-- ", "```\n", "<!-- -->\n```\n", "| `<!-- ", "- <!-- x\n"],
)
def test_a_hostile_text_takes_time_that_grows_with_its_length(unit: str) -> None:
    text = unit * (100_000 // len(unit)) + "<!--"
    started = time.monotonic()
    spans = comment_spans(text)
    assert time.monotonic() - started < 10
    assert all(start < end for start, end in spans)
