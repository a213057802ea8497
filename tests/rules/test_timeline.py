"""What the timeline's rules say of timelines as people write them, and what they keep quiet about."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.document.reader import read
from pmctl.rules.engine import check
from pmctl.rules.suggestions import written_dates, written_time

from .sample import CONTEXT, PATH, sample

KNOWN = date(2024, 1, 15)
OVERNIGHT = """\
started_at: 2024-01-15T23:50:00Z
detected_at: 2024-01-15T23:50:00Z
mitigated_at: 2024-01-16T00:20:00Z
resolved_at: 2024-01-16T00:40:00Z
"""


def timeline(*rows: str, head: str = "| Time (UTC) | Event | Who |", intro: str = "") -> str:
    line = "|" + "---|" * (head.count("|") - 1)
    return f"## Timeline\n\n{intro}{head}\n{line}\n" + "\n".join(rows) + "\n"


def found(fragment: str) -> list[tuple[str, str, str]]:
    findings = check(sample(fragment), CONTEXT)
    return [(one.code, one.message, one.fix) for one in findings if one.code.startswith("PM3")]


def codes(fragment: str) -> list[str]:
    return [code for code, _, _ in found(fragment)]


def middle(row: str, **named: str) -> str:
    return timeline("| 14:00 | Alert fired | |", row, "| 14:45 | Resolved | @bob |", **named)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("2:05 pm", "write 14:05"),
        ("2pm", "write 14:00"),
        ("12:05 am", "write 00:05"),
        ("2:05PM UTC", "write 14:05 UTC"),
        ("14h05", "write 14:05"),
        ("around 14:05", "write ~14:05"),
        ("14:05?", "write ~14:05"),
        ("14:05 (approx)", "write ~14:05"),
        ("Jan 15 14:05", "write 2024-01-15 14:05"),
        ("15/01/2024 14:05", "write 2024-01-15 14:05"),
        ("24:00", "write 2024-01-16 00:00"),
        ("14:00-14:10", "write 14:00 and say in the event how long it took"),
        ("14:00 – 14:10", "write 14:00 and say in the event how long it took"),
        ("14:00-14:??", "write ~14:00"),
        ("14:05 IST", "write its offset from UTC, as in 14:00 +05:30"),
        ("03/04/2024", "write 2024-03-04 or 2024-04-03, with the time when it is known"),
        ("HH:mm", "write HH:MM or 2024-01-15T14:00Z, or ?? when nobody knows it"),
        ("14:05 / 15:05 CET", "write HH:MM or 2024-01-15T14:00Z, or ?? when nobody knows it"),
        ("2024-01-15", "write its time too, as in 2024-01-15 14:00, or 2024-01-15 ?? when nobody knows it"),
        ("", "write HH:MM, or ?? when nobody knows it; join the row with the one above if it goes on from there"),
    ],
)
def test_the_fix_of_a_time_is_what_to_type(written, fix):
    [(code, _, said)] = found(middle(f"| {written} | Pool enlarged | @jane |"))
    assert (code, said) == ("PM302", fix)


@pytest.mark.parametrize(
    "written", ["~14:05", "**14:05**", "`14:05`", "14:05:30", "14:05 UTC", "??", "2024-01-15 14:05"]
)
def test_times_that_are_read(written):
    assert found(middle(f"| {written} | Pool enlarged | @jane |")) == []


def test_a_day_is_enough_for_what_happened_days_before_and_as_a_row_of_its_own():
    assert found(timeline("| 2023-11-02 | The limit was set to 50 | |", "| 2024-01-15 14:00 | Alert fired | |",
                          "| 14:45 | Resolved | @bob |")) == []  # fmt: skip
    days = ("| 2024-01-15 | | |", "| 23:50 | Alert fired | |", "| 2024-01-16 | | |", "| 00:40 | Resolved | @bob |")
    assert found(OVERNIGHT + timeline(*days)) == []


def test_a_day_is_enough_where_the_timeline_runs_over_many_days():
    rows = ("| 2024-01-15 14:00 | Published | |", "| 2024-01-15 | Read | |", "| 2024-01-{} 09:00 | Mended | @bob |")
    assert "PM302" in codes(timeline(*(row.format(17) for row in rows)))
    assert "PM302" not in codes(timeline(*(row.format(18) for row in rows)))


def test_a_zone_of_the_heading_that_stands_for_several_is_said_once():
    rows = ("| 14:00 | Alert fired | |", "| 14:45 | Resolved | @bob |")
    assert found(timeline(*rows, head="| Time (IST) | Event | Who |")) == [
        (
            "PM302",
            "the zone 'IST' is unknown or stands for several; 2 times can't be read",
            "write its offset from UTC in the column's heading, as in Time (+05:30)",
        )
    ]


@pytest.mark.parametrize(
    ("title", "intro", "head", "expected"),
    [
        ("Timeline", "", "Time", "the Timeline names no time zone; UTC is assumed"),
        ("Timeline", "Local times.", "Time (Local)", "the Timeline names no time zone; UTC is assumed"),
        ("Timeline", "We met at 15:00 CET.", "Time", "the Timeline mentions 'CET', but its times are read as UTC"),
        ("Timeline", "All times in UTC.", "Time", ""),
        ("Timeline", "", "Time (UTC)", ""),
        ("Timeline (UTC)", "", "Time", ""),
        ("Timeline", "Times are Coordinated Universal Time, UTC.", "Time", ""),
    ],
)
def test_the_zone(title, intro, head, expected):
    text = middle("| 14:05 | Pool enlarged | @jane |", head=f"| {head} | Event | Who |", intro=intro and f"{intro}\n\n")
    doc = read(sample(text).text.replace("## Timeline", f"## {title}").encode(), PATH)
    assert [one.message for one in check(doc, CONTEXT)] == ([expected] if expected else [])


def test_a_zone_that_is_read_moves_the_entries():
    rows = ("| 15:00 | Alert fired | |", "| 15:45 | Resolved | @bob |")
    for intro, head in (("All times in CET.\n\n", "Time"), ("", "Time (CET)"), ("", "Time (Europe/Berlin)")):
        assert found(timeline(*rows, head=f"| {head} | Event | Who |", intro=intro)) == []


def test_a_timeline_from_the_newest_to_the_oldest_is_one_finding():
    rows = ("| 14:45 | Resolved | @bob |", "| 14:22 | Pool enlarged | @jane |", "| 14:00 | Alert fired | |")
    assert found(timeline(*rows)) == [
        ("PM304", "the entries run from the newest to the oldest", "put the oldest entry first")
    ]


def test_entries_in_other_zones_are_compared_in_utc():
    [(code, message, _), _] = found(middle("| 14:05 CET | Pool enlarged | @jane |"))
    assert code == "PM304"
    assert message == ("14:05 CET stands below 14:00, but is earlier (2024-01-15 13:05 and 2024-01-15 14:00 UTC)")


def test_midnight_without_a_date_is_one_finding_and_hides_what_follows_from_it():
    rows = ("| 23:50 | Alert fired | |", "| 00:20 | Pool enlarged | @jane |", "| 00:40 | Resolved | @bob |")
    assert found(OVERNIGHT + timeline(*rows)) == [
        ("PM305", "00:20 stands below 23:50: is it the next day?", "write 2024-01-16 00:20")
    ]


def test_the_date_to_write_is_that_of_the_timelines_own_zone():
    rows = ("| 23:50 | Alert fired | |", "| 00:20 | Resolved | @bob |")
    front = (
        "started_at: 2024-01-15T22:50:00Z\ndetected_at: 2024-01-15T22:50:00Z\n"
        "mitigated_at:\nresolved_at: 2024-01-15T23:20:00Z\n"
    )
    assert [fix for _, _, fix in found(front + timeline(*rows, head="| Time (CET) | Event | Who |"))] == [
        "write 2024-01-16 00:20"
    ]


def test_what_lies_outside_says_by_how_much():
    assert found(timeline("| 13:50 | Deploy | |", "| 13:55 | Load grew | |", "| 14:45 | Resolved | @bob |")) == [
        (
            "PM306",
            "2 entries are before started_at, the first by 10 minutes",
            "check its date, time and zone, and started_at; what led up to it may stand here",
        )
    ]


def test_an_entry_that_is_dated_to_another_day_is_meant():
    rows = ("| 2024-01-10 09:00 | Limit set | |", "| 2024-01-15 14:00 | Alert fired | |", "| 14:45 | Resolved | @bob |",
            "| 2024-01-16 09:00 | Postmortem meeting | |")  # fmt: skip
    assert found(timeline(*rows)) == []


def test_a_timeline_of_another_year_is_not_meant():
    assert codes(timeline("| 2023-01-15 14:00 | Alert fired | |", "| 2023-01-15 14:45 | Resolved | @bob |")) == [
        "PM306",
        "PM309",
    ]


def test_the_edges_name_the_row_to_add():
    late = "detected_at: 2024-01-15T14:00:00Z\nresolved_at: 2024-01-15T14:45:00Z\n"
    assert found(late + timeline("| 14:20 | Pool enlarged | @jane |")) == [
        (
            "PM308",
            "the first entry is 20 minutes after detected_at",
            "add a row for 14:00 UTC: how it was detected",
        ),
        (
            "PM309",
            "the last entry is 25 minutes before resolved_at",
            "add a row for 14:45 UTC: how it was known that service was back",
        ),
    ]
    assert found(late + timeline("| ?? | Noticed by a customer | |", "| 14:20 | Pool enlarged | @jane |",
                                 "| ?? | Resolved | @bob |")) == []  # fmt: skip


@pytest.mark.parametrize(
    ("event", "flagged"),
    [
        ("Restarted the pods", True),
        ("Increased the pool's limit to 100", True),
        ("Scaled to 10 pods", True),
        ("Ran the migration", True),
        ("Ran out of memory", False),
        ("Increased error rate on checkout", False),
        ("Decreased traffic", False),
        ("Rolled back by @jane", False),
        ("Confirmed by the network provider", False),
        ("Removed from rotation by the health check", False),
        ("@jane restarted the pods", False),
    ],
)
def test_who_acted(event, flagged):
    assert codes(middle(f"| 14:05 | {event} | |")) == (["PM307"] if flagged else [])


def test_a_table_without_a_column_for_the_person_is_told_so_once():
    rows = ("| 14:00 | Alert fired |", "| 14:05 | Restarted the pods |", "| 14:45 | Rolled back 1.2.3 |")
    assert found(timeline(*rows, head="| Time (UTC) | Event |")) == [
        (
            "PM307",
            "2 entries do not say who acted",
            "name the person in the text, as in 'restarted by @jane', or add a column Who",
        )
    ]


def test_a_list_is_shown_as_the_row_that_it_would_be():
    assert found("## Timeline\n\n- **14:00 UTC** - Alert for elevated latency on the payment API fired\n") == [
        (
            "PM301",
            "the Timeline has no entry that can be read",
            "write a table | Time (UTC) | Event | Who |, each entry a row:"
            " | 14:00 | Alert for elevated latency on the paymen... | |",
        )
    ]
    assert found("## Timeline\n\n| Start | Event |\n|---|---|\n| 14:00 | Alert fired |\n") == [
        ("PM301", "no table of the Timeline has a column of times", "call the column of times Time")
    ]


def test_days_are_suggested_by_the_incidents_day():
    assert written_dates("Jan 22", KNOWN) == ("2024-01-22",)
    assert written_dates("Jan 5", KNOWN) == ("2025-01-05",)
    assert written_dates("03/04/2024", KNOWN) == ("2024-03-04", "2024-04-03")
    assert written_dates("22/01/2024", KNOWN) == ("2024-01-22",)
    assert written_dates("2024-02-30", KNOWN) == ()
    assert written_dates("Jan 22 or Jan 29", KNOWN) == ()
    assert written_dates("Jan 22", None) == ()
    assert written_time("Jan 15 14:05", None) == ""
    assert written_time("24:00", None) == ""


def test_an_adopted_timeline_is_judged_gently():
    doc = sample(middle("| 2pm | Pool enlarged | @jane |"))
    assert {str(one.severity) for one in check(doc, CONTEXT._replace(adopted=True))} == {"hint"}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_the_calendar_and_any_number_of_digits_are_judged(at: str) -> None:
    """Go writes year 1 for no time: one such document must not keep the others from being checked."""
    times = f"started_at: {at}\ndetected_at: {at}\nresolved_at: {at}\n"
    rows = "".join(
        f"| {one} | Alert | |\n" for one in ("14:00", "9999-12-31 23:59", "00:01", "24:00", "0001-01-01 00:00 +05:00")
    )
    amounts = "".join(f"| Duration | {one} |\n" for one in ("9" * 40 + " days", "9" * 20 + ":00", "P" + "9" * 20 + "D"))
    text = (
        f"---\nid: 2024-01-15-x\ntitle: x\nstatus: IN_REVIEW\nauthor: jane\n{times}---\n\n## Timeline\n\n"
        f"| Time | Event | Who |\n|---|---|---|\n{rows}\n## Impact\n\n"
        f"| Impact Type | Measurement |\n|---|---|\n{amounts}"
    )
    assert check(read(text.encode()), CONTEXT)
