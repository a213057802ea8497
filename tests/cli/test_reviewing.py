"""The decision at a terminal: what was shown is what is signed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.cli.play import ID, Play
from tests.cli.test_terminal import DOWN, ENTER, Terminal

UP = "\x1b[A"
COMMENT, REQUEST_CHANGES, APPROVE = UP + ENTER, UP * 2 + ENTER, UP * 3 + ENTER


@pytest.fixture
def sit(play: Callable[[str], Play]) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def sit_down(stage: Play, person: str) -> Terminal:
        opened.append(Terminal(stage, person, "review", ID))
        opened[-1].expect("Your review")
        return opened[-1]

    yield sit_down
    for one in opened:
        one.close()


def test_approves_what_was_shown(play: Callable[[str], Play], sit: Callable[..., Terminal]) -> None:
    stage = play("review")
    sat = sit(stage, "bob")
    sat.type(APPROVE)
    assert sat.end() == 0, sat.plain
    assert f"bob approved {ID}" in sat.plain
    assert "1 proved violation" not in stage.do("bob", "pmctl audit")


def test_later_is_the_default_and_signs_nothing(play: Callable[[str], Play], sit: Callable[..., Terminal]) -> None:
    stage = play("review")
    before = stage.snapshot()
    sat = sit(stage, "bob")
    sat.type(ENTER)
    assert sat.end() == 0
    assert stage.snapshot() == before


def test_requesting_changes_asks_for_the_reason(play: Callable[[str], Play], sit: Callable[..., Terminal]) -> None:
    stage = play("review")
    sat = sit(stage, "bob")
    sat.type(REQUEST_CHANGES)
    sat.expect("What has to change?")
    sat.type("say how many payments failed" + ENTER)
    assert sat.end() == 0, sat.plain
    assert "say how many payments failed" in stage.do("jane", "pmctl review")


def test_a_comment_on_a_section_and_then_the_decision(
    play: Callable[[str], Play], sit: Callable[..., Terminal]
) -> None:
    stage = play("review")
    sat = sit(stage, "bob")
    sat.type(COMMENT)
    sat.expect("What is it about?")
    sat.type(DOWN + ENTER)
    sat.expect("What do you say?")
    sat.type("@jnae, how many?" + ENTER)
    sat.expect("@jnae is nobody of the policy")
    sat.type("\x7f" * 16 + "@jane, how many?" + ENTER)
    sat.expect("commented in")
    sat.expect("Your review")
    sat.type(APPROVE)
    assert sat.end() == 0, sat.plain
    assert f"bob approved {ID}" in sat.plain
    (said,) = json.loads(stage.do("jane", "pmctl comment list --mentions-me --format json"))["threads"]
    assert (said["section"], said["messages"][0]["text"]) == ("Summary", "@jane, how many?")


def test_a_comment_on_the_whole_from_the_editor(play: Callable[[str], Play], sit: Callable[..., Terminal]) -> None:
    stage = play("review")
    editor = stage.root.parent / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "Who noticed?\\n\\nNobody says.\\n" > "$1"\n')
    editor.chmod(0o755)
    stage.environment["VISUAL"] = stage.environment["EDITOR"] = str(editor)
    sat = sit(stage, "bob")
    sat.type(COMMENT)
    sat.expect("What is it about?")
    sat.type(ENTER)
    sat.expect("What do you say?")
    sat.type(ENTER)
    sat.expect("commented in")
    sat.expect("Your review")
    sat.type(ENTER)
    assert sat.end() == 0, sat.plain
    (said,) = json.loads(stage.do("jane", "pmctl comment list --format json"))["threads"]
    assert (said["section"], said["messages"][0]["text"]) == ("", "Who noticed?\n\nNobody says.")


def test_a_text_that_changed_while_it_was_read_is_not_signed(
    play: Callable[[str], Play], sit: Callable[..., Terminal]
) -> None:
    stage = play("review")
    sat = sit(stage, "bob")
    stage.do("jane", f"sed -i 's/2,347/2/' postmortems/2024/{ID}.md && git commit -qam 'Correct it'")
    stage.run("bob", "true")  # git commits as bob again
    before = stage.snapshot()
    sat.type(APPROVE)
    assert sat.end() == 1
    assert "has changed since it was shown" in sat.plain
    assert stage.snapshot() == before


def test_ctrl_c_leaves_everything_as_it_was(play: Callable[[str], Play], sit: Callable[..., Terminal]) -> None:
    stage = play("review")
    before = stage.snapshot()
    sat = sit(stage, "bob")
    sat.type(DOWN + "\x03")
    assert sat.end() == 130
    assert stage.snapshot() == before
