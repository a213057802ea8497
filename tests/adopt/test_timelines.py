"""Timelines of every form that is certain become tables; all others stay."""

from __future__ import annotations

from datetime import date

from pmctl.adopt.timelines import stated_zone, to_table

KNOWN = date(2023, 4, 25)


def table(text: str, zone: str = "", headings: frozenset[int] = frozenset()) -> list[str]:
    made = to_table(text.split("\n"), KNOWN, zone, headings=headings)
    assert made is not None and not made.reason, made
    return [line for line in made.lines if line.startswith("|")]


def stays(text: str) -> bool:
    made = to_table(text.split("\n"), KNOWN, "")
    return made is None or bool(made.reason)


def test_bullets_with_nested_text_and_pipes() -> None:
    assert table("- 10:05 Alert `a|b`\n  - seen by *many*\n    people\n- **10:10** — Fixed", "UTC") == [
        "| Time (UTC) | Event | Who |",
        "|---|---|---|",
        "| 10:05 | Alert `a\\|b`<br>- seen by *many* people | |",
        "| 10:10 | Fixed | |",
    ]


def test_rewritten_times_keep_their_wording_and_day_lines_set_the_day() -> None:
    assert table("_4/21/23_\n\n11:12 AM: An e-mail\n\n1:14 PM: A call\n\n**4/22/23**\n\n9:00 AM - foo", "PST")[2:] == [
        "| 2023-04-21 11:12 | 4/21/23 11:12 AM | An e-mail | |",
        "| 13:14 | 1:14 PM | A call | |",
        "| 2023-04-22 09:00 | 4/22/23 9:00 AM | foo | |",
    ]


def test_nested_bullets_below_days() -> None:
    assert table("- April 21, 2023\n  - 10:00 foo\n  - 10:05 bar\n- April 22, 2023\n  - 01:00 baz")[2:] == [
        "| 2023-04-21 10:00 | April 21, 2023 10:00 | foo | |",
        "| 10:05 | | bar | |",
        "| 2023-04-22 01:00 | April 22, 2023 01:00 | baz | |",
    ]


def test_times_at_the_end_of_items() -> None:
    assert table("- Alert fired (10:05 UTC)\n- We looked - 10:07 UTC")[2:] == [
        "| 10:05 UTC | Alert fired (10:05 UTC) | |",
        "| 10:07 UTC | We looked - 10:07 UTC | |",
    ]


def test_headings_as_entries() -> None:
    rows = table("### 20:15\nfoo\nbar\n\n- a\n\n### 20:49\nbaz", headings=frozenset([0, 6]))
    assert rows[2:] == ["| 20:15 | foo bar<br>- a | |", "| 20:49 | baz | |"]


def test_text_between_lists_stays_between_two_tables() -> None:
    made = to_table(["Before.", "", "- 10:00 a", "", "Then it broke again.", "", "- 11:00 b"], KNOWN, "")
    assert made is not None and made.entries == 2
    assert [line for line in made.lines if line and not line.startswith("|")] == ["Before.", "Then it broke again."]


def test_emphasis_that_goes_on_behind_the_time_stays_closed() -> None:
    assert table("- **20:29 — Lobby** ask\n- **20:30** x")[2] == "| 20:29 | **Lobby** ask | |"


def test_what_is_not_certain_stays() -> None:
    assert stays("- first we looked\n- then we fixed it")
    assert stays("- 10:00 a\n- b\n- c\n- d")
    assert stays("- 10:00 a\n  ```\n  code\n  ```\n- 10:05 b")
    assert stays("It began at 10:00 and ended at 11:00.")


def test_zones() -> None:
    assert stated_zone("Timeline (UTC)") == "UTC"
    assert stated_zone("Timeline", "All times are in CET.") == "CET"
    assert stated_zone("Timeline (all times PST ) Saturday") == "PST"
    assert stated_zone("Timeline", "_All times in IST_") == "IST"
    assert stated_zone("Timeline (approximate)", "Times were hard to find.") == ""


def test_an_empty_bullet_is_nothing() -> None:
    made = to_table(["- 09:10 a", "-", "- 09:40 b", "- ", "- [ ] "], KNOWN, "")
    assert made is not None
    assert made.lines == ("| Time | Event | Who |", "|---|---|---|", "| 09:10 | a | |", "| 09:40 | b | |")
    assert stays("- \n- [ ] ")


def test_days_as_headings_with_a_weekday_or_a_remark() -> None:
    rows = table(
        "### 2023-04-24 Monday\n\n- 13:14 a\n- 14:02 b\n\n### 25-04-2023 (night, CEST)\n\n- 02:17 c",
        headings=frozenset([0, 5]),
    )
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| 2023-04-24 13:14", "| 14:02", "| 2023-04-25 02:17"]


def test_approximate_days_days_in_brackets_and_braces() -> None:
    assert table("- **~Apr 24 01:00** - a\n- **Apr 25 12:30** - b")[2] == "| ~2023-04-24 01:00 | ~Apr 24 01:00 | a | |"
    assert table("- **~23:55 (Apr 24)** - a\n- **~00:26** - b")[2] == "| ~2023-04-24 23:55 | ~23:55 (Apr 24) | a | |"
    assert (
        table("### {{ 2023-04-24 02:00 }}\n\na\n\n### {{ 06:10 }}\n\nb", headings=frozenset([0, 4]))[3]
        == "| 06:10 | b | |"
    )


def test_a_day_and_a_time_at_the_end_and_a_zone_with_a_plus() -> None:
    rows = table("- The key was used at 2023-04-24 8:55 AM +UTC\n- It was revoked: 2023-04-24 09:10 +UTC")
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| 2023-04-24 08:55 UTC", "| 2023-04-24 09:10 UTC"]


def test_the_zone_of_the_first_entry_holds_for_all() -> None:
    assert table("- ~07:00 CST - a\n- 07:15 - b")[0] == "| Time (CST) | Event | Who |"
    assert table("- 07:00 CST - a\n- 07:15 UTC - b\n- 07:20 c")[0] == "| Time | Event | Who |"
