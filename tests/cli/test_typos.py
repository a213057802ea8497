"""A command that a group does not have is answered with the nearest that it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pmctl.cli import main
from tests.cli.play import Play


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("actions lst", "did you mean list"),
        ("people ad", "did you mean add"),
        ("incident dismis", "did you mean dismiss"),
        ("policy xyzzy", "pmctl policy --help lists all"),
    ],
)
def test_a_misspelt_subcommand(words: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert f"there is no command {words.split()[1]!r} in pmctl {words.split()[0]}" in said and hint in said


def test_the_name_of_a_finding_that_is_nearly_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "empty-secton"]) == 2
    assert "did you mean empty-section" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "actions list"])
def test_a_filter_with_a_value_that_nothing_has(command: str, play: Callable[[str], Play]) -> None:
    """Free words too, of which those that occur are known; the severities of a scale need not occur."""
    stage = play("draft")
    stage.do("jane", "pmctl new 'Search was slow' --severity SEV1 --service search --tag urgent --date 2024-01-20")
    for words, meant in (("--severity SEV11", "SEV1"), ("--tag urgnt", "urgent"), ("--service serach", "search")):
        done = stage.run("jane", f"pmctl {command} {words}")
        assert (done.returncode, done.stdout) == (2, ""), words
        assert f"error: {words}: no such {words[2:].split()[0]}\n" in done.stderr
        assert f"did you mean {meant}?" in done.stderr
    assert stage.run("jane", f"pmctl {command} --tag database").returncode == 2
    for words in ("--severity SEV4", "--tag URGENT", "--severity sev1"):
        assert stage.run("jane", f"pmctl {command} {words}").returncode == 0, words


def test_a_folder_without_settings_is_named_once(play: Callable[[str], Play]) -> None:
    stage = play("nothing")
    stage.do("jane", "git init -q . && mkdir below")
    assert f"no pmctl.yaml in {stage.root}\n" in stage.run("jane", "pmctl list").stderr
    said = stage.run("jane", "pmctl list -C below").stderr
    assert f"no pmctl.yaml in {stage.root}/below or above it, up to {stage.root}\n" in said
