"""A repository with settings, people and a template, and an editor that has it open."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editor.editor import Editor

SETTINGS = """\
version: 1
severities: [SEV1, SEV2]
rules:
  ignore: [PM8]
"""
POLICY = """\
version: 1
repository: "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
branch: main
people:
  jane:
    name: Jane Doe
    emails: [jane@example.com]
    keys: []
  bob:
    name: Bob *Stone*
    emails: [bob@example.com]
    keys: []
  alice:
    name: Alice Field
    emails: [alice@example.com]
    keys:
      - {key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBR1qYJoy1zQjJ8OqGfdTk1a3y2RO6T6qNwK7sQy5vjX", status: active}
teams:
  payments: {members: [jane, bob]}
admins: [alice]
"""
TEMPLATE = """\
---
name: cellar
description: For incidents in the cellar.
---

## Summary

## Barrels

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
"""


def git(folder: Path, *words: str) -> None:
    names = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def make_repository(folder: Path) -> Path:
    """A committed repository, ready for pmctl."""
    root = folder / "repo"
    (root / ".pmctl/templates").mkdir(parents=True)
    (root / "postmortems/2024").mkdir(parents=True)
    (root / "pmctl.yaml").write_text(SETTINGS)
    (root / ".pmctl/policy.yaml").write_text(POLICY)
    (root / ".pmctl/templates/cellar.md").write_text(TEMPLATE)
    git(folder, "init", "-q", "-b", "main", "repo")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Begin")
    return root


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of the test's own."""
    return make_repository(tmp_path)


@pytest.fixture
def editor_for() -> Iterator[Callable[..., Editor]]:
    """Start an editor in a folder; every one is closed at the end."""
    pytest.importorskip("pygls", reason="the language server needs the extra lsp")
    started: list[Editor] = []

    def start(folder: Path, capabilities: dict[str, Any] | None = None) -> Editor:
        started.append(Editor(folder, capabilities))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def editor(repository: Path, editor_for: Callable[..., Editor]) -> Editor:
    """An editor of few abilities (UTF-16, no extras) in the repository."""
    return editor_for(repository)


@pytest.fixture(scope="module")
def long_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """One editor for many tests, each of which leaves it working."""
    pytest.importorskip("pygls", reason="the language server needs the extra lsp")
    one = Editor(make_repository(tmp_path_factory.mktemp("session")))
    yield one
    one.kill()
