"""Ready-made stages and teams for every test that needs a whole repository, made once per session."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.errors import Advice
from tests.cli.play import Play, Settings
from tests.skips import unlisted
from tests.team import Team, isolated_environment
from tests.world import World

_SKIPPED: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note why a test was skipped."""
    _note_skip(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note why a whole module was skipped."""
    _note_skip(report)


def _note_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _SKIPPED.append(report.longrepr[2].removeprefix("Skipped: "))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which something was skipped for a reason that nobody listed."""
    if os.environ.get("PMCTL_SKIPS") == "listed" and unlisted(_SKIPPED) and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which reasons are not in tests/skips.py."""
    if os.environ.get("PMCTL_SKIPS") == "listed":
        for reason in unlisted(_SKIPPED):
            terminalreporter.write_line(f"skipped for a reason that tests/skips.py does not list: {reason}", red=True)


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
