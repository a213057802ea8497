"""The three parts of Lessons Learned, however they are marked."""

from __future__ import annotations

import pytest

from pmctl.rules.engine import check

from .sample import CONTEXT, sample


def flagged(text: str) -> list[tuple[str, str]]:
    """(code, message) of the findings about Lessons Learned."""
    doc = sample(f"## Lessons Learned\n\n{text}\n")
    return [(one.code, one.message) for one in check(doc, CONTEXT) if one.code.startswith("PM60")]


@pytest.mark.parametrize(
    "text",
    [
        "### What went well\n\nA.\n\n### What went wrong\n\nB.\n\n### Where we got lucky\n\nC.",
        "**What went well**\n\n- A.\n\n**What went poorly:**\n\n- B.\n\n**Luck:** C.",
        "- __Worked well__: A.\n- __Could be better__: B.\n- __Where we were fortunate__: C.",
        "- What went well: A.\n- What could be improved: B.\n- Where we got lucky: C.",
        "What worked well:\n\nA.\n\nWhat did not go well:\n\nB.\n\nLucky:\n\nC.",
    ],
)
def test_the_parts_by_any_mark(text):
    assert flagged(text) == []


def test_a_missing_part_is_named():
    [(code, message)] = flagged("- What went well: A.\n- Where we got lucky: B.")
    assert (code, message) == ("PM601", "Lessons Learned lacks 'What could be improved'")


def test_a_sentence_is_no_mark():
    [(_, message)] = flagged("It went well, we could do better, and we were lucky. https://example.com/went-well")
    assert message.count("'") == 6


def test_an_empty_part():
    text = "### What went well\n\nA.\n\n### What went wrong\n\nB.\n\n### Where we got lucky"
    assert flagged(text) == [("PM602", "'Where we got lucky' is empty")]
