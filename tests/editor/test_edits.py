"""Line edits between two texts."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.editor.edits import applied, edits, in_whole_lines

TEXTS = st.lists(st.sampled_from(["a", "b", "c\r", "", "| d |"]), max_size=9).map("\n".join)


@given(TEXTS, TEXTS)
@settings(max_examples=400, deadline=None)
def test_edits_make_one_of_the_other(before: str, after: str) -> None:
    """They lead from one text to the other, don't overlap, and there are none between equal texts."""
    found = edits(before, after)
    assert applied(before, found) == after
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert (found == ()) == (before == after)


def test_lines_that_differ_are_replaced_one_by_one() -> None:
    """So that the fix of one of them can be taken alone."""
    before = "a\nb\nc\n"
    found = edits(before, "A\nB\nc\n")
    assert [one.line for one in found] == [1, 2]
    assert applied(before, found[1:]) == "a\nB\nc\n"


@pytest.mark.parametrize(
    ("before", "after", "changed", "text"),
    [
        ("| a | high |\n| b |\n", "| a | HIGH |\n| b |\n", "high", "HIGH"),
        ("| a | high |\r\n", "| a | HIGH |\r\n", "high", "HIGH"),
        ("one\ntwo\n", "one\nand a half\ntwo\n", "", "and a half\n"),
        ("one\r\n", "one\n", "\r\n", "\n"),
        ("one\n", "one\r\n", "", "\r"),
        ("aa\n", "aaa\n", "", "a"),
    ],
)
def test_only_what_differs_is_replaced(before: str, after: str, changed: str, text: str) -> None:
    """An editor's cursor and marks in the rest of a line stay where they are; a CR and its LF stay together."""
    (edit,) = edits(before, after)
    assert before[edit.start : edit.end] == changed
    assert edit.text == text


@given(TEXTS.map(lambda text: text.replace("b", "ü")), TEXTS.map(lambda text: text.replace("b", "🦆")))
@settings(max_examples=400, deadline=None)
def test_whole_lines_do_the_same(before: str, after: str) -> None:
    """And they don't overlap, whatever stands in the lines."""
    found = tuple(in_whole_lines(before, one) for one in edits(before, after))
    assert applied(before, found) == after
    assert all(one.end <= two.start for one, two in pairwise(found))


@pytest.mark.parametrize(
    ("before", "after", "start", "end"),
    [
        ("x\n| é | high |\ny\n", "x\n| é | HIGH |\ny\n", 2, 15),
        ("x\nfor é\ny", "x\nfor é <!-- -->\ny", 2, 8),
        ("é\n| a | high |\né\n", "é\n| a | HIGH |\né\n", 8, 12),
        ("é\né\n", "é\nnew\né\n", 2, 2),
    ],
    ids=["cell", "end of line", "among others", "a line between"],
)
def test_lines_beyond_ascii_are_replaced_whole(before: str, after: str, start: int, end: int) -> None:
    """An editor that counts columns in other units still puts the edit in its place; other lines are left alone."""
    (edit,) = edits(before, after)
    whole = in_whole_lines(before, edit)
    assert (whole.start, whole.end) == (start, end)
    assert applied(before, (whole,)) == after
