"""A command that a group does not have is answered with the nearest that it has."""

from __future__ import annotations

import pytest

from pmctl.cli import main


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
