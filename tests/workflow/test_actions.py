"""Action items: one row at a time, by those who may, and nothing else of the file."""

from __future__ import annotations

import difflib
from datetime import date

import pytest

from pmctl.document.actions import action_items
from pmctl.errors import BadInput, NotFound, PmctlError, Refused, UsageProblem
from pmctl.ledger.audit import audit
from pmctl.ledger.current_state import current_state
from pmctl.output.advice import words
from pmctl.policy import act as acts
from pmctl.workflow.actions import Change, Changed, add, change, remove
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
        (Change(description="x" * 1001), BadInput, "1001 characters in Action, at most 1000"),
        (Change(notes="x" * 301), BadInput, "301 characters in Notes, at most 300"),
        (Change(description="fine \u202etxet"), BadInput, "invisible character"),
        (Change(notes="fine &#x202e;txet"), BadInput, "invisible character"),
        (Change(ticket="javascript:alert(1)"), BadInput, "begins with http"),
        (Change(ticket="OPS-1 <JavaScript:alert(1)>"), BadInput, "begins with http"),
        (Change(ticket="data:text/html,x"), BadInput, "begins with http"),
        (Change(ticket="&#106;avascript:alert(1)"), BadInput, "begins with http"),
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


@pytest.mark.parametrize("ticket", ["OPS-12", "#7", "https://example.org/a:b", "org/repo#7", "PAY-1: later", ""])
def test_tickets_are_ids_and_addresses(crew: Team, ticket: str) -> None:
    crew.actor("jane")
    change(crew.workspace, "jane", "AI-7f3k", Change(ticket=ticket, description="x" * 1000), ())
    assert action_items(crew.workspace.read_at(DOC))[0].ticket == ticket


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
    other = crew.new("jane", "Search was slow")
    before = crew.snapshot()
    for act in (
        lambda: change(crew.workspace, "jane", "AI-7f3k", Change(status="COMPLETED"), ()),
        lambda: remove(crew.workspace, "jane", "AI-7f3k", ()),
    ):
        with pytest.raises(UsageProblem, match="occurs 2 times") as caught:
            act()
        assert [path in line for path, line in zip(map(crew.path, (other, DOC)), caught.value.details, strict=True)]
        assert caught.value.exit_code == 2
    assert crew.snapshot() == before
    change(crew.workspace, "jane", "AI-7f3k", Change(status="COMPLETED"), (), postmortem=other)
    assert next(item.status for item in action_items(crew.workspace.read_at(other))) == "COMPLETED"
    assert next(item.status for item in action_items(crew.workspace.read_at(DOC))) == "OPEN"


def test_an_id_twice_in_one_postmortem_is_nobodys(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("AI-q2m8", "AI-7f3k"))
    crew.commit_all("The same id twice")
    with pytest.raises(UsageProblem, match="occurs 2 times") as caught:
        change(crew.workspace, "jane", "7f3k", Change(status="COMPLETED"), ())
    assert "validate --fix" in str(caught.value.hint)


@pytest.mark.parametrize("word", ["ai-7F3K", "7f3k", "7F3", "alert when", "  the pool is 80 % ", "80 %"])
def test_any_part_that_only_one_has_names_an_item(crew: Team, word: str) -> None:
    crew.actor("jane")
    done = change(crew.workspace, "jane", word, Change(notes="found"), ())
    assert [one.item for one in done.items] == ["AI-7f3k"]


@pytest.mark.parametrize("word", ["AI-", "pool", "a"])
def test_a_part_that_several_have_names_them(crew: Team, word: str) -> None:
    with pytest.raises(UsageProblem, match="fits 2 action items") as caught:
        change(crew.workspace, "jane", word, Change(notes="found"), ())
    assert [line[:7] for line in caught.value.lines[1:]] == ["AI-7f3k", "AI-q2m8"]


def fresh_ids(crew: Team, other: str) -> None:
    """Give the items of the second postmortem ids of their own."""
    crew.edit_text(other, lambda text: text.replace("AI-7f3k", "AI-aaaa").replace("AI-q2m8", "AI-bbbb"))
    crew.commit_all("Other ids")


