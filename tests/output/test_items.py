"""Action items as pages and feeds: texts of people stay texts, and calendars read back what was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.errors import EnvironmentProblem
from pmctl.insight.catalog import Item, Summary
from pmctl.insight.item_search import Found
from pmctl.output import items as output
from pmctl.output.calendar import Origin, calendar

DAY = date(2024, 1, 23)
STAMP = datetime(2024, 1, 23, 9, 0, tzinfo=UTC)
REPOSITORY = "6f0d" * 8
ONE = Summary("a.md", "2024-01-15-one", title="Payments failed; again, at night", severity="SEV1")


WHERE = {"": Origin(STAMP, REPOSITORY)}


def one(item: Item) -> Found:
    """The item as it is found on DAY."""
    return Found(ONE, item, item.overdue(DAY))


def item(text: str, due: str = "2024-01-22", status: str = "OPEN", ticket: str = "", name: str = "AI-7f3k") -> Item:
    return Item(name, text, "jane", due, "HIGH", status, ticket, "", 7)


def test_markdown_shows_texts_as_they_are() -> None:
    from cmarkgfm import github_flavored_markdown_to_html as render

    hostile = "a | b `c` <img src=x onerror=y> [l](x) *e* \\| ~~s~~ &lt; \u202eback"
    page = output.markdown({"": [one(item(hostile))]})
    html = render(page)
    shown = html.partition("<td>jane</td>\n<td>")[2].partition("</td>")[0]
    assert shown == ("a | b `c` &lt;img src=x onerror=y&gt; [l](x) *e* \\| ~~s~~ &amp;lt; \ufffdback")
    assert html.count("<tr>") == 2 and "2024-01-22 (overdue)" in html


def test_groups_have_headings_with_counts() -> None:
    groups = {"jane": [one(item("x")), one(item("y", "2024-02-01"))], "(none)": [one(item("z", "", "WONT_DO"))]}
    page = output.markdown(groups)
    assert "## jane: 2 action items, 1 overdue\n\n| ID |" in page
    assert "\n\n## (none): 1 action item, 0 overdue\n\n| ID |" in page
    counts = [(one.name, one.items, one.open, one.overdue) for one in output.counted(groups)]
    assert counts == [("jane", 2, 2, 1), ("(none)", 1, 0, 0)]
    assert [row["group"] for row in output.rows(groups)] == ["jane", "jane", "(none)"]


def read_back(text: str) -> list[object]:
    icalendar = pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
    return icalendar.Calendar.from_ical(text).walk()[1:]


def test_a_feed_of_events() -> None:
    pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
    link = "https://tickets.example.com/OPS-1"
    rows = [
        one(item("Alert, at 80 %; soon\\now", ticket=link)),
        one(item("no day", "soon")),
        one(item("x", name="")),
    ]
    text = calendar(rows, WHERE)
    (event,) = read_back(text)
    assert event.name == "VEVENT"
    assert event["uid"] == f"ai-7f3k.2024-01-15-one@{REPOSITORY}.pmctl"
    assert event["summary"] == "AI-7f3k Alert, at 80 %; soon\\now (@jane)"
    assert event.decoded("dtstart") == date(2024, 1, 22) and event.decoded("dtstamp") == STAMP
    assert (event["url"], event["transp"], event["priority"]) == (link, "TRANSPARENT", 1)
    assert event["description"] == f"OPEN, HIGH\n2024-01-15-one: Payments failed; again, at night\n{link}"
    assert calendar(rows, WHERE) == text, "the same items give the same bytes"


def test_a_feed_of_tasks() -> None:
    pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
    states = ("OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO", "odd")
    tasks = read_back(calendar([one(item("x", status=state)) for state in states], {"": Origin(STAMP, "")}, tasks=True))
    assert [task["status"] for task in tasks] == [
        "NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED", "NEEDS-ACTION",
    ]  # fmt: skip
    assert {task.name for task in tasks} == {"VTODO"} and tasks[0].decoded("due") == date(2024, 1, 22)


@given(st.text(max_size=200), st.text(max_size=40))
def test_whatever_a_text_is_the_feed_keeps_to_the_format(text: str, ticket: str) -> None:
    """RFC 5545: lines of at most 75 octets that end in CRLF, and nothing in a text opens a line of its own."""
    pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
    feed = calendar([one(item(text, ticket=ticket))], WHERE)
    lines = feed.encode().split(b"\r\n")
    assert lines[-1] == b"" and all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert feed.count("BEGIN:VEVENT\r\n") == feed.count("\r\nUID:") == 1
    assert len(read_back(feed)) == 1


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(EnvironmentProblem) as caught:
        calendar([], WHERE)
    assert caught.value.hint == "pip install 'pmctl[calendar]'" and caught.value.details == ()
