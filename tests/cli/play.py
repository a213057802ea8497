"""A stage for tests of the command line: a team's repository, three people with keys, and what they type.

`Play` is one stage. Making a team, a draft and a published postmortem takes a dozen commands, so `Settings`
plays them once and hands out copies: nothing, team, draft, review, approved, published.
"""

from __future__ import annotations

import atexit
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pmctl.document.reader import read
from pmctl.workflow.demo import FILE, ID, NOW, PEOPLE, Stage, become, story_edit

EXAMPLES = Path(__file__).parents[2] / "examples"
BYTECODE = Path(__file__).parents[2] / ".pytest_cache" / "bytecode"
SERVER = Path(__file__).with_name("server.py")
SETTINGS = ("nothing", "team", "draft", "review", "approved", "published")

_VARIES = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"sha256:[0-9a-f]{12}\.\.\."), "<digest>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<repository>"),
    (re.compile(r"-[0-9a-f]{8}\.json\b"), "-<mark>.json"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]{43}"), "<key>"),
    (re.compile(r"ssh-ed25519 AAAA[A-Za-z0-9+/=]+"), "<public key>"),
    (re.compile(r"(?<=<public key> )[A-Za-z0-9+/=]{200,}"), "<proof>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b"), "<commit>"),
    (re.compile(r"\b(?:[0-9]{12})\b"), "<commit>"),
    (re.compile(r"\b[0-9a-f]{7}\b\.\.[0-9a-f]{7}\b"), "<blob>..<blob>"),
    (re.compile(r"AI-(?!7f3k|q2m8)[0-9a-z]{4}\b"), "AI-xxxx"),
    (re.compile(r"(?<=Z-)(alice|bob|jane)-[0-9a-z]{6}\b"), r"\1-xxxxxx"),
    (re.compile(r"^[0-9a-hj-km-np-tv-z]{6}(?=  \S)", re.MULTILINE), "xxxxxx"),
    (
        re.compile(r'(commented in |comment resolve |^resolved |^reopened |"short": ")[0-9a-z]{6}\b', re.MULTILINE),
        r"\1xxxxxx",
    ),
    (re.compile(r"(ok +(?:python|git|openssh)): .*"), r"\1: <version>"),
)


class Play:
    """One stage: the team's folder, and the people."""

    def __init__(self, folder: Path, *, ready: bool = False) -> None:
        self.stage = Stage(folder, os.environ)
        if not ready:
            self.stage.set_up()
        self.environment = self.stage.environment | {
            "PATH": f"{_shims(folder)}{os.pathsep}{os.environ['PATH']}",
            "EXAMPLES": str(EXAMPLES),
            "KEYS": str(folder / "home" / "keys"),
            "ID": ID,
            "FILE": FILE,
            "PMCTL_NOW": NOW,
            "NO_COLOR": "1",
            "COLUMNS": "100",
            # Every command is a new process: what they import is compiled once.
            "PYTHONPYCACHEPREFIX": str(BYTECODE),
        }
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
            self.environment.pop(name, None)

    @property
    def root(self) -> Path:
        """The team's repository."""
        return self.stage.repository

    @property
    def file(self) -> Path:
        """The postmortem of the settings."""
        return self.root / FILE

    def run(
        self, person: str, line: str, *, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Let `person` type a line of shell; the streams come back apart."""
        become(self.stage, person)
        return subprocess.run(
            ["bash", "-c", line], cwd=cwd or self.root, env=self.environment | dict(env or {}), text=True,
            check=False, input=stdin, capture_output=True, timeout=60,
        )  # fmt: skip

    def do(self, person: str, line: str) -> str:
        """Let `person` type a line that has to work; standard output comes back."""
        done = self.run(person, line)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def type(self, person: str, line: str) -> str:
        """What comes back on the screen, with what differs from run to run replaced."""
        become(self.stage, person)
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.root, env=self.environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        )  # fmt: skip
        text = done.stdout.replace(str(self.stage.folder), "<folder>").replace(str(EXAMPLES), "<examples>")
        for pattern, name in _VARIES:
            text = pattern.sub(name, text)
        lines = [row.rstrip() for row in text.rstrip("\n").splitlines()]
        return "\n".join(lines + ([f"[exit {done.returncode}]"] if done.returncode else []))

    def git(self, *words: str) -> str:
        """git as the person who acted last; standard output comes back."""
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=self.environment, text=True, check=False, capture_output=True
        )
        assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
        return done.stdout.rstrip("\n")

    def snapshot(self) -> tuple[str, str, dict[str, bytes]]:
        """HEAD, the status, and every file of the work tree: what a refused act must not change."""
        files = {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and ".git" not in path.parts
        }
        return self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"), files


class Settings:
    """Ready-made stages; each is played once, on top of the one before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def at(self, name: str, folder: Path) -> Play:
        """A fresh stage in `folder` at the setting `name`."""
        if name == "nothing":
            return Play(folder)
        shutil.copytree(self._made(name), folder, symlinks=True)
        shutil.rmtree(folder / "bin")
        return Play(folder, ready=True)

    def _made(self, name: str) -> Path:
        target = self.folder / name
        if target.exists():
            return target
        play = self.at(SETTINGS[SETTINGS.index(name) - 1], target)
        for person, line in _STEPS[name]:
            play.do(person, line)
        if name == "draft":
            play.file.write_bytes(story_edit(read(play.file.read_bytes(), FILE)).data)
            play.do("jane", "git commit -qam 'Write it up'")
        return target


_STEPS = {
    "team": (
        ("alice", "git init -q && pmctl -q init"),
        ("alice", 'pmctl -q people add jane --name "Jane Doe" --email jane@example.com --key $KEYS/jane.pub'),
        ("alice", 'pmctl -q people add bob --name "Bob Ray" --email bob@example.com --key $KEYS/bob.pub'),
    ),
    "draft": (("jane", "pmctl new --from ../incident.json"),),
    "review": (("jane", "pmctl submit $ID --reviewer bob"),),
    "approved": (("bob", "pmctl approve $ID"),),
    "published": (("jane", "pmctl publish $ID"),),
}


def _shims(folder: Path) -> Path:
    """A folder whose `pmctl` is the one under test, without its start-up (see tests/cli/server.py)."""
    place = folder / "bin"
    place.mkdir()
    shim = place / "pmctl"
    command = shlex.join([sys.executable, "-I", "-S", str(SERVER), "call", _server()])
    shim.write_text(f'#!/bin/sh\nexec {command} --no-input "$@"\n')
    shim.chmod(0o755)
    return place


@cache
def _server() -> str:
    """The address of this process's server, started when it is first asked for."""
    folder = Path(tempfile.mkdtemp(prefix="pmctl-server-"))
    address = folder / "socket"
    environment = os.environ | {"PYTHONPATH": str(SERVER.parents[2]), "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(address)], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.kill)
    deadline = time.monotonic() + 60
    while not address.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the server does not start"
        time.sleep(0.02)
    return str(address)


__all__ = ["EXAMPLES", "FILE", "ID", "PEOPLE", "SETTINGS", "Play", "Settings"]
