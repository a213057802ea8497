"""Refreshing a postmortem from its incident's record: what is new comes in, what people edited stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.document import edits
from pmctl.document.timeline import entries, timeline_tables
from pmctl.errors import BadInput, Refused
from pmctl.insight.incidents import unresolved_incidents
from pmctl.services.import_document import TimelineRow, read_import
from pmctl.workflow.imports import Plan
from pmctl.workflow.refresh import plan_refresh
from pmctl.workflow.timeline_rows import merge_entries
from tests.drafts import DATABASE, SHOP, Team, each, left, shown, told

EXAMPLES = Path(__file__).parents[2] / "examples" / "incidents"


def refreshed(team: Team, name: str, by: str = "jane", **changes: Any) -> Plan:
    return plan_refresh(team.workspace, by, name, each({**SHOP, **changes}))


def test_the_same_record_changes_nothing(team: Team) -> None:
    name = team.new(SHOP)
    planned = refreshed(team, name)
    assert (planned.differences, planned.kept, planned.changes) == ((), (), False)


@pytest.mark.parametrize("file", sorted(path.name for path in EXAMPLES.iterdir()))
def test_every_example_refreshed_from_itself_changes_nothing(team: Team, file: str) -> None:
    from datetime import date

    from pmctl.services.draft import draft_from
    from pmctl.services.registry import read_records
    from pmctl.workflow.create import NewPostmortem, land, plan

    try:
        incident = read_records([(file, (EXAMPLES / file).read_bytes())])
    except BadInput:
        assert "holds entries of an incident" in str(_problem(file))
        return
    created = plan(team.workspace, NewPostmortem(author="jane"), draft_from(incident, {}), today=date(2024, 1, 20))
    land(team.workspace, created, ())
    planned = plan_refresh(team.workspace, "jane", created.id, [incident])
    assert [d for d in told(planned) if "participants" not in d] == []
    assert planned.kept == ()


def _problem(file: str) -> Exception:
    from pmctl.services.registry import read_records

    with pytest.raises(BadInput) as caught:
        read_records([(file, (EXAMPLES / file).read_bytes())])
    return caught.value


def test_what_nobody_edited_follows_the_record(team: Team) -> None:
    name = team.new(SHOP)
    before = team.data(name).decode().splitlines()
    planned = refreshed(
        team, name, severity="SEV1", summary="No orders for an hour.", mitigated_at="2024-01-15T14:40:00Z",
        services=["shop", "search"],
        timeline=[*SHOP["timeline"][:1], {"at": "2024-01-15T14:10:00Z", "text": "Restart of the pods", "who": "Jane"},
                  SHOP["timeline"][2], {"at": "2024-01-15T14:30:00Z", "text": "A <b>new</b> | entry"}],
    )  # fmt: skip
    assert told(planned) == [
        "+ services: + search",
        "~ severity: SEV2 -> SEV1",
        "+ mitigated_at: 2024-01-15T14:40:00Z",
        "~ summary: No orders. -> No orders for an hour.",
        "~ timeline: 2024-01-15T14:10:00Z  Restart -> Restart of the pods",
        "+ timeline: 2024-01-15T14:30:00Z  A &lt;b>new&lt;/b> | entry",
        "+ timeline: 2024-01-15T14:40:00Z  Impact mitigated",
    ]
    document = team.land(planned)
    assert shown(document) == [
        ("14:00", "Alert | red", ""), ("14:10", "Restart of the pods", "Jane"),
        ("14:30", "A &lt;b>new&lt;/b> | entry", ""), ("14:40", "Impact mitigated", ""),
        ("15:00", "Orders are back", ""), ("15:00", "Incident resolved", ""),
    ]  # fmt: skip
    after = document.data.decode().splitlines()
    assert [line for line in before if line not in after] == [
        "services: [shop]", "severity: SEV2", "No orders.", "| 14:10 | Restart | Jane |",
    ], "no other line may change"  # fmt: skip
    assert team.git("log", "-1", "--name-only", "--format=%s").split("\n") == [
        "Change it", "", f".pmctl/imports/{name}.json", f"postmortems/2024/{name}.md",
    ]  # fmt: skip
    assert not plan_again(team, name, planned).changes


def plan_again(team: Team, name: str, planned: Plan) -> Plan:
    """The same records once more, as the import document keeps them."""
    data = (team.root / f".pmctl/imports/{name}.json").read_bytes()
    return plan_refresh(team.workspace, "jane", name, read_import(data, "x").parts)


def test_edits_of_people_stay_and_the_conflict_is_listed_once(team: Team) -> None:
    name = team.new(SHOP)
    team.edit(name, ("severity: SEV2", "severity: SEV4"), ("No orders.", "Not one order came in."),
              ("| 14:10 | Restart | Jane |", "| 14:12 | Restarted two pods | @jane |"),
              ("title: Shop down", "title: Shop unreachable"))  # fmt: skip
    later = {"severity": "SEV1", "summary": "Nothing.", "title": "Shop gone",
             "timeline": [*SHOP["timeline"], {"at": "2024-01-15T14:30:00Z", "text": "Fixed"}]}  # fmt: skip
    planned = refreshed(team, name, **later)
    assert told(planned) == ["+ timeline: 2024-01-15T14:30:00Z  Fixed"]
    assert left(planned) == [
        "title: yours is Shop unreachable, the record says Shop gone",
        "severity: yours is SEV4, the record says SEV1",
        "summary: yours is Not one order came in., the record says Nothing.",
    ]
    document = team.land(planned)
    assert (document.title, document.meta["severity"]) == ("Shop unreachable", "SEV4")
    assert ("14:12", "Restarted two pods", "@jane") in shown(document)
    again = refreshed(team, name, **later)
    assert (again.differences, again.kept, again.changes) == ((), (), False)


def test_an_entry_that_both_changed_is_a_conflict(team: Team) -> None:
    name = team.new(SHOP)
    team.edit(name, ("| Restart |", "| Restarted two pods |"))
    rows = [SHOP["timeline"][0], {"at": "2024-01-15T14:10:00Z", "text": "Rolling restart"}, SHOP["timeline"][2]]
    planned = refreshed(team, name, timeline=rows)
    assert told(planned) == []
    assert left(planned) == [
        "timeline: 2024-01-15T14:10:00Z  edited here or taken out; the record now says: Rolling restart"
    ]


def test_what_people_took_out_stays_out(team: Team) -> None:
    name = team.new(SHOP)
    team.edit(name, ("severity: SEV2\n", ""), ("| 14:10 | Restart | Jane |\n", ""), ("services: [shop]\n", ""))
    planned = refreshed(team, name, severity="SEV1", services=["shop", "search"])
    assert (told(planned), shown(planned.document)[1][1]) == ([], "Orders are back")


def test_an_open_incident_gets_its_end_and_reopens(team: Team) -> None:
    still = {**SHOP, "status": "investigating", "resolved_at": None, "timeline": SHOP["timeline"][:2]}
    name = team.new(still)
    assert unresolved_incidents(team.workspace, name) == ["generic:A"]
    document = team.land(refreshed(team, name))
    assert document.meta["resolved_at"] == "2024-01-15T15:00:00Z"
    assert "| Duration | 1 hour |" in document.text
    assert unresolved_incidents(team.workspace, name) == []
    planned = plan_refresh(team.workspace, "jane", name, each(still))
    assert "- resolved_at: 2024-01-15T15:00:00Z" in told(planned)
    team.land(planned)
    assert unresolved_incidents(team.workspace, name) == ["generic:A"]
    team.edit(name, lambda document: edits.set_field(document, "resolved_at", "2024-01-15T15:10:00Z"))
    assert unresolved_incidents(team.workspace, name) == []


def test_only_one_of_two_incidents_is_refreshed(team: Team) -> None:
    name = team.new(SHOP, DATABASE)
    rows = [*DATABASE["timeline"][:2], {"at": "2024-01-15T16:00:00Z", "text": "Fast at last"}]
    later = {**DATABASE, "resolved_at": "2024-01-15T16:00:00Z", "severity": "SEV3", "timeline": rows}
    planned = plan_refresh(team.workspace, "jane", name, each(later))
    assert told(planned) == [
        "~ severity: SEV1 -> SEV2",
        "~ resolved_at: 2024-01-15T15:30:00Z -> 2024-01-15T16:00:00Z",
        "+ timeline: 2024-01-15T16:00:00Z  B: Fast at last",
        "~ impact: Duration: 1 hour 40 minutes -> 2 hours 10 minutes",
    ]


def test_new_follow_ups_come_in_and_the_teams_own_items_stay(team: Team) -> None:
    name = team.new(DATABASE)
    team.edit(name, ("Add an index", "Add an index on orders"))
    more = [*DATABASE["action_items"], {"description": "Alert on | slow queries", "owner": "bob@example.com"}]
    planned = plan_refresh(team.workspace, "jane", name, each({**DATABASE, "action_items": more}))
    assert told(planned) == ["+ action item: Alert on | slow queries"]
    document = team.land(planned)
    assert "Add an index on orders" in document.text
    assert "| Alert on \\| slow queries | @bob |" in document.text
    assert not plan_again(team, name, planned).changes


def test_another_incident_is_refused(team: Team) -> None:
    name = team.new(SHOP)
    with pytest.raises(Refused, match=r"'B' is not linked to .*linked: generic:A"):
        plan_refresh(team.workspace, "jane", name, each(DATABASE))


@pytest.mark.parametrize("status", ["PUBLISHED", "ARCHIVED"])
def test_published_postmortems_are_refused(team: Team, status: str) -> None:
    name = team.new(SHOP)
    team.edit(name, ("status: DRAFT", f"status: {status}"))
    with pytest.raises(Refused, match=status) as caught:
        refreshed(team, name, severity="SEV1")
    assert "pmctl amend" in caught.value.hint


def test_who_may_not_edit_is_refused(team: Team) -> None:
    name = team.new(SHOP)
    for stranger in ("bob", "", "mallory"):
        with pytest.raises(Refused, match="may not refresh"):
            refreshed(team, name, by=stranger, severity="SEV1")
    assert refreshed(team, name, by="alice", severity="SEV1").changes
    team.edit(name, ("author: jane\n", "author: jane\neditors: {bob: edit}\n"))
    assert refreshed(team, name, by="bob", severity="SEV1").changes


def test_in_review_it_says_that_approvals_go_stale(team: Team) -> None:
    name = team.new(SHOP)
    team.edit(name, ("status: DRAFT", "status: IN_REVIEW"))
    assert "approvals" in refreshed(team, name, severity="SEV1").notes[-1]


def test_an_incident_that_was_named_by_hand_is_filled_in(team: Team) -> None:
    name = team.new(title="Shop down for an hour")
    team.edit(name, lambda document: edits.set_field(document, "incidents", [{"source": "generic", "id": "A"}]))
    document = team.land(refreshed(team, name))
    assert (document.title, document.meta["severity"]) == ("Shop down for an hour", "SEV2")
    assert [text for _, text, _ in shown(document)] == [
        "Alert | red",
        "Restart",
        "Orders are back",
        "Incident resolved",
    ]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema": "pmctl/import/v1", "fields": {}, "timeline": 3}'])
def test_a_damaged_import_document_is_a_clear_error(team: Team, damage: bytes) -> None:
    name = team.new(SHOP)
    (team.root / f".pmctl/imports/{name}.json").write_bytes(damage)
    team.commit("Damage")
    with pytest.raises(BadInput, match=rf"^\.pmctl/imports/{name}\.json: not") as caught:
        refreshed(team, name)
    assert caught.value.hint == "restore the file from git"


@pytest.mark.parametrize(
    "part",
    [3, {}, {"resolved": "yes"}, {"resolved": True, "events": [{"text": "x"}]}, {"resolved": True, "urgency": "X"},
     {"resolved": True, "title": 7}, {"resolved": True, "impacts": [{"what": "x"}]},
     {"resolved": True, "events": [{"at": "2024-01-15T14:00:00Z", "text": "x", "colour": "red"}]}],
)  # fmt: skip
def test_a_damaged_incident_in_it_as_well(team: Team, part: object) -> None:
    name = team.new(SHOP)
    document = team.imported(name)
    document["parts"] = [part]
    (team.root / f".pmctl/imports/{name}.json").write_text(json.dumps(document))
    team.commit("Damage")
    with pytest.raises(BadInput, match="holds an incident that cannot be read"):
        refreshed(team, name)


def test_an_uncommitted_edit_is_never_overwritten(team: Team) -> None:
    name = team.new(SHOP)
    planned = refreshed(team, name, severity="SEV1")
    path = team.root / f"postmortems/2024/{name}.md"
    path.write_text(path.read_text() + "\nMy own words\n")
    with pytest.raises(Refused, match="not committed"):
        team.land(planned)
    assert path.read_text().endswith("My own words\n")


def test_ten_thousand_entries(team: Team) -> None:
    rows = [{"at": f"2024-01-15T{14 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z", "text": f"entry {n}"}
            for n in range(10_000)]  # fmt: skip
    name = team.new({**SHOP, "timeline": rows[::2]})
    document = team.land(refreshed(team, name, timeline=rows))
    texts = [text for _, text, _ in shown(document)]
    assert (len(texts), texts[1]) == (10_000, "entry 2"), "within a minute new entries follow the old ones"


MINUTES = st.lists(st.tuples(st.integers(0, 4 * 24 * 60), st.text("ab |\\<", min_size=1, max_size=4)), max_size=6)


@given(old=MINUTES, new=MINUTES, drop=st.sets(st.integers(0, 5)), start=st.integers(0, 2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_merging_keeps_every_moment(
    old: list[tuple[int, str]], new: list[tuple[int, str]], drop: set[int], start: int
) -> None:
    """Whatever comes in or goes out, and wherever the incident starts now, all entries stay at their moments."""
    from pmctl.document.reader import read

    first = datetime(2024, 1, 15, 12, tzinfo=UTC)

    def rows(pairs: list[tuple[int, str]]) -> list[TimelineRow]:
        moments = [(first + timedelta(minutes=minutes), f"x{text.strip()}") for minutes, text in sorted(pairs)]
        return [TimelineRow(at, text.replace("\\", "")) for at, text in moments]

    def document(day: int) -> Any:
        return read(
            f"---\nid: 2024-01-15-x\ntitle: x\nstatus: DRAFT\nstarted_at: 2024-01-{15 - day}T12:00:00Z\n---\n\n"
            "## Summary\n\ntext\n\n## Timeline\n\n| Time | Event | Who |\n|---|---|---|\n\n## Impact\n".encode()
        )

    written = merge_entries(document(0), document(0), add=rows(old))
    moments = [entry.at for entry in entries(written)]
    assert moments == sorted(first + timedelta(minutes=minutes) for minutes, _ in old)
    moved = edits.set_field(written, "started_at", f"2024-01-{15 - start}T12:00:00Z")
    out = frozenset(number for number in drop if number < len(old))
    result = merge_entries(written, moved, add=rows(new), drop=out)
    kept = [at for number, at in enumerate(moments) if number not in out]
    assert [entry.at for entry in entries(result)] == sorted(
        [*(at for at in kept if at), *(first + timedelta(minutes=minutes) for minutes, _ in new)]
    )
    assert all(not entry.problem for entry in entries(result))
    assert result.section("Summary").text == written.section("Summary").text  # type: ignore[union-attr]


def test_merging_into_another_zone_and_other_columns() -> None:
    from pmctl.document.reader import read

    document = read(
        b"---\nid: 2024-01-15-x\ntitle: x\nstatus: DRAFT\nstarted_at: 2024-01-15T12:00:00Z\n---\n"
        b"## Timeline\n\nAll times are CET.\n\n| Who | When | What happened | Link |\n|---|---|---|---|\n"
        b"| Jane | 13:00 | Alert | x |\n| Bob | 14:00 | Fixed | y |\n"
    )
    result = merge_entries(
        document, document, add=[TimelineRow(datetime(2024, 1, 15, 12, 30, tzinfo=UTC), "Between", "@carol")]
    )
    assert "| @carol | 2024-01-15 12:30 UTC | Between | |\n" in result.text
    assert [(f"{entry.at:%H:%M}", entry.text, entry.who) for entry in entries(result)] == [
        ("12:00", "Alert", "Jane"), ("12:30", "Between", "@carol"), ("13:00", "Fixed", "Bob"),
    ]  # fmt: skip


def test_merging_without_a_table_makes_one() -> None:
    from pmctl.document.reader import read

    document = read(
        b"---\nid: 2024-01-15-x\ntitle: x\nstatus: DRAFT\n---\n## Timeline\n\nIt went quickly.\n\n## Impact\n\nnone"
    )
    row = TimelineRow(datetime(2024, 1, 15, 12, 30, tzinfo=UTC), "Alert")
    result = merge_entries(document, document, add=[row])
    assert len(timeline_tables(result)) == 1
    assert "It went quickly." in result.text
    assert [entry.text for entry in entries(result)] == ["Alert"]
