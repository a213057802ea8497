"""Many files at once: whatever goes wrong with one of them is its own trouble."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl import git
from pmctl.adopt import plan as planning
from pmctl.adopt.candidates import looks_like_a_postmortem
from pmctl.adopt.plan import AdoptOptions, plan
from pmctl.adopt.source import read_source
from pmctl.repository.workspace import Workspace
from pmctl.workflow.demo import Stage, become


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    stage = Stage(tmp_path / "play", os.environ)
    stage.set_up()
    become(stage, "alice")
    subprocess.run(
        [sys.executable, "-m", "pmctl", "--no-input", "init"], cwd=stage.repository, env=stage.environment, check=True,
        capture_output=True,
    )  # fmt: skip
    for day in (1, 2, 3):
        file = stage.repository / "docs" / f"2024-01-0{day}-outage.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# Outage {day}\n\n## Summary\n\nIt broke.\n\n## Impact\n\nSome.\n")
    return Workspace(git.discover(stage.repository))


@pytest.mark.parametrize("step", ["recognise", "convert"])
def test_an_unexpected_error_is_a_problem_of_one_document(
    workspace: Workspace, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(planning, step)

    def broken(document: object, *rest: object, **options: object) -> object:
        if "2024-01-02" in str(document):
            raise IndexError("list index out of range")
        return real(document, *rest, **options)

    monkeypatch.setattr(planning, step, broken)
    planned = plan(workspace, ["docs"], workspace.repo.root, AdoptOptions(), "alice")
    assert [result.state for result in planned.results] == ["adopt", "problem", "adopt"]
    assert "IndexError: list index out of range" in planned.results[1].reason
    assert not any("2024-01-02" in write.path for write in planned.writes)


def test_a_file_whose_name_and_text_say_postmortem_is_one() -> None:
    text = "# Keeping mail awesome\n\nThis is a full post-mortem.\n\n## How it went\n\nx\n"
    for path, expected in (("2013-outage-postmortem.md", True), ("docs/mail.md", False)):
        source = read_source(text.encode(), path)
        assert looks_like_a_postmortem(source, "Keeping mail awesome") is expected
    source = read_source(b"# Outage runbook\n\nx\n", "outage-runbook.md")
    assert not looks_like_a_postmortem(source, "Outage runbook")
