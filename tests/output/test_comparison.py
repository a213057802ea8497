"""A difference as text, Markdown, HTML and JSON: what is hostile stays text, and every form says the same."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from markdown_it import MarkdownIt

from pmctl.document.comparison import compare
from pmctl.document.reader import read
from pmctl.output.answers import plain
from pmctl.output.comparison import Answer, summary
from pmctl.output.comparison_pages import to_html, to_markdown
from pmctl.output.comparison_text import to_text
from pmctl.output.schema_answers import answer_schema
from pmctl.output.terminal import width_of
from pmctl.text import json_text

BEFORE = """---
id: 2024-01-15-pool
title: Pool
status: DRAFT
author: jane
severity: SEV2
tags: [database, capacity]
---

## Summary

The connection pool of the payment service was exhausted for forty-five minutes while traffic from a campaign arrived.

## Timeline

| Time | Event | Who |
|---|---|---|
| 14:00 | Alert fired | @bob |

## Response

```
one
```
"""
AFTER = (
    BEFORE.replace("SEV2", "SEV1")
    .replace("database", "network")
    .replace("forty-five", "fifty")
    .replace("| @bob |\n", "| @carol |\n| 14:20 | <script>alert(1)</script> & **over** | |\n")
    .replace("one\n", "two\n")
)
HOSTILE = "\x1b[31mred\u202eevil\u200b </del><script>alert(1)</script> **x** [a](javascript:b) `c` | \x07"


def answer(before: str, after: str) -> Answer:
    found = compare(read(before.encode()), read(after.encode()), {"a\x1b.png": "1"}, {})
    return Answer("2024-01-15-pool", "HEAD", "the work tree", found)


def test_text_says_every_change_without_colours() -> None:
    assert to_text(answer(BEFORE, AFTER)) == (
        """2024-01-15-pool: from HEAD to the work tree

Front matter
  ~ severity: SEV2 -> SEV1
  ~ tags: - database, + network

Summary
  ~ … of the payment service was exhausted for [-forty-five-]{+fifty+} minutes while traffic from a campaign arrived.

Timeline
  ~ 14:00 Who: @bob -> @carol
  + 14:20 Event: <script>alert(1)</script> & **over**

Response
  - one
  + two

Attachments
  - a\\x1b.png
""".replace("… of the payment", "The connection pool of the payment")
    )


def test_summary_counts_by_section() -> None:
    assert summary(answer(BEFORE, AFTER).difference) == (
        "Front matter: severity, tags",
        "Summary: 1 word added, 2 words removed",
        "Timeline: 1 row added, 1 row changed",
        "Response: 1 word added, 1 word removed",
        "Attachments: a\x1b.png removed",
    )


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("color", [False, True])
def test_text_fits_the_width(width: int, color: bool) -> None:
    long = AFTER.replace("arrived", f"arrived {'verylongword' * 20} 日本語のテキスト{'漢字' * 60}")
    text = to_text(answer(BEFORE, long), width=width, color=color)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(width_of, bare.splitlines())) <= width
    assert bare == to_text(answer(BEFORE, long), width=width)
    assert (text != bare) is color
    assert "漢字" * 60 in re.sub(r"\n +", "", bare)


def test_a_long_text_is_shortened_around_its_change() -> None:
    words = " ".join(f"word{number}" for number in range(200))
    before = BEFORE.replace("The connection", f"{words} The connection")
    text = to_text(answer(before, before.replace("forty-five", "fifty")))
    (line,) = [line for line in text.splitlines() if "fifty" in line]
    assert line.startswith("  ~ … word19")
    assert "word5 " in to_html(answer(before, before.replace("forty-five", "fifty")))


def test_nothing_hostile_reaches_any_form_raw() -> None:
    hostile = BEFORE.replace("for forty-five minutes", HOSTILE).replace("one\n", HOSTILE + "\n```` \n")
    hostile = hostile.replace("Alert fired", HOSTILE.replace("|", "")).replace("## Response", f"## {HOSTILE}")
    for found in (answer(BEFORE, hostile), answer(hostile, BEFORE)):
        for text in (to_text(found), to_text(found, width=60), to_markdown(found), to_html(found)):
            assert not set(text) & set("\x1b\u202e\u200b\x07")
        assert "\x1b" in to_text(found, color=True)  # our own colours
        assert "\x1b[31mred\u202e" not in to_text(found, color=True)
        page = to_html(found)
        assert "<script" not in page
        assert page.count("<del>") == page.count("</del>")
        rendered = MarkdownIt("commonmark").render(to_markdown(found))  # lets HTML through
        assert "<script" not in rendered
        assert "href=" not in rendered
        assert rendered.count("<del>") == rendered.count("</del>")


def test_markdown_keeps_code_in_a_fence_that_it_cannot_leave() -> None:
    found = answer(BEFORE, BEFORE.replace("```\none\n```", "`````\n```\n# no heading\n`````"))
    assert "``````diff\n" in to_markdown(found)


def test_html_marks_words_for_readers_and_allows_nothing_from_elsewhere() -> None:
    page = to_html(answer(BEFORE, AFTER))
    assert "for <del>forty-five</del><ins>fifty</ins> minutes" in page
    assert '<span class="what">added</span> <b>14:20</b>' in page
    assert "default-src 'none'; style-src 'sha256-" in page
    assert page.count("<h1>") == 1
    for number in range(page.count("<section ")):
        assert f'aria-labelledby="part-{number}"' in page


@pytest.mark.parametrize("after", [AFTER, BEFORE, "---\nid: a\nid: b\n---\n"])
def test_json_keeps_to_its_schema(after: str) -> None:
    found = {"schema": "pmctl/diff/v1", **json.loads(json_text(plain(answer(BEFORE, after))))}
    jsonschema.Draft202012Validator(answer_schema("diff")).validate(found)
