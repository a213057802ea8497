"""What the shell offers at the press of the key: read as bash asks for it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.cli.play import ID, Play

At = Callable[[str], Play]


def offered(play: Play, words: str) -> list[str]:
    """What bash would offer for the last word of a line."""
    asked = {"_PMCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = play.run("jane", f"{sys.executable} -m pmctl", env=asked)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("pmctl appr", ["approve"]),
        ("pmctl show 2024", [ID]),
        ("pmctl show payment", [ID]),
        ("pmctl show -C . pay", [ID]),
        ("pmctl status nothing", []),
        ("pmctl submit x --reviewer b", ["bob"]),
        ("pmctl submit x --reviewer ", ["alice", "jane", "bob"]),
        ("pmctl --as al", ["alice"]),
        ("pmctl list --as al", ["alice"]),
        ("pmctl actions set AI-7", ["AI-7f3k"]),
        ("pmctl explain pm20", [f"PM20{n}" for n in range(1, 8)]),
        ("pmctl waive AU60", [f"AU60{n}" for n in range(1, 9)]),
        ("pmctl nonsense b", []),
    ],
)
def test_names_are_completed(play: At, words: str, expected: list[str]) -> None:
    found = offered(play("draft"), words)
    assert [one for one in expected if one not in found] == []
    if not words.endswith(" "):
        assert all(one in found for one in expected) and len(found) >= len(expected)
    if not expected:
        assert found == []


def test_open_threads_are_completed(play: At) -> None:
    team = play("review")
    team.do("bob", 'pmctl comment add "$ID" -m "How many?"')
    team.do("jane", 'pmctl comment add "$ID" -m "How long?"')
    team.do("jane", "pmctl comment resolve Z-jane")
    (thread,) = offered(team, "pmctl comment reply ")
    assert len(thread) == 6


def test_outside_a_repository_nothing_is_offered(play: At) -> None:
    nothing = play("nothing")
    assert offered(nothing, "pmctl show ") == []
    assert "approve" in offered(nothing, "pmctl ")


def test_the_script_is_installed_once_for_the_whole_command(play: At) -> None:
    nothing = play("nothing")
    # the shell is looked for among the parents, and one that has nothing else to do becomes the command
    done = nothing.run("jane", f"{sys.executable} -m pmctl --install-completion || exit 1")
    assert done.returncode == 0, done.stderr
    (script,) = nothing.stage.folder.rglob(".bash_completions/pmctl.sh")
    assert "complete" in script.read_text()
    assert (
        nothing.do("jane", f"{sys.executable} -m pmctl --show-completion || exit 1").strip()
        == script.read_text().strip()
    )
    assert nothing.run("jane", "pmctl people --install-completion").returncode == 2
