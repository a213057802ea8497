"""Roots that move, ledgers that come in, a main branch that was rewritten: no false alarm, and nothing slips by."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from pmctl.policy.change import propose_move
from tests.world import AT, DOC, World

from .conftest import Copy
from .gate import Gate, command
from .test_kinds import checkpoint

OLD, NEW = "incidents", "docs/incidents"


@pytest.fixture
def rooted(tmp_path: Path) -> World:
    """A pmctl root in a folder of a larger repository, with a published postmortem."""
    world = World(tmp_path / "mono", prefix=OLD)
    world.path.mkdir()
    (world.path / "main.c").write_text("int main(void) { return 0; }\n")
    world.init()
    world.published()
    return world


def move(world: World, new: str = NEW, by: str = "alice", also: str = "") -> World:
    """Move the folder of the root, and commit; the world as it is there."""
    (world.path / new).parent.mkdir(parents=True, exist_ok=True)
    world.git("mv", world.prefix, new)
    moved = replace(world, prefix=new)
    if also:
        moved.write(also, "more\n")
    moved.commit("Move the postmortems", by)
    return moved


def signed_move(world: World, by: str = "alice", old: str = OLD, new: str = NEW) -> str:
    """Let the root move."""
    act = propose_move(world.policy, world.first, old, new, by=by, at=AT)
    world.put_record(act, world._next(act.doc))
    return world.commit("Let it move", by)


def test_a_root_moves_with_a_signature(rooted: World) -> None:
    gate = Gate(rooted)
    said = command(rooted, "alice", "policy", "move", NEW)
    assert said.code == 0, said
    moved = move(rooted)
    gate.world = moved
    gate.lands()
    assert [event.kind for event in gate.whole().events if event.kind == "move"] == ["move"]
    moved.act(acts.ARCHIVE, "alice")
    gate.lands()
    assert moved.audit(root=rooted.first).states[DOC].status == "ARCHIVED"


def test_a_root_that_moves_unsigned_is_found(rooted: World) -> None:
    gate = Gate(rooted)
    moved = move(rooted, by="jane")
    gate.world = moved
    assert {f.code for f in moved.audit(root=rooted.first).violations} == {"AU208", "AU301"}
    push = gate.push()
    assert not push.landed and "AU108" in push.said


def test_a_move_signed_by_too_few_or_for_elsewhere_is_found(rooted: World) -> None:
    rooted.change_policy(admins=("alice", "bob"), policy_threshold=2)
    gate = Gate(rooted)
    signed_move(rooted)
    moved = move(rooted, by="alice")
    gate.world = moved
    gate.refuses("AU614")
    gate.world = rooted
    gate.back()
    signed_move(rooted)
    signed_move(rooted, by="bob")
    moved = move(rooted, by="alice")
    gate.world = moved
    gate.lands()


def test_a_move_that_changes_more_is_found(rooted: World) -> None:
    gate = Gate(rooted)
    signed_move(rooted)
    moved = move(rooted, also=f"postmortems/2024/{DOC}/late.txt")
    gate.world = moved
    gate.refuses("AU402", "AU614")


def test_a_move_that_leaves_a_policy_behind_is_found(rooted: World) -> None:
    gate = Gate(rooted)
    signed_move(rooted)
    shutil.copytree(rooted.root, rooted.path / NEW)
    rooted.commit("Copy the postmortems", "jane")
    gate.world = replace(rooted, prefix=NEW)
    found = gate.world.audit(root=rooted.first).violations
    assert [(f.code, f.commit) for f in found] == [("AU614", rooted.head)]
    assert not gate.push().landed


def test_a_root_moves_to_the_top_and_back(rooted: World) -> None:
    signed_move(rooted, new="")
    for name in (".pmctl", "postmortems", "pmctl.yaml"):
        rooted.git("mv", f"{OLD}/{name}", name)
    rooted.commit("To the top", "alice")
    top = replace(rooted, prefix="")
    top.edit("| OPEN |", "| COMPLETED |")
    assert top.found() == []
    signed_move(top, old="", new=NEW)
    (top.path / NEW).mkdir(parents=True)
    for name in (".pmctl", "postmortems", "pmctl.yaml"):
        top.git("mv", name, f"{NEW}/{name}")
    top.commit("And down again", "alice")
    assert replace(top, prefix=NEW).found() == []


def other_ledger(tmp_path: Path) -> World:
    """Another team's repository, with a policy of its own and a higher version of it."""
    other = World(tmp_path / "other", members=("mallory", "dave"), admins=("mallory",))
    other.init()
    for _ in range(3):
        other.change_policy(by="mallory", publishers=("author",))
    other.new("2024-03-01-theirs", by="dave")
    return other


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("prefix", ["", OLD])
def test_a_subtree_that_came_in_is_no_alarm(tmp_path: Path, prefix: str, squash: bool) -> None:
    world = World(tmp_path / "mono", prefix=prefix)
    world.init()
    world.published()
    other = other_ledger(tmp_path)
    gate = Gate(world)
    subtree_add(world, other, "vendor/theirs", squash=squash)
    gate.lands()
    world.act(acts.ARCHIVE, "alice")
    gate.lands()


def subtree_add(world: World, other: World, place: str, *, squash: bool) -> None:
    """What `git subtree add` does, which not every installation of git has."""
    world.git("fetch", "-q", str(other.path), "main")
    side = world.git("rev-parse", "FETCH_HEAD")
    if squash:
        side = world.git("commit-tree", "-m", "Squashed 'theirs'", f"{side}^{{tree}}")
    world.git("merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", side)
    world.git("read-tree", f"--prefix={place}/", "-u", side)
    world.git("commit", "-q", "-m", "Add 'theirs'", by="jane")


def test_a_second_history_of_the_same_place_is_found(tmp_path: Path) -> None:
    world = World(tmp_path / "ours")
    world.init()
    world.published()
    gate = Gate(world)
    other = other_ledger(tmp_path)
    world.git("fetch", "-q", str(other.path), "main")
    world.git("merge", "-q", "-s", "ours", "--allow-unrelated-histories", "-m", "Merge", "FETCH_HEAD", by="mallory")
    found = {(f.code, f.commit) for f in gate.new(gate.reach()) if f.severity == "error"}
    assert found == {("AU607", world.head)}
    push = gate.push()
    assert not push.landed and "AU607" in push.said


def test_a_pull_onto_an_older_commit_after_a_waiver_is_no_alarm(stage: Copy) -> None:
    """`git pull` makes the older line the first parent: the violation stays the one that was waived."""
    world = stage("published")
    world.git("branch", "behind")
    edited = world.edit("too small", "fine")
    world.waive("AU401", edited, base=edited)
    gate = Gate(world)
    world.git("switch", "-q", "behind")
    world.edit("| OPEN |", "| COMPLETED |")
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main' of server", "main")
    assert world.git("rev-parse", "HEAD^2") == gate.before
    assert world.audit(root=world.first).passed
    gate.lands()


def test_a_checkpoint_is_a_witness_that_a_merge_cannot_lose(stage: Copy) -> None:
    """A line that drops what a checkpoint saw has to drop the signed record with it, and that is found."""
    world = stage("published")
    behind = world.git("rev-parse", "HEAD~1")
    checkpoint(world, "alice", base=world.head)
    gate = Gate(world)
    world.git("switch", "-qc", "rival", behind)
    world.git("merge", "-q", "-s", "ours", "-m", "Merge branch 'main'", "main", by="jane")
    codes = {finding.code for finding in gate.whole().violations}
    assert "AU205" in codes
    push = gate.push()
    assert not push.landed and "AU205" in push.said
