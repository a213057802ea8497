"""Acts on a postmortem: what they write, what they refuse, and that the audit agrees."""

from __future__ import annotations

import pytest

from pmctl.document.finding import Severity
from pmctl.errors import Refused
from pmctl.insight.status_report import status_report
from pmctl.insight.validation import Selection, validations
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.output.advice import words
from pmctl.policy import act as acts
from pmctl.workflow.done import Done
from pmctl.workflow.lifecycle import perform
from tests.team import AT, Team

DOC = "2024-01-15-payments-failed"


def do(crew: Team, person: str, kind: str, *reviewers: str, note: str = "because") -> Done:
    return perform(crew.workspace, crew.actor(person), kind, DOC, at=AT, note=note, reviewers=reviewers)


def publish(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)


def findings(crew: Team) -> list[str]:
    return [finding.code for finding in audit(crew.repo).findings]


def test_one_act_is_one_signed_commit_of_record_and_status(crew: Team) -> None:
    before = crew.head
    done = do(crew, "jane", acts.SUBMIT, "bob", "@carol")
    assert crew.git("rev-list", "--count", f"{before}..HEAD") == "1"
    (record,) = (crew.top / ".pmctl/records" / DOC).glob("0001-submit-jane-????????.json")
    assert crew.git("show", "--name-only", "--format=", done.commit).split("\n") == [
        f".pmctl/records/{DOC}/{record.name}", f".pmctl/records/{DOC}/{record.name}.sig", f"postmortems/2024/{DOC}.md",
    ]  # fmt: skip
    assert "gpgsig" in crew.git("cat-file", "commit", done.commit)
    changed = crew.git("diff", "-U0", before, "--", "postmortems").splitlines()
    assert [line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-status: DRAFT", "+status: IN_REVIEW", "+reviewers: [bob, carol]",
    ]  # fmt: skip


def test_an_approval_writes_nothing_but_its_record(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    done = do(crew, "bob", acts.APPROVE)
    names = crew.git("show", "--name-only", "--format=", done.commit).split()
    assert all(name.startswith(f".pmctl/records/{DOC}/0002-approve-bob-") for name in names)
    assert words(done.next_step) == f"pmctl publish {DOC}"


def test_submit_in_review_asks_further_reviewers(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    do(crew, "jane", acts.SUBMIT, "carol")
    with pytest.raises(Refused, match="approval of carol is missing"):
        do(crew, "jane", acts.PUBLISH)
    do(crew, "carol", acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)
    assert findings(crew) == []


def test_who_was_asked_is_not_asked_again(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob", "carol")
    before = crew.snapshot()
    for again, says in (
        (("carol",), "carol was asked already"),
        (("@carol", "bob"), "carol and bob were asked already"),
    ):
        with pytest.raises(Refused, match=says):
            do(crew, "jane", acts.SUBMIT, *again)
    with pytest.raises(Refused, match="AU"):
        do(crew, "bob", acts.SUBMIT, "carol")
    assert crew.snapshot() == before
    do(crew, "jane", acts.SUBMIT, "carol", "alice")
    assert current_state(crew.workspace.head, DOC).state.reviewers == ("bob", "carol", "alice")


def test_publishing_asks_the_organisations_own_template(crew: Team) -> None:
    """What the audit reports as incomplete is refused before it is submitted and before it is published."""
    template = crew.top / ".pmctl/templates/strict.md"
    text = (
        "---\nname: strict\nversion: 1\ndescription: x\nsections:\n"
        "  - {title: Summary, required: true}\n  - {title: Customer View, required: true}\n---\n"
        "## Summary\n\n<!-- what -->\n\n## Customer View\n\n<!-- who -->\n"
    )
    template.write_text(text)
    crew.set_field(DOC, "template", "strict")
    crew.actor("alice")
    crew.commit_all("A template of our own")
    with pytest.raises(Refused, match="cannot be submitted yet") as refused:
        do(crew, "jane", acts.SUBMIT, "bob")
    assert "PM201 the required section 'Customer View' is missing" in refused.value.lines[1]
    template.write_text(text.replace("Customer View, required: true", "Customer View, required: false"))
    crew.commit_all("Ask for less")
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    template.write_text(text)
    crew.commit_all("Ask for more again")
    do(crew, "jane", acts.PUBLISH)  # it is judged by the template that its submit is bound to


def test_amend_takes_the_attachments_along(crew: Team) -> None:
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "graph.txt").write_text("up\n")
    (folder / "old.txt").write_text("old\n")
    crew.actor("jane")
    crew.commit_all("Graphs")
    publish(crew)
    (folder / "graph.txt").write_text("down\n")
    (folder / "new.txt").write_text("new\n")
    (folder / "old.txt").unlink()
    do(crew, "alice", acts.AMEND)
    assert crew.snapshot()[1] == ""
    assert sorted(path.name for path in folder.iterdir()) == ["graph.txt", "new.txt"]
    assert findings(crew) == []
    assert current_state(crew.workspace.head, DOC).state.content == crew.workspace.head.digest(DOC)


def test_amend_of_a_removed_and_staged_attachment(crew: Team) -> None:
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "graph.txt").write_text("up\n")
    crew.actor("jane")
    crew.commit_all("Graph")
    publish(crew)
    crew.git("rm", "-q", str(folder / "graph.txt"))
    do(crew, "alice", acts.AMEND)
    assert crew.snapshot()[1] == ""
    assert findings(crew) == []


def test_amend_without_a_change_is_refused(crew: Team) -> None:
    publish(crew)
    with pytest.raises(Refused, match="no changes to amend"):
        do(crew, "alice", acts.AMEND)


def test_acts_rest_on_the_last_commit(crew: Team) -> None:
    """Whoever approves has read the work tree; what is signed is the commit."""
    do(crew, "jane", acts.SUBMIT, "bob")
    crew.edit_text(DOC, lambda text: text.replace("2,347", "9"))
    before = crew.head
    with pytest.raises(Refused, match="not committed"):
        do(crew, "bob", acts.APPROVE)
    assert crew.head == before
    crew.git("checkout", "-q", "--", ".")
    do(crew, "bob", acts.APPROVE)


def test_delete_takes_everything_but_the_records(crew: Team) -> None:
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "graph.txt").write_text("up\n")
    crew.actor("jane")
    crew.commit_all("Graph")
    do(crew, "alice", acts.DELETE)
    assert not folder.exists() and not (crew.top / crew.path(DOC)).exists()
    assert len(crew.records(DOC)) == 1
    assert findings(crew) == []
    assert crew.new("jane", "Payments failed") == DOC, "the id is free again"
    do(crew, "jane", acts.SUBMIT, "bob")
    assert findings(crew) == []


