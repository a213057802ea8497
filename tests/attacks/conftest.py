"""Worlds to attack. Each is made once for the session and copied for every test, which is quick."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.world import World

Copy = Callable[[str], World]


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """The usual stages of one postmortem, each in a repository of its own."""
    folder = tmp_path_factory.mktemp("stages")
    made: dict[str, World] = {}

    def keep(name: str, world: World) -> World:
        made[name] = world
        return _copied(world, folder / f"next-{name}")

    world = World(folder / "first")
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
