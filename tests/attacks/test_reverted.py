"""What landed and was reverted: it still counts, and every answer says that it is missing."""

from __future__ import annotations

import pytest

from pmctl.policy import act as acts
from tests.world import DOC, World

from .conftest import Copy
from .gate import command


def revert(world: World, commit: str = "HEAD") -> None:
    world.git("revert", "--no-edit", commit, by="bob")


@pytest.mark.parametrize(
    ("stage_name", "status"), [("submitted", "IN_REVIEW"), ("approved", "IN_REVIEW"), ("published", "PUBLISHED")]
)
def test_an_act_that_was_reverted_is_said_and_comes_back(stage: Copy, stage_name: str, status: str) -> None:
    world = stage(stage_name)
    listed = command(world, "jane", "list").out
    reverted = sorted(file.name for file in (world.root / ".pmctl/records" / DOC).glob("*.json"))[-1]
    revert(world)
    assert world.standing().state.status == status
    one, overview = command(world, "jane", "status", DOC), command(world, "jane", "status")
    shown = command(world, "jane", "show", DOC)
    assert f"the record .pmctl/records/{DOC}/{reverted} was removed" in one.out, one
    assert "pmctl doctor --fix\n" in one.out
    assert f"{DOC}: {status}" in one.out and DOC in overview.out
    if stage_name != "approved":  # of an approval the file says nothing
        assert f"signed records say {status}" in shown.out + shown.err, shown
    doctor = command(world, "jane", "doctor")
    assert status in listed and status in command(world, "jane", "list").out
    assert doctor.code == 1 and f"{DOC}/{reverted}" in doctor.out and "pmctl doctor --fix" in doctor.out
    assert command(world, "jane", "doctor", "--fix").code == 0
    assert "was removed" not in command(world, "jane", "status", DOC).out
    assert f"status: {status}" in world.text()
    assert "AU205" not in {finding.code for finding in world.audit().findings}


def test_the_one_who_acts_next_builds_on_what_counts(stage: Copy) -> None:
    """A second submit would not follow the first, which still counts: it is refused, and says why."""
    world = stage("submitted")
    revert(world)
    before = world.head
    said = command(world, "jane", "submit", DOC, "--reviewer", "carol")
    assert world.head == before or "AU210" not in {found.code for found in world.audit().findings}, said
    assert command(world, "bob", "approve", DOC).code == 0
    new = [found for found in world.audit().findings if found.commit == world.head]
    assert new == []


def test_beside_it_a_draft_that_was_reverted_is_a_draft(stage: Copy) -> None:
    world = stage("drafted")
    world.edit("too small", "far too small")
    revert(world)
    said = command(world, "jane", "status", DOC)
    assert "DRAFT" in said.out and "doctor" not in said.out
    assert "records: none is missing" in command(world, "jane", "doctor").out


def test_beside_it_what_was_never_merged_is_missed_by_nobody(stage: Copy) -> None:
    """A branch with a submit that nobody merged: main holds a draft."""
    world = stage("drafted")
    world.git("switch", "-qc", "side")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("switch", "-q", "main")
    assert world.standing().state.status == "DRAFT"
    assert "records: none is missing" in command(world, "jane", "doctor").out


def test_a_list_from_before_is_not_shown_again(stage: Copy) -> None:
    """Afterwards the trees are as they were before the act; what was listed then is no answer now."""
    world = stage("drafted")
    assert "DRAFT" in command(world, "jane", "list").out
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    revert(world)
    assert "IN_REVIEW" in command(world, "jane", "list").out


def test_what_was_deleted_is_told_by_its_log(stage: Copy) -> None:
    world = stage("published")
    done = command(world, "alice", "delete", DOC, "-m", "twice")
    assert done.code == 0, done
    log = command(world, "jane", "log", DOC)
    assert log.code == 0 and "publish" in log.out and "alice: delete" in log.out, log
    for words in (("show", DOC), ("status", DOC)):
        said = command(world, "jane", *words)
        assert said.code != 0 and f"{DOC} was deleted by alice on 20" in said.err and f"pmctl log {DOC}" in said.err
    assert "no postmortem has" in command(world, "jane", "log", "2024-01-15-never-there").err
