"""Days and times in the forms that people write."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.document.dates import day_in_name, days, find_leading, trailing

KNOWN = date(2023, 7, 5)


@pytest.mark.parametrize(
    ("text", "day", "clock", "zone"),
    [
        ("09:15:04 UTC an edit", None, "09:15:04", "UTC"),
        ("08:52 PM", None, "20:52", ""),
        ("12:05 am: first", None, "00:05", ""),
        ("9am we began", None, "09:00", ""),
        ("14h30 restart", None, "14:30", ""),
        ("February 15, 2024: 7:56am UTC", date(2024, 2, 15), "07:56", "UTC"),
        ("June 14th, 2022, 10:00 AM:** text", date(2022, 6, 14), "10:00", ""),
        ("12:45 PM PST Saturday Jul 1st: wave", date(2023, 7, 1), "12:45", "PST"),
        ("2022-02-02 1625: mail", date(2022, 2, 2), "16:25", ""),
        ("2026-06-10 20:46–22:33 shipped", date(2026, 6, 10), "20:46", ""),
        ("7/4/2023 11:00 start", date(2023, 7, 4), "11:00", ""),
        ("2024年1月5日 10:05 告警", date(2024, 1, 5), "10:05", ""),
        ("2024-01-15T14:00:00Z up", date(2024, 1, 15), "14:00:00", "Z"),
        ("Friday, 21 March 2025: report", date(2025, 3, 21), "", ""),
        ("May 12", date(2023, 5, 12), "", ""),
        ("09:00-10:00 degraded", None, "09:00", ""),
        ("09:00-04:00 up", None, "09:00", "-04:00"),
        ("2024-01-15T09:00-10:00 up", date(2024, 1, 15), "09:00", "-10:00"),
    ],
)
def test_leading(text: str, day: date | None, clock: str, zone: str) -> None:
    moment = find_leading(text)
    assert moment is not None
    assert (moment.day.near(KNOWN) if moment.day else None) == day
    assert (moment.clock, moment.zone) == (clock, zone)


@pytest.mark.parametrize(
    "text", ["5 minutes later", "3 nodes failed", "May be bad", "10-15 servers", "25:00 never", "x"]
)
def test_no_moment(text: str) -> None:
    assert find_leading(text) is None


def test_a_word_behind_a_time_is_no_zone() -> None:
    moment = find_leading("10:05 AWS alerted")
    assert moment is not None and moment.zone == "" and "10:05 AWS alerted"[moment.length :] == " AWS alerted"


def test_rough_and_unknown_times() -> None:
    rough, unknown = find_leading("~20:40: seen"), find_leading("14:?? scaled down")
    assert rough is not None and rough.rough and rough.clock == "20:40"
    assert unknown is not None and unknown.unknown and not unknown.clock


def test_an_ambiguous_day_is_read_by_a_day_close_to_it_or_not_at_all() -> None:
    ((_, _, day),) = days("on 7/5/2023")
    assert day.near(date(2023, 7, 6)) == date(2023, 7, 5)
    assert day.near(date(2023, 5, 8)) == date(2023, 5, 7)
    assert day.near(None) is None


def test_impossible_days_are_none() -> None:
    assert days("2023-02-30 and 13/13/2023 and 2023-13-01") == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024-01-15-outage", date(2024, 1, 15)),
        ("20240115_outage", date(2024, 1, 15)),
        ("post-mortem-api-2026-01-22", date(2026, 1, 22)),
        ("04-25-account", date(2023, 4, 25)),
        ("outage-march-17", date(2023, 3, 17)),
    ],
)
def test_day_in_name(name: str, expected: date) -> None:
    day = day_in_name(name)
    assert day is not None and day.near(KNOWN if day.year is None else None) == expected


def test_trailing() -> None:
    for text in (
        "Alert fired (10:05 UTC)",
        "Alert fired [10:05 UTC]",
        "Alert fired - 10:05 UTC",
        "Alert fired at 10:05 UTC.",
    ):
        moment = trailing(text)
        assert moment is not None and (moment.clock, moment.zone) == ("10:05", "UTC"), text
    assert trailing("Alert fired (see below)") is None
