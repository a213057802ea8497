"""Which action items fit a question: every filter, every order, every group."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.insight.catalog import Item, Summary
from pmctl.insight.item_search import ItemQuery, active_people, grouped, in_order, items
from pmctl.insight.search import Query
from pmctl.policy.model import Key, Person, Policy

TODAY = date(2024, 1, 23)


def item(name: str, owner: str = "jane", due: str = "2024-02-01", priority: str = "HIGH", status: str = "OPEN") -> Item:
    return Item(f"AI-{name}", f"Do {name}", owner, due, priority, status, "", "", 7)


ITEMS = (
    item("late", due="2024-01-22"),
    item("now", "bob", "2024-01-23", "LOW"),
    item("week", "carol", "2024-01-30", "MEDIUM", "IN_PROGRESS"),
    item("next", "bob", "2024-01-31", "LOW"),
    item("none", "", "", "MEDIUM"),
    item("soon", "TBD", "soon", "HIGH"),
    item("gone", "dave", "2024-03-01", "LOW"),
    item("done", "dave", "2024-01-01", "HIGH", "COMPLETED"),
    item("wont", "", "", "LOW", "WONT_DO"),
)
ONE = Summary(
    "a.md", "2024-01-15-one", services=("payments",), teams=("core",), severity="SEV1", tags=("db",), items=ITEMS
)
TWO = Summary("b.md", "2024-01-16-two", services=("search",), severity="SEV2")._replace(
    items=(Item("AI-aims", "Aim", "jane", "2024-01-25", "HIGH", "OPEN", "", "", 9, "capacity", "prevent"),)
)
PEOPLE = frozenset({"jane", "bob", "carol"})


def names(query: ItemQuery, *sort: str) -> list[str]:
    return [one.item.id.removeprefix("AI-") for one in in_order(items((ONE, TWO), query, TODAY), sort)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ItemQuery(due=("overdue",)), ["late"]),
        (ItemQuery(due=("week",)), ["now", "aims", "week"]),
        (ItemQuery(due=("none",)), ["none", "soon"]),
        (ItemQuery(due=("overdue", "none")), ["late", "none", "soon"]),
        (ItemQuery(owner=("none",)), ["none", "wont", "soon"]),
        (ItemQuery(owner=("left",), active=PEOPLE), ["done", "gone"]),
        (ItemQuery(owner=("left",), active=None), []),
        (ItemQuery(owner=("none", "@Bob"), active=PEOPLE), ["now", "next", "none", "wont", "soon"]),
        (ItemQuery(status=("overdue",)), ["late"]),
        (ItemQuery(status=("overdue", "completed")), ["done", "late"]),
        (ItemQuery(status=("wont_do",)), ["wont"]),
        (ItemQuery(due_after=date(2024, 1, 30), due_before=date(2024, 1, 31)), ["week", "next"]),
        (ItemQuery(about=Query(service=("Search",))), ["aims"]),
        (ItemQuery(about=Query(severity=("SEV1",), tag=("DB",)), due=("overdue",)), ["late"]),
        (ItemQuery(about=Query(severity=("SEV2",), tag=("db",))), []),
        (ItemQuery(teams=(("core", ()),), overdue=True), ["late"]),
        (ItemQuery(teams=(("web", ("jane",)),)), ["late", "aims"]),
        (ItemQuery(teams=(("web", ()),)), []),
        (ItemQuery(kind=("Prevent",)), ["aims"]),
        (ItemQuery(prevents=("CAPACITY",)), ["aims"]),
        (ItemQuery(postmortem="2024-01-16-two"), ["aims"]),
    ],
)
def test_filters(query: ItemQuery, found: list[str]) -> None:
    assert sorted(names(query)) == sorted(found)


def test_orders() -> None:
    opened = ItemQuery(status=("OPEN",), about=Query(severity=("SEV1",)))
    assert names(opened) == ["late", "now", "next", "gone", "none", "soon"]
    assert names(opened, "priority") == ["late", "soon", "none", "now", "next", "gone"]
    assert names(opened, "-priority", "owner") == ["now", "next", "gone", "none", "late", "soon"]
    assert names(opened, "owner", "-due")[:2] == ["next", "now"]
    assert names(ItemQuery(), "-postmortem")[0] == "aims"


def test_groups_are_in_their_order_and_what_has_none_is_last() -> None:
    found = in_order(items((ONE, TWO), ItemQuery(), TODAY))
    assert list(grouped(found, "owner")) == ["bob", "carol", "dave", "jane", "(none)"]
    assert list(grouped(found, "priority")) == ["HIGH", "MEDIUM", "LOW"]
    assert list(grouped(found, "postmortem")) == ["2024-01-15-one", "2024-01-16-two"]
    weeks = grouped(found, "due-week")
    assert list(weeks) == ["2024-W01", "2024-W04", "2024-W05", "2024-W09", "(none)"]
    assert [one.item.id for one in weeks["2024-W04"]] == ["AI-late", "AI-now", "AI-aims"]
    assert sum(map(len, weeks.values())) == len(found)


def test_people_are_active_while_they_can_sign() -> None:
    key, old = Key("ssh-ed25519 A"), Key("ssh-ed25519 B", "retired")
    keys = {"jane": (key, old), "dave": (old,), "ci": ()}
    people = {handle: Person(handle, handle, (), own) for handle, own in keys.items()}
    assert active_people(Policy(1, people, {}, ())) == {"jane", "ci"}
    assert active_people(None) is None
