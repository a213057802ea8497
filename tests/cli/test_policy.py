"""What `pmctl policy` says: of an older policy, of a clone that lacks history, of the people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.attacks.gate import command
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "repo")
    made.init()
    made.change_policy(publishers=("author",))
    made.new()
    return made


def test_a_difference_to_an_older_policy_waits_for_nobody(world: World) -> None:
    said = command(world, "alice", "policy", "diff", "HEAD~2")
    assert said.code == 0
    assert said.out == "publishers: author, editors, admins -> author\n"
    assert "1 difference between HEAD~2 (version 1) and the policy in force (2)" in said.err
    assert "sign" not in said.err
    said = command(world, "alice", "policy", "diff")
    assert "no difference between HEAD (version 2) and the policy in force (2)" in said.err
    file = world.root / ".pmctl/policy.yaml"
    file.write_text(file.read_text().replace("version: 2", "version: 3").replace("minimum: 1", "minimum: 2"))
    said = command(world, "alice", "policy", "diff")
    assert said.out == "review.minimum: 1 -> 2\n"
    assert "an admin signs it with: pmctl policy sign" in said.err


def test_a_clone_that_lacks_history_says_so(world: World, tmp_path: Path) -> None:
    world.git("clone", "-q", "--depth", "1", f"file://{world.path}", str(tmp_path / "shallow"))
    shallow = replace(world, path=tmp_path / "shallow")
    said = command(shallow, "alice", "policy", "verify")
    assert said.code == 2
    assert "INCOMPLETE: this is a shallow clone" in said.out
    assert "git fetch --unshallow" in said.err
    assert "root \n" not in said.out
    said = command(world, "alice", "policy", "verify")
    assert said.code == 0 and f"root {world.first}" in said.out


def test_everybody_is_shown_with_kind_and_keys(world: World) -> None:
    people = dict(world.policy.people)
    people["bob"] = people["bob"]._replace(kind="agent", keys=())
    people["carol"] = people["carol"]._replace(keys=(people["carol"].keys[0]._replace(status="retired"),))
    world.change_policy(people=people)
    shown = command(world, "alice", "policy", "show").out
    for line in ("Alice Doe, person, 1 key active", "Bob Doe, agent, no key", "Carol Doe, person, 1 key retired"):
        assert line in shown
    assert f"repository        {world.policy.repository}" in shown
    assert "branch            main is protected" in shown
