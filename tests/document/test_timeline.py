"""Timeline entries: zones, days, and clocks that go backwards."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.document.timeline import DAY_ALONE, TimelineEntry, entries, header_zone
from pmctl.document.zones import zone_of


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
        ({"title": "Timeline (CET)"}, "15 13:00:00"),
        ({"title": "Timeline in PST"}, "15 22:00:00"),
        ({"title": "Timeline (Europe/Oslo)"}, "15 13:00:00"),
        ({"title": "Timeline (DRAFT)"}, "15 14:00:00"),
        ({"header": "Date/Time"}, "15 14:00:00"),
        ({"intro": "All times are in Pacific Time (PT)."}, "15 22:00:00"),
        ({"intro": "All times are in Central European Time (CET)."}, "15 13:00:00"),
        ({"intro": "All times are Eastern time."}, "15 19:00:00"),
        ({"intro": "All times are Pacific Daylight Time."}, "15 21:00:00"),
        ({"intro": "All times are LOCAL."}, "15 14:00:00"),
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


def test_a_zone_that_stands_for_several_makes_no_time_unread_as_utc() -> None:
    (entry,) = timeline(["14:00"], header="Time (IST)")
    assert entry.at is None
    assert entry.problem.startswith("the zone 'IST' is unknown or stands for several")


@pytest.mark.parametrize("written", ["2:05 pm", "2:05 PM", "14:05 (approx)", "14:05 Uhr", "14:05h"])
def test_a_word_behind_a_time_is_not_called_a_zone(written: str) -> None:
    (entry,) = timeline([written])
    assert entry.problem == f"the time {written!r} is neither HH:MM nor an ISO timestamp"


def test_a_range_is_not_read_as_an_offset() -> None:
    for written in ("14:00-14:10", "09:00-10:00", "2024-01-15 09:00-10:30", "23:50-00:20"):
        (entry,) = timeline([written])
        assert (entry.at, entry.problem) == (None, f"the time {written!r} is a range")
    assert moments(["09:00-04:00", "09:00 -10:00"]) == ["15 13:00:00", "15 19:00:00"]
    assert moments(["2024-01-15T09:00-10:00"]) == ["15 19:00:00"]


def test_nobody_has_to_know_every_time() -> None:
    found = timeline(["14:00", "??", "14:??", "2024-01-16 ??", "09:00"])
    assert [entry.problem for entry in found] == ["", "", "", "", ""]
    assert [entry.at and entry.at.day for entry in found] == [15, None, None, None, 16]


def test_emphasis_code_marks_and_links_around_a_time_do_not_hide_it() -> None:
    found = timeline(["**14:00**", "`14:05`", "[14:10](https://chat.example/1)", "__2024-01-16__", "_09:00_"])
    assert [f"{entry.at:%d %H:%M}" if entry.at else entry.problem for entry in found] == [
        "15 14:00",
        "15 14:05",
        "15 14:10",
        DAY_ALONE,
        "16 09:00",
    ]
    assert found[0].time == "**14:00**"


def test_a_heading_or_a_bold_line_above_a_table_moves_the_day() -> None:
    table = "| Time | Event |\n|---|---|\n| {} | x |\n\n"
    text = "## Timeline\n\n### Monday, 15 January\n\n" + table.format("23:50") + "### 2024-01-16\n\n"
    text += table.format("00:20") + "**Jan 17**\n\n" + table.format("08:00")
    found = entries(read(f"---\nid: 2024-01-15-x\n---\n\n{text}".encode()))
    assert [f"{entry.at:%d %H:%M}" for entry in found] == ["15 23:50", "16 00:20", "17 08:00"]
    assert all(not entry.problem for entry in found)


def test_a_date_column_may_lack_the_year() -> None:
    text = "## Timeline\n\n| Day | Date (2024) | Time | Event |\n|---|---|---|---|\n"
    text += "| Thu | Feb 29 | 23:50 | a |\n| Fri | Mar 1 | 00:10 | b |\n| Fri | someday | 00:20 | c |\n"
    found = entries(read(f"---\nid: 2024-02-29-x\n---\n{text}".encode()))
    assert [entry.at and f"{entry.at:%m-%d %H:%M}" for entry in found] == ["02-29 23:50", "03-01 00:10", None]
    assert found[2].problem == "the time 'someday 00:20' is neither HH:MM nor an ISO timestamp"


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
