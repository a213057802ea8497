"""Fixtures of the ledger's tests: real keys, made once, and a fresh repository for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from .world import Actor, World, make_actor

HANDLES = ("jane", "alice", "bob", "carol", "dave", "mallory", "spare")


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Actor]:
    folder = tmp_path_factory.mktemp("keys")
    return {handle: make_actor(folder, handle) for handle in HANDLES}


@pytest.fixture
def world(tmp_path: Path, people: dict[str, Actor]) -> World:
    """A repository with a policy: jane, alice (admin), bob and carol."""
    made = World(tmp_path / "repo", people)
    made.init()
    return made
