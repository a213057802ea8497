"""`pmctl doctor` never raises, and every BAD has its fix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import advise
from pmctl.insight.doctor import Check, diagnose
from pmctl.repository import journal
from pmctl.surroundings import Surroundings
from pmctl.workflow import merge_driver
from pmctl.workflow.repair import repair
from tests import world
from tests.merging import shim
from tests.team import Team


def marks(directory: Path) -> dict[str, Check]:
    found = diagnose(directory, Surroundings(os.environ, Path.home()))
    assert all(check.fix for check in found if check.failed), "every BAD has its fix"
    return {check.subject: check for check in found}


def test_a_healthy_repository(crew: Team) -> None:
    crew.actor("jane")
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(world.actor("jane").key))):
        git.run(crew.top, "config", name, value, reading=False)
    found = marks(crew.top)
    assert not [check for check in found.values() if check.failed]
    assert found["identity"].message == "you are jane <jane@example.com>"


def test_what_is_wrong_is_said_all_at_once(crew: Team) -> None:
    (crew.top / "pmctl.yaml").write_text("templat: x\n")
    (crew.top / ".pmctl/policy.yaml").write_text("x")
    crew.commit_all("Break it")
    crew.repo.state_dir.mkdir(exist_ok=True)
    (crew.repo.state_dir / "journal.json").write_text("{}")
    found = marks(crew.top)
    assert {name for name, check in found.items() if check.failed} >= {"settings", "policy", "identity", "acts"}


def acting(crew: Team) -> None:
    """jane, with her key, as git is set."""
    crew.actor("jane")
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(world.actor("jane").key))):
        git.run(crew.top, "config", name, value, reading=False)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("template: defualt\n", "there is no template defualt"),
        ("triggers: {longer_thn: 1h}\n", "longer_thn"),
        ("rules: {ignore: [PM99999]}\n", "PM99999"),
        ("protected_branch: main\n", "protected_branch"),
    ],
)
def test_settings_that_say_what_is_not_there(crew: Team, settings: str, words: str) -> None:
    acting(crew)
    (crew.top / "pmctl.yaml").write_text(settings)
    found = marks(crew.top)
    assert [name for name, check in found.items() if check.failed] == ["settings"]
    assert words in found["settings"].message


def test_a_policy_that_was_broken_in_the_work_tree(crew: Team) -> None:
    acting(crew)
    file = crew.top / ".pmctl/policy.yaml"
    file.write_text(file.read_text().replace("admins: [alice]", "admins: [alcie]"))
    found = marks(crew.top)
    assert [name for name, check in found.items() if check.failed] == ["policy"]
    assert "alcie is not among the people" in found["policy"].message
    file.unlink()
    assert marks(crew.top)["policy"].failed


def test_git_does_not_know_who_acts(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    acting(crew)
    for name in ("user.name", "user.email"):
        git.run(crew.top, "config", "--unset", name, reading=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    found = marks(crew.top)
    assert [name for name, check in found.items() if check.failed] == ["identity"]
    assert "git does not know who you are" in found["identity"].message


def test_a_protected_branch_that_is_not_there(crew: Team) -> None:
    acting(crew)
    git.run(crew.top, "branch", "-m", "mian", reading=False)
    found = marks(crew.top)
    assert [name for name, check in found.items() if check.failed] == ["branch"]
    assert "did you mean mian?" in found["branch"].message


def test_no_repository_and_no_git(tmp_path: Path, crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert marks(empty)["repository"].failed
    git.git_program.cache_clear()
    monkeypatch.setenv("PATH", str(empty))
    try:
        assert marks(crew.top)["git"].failed
    finally:
        git.git_program.cache_clear()


def test_repair_drops_caches_and_damaged_journals(crew: Team) -> None:
    from pmctl.insight.catalog import catalog

    catalog(crew.workspace)
    (crew.repo.state_dir / "journal.json").write_bytes(b"\xff nonsense")
    said = repair(crew.repo)
    assert "set aside" in said[0] and any("catalog" in line for line in said)
    assert repair(crew.repo) == []
    assert catalog(crew.workspace)


def test_repair_undoes_an_interrupted_act(crew: Team) -> None:
    file = crew.top / "pmctl.yaml"
    before = file.read_bytes()
    file.write_bytes(b"half\n")
    touched = journal.Touched("pmctl.yaml", before, b"half\n")
    journal.write(crew.repo, journal.Journal(crew.head, "refs/heads/main", "An act\n", (touched,)))
    assert any("undone" in line for line in repair(crew.repo))
    assert (file.read_bytes(), crew.snapshot()[1]) == (before, "")


def test_a_clone_without_the_merge_driver(crew: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver is local configuration, which no clone brings along: doctor says what to type."""
    found = marks(crew.top)["merges"]
    assert found.mark == "note" and "no merge driver" in found.message and found.fix == advise("install-hooks")
    merge_driver.install(crew.repo)
    monkeypatch.setenv("PATH", f"{shim(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}")
    assert marks(crew.top)["merges"].mark == "ok"
    (crew.top / ".git" / "info" / "attributes").unlink()
    assert "no attribute" in marks(crew.top)["merges"].message
