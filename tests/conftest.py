"""Ready-made stages for every test that plays the command line, made once per session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.play import Play, Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The stages, each played when it is first asked for."""
    return Settings(tmp_path_factory.mktemp("settings"))


@pytest.fixture
def play(settings: Settings, tmp_path: Path) -> Callable[[str], Play]:
    """A function that gives a fresh stage at a setting: team, draft, review, approved or published."""
    return lambda name: settings.at(name, tmp_path / name)
