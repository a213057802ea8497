"""What is left of a document when the rules look at its wording."""

from __future__ import annotations

import pytest

from pmctl.rules.prose import Pattern, lucky, prose, remedies, search, timelines, without_code, word

from .sample import sample


def test_what_is_a_noun_in_its_sentence_stays_one():
    text = 'The `api` team read "no" at https://example.com/a and [forgot](b.md) **it**.'
    assert prose(text).split() == ["the", "xxxxx", "team", "read", "xxxx", "at", "x" * 21, "and", "forgot", "it", "."]


def test_what_the_author_did_not_say_is_gone():
    text = "a\n\n> said\ngoes on\n\nb\n\n```\ncode\n```\n\n$ typed\n\n<pre>\nc\n</pre>\n\n| d | e |\n|---|---|\n"
    assert prose(text).replace("\0", " ").split() == ["a", "b", "d", "e"]


@pytest.mark.parametrize("end", ["# Title", "- item", "1. item", "| cell |", "---", "```\nx\n```", ""])
def test_a_quotation_ends_where_a_block_begins(end):
    assert "after" in prose(f"text\n\n> said\n{end}\n\nafter")
    assert "item" not in end or "item" in prose(f"text\n\n> said\n{end}")


def test_a_quotation_ends_after_its_empty_line_and_after_a_heading():
    assert "ours" in prose("text\n\n> said\n>\nours")
    assert "ours" in prose("text\n\n> # said\nours")


def test_blocks_and_cells_are_apart():
    assert "\0" in prose("one\n\ntwo")
    assert "\0" in prose("| one | two |").strip("\0 ")
    assert "\0" not in prose("one\ntwo")


def test_lengths_and_lines_are_kept():
    text = '`a\nb` and "c\nd" and <q>e</q> and İ'
    assert len(prose(text)) == len(without_code(text)) == len(text)
    assert prose(text).count("\n") == 2


def test_sections_by_what_they_are_for():
    doc = sample("## Lessons Learned\n\n### Luck\n\na\n\n### Next steps\n\nb\n\n### Appendix: chat logs\n\nc\n")
    for spans, title in ((lucky, "### Luck"), (remedies, "### Next steps"), (timelines, "### Appendix: chat logs")):
        assert title in [doc.text[start:end].split("\n")[0] for start, end in spans(doc)]
        assert "## Lessons Learned" not in [doc.text[start:end].split("\n")[0] for start, end in spans(doc)]


def test_a_pattern_is_not_compiled_before_it_can_match():
    pattern = Pattern("(", needs=("never there",))
    assert list(search((pattern,), "some text")) == []


def test_a_word_is_whole():
    pattern = word("had", r"\s+we\b")
    found = search((pattern,), "had we; chad we; had  we, had were")
    assert [match[0] for _, match in found] == ["had we", "had  we"]
