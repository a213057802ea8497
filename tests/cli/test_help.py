"""Help in every form that people try, and the global options on either side of a command."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.play import ID, Play

At = Callable[[str], Play]


def test_help_in_every_form_is_the_same_page(play: At) -> None:
    team = play("team")
    page = team.do("jane", "pmctl --help")
    assert "Review and publish:" in page
    for line in ("pmctl", "pmctl help", "pmctl -h"):
        assert team.do("jane", line) == page, line
    assert team.do("jane", "pmctl help actions set") == team.do("jane", "pmctl actions set --help")
    assert team.do("jane", "pmctl help approve") == team.do("jane", "pmctl approve --help")
    assert team.do("jane", "pmctl version") == team.do("jane", "pmctl --version")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("help aprove", "did you mean approve"),
        ("help actions sett", "there is no command 'sett' in pmctl actions"),
        ("help approve jane", "there is no command 'jane' in pmctl approve"),
    ],
)
def test_help_for_what_is_not_there(play: At, line: str, said: str) -> None:
    done = play("team").run("jane", f"pmctl {line}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_global_options_hold_after_the_command_as_well(play: At) -> None:
    draft = play("draft")
    here = draft.do("jane", "pmctl list")
    elsewhere = draft.stage.folder
    assert draft.run("jane", f"pmctl list -C {draft.root}", cwd=elsewhere).stdout == here
    assert draft.run("jane", f"pmctl actions list --directory {draft.root}", cwd=elsewhere).returncode == 0
    assert "next:" in draft.run("jane", "pmctl new Other --date 2024-01-16").stderr
    assert draft.run("jane", "pmctl new Third --date 2024-01-16 -q").stderr == ""
    done = draft.run("jane", f"pmctl submit {ID} --reviewer bob --as bob")
    assert done.returncode and "bob" in done.stderr
    refused = draft.run("jane", "pmctl list --color mauve")
    assert (refused.returncode, refused.stderr) == (2, "error: --color mauve: not one of auto, always, never\n")
    assert draft.run("jane", "pmctl -q list -v").returncode == 2


def test_a_command_for_one_repository_refuses_two(play: At) -> None:
    done = play("draft").run("jane", f"pmctl -C . -C .. show {ID}")
    hint = "give -C once; list, status and actions list read several"
    assert done.returncode == 2
    assert done.stderr == f"error: this command works in one repository\n  hint: {hint}\n"
