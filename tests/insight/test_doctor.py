"""`pmctl doctor` never raises, and every BAD has its fix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl import git
from pmctl.insight.doctor import Check, diagnose
from pmctl.repository import journal
from pmctl.surroundings import Surroundings
from pmctl.workflow.repair import repair
from tests import world
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
