"""The table of levels in the documentation is what the code says, and says what was meant."""

from __future__ import annotations

from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from tests.policy.levels import PAGE, STATES, able, page


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m tests.policy.levels"


def test_what_the_table_says() -> None:
    everyone = {"jane", "edith", "colin", "rita", "pat", "carol", "ada", "agnes", "otto"}
    for status in STATES:
        assert set(able("comment", status)) == everyone
        assert set(able("resolve and reopen a thread", status)) == {"jane", "edith", "ada", "wanda", "wall-e"}
        assert set(able("give the right to `comment`", status)) == {"jane", "ada"}
        assert set(able("give the right to `edit`", status)) == ({"jane", "ada"} if status == DRAFT else set())
    assert "rita" in able("edit the text", IN_REVIEW)
    assert "rita" not in able("edit the text", DRAFT)
    assert able("edit the text", PUBLISHED) == able("edit the text", ARCHIVED) == ()
