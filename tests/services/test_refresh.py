"""Importing again: what is new comes in, what people edited stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.services.draft import draft_from
from pmctl.services.import_document import ImportDocument, import_bytes, read_import
from pmctl.services.refresh import Outcome, Refresh, refresh

from .records import record

FIRST: dict[str, Any] = {
    "id": "X", "title": "Shop down", "severity": "SEV2", "services": ["shop"], "summary": "No orders.",
    "started_at": "2024-01-15T14:00:00Z",
    "timeline": [
        {"at": "2024-01-15T14:00:00Z", "text": "Alert | red"},
        {"at": "2024-01-15T14:10:00Z", "text": "Restart", "who": "Jane"},
    ],
}  # fmt: skip


def imported(**changes: Any) -> ImportDocument:
    document = draft_from(record({**FIRST, **changes}), {}).imported
    assert document is not None
    return document


def run(edits: dict[str, Any], texts: list[str] | None = None, **changes: Any) -> Refresh:
    old = read_import(import_bytes(imported()), "x.json")
    today = {**old.values, **edits}
    shown = ["Alert | red", "Restart"] if texts is None else texts
    return refresh(old, imported(**changes), today, shown)


def said(answer: Refresh) -> list[tuple[str, Any, Outcome]]:
    return [(update.name, update.after, update.outcome) for update in answer.fields]


def test_the_same_record_again_changes_nothing() -> None:
    answer = run({})
    assert (answer.fields, answer.rows, answer.changes) == ((), (), False)


def test_edits_stay_when_the_record_did_not_change() -> None:
    assert not run({"title": "Shop unreachable", "severity": "", "services": []}, ["Restart"]).fields


def test_what_nobody_edited_follows_the_record() -> None:
    answer = run({}, severity="SEV1", resolved_at="2024-01-15T15:00:00Z", summary="No orders for an hour.")
    assert said(answer) == [
        ("severity", "SEV1", Outcome.UPDATED),
        ("resolved_at", "2024-01-15T15:00:00Z", Outcome.ADDED),
        ("summary", "No orders for an hour.", Outcome.UPDATED),
    ]
    assert [update.row.event for update in answer.rows] == ["Incident resolved"]


def test_what_somebody_edited_stays_and_is_reported_once() -> None:
    answer = run({"severity": "SEV4"}, severity="SEV1")
    assert said(answer) == [("severity", "SEV1", Outcome.KEPT)]
    assert not answer.changes
    today = {**imported().values, "severity": "SEV4"}
    again = refresh(answer.imported, imported(severity="SEV1"), today, ["Alert | red", "Restart"])
    assert [update.name for update in again.fields if update.name == "severity"] == []


def test_lists_gain_what_the_record_gained() -> None:
    answer = run({"services": ["basket"]}, services=["shop", "search"])
    assert said(answer) == [("services", ["basket", "search"], Outcome.EXTENDED)]


def test_times_are_compared_as_moments() -> None:
    assert not run({"started_at": "2024-01-15T15:00:00+01:00"}).fields


def test_new_entries_come_in_and_deleted_ones_stay_deleted() -> None:
    more = [*FIRST["timeline"], {"at": "2024-01-15T14:30:00Z", "text": "Fixed <b>it</b>"}]
    answer = run({}, ["Alert | red"], timeline=more)
    assert [(update.row.event, update.before) for update in answer.rows] == [("Fixed &lt;b>it&lt;/b>", None)]


def test_an_entry_that_somebody_wrote_down_already_is_not_doubled() -> None:
    more = [*FIRST["timeline"], {"at": "2024-01-15T14:30:00Z", "text": "Fixed | done"}]
    assert not run({}, ["Alert | red", "Restart", "fixed | done"], timeline=more).rows


def test_a_reworded_entry_replaces_the_old_one_unless_somebody_edited_it() -> None:
    reworded = [FIRST["timeline"][0], {"at": "2024-01-15T14:10:00Z", "text": "Restarted the pods"}]
    answer = run({}, timeline=reworded)
    assert [(one.row.event, one.before and one.before.event) for one in answer.rows] == [
        ("Restarted the pods", "Restart")
    ]
    assert not run({}, ["Alert | red", "Restarted two pods"], timeline=reworded).rows


VALUES = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3), max_size=3))


@given(st.dictionaries(st.sampled_from(["title", "services", "severity", "started_at", "summary"]), VALUES))
@settings(max_examples=150, deadline=None)
def test_whatever_the_postmortem_holds_a_record_that_did_not_change_changes_nothing(edits: dict[str, Any]) -> None:
    assert refresh(imported(), imported(), edits, []).fields == ()
