"""Action items by name, and their life as history tells it."""

from __future__ import annotations

from datetime import date

import pytest

from pmctl.document import edits
from pmctl.document.reader import read
from pmctl.errors import NotFound, UsageProblem
from pmctl.insight.added_items import added_later
from pmctl.insight.catalog import catalog
from pmctl.insight.items import ItemHistory, item_history, moves, named_item
from pmctl.ledger.audit import audit
from pmctl.policy import act as acts
from pmctl.workflow.actions import Change, add, change, remove
from pmctl.workflow.lifecycle import perform
from tests.team import AT, TODAY, Team

DOC = "2024-01-15-payments-failed"
DAY = date(2024, 3, 1)


def life(crew: Team, word: str, day: date = DAY) -> ItemHistory:
    workspace = crew.workspace
    return item_history(workspace, *named_item(catalog(workspace), word), day)


def at(crew: Team, day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on git commits on that day."""
    monkeypatch.setenv("GIT_AUTHOR_DATE", f"{day}T12:00:00Z")
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00Z")


def test_a_life_of_slips_owners_and_an_end(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    at(crew, "2024-01-23", monkeypatch)
    crew.actor("jane")
    wish = Change("Write a runbook", "jane", "2024-02-01", "HIGH")
    name = add(crew.workspace, "jane", DOC, wish, (), today=TODAY).items[0].item
    at(crew, "2024-02-02", monkeypatch)
    change(crew.workspace, "jane", name, Change(due="2024-02-10", owner="bob"), ())
    crew.actor("bob")
    at(crew, "2024-02-09", monkeypatch)
    change(crew.workspace, "bob", name, Change(due="2024-02-20"), ())
    change(crew.workspace, "bob", name, Change(due="2024-02-15", status="IN_PROGRESS"), ())  # earlier: no slip
    at(crew, "2024-02-14", monkeypatch)
    change(crew.workspace, "bob", name, Change(status="COMPLETED", ticket="OPS-7"), ())
    found = life(crew, "runbook")
    assert (found.created_at, found.created_by) == ("2024-01-23T12:00:00Z", "jane")
    assert found.owners == ("jane", "bob")
    assert found.due_days == ("2024-02-01", "2024-02-10", "2024-02-20", "2024-02-15")
    assert (found.slips, found.open_days, found.closed_at) == (2, 22, "2024-02-14T12:00:00Z")
    assert (found.ticket, found.overdue, found.added_after_publication, found.incomplete) == ("OPS-7", False, False, "")
    assert len({step.commit for step in found.steps}) == 5
    assert [(s.by, s.before, s.after) for s in found.steps if s.column == "Status"] == [
        ("jane", "", "OPEN"), ("bob", "OPEN", "IN_PROGRESS"), ("bob", "IN_PROGRESS", "COMPLETED"),
    ]  # fmt: skip
    at(crew, "2024-02-20", monkeypatch)
    change(crew.workspace, "bob", name, Change(status="OPEN"), ())
    again = life(crew, "runbook")
    assert (again.open_days, again.closed_at, again.overdue) == (22 + 10, "", True)


def test_the_target_counts_from_the_day_that_an_item_was_added(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    with (crew.top / "pmctl.yaml").open("a") as file:
        file.write("actions: {due: {HIGH: 2w}}\n")
    at(crew, "2024-01-23", monkeypatch)
    crew.actor("jane")
    add(crew.workspace, "jane", DOC, Change("Write a runbook", "jane", None, "HIGH"), (), today=TODAY)
    assert life(crew, "runbook", date(2024, 2, 6)).target == "2024-02-06"
    assert not life(crew, "runbook", date(2024, 2, 6)).missed
    assert life(crew, "runbook", date(2024, 2, 7)).missed
    at(crew, "2024-02-05", monkeypatch)
    change(crew.workspace, "jane", "runbook", Change(status="COMPLETED"), ())
    assert not life(crew, "runbook", date(2024, 2, 7)).missed, "it was done in time"
    assert life(crew, "q2m8").target == "", "nothing is wanted of MEDIUM"


def test_an_item_that_is_only_in_the_work_tree_has_no_life_yet(crew: Team) -> None:
    row = "| AI-new1 | Not committed | @jane | 2024-02-01 | LOW | OPEN | | |\n"
    crew.edit_text(DOC, lambda text: text.replace("| AI-q2m8", f"{row}| AI-q2m8"))
    found = life(crew, "new1")
    assert (found.created_at, found.steps, found.slips) == ("", (), 0)


def test_added_after_publication(crew: Team) -> None:
    perform(crew.workspace, crew.actor("jane"), acts.SUBMIT, DOC, at=AT, reviewers=("bob",))
    perform(crew.workspace, crew.actor("bob"), acts.APPROVE, DOC, at=AT)
    perform(crew.workspace, crew.actor("jane"), acts.PUBLISH, DOC, at=AT)
    assert added_later(crew.workspace.head, DOC) == ()
    wish = Change("Write a runbook", "jane", "2024-03-01", "LOW")
    done = add(crew.workspace, "jane", DOC, wish, (), today=TODAY, signer=lambda: (crew.actor("jane"), AT))
    assert life(crew, "runbook").added_after_publication
    assert not life(crew, "7f3k").added_after_publication
    assert [(one.item, one.by) for one in added_later(crew.workspace.head, DOC)] == [(done.items[0].item, "jane")]
    assert audit(crew.repo).findings == ()


def test_each_move_is_told_once_through_a_merge(crew: Team) -> None:
    crew.actor("jane")
    crew.git("branch", "side")
    change(crew.workspace, "jane", "AI-7f3k", Change(notes="on main"), ())
    crew.git("checkout", "-q", "side")
    change(crew.workspace, "jane", "AI-q2m8", Change(due="2024-05-01"), ())
    crew.edit_text(DOC, lambda text: text.replace("## Lessons", "Text.\n\n## Lessons"))
    crew.commit_all("More text")
    crew.git("checkout", "-q", "main")
    crew.git("merge", "-q", "--no-edit", "side", check=False)
    text = (crew.top / crew.path(DOC)).read_text()
    if "<<<<<<<" in text:  # git takes rows that are neighbours for a conflict
        ours = crew.git("show", "main:" + crew.path(DOC))
        side = crew.git("show", "side:" + crew.path(DOC))
        row = next(line for line in side.splitlines() if "AI-q2m8" in line)
        merged = "\n".join(row if "AI-q2m8" in line else line for line in ours.splitlines()) + "\n"
        (crew.top / crew.path(DOC)).write_text(merged)
        crew.git("commit", "-qam", "Merge side")
    assert [(s.column, s.after) for s in life(crew, "7f3k").steps if s.column == "Notes"] == [("Notes", "on main")]
    assert [s.after for s in life(crew, "q2m8").steps if s.column == "Due"] == ["2024-02-05", "2024-05-01"]
    assert life(crew, "q2m8").slips == 1


def test_strangers_are_named_by_their_address(crew: Team) -> None:
    crew.actor("jane")
    crew.git("config", "user.email", "who@example.org")
    crew.edit_text(DOC, lambda text: text.replace("| HIGH | OPEN |", "| HIGH | IN_PROGRESS |"))
    crew.commit_all("From outside")
    assert life(crew, "7f3k").steps[-1].by == "who@example.org"


def test_a_shallow_clone_says_that_something_is_missing(crew: Team) -> None:
    crew.actor("jane")
    change(crew.workspace, "jane", "AI-7f3k", Change(notes="later"), ())
    shallow = crew.top.with_name("shallow")
    crew.git("clone", "-q", "--depth", "1", crew.top.as_uri(), str(shallow))
    found = life(Team(shallow), "7f3k")
    assert found.incomplete == "shallow clone"
    assert found.notes == "later"
    assert (found.created_by, found.slips, found.open_days, found.missed, found.steps) == ("", None, None, None, ())


def test_changes_stand_in_the_order_in_which_the_main_line_got_them(
    crew: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.actor("jane")
    crew.git("checkout", "-qb", "side")
    at(crew, "2024-02-02", monkeypatch)
    change(crew.workspace, "jane", "AI-7f3k", Change(notes="aside"), ())
    crew.git("checkout", "-q", "main")
    at(crew, "2024-02-04", monkeypatch)
    change(crew.workspace, "jane", "AI-7f3k", Change(ticket="PAY-9"), ())
    at(crew, "2024-02-09", monkeypatch)
    crew.git("merge", "-q", "-X", "ours", "--no-commit", "side")
    change_row(crew, "PAY-9 | ", "PAY-9 | aside ")
    crew.git("commit", "-qam", "Merge side")
    later = [(one.at[:10], one.landed[:10], one.column) for one in life(crew, "7f3k").steps[-2:]]
    assert later == [("2024-02-04", "2024-02-04", "Ticket"), ("2024-02-02", "2024-02-09", "Notes")]


def change_row(crew: Team, before: str, after: str) -> None:
    file = crew.top / crew.path(DOC)
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


SUMMARY = "Checkout failed for an hour."


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (f"<!-- Two or three sentences. -->\n{SUMMARY}", SUMMARY),
        (f"{SUMMARY} <!-- why -->\n<!--\n{'x ' * 200}\n-->", SUMMARY),
        ("<!-- Two or three sentences. -->", ""),
        ("<!-- Two or three sentences. -->\n\nTBD", ""),
    ],
)
def test_the_context_is_what_a_person_wrote(crew: Team, section: str, told: str) -> None:
    crew.actor("jane")
    text = edits.replace_section(crew.workspace.read_at(DOC), "Summary", section + "\n").text
    crew.edit_text(DOC, lambda _: text)
    crew.commit_all("Summary")
    assert life(crew, "7f3k").context[2] == told


def row(name: str, task: str, owner: str = "@jane", due: str = "2024-02-01") -> str:
    return f"| {name} | {task} | {owner} | {due} | LOW | OPEN | | |\n"


def document(*rows: str) -> bytes:
    head = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"
    front = f"---\nid: {DOC}\ntitle: x\nstatus: DRAFT\nauthor: jane\n---\n"
    return f"{front}\n## Action Items\n\n{head}{''.join(rows)}".encode()


def test_moves_by_id_wherever_the_row_stands() -> None:
    before = read(document(row("AI-aaaa", "One"), row("AI-bbbb", "Two")), "")
    after = read(document(row("AI-bbbb", "Two", "@bob"), row("AI-aaaa", "One more"), row("AI-cccc", "Three", "")), "")
    assert [tuple(vars_of(one)) for one in moves(before, after)] == [
        ("AI-bbbb", "Owner", "jane", "bob"),
        ("AI-aaaa", "Action", "One", "One more"),
        ("AI-cccc", "", "", "Three"),
        ("AI-cccc", "Due", "", "2024-02-01"),
        ("AI-cccc", "Priority", "", "LOW"),
        ("AI-cccc", "Status", "", "OPEN"),
    ]
    assert [(one.item, one.column, one.before) for one in moves(after, before)][-1] == ("AI-cccc", "", "Three")
    assert moves(before, before) == ()
    assert moves(None, None) == ()
    assert moves(read(b"---\nid: [\n---\n", ""), before) == moves(None, before)


def vars_of(move: object) -> list[str]:
    return [getattr(move, name) for name in ("item", "column", "before", "after")]


def test_names_that_fit_nothing(crew: Team) -> None:
    everything = catalog(crew.workspace)
    for word in ("", "  "):
        with pytest.raises(UsageProblem, match="named by its id"):
            named_item(everything, word)
    with pytest.raises(NotFound, match="no action item has 'nothing like it' in its id or text"):
        named_item(everything, "nothing like it")
    (crew.top / crew.path(DOC)).write_bytes(b"---\nid: [\n---\n")
    with pytest.raises(NotFound) as caught:
        named_item(catalog(crew.workspace), "AI-7f3k")
    assert DOC in caught.value.lines[1] and "cannot be read" in caught.value.lines[1]


def test_a_removed_item_has_a_past(crew: Team) -> None:
    crew.actor("jane")
    workspace = crew.workspace
    summary, item = named_item(catalog(workspace), "7f3k")
    remove(workspace, "jane", "7f3k", ())
    found = item_history(crew.workspace, summary, item, DAY)
    assert (found.steps[-1].column, found.steps[-1].after) == ("", "")
