"""Where the main line goes at a merge: each rule on its own, and that nothing later changes an answer."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from pmctl.ledger.commit_graph import Graph, Landed
from pmctl.ledger.history import Lines, lines_of
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.snapshot import Snapshots
from pmctl.object_reader import ObjectReader
from pmctl.policy import act as acts
from pmctl.policy.model import Key
from tests.clones import Clones, base
from tests.world import World

OTHER = "2024-02-01-other"


def lines(world: World, tip: str = "", seen: tuple[str, ...] = ()) -> Lines:
    found = lines_of(Snapshots(world.repo), tip or world.head, Keyrings(), seen=seen)
    assert found is not None
    return found


def merged(world: World, first: str, second: str, tree: str = "") -> str:
    """A merge of two commits with the tree of one of them."""
    return world.git("commit-tree", "-m", "Merge", "-p", first, "-p", second, f"{tree or second}^{{tree}}")


@pytest.mark.parametrize("seed", range(12))
def test_the_graph_answers_as_a_walk_does(tmp_path: Path, seed: int) -> None:
    """Random histories, read at once and resumed after any prefix of a line."""
    chance = random.Random(seed)
    world = World(tmp_path / "r")
    world.path.mkdir()
    world.git("init", "-q", "-b", "main")
    tree = world.git("hash-object", "-t", "tree", "-w", "/dev/null")
    ancestors: dict[str, set[str]] = {}
    made: list[str] = []
    for number in range(24):
        parents = chance.sample(made[-9:], k=min(len(made[-9:]), chance.choice((0, 1, 1, 1, 2, 2, 3)))) if made else []
        words = [word for parent in parents for word in ("-p", parent)]
        oid = world.git("commit-tree", "-m", str(number), *words, tree)
        ancestors[oid] = {oid}.union(*(ancestors[parent] for parent in parents))
        made.append(oid)
    tip = made[-1]
    path, landed = [tip], Landed()
    reader = ObjectReader(world.path / ".git")
    with reader:
        while reader.commit(path[-1]).parents:
            path.append(chance.choice(reader.commit(path[-1]).parents))
        path.reverse()
        for before, commit in pairwise(["", *path]):
            graph = Graph(reader, tip, landed)
            assert graph.continues
            assert set(graph.new) == {one for one in ancestors[tip] if one not in landed}
            for one in ancestors[tip]:
                for other in made:
                    assert graph.contains(one, other) == (other in ancestors[one])
            known = ancestors[before] if before else set()
            landed.add(commit, ancestors[commit] - known - {commit})


def test_commits_beside_others_are_those_of_parallel_lines(world: World) -> None:
    start = world.head
    middle = world.edit_file("a", "1")
    fork = world.edit_file("b", "1")
    beside = world.edit_file("c", "1")
    world.git("switch", "-qc", "side", fork)
    side = world.edit_file("d", "1")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge = world.head
    last = world.edit_file("e", "1")
    with ObjectReader(world.path / ".git") as reader:
        found = Graph(reader, last, Landed()).beside_others()
        assert set(found) == {beside, side, merge}
        assert not {start, middle, fork, last} & set(found)
        assert Graph(reader, fork, Landed()).beside_others() == []


@pytest.fixture
def team(world: World) -> Clones:
    world.new()
    return Clones(world)


def two_lines(team: Clones) -> tuple[World, str, str]:
    """(a clone, main with an act that witnesses it, a side from before)."""
    bob = team.of("bob")
    fork = bob.head
    bob.new(OTHER, by="bob")
    team.push("bob")
    team.act(acts.SUBMIT, "bob", OTHER, reviewers=("carol",))
    main = team.push("bob")
    bob.git("switch", "-qC", "side", fork)
    bob.write("NOTES", "hi\n")
    return bob, main, bob.commit("Take notes")


def test_a_witness_decides_whatever_the_order_of_the_parents(team: Clones) -> None:
    world, main, side = two_lines(team)
    for parents in ((main, side), (side, main)):
        assert lines(world, merge := merged(world, *parents, tree=main)).main_parent(merge) == main


def test_a_record_that_the_merge_left_out_witnesses_all_the_same(team: Clones) -> None:
    world, main, side = two_lines(team)
    merge = merged(world, side, main, tree=side)
    assert lines(world, merge).main_parent(merge) == main  # and what it lost is a finding
    assert ("AU205", merge) in world.found(tip=merge)


def test_nothing_later_changes_the_answer(team: Clones) -> None:
    """A record that lands after the merge and names the other line does not re-route it."""
    world, main, side = two_lines(team)
    merge = merged(world, side, main, tree=side)
    world.git("switch", "-qC", "later", merge)
    world.git("update-ref", "refs/remotes/origin/main", main)
    world.act(acts.SUBMIT, "jane", base=base(world), reviewers=("bob",))
    assert base(world) == main
    assert lines(world).main_parent(merge) == lines(world, merge).main_parent(merge)


def test_without_witnesses_the_first_parent_goes_on(world: World) -> None:
    world.new()
    fork = world.head
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    main = world.head
    world.git("switch", "-qC", "side", fork)
    side = world.edit_file("NOTES", "hi")
    for parents in ((main, side), (side, main)):
        merge = merged(world, *parents, tree=main)
        assert lines(world, merge).main_parent(merge) == parents[0]


def test_the_newer_policy_goes_before_the_first_parent(world: World) -> None:
    fork = world.head
    world.change_policy(publishers=("author",))
    main = world.head
    world.git("switch", "-qC", "side", fork)
    side = world.edit_file("NOTES", "hi")
    merge = merged(world, side, main)
    assert lines(world, merge).main_parent(merge) == main


def test_a_witness_goes_before_the_newer_policy(team: Clones) -> None:
    world, main, side = two_lines(team)
    world.git("switch", "-qC", "side", side)
    world.change_policy(publishers=("author",))
    merge = merged(world, world.head, main)
    assert lines(world, merge).main_parent(merge) == main


def test_what_was_seen_goes_before_a_witness(team: Clones) -> None:
    world, main, side = two_lines(team)
    merge = merged(world, main, side, tree=main)
    found = lines(world, merge, seen=(side,))
    assert found.main_parent(merge) == side
    assert found.decided_by == {side}
    found = lines(world, merge, seen=(main, side))  # the most trusted first
    assert found.main_parent(merge) == main
    assert found.decided_by == set()  # the history says so itself
    both = lines(world, merge, seen=(merge, world.git("merge-base", main, side)))
    assert both.main_parent(merge) == main
    assert both.decided_by == set()


def test_another_repository_is_never_the_main_line(world: World) -> None:
    other = World(world.path.parent / "other")
    other.init(teams={"payments": ("jane",)})
    other.change_policy(publishers=("author",))  # a higher version than ours
    world.new()
    world.git("fetch", "-q", str(other.path), "main")
    foreign = world.git("rev-parse", "FETCH_HEAD")
    merge = merged(world, foreign, world.head, tree=world.head)
    assert lines(world, merge).main_parent(merge) == world.head


def test_a_base_that_is_not_in_the_history_says_nothing(team: Clones) -> None:
    world, main, side = two_lines(team)
    world.git("switch", "-qC", "side", side)
    world.act(acts.SUBMIT, "jane", base="0" * 40, reviewers=("bob",))
    mine = world.head
    world.git("merge", "-q", "--no-ff", "-m", "Merge", main)
    assert lines(world).main_parent(world.head) == main
    assert lines(world).main_parent(world.head) != mine


@pytest.mark.parametrize(("status", "is_main"), [("retired", True), ("compromised", False)])
def test_a_retired_key_is_a_witness_and_a_compromised_one_is_none(team: Clones, status: str, is_main: bool) -> None:
    world, main, side = two_lines(team)
    world.git("merge", "-q", "--no-ff", "--no-commit", main)
    assert world.policy is not None
    bob = world.policy.people["bob"]
    old = bob.keys[0]._replace(status=status, since="" if is_main else main)
    people = {**world.policy.people, "bob": bob._replace(keys=(old, Key(world.people["spare"].public)))}
    world.stage_policy(replace(world.policy, version=2, people=people), by="alice")
    merge = world.commit("Merge with a new policy", "alice")
    assert lines(world, merge).main_parent(merge) == (main if is_main else side)


def test_records_of_a_retired_key_may_be_left_out_and_of_an_active_one_not(world: World) -> None:
    for rotated in (False, True):
        world.git("switch", "-qC", f"main-{rotated}", "main")
        if not rotated:
            world.new()
            world.act(acts.SUBMIT, "jane", reviewers=("bob",))
            world.git("branch", "-f", "main")
        world.git("switch", "-qC", "side")
        world.act(acts.APPROVE, "bob")
        world.git("switch", "-q", f"main-{rotated}")
        if rotated:
            assert world.policy is not None
            bob = world.policy.people["bob"]
            old = bob.keys[0]._replace(status="retired")
            people = {**world.policy.people, "bob": bob._replace(keys=(old, Key(world.people["spare"].public)))}
            world.change_policy(people=people)
        world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side")
        assert (("AU205", world.head) in world.found()) is not rotated


def test_the_last_witness_is_counted_in_steps(team: Clones) -> None:
    assert team.fresh().audit().witness is None
    seen = team.of("bob").head
    team.of("bob").new(OTHER, by="bob")
    team.act(acts.SUBMIT, "bob", OTHER, reviewers=("carol",))
    team.push("bob")
    found = team.fresh("again").audit().witness
    assert found is not None
    assert (found.by, found.commit, found.steps_ago) == ("bob", seen, 2)


def test_the_last_witness_is_whoever_saw_most_not_whoever_landed_last(team: Clones) -> None:
    carol = team.of("carol")
    carol.new("2024-04-01-fourth", by="carol")
    team.act(acts.SUBMIT, "carol", "2024-04-01-fourth", reviewers=("bob",))  # on top of what she has, pushed much later
    team.of("bob").new(OTHER, by="bob")
    team.act(acts.SUBMIT, "bob", OTHER, reviewers=("carol",))
    seen = team.push("bob")
    team.act(acts.WITHDRAW, "bob", OTHER)
    team.push("bob")
    team.pull("carol")
    team.push("carol")
    found = team.fresh("later").audit().witness
    assert found is not None
    assert (found.by, found.commit) == ("bob", seen)
