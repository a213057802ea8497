"""The file of a ticket: what is written is read back, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.ticket import (
    FIELDS,
    LinkedChange,
    TicketFile,
    fitting_changes,
    item_of,
    name_of,
    read_ticket,
    written,
)

NAME = "AI-7f3k.json"
URL = "https://acme.example/browse/OPS-12"

agreed = {
    "status": st.sampled_from(["OPEN", "WONT_DO"]),
    "owner": st.sampled_from(["", "jane"]),
    "due": st.sampled_from(["", "2024-01-22"]),
}
changes = st.sets(st.builds(LinkedChange, st.just(URL), st.sampled_from(["open", "merged"])), max_size=3)
tickets = st.builds(
    TicketFile,
    item=st.just("AI-7f3k"),
    system=st.sampled_from(["jira", "github"]),
    id=st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    key=st.from_regex(r"[A-Z]{2,5}-[0-9]{1,5}", fullmatch=True),
    url=st.just(URL),
    state=st.sampled_from(["To Do", "Fertig", "完了", ""]),
    agreed=st.fixed_dictionaries({}, optional=agreed),
    changes=changes.map(lambda those: tuple(sorted(those))),
)


@given(tickets)
def test_what_is_written_is_read_back(ticket: TicketFile) -> None:
    assert read_ticket(written(ticket), NAME) == (ticket, "")


def test_an_announcement_is_read_back() -> None:
    announced = TicketFile("AI-7f3k", "jira", announced="2024-01-17T10:00:00Z", run="0123456789abcdef")
    assert read_ticket(written(announced), NAME) == (announced, "")
    assert not announced.exists


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "pmctl/ticket/v2"}, "schema"),
        ({"item": "AI-../.."}, "item"),
        ({"system": "Jira!"}, "system"),
        ({"extra": 1}, "not as pmctl writes it"),
        ({"ticket": {"id": "1", "key": "a b", "url": URL}}, "ticket.key"),
        ({"ticket": {"id": "1", "key": "a", "url": "file:///etc/passwd"}}, "ticket.url"),
        ({"agreed": {"status": "DONE"}}, "agreed.status"),
        ({"agreed": {"owner": "Jane Doe"}}, "agreed.owner"),
        ({"agreed": {"due": "soon"}}, "agreed.due"),
        ({"agreed": {"colour": "red"}}, "unknown key"),
        ({"agreed": []}, "another shape"),
        ({"state": "a\x1b[31m"}, "state"),
        ({"changes": [{"url": URL, "state": "draft"}]}, "changes.state"),
        ({"changes": [{"url": URL, "state": "open"}] * 60}, "more than"),
        ({"announced": {"at": "soon", "run": "0" * 16}}, "announced.at"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], said: str) -> None:
    plain = json.loads(written(TicketFile("AI-7f3k", "jira", id="1", key="OPS-1", url=URL)))
    data = (json.dumps(plain | change, indent=2, sort_keys=True) + "\n").encode()
    found, problem = read_ticket(data, NAME)
    assert found is None
    assert said in problem


def test_names_and_items() -> None:
    assert item_of(name_of("AI-7f3k")) == "AI-7f3k"
    assert item_of("notes.md") == item_of("AI-7f3k.json.bak") == item_of("../AI-7f3k.json") == ""
    assert set(FIELDS) == {"status", "owner", "due"}


def test_only_changes_that_a_file_can_hold_are_kept() -> None:
    good = LinkedChange(URL, "merged")
    assert fitting_changes((good, good, LinkedChange("javascript:alert(1)", "open"), LinkedChange(URL, "odd"))) == (
        good,
    )