def test_many_items_of_several_postmortems_are_one_commit(crew: Team) -> None:
    other = crew.new("jane", "Search was slow")
    fresh_ids(crew, other)
    before = crew.head
    crew.actor("jane")
    done = change(crew.workspace, "jane", ("7f3k", "AI-bbbb", "aaaa", "AI-7f3k"), Change(due="2024-05-01"), ())
    assert [(one.item, one.postmortem) for one in done.items] == [
        ("AI-7f3k", DOC),
        ("AI-bbbb", other),
        ("AI-aaaa", other),
    ]
    assert crew.git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert crew.git("log", "-1", "--format=%s") == "Update 3 action items of 2 postmortems"
    assert crew.git("log", "-1", "--format=%(trailers:key=Postmortem,valueonly)").split() == [DOC, other]
    changed = crew.git("diff", "--numstat", before, "HEAD").splitlines()
    assert sorted(line.split()[:2] for line in changed) == [["1", "1"], ["2", "2"]]
    assert audit(crew.repo).findings == ()


def test_one_that_may_not_be_changed_keeps_all_as_they_are(crew: Team) -> None:
    other = crew.new("carol", "Search was slow")
    fresh_ids(crew, other)
    crew.actor("jane")
    before = crew.snapshot()
    with pytest.raises(Refused, match="AU703 jane may not change action items"):
        change(crew.workspace, "jane", ("AI-7f3k", "AI-bbbb"), Change(status="COMPLETED"), ())
    assert crew.snapshot() == before


def test_what_is_done_already_is_told_apart(crew: Team) -> None:
    crew.actor("jane")
    change(crew.workspace, "jane", "AI-7f3k", Change(status="COMPLETED"), ())
    with pytest.raises(Refused, match="AI-7f3k says that already"):
        change(crew.workspace, "jane", "AI-7f3k", Change(status="COMPLETED"), ())
    done = change(crew.workspace, "jane", ("AI-7f3k", "AI-q2m8"), Change(status="COMPLETED"), ())
    assert ([one.item for one in done.items], done.same) == (["AI-q2m8"], ("AI-7f3k",))
    with pytest.raises(Refused, match="AI-7f3k and AI-q2m8 say that already"):
        change(crew.workspace, "jane", ("AI-7f3k", "AI-q2m8"), Change(status="COMPLETED"), ())
    change(crew.workspace, "jane", "AI-7f3k", Change(status="OPEN"), ())  # it can be taken up again


def test_remove_takes_rows_out_and_nothing_else(crew: Team) -> None:
    crew.actor("jane")
    changed = rows_changed(crew, lambda: remove(crew.workspace, "jane", ("7f3k", "q2m8"), ()))
    assert [line[:11] for line in changed] == ["- | AI-7f3k", "- | AI-q2m8"]
    assert crew.git("log", "-1", "--format=%s") == f"Remove 2 action items of {DOC}"
    assert audit(crew.repo).findings == ()


def test_who_may_remove_and_when(crew: Team) -> None:
    with pytest.raises(Refused, match="AU702 bob may not edit"):
        remove(crew.workspace, "bob", "AI-q2m8", ())  # its owner moves it, no more
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    for person in ("jane", "alice"):
        with pytest.raises(Refused, match="AU401") as caught:
            remove(crew.workspace, person, "AI-q2m8", ())
        assert "pmctl amend" in words(caught.value.hint)


def test_a_new_item_is_due_when_the_team_wants_it(crew: Team) -> None:
    crew.actor("jane")
    with (crew.top / "pmctl.yaml").open("a") as file:
        file.write("actions: {due: {HIGH: 2w, MEDIUM: 30d}}\n")
    wish = Change("Write a runbook", "jane", None, "high")
    add(crew.workspace, "jane", DOC, wish, (), today=TODAY)
    assert action_items(crew.workspace.read_at(DOC))[-1].due_date == date(2024, 2, 6)
    with pytest.raises(UsageProblem, match="needs --due"):
        add(crew.workspace, "jane", DOC, Change("Write a runbook", "jane", None, "LOW"), (), today=TODAY)
    add(crew.workspace, "jane", DOC, Change("Else", "jane", "2024-03-01", "HIGH"), (), today=TODAY)
    assert action_items(crew.workspace.read_at(DOC))[-1].due == "2024-03-01"


