"""Action items: one row at a time, by those who may, and nothing else of the file."""

from __future__ import annotations

import difflib
from datetime import date

import pytest

from pmctl.document.actions import action_items
from pmctl.errors import BadInput, NotFound, PmctlError, Refused, UsageProblem
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.policy import act as acts
from pmctl.workflow.actions import Change, Changed, add, change
from pmctl.workflow.lifecycle import perform
from tests.team import AT, TODAY, Team

DOC = "2024-01-15-payments-failed"
WHOLE = Change("Write a runbook", "jane", "2024-03-01", "LOW")


def rows_changed(crew: Team, function: object) -> list[str]:
    file = crew.top / crew.path(DOC)
    before = file.read_text().splitlines()
    assert callable(function)
    function()
    after = file.read_text().splitlines()
    return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]


def test_move_touches_one_row(crew: Team) -> None:
    signing = crew.actor("jane").signer.git_arguments()
    wanted = Change(status="in_progress", ticket="PAY-1 | x", notes="half\\done")
    changed = rows_changed(crew, lambda: change(crew.workspace, "jane", "ai-7F3K", wanted, signing))
    assert [line[0] for line in changed] == ["-", "+"]
    item = action_items(crew.workspace.read_at(DOC))[0]
    assert (item.status, item.ticket, item.notes) == ("IN_PROGRESS", "PAY-1 | x", "half\\done")
    assert audit(crew.repo).findings == ()


def test_add_appends_one_row_with_a_fresh_id(crew: Team) -> None:
    signing = crew.actor("jane").signer.git_arguments()
    changed = rows_changed(crew, lambda: add(crew.workspace, "jane", DOC, WHOLE, signing, today=TODAY))
    assert [line[0] for line in changed] == ["+"]
    items = action_items(crew.workspace.read_at(DOC))
    assert len({item.id for item in items}) == 3
    assert (items[2].description, items[2].owner, items[2].due_date) == ("Write a runbook", "jane", date(2024, 3, 1))


@pytest.mark.parametrize("body", ["", "We will see.\n"])
def test_add_makes_the_table_when_there_is_none(crew: Team, body: str) -> None:
    from pmctl.document import edits
    from pmctl.document.reader import read

    file = crew.top / crew.path(DOC)
    crew.actor("jane")
    if body:
        file.write_bytes(edits.replace_section(read(file.read_bytes()), "Action Items", body).data)
    else:
        text = file.read_text()
        start = text.index("## Action Items")
        file.write_text(text[:start] + text[text.index("## Lessons") :])
    crew.commit_all("No table")
    add(crew.workspace, "jane", DOC, WHOLE, (), today=TODAY)
    assert [item.description for item in action_items(crew.workspace.read_at(DOC))] == ["Write a runbook"]
    assert body.strip() in file.read_text()


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        (Change(), UsageProblem, "nothing to change"),
        (Change(status="DONE"), UsageProblem, "not one of OPEN"),
        (Change(priority="URGENT"), UsageProblem, "not one of"),
        (Change(due="22.01.2024"), UsageProblem, "not a day"),
        (Change(owner="mallory"), UsageProblem, "not in the policy"),
        (Change(status="WONT_DO"), UsageProblem, "needs its reason"),
        (Change(notes="two\nlines"), BadInput, "one line"),
        (Change(status="OPEN"), Refused, "says that already"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_written(
    crew: Team, wanted: Change, error: type[PmctlError], says: str
) -> None:
    before = crew.snapshot()
    with pytest.raises(error, match=says):
        change(crew.workspace, "jane", "AI-7f3k", wanted, ())
    assert crew.snapshot() == before


def test_who_may(crew: Team) -> None:
    for person, item in (("jane", "AI-q2m8"), ("bob", "AI-q2m8"), ("alice", "AI-7f3k")):
        crew.actor(person)
        change(crew.workspace, person, item, Change(notes=f"by {person}"), ())
    for person, item in (("carol", "AI-q2m8"), ("bob", "AI-7f3k"), ("", "AI-7f3k")):
        with pytest.raises(Refused, match="may not change action items"):
            change(crew.workspace, person, item, Change(notes="no"), ())
    with pytest.raises(Refused, match="AU702 bob may not edit"):
        add(crew.workspace, "bob", DOC, WHOLE, (), today=TODAY)
    assert audit(crew.repo).findings == ()


def test_published_items_move_but_say_the_same(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    change(crew.workspace, "bob", "AI-q2m8", Change(status="COMPLETED"), ())
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    change(crew.workspace, "jane", "AI-7f3k", Change(due="2024-05-01"), ())
    with pytest.raises(Refused, match=r"AU401 .* only on the record"):
        change(crew.workspace, "jane", "AI-7f3k", Change(description="Else"), ())
    with pytest.raises(Refused, match="needs a signature"):
        add(crew.workspace, "jane", DOC, WHOLE, (), today=TODAY)
    assert audit(crew.repo).findings == ()


def test_a_new_item_of_a_published_postmortem_is_signed(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)

    def by(person: str) -> Changed:
        return add(crew.workspace, person, DOC, WHOLE, (), today=TODAY, signer=lambda: (crew.actor(person), AT))

    with pytest.raises(Refused, match="AU303"):
        by("bob")  # a reviewer is no editor
    changed = rows_changed(crew, lambda: by("jane"))
    assert [line[0] for line in changed] == ["+"]
    by("alice")
    assert [path.name[5:13] for path in crew.records(DOC)[-2:]] == ["add-item", "add-item"]
    assert audit(crew.repo).findings == ()
    assert current_state(crew.workspace.head, DOC).state.content == crew.workspace.head.digest(DOC)
    perform(crew.workspace, crew.actor("alice"), acts.ARCHIVE, DOC, at=AT)
    by("jane")
    assert audit(crew.repo).findings == ()


def test_unknown_and_doubled_ids(crew: Team) -> None:
    with pytest.raises(NotFound, match="AI-zzzz"):
        change(crew.workspace, "jane", "AI-zzzz", Change(status="OPEN"), ())
    crew.new("jane", "Search was slow")
    with pytest.raises(UsageProblem, match="occurs 2 times") as caught:
        change(crew.workspace, "jane", "AI-7f3k", Change(status="COMPLETED"), ())
    assert len(caught.value.details) == 2
