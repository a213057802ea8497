"""35, 90, 93: keys and admins that were revoked, and policies that rival each other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, Policy
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, command
from .test_discussion import message, path_of, put, resolve
from .test_policy import retired, rotated


def admins(world: World, *handles: str, **more: object) -> str:
    """Land a policy with these admins."""
    return world.change_policy(admins=handles, **more)


def test_attack_35_revoked_by_people_who_had_not_seen_what_it_signed(stage: Copy) -> None:
    world = stage("submitted")
    seen = world.head
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    approved = world.head
    world.change_policy(people=rotated(world, "bob"), base=seen)  # signed where main had no approval yet
    report = gate.whole()
    assert [(f.code, f.commit, f.doc) for f in report.findings] == [("AU223", world.head, DOC)]
    assert approved[:12] in report.findings[0].message
    hook = subprocess.run(
        [sys.executable, "-m", "pmctl", "hook", "pre-push"],
        cwd=world.root, capture_output=True, text=True, check=False,
        input=f"refs/heads/main {world.head} refs/heads/main {gate.before}\n",
    )  # fmt: skip
    assert hook.returncode == 1 and "AU223" in hook.stderr  # said before it is pushed
    gate.refuses("AU223")
    gate.back()
    world.policy = before_of(world)
    world.act(acts.APPROVE, "bob")
    world.change_policy(people=rotated(world, "bob"), base=world.head)  # signed after it had landed
    gate.lands()


def test_attack_35_whoever_left_edits_and_comments(stage: Copy) -> None:
    world = stage("drafted")
    world.set_field("editors", {"carol": "edit"})
    world.commit("Let carol edit", "jane")
    world.policy = before_of(world)
    thread, others = put(world, message("carol")), put(world, message("jane", minute=1))
    resolve(world, others, "carol", minute=2)
    here = Gate(world)
    world.edit("too small", "far too small", by="carol")
    put(world, message("carol", minute=3))
    here.lands()  # while she is there
    here.back()
    world.change_policy(people=retired(world, "carol"), base=world.head)
    gate = Gate(world)
    left = "carol left"
    gate.command_refuses("carol", "actions", "set", "AI-7f3k", "--status", "COMPLETED", code="AU703")
    assert left in gate.command("carol", "comment", "add", DOC, "-m", "hi").err
    gate.command_refuses("carol", "comment", "add", DOC, "-m", "hi", code="AU712")
    gate.command_refuses("carol", "comment", "resolve", thread.id, code="AU714")
    assert gate.command("jane", "actions", "set", "AI-7f3k", "--owner", "carol").code == 2
    said = gate.command("jane", "comment", "add", DOC, "-m", "what do you think, @carol?")
    assert said.code == 0 and "@carol left" in said.err
    listed = gate.command("jane", "editors", "list", DOC).out
    assert "carol" in listed and "left" in listed
    assert "resolved by carol" in gate.command("jane", "comment", "list", DOC).out
    gate.back()
    world.edit("too small", "far too small", by="carol")
    gate.warns("AU702")
    gate.back()
    world.edit("| OPEN |", "| COMPLETED |", by="carol")
    gate.warns("AU703")
    gate.back()
    put(world, message("carol", minute=4))
    gate.warns("AU712")
    gate.back()
    resolve(world, thread, "carol")
    gate.warns("AU714")
    gate.back()
    world.git("rm", "-q", path_of(thread))
    world.commit("Remove it", "carol")
    gate.warns("AU713")
    gate.back()
    world.new("2024-02-01-another", by="carol")
    gate.warns("AU702")
    gate.back()
    resolve(world, thread, "jane")  # somebody who is there answers for what they began
    gate.lands()


def before_of(world: World) -> Policy:
    """The policy of the work tree."""
    from pmctl.policy.reading import parse_policy

    found, problems = parse_policy((world.root / POLICY_PATH).read_bytes())
    assert found is not None, problems
    return found


def test_attack_35_what_was_not_seen_is_signed_again_or_waived(stage: Copy) -> None:
    world = stage("submitted")
    seen = world.head
    world.act(acts.APPROVE, "bob")
    revoked = world.change_policy(people=rotated(world, "bob"), base=seen)
    assert world.found() == [("AU223", revoked)]
    world.waive("AU223", revoked)
    assert world.audit().passed


def test_attack_35_a_revocation_in_the_step_that_brings_what_it_revokes(stage: Copy) -> None:
    """A squash: a signer who knows nothing of main has seen the commit before, and not what lands beside."""
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    world.change_policy(people=rotated(world, "bob"))
    world.git("reset", "-q", "--soft", gate.before)
    world.commit("Squashed", "alice")
    gate.refuses("AU223")
    gate.back()
    world.policy = before_of(world)
    world.act(acts.APPROVE, "bob")
    world.change_policy(people=rotated(world, "bob"))  # step by step, the commit before has it
    gate.lands()


def test_beside_35_one_of_the_signers_had_seen_it(stage: Copy) -> None:
    world = stage("submitted")
    admins(world, "alice", "carol", policy_threshold=2)
    early = world.head
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    seen = world.head
    new = replace(world.policy, version=world.policy.version + 1, people=rotated(world, "bob"))
    before = world.policy
    world.stage_policy(new, by="alice", base=early)
    world.policy = before
    world.stage_policy(new, by="carol", base=seen)
    world.commit("Change the policy", "carol")
    gate.lands()


def test_beside_35_what_is_neither_a_key_nor_an_admin_condemns_nothing(stage: Copy) -> None:
    """Publishers, rules and teams hold from the next step on, and say nothing about what was done before."""
    world = stage("approved")
    early = world.head
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    world.change_policy(publishers=("admins",), base=early)
    gate.lands()


def test_attack_35_the_command_line_revokes_only_what_main_has_seen(stage: Copy) -> None:
    """In the clone of somebody who has acted and not pushed: the audit would condemn it, so the command refuses."""
    world = stage("submitted")
    gate = Gate(world)
    world.git("remote", "add", "origin", str(gate.server))
    world.git("fetch", "-q", "origin")
    world.act(acts.APPROVE, "bob", base=gate.before)
    words = ("people", "rotate", "bob", "--key", world.people["spare"].public)
    said = command(world, "alice", *words)
    assert said.code == 1 and "AU223" in said.err and world.record("0002-approve-bob") in said.err
    assert gate.push().landed
    world.git("fetch", "-q", "origin")
    said = command(world, "alice", *words)
    assert said.code == 0, said
    gate.lands()


def test_attack_93_a_key_revoked_on_main_that_acts_on_a_side_branch(stage: Copy) -> None:
    """Whichever line the merge goes on from, and wherever the revocation was cherry-picked to."""
    world = stage("submitted")
    seen = world.head
    gate = Gate(world)
    revoked = world.change_policy(people=rotated(world, "bob"), base=seen)
    gate_after = Gate(world)
    world.git("switch", "-qc", "side", seen)
    world.act(acts.APPROVE, "bob")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    assert [(f.code, f.commit) for f in world.audit().violations] == [("AU219", world.head)]
    gate_after.refuses("AU219")
    world.git("reset", "-q", "--hard", "side")
    world.git("cherry-pick", revoked, by="alice")  # the revocation, after the fact, on the line that acted
    assert [(f.code, f.commit) for f in gate.new(gate.whole())] == [("AU223", world.head)]
    gate.refuses("AU223")


def test_beside_93_a_revocation_picked_onto_an_older_branch_condemns_nobody(stage: Copy) -> None:
    world = stage("submitted")
    old = world.head
    world.act(acts.APPROVE, "bob")
    seen = world.head
    gate = Gate(world)
    world.git("switch", "-qc", "older", old)
    world.change_policy(people=rotated(world, "bob"), base=seen)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge the revocation", "older", by="alice")
    gate.lands()
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_93_a_removed_admin_acts_elsewhere(stage: Copy) -> None:
    world = stage("published")
    admins(world, "alice", "carol")
    seen = world.head
    gate = Gate(world)
    world.act(acts.ARCHIVE, "carol")
    admins(world, "alice", base=seen)
    gate.refuses("AU223")
    gate.back()
    world.policy = before_of(world)
    world.act(acts.ARCHIVE, "carol")
    admins(world, "alice", base=world.head)
    gate.lands()


def test_beside_93_an_admin_who_steps_back_signs_it(stage: Copy) -> None:
    """Neither the record that removes its signer nor the one by a key that it retires is condemned by itself."""
    world = stage("empty")
    admins(world, "alice", "carol", base=world.head)
    gate = Gate(world)
    admins(world, "alice", by="carol", base=gate.before)
    gate.lands()
    gate = Gate(world)
    world.change_policy(people=retired(world, "alice", *rotated(world, "alice")["alice"].keys[1:]), base=gate.before)
    gate.lands()


def rivals(world: World, mine: str, *also: str) -> tuple[str, str, Policy]:
    """Two admins act at once: alice's policy on main, `mine` signed by bob on a branch from before.

    Returns both tips and the policy before; bob's branch is checked out.
    """
    before = world.policy
    assert before is not None
    world.git("branch", "old")
    world.change_policy(
        admins=tuple(one for one in before.admins if one != "bob") if mine == "removed" else before.admins
    )
    main = world.head
    world.git("switch", "-q", "old")
    world.policy = before
    world.change_policy(by="bob", publishers=("author",))
    return main, world.head, before


def merge_ours(world: World, other: str) -> str:
    """Merge a line whose text is dropped while its signed records stay, as R8 asks for."""
    world.git("merge", "-q", "-s", "ours", "--no-commit", other, by="bob", check=False)
    for name in world.git("diff", "--name-only", "--diff-filter=A", "HEAD", other).split():
        if name.startswith(".pmctl/records/"):
            world.git("checkout", other, "--", name)
    return world.commit("Merge", "bob")


def test_attack_90_a_removed_admins_rival_policy(stage: Copy) -> None:
    world = stage("empty")
    admins(world, "alice", "bob", "carol")
    main, _, _ = rivals(world, "removed")
    world.git("branch", "-f", "main", main)
    world.git("switch", "-q", "main")
    gate = Gate(world)
    world.git("switch", "-q", "old")
    merge = merge_ours(world, "main")
    world.git("branch", "-f", "main", "old")
    world.git("switch", "-q", "main")
    assert ("AU107", merge) in {(f.code, f.commit) for f in gate.whole().violations}
    assert ("AU107", merge) in {(f.code, f.commit) for f in gate.reach().violations}
    push = gate.push()
    assert not push.landed and "AU107" in push.said
    # bob is an admin in one of the two only: neither a waiver nor a policy of his settles it.
    world.waive("AU107", merge, by="bob", about="")
    world.change_policy(by="bob", teams={"ops": ("bob",)})
    assert ("AU107", merge) in {(f.code, f.commit) for f in world.audit().violations}
    said = world.audit().findings
    assert any("carol" in str(f.hint) for f in said if f.code == "AU107")
    settled = world.change_policy(by="carol", admins=("alice", "carol"))
    found = [f for f in world.audit().findings if f.code == "AU107"]
    assert [(f.waived_by, f.waived_note) for f in found] == [("carol", "settled by policy version 5")]
    assert settled == world.head


@pytest.mark.parametrize("put_back", [True, False])
def test_attack_90_a_rival_whose_other_is_left_out(stage: Copy, put_back: bool) -> None:
    """The merge drops the policy that removed carol, with its signature; bringing the signature back hides nothing."""
    world = stage("empty")
    admins(world, "alice", "bob", "carol")
    main, _, _ = rivals(world, "removed")
    world.git("branch", "-f", "main", main)
    world.git("switch", "-q", "old")
    world.git("merge", "-q", "-s", "ours", "--no-edit", "main", by="bob")
    merge = world.head
    if put_back:
        world.git("checkout", "-q", "main", "--", ".pmctl/records")
        world.commit("Bring them back", "bob")
    assert ("AU107", merge) in {(f.code, f.commit) for f in world.audit().violations}


def test_attack_90_is_no_matter_of_one_signature_where_two_are_needed(stage: Copy) -> None:
    """A rival that too few have signed is nobody's policy: no finding, and no right."""
    world = stage("empty")
    admins(world, "alice", "bob", "carol", policy_threshold=2)
    before = world.policy
    world.git("branch", "old")
    world.change_policy(also=("carol",), admins=("alice", "carol"))
    gate = Gate(world)
    world.git("switch", "-q", "old")
    world.policy = before
    world.change_policy(by="bob", publishers=("author",))  # AU102 on its own branch
    world.git("switch", "-q", "main")
    merge_ours(world, "old")
    assert len(list(world.root.glob(".pmctl/records/policy/0003-*.json"))) == 3
    assert "AU107" not in {f.code for f in gate.whole().findings}