def test_what_an_item_is_for_gets_its_column(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("template: ", "root_causes: [capacity]\ntemplate: "))
    crew.commit_all("Say the cause")
    crew.actor("jane")
    text = (crew.top / crew.path(DOC)).read_bytes()
    wish = Change("Write a runbook", "jane", "2024-03-01", "LOW", prevents="Capacity", kind="Process")
    add(crew.workspace, "jane", DOC, wish, (), today=TODAY)
    item = action_items(crew.workspace.read_at(DOC))[-1]
    assert (item.prevents, item.kind) == ("Capacity", "process")
    change(crew.workspace, "jane", "AI-7f3k", Change(kind="detect", prevents="capacity"), ())
    after = (crew.top / crew.path(DOC)).read_bytes()
    bare = [
        line for line in after.splitlines() if b"| AI-" not in line and b"| ID |" not in line and b"|---|" not in line
    ]
    assert [line for line in text.splitlines() if line in bare] == bare, "nothing else has changed"
    assert audit(crew.repo).findings == ()
    for wrong, says in ((Change(prevents="capcity"), "no root cause"), (Change(kind="fix"), "not one of prevent")):
        with pytest.raises(UsageProblem, match=says):
            change(crew.workspace, "jane", "AI-7f3k", wrong, ())


def test_what_an_item_is_for_is_no_tracking_cell(crew: Team) -> None:
    """Its owner moves an item and does not rewrite what was agreed on; a review's approvals would notice."""
    crew.edit_text(DOC, lambda text: text.replace("template: ", "root_causes: [capacity]\ntemplate: "))
    crew.commit_all("Say the cause")
    crew.actor("jane")
    change(crew.workspace, "jane", "AI-q2m8", Change(kind="prevent", prevents="capacity"), ())
    before = crew.workspace.head.digest(DOC)
    crew.actor("bob")
    change(crew.workspace, "bob", "AI-q2m8", Change(notes="begun", status="IN_PROGRESS"), ())
    assert crew.workspace.head.digest(DOC) == before
    for wish in (Change(kind="detect"), Change(prevents="")):
        with pytest.raises(Refused, match="AU702 bob may not edit"):
            change(crew.workspace, "bob", "AI-q2m8", wish, ())
    crew.actor("jane")
    change(crew.workspace, "jane", "AI-q2m8", Change(kind="detect"), ())
    assert crew.workspace.head.digest(DOC) != before
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    for wish in (Change(kind="mitigate"), Change(prevents="")):
        with pytest.raises(Refused, match="AU401"):
            change(crew.workspace, "jane", "AI-q2m8", wish, ())
    crew.edit_text(DOC, lambda text: text.replace("| capacity | detect |", "| capacity | mitigate |"))
    crew.commit_all("By hand")
    assert {finding.code for finding in audit(crew.repo).findings if not finding.waived_by} == {"AU401"}


def test_a_published_table_gets_no_column(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    before = crew.snapshot()
    wish = Change("Write a runbook", "jane", "2024-03-01", "LOW", kind="process")
    with pytest.raises(UsageProblem, match="no column Kind") as caught:
        add(crew.workspace, "jane", DOC, wish, (), today=TODAY, signer=lambda: (crew.actor("jane"), AT))
    assert "amend" in words(caught.value.hint)
    assert crew.snapshot() == before


def test_a_table_broken_by_hand_is_not_made_worse(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: text.replace("| HIGH | OPEN | | |", "| HIGH | OPEN | one | cell | too many |"))
    crew.commit_all("Broken")
    crew.actor("jane")
    before = crew.snapshot()
    wish = Change("Write a runbook", "jane", "2024-03-01", "LOW", kind="process")
    with pytest.raises(BadInput, match="has not as many cells"):
        add(crew.workspace, "jane", DOC, wish, (), today=TODAY)
    assert crew.snapshot() == before


def test_a_new_id_is_new_in_the_whole_repository(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    other = crew.new("jane", "Search was slow")
    fresh_ids(crew, other)
    crew.actor("jane")
    ids = iter(("AI-AAAA", "AI-7f3k", "AI-bbbb", "AI-cccc"))
    monkeypatch.setattr("pmctl.workflow.actions.item_id", lambda: next(ids))
    assert add(crew.workspace, "jane", DOC, WHOLE, (), today=TODAY).items[0].item == "AI-cccc"
