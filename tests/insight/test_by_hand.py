"""A status or a policy that somebody changed past the commands is found before it is committed."""

from __future__ import annotations

from pmctl.document.finding import Severity
from pmctl.insight.validation import Selection, validations
from pmctl.policy import act as acts
from pmctl.workflow.lifecycle import perform
from tests.team import AT, Team

DOC = "2024-01-15-payments-failed"
POLICY = ".pmctl/policy.yaml"


def codes(crew: Team, *what: str) -> list[tuple[str, Severity, str]]:
    (run,) = validations(crew.top, Selection(what, now=AT, ignore=("PM",)))
    return [(one.code, one.severity, one.path) for one in run.findings]


def test_a_status_that_was_typed_is_said_and_one_that_acts_moved_is_not(crew: Team) -> None:
    assert codes(crew, crew.path(DOC)) == []
    crew.set_field(DOC, "status", "PUBLISHED")
    for word in (crew.path(DOC), DOC):
        assert codes(crew, word) == [("AU301", Severity.WARNING, crew.path(DOC))]
    crew.git("checkout", "-q", ".")
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    assert codes(crew, DOC) == []
    crew.set_field(DOC, "status", "DRAFT")
    (run,) = validations(crew.top, Selection((DOC,), now=AT, ignore=("PM",)))
    assert [one.message for one in run.findings] == [
        "the file says DRAFT, its signed records say IN_REVIEW; acts change it"
    ]
    (other,) = validations(crew.top, Selection((DOC,), now=AT, select=("PM5",)))
    assert "AU301" not in [one.code for one in other.findings]
    assert run.findings[0].line == crew.top.joinpath(crew.path(DOC)).read_text().split("\n").index("status: DRAFT") + 1


def test_a_status_that_was_typed_and_committed_is_said_where_the_names_of_records_show_it(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    assert codes(crew, crew.path(DOC)) == []
    for status, said in (("DRAFT", 1), ("PUBLISHED", 1), ("IN_REVIEW", 0)):
        crew.set_field(DOC, "status", status)
        crew.commit_all(f"Say {status}")
        assert codes(crew, crew.path(DOC)) == [("AU301", Severity.WARNING, crew.path(DOC))] * said, status


def test_a_draft_without_records_that_says_otherwise_is_found(crew: Team) -> None:
    crew.set_field(DOC, "status", "PUBLISHED")
    crew.commit_all("Publish")
    assert codes(crew, crew.path(DOC)) == [("AU301", Severity.WARNING, crew.path(DOC))]


def test_during_a_merge_whose_records_are_not_committed_nothing_is_said(crew: Team) -> None:
    crew.git("checkout", "-qb", "side")
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    crew.git("checkout", "-q", "main")
    crew.git("merge", "-q", "--no-ff", "--no-commit", "side")
    assert codes(crew, crew.path(DOC)) == []


def test_an_attachment_and_a_file_of_nobody_are_left_alone(crew: Team) -> None:
    other = crew.top / "notes.md"
    other.write_text("---\nstatus: PUBLISHED\n---\n")
    assert codes(crew, "notes.md") == []


def test_a_policy_that_would_not_work_is_found(crew: Team) -> None:
    file = crew.top / POLICY
    good = file.read_text()
    assert codes(crew) == [] and codes(crew, POLICY) == []
    for bad in (good + "people: [\n", good.replace("admins:", "admin:"), ""):
        file.write_text(bad)
        found = codes(crew)
        assert found and {one[:1] + one[2:] for one in found} == {("AU104", POLICY)}
        assert codes(crew, POLICY) == found
    file.unlink()
    assert codes(crew) == [("AU104", Severity.ERROR, POLICY)], "and one that is not there any more"
    file.symlink_to("elsewhere")
    assert [one[0] for one in codes(crew, POLICY)] == ["AU104", "PM030"]
