"""Random honest lives over branches and merges give a clean audit; one unauthorised change gives a finding."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.errors import PmctlError
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.state import View
from tests.world import AT, DOC, World, document

OTHER = "2024-02-01-other"
KINDS = (acts.SUBMIT, acts.APPROVE, acts.APPROVE, acts.REQUEST_CHANGES, acts.WITHDRAW, acts.PUBLISH, acts.ARCHIVE)
PEOPLE = ("jane", "alice", "bob", "carol")


def allowed(world: World, kind: str, by: str, doc: str, reviewers: tuple[str, ...]) -> bool:
    """What the command line would ask before the act."""
    now = world.standing(doc)
    content = world.digest(doc)
    act = lifecycle.propose(
        kind, now.state, now.policy, now.root, by=by, at=AT, content=content, note="x", reviewers=reviewers
    )
    return not lifecycle.check(act, now.state, now.policy, View(content, "jane"))


def live(world: World, rng: random.Random, length: int) -> None:
    """Some acts and edits by people who may, in a row."""
    for _ in range(length):
        doc = rng.choice([DOC, OTHER])
        if rng.random() < 0.25 and world.standing(doc).state.status in ("DRAFT", "IN_REVIEW"):
            world.edit("## Impact\n", f"## Impact\n\nMore {rng.random()}.\n", doc)
            continue
        kind, by = rng.choice(KINDS), rng.choice(PEOPLE)
        reviewers = tuple(rng.sample(("bob", "carol", "alice"), rng.randint(1, 2))) if kind == acts.SUBMIT else ()
        if allowed(world, kind, by, doc, reviewers):
            world.act(kind, by, doc, reviewers=reviewers)


def join(world: World, rng: random.Random) -> None:
    """Bring a branch back by one of the ways in which people do."""
    way = rng.choice(["merge", "swapped", "squash", "rebase"])
    if way == "squash":
        world.git("merge", "-q", "--squash", "side")
        world.commit("Squashed", "jane")
    elif way == "rebase":
        world.git("switch", "-q", "side")
        world.git("rebase", "-q", "main")
        world.git("switch", "-q", "main")
        world.git("merge", "-q", "--ff-only", "side")
    elif way == "swapped":
        world.git("switch", "-q", "side")
        world.git("merge", "-q", "--no-ff", "-m", "Pull", "main", by="bob")
        world.git("branch", "-f", "main", "side")
        world.git("switch", "-q", "main")
    else:
        world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol")


def status_by_hand(world: World, rng: random.Random) -> None:
    doc = rng.choice([DOC, OTHER])
    now = world.standing(doc).state.status
    world.set_status(rng.choice([s for s in ("DRAFT", "IN_REVIEW", "PUBLISHED", "ARCHIVED") if s != now]), doc)


def record_removed(world: World, rng: random.Random) -> None:
    files = sorted((world.root / ".pmctl/records").rglob("*.json*"))
    rng.choice(files).unlink()


def record_changed(world: World, rng: random.Random) -> None:
    file = rng.choice(sorted((world.root / ".pmctl/records").rglob("*.json")))
    file.write_bytes(file.read_bytes().replace(b'"at":"2024', b'"at":"2023'))


def policy_changed(world: World, rng: random.Random) -> None:
    file = world.root / POLICY_PATH
    file.write_text(file.read_text().replace("admins: [alice]", f"admins: [alice, {rng.choice(['bob', 'jane'])}]"))


def forged_act(world: World, rng: random.Random) -> None:
    kind = rng.choice(list(KINDS))
    reviewers = ("bob",) if kind == acts.SUBMIT else ()
    world.act(kind, rng.choice(PEOPLE), rng.choice([DOC, OTHER]), key="mallory", commit=False, reviewers=reviewers)


def moved(world: World, rng: random.Random) -> None:
    shutil.move(world.root / world.file(), world.root / world.file("2024-03-03-moved"))


MUTATIONS: tuple[Callable[[World, random.Random], None], ...] = (
    status_by_hand, record_removed, record_changed, policy_changed, forged_act, moved,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_honest_lives_are_clean_and_one_forgery_is_not(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    world = World(tmp_path / "repo")
    world.init()
    for doc in (DOC, OTHER):
        world.write(world.file(doc), document(doc))
    world.commit("Two drafts", "jane")
    live(world, rng, 3)
    for _ in range(2):
        world.git("switch", "-qC", "side")
        live(world, rng, 5)
        world.git("switch", "-q", "main")
        world.write("unrelated.txt", str(rng.random()))
        world.commit("Meanwhile", "jane")
        join(world, rng)
        live(world, rng, 2)
    report = world.audit()
    assert [(f.code, f.message) for f in report.findings] == []
    assert report.complete
    mutation = rng.choice(MUTATIONS)
    try:
        mutation(world, rng)
    except PmctlError as problem:
        pytest.fail(str(problem))
    forged = world.commit("Tidy up", rng.choice(PEOPLE))
    assert forged in {commit for _, commit in world.found()}, mutation.__name__
