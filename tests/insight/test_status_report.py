"""What stands before the next state, and that the command which is named does move it."""

from __future__ import annotations

from pmctl.insight.status_report import status_report, status_reports
from pmctl.output.advice import words
from pmctl.policy import act as acts
from pmctl.workflow.lifecycle import perform
from tests.team import AT, TODAY, Team

DOC = "2024-01-15-payments-failed"


def do(crew: Team, person: str, kind: str, *reviewers: str) -> None:
    perform(crew.workspace, crew.actor(person), kind, DOC, at=AT, note="because", reviewers=reviewers)


def test_the_named_step_leads_from_draft_to_published(crew: Team) -> None:
    now = status_report(crew.workspace, DOC, TODAY)
    assert (now.status, now.blockers, words(now.next_step)) == ("DRAFT", (), f"pmctl submit {DOC} --reviewer HANDLE")
    do(crew, "jane", acts.SUBMIT, "bob", "carol")
    now = status_report(crew.workspace, DOC, TODAY)
    assert words(now.next_step) == f"pmctl approve {DOC}   (as bob or carol)"
    assert now.facts[:2] == ("bob: was asked, has not answered", "carol: was asked, has not answered")
    do(crew, "bob", acts.APPROVE)
    now = status_report(crew.workspace, DOC, TODAY)
    assert words(now.next_step) == f"pmctl approve {DOC}   (as carol)"
    do(crew, "carol", acts.APPROVE)
    now = status_report(crew.workspace, DOC, TODAY)
    assert (now.blockers, words(now.next_step)) == ((), f"pmctl publish {DOC}")
    do(crew, "jane", acts.PUBLISH)
    assert status_report(crew.workspace, DOC, TODAY).status == "PUBLISHED"
    assert status_reports(crew.workspace, TODAY) == [], "nothing waits"


def test_stale_approval_says_whose(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))
    assert any("not committed" in blocker.message for blocker in status_report(crew.workspace, DOC, TODAY).blockers)
    crew.commit_all("Count again")
    now = status_report(crew.workspace, DOC, TODAY)
    assert "bob: approved an earlier content" in now.facts[0]
    assert words(now.next_step) == f"pmctl approve {DOC}   (as bob)"


def test_incomplete_draft_names_every_section(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("## Root Cause", "## Root Cause Of It"))
    crew.commit_all("Rename")
    now = status_report(crew.workspace, DOC, TODAY)
    assert any("Root Cause" in blocker.message for blocker in now.blockers)
    assert words(now.next_step) == f"pmctl edit {DOC}"


def test_forged_status_is_said(crew: Team) -> None:
    crew.set_field(DOC, "status", "PUBLISHED")
    crew.commit_all("Publish")
    messages = [blocker.message for blocker in status_report(crew.workspace, DOC, TODAY).blockers]
    assert "the file says PUBLISHED, the signed records say DRAFT" in messages


def test_not_committed_and_not_readable(crew: Team) -> None:
    new = crew.top / "postmortems/2024/2024-01-20-new.md"
    new.write_bytes((crew.top / crew.path(DOC)).read_bytes())
    now = status_report(crew.workspace, "2024-01-20-new", TODAY)
    assert words(now.next_step).startswith("git add postmortems/2024/2024-01-20-new.md")
    (crew.top / crew.path(DOC)).write_bytes(b"no front matter")
    crew.commit_all("Break it")
    now = status_report(crew.workspace, DOC, TODAY)
    assert words(now.next_step) == f"pmctl validate {DOC}"
    assert len(status_reports(crew.workspace, TODAY)) == 2, "what cannot be read is in the overview, too"


def test_overview_and_single_answer_agree(crew: Team) -> None:
    crew.new("bob", "Search was slow")
    do(crew, "jane", acts.SUBMIT, "bob")
    for entry in status_reports(crew.workspace, TODAY):
        alone = status_report(crew.workspace, entry.id, TODAY)
        assert (entry.status, entry.next_step, entry.short) == (alone.status, alone.next_step, alone.short)
