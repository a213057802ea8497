"""The check that nothing is dropped must itself notice a drop."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.adopt.completeness import missing_lines, words


def test_list_marks_are_markup_and_words_are_compared_without_case() -> None:
    assert words("- [x] Add `an alert`") == words("| Add `an alert` |") == ("add", "an", "alert")
    assert words("12. Roll **back**") == ("roll", "back")


def test_a_line_in_a_table_row_is_there() -> None:
    assert missing_lines("- 10:05 Alert fired\n", "| 10:05 | Alert fired | |\n") == ()


def test_a_dropped_word_is_missing() -> None:
    assert missing_lines("- 10:05 Alert fired again\n", "| 10:05 | Alert fired | |\n") == ("- 10:05 Alert fired again",)


def test_words_in_another_order_are_missing() -> None:
    assert missing_lines("first second\n", "second first\n") == ("first second",)


def test_words_of_a_line_spread_over_two_lines_are_missing() -> None:
    assert missing_lines("one two three\n", "one two\nthree\n") == ("one two three",)


def test_a_line_that_stands_twice_must_be_found_twice() -> None:
    assert missing_lines("Alert fired\nAlert fired\n", "Alert fired\n") == ("Alert fired",)
    assert missing_lines("Alert fired\nAlert fired\n", "| Alert fired | Alert fired |\n") == ()


def test_an_emoji_alone_is_text_and_a_rule_is_not() -> None:
    assert missing_lines("🎉\n---\n***\n| --- | :-: |\n", "\n") == ("🎉",)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet="ab cé時 |*-1.\n", max_size=30), max_size=6), st.data())
def test_removing_any_word_of_a_unique_line_is_noticed(lines: list[str], data: st.DataObject) -> None:
    source = "\n".join([*lines, "unique sentinel phrase"])
    assert missing_lines(source, source) == ()
    word = data.draw(st.sampled_from(["unique", "sentinel", "phrase"]))
    assert missing_lines(source, source.replace(word, "")) == ("unique sentinel phrase",)
