"""Summaries of all postmortems: the same with and without the store, whatever lies in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pmctl.insight import catalog as module
from pmctl.insight.catalog import Item, Summary, catalog
from pmctl.insight.item_search import ItemQuery, in_order, items
from pmctl.insight.search import Query
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
    store = crew.repo.state_dir / "catalog-v3.json"
    store.write_bytes(content)
    assert catalog(crew.workspace) == before
    assert json.loads(store.read_bytes())["entries"]


def test_hostile_store_entries_are_not_believed(crew: Team) -> None:
    before = catalog(crew.workspace)
    store = crew.repo.state_dir / "catalog-v3.json"
    data = json.loads(store.read_bytes())
    (path, kept), *_ = data["entries"].items()

    def said(spoil: Callable[[list[Any]], object]) -> list[Summary]:
        entry = json.loads(json.dumps(kept))
        spoil(entry)
        store.write_text(json.dumps({**data, "entries": {path: entry}}))
        return catalog(crew.workspace)

    assert said(lambda entry: entry[2][3][0].__setitem__(0, 7)) == before
    assert said(lambda entry: entry[2][3][0].__setitem__(8, "77")) == before
    assert said(lambda entry: entry[2][3][0].__setitem__(8, True)) == before
    assert said(lambda entry: entry[2][3].append(["AI-1"])) == before
    assert said(lambda entry: entry[2][3].append({"id": 1})) == before
    assert said(lambda entry: entry[2][2].append([1, 2])) == before
    assert said(lambda entry: entry[2][1].append([])) == before
    assert said(lambda entry: entry[2][1].__setitem__(0, 7)) == before
    assert said(lambda entry: entry[2][0].pop()) == before
    assert said(lambda entry: entry[2].clear()) == before
    assert said(lambda entry: entry.__setitem__(2, "x")) == before
    assert said(lambda entry: entry.__setitem__(1, 7)) == before
    assert said(lambda entry: entry.clear()) == before


def rested(crew: Team) -> Path:
    """The postmortem's file, as it is kept when it was not written just now."""
    file = crew.top / crew.path(DOC)
    store = crew.repo.state_dir / "catalog-v3.json"
    catalog(crew.workspace)
    data = json.loads(store.read_bytes())
    there = file.stat()
    data["entries"][crew.path(DOC)][0] = [there.st_size, there.st_mtime_ns, there.st_ctime_ns, there.st_ino]
    store.write_text(json.dumps(data))
    return file


def test_a_file_that_nobody_wrote_is_not_opened(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    rested(crew)
    first = catalog(crew.workspace)
    monkeypatch.setattr(module, "read_file", lambda *_: pytest.fail("nobody has written it"))
    assert catalog(crew.workspace) == first


def test_a_file_written_just_now_is_opened_again(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog(crew.workspace)
    opened: list[str] = []
    honest = module.read_file
    monkeypatch.setattr(module, "read_file", lambda file, path: opened.append(path) or honest(file, path))
    catalog(crew.workspace)
    assert opened == [crew.path(DOC)], "what is written again at once may have the same times"


def test_a_change_that_keeps_size_and_time_is_seen(crew: Team) -> None:
    file = rested(crew)
    there = file.stat()
    text = file.read_text().replace("title: Payments failed", "title: Payments FAILED")
    file.write_text(text)
    os.utime(file, ns=(there.st_atime_ns, there.st_mtime_ns))
    assert file.stat().st_size == there.st_size
    assert [one.title for one in catalog(crew.workspace)] == ["Payments FAILED"]


def test_a_link_in_the_place_of_a_file_is_seen(crew: Team) -> None:
    file = rested(crew)
    file.rename(file.with_suffix(".away"))
    file.symlink_to(file.with_suffix(".away"))
    (summary,) = catalog(crew.workspace)
    assert "symbolic link" in summary.problem or "regular file" in summary.problem


def test_several_processes_give_the_same(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.new("bob", "Search was slow")
    (crew.top / crew.path(DOC)).write_bytes(b"---\nid: [\n---\n")
    first = catalog(crew.workspace)
    (crew.repo.state_dir / "catalog-v3.json").unlink()
    monkeypatch.setattr(module, "_ENOUGH_FOR_PROCESSES", 1)
    monkeypatch.setattr("pmctl.processes.PORTION", 1)
    assert catalog(crew.workspace) == first
    (crew.repo.state_dir / "catalog-v3.json").unlink()
    monkeypatch.setattr(module, "on_every_core", lambda work, count: work(0, 1))  # the other process has died
    assert catalog(crew.workspace) == first


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
        return [one.item.id for one in in_order(items(everything, query, today))]

    assert ids(ItemQuery()) == ["AI-7f3k", "AI-q2m8"]
    assert ids(ItemQuery(overdue=True)) == ["AI-7f3k"]
    assert ids(ItemQuery(owner=("@bob",))) == ["AI-q2m8"]
    assert ids(ItemQuery(due_before=date(2024, 1, 22))) == ["AI-7f3k"]
    assert ids(ItemQuery(due_after=date(2024, 1, 23))) == ["AI-q2m8"]
    assert ids(ItemQuery(postmortem="2024-01-01-other")) == []
