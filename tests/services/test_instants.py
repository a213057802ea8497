"""Times in every form that incident systems use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.services.instants import parse_instant
from pmctl.text import utc

MOMENT = datetime(2024, 1, 15, 14, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-15T14:00:05Z",
        "2024-01-15t14:00:05z",
        "2024-01-15T14:00:05.1Z",
        "2024-01-15T14:00:05.123456789Z",
        "2024-01-15T15:00:05+01:00",
        "2024-01-15T15:00:05+0100",
        "2024-01-15T15:00:05+01",
        "2024-01-15T07:30:05.5-06:30",
        "2024-01-15 14:00:05 UTC",
        "2024-01-15 15:00:05 +01:00",
        "  2024-01-15T14:00:05Z\n",
        1705327205,
        1705327205.999,
        1705327205123,
        1705327205123456,
        1705327205123456789,
        "1705327205",
        "1705327205123",
    ],
)
def test_every_form_of_the_same_moment_is_read_to_the_second(value: object) -> None:
    read = parse_instant(value)
    assert read.at == MOMENT
    assert read.readable
    assert read.zoned


@pytest.mark.parametrize("value", [None, "", "  ", False, 0, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_no_time_is_not_an_error(value: object) -> None:
    assert parse_instant(value).at is None
    assert parse_instant(value).readable


@pytest.mark.parametrize(
    "value", ["yesterday", "2024-13-01T00:00:00Z", "14:00", True, [], {}, -5, 10**30, float("inf")]
)
def test_what_is_no_time_is_said_to_be_unreadable(value: object) -> None:
    assert parse_instant(value).at is None
    assert not parse_instant(value).readable


def test_a_time_without_a_zone_takes_the_given_one_and_says_so() -> None:
    read = parse_instant("2024-01-15 15:00:05", timezone(timedelta(hours=1)))
    assert read.at == MOMENT
    assert not read.zoned


def test_a_date_alone_is_its_midnight() -> None:
    assert parse_instant("2024-01-15").at == datetime(2024, 1, 15, tzinfo=UTC)


def test_a_leap_second_is_the_second_before() -> None:
    assert parse_instant("2016-12-31T23:59:60Z").at == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.datetimes(datetime(1981, 1, 1), datetime(9000, 1, 1)), st.integers(-840, 840), st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_any_offset_and_any_fraction_give_the_same_moment(naive: datetime, minutes: int, digits: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=UTC)
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    fraction = "." + "123456789"[:digits] if digits else ""
    sign, rest = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{rest // 60:02}:{rest % 60:02}"
    assert parse_instant(text).at == moment
    assert parse_instant(utc(moment)).at == moment


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
@settings(max_examples=300, deadline=None)
def test_nothing_makes_it_raise(value: object) -> None:
    parse_instant(value)
