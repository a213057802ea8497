"""Somebody works in a clone from before an act, and merges what has landed since in a way that takes the act back.

The older line is the first parent of the merge, and nobody's signature says that it is not the main line: so the act
arrives only with the merge, together with whatever the merge does to it.
"""

from __future__ import annotations

import pytest

from pmctl.policy import act as acts
from pmctl.policy.state import ARCHIVED, PUBLISHED
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, command

EARLY, LATER = "Alerts came early.", "Alerts came late."
DOWN, GONE = "The payment API was down", "The payment API was gone"


def amend(world: World, *changes: tuple[str, str]) -> None:
    for old, new in changes:
        world.edit(old, new, commit=False)
    world.act(acts.AMEND, "alice", note="better")


def work_on(world: World, before: str) -> None:
    """bob's clone is at `before`, and bob commits something there."""
    world.git("switch", "-qC", "stale", before)
    world.write("NOTES", "hi\n")
    world.commit("Take notes", "bob")


def undone(world: World, before: str, *put_back: tuple[str, str]) -> None:
    """bob merges main and puts the postmortem back as it was, or these changes of it only."""
    work_on(world, before)
    world.git("merge", "-q", "--no-commit", "--no-ff", "main", by="bob")
    if put_back:
        for old, new in put_back:
            world.edit(new, old, commit=False)
    else:
        world.git("checkout", "-q", "HEAD", "--", world.file())
    world.commit("Merge branch 'main'", "bob")


@pytest.mark.parametrize("put_back", [(), ((EARLY, LATER),)], ids=["all", "one-line"])
def test_attack_94_one_amend_is_undone_from_a_clone_from_before(stage: Copy, put_back: tuple[tuple[str, str]]) -> None:
    world = stage("published")
    before = world.head
    amend(world, (EARLY, LATER), (DOWN, GONE))
    gate = Gate(world)
    undone(world, before, *put_back)
    gate.refuses("AU401")
    assert gate.whole().states[DOC].open == ""
    gate.back()
    work_on(world, before)
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "main", by="bob")
    gate.lands()
    assert gate.whole().states[DOC].content == world.digest()


def test_attack_94_a_settled_text_is_opened_again_from_a_clone_from_before(stage: Copy) -> None:
    """Two amends met and an admin settled it; both arrive, with that, in the merge that undoes them."""
    world = stage("published")
    before = world.head
    world.git("switch", "-qc", "side")
    amend(world, (EARLY, LATER))
    world.git("switch", "-q", "main")
    amend(world, (DOWN, GONE))
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol")
    assert command(world, "alice", "amend", DOC, "-m", "both").code == 0
    gate = Gate(world)
    undone(world, before)
    gate.refuses("AU401")
    gate.back()
    undone(world, before, (DOWN, GONE))
    gate.refuses("AU401")
    gate.back()
    work_on(world, before)
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "main", by="bob")
    gate.lands()


def test_attack_94_a_line_of_nobody_s_slips_in_where_amends_meet(stage: Copy) -> None:
    """The side of the second amend says more than was signed there: that is no text of the two."""
    world = stage("published")
    gate = Gate(world)
    for slip in (True, False):
        world.git("switch", "-qC", "side", gate.before)
        amend(world, (EARLY, LATER))
        if slip:
            world.edit("too small", "fine", by="bob")
        else:
            world.edit("| OPEN |", "| COMPLETED |", by="bob")
        world.git("switch", "-q", "main")
        amend(world, (DOWN, GONE))
        world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="bob")
        codes = {finding.code for finding in gate.new(gate.whole())}
        assert ("AU401" in codes, "AU407" in codes) == (slip, not slip)
        assert gate.push().landed is not slip
        gate.back()


def test_attack_94_archive_of_a_text_that_is_not_in_force(stage: Copy) -> None:
    world = stage("published")
    before = world.head
    amend(world, (EARLY, LATER))
    undone(world, before)
    world.git("branch", "-qf", "main", "HEAD")
    world.git("switch", "-q", "main")
    gate = Gate(world)
    world.act(acts.ARCHIVE, "alice")
    gate.refuses("AU327")
    assert gate.whole().states[DOC].status == PUBLISHED
    gate.command_refuses("alice", "archive", DOC, code="AU327")
    said = command(world, "alice", "amend", DOC, "-m", "as it is")
    assert said.code == 0
    assert f"-{LATER}" in said.err and f"+{EARLY}" in said.err, "the difference to the text in force is shown"
    assert command(world, "alice", "archive", DOC).code == 0
    assert gate.new(gate.whole()) == []
    assert gate.whole().states[DOC].status == ARCHIVED
