"""What stands before the next state, and that the command which is named does move it."""

from __future__ import annotations

from pmctl.insight.status_overview import short, status_reports
from pmctl.insight.status_report import AskedApproval, missed_targets, status_report
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
    assert now.approvals == (AskedApproval("bob", "missing"), AskedApproval("carol", "missing"))
    assert [(one.code, one.who) for one in now.blockers] == [("AU309", ("bob", "carol"))]
    assert now.whose_turn == ("bob", "carol")
    do(crew, "bob", acts.APPROVE)
    now = status_report(crew.workspace, DOC, TODAY)
    assert words(now.next_step) == f"pmctl approve {DOC}   (as carol)"
    assert [(one.handle, one.validity, one.digest) for one in now.approvals] == [
        ("bob", "valid", now.content), ("carol", "missing", ""),
    ]  # fmt: skip
    do(crew, "carol", acts.APPROVE)
    now = status_report(crew.workspace, DOC, TODAY)
    assert (now.blockers, words(now.next_step)) == ((), f"pmctl publish {DOC}")
    assert now.whose_turn == ("jane",), "who wrote it publishes it"
    do(crew, "jane", acts.PUBLISH)
    assert status_report(crew.workspace, DOC, TODAY).status == "PUBLISHED"
    published = status_reports(crew.workspace, TODAY)
    assert [(one.status, one.action_items.open) for one in published] == [("PUBLISHED", 2)], "its items are open"


def test_stale_approval_says_whose(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))
    assert any("not committed" in blocker.message for blocker in status_report(crew.workspace, DOC, TODAY).blockers)
    crew.commit_all("Count again")
    now = status_report(crew.workspace, DOC, TODAY)
    assert [(one.handle, one.validity) for one in now.approvals] == [("bob", "stale")]
    assert now.approvals[0].digest not in ("", now.content)
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
        assert (entry.status, entry.next_step, short(entry)) == (alone.status, alone.next_step, short(alone))


def test_who_sent_it_back_and_why_comes_from_their_record(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob", "carol")
    perform(crew.workspace, crew.actor("bob"), acts.REQUEST_CHANGES, DOC, at=AT, note="Which alert?\n\nAnd who saw it?")
    back = status_report(crew.workspace, DOC, TODAY).sent_back
    assert back is not None
    assert (back.by, back.reason, back.answered) == ("bob", "Which alert?\n\nAnd who saw it?", False)
    step = words(status_report(crew.workspace, DOC, TODAY).next_step)
    assert step == f"pmctl edit {DOC}, then pmctl submit {DOC} --reviewer bob --reviewer carol"
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))
    crew.commit_all("Answer")
    now = status_report(crew.workspace, DOC, TODAY)
    assert now.sent_back is not None and now.sent_back.answered
    assert words(now.next_step) == f"pmctl submit {DOC} --reviewer bob --reviewer carol"
    (listed,) = status_reports(crew.workspace, TODAY)
    assert (listed.sent_back, listed.next_step) == (now.sent_back, now.next_step), "the overview says the same"
    do(crew, "jane", acts.SUBMIT, "bob")
    assert status_report(crew.workspace, DOC, TODAY).sent_back is None, "the next round begins anew"
    do(crew, "jane", acts.WITHDRAW)
    assert status_report(crew.workspace, DOC, TODAY).sent_back is None, "a withdrawal is the author's own"


def test_targets_that_were_missed_are_said_however_long_ago(crew: Team) -> None:
    crew.set_field(DOC, "resolved_at", "2020-01-15T14:45:00Z")
    crew.set_field(DOC, "started_at", "2020-01-15T14:00:00Z")
    crew.commit_all("Years ago")
    assert [one.split(" ")[0] for one in missed_targets(crew.workspace, DOC, TODAY)] == ["PM951", "PM952"]
