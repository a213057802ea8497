"""The cache saves time and nothing else: whatever is in the file, the verdict is that of a cold audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.git import Repository
from pmctl.ledger import cache
from pmctl.ledger.audit import audit
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.snapshot import Snapshots
from pmctl.policy import act as acts
from tests.world import World


def cache_file(world: World) -> Path:
    return next((world.path / ".git" / "pmctl").glob("audit-*.json"))


def load(world: World) -> cache.Known | None:
    """What is remembered for the tip of now."""
    source = Snapshots(world.repo)
    with source.reader, Keyrings() as keyrings:
        return cache.load(world.repo, keyrings, source.at(world.head))


def cold(world: World) -> Repository:
    """The repository for somebody of whom nothing is remembered."""
    return world.repo._replace(user_folder=None)


def same(world: World) -> None:
    """A warm audit says what a cold one says."""
    warm, fresh = audit(world.repo), audit(cold(world))
    assert warm == fresh


def test_a_warm_audit_says_the_same(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    world.waive("AU401", forged)
    same(world)
    assert load(world) is not None
    same(world)
    world.new("2024-02-01-other")
    world.act(acts.SUBMIT, "jane", "2024-02-01-other", reviewers=("bob",))
    same(world)
    world.git("switch", "-qc", "side", "HEAD~3")
    world.edit("fine", "not fine")
    same(world)


def test_a_range_after_a_cold_or_a_warm_start(world: World) -> None:
    base = world.published()
    forged = world.edit("too small", "fine")
    fresh = audit(world.repo, base=base)
    assert [f.commit for f in fresh.findings] == [forged]
    assert audit(world.repo, base=base) == fresh
    assert audit(cold(world), base=base) == fresh


@pytest.mark.parametrize("damage", ["forged", "truncated", "empty", "other secret", "binary"])
def test_a_cache_that_somebody_else_wrote_is_ignored(world: World, damage: str) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    audit(world.repo)
    file = cache_file(world)
    mark, _, body = file.read_bytes().partition(b"\n")
    if damage == "forged":
        value = json.loads(body)
        assert value["state"]["findings"]
        value["state"]["findings"] = []
        file.write_bytes(mark + b"\n" + json.dumps(value).encode())
    elif damage == "truncated":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "other secret":
        (world.user_folder / "cache.key").write_bytes(b"x" * 32)
    else:
        file.write_bytes(b"" if damage == "empty" else b"\x00\xff" * 1000)
    assert load(world) is None
    assert [(f.code, f.commit) for f in audit(world.repo).findings] == [("AU401", forged)]


def test_a_cache_of_another_history_is_not_used(world: World) -> None:
    world.published()
    audit(world.repo)
    world.git("reset", "-q", "--hard", "HEAD~2")
    forged = world.edit("status: IN_REVIEW", "status: PUBLISHED")
    assert [(f.code, f.commit) for f in audit(world.repo).findings] == [("AU301", forged)]


def test_no_place_for_the_secret(world: World) -> None:
    world.user_folder.write_text("")
    world.published()
    assert audit(world.repo).passed
