"""The ticket of an action item: an address of the web or a key, by hand as by command."""

from __future__ import annotations

import pytest

from pmctl.rules.action_tracking import is_ticket
from pmctl.rules.engine import check

from .sample import CONTEXT, sample

TABLE = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"


@pytest.mark.parametrize(
    "text",
    [
        "OPS-12", "#12", "team/app#3, OPS-1", "(OPS-1)", "`OPS-1`", "GH-3: the alert", "Jira: OPS-12", "jira:OPS-12",
        "https://x.example/a:b", "[OPS-12](https://x.example/z)", "<https://x.example>", "INC0012345", "TBD", "none",
        "—", "https://x.example/1; HTTPS://y.example/2",
    ],
)  # fmt: skip
def test_addresses_and_keys_are_tickets(text: str) -> None:
    assert is_ticket(text)


@pytest.mark.parametrize(
    "text",
    [
        "see the board", "ask Bob", "javascript:alert(1)", "[x](javascript:alert(1))", "&#106;avascript:alert(1)",
        "ftp://x.example/1", "htps://x.example/12", "mailto:a1@x.example", "https://x.example javascript:a",
        "[OPS-1](file:///etc/p1)",
    ],
)  # fmt: skip
def test_words_and_other_addresses_are_not(text: str) -> None:
    assert not is_ticket(text)
    row = f"| AI-7f3k | Alert earlier | @jane | 2999-01-22 | HIGH | OPEN | {text} | |\n"
    found = [one for one in check(sample(f"## Action Items\n\n{TABLE}{row}"), CONTEXT) if one.code == "PM520"]
    assert [one.message for one in found] == [f"AI-7f3k: {text!r} is neither an address nor a key of a ticket"]
    assert found[0].column == row.index(text) + 1
