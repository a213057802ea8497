"""`pmctl edit`: the editor, and what an edit may not change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, Refused
from pmctl.ledger.audit import audit
from pmctl.policy import act as acts
from pmctl.surroundings import Surroundings
from pmctl.workflow.editing import commit_edit, open_editor
from pmctl.workflow.lifecycle import perform
from tests.team import AT, Team

DOC = "2024-01-15-payments-failed"


def edit(crew: Team, person: str) -> str:
    signing = crew.actor(person).signer.git_arguments()
    return commit_edit(crew.workspace, person, DOC, "why", signing).oid


def write(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))


def editor(crew: Team, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    file = crew.top.parent / "my editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("EDITOR", f"'{file}' --wait")
    monkeypatch.delenv("VISUAL", raising=False)


def test_editor_gets_the_file_and_says_whether_it_changed(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(crew, monkeypatch, 'test "$1" = --wait && echo "One more line." >> "$2"')
    assert open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))
    editor(crew, monkeypatch, "true")
    assert open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top)), "an edit of last time is not forgotten"
    crew.git("checkout", "-q", "--", ".")
    assert not open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))


def test_editor_that_fails_or_is_missing_is_said(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(crew, monkeypatch, "exit 3")
    with pytest.raises(EnvironmentProblem, match="ended with code 3"):
        open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))
    monkeypatch.setenv("EDITOR", "no-such-editor")
    with pytest.raises(EnvironmentProblem, match="no editor 'no-such-editor'"):
        open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))
    monkeypatch.setenv("VISUAL", "unbalanced 'quote")
    with pytest.raises(EnvironmentProblem):
        open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))


def test_link_is_not_opened(crew: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor(crew, monkeypatch, 'echo hacked >> "$2"')
    secret = tmp_path / "secret"
    secret.write_text("mine\n")
    (crew.top / crew.path(DOC)).unlink()
    (crew.top / crew.path(DOC)).symlink_to(secret)
    with pytest.raises(Exception, match="link"):
        open_editor(crew.workspace, DOC, Surroundings(os.environ, crew.top))
    assert secret.read_text() == "mine\n"


def test_author_edits_and_only_the_file_is_committed(crew: Team) -> None:
    write(crew)
    (crew.top / "other.txt").write_text("x")
    crew.git("add", "other.txt")
    assert edit(crew, "jane") == crew.head
    assert crew.git("show", "--name-only", "--format=%s%n%b", "HEAD").split("\n") == [
        f"Edit {DOC}", "why", "", f"Postmortem: {DOC}", "", "", crew.path(DOC),
    ]  # fmt: skip
    assert crew.snapshot()[1] == "A  other.txt"


@pytest.mark.parametrize("person", ["bob", "carol"])
def test_stranger_is_refused_as_the_audit_would_report(crew: Team, person: str) -> None:
    write(crew)
    with pytest.raises(Refused, match=f"{person} may not edit"):
        edit(crew, person)
    crew.commit_all("With plain git")
    assert [f.code for f in audit(crew.repo).findings] == ["AU702"]


def test_editors_and_reviewers_may(crew: Team) -> None:
    crew.set_field(DOC, "editors", {"carol": "edit", "bob": "comment"})
    edit(crew, "jane")
    write(crew)
    edit(crew, "carol")
    crew.edit_text(DOC, lambda text: text.replace("2,348", "2,349"))
    with pytest.raises(Refused, match="bob may not edit"):
        edit(crew, "bob")
    crew.git("checkout", "-q", "--", ".")
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    crew.edit_text(DOC, lambda text: text.replace("2,348", "2,349"))
    edit(crew, "bob")
    assert audit(crew.repo).findings == ()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("status", "PUBLISHED", "status is changed by hand: DRAFT -> PUBLISHED"),
        ("author", "bob", "author is changed from jane to bob"),
    ],
)
def test_status_and_author_need_an_act(crew: Team, key: str, value: str, says: str) -> None:
    crew.set_field(DOC, key, value)
    with pytest.raises(Refused, match=says):
        edit(crew, "jane")


def test_reviewers_stay_while_it_is_in_review(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob", "carol"))
    crew.set_field(DOC, "reviewers", ["carol"])
    with pytest.raises(Refused, match="AU318 bob is reviewer of"):
        edit(crew, "jane")


def test_published_text_is_for_amend(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    write(crew)
    with pytest.raises(Refused, match=r"AU401 .* its content changes only on the record"):
        edit(crew, "alice")


def test_without_a_terminal_no_editor_is_guessed(crew: Team) -> None:
    with pytest.raises(EnvironmentProblem, match="no terminal for an editor"):
        open_editor(crew.workspace, DOC, Surroundings({}, crew.top))


def test_an_edit_commits_the_text_and_no_file_that_nobody_looked_at(crew: Team) -> None:
    """What lies untracked among the attachments was put there by something else than the editor."""
    folder = crew.top / f"postmortems/2024/{DOC}"
    folder.mkdir(exist_ok=True)
    (folder / "core.bin").write_bytes(b"\0\1\2")
    write(crew)
    edit(crew, "jane")
    assert crew.git("show", "--name-only", "--format=").split() == [f"postmortems/2024/{DOC}.md"]
    assert "core.bin" in crew.git("status", "--porcelain", "--untracked-files=all")
