"""Ready-made stages and teams for every test that needs a whole repository, made once per session."""

from __future__ import annotations

import os
import socketserver
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.errors import Advice
from tests.cli.play import Play, Settings
from tests.skips import (
    pytest_collectreport,
    pytest_runtest_logreport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from tests.team import Team, isolated_environment
from tests.world import World

__all__ = ["pytest_collectreport", "pytest_runtest_logreport", "pytest_sessionfinish", "pytest_terminal_summary"]


def _listen_patiently(server: socketserver.TCPServer) -> None:
    """A client that goes between `select` and `accept` must not keep a server of a test waiting for the next one."""
    server.socket.listen(server.request_queue_size)
    server.socket.settimeout(1.0)


socketserver.TCPServer.server_activate = _listen_patiently  # type: ignore[method-assign]  # for every server of the tests


@pytest.hookimpl(optionalhook=True)  # the suite also runs without the plug-in
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: a worker waits for git and the disk a third of its time."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pmctl remembers per user stays inside the test, and no CI is around."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state", numbered=True)))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("PMCTL_TRUST_ROOT", raising=False)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A repository with a policy: jane, alice (admin), bob and carol."""
    made = World(tmp_path / "repo")
    made.init()
    return made


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The stages, each played when it is first asked for."""
    return Settings(tmp_path_factory.mktemp("settings"))


@pytest.fixture
def play(settings: Settings, tmp_path: Path) -> Callable[[str], Play]:
    """A function that gives a fresh stage at a setting: team, draft, review, approved or published."""
    return lambda name: settings.at(name, tmp_path / name)


@pytest.fixture
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A repository with the policy of alice (admin), jane, bob and carol, and one complete draft of jane's.

    For calls of the workflow without a process for each; nothing of the caller's environment takes part.
    """
    environment = isolated_environment(tmp_path)
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Team.copy(tmp_path / "team")


@pytest.fixture(autouse=True)
def advice_is_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An advice in an f-string is a defect: only `output.advice` knows its words."""

    def refuse(advice: Advice, spec: str) -> str:
        raise AssertionError(f"{advice.name} was printed without its words")

    monkeypatch.setattr(Advice, "__format__", refuse)
