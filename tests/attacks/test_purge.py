"""A secret is purged from history as docs/purge.md says, and the audit passes again: for those who know why."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.world import DOC, World

from .gate import HOOK, SETTINGS, Gate, command

PAGE = Path(__file__).parents[2] / "docs" / "purge.md"
SECRET = "hunter2-token"

# What git filter-repo does for the one option that the page uses, with the command that comes with git.
FILTER_REPO = """#!/bin/sh
set -e
while IFS= read -r line; do
    from=${line%%==>*} to=${line#*==>}
    git filter-branch -f --tree-filter \\
        "grep -rlF '$from' postmortems 2>/dev/null | xargs -r sed -i 's/$from/$to/g' || true" -- --all >/dev/null
done < ../secrets.txt
git for-each-ref --format='%(refname)' refs/original refs/remotes | xargs -r -n 1 git update-ref -d
git remote remove origin
git reflog expire --expire=now --all
git gc --quiet --prune=now
"""


@pytest.fixture
def leaked(tmp_path: Path) -> tuple[World, Path]:
    """A published postmortem with a secret in it, on a server; another one in review."""
    world = World(tmp_path / "team")
    world.init()
    world.new()
    world.edit("was down for 45 minutes", f"was down; we logged in with {SECRET}")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane", base=world.head)  # names a commit that the rewriting takes away
    world.new("2024-02-01-other")
    server = tmp_path / "server.git"
    world.git("clone", "-q", "--bare", str(world.path), str(server))
    (server / "hooks").mkdir(exist_ok=True)
    (server / "hooks/pre-receive").write_text(HOOK.format(python=sys.executable))
    (server / "hooks/pre-receive").chmod(0o755)
    return world, server


def block(name: str) -> str:
    """The commands of the page between two marks."""
    found = re.search(rf"<!-- {name}: begin -->\n```sh\n(.*?)```\n<!-- {name}: end -->", PAGE.read_text(), re.DOTALL)
    assert found is not None, name
    return found[1]


def play(script: str, cwd: Path, by: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run commands of the page as a person, with pmctl and git-filter-repo on the path."""
    home = cwd.parent if cwd.name.endswith(".git") else cwd
    shims = home / "bin"
    shims.mkdir(exist_ok=True)
    for name, text in (
        ("pmctl", f'#!/bin/sh\nexec "{sys.executable}" -m pmctl "$@"\n'),
        ("git-filter-repo", FILTER_REPO),
    ):
        (shims / name).write_text(text)
        (shims / name).chmod(0o755)
    settings = home / f"gitconfig-{by}"
    settings.write_text(SETTINGS.format(name=by.capitalize(), handle=by, key=World(home).people[by].key))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CI"))}
    return subprocess.run(
        ["bash", "-ec", script], cwd=cwd, capture_output=True, text=True, check=False,
        env={
            **kept, "PATH": f"{shims}{os.pathsep}{kept['PATH']}", "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"), "GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1",
            "FILTER_BRANCH_SQUELCH_WARNING": "1", **more,
        },
    )  # fmt: skip


def history_holds(where: Path, text: str) -> bool:
    """Whether any commit that a branch leads to holds the text."""
    done = subprocess.run(
        ["git", "log", "--all", "--format=%H", f"-S{text}"], cwd=where, capture_output=True, text=True, check=True
    )
    return bool(done.stdout.strip())


def test_a_secret_is_purged_as_the_page_says(leaked: tuple[World, Path], tmp_path: Path) -> None:
    world, server = leaked
    clone = tmp_path / "clone"
    world.git("clone", "-q", str(server), str(clone))
    seen = play("pmctl audit", clone, "bob")
    assert seen.returncode == 0, seen.stdout + seen.stderr

    work = tmp_path / "work"
    work.mkdir()
    (work / "secrets.txt").write_text(f"{SECRET}==>(removed)\n")
    done = play(block("rewrite"), work, "alice", URL=str(server))
    assert done.returncode == 0, done.stdout + done.stderr
    rewritten = work / "rewritten"
    assert not history_holds(rewritten, SECRET)
    there = replace(world, path=rewritten)
    report = there.audit(root=world.first)
    assert report.passed, [f"{f.code} {f.message}" for f in report.violations]
    assert {f.waived_by for f in report.findings if f.severity == "error"} == {"alice"}
    assert report.states[DOC].status == "PUBLISHED"

    push = subprocess.run(
        ["git", "push", "-q", "--force", str(server), "HEAD:main"],
        cwd=rewritten, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert push.returncode != 0 and "AU604" in push.stderr
    moved = play(block("server"), server, "alice", REWRITTEN=str(rewritten))
    assert moved.returncode == 0, moved.stderr
    assert not history_holds(server, SECRET)

    done = play(block("clone"), clone, "bob")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AU604" in done.stdout
    again = play("pmctl audit", clone, "bob")
    assert again.returncode == 0, again.stdout
    assert not history_holds(clone, SECRET)

    # Life goes on from the baseline, at every point.
    gate = Gate(there)
    there.act(acts.ARCHIVE, "alice")
    gate.lands()


def test_a_rewritten_main_without_a_baseline_fails(leaked: tuple[World, Path], tmp_path: Path) -> None:
    world, server = leaked
    work = tmp_path / "work"
    work.mkdir()
    (work / "secrets.txt").write_text(f"{SECRET}==>(removed)\n")
    script = block("rewrite").partition("pmctl policy baseline")[0]
    assert play(script, work, "alice", URL=str(server)).returncode == 0
    there = replace(world, path=work / "rewritten")
    assert not there.audit(root=world.first).passed


def test_a_baseline_names_the_old_tip_what_is_gone_and_what_is_there(
    leaked: tuple[World, Path], tmp_path: Path
) -> None:
    """A rewritten history that lacks a record: it is named, and its absence is no finding any more."""
    from pmctl.ledger import record

    world, _ = leaked
    old = world.head
    gone = record.digest((world.root / world.record("0002-approve-bob")).read_bytes())
    name = world.record("0002-approve-bob")
    world.git("checkout", "-q", "--orphan", "again")
    for path in (name, name + ".sig"):
        (world.root / path).unlink()
    world.commit("Begin again without the approval", "alice")
    world.git("branch", "-f", "main", "again")
    world.git("switch", "-q", "main")
    said = command(world, "alice", "policy", "baseline", "--tip", old, "-m", "rewritten")
    assert said.code == 0, said
    assert "without 1 record that" in said.out
    act = record.from_bytes((world.root / world.record("0001-baseline-alice", "baseline")).read_bytes())
    assert (act.tip, act.dropped) == (old, (gone,))
    assert [(doc, status) for doc, _, status in act.documents] == [(DOC, "PUBLISHED"), ("2024-02-01-other", "DRAFT")]
    assert act.documents[0][1] == world.digest()
