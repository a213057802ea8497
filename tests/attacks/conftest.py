"""Worlds to attack. Each is made once for the session and copied for every test, which is quick."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.ledger.world import Actor, World, make_actor

HANDLES = ("jane", "alice", "bob", "carol", "dave", "mallory", "spare")

Copy = Callable[[str], World]


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Actor]:
    """Everybody with a key; dave, mallory and spare are in no policy."""
    folder = tmp_path_factory.mktemp("keys")
    return {handle: make_actor(folder, handle) for handle in HANDLES}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What pmctl remembers per user stays inside the test, and no CI is around."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("PMCTL_TRUST_ROOT", raising=False)
    yield


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory, people: dict[str, Actor]) -> dict[str, World]:
    """The usual stages of one postmortem, each in a repository of its own."""
    folder = tmp_path_factory.mktemp("stages")
    made: dict[str, World] = {}

    def keep(name: str, world: World) -> World:
        made[name] = world
        return _copied(world, folder / f"next-{name}")

    world = World(folder / "first", people)
    world.init()
    world = keep("empty", world)
    world.new()
    world = keep("drafted", world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world = keep("submitted", world)
    world.act(acts.APPROVE, "bob")
    world = keep("approved", world)
    world.act(acts.PUBLISH, "jane")
    keep("published", world)
    return made


def _copied(world: World, path: Path) -> World:
    shutil.copytree(world.path, path, symlinks=True)
    return replace(world, path=path)


@pytest.fixture
def stage(stages: dict[str, World], tmp_path: Path) -> Copy:
    """A fresh copy of a stage by name: empty, drafted, submitted, approved, published."""
    return lambda name: _copied(stages[name], tmp_path / name)
