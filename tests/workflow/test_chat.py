"""Messages of a chat in a timeline: which rows come in, who is a participant, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmctl.errors import BadInput, Refused, UsageProblem
from pmctl.services.slack import Message, read_messages
from pmctl.workflow.chat import plan_chat
from pmctl.workflow.imports import Plan, land
from tests.drafts import SHOP, Team, shown

USERS = [
    {"id": "U01", "name": "bob", "profile": {"real_name": "Bob Ray", "email": "bob@example.com"}},
    {"id": "U02", "name": "eve", "profile": {"real_name": "Eve Hall", "email": "eve@example.org"}},
]


def said(ts: str, text: str, user: str = "U01", *reactions: str) -> dict[str, Any]:
    marks = [{"name": name, "count": 1} for name in reactions]
    return {"type": "message", "user": user, "ts": ts, "text": text, "reactions": marks}


DAY = [
    said("1705327500.1", "Scaled `web | api` to 4", "U01", "pushpin"),
    said("1705327800.2", "# not a heading <!-- x", "U02", "pushpin"),
    said("1705327900.0", "what a day", "U02"),
]


def messages() -> tuple[Message, ...]:
    return read_messages([("day.json", json.dumps(DAY).encode()), ("users.json", json.dumps(USERS).encode())])


def added(team: Team, name: str, **options: Any) -> Plan:
    planned = plan_chat(team.workspace, "jane", name, messages(), **options)
    if planned.changes:
        land(team.workspace, planned, "Add messages", ())
    return planned


def test_marked_messages_become_rows_in_order_and_known_people_participants(team: Team) -> None:
    name = team.new(SHOP)
    planned = added(team, name, reactions=["pushpin"])
    rows = shown(team.document(name))
    assert [row[1] for row in rows][:5] == [
        "Alert | red", "Scaled `web | api` to 4", "Restart", "# not a heading &lt;!-- x", "Orders are back",
    ]  # fmt: skip
    assert "| 14:05 | Scaled `web \\| api` to 4 | @bob |" in team.document(name).text
    assert team.document(name).meta["participants"] == ["jane", "bob"]
    assert (planned.counted, planned.notes) == ("2 of 3 messages fit, 2 are new", ())
    again = added(team, name, reactions=["pushpin"])
    assert (again.changes, again.counted) == (False, "2 of 3 messages fit, 0 are new")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"since": "14:05", "until": "14:10"}, 2),
        ({"since": "2024-01-15T15:11:00+01:00"}, 1),
        ({"until": "14:06", "reactions": ["pushpin"]}, 1),
    ],
)
def test_a_time_is_one_of_the_incidents_day_or_a_whole_one(team: Team, options: dict[str, Any], count: int) -> None:
    name = team.new(SHOP)
    assert len([one for one in added(team, name, **options).differences if one.what == "timeline"]) == count


def test_all_chatter_is_refused_and_the_reactions_are_named(team: Team) -> None:
    name = team.new(SHOP)
    with pytest.raises(UsageProblem, match="a chat is no timeline") as caught:
        added(team, name)
    assert caught.value.details == ("reactions in the files: pushpin (2)",)
    with pytest.raises(BadInput, match="none of 3 messages fits"):
        added(team, name, reactions=["tada"])
    with pytest.raises(UsageProblem, match="--from noon: not a time"):
        added(team, name, since="noon")


def test_who_may_not_edit_may_not_add_messages(team: Team) -> None:
    name = team.new(SHOP)
    with pytest.raises(Refused):
        plan_chat(team.workspace, "bob", name, messages(), reactions=["pushpin"])
