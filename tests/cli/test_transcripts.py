"""The command line as transcripts: what is typed and what comes back, tests and documentation at once.

Each file in `transcripts/` is played in a fresh folder by three people with keys of their own. A line
`NAME$ command` is typed by NAME; `[exit N]` closes a command that does not end with 0. Object ids, digests,
fingerprints and paths differ from run to run and are written as <commit>, <digest>, <key> and <folder>.

PMCTL_UPDATE_TRANSCRIPTS=1 writes what came back into the files; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl.workflow.demo import NOW, PEOPLE, Stage, become

FOLDER = Path(__file__).parent / "transcripts"
EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = re.compile(r"^(alice|jane|bob)\$ (.*)$")
_VARIES = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"sha256:[0-9a-f]{12}\.\.\."), "<digest>"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]{43}"), "<key>"),
    (re.compile(r"ssh-ed25519 AAAA[A-Za-z0-9+/=]+"), "<public key>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b"), "<commit>"),
    (re.compile(r"\b(?:[0-9]{12})\b"), "<commit>"),
    (re.compile(r"AI-[0-9a-z]{4}\b"), "AI-xxxx"),
    (re.compile(r"(ok +(?:python|git|openssh)): .*"), r"\1: <version>"),
)


class Play:
    """One transcript's stage: the team's folder, and the people."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder)
        self.stage.set_up()
        self.environment = self.stage.environment | {
            "PATH": f"{_shims(folder)}{os.pathsep}{os.environ['PATH']}",
            "EXAMPLES": str(EXAMPLES),
            "KEYS": str(folder / "home" / "keys"),
            "PMCTL_NOW": NOW,
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }

    def type(self, person: str, line: str) -> str:
        """What comes back, with what differs from run to run replaced."""
        become(self.stage, person)
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.stage.repository, env=self.environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        )  # fmt: skip
        text = done.stdout.replace(str(self.stage.folder), "<folder>").replace(str(EXAMPLES), "<examples>")
        for pattern, name in _VARIES:
            text = pattern.sub(name, text)
        lines = [row.rstrip() for row in text.rstrip("\n").splitlines()]
        return "\n".join(lines + ([f"[exit {done.returncode}]"] if done.returncode else []))


def _shims(folder: Path) -> Path:
    """A folder whose `pmctl` is the one under test."""
    place = folder / "bin"
    place.mkdir()
    shim = place / "pmctl"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pmctl --no-input "$@"\n')
    shim.chmod(0o755)
    return place


def replayed(text: str, play: Play) -> str:
    """The transcript with what comes back now in place of what it shows."""
    out: list[str] = []
    inside = skipping = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside, skipping = not inside and line == "```console", False
            out.append(line)
            continue
        match = COMMAND.match(line) if inside else None
        if match:
            out.append(line)
            answer = play.type(match[1], match[2])
            out.extend(answer.splitlines())
            skipping = True
        elif not (inside and skipping):
            out.append(line)
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_transcript(name: str, tmp_path: Path) -> None:
    path = FOLDER / f"{name}.md"
    expected = path.read_text(encoding="utf-8")
    actual = replayed(expected, Play(tmp_path / "play"))
    if os.environ.get("PMCTL_UPDATE_TRANSCRIPTS"):
        path.write_text(actual, encoding="utf-8")
        return
    assert actual == expected


def test_every_person_of_a_transcript_has_a_key() -> None:
    assert set(PEOPLE) == {"alice", "jane", "bob"}
