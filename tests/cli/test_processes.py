"""How many processes a command starts: each costs milliseconds that a person waits for. Counted, never timed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.cli.play import Play

MOST = {
    # Where it is, objects, settings, the signature, what is not committed, add, commit, what landed. With a remote one
    # more, for whether it has to be pushed; `publish` also asks what the commits since did to records (two).
    "approve $ID": 8,
    "publish $ID": 10,
    "status $ID": 4,  # as above, the name and address of whoever asks, and the dates that history has for the targets
    "list": 1,  # says whether records or files changed since the states were last worked out
}


@pytest.mark.parametrize(("words", "most"), MOST.items())
def test_a_command_starts_few_processes(words: str, most: int, play: Callable[[str], Play]) -> None:
    review = play("review")
    review.do("bob", "pmctl list")  # from then on it is known where everything stands
    if words.startswith("publish"):
        review.do("bob", "pmctl approve $ID")
    log = review.stage.folder / "started"
    bin_folder = review.stage.folder / "counted"
    bin_folder.mkdir()
    for program in ("git", "ssh-keygen"):
        shim = bin_folder / program
        shim.write_text(f'#!/bin/sh\necho "{program} $*" >> "{log}"\nexec "{shutil.which(program)}" "$@"\n')
        shim.chmod(0o755)
    person = "jane" if words.startswith("publish") else "bob"
    done = review.run(person, f"pmctl {words}", env={"PATH": f"{bin_folder}:{review.environment['PATH']}"})
    assert done.returncode == 0, done.stderr
    started = [
        line for line in log.read_text().splitlines() if "git_signing_buffer" not in line
    ]  # that one is git's own
    assert len(started) <= most, "\n".join(started)
