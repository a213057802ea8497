"""Figures, dates, links and images: what is flagged, and its nearest innocent neighbours."""

from __future__ import annotations

import pytest

from pmctl.rules.engine import check

from .sample import CONTEXT, PATH, sample

STEM = PATH.rpartition("/")[2].removesuffix(".md")
FILES = {"docs/runbook.md", f"postmortems/2024/{STEM}/graph.png", PATH}
WITH_FILES = CONTEXT._replace(exists=lambda path: path in FILES)


def flagged(text: str, section: str = "Root Cause") -> list[tuple[str, str]]:
    """(code, words) of the findings of the writing rules about a text."""
    doc = sample(f"## {section}\n\n{text}\n")
    lines = doc.text.split("\n")
    return [
        (one.code, lines[one.line - 1][one.column - 1 : one.end_column - 1])
        for one in check(doc, WITH_FILES)
        if one.code.startswith("PM80")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "It was down for ninety minutes.",
        "It was down for an hour.",
        "A few nodes were replaced twice.",
        "Both regions were affected.",
        "No data was lost.",
        "About a dozen customers called.",
    ],
)
def test_a_figure_may_be_a_word(text):
    assert flagged(text, "Summary") == []


def test_a_summary_without_a_figure():
    assert [code for code, _ in flagged("Some nodes were replaced by others.", "Summary")] == ["PM801"]


@pytest.mark.parametrize(
    "text",
    [
        "It was replaced [last week].",
        "[Yesterday], it failed.",
        "It has been so since [last year].",
        "It is due by [next Monday].",
        "[This morning] the queue was full.",
        "It was rotated [two weeks ago].",
        "It was added [a while ago].",
        "It will be done [later today].",
        "On [this Friday] it is.",
    ],
)
def test_a_relative_date(text):
    words = text.partition("[")[2].partition("]")[0]
    assert flagged(text.replace("[", "").replace("]", "")) == [("PM802", words)]


@pytest.mark.parametrize(
    "text",
    [
        "It failed the week before, and again two days later.",
        "Over the last month 3 % of the jobs failed.",
        "In the last week of March the load doubled.",
        "The next week brought no further errors.",
        "It happened last Tuesday (2024-01-09).",
        "From late last night (April 5th) to 10:45 it was down.",
        "It broke at the end of last week's freeze (2024-01-12).",
        "The option is --since=yesterday.",
        "The `yesterday` partition was empty.",
        'The filter said "last week".',
        "Clients saw this minutes ago; the account was made 2 minutes ago.",
        "The flag matches files that were changed more than 7 days ago.",
    ],
)
def test_no_relative_date(text):
    assert flagged(text) == []


def test_the_timeline_may_speak_of_yesterday():
    rows = "| Time (UTC) | Event |\n|---|---|\n| 14:00 | yesterday's deploy is suspected |\n"
    assert [code for code, _ in flagged(rows, "Timeline")] == []


def test_links_that_lead_nowhere():
    text = (
        "[a](../../docs/runbook.md) [b](/docs/runbook.md#steps) [c](../../docs/runbook.md?plain=1) [d](#impact)\n"
        "[e](../../docs/gone.md) [f](#nope) [g](../../../../etc/passwd) [h](mailto:a@example.com) `[i](j.md)`"
    )
    assert flagged(text) == [("PM803", "../../docs/gone.md"), ("PM803", "#nope"), ("PM803", "../../../../etc/passwd")]


def test_a_definition_is_a_link_and_a_footnote_or_a_time_is_none():
    text = "See [it][here], once[^1].\n\n[here]: ../../docs/gone.md\n[^1]: The words of it.\n[14:05]: Restarted it."
    assert flagged(text) == [("PM803", "../../docs/gone.md")]
    assert flagged('See [it][here].\n\n[here]: ../../docs/runbook.md "The runbook"') == []


def test_missing_attachments():
    text = (
        f"![a]({STEM}/graph.png) ![b]({STEM}/gone.png) [c]({STEM}/log.txt)\n"
        f'<img src="{STEM}/graph.png" alt="d"> <img alt="e" src="{STEM}/lost.png">\n'
        f"[![f]({STEM}/small.png)](https://example.com/large.png)"
    )
    missing = [f"{STEM}/{name}" for name in ("gone.png", "log.txt", "lost.png", "small.png")]
    assert sorted(flagged(text)) == sorted(("PM804", name) for name in missing)


def test_images_without_text():
    text = (
        "![](https://example.com/a.png) ![ ](https://example.com/b.png) ![c](https://example.com/c.png)\n"
        '<img src="https://example.com/d.png"> <img alt="e" src="https://example.com/e.png">\n'
        "[![](https://example.com/f.png)](https://example.com/g.png) ![][h] `![](x.png)`\n\n[h]: https://example.com/h.png"
    )
    assert [words for code, words in flagged(text) if code == "PM805"] == [
        "![](https://example.com/a.png)",
        "![ ](https://example.com/b.png)",
        '<img src="https://example.com/d.png">',
        "![](https://example.com/f.png)",
        "![][h]",
    ]
