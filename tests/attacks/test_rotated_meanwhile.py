"""A key is put out of use by an admin who had not fetched, while its owner acted: an honest history of two clones.

Nobody can tell it from a stolen key on an old branch, so the audit reports it, whichever way round the lines meet. What
it says is what there is to type: after that the audit passes, and the act counts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmctl.ledger.report import Report
from pmctl.policy import act as acts
from tests.clones import Clones, base
from tests.world import DOC, World, actor

from .conftest import Copy
from .gate import command
from .test_policy import rotated

WAYS = ("the admin pulls", "the other pulls", "rebased", "base unknown")


def meet(world: World, way: str, status: str, *, published: bool) -> World:
    """bob approves (and jane publishes) on main while alice, who has not fetched, puts bob's key out of use."""
    team = Clones(world)
    alice, bob = team.of("alice"), team.of("bob")
    since = bob.head if status == "compromised" else ""
    team.act(acts.APPROVE, "bob")
    if published:
        bob.act(acts.PUBLISH, "jane", base=base(bob))
    if way != "the other pulls":
        team.push("bob")
    seen = "" if way == "base unknown" else base(alice)
    alice.change_policy(people=rotated(alice, "bob", status=status, since=since), base=seen)
    if way == "the other pulls":
        team.push("alice")
        team.pull("bob")
        team.push("bob")
    else:
        if way == "the admin pulls":
            team.pull("alice")
        else:
            alice.git("fetch", "-q")
            alice.git("rebase", "-q", "origin/main", by="alice")
        team.push("alice")
    found = team.fresh("later")
    found.people = {**found.people, "bob": replace(actor("spare"), handle="bob")}  # the key that bob has now
    return found


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.violations}


def waive_what_is_left(world: World) -> None:
    """What the last line of `pmctl audit` says to type, for each finding that is left."""
    said = command(world, "alice", "audit", "--root", world.first)
    left = world.audit().violations
    assert ("pmctl waive CODE COMMIT -m REASON" in said.out) is bool(left)
    for code, commit in {(finding.code, finding.commit) for finding in left}:
        done = command(world, "alice", "waive", code, commit[:12], "-m", "bob did sign it")
        assert done.code == 0, done


@pytest.mark.parametrize("status", ["retired", "compromised"])
@pytest.mark.parametrize("way", WAYS)
def test_an_approval_that_landed_meanwhile(stage: Copy, way: str, status: str) -> None:
    world = meet(stage("submitted"), way, status, published=False)
    landed_first = way in ("rebased", "base unknown")
    expected = {"retired": {"AU223"}, "compromised": {"AU220"}} if landed_first else {
        "retired": {"AU219"}, "compromised": {"AU220"},
    }  # fmt: skip
    if way == "base unknown":  # then the commit before counts as seen, and it has the approval
        expected["retired"] = set()
    assert codes(world.audit()) == expected[status]
    shown = command(world, "alice", "status", DOC).out
    for code in expected[status]:
        assert f"pmctl waive {code} " in shown, shown
    assert ("a record does not count" in shown) is not landed_first
    if not landed_first:
        said = command(world, "bob", "approve", DOC)
        assert said.code == 0, said
    waive_what_is_left(world)
    assert command(world, "jane", "publish", DOC).code == 0
    assert world.audit().passed and world.audit().states[DOC].status == "PUBLISHED"


@pytest.mark.parametrize("way", WAYS[:2])
def test_a_publication_that_landed_meanwhile(stage: Copy, way: str) -> None:
    world = meet(stage("submitted"), way, "retired", published=True)
    assert codes(world.audit()) == {"AU219", "AU309", "AU310"}
    assert f"next: pmctl approve {DOC}   (as bob)" in command(world, "jane", "status", DOC).out
    assert command(world, "bob", "approve", DOC).code == 0
    assert f"next: pmctl publish {DOC}" in command(world, "jane", "status", DOC).out
    said = command(world, "jane", "publish", DOC)
    assert said.code == 0, said
    assert world.audit().states[DOC].status == "PUBLISHED"
    waive_what_is_left(world)
    assert world.audit().passed