def test_attack_90_is_settled_by_as_many_as_the_policy_asks_for(stage: Copy) -> None:
    world = stage("empty")
    admins(world, "alice", "bob", "carol", "jane", policy_threshold=2)
    before = world.policy
    world.git("branch", "old")
    world.change_policy(also=("carol",), admins=("alice", "carol", "jane"))
    world.git("switch", "-q", "old")
    world.policy = before
    world.change_policy(by="bob", also=("jane",), publishers=("author",))
    merge = merge_ours(world, "main")
    assert ("AU107", merge) in set(world.found())
    world.change_policy(by="bob", also=("carol",), publishers=("author", "admins"))  # one of them is admin in both
    assert ("AU107", merge) in {(f.code, f.commit) for f in world.audit().violations}
    world.change_policy(by="jane", also=("carol",), admins=("alice", "carol", "jane"))
    assert "AU107" not in {f.code for f in world.audit().violations}


def test_beside_90_two_admins_change_the_policy_at_once(stage: Copy) -> None:
    """Both are admins in both: the one that landed first is in force, the other one is late and signs again."""
    world = stage("empty")
    admins(world, "alice", "bob")
    main, _, _ = rivals(world, "kept")
    first = world.git("show", f"{main}:{POLICY_PATH}") + "\n"
    world.git("switch", "-q", "main")
    gate = Gate(world)
    world.git("merge", "-q", "--no-commit", "--no-ff", "old", by="bob", check=False)
    world.write(POLICY_PATH, first)
    world.commit("Merge, and keep what landed first", "bob")
    gate.lands()
    late = [event for event in gate.whole().events if event.verdict == "late"]
    assert [(event.kind, event.by) for event in late] == [("policy", "bob")]
    world.policy = before_of(world)
    world.change_policy(by="bob", publishers=("author",))
    gate.lands()
