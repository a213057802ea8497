"""What may be shown to whom: by what is signed, whatever files say."""

from __future__ import annotations

import pytest

from pmctl.errors import EnvironmentProblem
from pmctl.insight.publication import Publications, publications
from pmctl.policy import act as acts
from pmctl.policy.audience import parse
from pmctl.repository.workspace import Workspace
from tests.world import World

OPEN = "2024-01-15-open-to-all"
TEAM = "2024-02-15-for-the-team"
CLOSED = "2024-03-15-for-few"
DRAFT = "2024-04-15-not-ready"


@pytest.fixture
def team(world: World) -> World:
    """Three published postmortems, each visible to fewer, and a draft."""
    world.init(teams={"payments": ("carol",)})
    world.published(OPEN, visibility="organization")
    world.published(TEAM, visibility="team", teams="[payments]")
    world.published(CLOSED, visibility="private")
    world.new(DRAFT, visibility="organization")
    return world


def found(world: World, audience: str = "organization", *, drafts: bool = False) -> Publications:
    workspace = Workspace(world.repo)
    return publications(workspace, parse(audience, workspace.policy), drafts=drafts)


def ids(world: World, audience: str = "organization", *, drafts: bool = False) -> list[str]:
    return [one.id for one in found(world, audience, drafts=drafts).pages]


def test_each_audience_reads_what_it_may(team: World) -> None:
    assert ids(team) == [OPEN]
    assert ids(team, "team:payments") == [TEAM, OPEN]
    assert ids(team, "person:carol") == [TEAM, OPEN]
    assert ids(team, "person:jane") == [CLOSED, TEAM, OPEN]
    assert ids(team, "person:bob") == [CLOSED, TEAM, OPEN]
    assert ids(team, "person:alice") == [OPEN]
    assert ids(team, drafts=True) == [DRAFT, OPEN]


def test_a_page_has_what_is_proved(team: World) -> None:
    [one] = found(team).pages
    assert (one.summary.status, one.standing.approved, one.standing.since[:10]) == ("PUBLISHED", ("bob",), "2024-01-17")
    assert one.shown().approved == ("bob",)
    assert [entry.what for entry in one.history().events][-1].startswith("publish")
    assert one.folder.name == OPEN


@pytest.mark.parametrize(
    "said", ["organization", "organisation", "[private]", "Private", '""', "7", "{a: b}", "null", "~"]
)
def test_a_hand_edit_does_not_open_what_was_signed_as_private(team: World, said: str) -> None:
    team.edit("visibility: private", f"visibility: {said}", CLOSED, by="mallory")
    assert CLOSED not in ids(team)
    team.edit("pool was too small", "pool was much too small", CLOSED, by="mallory")
    assert CLOSED not in ids(team)
    assert CLOSED in ids(team, "person:jane")


def test_an_uncommitted_edit_does_not_either(team: World) -> None:
    team.edit("visibility: private", "visibility: organization", CLOSED, commit=False)
    assert CLOSED not in ids(team)
    team.write("unrelated.txt", "x")
    team.commit("Everything")
    assert CLOSED not in ids(team)


def test_an_amend_opens_it(team: World) -> None:
    team.edit("visibility: private", "visibility: organization", CLOSED, by="alice", commit=False)
    team.act(acts.AMEND, "alice", CLOSED)
    assert CLOSED in ids(team)


def test_an_unsigned_edit_closes_at_once(team: World) -> None:
    team.edit("visibility: organization", "visibility: private", OPEN)
    assert ids(team) == []


@pytest.mark.parametrize("line", ["reviewers: [bob, mallory]", "editors: {carol: edit}", "editors: {carol: comment}"])
def test_naming_oneself_in_the_file_is_no_way_in(team: World, line: str) -> None:
    text = team.text(CLOSED)
    key = line.partition(":")[0]
    kept = "\n".join(one for one in text.split("\n") if not one.startswith(f"{key}:"))
    team.write(team.file(CLOSED), kept.replace("visibility:", f"{line}\nvisibility:", 1))
    team.commit("Let me in", by="carol")
    assert CLOSED not in ids(team, "person:carol")
    assert CLOSED in ids(team, "person:jane")


def test_a_file_that_only_says_published_is_a_draft(team: World) -> None:
    team.edit("status: DRAFT", "status: PUBLISHED", DRAFT)
    assert DRAFT not in ids(team)
    assert {one.id: one.summary.status for one in found(team, drafts=True).pages}[DRAFT] == "DRAFT"


def test_without_a_word_it_is_the_default_of_the_settings(team: World) -> None:
    team.published("2024-05-15-says-nothing")
    assert "2024-05-15-says-nothing" in ids(team)
    team.write("pmctl.yaml", "version: 1\nvisibility: private\n")
    assert "2024-05-15-says-nothing" not in ids(team)
    team.write("pmctl.yaml", "version: 1\nvisibility: privat\n")
    with pytest.raises(EnvironmentProblem):
        found(team)


def test_a_broken_one_is_told_of_to_those_who_could_read_it(team: World) -> None:
    for name in (OPEN, CLOSED):
        team.edit("title:", "title: [", name, commit=False)
    seen = found(team)
    assert ([one.id for one in seen.broken], seen.withheld, seen.pages) == ([OPEN], 1, ())
    assert seen.broken[0].problem.startswith(f"postmortems/2024/{OPEN}.md:")
    assert [one.id for one in found(team, "person:jane").broken] == [CLOSED, OPEN]
    team.commit("Broken in history, too")
    assert [one.id for one in found(team).broken] == []  # nobody knows now who might read it
    assert [one.id for one in found(team, "person:jane").broken] == [CLOSED, OPEN]


def test_a_file_in_a_wrong_place_is_counted_for_whoever_builds(team: World) -> None:
    team.write(f"postmortems/2023/{OPEN}.md", team.text(OPEN))
    team.write("postmortems/2024/notes.md", "# Notes")
    assert (ids(team), found(team).withheld) == ([OPEN], 2)


def test_a_deleted_one_is_not_shown(team: World) -> None:
    kept = team.text(OPEN)
    team.act(acts.DELETE, "alice", OPEN)
    team.write(team.file(OPEN), kept)
    assert OPEN not in ids(team, drafts=True)


def test_half_a_history_tells_nothing(team: World) -> None:
    team.edit("visibility: private", "visibility: organization", CLOSED, by="mallory")
    shallow = World(team.path.with_name("shallow"))
    team.git("clone", "-q", "--depth", "1", f"file://{team.path}", str(shallow.path))
    seen = found(shallow)
    assert seen.incomplete
    assert seen.pages == ()


def test_the_key_changes_with_file_and_records_alone(team: World) -> None:
    def keys() -> dict[str, str]:
        return {one.id: one.key for one in found(team, drafts=True).pages}

    before = keys()
    team.commit("Nothing", check=False)
    team.edit("title:", "title: Newly", DRAFT, commit=False)
    after = keys()
    assert (before[OPEN] == after[OPEN], before[DRAFT] == after[DRAFT]) == (True, False)
    team.act(acts.ARCHIVE, "alice", OPEN)
    assert keys()[OPEN] != after[OPEN]
