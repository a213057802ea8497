"""The commands of docs/trust.md, run as they stand there: one approval, checked with git and ssh-keygen alone."""

from __future__ import annotations

import os
import subprocess

import pytest

from pmctl.policy import act as acts
from tests.world import DOC, World

from .conftest import Copy
from .table import PAGE

BEGIN, END = "<!-- by hand: begin -->", "<!-- by hand: end -->"


def script() -> str:
    """The shell commands of the page."""
    part = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return part.partition("```sh\n")[2].partition("```")[0]


def run(world: World, record: str = "0002-approve-bob", who: str = "bob") -> subprocess.CompletedProcess[str]:
    """Run them as an auditor who has no pmctl: only git, OpenSSH and the usual small tools."""
    return subprocess.run(
        ["sh", "-c", script()], cwd=world.path, capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, "HOME": str(world.path.parent), "ID": DOC, "WHO": who, "ROOT": world.first,
             "RECORD": world.record(record).rpartition("/")[2]},
    )  # fmt: skip


def with_policies(world: World) -> None:
    world.change_policy(teams={"payments": ("jane",)})
    world.change_policy(publishers=("author", "admins"))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))


def test_an_approval_holds(stage: Copy) -> None:
    world = stage("empty")
    with_policies(world)
    world.act(acts.APPROVE, "bob")
    done = run(world)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('Good "pmctl-record-v1" signature') == 3  # the approval and two policies
    assert done.stdout.endswith("the approval holds\n")


@pytest.mark.parametrize("wrong", [{"key": "jane"}, {"prev": "sha256:" + "0" * 64}, {"root": "sha256:" + "0" * 64}])
def test_a_forged_approval_does_not(stage: Copy, wrong: dict[str, str]) -> None:
    world = stage("empty")
    with_policies(world)
    world.act(acts.APPROVE, "bob", **wrong)
    done = run(world)
    assert done.returncode != 0
    assert "the approval holds" not in done.stdout


def test_a_policy_that_nobody_signed_breaks_the_chain(stage: Copy) -> None:
    world = stage("empty")
    world.change_policy(by="bob", teams={"payments": ("jane",)})
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    done = run(world)
    assert done.returncode != 0
    assert "the approval holds" not in done.stdout
