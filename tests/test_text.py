"""Text and times: what deceives never passes, what is ordinary stays, and times read back."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.text import (
    clean,
    code_of,
    did_you_mean,
    harmless,
    in_ascii,
    json_text,
    near,
    parse_day,
    parse_utc,
    plural,
    safe,
    safe_block,
    short_ids,
    single_line,
    utc,
)

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2028\u2029\ud800-\udfff]")
HOSTILE = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://evil\x1b\\x", "\x9b31m", "\rover", "a\x08b", "\x7f",
    "\u202ebackwards", "\u2066x\u2069", "zero\u200bwidth", "\u2028next", "tag\U000e0041", "a\u200db", "bell\x07",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_acts_on_a_terminal_becomes_visible(text: str) -> None:
    assert safe(text).isprintable()
    assert safe_block(text).replace("\n", "").isprintable()
    assert in_ascii(text).isprintable()


def test_safe_text_says_what_was_there_and_leaves_languages_alone() -> None:
    assert safe("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\u202ec"
    assert safe("one\ntwo\tthree\r\nfour") == "one two three four"
    for text in ("plain", "naïve café", "障害報告", "تقرير", "שלום", "👩‍🚒 on call", "نمی‌شود"):
        assert safe(text) == clean(text) == harmless(text) == text
    assert safe_block("a\r\nb\tc") == "a\nb\tc"


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_no_text_gets_a_control_character_through(text: str) -> None:
    assert not CONTROL.search(safe(text))
    assert not CONTROL.search(safe_block(text).replace("\n", "").replace("\t", ""))
    assert not CONTROL.search(clean(text).replace("\n", "").replace("\t", ""))
    assert not CONTROL.search(json_text(text)[:-1])
    assert json.loads(json_text(text)) == text


def test_a_letter_that_looks_like_another_shows_as_its_code() -> None:
    assert in_ascii("j\u0430ne") == "j\\u0430ne"
    assert len(in_ascii("a" * 500)) == 80
    assert code_of("\x1b") == "\\x1b"
    assert code_of("\U000e0041") == "\\U000e0041"


def test_text_of_another_system_is_cleaned_for_a_document() -> None:
    assert clean("\x1b[31mred\x1b[0m\r\ntwo\u2028three\tfour") == "red\ntwo\nthree\tfour"
    assert clean("so\xadft \u202eevil\u202c half \ud83d") == "soft evil half \ufffd"


def test_text_goes_onto_one_line() -> None:
    assert single_line("  one\n two\t\tthree ") == "one two three"
    assert plural(1, "day") == "1 day"
    assert plural(0, "day") == "0 days"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-15T14:00:00Z", datetime(2024, 1, 15, 14, tzinfo=UTC)),
        ("2024-01-15 16:00+02", datetime(2024, 1, 15, 14, tzinfo=UTC)),
        ("2024-01-15T14:00:00.1234567891Z", None),
        ("2024-01-15T14:00:00,5Z", datetime(2024, 1, 15, 14, 0, 0, 500000, tzinfo=UTC)),
        ("2024-01-15T14:00:00", None),
        ("2024-02-30T14:00:00Z", None),
        ("0001-01-01T00:00:00+02:00", None),
    ],
)
def test_a_timestamp_is_read_only_with_its_offset(text: str, expected: datetime | None) -> None:
    assert parse_utc(text) == expected


@given(st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)))
def test_a_written_time_reads_back(at: datetime) -> None:
    assert parse_utc(utc(at)) == at.replace(microsecond=0)


def test_a_time_is_written_in_utc() -> None:
    assert utc(datetime(2024, 1, 15, 16, tzinfo=timezone(timedelta(hours=2)))) == "2024-01-15T14:00:00Z"
    assert utc(datetime(2024, 1, 15, 14)) == "2024-01-15T14:00:00Z"


def test_only_a_day_that_exists_is_a_day() -> None:
    assert parse_day("2024-02-29") == date(2024, 2, 29)
    for text in ("2023-02-29", "20240229", "2024-W09-4", "2024-2-9", "", "2024-02-29 "):
        assert parse_day(text) is None


def test_a_mistyped_word_finds_its_like() -> None:
    assert did_you_mean("Root-Cause", ("root_causes", "tags")) == "did you mean root_causes?"
    assert did_you_mean("xyz", ("root_causes",), "known: root_causes") == "known: root_causes"
    assert near("in progress", ("OPEN", "IN_PROGRESS")) == ["IN_PROGRESS"]
    assert near("a" * 100_000, ("a" * 100,)) == ["a" * 100]


@given(st.lists(st.from_regex(r"202[0-9]-01-1[0-9](-[a-c]{1,3}){1,4}", fullmatch=True), unique=True, max_size=12))
def test_a_short_id_finds_its_own_and_no_other(ids: list[str]) -> None:
    short = short_ids(ids)
    assert short.keys() == set(ids)
    for name, part in short.items():
        assert name.startswith(part) and len(part) > len("2024-01-15-")
        assert part == name or [one for one in ids if part in one] == [name]
