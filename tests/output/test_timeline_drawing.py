"""The drawn timeline: everything is on it once, in the order of time, and nothing lies upon anything else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.document.reader import Document, read
from pmctl.output.html import to_html
from pmctl.output.timeline_drawing import drawing, drawing_of
from pmctl.output.timeline_layout import Layout, layout
from pmctl.output.timeline_rows import LETTER, rows

START = datetime(2024, 1, 15, 14, 0, tzinfo=UTC)
TARGET = 24
NAMES = ("started", "detected", "acknowledged", "mitigated", "resolved")


def document(times: dict[str, datetime], told: list[tuple[str, str]]) -> Document:
    front = "".join(f"{name}_at: {at:%Y-%m-%dT%H:%M:%SZ}\n" for name, at in times.items())
    table = "".join(f"| {at} | {text} |\n" for at, text in told)
    source = (
        f"---\nid: 2024-01-15-x\ntitle: T\nstatus: DRAFT\n{front}---\n\n## Timeline\n\n| Time | Event |\n|---|---|\n"
    )
    return read((source + table).encode(), "postmortems/2024/2024-01-15-x.md")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def stamps(*minutes: float) -> list[tuple[str, str]]:
    return [(f"{at(one):%Y-%m-%dT%H:%M:%SZ}", f"entry at {one}") for one in minutes]


def laid_out(times: dict[str, datetime], told: list[tuple[str, str]]) -> Layout:
    found = layout(document(times, told))
    assert found is not None
    return found


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314  # made here, and it has no document type


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9000), max_size=5),
    st.lists(st.integers(-600, 12000), max_size=120),
    st.sampled_from([300.0, 470.0, 620.0, 1100.0]),
)
def test_nothing_lies_upon_anything_else(marks: dict[str, int], told: list[int], width: float) -> None:
    found = layout(document({name: at(minutes) for name, minutes in marks.items()}, stamps(*told)))
    if found is None:
        assert len(set(marks.values())) + len(told) < 2
        return
    placed = rows(found, width)
    assert sorted(entry.number for dot in placed.dots for entry in dot.entries) == list(range(1, len(told) + 1))
    for a, b in combinations(placed.dots, 2):
        if a.row == b.row:
            assert abs(a.entries[0].share - b.entries[0].share) * width >= TARGET - 1e-6
    spans = []
    for label in placed.labels:
        size = max(len(f"{label.mark.name} {found.time(label.mark.at)}"), len(label.since)) * LETTER
        x = label.share * width
        assert width < 620 or x - size <= label.mark.share * width <= x + size
        spans.append((label.row, x - size, x) if label.ends else (label.row, x, x + size))
    assert not [1 for a, b in combinations(spans, 2) if a[0] == b[0] and a[1] < b[2] and b[1] < a[2]]
    if width >= 620:
        assert all(left >= -1e-6 and right <= width + 1e-6 for _, left, right in spans)
    moments = [(mark.at, mark.share) for mark in found.marks] + [(one.at, one.share) for one in found.entries]
    for (earlier, first), (later, second) in pairwise(sorted(moments)):
        assert 0 <= first <= second + 1e-9 and second <= 1 + 1e-9 and (first < second or earlier <= later)
    parsed(drawing(found))


@pytest.mark.parametrize("middle", [262, 300, 330])
def test_a_long_label_stays_on_the_line_and_its_mark_below_it(middle: int) -> None:
    joined = dict.fromkeys(("detected", "acknowledged", "mitigated", "resolved"), at(middle * 20))
    found = laid_out({"started": at(0), **joined}, stamps(12000))
    placed = rows(found, 620)
    label = placed.labels[1]
    words = f"{label.mark.name} {found.time(label.mark.at)}"
    left = label.share * 620 - (len(words) * LETTER if label.ends else 0)
    assert 0 <= left <= label.mark.share * 620 <= left + len(words) * LETTER <= 620
    markup = drawing(found)
    text = re.search(rf'y="(\d+)"[^>]*><tspan>{label.mark.name}', markup)
    leader = re.search(rf'<line class="tl-mark" x1="{1.5 + 93 * label.mark.share:.2f}%"[^>]*y1="(\d+)"', markup)
    assert text is not None and leader is not None
    assert (int(leader[1]) > int(text[1])) == label.moved


def test_marks_have_the_time_between_them() -> None:
    found = laid_out({"started": at(0), "detected": at(2), "resolved": at(45)}, stamps(0, 30))
    assert [(mark.name, mark.since) for mark in found.marks] == [
        ("Started", ""), ("Detected", "2 minutes later"), ("Resolved", "43 minutes later"),
    ]  # fmt: skip
    assert [phase.length for phase in found.phases] == ["2 minutes", "43 minutes"]
    assert found.marks[1].share == pytest.approx(2 / 45)


def test_marks_of_one_minute_share_a_label() -> None:
    found = laid_out({name: at(0) for name in NAMES}, stamps(*[0] * 300))
    assert [mark.name for mark in found.marks] == ["Started, detected, acknowledged, mitigated, resolved"]
    assert [len(dot.entries) for dot in rows(found, 600).dots] == [1, 1, 298]
    assert "298 entries: entry at 0" in drawing(found)


def test_marks_out_of_order_are_drawn_in_the_order_of_time() -> None:
    found = laid_out({"started": at(30), "detected": at(0), "resolved": at(20)}, stamps(40, 10))
    assert [mark.name for mark in found.marks] == ["Detected", "Resolved", "Started"]
    assert [entry.number for entry in found.entries] == [2, 1]


def test_a_gap_is_more_than_a_quarter_and_is_said() -> None:
    found = laid_out({"started": at(0), "resolved": at(100)}, stamps(0, 20, 46, 60, 80))
    assert [gap.length for gap in found.gaps] == ["26 minutes"]
    assert "26 minutes without an entry." in found.sentences
    assert not laid_out({"started": at(0), "resolved": at(100)}, stamps(0, 25, 50, 75)).gaps
    assert not laid_out({"started": at(0), "resolved": at(100)}, []).gaps


def test_days_of_silence_leave_room_for_what_was_said() -> None:
    found = laid_out({"started": at(0), "resolved": at(6000)}, stamps(0, 5, 10, 15, 5980, 5990, 6000))
    (gap,) = found.gaps
    assert not gap.scaled and gap.end - gap.start == pytest.approx(0.25)
    assert "not to scale" in drawing(found)
    assert found.dated and "19 Jan" in found.sentences


@pytest.mark.parametrize("told", [[], [("14:00", "one")], [("??", "one"), ("", "two")]])
def test_with_less_than_two_moments_there_is_nothing_to_draw(told: list[tuple[str, str]]) -> None:
    assert layout(document({}, told)) is None
    markup, found = drawing_of(document({}, told))
    assert markup == "" and [row.drawn for row in found.values()] == [False] * len(told)


def test_entries_without_a_time_are_said_to_be_missing() -> None:
    found = laid_out({"started": at(0), "resolved": at(9)}, [("??", "when?"), ("14:01", "then")])
    assert found.untimed == 1
    assert "1 entry has no certain time and is in the table only." in drawing(found)


def test_centuries_of_silence_take_no_time_to_draw() -> None:
    times = {"started": datetime(1024, 1, 1, tzinfo=UTC), "resolved": at(0)}
    found = laid_out(times, stamps(*range(10)))
    assert len(found.ticks) < 30
    parsed(drawing(found))


def test_dots_and_rows_lead_to_each_other() -> None:
    source = document({"started": at(0), "resolved": at(60)}, [*stamps(*range(0, 60, 2)), ("??", "no time")])
    page = to_html(source, today=date(2024, 2, 1))
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    for number in range(1, 31):
        assert f'id="entry-{number}"' in page
        for kind in ("lying", "standing"):
            assert f'href="#timeline-{kind}-{number}"' in page and f'id="timeline-{kind}-{number}"' in page
    targets = set(re.findall(r'href="#([^"]*)"', page))
    assert targets <= set(ids) and {f"entry-{1}", "timeline-end", "content"} <= targets
    assert 'href="#timeline-lying-31"' not in page and 'id="entry-31"' in page


@pytest.mark.parametrize("text", ["<script>x</script>", '"><img src=x onerror=x>', "</svg><b>", "&lt;i&gt;", "]]>"])
def test_hostile_text_stays_text(text: str) -> None:
    source = document({"started": at(0)}, [("14:05", text), ("14:06", text)])
    markup, _ = drawing_of(source)
    root = parsed(markup)
    assert {one.tag for one in root.iter()} <= {
        "figure", "figcaption", "svg", "title", "desc", "a", "g", "line", "rect", "circle", "path", "text", "tspan",
    }  # fmt: skip
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or name == "style"]
    assert sum(text.split()[0] in (one.text or "") for one in root.iter("title")) == 4
