"""A person's own settings: aliases, and where every setting comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.cli.personal import read, written_out
from pmctl.errors import EnvironmentProblem, UsageProblem
from tests.cli.play import Play


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a person's settings, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "pmctl" / "config.yaml"
    file.parent.mkdir()
    return file


def test_an_alias_stands_for_its_words(own: Path) -> None:
    own.write_text('aliases: {late: "actions list --overdue --json", q: nothing-like-it}\n')
    commands = ["actions", "list"]
    assert written_out(["late", "--team", "a"], commands) == ["actions", "list", "--overdue", "--json=", "--team", "a"]
    with pytest.raises(UsageProblem, match="alias q stands for 'nothing-like-it'"):
        written_out(["q"], commands)
    with pytest.raises(UsageProblem, match="no command 'lat'") as wrong:
        written_out(["lat"], commands)
    assert "late" in str(wrong.value.hint)
    assert written_out(["lat"], commands, lenient=True) == ["lat"]


@pytest.mark.parametrize(
    "text", ["aliases: [a]", "alias: {a: list}", "aliases: {a: 'list \"'}", "aliases: {a: 1}", "{"]
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(own: Path, text: str) -> None:
    own.write_text(text)
    with pytest.raises(EnvironmentProblem, match=r"config\.yaml:\d: "):
        read(own)


def test_settings_and_where_they_come_from(play: Callable[[str], Play], tmp_path: Path) -> None:
    stage = play("team")
    (tmp_path / "pmctl").mkdir()
    (tmp_path / "pmctl" / "config.yaml").write_text("aliases: {who: people list}\n")
    (stage.root / "pmctl.yaml").write_text("version: 1\nsite: {audience: organization}\naliases: {list: delete}\n")
    stage.do("alice", "git config pmctl.remote origin")
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "PMCTL_TOKEN": "very-secret"}
    told = stage.run("alice", "pmctl config list --show-origin --format json", env=environment)
    found = {one["key"]: one for one in json.loads(told.stdout)["settings"]}
    assert found["aliases.who"]["origin"].endswith("config.yaml")
    assert (found["site.audience"]["value"], Path(found["site.audience"]["origin"]).name) == (
        "organization",
        "pmctl.yaml",
    )
    assert found["pmctl.remote"] == {"key": "pmctl.remote", "value": "origin", "origin": "git config", "secret": False}
    assert found["PMCTL_TOKEN"]["secret"] and "very-secret" not in told.stdout
    text = stage.run("alice", "pmctl config list --show-origin", env=environment).stdout
    assert "ORIGIN" in text and "very-secret" not in text
    assert "jane" in stage.run("alice", "pmctl who", env=environment).stdout
    assert stage.run("alice", "pmctl who").returncode == 2