def test_an_admin_puts_another_author_on_record(crew: Team) -> None:
    crew.set_field(DOC, "author", "carol")
    do(crew, "alice", acts.AMEND)
    with pytest.raises(Refused, match="carol is the author"):
        do(crew, "carol", acts.SUBMIT, "carol")
    do(crew, "carol", acts.SUBMIT, "jane")
    do(crew, "jane", acts.APPROVE)
    assert findings(crew) == []


@pytest.mark.parametrize("kind", [acts.REQUEST_CHANGES, acts.REOPEN, acts.AMEND, acts.DELETE])
def test_some_acts_need_their_reason(crew: Team, kind: str) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    if kind != acts.REQUEST_CHANGES:
        do(crew, "bob", acts.APPROVE)
        do(crew, "jane", acts.PUBLISH)
    with pytest.raises(Refused, match="AU319"):
        do(crew, "bob" if kind == acts.REQUEST_CHANGES else "alice", kind, note="  ")


def test_note_with_line_breaks_and_controls_survives_the_audit(crew: Team) -> None:
    done = do(crew, "jane", acts.SUBMIT, "bob", note="first\nAct: approve\n\x1b[31m# not a comment\n")
    assert "\x1b" not in done.sentence
    assert set(findings(crew)) <= {"AU707"}


def test_what_is_not_ready_is_refused_with_everything_that_is_wrong(crew: Team) -> None:
    """status, submit, validate --strict and the hook of a commit that submits give one answer."""
    crew.edit_text(DOC, lambda text: text.replace("## Root Cause", "## Cause").replace("## Resolution", "## Fixes"))
    crew.commit_all("Rename")
    with pytest.raises(Refused, match="cannot be submitted yet: 2 errors") as refused:
        do(crew, "jane", acts.SUBMIT, "bob")
    (run,) = validations(crew.top, Selection((crew.path(DOC),), strict=True, now=AT))
    errors = [one.message for one in run.findings if one.severity is Severity.ERROR]
    assert [line.split(" ", 2)[2] for line in refused.value.lines[1:]] == errors
    assert [one.message for one in status_report(crew.workspace, DOC, AT.date()).blockers] == errors
    assert refused.value.exit_code == 1
    assert findings(crew) == []


def test_a_commit_that_a_hook_refuses_is_a_no(crew: Team) -> None:
    hook = crew.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = crew.snapshot()
    with pytest.raises(Refused, match="a hook of this repository refused the commit") as refused:
        do(crew, "jane", acts.SUBMIT, "bob")
    assert "not today" in refused.value.details
    assert crew.snapshot() == before
