"""A clone that lacks history: what is said of it is never taken for the whole, and the exit code says so too."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.play import Play

At = Callable[[str], Play]
COMMANDS = (
    "log $ID", "log $ID --format json", "show $ID", "show $ID --section Summary", "show $ID --format json",
    "export $ID --to md",
    "export $ID --to json --evidence", "export $ID -o ../x.html --evidence", "actions show 7f3k",
    "actions show 7f3k --format json",
)  # fmt: skip


@pytest.fixture
def shallow(play: At) -> Play:
    """A published postmortem whose state only the history decides: somebody was asked after it was submitted."""
    stage = play("review")
    stage.do("jane", "pmctl submit $ID -r alice")
    stage.do("bob", "pmctl approve $ID")
    stage.do("alice", "pmctl approve $ID")
    stage.do("jane", "pmctl publish $ID")
    stage.do("jane", "git clone -q --depth 1 file://$PWD ../shallow")
    return stage


def test_an_answer_from_part_of_the_history_says_so(shallow: Play) -> None:
    for command in COMMANDS:
        whole = shallow.run("jane", f"pmctl {command}")
        assert (whole.returncode, "INCOMPLETE" in whole.stderr) == (0, False), command
        done = shallow.run("jane", f"pmctl {command}", cwd=shallow.root.parent / "shallow")
        assert done.returncode == 2 and "warning: INCOMPLETE: the history is not all there" in done.stderr, command
        assert "git fetch --unshallow" in done.stderr


def test_status_and_list_say_it_and_remember_nothing(shallow: Play) -> None:
    clone = shallow.root.parent / "shallow"
    assert "INCOMPLETE" in shallow.run("jane", "pmctl status $ID", cwd=clone).stdout
    shallow.run("jane", "pmctl list", cwd=clone)
    shallow.run("jane", "git fetch -q --unshallow", cwd=clone)
    assert "PUBLISHED" in shallow.run("jane", "pmctl list", cwd=clone).stdout
    assert "INCOMPLETE" not in shallow.run("jane", "pmctl status $ID", cwd=clone).stdout
    assert shallow.run("jane", "pmctl show $ID", cwd=clone).returncode == 0


def test_the_life_of_an_item_is_not_guessed(shallow: Play) -> None:
    clone = shallow.root.parent / "shallow"
    told = shallow.run("jane", "pmctl actions show 7f3k", cwd=clone).stdout
    assert told.startswith("INCOMPLETE"), "before anything else"
    assert not [word for word in ("created", "slipped", "history\n", "not committed", "wanted") if word in told]
    found = json.loads(shallow.run("jane", "pmctl actions show 7f3k --format json", cwd=clone).stdout)
    assert (found["created_by"], found["slips"], found["open_days"], found["missed"]) == ("", None, None, None)
    assert (found["steps"], found["owner"]) == ([], "jane")
