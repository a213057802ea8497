"""Lines and characters by their offsets: every character of a text is somewhere, whatever ends its lines."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from pmctl.document.offsets import characters, line_spans, plain_lines


@given(st.text())
@example("a\r\nb\rc\n\r\n")
@example("\ud800\x0b\x0c")
def test_lines_hold_everything_but_their_ends(text: str) -> None:
    assert "".join(text[start:end] for start, end in line_spans(text)) == re.sub("[\r\n]", "", text)


@given(st.text())
def test_where_a_character_begins_leads_to_it(text: str) -> None:
    plain = plain_lines(text)
    assert len(plain) == len(text)
    place = characters(plain, 3)
    begins = [len(plain[:number].encode()) for number in range(len(plain) + 1)]
    assert [place[byte] for byte in begins] == list(range(3, 4 + len(plain)))
    assert len(place) == begins[-1] + 1
