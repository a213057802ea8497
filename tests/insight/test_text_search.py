"""Where postmortems say some words: in title and text, never in the front matter."""

from __future__ import annotations

import pytest

from pmctl.insight.text_search import Match, match, words_of

TEXT = """---
title: Payment API
author: jane
tags: [database]
---

# Heading

The connection pool was exhausted.
Nothing about it here.
Later the POOL was raised, and the connections were back: É is a letter.
"""


def found(text: str, title: str = "Payment API", data: str = TEXT) -> Match | None:
    return match(title, data.encode(), words_of(text))


def test_every_word_has_to_occur_and_case_does_not_matter() -> None:
    assert found("pool EXHAUSTED") == Match(9, "The connection pool was exhausted.")
    assert found("pool nonsense") is None
    assert found("raised pool") == Match(11, TEXT.splitlines()[10]), "the line that holds most of the words"


def test_title_and_text_together() -> None:
    assert found("payment exhausted") == Match(9, "The connection pool was exhausted.")
    assert found("payment") == Match()


@pytest.mark.parametrize("word", ["jane", "database", "author:"])
def test_the_front_matter_is_not_searched(word: str) -> None:
    assert found(word) is None


def test_ways_to_write_an_accent_are_one() -> None:
    assert found("e\N{COMBINING ACUTE ACCENT}") == found("\u00e9") == Match(11, TEXT.splitlines()[10])


def test_lines_are_those_of_the_file_with_any_line_ends() -> None:
    assert found("exhausted", data=TEXT.replace("\n", "\r\n")) == Match(9, "The connection pool was exhausted.")
    assert found("pool", data="no front matter\npool") == Match(2, "pool")


def test_a_long_line_is_shown_around_the_word() -> None:
    line = " ".join(f"word{number}" for number in range(100))
    at = found("word70", data=line)
    assert at is not None
    assert at.snippet.startswith("... ") and at.snippet.endswith(" ...") and " word70 " in at.snippet
    assert len(at.snippet) <= 110


def test_bytes_that_are_no_text_are_no_error() -> None:
    assert match("", b"\xff\xfe pool", ("pool",)) is not None
