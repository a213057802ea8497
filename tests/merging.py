"""A repository in which git merges with the driver, and branches of two people in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pmctl import git
from pmctl.workflow import merge_driver
from tests.document.test_merge import BASE
from tests.team import isolated_environment

FILE = "postmortems/2024/2024-01-15-payment-api.md"
BOB = {"GIT_AUTHOR_NAME": "Bob Ray", "GIT_AUTHOR_EMAIL": "bob@example.com"}


def shim(folder: Path, command: str = "") -> Path:
    """A folder for PATH with the pmctl of these tests in it, or another command by that name."""
    folder.mkdir(exist_ok=True)
    (folder / "pmctl").write_text(f'#!/bin/sh\n{command or f"exec {sys.executable} -m pmctl"} "$@"\n')
    (folder / "pmctl").chmod(0o755)
    return folder


@dataclass
class Branches:
    """One repository; `main` is Jane's, `branch` is Bob's, and both begin at the same postmortem."""

    top: Path
    environment: dict[str, str]

    @classmethod
    def made(cls, folder: Path, *, driver: bool = True, command: str = "", base: bytes = BASE.encode()) -> Branches:
        folder.mkdir(parents=True, exist_ok=True)
        environment = isolated_environment(folder)
        environment["PATH"] = f"{shim(folder / 'bin', command)}{os.pathsep}{environment['PATH']}"
        made = cls(folder / "repo", environment)
        made.top.mkdir()
        made.git("init", "-q", "-b", "main")
        made.git("config", "user.name", "Jane Doe")
        made.git("config", "user.email", "jane@example.com")
        if driver:
            merge_driver.install(made.repo)
        made.commit(base, "Begin")
        made.git("branch", "branch")
        return made

    @property
    def repo(self) -> git.Repository:
        return git.Repository(self.top, "", self.top / ".git", self.top / ".git")

    @property
    def file(self) -> Path:
        return self.top / FILE

    @property
    def text(self) -> str:
        return self.file.read_bytes().decode()

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=self.top, env=self.environment | dict(env or {}), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def git(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        done = self.run(*words, env=env)
        assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")

    def pmctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pmctl", *words], cwd=self.top, env=self.environment, capture_output=True, text=True, check=False
        )

    def commit(
        self, data: bytes | str | None, message: str, *, path: str = FILE, env: Mapping[str, str] | None = None
    ) -> None:
        """Commit one file as it shall be; None removes it."""
        place = self.top / path
        if data is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data.encode() if isinstance(data, str) else data)
        self.git("add", "-A")
        self.git("commit", "-q", "--no-gpg-sign", "-m", message, env=env)

    def both(self, ours: bytes | str | None, theirs: bytes | str | None) -> None:
        """Ours on main, by Jane; theirs on branch, by Bob. main is checked out."""
        self.git("switch", "-q", "branch")
        self.commit(theirs, "Bob's", env=BOB)
        self.git("switch", "-q", "main")
        self.commit(ours, "Jane's")
