"""Which lines an inline ignore counts for, also in documents made to take long."""

from __future__ import annotations

import pytest

from pmctl.document.reader import read
from pmctl.rules.suppressions import read_suppressions
from tests.growth import assert_in_proportion

from .sample import sample

HEAD = "---\nid: 2024-01-15-x\ntitle: t\nstatus: IN_REVIEW\nauthor: jane\n---\n"


def spans(body: str) -> list[tuple[str, int, int]]:
    """Code, first and last line of every ignore; the body begins in line 1."""
    doc = read((HEAD + body).encode(), "x.md")
    found, findings = read_suppressions(doc)
    assert findings == []
    return [(",".join(one.codes), one.first - 6, one.last - 6) for one in found]


def test_ignores_that_stand_together_reach_the_same():
    one, two = "<!-- pmctl: ignore PM701 the ticket's words -->", "<!-- pmctl: ignore PM702 so it was\nreported -->"
    assert spans(f"## A\n\nText.\n{one}\n{two}\nText.\nMore.\n") == [("PM701", 4, 7), ("PM702", 5, 7)]
    assert spans(f"## A\n\n{one}\n\n{two}\n\nText.\n\nMore.\n\n## B\n\nText.\n") == [("PM701", 1, 11), ("PM702", 1, 11)]
    assert spans(f"## A\n\n{one}\nText.\n{two}\n\nText.\n") == [("PM701", 1, 8), ("PM702", 5, 7)]
    assert spans(f"## A\n\nText.\n\n{one} {two}\nText.\n") == [("PM701", 5, 5), ("PM702", 5, 6)]


def test_another_comment_that_is_not_closed_hides_no_ignore():
    assert spans("## A\n\nText <!--pmctl: open.\n\n<!-- pmctl: ignore PM701 as said -->\nText.\n") == [("PM701", 5, 6)]


def test_carriage_returns_change_nothing():
    body = "## A\n\n<!-- pmctl: ignore PM701 as said -->\n<!-- pmctl: ignore PM702 as said -->\n\nText.\n\n## B\n"
    assert spans(body.replace("\n", "\r\n")) == spans(body) == [("PM701", 1, 7), ("PM702", 1, 7)]


@pytest.mark.parametrize(
    "unit",
    [
        "<!-- pmctl:",
        "<!-- pmctl:\n",
        "<!-- pmctl: -->",
        "<!-- pmctl: ignore PM801 some reason -->\n",
        "<!-- pmctl: ignore PM801 some reason -->\n\n",
        "<!-- pmctl: ignore PM801 some reason -->",
        "<!-- pmctl: ignore PM801 some reason --> text\n",
        "<!-- pmctl: ignore PM801 some reason -->\n## a\n",
        "<!-- pmctl: ignore ZZ999 some reason -->\n",
        "<!-- pmctl: ignore PM801" + " , PM801" * 50 + " -->\n",
        "<!-- pmctl: ignore PM801 a" + " " * 5_000 + "b -->\n",
        "<!-- pmctl: ignore PM801" + " " * 200_000 + "-->\n",
        "<!-- pmctl: " + " " * 200_000 + "-->\n",
        "- <!-- pmctl: ignore PM801 some reason -->\n",
        "text <!-- pmctl: ignore PM801 some reason -->\n",
        "`a` <!-- pmctl: ignore PM801 some reason --> ",
    ],
)
def test_many_take_time_in_proportion(unit):
    def made(size):
        doc = sample(f"## Root Cause\n\n{'' if unit.startswith('-') else '- a'}{unit * max(1, size // len(unit))}")
        assert doc.headings
        return doc

    assert_in_proportion(read_suppressions, made, 120_000)
