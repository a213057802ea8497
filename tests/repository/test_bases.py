"""Where main was when something is signed: the newest commit of the remote's branch that HEAD contains."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pmctl.ledger.snapshot import head
from pmctl.policy import act as acts
from pmctl.repository.bases import base_of
from tests.attacks.gate import command
from tests.clones import Clones, base
from tests.world import DOC, World

OTHER = "2024-02-01-other"


@pytest.fixture
def team(world: World) -> Clones:
    world.new()
    return Clones(world)


def test_it_is_the_tip_of_the_remote_branch_where_head_contains_it(team: Clones) -> None:
    alice = team.of("alice")
    tip = alice.head
    assert base(alice) == tip
    alice.edit("too small", "far too small")
    assert base(alice) == tip  # not HEAD, and not the local branch: nobody has that commit
    assert base(alice) != alice.git("rev-parse", "main")
    team.push("alice")
    assert base(alice) == alice.head


def test_nothing_is_known_without_a_remote_or_its_branch(team: Clones, world: World) -> None:
    assert base(world) == ""
    alice = team.of("alice")
    assert base_of(head(alice.repo), "trunk") == ""
    assert base_of(head(alice.repo), "") == ""
    alice.git("update-ref", "refs/remotes/origin/main/x", "HEAD", check=False)
    alice.git("update-ref", "-d", "refs/remotes/origin/main")
    assert base(alice) == ""
    alice.git("update-ref", "refs/remotes/stray/main", "HEAD")  # of no remote that is configured
    assert base(alice) == ""


def test_what_head_lacks_is_passed_over(team: Clones) -> None:
    alice, bob = team.of("alice"), team.of("bob")
    fork = alice.head
    bob.new(OTHER, by="bob")
    team.push("bob")
    alice.git("fetch", "-q", "origin")
    assert base(alice) == fork
    alice.edit("too small", "far too small")
    assert base(alice) == fork
    team.pull("alice")
    assert base(alice) == bob.head


def test_a_side_of_the_branch_is_not_on_its_line(team: Clones) -> None:
    """HEAD is a branch that was merged: what it contains of main's line is where it forked."""
    alice, bob = team.of("alice"), team.of("bob")
    fork = alice.head
    alice.git("switch", "-qc", "topic")
    alice.edit("too small", "far too small")
    bob.new(OTHER, by="bob")
    bob.git("pull", "-q", "--no-ff", "--no-rebase", "--no-edit", str(alice.path), "topic", by="bob")
    team.push("bob")
    alice.git("fetch", "-q", "origin")
    assert base(alice) == fork


def test_of_two_remotes_the_oldest_answer_counts(team: Clones) -> None:
    alice = team.of("alice")
    old = alice.head
    alice.git("clone", "-q", "--bare", str(alice.path), str(alice.path.parent / "fork.git"))
    alice.git("remote", "add", "fork", str(alice.path.parent / "fork.git"))
    alice.git("fetch", "-q", "fork")
    new = alice.edit("too small", "far too small")
    team.push("alice")
    assert base(alice) == old
    alice.git("config", "pmctl.remote", "origin")
    assert base(alice) == new
    alice.git("config", "pmctl.remote", "fork")
    assert base(alice) == old
    alice.git("config", "pmctl.remote", "nowhere")
    assert base(alice) == ""


def test_two_remotes_that_contradict_each_other_say_nothing(team: Clones) -> None:
    alice = team.of("alice")
    alice.git("remote", "add", "other", str(alice.path.parent / "other.git"))
    one = alice.edit("too small", "far too small")
    alice.git("switch", "-qc", "side", "HEAD~1")
    two = alice.edit("too small", "tiny")
    alice.git("update-ref", "refs/remotes/origin/main", one)
    alice.git("update-ref", "refs/remotes/other/main", two)
    alice.git("merge", "-q", "-s", "ours", "-m", "Merge", one)
    assert base(alice) == ""
    alice.git("update-ref", "refs/remotes/other/main", "HEAD~1^")
    assert base(alice) == alice.git("rev-parse", f"{one}^")


def test_a_branch_and_a_remote_with_slashes(team: Clones) -> None:
    alice = team.of("alice")
    alice.git("push", "-q", "origin", "HEAD:refs/heads/release/1")
    alice.git("remote", "rename", "origin", "team/origin")
    alice.git("fetch", "-q", "team/origin")
    assert base_of(head(alice.repo), "release/1") == alice.head
    assert base_of(head(alice.repo), "1") == ""


def test_a_tag_or_a_local_branch_of_that_name_is_not_asked(team: Clones) -> None:
    alice = team.of("alice")
    tip = alice.head
    new = alice.edit("too small", "far too small")
    alice.git("tag", "origin/main", new)
    alice.git("branch", "origin/main", new)
    assert base(alice) == tip


def test_replace_refs_and_grafts_change_nothing(team: Clones) -> None:
    alice = team.of("alice")
    alice.edit("too small", "far too small")
    tip = team.push("alice")
    alice.git("replace", tip, f"{tip}~1")
    (alice.path / ".git" / "info" / "grafts").write_text(f"{alice.head}\n")
    assert base(alice) == tip


def test_a_clone_that_lacks_history_knows_too_little(team: Clones, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{team.origin}", str(tmp_path / "x")], check=True)
    assert base(World(tmp_path / "x")) == ""


def named(world: World, folder: str, beginning: str) -> str:
    """The base in the newest record of a folder whose name begins so."""
    found = sorted((world.root / ".pmctl" / "records" / folder).glob(f"{beginning}*.json"))
    return str(json.loads(found[-1].read_bytes())["base"])


def test_every_act_of_the_command_line_names_it(team: Clones) -> None:
    alice = team.of("alice")
    tip = alice.head
    said = command(alice, "alice", "people", "change", "jane", "--email", "jane@new.example")
    assert said.code == 0, said
    assert named(alice, acts.POLICY, "0002-alice") == tip
    assert command(alice, "alice", "submit", DOC, "--reviewer", "bob").code == 0
    assert named(alice, DOC, "0001-submit") == tip
    team.push("alice")
    assert command(alice, "alice", "policy", "baseline", "-m", "imported").code == 0
    assert named(alice, acts.BASELINE, "0001-baseline") != tip
    bad = alice.edit("status: IN_REVIEW", "status: PUBLISHED")
    pushed = team.push("alice")
    said = command(alice, "alice", "waive", "AU301", bad, "-m", "agreed")
    assert said.code == 0, said
    assert named(alice, acts.REPOSITORY, "0001-waive") == pushed
    assert named(alice, acts.POLICY, "0001-alice") == ""
