"""Summaries of all postmortems: the same with and without the store, whatever lies in it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pmctl.insight import catalog as module
from pmctl.insight.catalog import Item, catalog
from pmctl.insight.search import ItemQuery, Query, items
from tests.team import Team

DOC = "2024-01-15-payments-failed"


def test_newest_incident_first_with_items(crew: Team) -> None:
    crew.new("bob", "Search was slow")
    found = catalog(crew.workspace)
    assert [summary.id for summary in found] == ["2024-01-15-search-was-slow", DOC]
    assert (found[1].author, found[1].status, found[1].services) == ("jane", "DRAFT", ("payment-api",))
    assert [item.id for item in found[1].items] == ["AI-7f3k", "AI-q2m8"]


def test_store_is_used_and_never_stale(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    first = catalog(crew.workspace)
    monkeypatch.setattr(module, "summarise", lambda *_: pytest.fail("nothing changed: nothing is parsed"))
    assert catalog(crew.workspace) == first
    monkeypatch.undo()
    crew.edit_text(DOC, lambda text: text.replace("title: Payments failed", "title: Something else"))
    assert [summary.title for summary in catalog(crew.workspace)] == ["Something else"]


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"[]", b'{"version": "0", "entries": {}}', b'{"version": 1, "entries": []}', b"\xff\xfe"],
)
def test_damaged_store_is_written_anew(crew: Team, content: bytes) -> None:
    before = catalog(crew.workspace)
    store = crew.repo.state_dir / "catalog-v1.json"
    store.write_bytes(content)
    assert catalog(crew.workspace) == before
    assert json.loads(store.read_bytes())["entries"]


def test_hostile_store_entries_are_not_believed(crew: Team) -> None:
    before = catalog(crew.workspace)
    store = crew.repo.state_dir / "catalog-v1.json"
    data = json.loads(store.read_bytes())
    for entry in data["entries"].values():
        entry.update(items=[{"id": 1}], unknown="x")
    store.write_text(json.dumps(data))
    assert catalog(crew.workspace) == before


def test_unwritable_store_is_no_error(crew: Team) -> None:
    crew.repo.state_dir.parent.mkdir(exist_ok=True)
    crew.repo.state_dir.rename(crew.repo.state_dir.with_name("away")) if crew.repo.state_dir.exists() else None
    crew.repo.state_dir.write_text("a file where the folder should be")
    assert [summary.id for summary in catalog(crew.workspace)] == [DOC]


def test_unreadable_postmortem_is_listed_with_its_reason(crew: Team) -> None:
    (crew.top / crew.path(DOC)).write_bytes(b"---\nid: [\n---\n")
    (summary,) = catalog(crew.workspace)
    assert summary.id == DOC and "PM020" in summary.problem


def test_due_today_is_not_overdue() -> None:
    item = Item("AI-7f3k", "x", "jane", "2024-01-22", "HIGH", "OPEN", "", "", 1)
    assert not item.overdue(date(2024, 1, 22))
    assert item.overdue(date(2024, 1, 23))
    for status in ("COMPLETED", "WONT_DO"):
        assert not Item("AI-7f3k", "x", "jane", "2024-01-22", "HIGH", status, "", "", 1).overdue(date(2025, 1, 1))
    assert Item("AI-7f3k", "x", "jane", "2024-01-22", "HIGH", "IN_PROGRESS", "", "", 1).overdue(date(2025, 1, 1))
    assert not Item("AI-7f3k", "x", "jane", "someday", "HIGH", "OPEN", "", "", 1).overdue(date(2025, 1, 1))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        (Query(), True),
        (Query(status=("draft",)), True),
        (Query(status=("PUBLISHED", "draft")), True),
        (Query(status=("PUBLISHED",)), False),
        (Query(service=("PAYMENT-API",), author=("jane",)), True),
        (Query(service=("payment-api",), author=("bob",)), False),
        (Query(since=date(2024, 1, 15), until=date(2024, 1, 15)), True),
        (Query(since=date(2024, 1, 16)), False),
        (Query(until=date(2024, 1, 14)), False),
        (Query(mine="jane"), True),
        (Query(mine="bob"), False),
    ],
)
def test_questions(query: Query, fits: bool, crew: Team) -> None:
    (summary,) = catalog(crew.workspace)
    assert query.fits(summary) is fits


def test_items_are_sorted_by_due_day(crew: Team) -> None:
    today = date(2024, 1, 23)
    everything = catalog(crew.workspace)

    def ids(query: ItemQuery) -> list[str]:
        return [item.id for _, item in items(everything, query, today)]

    assert ids(ItemQuery()) == ["AI-7f3k", "AI-q2m8"]
    assert ids(ItemQuery(overdue=True)) == ["AI-7f3k"]
    assert ids(ItemQuery(owner=("@bob",))) == ["AI-q2m8"]
    assert ids(ItemQuery(due_before=date(2024, 1, 22))) == ["AI-7f3k"]
    assert ids(ItemQuery(due_after=date(2024, 1, 23))) == ["AI-q2m8"]
    assert ids(ItemQuery(postmortem="2024-01-01-other")) == []
