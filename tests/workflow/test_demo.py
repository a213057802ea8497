"""The stage of the demo: an empty folder, and nothing of the caller on it. `tests/cli/test_whole_life.py` plays it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl.errors import Refused
from pmctl.workflow import demo
from tests.team import Team


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(Refused, match="is not empty"):
        demo.Stage(tmp_path, os.environ).set_up()


def test_nothing_of_the_caller_takes_part(crew: Team) -> None:
    caller = dict.fromkeys(("GIT_DIR", "PMCTL_TRUST_ROOT", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "CI"), "/elsewhere")
    environment = demo.Stage(crew.top, caller).environment
    assert "/elsewhere" not in environment.values()
    assert environment["HOME"] == str(crew.top / "home")
