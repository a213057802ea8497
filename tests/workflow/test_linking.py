"""Several incidents in one postmortem: linking merges, unlinking takes out what only that incident gave."""

from __future__ import annotations

from typing import Any

import pytest

from pmctl.document import edits
from pmctl.errors import BadInput, NotFound, Refused
from pmctl.insight.incidents import unresolved_incidents
from pmctl.workflow.linking import plan_link, plan_unlink
from tests.drafts import DATABASE, SHOP, Team, each, left, shown


def linked(team: Team, name: str, *records: dict[str, Any], **options: Any) -> Any:
    return plan_link(team.workspace, "jane", name, each(*records), **options)


def unlinked(team: Team, name: str, reference: str = "generic:B") -> Any:
    return plan_unlink(team.workspace, "jane", name, reference)


def test_linking_merges_and_labels(team: Team) -> None:
    name = team.new(SHOP)
    document = team.land(linked(team, name, DATABASE))
    assert shown(document) == [
        ("13:50", "B: Queries pile up", ""),
        ("14:00", "A: Alert | red", ""),
        ("14:10", "A: Restart", "Jane"),
        ("14:10", "B: Failover", "Bob"),
        ("15:00", "A: Orders are back", ""),
        ("15:00", "A: Incident resolved", ""),
        ("15:30", "B: Database is fast again", ""),
        ("15:30", "B: Incident resolved", ""),
    ]
    meta = document.meta
    assert (meta["started_at"], meta["resolved_at"]) == ("2024-01-15T13:50:00Z", "2024-01-15T15:30:00Z")
    assert (meta["severity"], meta["urgency"]) == ("SEV1", "HIGH")
    assert (list(meta["services"]), list(meta["participants"])) == (["shop", "db"], ["jane", "bob"])
    assert [entry["id"] for entry in meta["incidents"]] == ["A", "B"]
    assert document.title == "Shop down"
    assert "| Add an index |" in document.text
    assert "| Duration | 1 hour 40 minutes |" in document.text


def test_linking_gives_what_drafting_from_both_gives(team: Team) -> None:
    later = team.document(team.new(SHOP, DATABASE))
    team.git("rm", "-q", "-r", "postmortems", ".pmctl/imports")
    team.commit("Again")
    document = team.land(linked(team, team.new(SHOP), DATABASE))
    assert (document.meta, shown(document)) == (later.meta, shown(later))
    for title in ("Summary", "Impact"):
        assert document.section(title).text == later.section(title).text  # type: ignore[union-attr]


def test_unlinking_gives_back_what_was(team: Team) -> None:
    name = team.new({**SHOP, "severity": "SEV1"})
    before = team.data(name)
    team.land(linked(team, name, {**DATABASE, "action_items": []}))
    assert team.data(name) != before
    planned = unlinked(team, name)
    assert planned.kept == ()
    team.land(planned)
    assert team.data(name) == before
    assert [part["id"] for part in team.imported(name)["parts"]] == ["A"]


def test_edits_of_people_stay_at_both(team: Team) -> None:
    name = team.new(SHOP)
    team.edit(name, ("severity: SEV2", "severity: SEV3"), ("| Restart |", "| We restarted it |"),
              ("services: [shop]", "services: [shop, basket]"),
              ("started_at: 2024-01-15T14:00:00Z", "started_at: 2024-01-15T13:58:00Z"))  # fmt: skip
    planned = linked(team, name, DATABASE)
    assert "severity: yours is SEV3, the record says SEV1" in left(planned)
    assert "started_at: yours is 2024-01-15T13:58:00Z, the record says 2024-01-15T13:50:00Z" in left(planned)
    document = team.land(planned)
    assert list(document.meta["services"]) == ["shop", "basket", "db"]
    assert ("14:10", "We restarted it", "Jane") in shown(document)
    team.edit(
        name,
        ("B: Failover", "B: Failover to the replica"),
        ("| B: Database is fast again | |", "| B: Database is fast again | @bob |"),
    )
    planned = unlinked(team, name)
    assert [line for line in left(planned) if line.startswith("timeline")] == [
        "timeline: 14:10  B: Failover to the replica (edited since)",
        "timeline: 15:30  B: Database is fast again (edited since)",
    ]
    document = team.land(planned)
    texts = [text for _, text, _ in shown(document)]
    assert "B: Failover to the replica" in texts
    assert "B: Queries pile up" not in texts
    assert (document.meta["severity"], list(document.meta["services"])) == ("SEV3", ["shop", "basket"])
    assert "| Add an index |" in document.text, "an action item is the team's"


