"""`pmctl edit` and what it tells before the editor opens; a second round of review."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.play import ID, Play


def editor(stage: Play, command: str) -> None:
    """Let $EDITOR say on stderr that it is open, and then do `command` with the file in $1."""
    script = stage.stage.folder / "ed"
    script.write_text(f"#!/bin/sh\necho OPEN >&2\n{command}\n")
    script.chmod(0o755)


def edited(stage: Play, person: str, options: str = "") -> tuple[list[str], list[str]]:
    """What stands on stderr before the editor opens, and after."""
    done = stage.run(person, f"EDITOR=../ed pmctl edit {ID} {options}")
    before, _, after = done.stderr.partition("OPEN\n")
    return before.splitlines(), after.splitlines()


def test_whose_approval_goes_is_said_before_the_editor_opens_and_before_the_commit(play: Callable[[str], Play]) -> None:
    stage = play("approved")
    editor(stage, 'sed -i "s/^title: .*/title: Another title/" "$1"')
    before, after = edited(stage, "jane")
    assert before == ["warning: a change of the text makes the approval of bob stale"]
    assert after[0] == "warning: this edit changes what bob approved: they have to read it again"
    stage.git("reset", "-q", "--hard", "HEAD~1")
    editor(stage, 'sed -i "s/| OPEN |/| IN_PROGRESS |/" "$1"')  # a tracking cell, which no approval binds
    _, after = edited(stage, "jane")
    assert not any("approved" in line for line in after), after
    assert "this content" in stage.do("jane", f"pmctl status {ID}")


def test_who_may_not_edit_is_told_how_to_become_an_editor_before_the_editor_opens(play: Callable[[str], Play]) -> None:
    stage = play("team")
    stage.do("jane", "pmctl new --from ../incident.json")
    editor(stage, "true")
    before, after = edited(stage, "bob")
    assert after == [] and before[0].startswith("error: AU702 bob may not edit")
    assert before[1] == (
        f"  hint: ask one of: jane, alice; while it is a draft the author can run pmctl editors add {ID} bob"
    )


def test_a_second_round(play: Callable[[str], Play]) -> None:
    """The reason is the first thing that the author reads, and the same people are asked again."""
    stage = play("review")
    stage.do("jane", f"pmctl submit {ID} -r alice")
    said = stage.run("bob", f"pmctl request-changes {ID} -m 'Say which alert\nfired'").stderr
    assert f"  next: pmctl edit {ID}, then pmctl submit {ID}   (asks bob and alice again)\n" in said
    editor(stage, 'echo "It was the latency alert." >> "$1"')
    before, _ = edited(stage, "jane", "-m 'Name the alert'")
    assert before == ["bob requested changes: Say which alert fired"]
    assert "Name the alert" in stage.git("log", "-1", "--format=%b")
    said = stage.run("jane", f"pmctl submit {ID}").stderr
    assert "  next: bob, alice: read it" in said
    assert stage.git("log", "-1", "--format=%s") == f"Submit {ID} to bob and alice"
    stage.do("jane", f"pmctl withdraw {ID}")
    assert edited(stage, "jane")[0] == [], "what was asked for an earlier submission is past"
    stage.do("jane", f"pmctl submit {ID} -r bob")
    assert "reviewers: [bob]" in stage.file.read_text()
    stage.do("bob", "pmctl audit")


def test_the_first_submission_names_its_reviewers(play: Callable[[str], Play]) -> None:
    done = play("draft").run("jane", f"pmctl submit {ID}")
    assert done.returncode == 1 and "the policy asks for at least 1 reviewer" in done.stderr
