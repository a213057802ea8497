"""The demo plays to its end, and every scene ends as the story says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl.errors import Refused
from pmctl.workflow import demo
from tests.property.team import Team


def test_every_scene_ends_as_the_story_says(tmp_path: Path) -> None:
    stage = demo.Stage(tmp_path / "demo", os.environ)
    stage.set_up()
    said = []
    for scene in demo.STORY:
        if isinstance(scene, demo.Run):
            done = stage.run(scene, color=False)
            assert done.returncode == scene.code, f"{scene.words}: {done.stdout}"
            said.append(done.stdout)
        elif isinstance(scene, demo.Write):
            stage.write(scene)
    assert "AU401" in said[-1], "the forged edit is caught"
    assert "passed: 0 proved violations" in said[-2]
    assert not (tmp_path / "demo" / "home" / ".ssh").exists(), "nothing but the stage was touched"


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(Refused, match="is not empty"):
        demo.Stage(tmp_path, os.environ).set_up()


def test_nothing_of_the_caller_takes_part(crew: Team) -> None:
    caller = dict.fromkeys(("GIT_DIR", "PMCTL_TRUST_ROOT", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "CI"), "/elsewhere")
    environment = demo.Stage(crew.top, caller).environment
    assert "/elsewhere" not in environment.values()
    assert environment["HOME"] == str(crew.top / "home")
