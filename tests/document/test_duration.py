"""Durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.duration import duration_text, durations_in, is_rough


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (45 * 60, "45 minutes"),
        (45 * 60 + 59, "45 minutes"),
        (3600, "1 hour"),
        (3900, "1 hour 5 minutes"),
        (2 * 86400 + 3 * 3600 + 59 * 60, "2 days 3 hours"),
        (86400 + 60, "1 day"),
        (400 * 86400, "400 days"),
        (-1, ""),
    ],
)
def test_a_duration_reads_like_a_person_would_say_it(seconds: float, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45 minutes", [45]),
        ("45min", [45]),
        ("1h 45m", [105]),
        ("1h45", [105]),
        ("0h45", [45]),
        ("2.5 hours", [150]),
        ("2,5 hours", [150]),
        ("1,000 minutes", [1000]),
        ("1 day 3 hours", [27 * 60]),
        ("1 hour, 5 minutes and 30 seconds", [65.5]),
        ("2 weeks", [2 * 7 * 24 * 60]),
        ("a 45-minute outage", [45]),
        ("three hours", [180]),
        ("half an hour", [30]),
        ("about an hour", [60]),
        ("00:45:00", [45]),
        ("1:30", [90, 1.5]),
        ("PT1H30M", [90]),
        ("P1DT2H", [26 * 60]),
        ("45 minutes (14:00-14:45 UTC)", [45]),
        ("14:00 - 14:45", []),
        ("3 hours (partial), 45 minutes (full)", [180, 45]),
        ("45-50 minutes", []),
        ("45 to 50 minutes", []),
        ("under an hour", []),
        ("< 1 hour", []),
        ("more than 3 hours", []),
        ("5 minutes per customer", []),
        ("an hour and a half", []),
        ("45", []),
        ("TBD", []),
        ("a moment", []),
        ("9" * 4000 + " hours", []),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, minutes: list[float]) -> None:
    assert [one.total_seconds() / 60 for one in durations_in(text)] == minutes


@pytest.mark.parametrize(("text", "rough"), [("~45 min", True), ("about an hour", True), ("45 min", False)])
def test_estimates(text: str, rough: bool) -> None:
    assert is_rough(text) is rough


@given(st.integers(0, 300 * 24 * 60))
def test_what_is_written_is_read(minutes: int) -> None:
    text = duration_text(timedelta(minutes=minutes))
    [read] = durations_in(text)
    assert duration_text(read) == text
