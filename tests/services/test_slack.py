"""Messages of Slack: an export of files, an answer of the API, the markup, and what is no message."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.errors import BadInput
from pmctl.services.slack import Message, chosen, read_messages

from .records import at

USERS = [
    {"id": "U01", "name": "jane", "profile": {"real_name": "Jane Doe", "email": "jane@example.com"}},
    {"id": "U02", "name": "bob", "real_name": "Bob Ray", "profile": {}},
    {"id": "U09", "name": "alerts", "is_bot": True, "profile": {"real_name": "Alerts"}},
]


def said(ts: str, text: str, user: str = "U01", *reactions: str, **values: Any) -> dict[str, Any]:
    given_reactions = [{"name": name, "users": ["U02", "U03"], "count": 2} for name in reactions]
    return {"type": "message", "user": user, "ts": ts, "text": text, "reactions": given_reactions, **values}


DAY = [
    said("1705327500.000200", "Restarting <https://example.com/db|the database>", "U01", "pushpin"),
    said("1705327500.000100", "on it, <@U01>", "U02", "eyes::skin-tone-3"),
    said("1705328100.000000", "ran `kubectl get &lt;pod&gt;` &amp;amp; <#C1|ops> <!here> <https://example.com>", "U02"),
    said("1705327000.000000", "lunch?", "U02"),
    {"type": "message", "subtype": "channel_join", "user": "U01", "ts": "1705327001.0", "text": "<@U01> has joined"},
    {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B1",
        "username": "prom",
        "ts": "1705327100.5",
        "text": "5xx",
    },
    said("1705329000.000000", "", "U01", files=[{"name": "graph.png"}]),
    said("1705329100.000000", "", "U01"),
]


def read(*values: object) -> tuple[Message, ...]:
    return read_messages([(f"{n}.json", json.dumps(value).encode()) for n, value in enumerate(values)])


@pytest.mark.parametrize("values", [(DAY, USERS), (USERS, DAY), ({"ok": True, "messages": DAY}, {"members": USERS})])
def test_messages_are_read_in_order_with_names_links_and_code(values: tuple[object, ...]) -> None:
    assert [(f"{m.at:%H:%M}", m.who, m.text) for m in read(*values)] == [
        ("13:56", "Bob Ray", "lunch?"),
        ("13:58", "prom", "5xx"),
        ("14:05", "Bob Ray", "on it, @Jane Doe"),
        ("14:05", "Jane Doe", "Restarting the database (https://example.com/db)"),
        ("14:15", "Bob Ray", "ran `kubectl get <pod>` &amp; #ops @here https://example.com"),
        ("14:30", "Jane Doe", "(files: graph.png)"),
    ]


def test_programs_are_no_people_and_strangers_keep_their_id() -> None:
    by_name = {message.who: message.person for message in read(DAY, USERS)}
    assert by_name == {"Bob Ray": True, "prom": False, "Jane Doe": True}
    assert {message.who for message in read(DAY)} == {"U01", "U02", "prom"}
    (named,) = read([said("1705327500.0", "x", "U7", user_profile={"real_name": "Eve Hall"})])
    assert named.who == "Eve Hall"


def test_what_is_kept_is_chosen_by_reactions_and_times() -> None:
    messages = read(DAY, USERS)

    def texts(*reactions: str, since: datetime | None = None, until: datetime | None = None) -> list[str]:
        return [message.text[:5] for message in chosen(messages, reactions, since, until)]

    assert texts(":pushpin:") == ["Resta"]
    assert texts("pushpin", "eyes") == ["on it", "Resta"]
    assert texts("tada") == []
    assert texts(since=at("2024-01-15T14:00:00Z"), until=at("2024-01-15T14:15:00Z")) == ["on it", "Resta", "ran `"]
    assert texts("pushpin", until=at("2024-01-15T14:00:00Z")) == []


def test_a_message_in_two_files_counts_once() -> None:
    assert len(read(DAY, DAY, USERS)) == len(read(DAY, USERS))


@pytest.mark.parametrize("value", [{}, {"ok": False, "error": "not_in_channel"}, [{"a": 1}], "x", [1], None])
def test_what_holds_no_messages_is_refused(value: object) -> None:
    with pytest.raises(BadInput, match="holds no messages of Slack"):
        read(value)


def test_an_empty_day_is_no_trouble() -> None:
    assert read([], USERS) == ()
    assert read({"messages": []}) == ()


KEYS = (
    "type",
    "ts",
    "text",
    "user",
    "id",
    "profile",
    "messages",
    "reactions",
    "name",
    "files",
    "subtype",
    "bot_profile",
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.sampled_from(["message", "U01", "1705327500.1"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=8)),
    max_leaves=25,
)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_nothing_whatever_raises_anything_but_bad_input(value: object) -> None:
    try:
        read(value)
    except BadInput as error:
        assert error.message
