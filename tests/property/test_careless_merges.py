"""Merges that somebody settles anyhow, and acts that are reverted: what is shown is what the audit says.

Two lines with acts that were allowed meet. Whoever merges takes one side, or of some files this and of some files that,
or drops records; afterwards somebody may revert a commit that holds an act. Whatever came of it, the quick answer about
the postmortem is the audit's at the same commit; `doctor --fix` leaves nothing lost and breaks nothing; and what people
do next, by what is shown to them, passes the audit. PMCTL_PROPERTY_EXAMPLES sets how many histories are tried.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pmctl.insight.standing import standing
from pmctl.ledger.current_state import current_state
from pmctl.ledger.snapshot import head
from pmctl.policy.state import DELETED, DRAFT
from tests.attacks.gate import command
from tests.world import DOC, World, document

from .test_lines_that_meet import attempt, compared, one_is_enough

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 4


def careless_merge(world: World, rng: random.Random) -> str:
    """Merge the two lines, whichever way round, and settle conflicts without looking."""
    into, other = rng.choice((("main", "side"), ("main", "side"), ("side", "main")))
    world.git("switch", "-q", into)
    strategy = rng.choice((("-s", "ours"), ("-X", "ours"), ("-X", "theirs"), (), ()))
    world.git("merge", "-q", "--no-ff", "--no-commit", *strategy, other, by="carol", check=False)
    for path in sorted({line.split("\t")[1] for line in world.git("ls-files", "-u").splitlines()}):
        world.git("checkout", "-q", rng.choice(("--ours", "--theirs")), "--", path, check=False)
    for file in sorted(world.root.glob(f".pmctl/records/{DOC}/*.json")) if rng.random() < 0.3 else ():
        if rng.random() < 0.3:
            file.unlink()
            file.with_name(f"{file.name}.sig").unlink(missing_ok=True)
    world.commit("Merge", "carol")
    world.git("branch", "-f", "main", "HEAD", check=False)
    world.git("switch", "-q", "main")
    return f"merge of {other} into {into} {' '.join(strategy)}"


def revert(world: World, rng: random.Random) -> str:
    """Somebody takes back a commit, which may hold an act."""
    commits = world.git("log", "--format=%H", "--no-merges", "-4", "--", world.file()).split()
    world.git("revert", "--no-edit", rng.choice(commits), by="bob", check=False)
    if world.git("status", "--porcelain"):
        world.git("revert", "--abort", check=False)
        world.git("reset", "-q", "--hard")
        return "revert given up"
    return "revert"


def same_answers(world: World, told: list[str]) -> None:
    now, report = head(world.repo), world.audit()
    state, quick = report.states[DOC], current_state(now, DOC)
    if now.document(DOC) is None:
        assert quick.state.status == state.status, told
        return
    assert compared(quick.state) == compared(state), told
    shown = standing(now, DOC)
    assert shown is not None
    assert (shown.status, shown.content) == (state.status, state.content), told
    lost = {one.path for one in report.lost if DOC in one.path}
    assert {path for path in lost if not any(path in one.message for one in quick.ignored if one.lost)} == set(), told


def put_right(world: World, told: list[str]) -> None:
    """`doctor --fix` brings back what is lost, and nothing that it writes is a finding."""
    before = world.git("rev-list", "HEAD").split()
    said = command(world, "alice", "doctor", "--fix")
    report = world.audit()
    assert report.lost == (), (told, said)
    assert [one for one in report.violations if one.commit not in before] == [], (told, said)
    state, there = report.states[DOC], (world.root / world.file()).exists()
    if "brought back" in said.out and there:
        assert f"status: {state.status}\n" in world.text() or state.status == DELETED, (told, said)


def go_on(world: World, rng: random.Random, told: list[str]) -> None:
    """What people do next, each by what they are shown, is allowed."""
    before = world.git("rev-list", "HEAD").split()
    told += [attempt(world, rng) for _ in range(4)]
    assert [(one.code, one.message) for one in world.audit().violations if one.commit not in before] == [], told


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_careless_merges(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    world = World(tmp_path / "repo")
    world.init()
    world.change_policy(admins=("alice", "carol"), review=one_is_enough(world))
    world.write(world.file(), document(status=DRAFT))
    world.commit("Draft", "jane")
    told = [attempt(world, rng) for _ in range(rng.randrange(12))]
    for _ in range(2):
        if not (world.root / world.file()).exists():
            break
        world.git("switch", "-qC", "side")
        told += [f"side {attempt(world, rng)}" for _ in range(rng.randint(1, 6))]
        world.git("switch", "-q", "main")
        told += [f"main {attempt(world, rng)}" for _ in range(rng.randint(1, 6))]
        told.append(careless_merge(world, rng))
        same_answers(world, told)
        if rng.random() < 0.5:
            told.append(revert(world, rng))
            same_answers(world, told)
        put_right(world, told)
        same_answers(world, told)
        go_on(world, rng, told)
