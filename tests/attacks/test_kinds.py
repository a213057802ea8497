"""Kinds of people: an agent signs nothing, a service signs checkpoints only, at every enforcement point."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.policy import act as acts
from pmctl.policy.change import propose_checkpoint
from pmctl.policy.model import POLICY_PATH, Person
from pmctl.policy.reading import parse_policy
from tests.world import AT, DOC, World

from .conftest import Copy
from .gate import Gate, command


def as_kind(world: World, handle: str, kind: str) -> dict[str, Person]:
    """The people of the policy, one of them of another kind."""
    people = dict(world.policy.people)
    people[handle] = people[handle]._replace(kind=kind)
    return people


def checkpoint(world: World, by: str, base: str = "") -> str:
    """A checkpoint by somebody, whatever they are."""
    from dataclasses import replace

    act = replace(propose_checkpoint(world.policy, world.first, by=by, at=AT), base=base)
    world.put_record(act, world._next(act.doc))
    return world.commit("Witness", by)


@pytest.mark.parametrize("kind", ["agent", "service"])
def test_a_program_that_approves(stage: Copy, kind: str) -> None:
    world = stage("submitted")
    world.change_policy(people=as_kind(world, "bob", kind))
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    gate.refuses("AU224")
    gate.command_refuses("bob", "approve", DOC, code="AU224")
    world.change_policy(people=as_kind(world, "bob", "person"))
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_a_program_is_not_asked_to_review(stage: Copy) -> None:
    world = stage("drafted")
    world.change_policy(people=as_kind(world, "bob", "agent"))
    gate = Gate(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.refuses("AU315")
    gate.command_refuses("jane", "submit", DOC, "-r", "bob", code="AU315")
    world.act(acts.SUBMIT, "jane", reviewers=("carol",))
    gate.lands()


def test_who_may_witness(stage: Copy) -> None:
    world = stage("published")
    world.change_policy(people=as_kind(world, "bob", "service"))
    gate = Gate(world)
    checkpoint(world, "jane")
    gate.refuses("AU314")
    gate.command_refuses("jane", "policy", "checkpoint", code="AU314")
    for by in ("bob", "alice"):
        checkpoint(world, by, base=gate.before)
    gate.lands()
    gate.back()
    world.change_policy(people=as_kind(world, "bob", "agent"))
    gate = Gate(world)
    checkpoint(world, "bob")
    gate.refuses("AU224")


def test_a_service_witnesses_where_main_is(stage: Copy) -> None:
    """By the command, from a clone that knows a remote; without one there is nothing to witness."""
    world = stage("published")
    world.change_policy(people=as_kind(world, "bob", "service"))
    gate = Gate(world)
    said = command(world, "bob", "policy", "checkpoint")
    assert said.code == 1 and "there is nothing to witness" in said.err
    world.git("remote", "add", "origin", str(gate.server))
    world.git("fetch", "-q", "origin")
    said = command(world, "bob", "policy", "checkpoint")
    assert said.code == 0 and f"bob witnessed {gate.before[:12]} on main" in said.out, said
    gate.lands()
    assert f"last witnessed by bob at {gate.before[:12]}" in command(world, "jane", "audit", "--root", world.first).out


def test_a_service_signs_nothing_else_and_is_no_admin(stage: Copy) -> None:
    world = stage("published")
    world.change_policy(people=as_kind(world, "bob", "service"))
    gate = Gate(world)
    edited = world.edit("too small", "fine", by="alice")
    gate.back()
    gate.command_refuses("bob", "policy", "baseline", "-m", "as found", code="AU224")
    text = (world.root / POLICY_PATH).read_text()
    policy, problems = parse_policy(text.replace("admins: [alice]", "admins: [alice, bob]").encode())
    assert policy is None and any("signs no policy" in one.message for one in problems)
    said = gate.command("alice", "people", "change", "bob", "--admin")
    assert said.code == 1 and "signs no policy" in said.err
    assert edited


def test_a_service_lands_what_others_signed_and_moves_tracking_cells(stage: Copy) -> None:
    world = stage("approved")
    world.change_policy(people=as_kind(world, "bob", "service"))
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane", committer="bob")
    gate.lands()


def test_people_are_added_with_their_kind(stage: Copy, tmp_path: Path) -> None:
    world = stage("empty")
    key = world.people["spare"].public
    words = ("people", "add", "ci", "--name", "CI", "--email", "ci@example.com", "--key", key)
    assert command(world, "alice", *words, "--kind", "robot").code == 2
    assert command(world, "alice", *words, "--kind", "service", "--admin").code == 2
    said = command(world, "alice", *words, "--kind", "service")
    assert said.code == 0 and "ci: new, CI <ci@example.com>, service" in said.err
    assert "service" in command(world, "alice", "people", "list").out
    shown = command(world, "alice", "policy", "show").out
    assert "CI, service, 1 key active" in shown
    assert world.audit().passed