def test_to_a_postmortem_from_scratch(team: Team) -> None:
    name = team.new(title="Everything was slow")
    team.edit(name, lambda document: edits.set_field(document, "severity", "SEV4"))
    planned = linked(team, name, DATABASE)
    assert left(planned) == ["severity: yours is SEV4, the record says SEV1"]
    document = team.land(planned)
    assert document.title == "Everything was slow"
    assert shown(document)[0][1] == "Queries pile up"


def test_across_midnight_every_entry_keeps_its_moment(team: Team) -> None:
    early = {**DATABASE, "started_at": "2024-01-14T23:50:00Z",
             "timeline": [{"at": "2024-01-14T23:50:00Z", "text": "First sign"}]}  # fmt: skip
    document = team.land(linked(team, team.new(SHOP), early))
    assert [(time, text) for time, text, _ in shown(document)][:2] == [
        ("23:50", "B: First sign"),
        ("2024-01-15 14:00", "A: Alert | red"),
    ]


def test_a_team_of_the_policy_comes_in(team: Team) -> None:
    document = team.land(linked(team, team.new(SHOP), {**DATABASE, "teams": ["Shop", "Strangers"]}))
    assert list(document.meta["teams"]) == ["shop"]


def test_a_duplicate_is_refused_and_nothing_changes(team: Team) -> None:
    first, second = team.new(SHOP), team.new(DATABASE)
    head = team.git("rev-parse", "HEAD")
    with pytest.raises(Refused, match="generic incident A is linked to it already") as caught:
        linked(team, first, SHOP)
    assert f"pmctl incident refresh {first}" in caught.value.hint
    with pytest.raises(Refused, match=f"generic incident B has a postmortem already: {second}"):
        linked(team, first, {**SHOP, "id": "C"}, DATABASE)
    assert team.git("rev-parse", "HEAD") == head


def test_an_open_incident_needs_leave_and_is_remembered(team: Team) -> None:
    name = team.new(SHOP)
    still = {**DATABASE, "status": "open", "resolved_at": None}
    with pytest.raises(Refused, match="not resolved yet"):
        linked(team, name, still)
    document = team.land(linked(team, name, still, allow_open=True))
    assert "resolved_at" not in document.meta, "one of the two goes on"
    assert unresolved_incidents(team.workspace, name) == ["generic:B"]
    team.land(unlinked(team, name))
    assert unresolved_incidents(team.workspace, name) == []
    assert team.document(name).meta["resolved_at"] == "2024-01-15T15:00:00Z"


def test_a_record_without_an_id_cannot_be_linked(team: Team) -> None:
    with pytest.raises(BadInput, match="no id"):
        linked(team, team.new(SHOP), {key: value for key, value in DATABASE.items() if key != "id"})


def test_unlinking_what_is_not_linked(team: Team) -> None:
    with pytest.raises(NotFound) as caught:
        unlinked(team, team.new(SHOP), "generic:Z")
    assert caught.value.details == ("generic:A",)


def test_unlinking_what_was_written_in_by_hand(team: Team) -> None:
    name = team.new(title="By hand")
    team.edit(name, lambda document: edits.set_field(document, "incidents", [{"source": "x", "id": "1"}]))
    document = team.land(unlinked(team, name, "1"))
    assert "incidents" not in document.meta


def test_unlinking_the_only_one_keeps_single_values(team: Team) -> None:
    name = team.new(SHOP)
    document = team.land(unlinked(team, name, "A"))
    assert (document.title, document.meta["severity"]) == ("Shop down", "SEV2")
    assert document.meta["started_at"] == "2024-01-15T14:00:00Z"
    assert shown(document) == []
    assert "incidents" not in document.meta
    assert not (team.root / f".pmctl/imports/{name}.json").exists()


@pytest.mark.parametrize("act", ["link", "unlink"])
def test_published_postmortems_and_strangers_are_refused(team: Team, act: str) -> None:
    name = team.new(SHOP)
    with pytest.raises(Refused, match="bob may not"):
        if act == "link":
            plan_link(team.workspace, "bob", name, each(DATABASE))
        else:
            plan_unlink(team.workspace, "bob", name, "A")
    team.edit(name, ("status: DRAFT", "status: PUBLISHED"))
    with pytest.raises(Refused, match="PUBLISHED"):
        linked(team, name, DATABASE) if act == "link" else unlinked(team, name, "A")
