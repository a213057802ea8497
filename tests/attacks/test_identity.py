"""72, 73, 92: which repository and which branch this is, each beside the nearest honest neighbour."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from pmctl.insight.auditing import examine
from pmctl.insight.doctor import diagnose
from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH
from pmctl.surroundings import Surroundings
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, command


def carried(source: World, target: World, *folders: str) -> None:
    """Copy files from one repository to another, as they stand."""
    for folder in folders:
        place = target.root / folder
        if (source.root / folder).is_dir():
            shutil.copytree(source.root / folder, place, dirs_exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.root / folder, place)


def twins(tmp_path: Path) -> tuple[World, World]:
    """Two repositories of the same founder, with the same people, keys and names."""
    found = World(tmp_path / "one"), World(tmp_path / "two")
    for world in found:
        world.init()
    assert found[0].first != found[1].first
    return found


def test_attack_72_a_policy_change_of_another_repository(tmp_path: Path) -> None:
    one, two = twins(tmp_path)
    gate = Gate(two)
    one.change_policy(admins=("alice", "carol"))
    carried(one, two, ".pmctl/records/policy", POLICY_PATH)
    (two.root / POLICY_PATH).write_text(
        (one.root / POLICY_PATH).read_text().replace(one.policy.repository, two.policy.repository)
    )
    two.commit("Take over the policy", "carol")
    gate.refuses("AU102", "AU207")
    gate.back()
    carried(one, two, POLICY_PATH)
    two.commit("Take over the policy", "carol")
    gate.refuses("AU102", "AU110")
    gate.back()
    two.change_policy(admins=("alice", "carol"))
    gate.lands()


def test_attack_72_the_id_of_the_repository_stays(tmp_path: Path) -> None:
    one, two = twins(tmp_path)
    gate = Gate(two)
    two.change_policy(repository=one.policy.repository)
    gate.refuses("AU110")
    gate.back()
    text = (two.root / POLICY_PATH).read_text().replace("version: 1", "version: 2")
    two.write(POLICY_PATH, text.replace(two.make_policy(1).repository, one.policy.repository))
    said = command(two, "alice", "policy", "sign")
    assert (said.code, "AU110" in said.err) == (1, True)


def test_attack_72_a_publication_of_another_repository(tmp_path: Path) -> None:
    one, two = twins(tmp_path)
    gate = Gate(two)
    one.published()
    carried(one, two, f".pmctl/records/{DOC}", one.file())
    two.commit("Published elsewhere", "jane")
    found = {code for code, _ in two.found()}
    assert found >= {"AU207", "AU301"}
    gate.refuses(*found)
    gate.back()
    two.published()
    gate.lands()


def whole(world: World, **more: str) -> list[str]:
    """What `pmctl audit` says in this clone."""
    return [f.code for f in examine(world.repo, environ={}, root=world.first, **more).report.findings]


def cloned(world: World, server: Path, place: Path) -> World:
    """A fresh clone of a server."""
    world.git("clone", "-q", str(server), str(place))
    return replace(world, path=place)


def test_attack_73_a_branch_that_is_misspelt(stage: Copy, tmp_path: Path) -> None:
    world = stage("published")
    world.change_policy(branch="mian")
    gate = Gate(world, branch="main")
    assert whole(world) == ["AU613"]
    said = command(world, "alice", "audit", "--root", world.first)
    assert said.code == 1
    assert "AU613 the policy protects mian, and there is no such branch here; did you mean main?" in said.out
    branch = next(
        check for check in diagnose(world.root, Surroundings(os.environ, tmp_path)) if check.subject == "branch"
    )
    assert branch.failed and branch.fix
    world.act(acts.ARCHIVE, "alice")
    push = gate.push()
    assert not push.landed
    assert "AU613 the policy protects mian, but HEAD of this repository is main" in push.said
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "hook", "pre-push"],
        cwd=world.root, capture_output=True, text=True, check=False,
        input=f"refs/heads/main {world.head} refs/heads/main {gate.before}\n",
    )  # fmt: skip
    assert (done.returncode, "AU613" in done.stderr) == (1, True)
    # Its admins name the branch that is there, and everything passes.
    assert command(world, "alice", "policy", "branch", "maine").code == 1
    said = command(world, "alice", "policy", "branch", "main")
    assert said.code == 0, said
    assert whole(world) == []
    gate.lands()


def test_attack_73_a_branch_that_is_not_the_servers_head(stage: Copy, tmp_path: Path) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("push", "-q", str(gate.server), "HEAD:refs/heads/quiet")
    clone = cloned(world, gate.server, tmp_path / "clone")
    assert whole(clone) == []
    assert whole(clone, head="main") == []
    assert whole(clone, head="quiet") == ["AU613"]  # what a CI service says of its main branch
    said = command(clone, "alice", "policy", "branch", "quiet")
    assert said.code == 1 and "HEAD of origin is main" in said.err
    clone.change_policy(branch="quiet")
    assert whole(clone) == ["AU613"]
    push = replace_world(gate, clone).push()
    assert not push.landed and "AU613" in push.said


def replace_world(gate: Gate, world: World) -> Gate:
    """The same server, asked from another clone."""
    gate.world = world
    return gate


def test_beside_73_the_main_branch_gets_another_name(stage: Copy, tmp_path: Path) -> None:
    """Renamed on the server first, then in the policy: the page of the documentation."""
    world = stage("published")
    gate = Gate(world)
    clone = cloned(world, gate.server, tmp_path / "clone")
    for words in (("branch", "-m", "main", "trunk"),):
        subprocess.run(["git", "--git-dir", str(gate.server), *words], check=True)
    clone.git("fetch", "-q", "--prune", "origin")
    clone.git("remote", "set-head", "origin", "--auto")
    assert whole(clone) == ["AU613"]
    clone.git("switch", "-q", "trunk")
    assert command(clone, "alice", "policy", "branch", "trunk").code == 0
    assert whole(clone) == []
    gate.world, gate.branch = clone, "trunk"
    push = gate.push("HEAD:refs/heads/trunk")
    assert push.landed, push.said


def test_beside_73_a_clone_that_cannot_know(stage: Copy, tmp_path: Path) -> None:
    """A single branch, or nothing but a commit, was fetched: no alarm about what is not there."""
    world = stage("published")
    world.git("branch", "feature")
    single = tmp_path / "single"
    world.git("clone", "-q", "--single-branch", "--branch", "feature", f"file://{world.path}", str(single))
    assert whole(replace(world, path=single)) == []
    bare = tmp_path / "fetched"
    world.git("init", "-q", str(bare))
    fetched = replace(world, path=bare)
    fetched.git("fetch", "-q", f"file://{world.path}", "main")
    fetched.git("checkout", "-q", "--detach", "FETCH_HEAD")
    assert whole(fetched) == []


def test_attack_73_the_server_fails_closed(stage: Copy) -> None:
    """A setting that names no branch leaves HEAD's protected, and nothing on standard input is no empty push."""
    world = stage("published")
    gate = Gate(world)
    world.edit("status: PUBLISHED", "status: DRAFT")
    for setting, words in (
        ("mian", "pmctl.protectedBranch names mian, and there is no such branch: main is protected"),
        ("refs/heads/mian", "there is no such branch: main is protected"),
        ("", ""),  # HEAD's branch is protected without a setting: nothing to put right, so nothing is said
    ):
        subprocess.run(["git", "--git-dir", str(gate.server), "config", "--unset-all", "pmctl.protectedBranch"])
        if setting:
            subprocess.run(
                ["git", "--git-dir", str(gate.server), "config", "pmctl.protectedBranch", setting], check=True
            )
        push = gate.push()
        assert not push.landed
        assert words in push.said and "AU301" in push.said
    hook = [sys.executable, "-m", "pmctl", "hook", "pre-receive"]
    done = subprocess.run(hook, cwd=gate.server, capture_output=True, text=True, check=False, input="")
    assert done.returncode != 0 and "standard input" in done.stderr
    gate.back()
    world.edit("| OPEN |", "| COMPLETED |")
    push = gate.push()
    assert push.landed and "is protected" not in push.said
    subprocess.run(["git", "--git-dir", str(gate.server), "config", "pmctl.protectedBranch", "main"], check=True)
    world.edit("| COMPLETED |", "| OPEN |")
    push = gate.push()
    assert push.landed and "protected" not in push.said


def test_attack_73_a_head_that_names_no_branch(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    (gate.server / "HEAD").write_text(f"{gate.before}\n")
    world.edit("too small", "far too small")
    push = gate.push()
    assert not push.landed and "HEAD of this repository names no branch" in push.said
    (gate.server / "HEAD").write_text("ref: refs/heads/main\n")
    gate.lands()


def test_attack_92_settings_name_no_branch(stage: Copy) -> None:
    """What anybody may edit does not say what is protected: the policy does, which admins sign."""
    world = stage("published")
    gate = Gate(world)
    world.write("pmctl.yaml", "protected_branch: elsewhere\n")
    world.edit("status: PUBLISHED", "status: DRAFT")
    gate.refuses("AU301")
    assert command(world, "jane", "validate").code == 1  # an unknown setting is said
    text = (world.root / POLICY_PATH).read_text()
    gate.back()
    world.write(POLICY_PATH, text.replace("branch: main", "branch: elsewhere").replace("version: 1", "version: 2"))
    world.commit("Protect another branch", "jane")
    gate.refuses("AU102")
    gate.back()
    world.write("pmctl.yaml", "template: default\n")
    world.commit("Choose a template", "jane")
    gate.lands()
