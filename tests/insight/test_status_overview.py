"""What waits for each person, and that an overview says of each postmortem what its own answer says."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from pmctl.document.comment import MessageKind
from pmctl.insight.metrics import MetricsQuery, metrics
from pmctl.insight.metrics_reading import facts
from pmctl.insight.status_overview import Kind, answer, status_reports, together
from pmctl.output.advice import words
from pmctl.policy import act as acts
from pmctl.workflow.comment import Speaker, begin
from pmctl.workflow.comment import answer as answer_thread
from pmctl.workflow.lifecycle import perform
from tests.team import AT, PEOPLE, TODAY, Team

DOC = "2024-01-15-payments-failed"


def do(crew: Team, person: str, kind: str, *reviewers: str) -> None:
    perform(crew.workspace, crew.actor(person), kind, DOC, at=AT, note="because", reviewers=reviewers)


def kinds(crew: Team, today: date = date(2024, 1, 16)) -> dict[str, list[Kind]]:
    """What waits for each of the people, without those for whom nothing does. Nothing is overdue on that day."""
    found = {name: [one.kind for one in answer(crew.workspace, name, today).waiting_for_you] for name in PEOPLE}
    return {name: listed for name, listed in found.items() if listed}


def test_each_step_waits_for_whoever_takes_it(crew: Team) -> None:
    assert kinds(crew) == {"jane": ["submit"]}
    do(crew, "jane", acts.SUBMIT, "bob", "carol")
    assert kinds(crew) == {"bob": ["review"], "carol": ["review"]}
    do(crew, "bob", acts.APPROVE)
    assert kinds(crew) == {"carol": ["review"]}
    do(crew, "carol", acts.REQUEST_CHANGES)
    assert kinds(crew) == {"jane": ["changes"]}
    (one,) = answer(crew.workspace, "jane", TODAY, DOC).waiting_for_you[:1]
    assert (one.by, one.reason, one.postmortem) == ("carol", "because", DOC)
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    assert kinds(crew) == {"jane": ["publish"]}
    do(crew, "jane", acts.PUBLISH)
    assert kinds(crew) == {}


def test_an_open_thread_waits_for_the_author_and_its_writer(crew: Team) -> None:
    edited(crew, "carol: comment")
    assert kinds(crew) == {"jane": ["submit"]}
    thread = comment(crew, "carol")
    assert kinds(crew) == {"jane": ["answer", "submit"], "carol": ["answer"]}
    for one in (answer(crew.workspace, "carol", date(2024, 1, 16)), answer(crew.workspace, "carol", TODAY, DOC)):
        (asked,) = [waiting for waiting in one.waiting_for_you if waiting.kind == "answer"]
        assert asked.message == "a discussion on Impact that carol began is open"
        assert words(asked.fix) == f"answer it, then pmctl comment resolve {thread[-6:]}"
    do(crew, "jane", acts.SUBMIT, "bob")
    assert kinds(crew) == {"jane": ["answer"], "bob": ["review"], "carol": ["answer"]}
    do(crew, "bob", acts.APPROVE)
    assert kinds(crew) == {"jane": ["answer"], "carol": ["answer"]}
    comment(crew, "carol", thread)
    assert kinds(crew) == {"jane": ["publish"]}


def edited(crew: Team, editors: str) -> None:
    crew.edit_text(DOC, lambda text: text.replace("\nauthor: jane\n", f"\nauthor: jane\neditors: {{{editors}}}\n"))
    crew.commit_all("Ask for comments")


def comment(crew: Team, by: str, thread: str = "") -> str:
    """Begin a thread as somebody, or resolve one."""
    who, at = Speaker(by, by), datetime(2024, 1, 16, 9, tzinfo=UTC)
    if thread:
        return answer_thread(crew.workspace, who, thread, MessageKind.RESOLVE, "", (), at=at).thread
    return begin(crew.workspace, who, DOC, "Until when?", (), at=at, section="Impact").thread


def test_an_edit_asks_for_the_review_again(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))
    crew.commit_all("Count again")
    (one,) = answer(crew.workspace, "bob", date(2024, 1, 16)).waiting_for_you
    assert (one.kind, one.message) == ("review", "the text has changed since you approved it")
    assert words(one.fix) == f"pmctl show {DOC}, then pmctl approve {DOC}"


def test_a_draft_that_is_not_ready_waits_for_its_author_to_finish_it(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("## Root Cause", "## Root Cause Of It"))
    crew.commit_all("Rename")
    assert kinds(crew) == {"jane": ["finish"]}


def test_overdue_items_wait_for_their_owner_also_after_publication(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)
    late = date(2024, 2, 20)
    found = {name: answer(crew.workspace, name, late).waiting_for_you for name in ("jane", "bob")}
    assert [[one.kind for one in waiting] for waiting in found.values()] == [["overdue"], ["overdue"]]
    (first,), (second,) = found.values()
    assert first.item and second.item and first.item != second.item, "each has an item of their own"
    assert words(first.fix) == f"pmctl actions set {first.item} --status COMPLETED"
    assert "days overdue" in first.message
    do(crew, "alice", acts.ARCHIVE)
    assert answer(crew.workspace, "jane", late).waiting_for_you == (), "an archived one is done with"


def test_review_comes_before_what_one_owes_oneself(crew: Team) -> None:
    other = crew.new("bob", "Search was slow")
    do(crew, "jane", acts.SUBMIT, "bob")
    found = answer(crew.workspace, "bob", date(2024, 1, 16)).waiting_for_you
    assert [(one.kind, one.postmortem) for one in found] == [("review", DOC), ("submit", other)]


@pytest.mark.parametrize("reached", [acts.SUBMIT, acts.REQUEST_CHANGES, acts.APPROVE, acts.PUBLISH])
def test_thorough_reads_what_the_quick_answer_leaves_out(crew: Team, reached: str) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    if reached == acts.REQUEST_CHANGES:
        do(crew, "bob", acts.REQUEST_CHANGES)
    if reached in (acts.APPROVE, acts.PUBLISH):
        do(crew, "bob", acts.APPROVE)
    if reached == acts.PUBLISH:
        do(crew, "jane", acts.PUBLISH)
    (quick,) = status_reports(crew.workspace, TODAY)
    (whole,) = status_reports(crew.workspace, TODAY, thorough=True)
    assert (quick.status, quick.next_step, quick.blockers) == (whole.status, whole.next_step, whole.blockers)
    assert whole.round == 1 and whole.content
    if reached == acts.PUBLISH:
        assert [(one.handle, one.validity) for one in whole.approvals] == [("bob", "valid")]


def test_nobody_known_has_nothing_waiting(crew: Team) -> None:
    found = answer(crew.workspace, "", TODAY)
    assert (found.you, found.waiting_for_you, len(found.postmortems)) == ("", (), 1)


def test_answers_about_several_repositories_name_theirs(crew: Team) -> None:
    one = answer(crew.workspace, "jane", TODAY)
    both = together([("a", one), ("b", one)])
    assert [(row.repository, row.id) for row in both.postmortems] == [("a", DOC), ("b", DOC)]
    assert {row.repository for row in both.waiting_for_you} == {"a", "b"}
    assert both.you == "jane"


def test_a_head_on_no_branch_is_said(crew: Team) -> None:
    assert answer(crew.workspace, "jane", TODAY).detached == ()
    crew.git("checkout", "-q", "--detach")
    assert answer(crew.workspace, "jane", TODAY).detached == ("",)


HEAD = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"
ROWS = (
    ("AI-1111", "2024-01-22", "OPEN"), ("AI-1111", "2024-01-22", "IN_PROGRESS"), ("", "2024-01-23", "OPEN"),
    ("AI-2222", "soon", "OPEN"), ("AI-3333", "2024-01-01", "COMPLETED"), ("AI-4444", "2024-01-01", "open"),
)  # fmt: skip


def test_the_figures_are_those_of_metrics(crew: Team) -> None:
    """To the digit: with items without ids, with ids twice, with days that are none, and what cannot be read at all."""
    rows = "".join(f"| {name} | Act | bob | {due} | HIGH | {status} | | |\n" for name, due, status in ROWS)
    folder = crew.top / "postmortems/2024"
    for name in ("2024-01-02-one", "2024-01-02-two"):
        text = f"---\nid: {name}\ntitle: T\nstatus: DRAFT\nauthor: jane\n---\n\n## Action Items\n\n{HEAD}{rows}"
        (folder / f"{name}.md").write_text(text)
    (folder / "2024-01-03-broken.md").write_text("---\nid: [\n---\n")
    (folder / "2024-01-04-no-table.md").write_text("## Action Items\n\nNone\n")
    crew.git("add", "-A")
    crew.git("commit", "-qm", "Many")

    def both() -> dict[str, int]:
        figures = answer(crew.workspace, "jane", TODAY).figures
        assert figures is not None
        found = metrics(facts(crew.repo), MetricsQuery(TODAY), UTC)
        numbers = {one.name: one.value for one in found.groups[0].periods[0].numbers}
        assert asdict(figures) == {name: numbers[name] for name in asdict(figures)}
        return asdict(figures)

    first = both()
    assert first["items_overdue"] == 7 and first["drafts"] == 3
    do(crew, "jane", acts.SUBMIT, "bob")
    assert (both()["drafts"], both()["in_review"]) == (2, 1)
    do(crew, "bob", acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)
    do(crew, "alice", acts.ARCHIVE)
    last = both()
    assert (last["in_review"], last["items_open"]) == (0, first["items_open"]), "what is archived is still to be done"
    two = together([("a", answer(crew.workspace, "jane", TODAY)), ("b", answer(crew.workspace, "jane", TODAY))])
    assert two.figures is not None and two.figures.items_open == 2 * last["items_open"]
    assert answer(crew.workspace, "jane", TODAY, DOC).figures is None
