"""Text for terminals and pipes: nothing in it acts on the terminal, columns line up, colour only when wanted."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.output.terminal import (
    due,
    duration,
    moment,
    paint,
    postmortem,
    table,
    wants_color,
    width_of,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2028\u2029\ud800-\udfff]")
HOSTILE = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://evil\x1b\\x", "\x9b31m", "\rover", "a\x08b", "\x7f",
    "\u202ebackwards", "\u2066x\u2069", "zero\u200bwidth", "\u2028next", "tag\U000e0041", "a\u200db", "bell\x07",
]  # fmt: skip


class Tty:
    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return self.answer


@pytest.mark.parametrize(
    ("choice", "tty", "environ", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "0"}, False),
        ("auto", True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_who_decides_on_colour(choice: str, tty: bool, environ: dict[str, str], expected: bool) -> None:
    assert wants_color(choice, Tty(tty), environ) is expected


def test_a_table_for_a_pipe_is_aligned_and_never_cut() -> None:
    long = "x" * 300
    text = table(["ID", "Title", "Status"], [["1", "障害", "DRAFT"], ["22", long, ""], ["3", "", ""]])
    lines = text.splitlines()
    assert text.endswith("\n")
    assert long in lines[2]
    assert lines[1] == "1   障害" + " " * 296 + "  DRAFT"
    assert lines[3] == "3"
    assert all(line == line.rstrip() for line in lines)
    assert table(["ID"], []) == ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12), st.just("end")), min_size=1, max_size=5))
def test_the_last_column_of_a_table_lines_up(rows: list[tuple[str, str, str]]) -> None:
    lines = table(["A", "B", "C"], rows).splitlines()
    assert len(lines) == len(rows) + 1
    assert len({width_of(line[:-3]) for line in lines[1:]}) == 1


def test_a_table_for_a_terminal_fits_it_and_keeps_every_word() -> None:
    rows = [["2024-01-15-payment-api-outage", "A long title that needs to wrap " * 3, "DRAFT"]]
    text = table(["ID", "Title", "Status"], rows, width=60, color=True, styles={"Status": lambda cell: "yellow"})
    plain = ANSI.sub("", text)
    assert max(map(width_of, plain.splitlines())) <= 60
    assert plain.count("wrap") == 3
    assert "\x1b[33mDRAFT" in text
    assert "\x1b" not in table(["ID", "Title", "Status"], rows, width=60)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [0, 30])
def test_cells_are_safe_in_every_table(text: str, width: int) -> None:
    shown = ANSI.sub("", table(["Title"], [[text + " word" * 10]], width=width, color=True))
    assert shown.replace("\n", "").isprintable()


def test_a_postmortem_in_a_pipe_is_its_markdown_made_safe() -> None:
    assert postmortem("## A\x1b[2J\r\n\r\ntext", "", []) == "## A\\x1b[2J\n\ntext\n"


def test_a_postmortem_on_a_terminal_is_laid_out_and_safe() -> None:
    body = "## Summary &#27;[31m \x1b[2J\n\n&#x202e;evil [link](http://a\u202e)\n\n"
    body += "| Time | Event |\n|---|---|\n| 14:00 | x |\n"
    facts = [("Title", "Out\x1b]0;x\x07age"), ("Status", "DRAFT"), ("Author", "jane")]
    shown = postmortem("", body, facts, width=80, color=True)
    plain = ANSI.sub("", shown)
    assert plain.replace("\n", "").isprintable()
    assert "\\u202e" in plain
    assert plain.startswith("Out\\x1b]0;x\\x07age\nStatus  DRAFT\nAuthor  jane\n\n")
    assert "14:00" in plain and "## Summary" not in plain
    assert "\x1b" not in postmortem("", body, facts, width=80, color=False)


def test_a_pipe_never_loads_rich() -> None:
    code = (
        "import sys; from pmctl.output.terminal import *; table(['A'], [['b']]); postmortem('x', '', []);"
        "table(['A'], [['b']], width=80, color=True);"
        "print([m for m in ('rich', 'markdown_it', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_paint() -> None:
    assert paint("x", "bold red", True) == "\x1b[1;31mx\x1b[0m"
    assert paint("x", "red", False) == paint("x", "", True) == "x"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (2700, "45 minutes"),
        (3600, "1 hour"), (3900, "1 hour 5 minutes"), (86400 * 2 + 3 * 3600 + 59, "2 days 3 hours"),
    ],
)  # fmt: skip
def test_durations(seconds: int, expected: str) -> None:
    assert duration(timedelta(seconds=seconds)) == expected


def test_times_and_dates_for_people() -> None:
    now = datetime(2024, 1, 22, 12, 0, tzinfo=UTC)
    assert moment(now) == moment(now.replace(tzinfo=None)) == "2024-01-22 12:00 UTC"
    today = date(2024, 1, 22)
    assert due(today, today) == "2024-01-22 (today)"
    assert due(date(2024, 1, 20), today) == "2024-01-20 (2 days overdue)"
    assert due(date(2024, 1, 23), today) == "2024-01-23 (in 1 day)"


words = st.text("abcdefgh", min_size=1, max_size=12)
cells = st.lists(words, max_size=8).map(" ".join)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(40, 100))
def test_nothing_breaks_within_a_word_and_nothing_is_lost(rows: list[list[str]], width: int) -> None:
    rows = [[f"2024-01-15-{index}-outage", *row] for index, row in enumerate(rows)]
    shown = table(("ID", "STATUS", "OWNER", "TITLE"), rows, width=width, known=[row[0] for row in rows])
    assert max(map(len, shown.splitlines())) <= width
    printed = shown.split()
    for first, *others in rows:
        assert any(first.startswith(word) for word in printed if word.startswith("2024-"))
        assert all(word in printed for cell in others for word in cell.split())


def test_a_row_that_cannot_be_a_row_becomes_a_paragraph() -> None:
    shown = table(("ID", "TITLE"), [("x" * 30, "y" * 30 + " z"), ("a", "")], width=40)
    assert shown == f"{'x' * 30}\n  TITLE  {'y' * 30}\n         z\n\na\n"


def test_a_pipe_gets_whole_ids() -> None:
    name = "2024-01-15-payment-api-returns-errors"
    assert name in table(("ID", "TITLE"), [(name, "y " * 60)], width=0, known=[name])
    assert f"{name}\n" not in table(("ID", "TITLE"), [(name, "y " * 60)], width=60, known=[name])
