"""The command line as transcripts: what is typed and what comes back, tests and documentation at once.

Each file in `transcripts/` is played in a fresh folder by three people with keys of their own. A line
`NAME$ command` is typed by NAME; `[exit N]` closes a command that does not end with 0. Object ids, digests,
fingerprints and paths differ from run to run and are written as <commit>, <digest>, <key> and <folder>.
A line `<!-- setting: draft -->` starts a fresh stage there (see `play.Settings`): team, draft, review, approved,
published. In all of them $ID is the postmortem's id and $FILE its file.

PMCTL_UPDATE_TRANSCRIPTS=1 writes what came back into the files; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.play import PEOPLE, SETTINGS, Play, Settings

FOLDER = Path(__file__).parent / "transcripts"
COMMAND = re.compile(rf"^({'|'.join(PEOPLE)})\$ (.*)$")
FENCE = re.compile(r"^(`{3,})console$")
SETTING = re.compile(r"^<!-- setting: (\w+) -->$")


def replayed(text: str, settings: Settings, folder: Path) -> str:
    """The transcript with what comes back now in place of what it shows."""
    out: list[str] = []
    play: Play | None = None
    fence = ""
    skipping = False
    for line in text.splitlines():
        setting = SETTING.match(line)
        if (opening := FENCE.match(line)) and not fence:
            fence = opening[1]
            out.append(line)
        elif line == fence:  # what a command prints may hold shorter fences
            fence, skipping = "", False
            out.append(line)
        elif setting:
            folder = folder.with_name(folder.name + "-")
            play = settings.at(setting[1], folder)
            out.append(line)
        elif fence and (match := COMMAND.match(line)):
            play = play or settings.at("nothing", folder)
            out.append(line)
            out.extend(play.type(match[1], match[2]).splitlines())
            skipping = True
        elif not skipping:
            out.append(line)
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_transcript(name: str, settings: Settings, tmp_path: Path) -> None:
    path = FOLDER / f"{name}.md"
    expected = path.read_text(encoding="utf-8")
    actual = replayed(expected, settings, tmp_path / "play")
    if os.environ.get("PMCTL_UPDATE_TRANSCRIPTS"):
        path.write_text(actual, encoding="utf-8")
        return
    assert actual == expected


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_transcript_is_documentation(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# "), "a transcript begins with its heading"
    assert lines[2] and not lines[2].startswith("```"), "and a sentence that says what is shown"
    named = [match[1] for line in lines if (match := SETTING.match(line))]
    assert set(named) <= set(SETTINGS)
    assert sum(1 for line in lines if COMMAND.match(line)) >= 5
