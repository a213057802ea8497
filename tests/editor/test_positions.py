"""Offsets and positions, held against Python's own codecs."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from pmctl.document.strict_yaml import position as place_of
from pmctl.editor.positions import positions

TEXTS = st.text(st.sampled_from("ab \n\r\u2028\x0c\x85éß中🦆\ufeff\u0301"), max_size=40)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def units(text: str, encoding: str) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec)) // width


@given(TEXTS, ENCODINGS, st.data())
@settings(max_examples=300, deadline=None)
def test_there_and_back(text: str, encoding: str, data: st.DataObject) -> None:
    """Every offset that is not inside of a CRLF comes back from its position."""
    lead = int(text.startswith("\ufeff"))
    offset = data.draw(st.integers(0, len(text) - lead))
    lines = positions(text, encoding)
    if text[offset + lead - 1 : offset + lead + 1] != "\r\n" or offset + lead == 0:
        assert lines.offset(lines.position(offset)) == offset


@given(TEXTS, ENCODINGS, st.data())
@settings(max_examples=300, deadline=None)
def test_units_are_those_of_the_codec(text: str, encoding: str, data: st.DataObject) -> None:
    """A position's character is the length of the line up to there, as Python encodes it."""
    text = text.lstrip("\ufeff")
    offset = data.draw(st.integers(0, len(text)))
    found = positions(text, encoding).position(offset)
    before = re.split(r"\r\n|\r|\n", text[:offset])
    if text[offset - 1 : offset + 1] != "\r\n" or offset == 0:
        assert found == types.Position(len(before) - 1, units(before[-1], encoding))


@given(TEXTS, st.data())
@settings(max_examples=300, deadline=None)
def test_places_of_findings(text: str, data: st.DataObject) -> None:
    """The reader's line and column of an offset lead back to that offset."""
    bare = text.removeprefix("\ufeff")
    offset = data.draw(st.integers(0, len(bare)))
    line, column = place_of(bare, offset)
    inside = bare[offset - 1 : offset + 1] == "\r\n" and offset > 0
    if not inside:
        assert positions(text, "utf-16").place(line, column) == offset


@given(TEXTS, ENCODINGS, st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=300, deadline=None)
def test_any_position_is_in_the_text(text: str, encoding: str, line: int, character: int) -> None:
    """Positions behind a line or the text are moved into it, and never into another line."""
    lines = positions(text, encoding)
    offset = lines.offset(types.Position(line, character))
    assert 0 <= offset <= len(text) - lines.lead
    if line < len(lines.starts):
        assert lines.position(offset).line == line or lines.lead


def test_inside_of_a_character() -> None:
    """A position between the two halves of a surrogate pair is the character's start."""
    lines = positions("a🦆b", "utf-16")
    assert [lines.offset(types.Position(0, unit)) for unit in range(5)] == [0, 1, 1, 2, 3]
    lines = positions("é🦆", "utf-8")
    assert [lines.offset(types.Position(0, unit)) for unit in range(8)] == [0, 0, 1, 1, 1, 1, 2, 2]


def test_lone_surrogates_have_a_width() -> None:
    """What no codec accepts is still counted."""
    lines = positions("\ud800x", "utf-16")
    assert lines.position(1) == types.Position(0, 1)
    assert positions("\ud800x", "utf-8").position(1) == types.Position(0, 3)
