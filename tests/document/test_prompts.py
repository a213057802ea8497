"""What holds only prompts: the quick answer for a section that begins with text against the whole reading."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmctl.document import prompts
from pmctl.document.prompts import is_empty

_LINES = st.sampled_from(
    ["", "", " ", "text", "a | b", "| a | b |", "| a |", "|---|---|", "|---|", "|  |  |", "| |", "---", "===", "- ",
     "1.", "# head", "```", "    text", "| \\| |", "\t", "> text", "<!-- prompt -->", "<div>", "a", ":--", "|", "| a\r",
     "\xa0"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("| Step | Action |\n|---|---|\n| 1 | Raised |\n", False),
        ("| Step | Action |\n|---|---|\n|  |  |\n", True),
        ("| Step | Action |\n|---|---|\n|  |  |\n|  | Raised |\n", False),
        ("| Step | Action |\n|---|---|\n", True),
        ("| a row |\n| without dashes |\n", False),
        ("| a\n===\n", True),
        ("| a\n| b\n| c\n===\n", True),
        ("| a |\n|---|\n# head\n| x |\n|---|\n", True),
        ("All times in UTC.\n\n| Time | Event |\n|---|---|\n", False),
        ("Time | Event\n---|---\n", True),
        ("Head\n---\n", True),
        ("Head\n---\n\nText.\n", False),
        ("<!-- What happened? -->\n\n| Time | Event |\n|---|---|\n| | |\n", True),
    ],
)
def test_headings_and_rows_without_text_are_nothing(text: str, empty: bool) -> None:
    assert is_empty(text) == empty


@settings(max_examples=400, deadline=None)
@given(st.lists(_LINES, max_size=8))
@example(["| a", "| b", "| c", "==="])
@example(["text", "", "---"])
def test_the_quick_answer_is_that_of_the_whole_reading(lines: list[str]) -> None:
    text = "\n".join(lines)
    with patch.object(prompts, "_begins_written", lambda _: False):
        thorough = is_empty(text)
    assert is_empty(text) == thorough
