"""Timeline entries: zones, days, and clocks that go backwards."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.document.timeline import TimelineEntry, entries, header_zone, zone_of


def timeline(
    rows: list[str], header: str = "Time", intro: str = "", front: str = "", title: str = "Timeline"
) -> tuple[TimelineEntry, ...]:
    table = f"| {header} | Event | Who |\n|---|---|---|\n" + "".join(f"| {row} | x | @a |\n" for row in rows)
    return entries(read(f"---\nid: 2024-01-15-x\n{front}---\n\n## {title}\n\n{intro}\n\n{table}".encode()))


def moments(*args: object, **named: object) -> list[str]:
    return [f"{entry.at:%d %H:%M:%S}" if entry.at else "-" for entry in timeline(*args, **named)]  # type: ignore[arg-type]  # passed on


def test_times_are_utc_on_the_day_of_the_id() -> None:
    assert moments(["14:00", "14:03:30", "~15:00"]) == ["15 14:00:00", "15 14:03:30", "15 15:00:00"]


def test_the_first_day_comes_from_started_at_in_the_zone_of_the_column() -> None:
    front = "started_at: 2024-01-15T23:30:00Z\n"
    assert moments(["23:30"], front=front) == ["15 23:30:00"]
    assert moments(["00:30"], front=front, header="Time (CET)") == ["15 23:30:00"]


def test_days_roll_over_by_an_explicit_date() -> None:
    rows = ["23:50", "2024-01-16 00:10", "00:20"]
    assert moments(rows) == ["15 23:50:00", "16 00:10:00", "16 00:20:00"]
    assert all(not entry.problem for entry in timeline(rows))


def test_a_clock_that_goes_backwards_is_a_problem_with_the_way_out() -> None:
    late, early = timeline(["23:50", "00:10"])
    assert late.problem == ""
    assert "2024-01-16 00:10" in early.problem
    assert early.line == late.line + 1


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"header": "Time (CET)"}, "15 13:00:00"),
        ({"header": "Time UTC+2"}, "15 12:00:00"),
        ({"header": "Time [-05:30]"}, "15 19:30:00"),
        ({"header": "Time (Europe/Oslo)"}, "15 13:00:00"),
        ({"header": "Time in PST"}, "15 22:00:00"),
        ({"header": "UTC"}, "15 14:00:00"),
        ({"intro": "All times in PST."}, "15 22:00:00"),
        ({"intro": "All times are UTC"}, "15 14:00:00"),
        ({"intro": "Times shown in CEST"}, "15 12:00:00"),
        ({"intro": "Time zone: America/New_York"}, "15 19:00:00"),
        ({"intro": "<!-- All times in PST -->"}, "15 14:00:00"),
        ({"intro": "At all times in every region we saw errors."}, "15 14:00:00"),
        ({"intro": "All times in PST.", "header": "Time (UTC)"}, "15 14:00:00"),
        ({"title": "Timeline (all times CET)"}, "15 13:00:00"),
    ],
)
def test_zones_are_named_by_column_or_section(named: dict[str, str], expected: str) -> None:
    assert moments(["14:00"], **named) == [expected]


def test_a_row_may_name_its_own_zone_and_iso_timestamps_say_it_all() -> None:
    rows = ["14:00 CET", "2024-01-15T13:30:00Z", "2024-01-15T16:00:00+02:00"]
    assert moments(rows, header="Time (PST)") == ["15 13:00:00", "15 13:30:00", "15 14:00:00"]


@pytest.mark.parametrize(
    "written", ["noon", "25:00", "14:61", "2 pm", "14", "2024-02-30 10:00", "14:00 XYZ", "", "2024-01-16"]
)
def test_what_cannot_be_read_is_a_problem_and_not_skipped(written: str) -> None:
    (entry,) = timeline([written])
    assert entry.at is None
    assert entry.problem
    assert (entry.text, entry.who) == ("x", "@a")


def test_columns_are_found_by_name_in_any_order() -> None:
    text = "## Timeline\n\n| Who | Description | Timestamp |\n|---|---|---|\n| @b | did | 10:00 |\n"
    (entry,) = entries(read(f"---\nid: 2024-01-15-x\n---\n{text}".encode()))
    assert (entry.time, entry.text, entry.who, entry.line, entry.column) == ("10:00", "did", "@b", 8, 14)


def test_a_date_column_moves_the_day() -> None:
    text = "## Timeline\n\n| Date | Time | Event |\n|---|---|---|\n| 2024-01-20 | 10:00 | a |\n| | 11:00 | b |\n"
    found = entries(read(f"---\nid: 2024-01-15-x\n---\n{text}".encode()))
    assert [f"{entry.at:%m-%d %H}" for entry in found] == ["01-20 10", "01-20 11"]


def test_rows_without_any_text_are_the_templates_own() -> None:
    text = "## Timeline\n\n| Time | Event |\n|---|---|\n| | |\n"
    assert entries(read(f"---\nid: 2024-01-15-x\n---\n{text}".encode())) == ()


def test_unknown_zones() -> None:
    assert zone_of("a/" * 2_000 + "a") is None, "and not looked up folder by folder"
    assert zone_of("XYZ") is None
    assert zone_of("+25:00") is None
    assert zone_of("Not/AZone") is None
    assert zone_of("../../etc/passwd") is None
    assert header_zone("Time of day") == ""
