"""What people do on an ordinary day: no false alarm, at any enforcement point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pmctl.policy import act as acts
from pmctl.policy.state import PUBLISHED
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate

OTHER = "2024-02-01-other"


def review_on_a_branch(world: World) -> None:
    """A whole review on a feature branch, with an edit that makes the first approval stale."""
    world.git("switch", "-qc", "feature")
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.edit("too small", "far too small")
    world.act(acts.APPROVE, "bob", note="read again")
    world.act(acts.PUBLISH, "jane")
    world.git("switch", "-q", "main")


def test_merge_commit(stage: Copy) -> None:
    world = stage("empty")
    review_on_a_branch(world)
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "-m", "Merge pull request #12", "feature", by="carol")
    gate.lands()
    assert gate.whole().states[DOC].status == PUBLISHED


def test_squash(stage: Copy) -> None:
    world = stage("empty")
    review_on_a_branch(world)
    gate = Gate(world)
    world.git("merge", "-q", "--squash", "feature")
    world.commit("Payment API outage (#12)", "jane")
    gate.lands()
    assert gate.whole().states[DOC].status == PUBLISHED


def test_rebase(stage: Copy) -> None:
    world = stage("empty")
    review_on_a_branch(world)
    world.new(OTHER, by="bob")
    gate = Gate(world)
    world.git("switch", "-q", "feature")
    world.git("rebase", "-q", "main")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--ff-only", "feature")
    gate.lands()
    assert gate.whole().states[DOC].status == PUBLISHED


def test_cherry_pick_of_a_fix(stage: Copy) -> None:
    world = stage("drafted")
    world.git("switch", "-qc", "other")
    fix = world.edit("came early", "came very early")
    world.git("switch", "-q", "main")
    gate = Gate(world)
    jane = {"GIT_AUTHOR_NAME": "Jane", "GIT_AUTHOR_EMAIL": "jane@example.com"}
    world.git("cherry-pick", fix, by="carol", env=jane)
    gate.lands()


def test_revert_of_a_draft_edit(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.edit("too small", "far too small")
    world.git("revert", "--no-edit", "HEAD")
    gate.lands()


def test_two_reviewers_approve_at_once_on_two_branches(stage: Copy) -> None:
    world = stage("drafted")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    gate = Gate(world)
    for handle in ("bob", "carol"):
        world.git("switch", "-qc", handle, "main")
        world.act(acts.APPROVE, handle)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "bob", by="bob")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "carol", by="carol")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_force_push_of_a_feature_branch(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("switch", "-qc", "feature")
    world.edit("too small", "far too small")
    assert gate.push("feature:refs/heads/feature").landed
    world.git("commit", "-q", "--amend", "-m", "Say it better")
    assert gate.push("feature:refs/heads/feature", force=True).landed
    assert gate.push(":refs/heads/feature").landed
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--ff-only", "feature")
    gate.lands()


def test_an_old_branch_is_looked_at(stage: Copy) -> None:
    """Auditing main, then an old branch with an older policy, then main again alarms nobody."""
    from pmctl.insight.auditing import examine

    world = stage("drafted")
    world.git("branch", "old")
    world.change_policy(publishers=("author",))
    for branch in ("main", "old", "main"):
        world.git("switch", "-q", branch)
        found = examine(world.repo, environ={})
        assert [finding.code for finding in found.report.findings] == []
    world.edit("too small", "far too small")
    assert examine(world.repo, environ={}).report.passed


def test_shallow_ci_checkout_says_what_to_do(stage: Copy, tmp_path: Path) -> None:
    world = stage("published")
    world.git("clone", "-q", "--depth", "1", f"file://{world.path}", str(tmp_path / "ci"))
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "-C", str(tmp_path / "ci"), "audit"],
        capture_output=True, text=True, check=False, env={**os.environ, "CI": "true", "PMCTL_TRUST_ROOT": world.first},
    )  # fmt: skip
    assert done.returncode == 2
    assert "INCOMPLETE" in done.stdout
    assert "fetch-depth: 0" in done.stdout
    assert "passed" not in done.stdout


def test_an_address_changes(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    said = gate.command("alice", "people", "change", "jane", "--email", "jane@new.example")
    assert said.code == 0, said
    new = {"GIT_AUTHOR_EMAIL": "jane@new.example", "GIT_COMMITTER_EMAIL": "jane@new.example"}
    world.edit("too small", "far too small", commit=False)
    world.commit("Edit", "jane", env=new)
    gate.lands()


def test_a_key_is_rotated(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    said = gate.command("alice", "people", "rotate", "bob", "--key", world.people["spare"].public)
    assert said.code == 0, said
    world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    world.act(acts.APPROVE, "bob", OTHER, key="spare")
    world.act(acts.PUBLISH, "jane", OTHER)
    gate.lands()


def test_a_person_leaves(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    said = gate.command("alice", "people", "revoke", "bob", "-m", "left the company")
    assert said.code == 0, said
    world.act(acts.ARCHIVE, "alice")
    gate.lands()


def test_two_admins_change_the_policy(stage: Copy) -> None:
    world = stage("empty")
    world.change_policy(admins=("alice", "bob"), policy_threshold=2)
    gate = Gate(world)
    world.change_policy(also=("bob",), teams={"payments": ("jane",)})
    gate.lands()


def test_an_imported_history_with_a_baseline(tmp_path: Path) -> None:
    world = World(tmp_path / "old")
    world.path.mkdir()
    world.git("init", "-q", "-b", "main")
    world.write(world.file(), document(status="PUBLISHED"))
    world.commit("Write it down", "mallory")
    world.init()
    assert [finding.code for finding in world.audit().violations] == ["AU301"]
    gate = Gate(world)
    said = gate.command("alice", "policy", "baseline", "-m", "imported from the wiki")
    assert said.code == 0, said
    gate.lands()
    report = gate.whole()
    assert report.passed
    assert [(f.code, f.waived_by, f.waived_note) for f in report.findings] == [
        ("AU301", "alice", "imported from the wiki")
    ]
    world.act(acts.ARCHIVE, "alice")
    gate.lands()
