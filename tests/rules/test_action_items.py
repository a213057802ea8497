"""Action items as people write them: owners, dates, statuses, wording, and tables that lack a column."""

from __future__ import annotations

import pytest

from pmctl.output.advice import words
from pmctl.rules.engine import check

from .sample import CONTEXT, sample

HEAD = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |"
TASK = "Alert when the pool is 80 % used"


def table(*rows: str, head: str = HEAD) -> str:
    return f"## Action Items\n\n{head}\n|{'---|' * (head.count('|') - 1)}\n" + "\n".join(rows) + "\n"


def item(
    task: str = TASK, owner: str = "@jane", due: str = "2999-01-22", priority: str = "HIGH", status: str = "OPEN",
    notes: str = "", id: str = "AI-7f3k",  # noqa: A002  the column's own name
) -> str:  # fmt: skip
    return f"| {id} | {task} | {owner} | {due} | {priority} | {status} | | {notes} |"


def found(fragment: str, context=CONTEXT) -> list[tuple[str, str, str]]:
    findings = check(sample(fragment), context)
    return [(one.code, one.message.removeprefix("AI-7f3k: "), words(one.fix)) for one in findings]


def only(row: str) -> tuple[str, str, str]:
    [finding] = found(table(row))
    return finding


NO_OWNER = ("PM505", "the item has no owner", "name one person, as in @jane")


@pytest.mark.parametrize("owner", ["", "@", "TBD", "?", "-", "N/A", "nobody", "unassigned", "to be decided"])
def test_no_owner(owner):
    assert only(item(owner=owner)) == NO_OWNER


@pytest.mark.parametrize(
    "owner",
    ["@jane, @bob", "@jane @bob", "@jane/@bob", "jane and bob", "jane bob", "Jane Doe & Bob Stone", "@jane (with bob)",
     "@jane → @bob", "@jane + somebody from payments"],
)  # fmt: skip
def test_several_owners(owner):
    assert only(item(owner=owner)) == ("PM505", f"{owner!r} is more than one owner", "name one person; split the item")


@pytest.mark.parametrize(
    ("owner", "kind"),
    [("@payments", "team"), ("Payments", "team"), ("payments team", "team"), ("team payments", "team"), ("SRE", "team"),
     ("everyone", "team"), ("platform-team", "team"), ("on-call", "rota"), ("the on-call engineer", "rota")],
)  # fmt: skip
def test_a_team_or_a_rota_is_no_owner(owner, kind):
    assert only(item(owner=owner)) == ("PM506", f"{owner!r} is a {kind}", "name the one person who will do it")


@pytest.mark.parametrize(
    "owner",
    ["Jane", "@Jane", "Jane Doe", "jane doe", "jane@example.com", "**@jane**", "`@jane`", "@jane.", "@jane (SRE)"],
)
def test_a_person_who_is_named_otherwise_is_shown_as_a_handle(owner):
    assert only(item(owner=owner)) == ("PM507", f"{owner!r} is no handle", "write @jane")


def test_people_whom_nobody_knows():
    assert only(item(owner="@jnae")) == ("PM507", "the policy knows no person '@jnae'", "did you mean @jane?")
    code, message, fix = only(item(owner="Anderson"))
    assert (code, message) == ("PM507", "the policy knows no person 'Anderson'")
    assert fix == "write the handle of a person of the policy: pmctl people list"
    assert found(table(item(owner="Anderson")), CONTEXT._replace(people=None)) == []


def test_a_person_may_bear_a_teams_name():
    people = CONTEXT.people._replace(names={**CONTEXT.people.names, "qa": "Quentin Ash"})
    assert found(table(item(owner="@qa")), CONTEXT._replace(people=people)) == []
    assert only(item(owner="@qa"))[0] == "PM506"


@pytest.mark.parametrize(
    ("due", "message", "fix"),
    [
        ("Jan 22", "'Jan 22' is not a date", "write 2024-01-22"),
        ("22/01/2024", "'22/01/2024' is not a date", "write 2024-01-22"),
        ("03/04/2024", "'03/04/2024' is not a date", "write 2024-03-04 or 2024-04-03"),
        ("2024-1-22", "'2024-1-22' is not a date", "write 2024-01-22"),
        ("2024-02-30", "there is no such day as 2024-02-30", "correct the date"),
        ("ASAP", "'ASAP' is not a date", "write a day, as in 2024-01-22"),
        ("Q3", "'Q3' is not a date", "write a day, as in 2024-01-22"),
        ("TBD", "the item has no due date", "agree on a day and write it as in 2024-01-22"),
        ("", "the item has no due date", "agree on a day and write it as in 2024-01-22"),
    ],
)
def test_due_dates(due, message, fix):
    assert only(item(due=due)) == ("PM508", message, fix)


def test_what_will_not_be_done_needs_no_date():
    assert found(table(item(due="", status="WONT_DO", notes="The pool grows by itself"))) == []
    assert only(item(due="soon", status="WONT_DO", notes="The pool grows by itself"))[1] == "'soon' is not a date"


@pytest.mark.parametrize("notes", ["", "-", "n/a", "TBD", "none"])
def test_no_reason(notes):
    assert only(item(status="WONT_DO", notes=notes)) == (
        "PM512",
        "WONT_DO needs its reason in Notes",
        "say why the risk is accepted",
    )


@pytest.mark.parametrize(
    ("written", "message", "fix"),
    [
        ("done", "'done' is written COMPLETED", "pmctl validate --fix spells it"),
        ("wontdo", "'wontdo' is written WONT_DO", "pmctl validate --fix spells it"),
        ("todo", "'todo' is written OPEN", "pmctl validate --fix spells it"),
        ("**Open**", "'**Open**' is written OPEN", "pmctl validate --fix spells it"),
        ("cancelled", "'cancelled' is not a status", "did you mean WONT_DO?"),
        ("blocked", "'blocked' is not a status", "did you mean OPEN?"),
        ("purple", "'purple' is not a status", "one of OPEN, IN_PROGRESS, COMPLETED, WONT_DO"),
        ("", "the item has no status", "one of OPEN, IN_PROGRESS, COMPLETED, WONT_DO"),
        ("TBD", "the item has no status", "one of OPEN, IN_PROGRESS, COMPLETED, WONT_DO"),
    ],
)
def test_statuses(written, message, fix):
    assert only(item(status=written, notes="why")) == ("PM511", message, fix)


@pytest.mark.parametrize(
    ("written", "fix"),
    [("high", "pmctl validate --fix spells it"), ("P1", "did you mean HIGH?"), ("1", "one of HIGH, MEDIUM, LOW")],
)
def test_priorities(written, fix):
    assert only(item(priority=written))[::2] == ("PM510", fix)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("", "pmctl validate --fix gives it one"),
        ("1", "empty the cell, then pmctl validate --fix gives it one"),
        ("ai-7f3k", "write AI-7f3k"),
        ("**AI-7f3k**", "write AI-7f3k"),
        ("OPS-12", "move it to Ticket, then pmctl validate --fix gives it one"),
        ("#12", "move it to Ticket, then pmctl validate --fix gives it one"),
    ],
)
def test_ids(written, fix):
    assert only(item(id=written))[::2] == ("PM502", fix)


def test_a_column_that_is_not_there_is_missed_once():
    head = "| Action | Owner | Due Date |"
    rows = (f"| {TASK} | @jane | 2999-01-22 |", "| Name the service in step 3 | @bob | 2999-01-29 |")
    assert found(table(*rows, head=head)) == [
        (
            "PM502",
            "the table of action items has no column ID",
            "pmctl validate --fix adds it, with an id for each item",
        ),
        ("PM510", "the table of action items has no column Priority", "add a column Priority"),
        ("PM511", "the table of action items has no column Status", "add a column Status"),
    ]


def test_what_no_item_has_is_said_once_and_what_some_lack_at_each():
    rows = [item(owner="", id=f"AI-7f3{end}") for end in "abc"]
    assert found(table(*rows)) == [("PM505", "none of the 3 items has an owner", "name one person, as in @jane")]
    assert [message for _, message, _ in found(table(*rows, item()))] == [
        "AI-7f3a: the item has no owner",
        "AI-7f3b: the item has no owner",
        "AI-7f3c: the item has no owner",
    ]


def test_a_section_without_items_says_what_to_do():
    assert found("## Action Items\n\n- alert at 80 %\n") == [
        (
            "PM501",
            "there is no action item in a table",
            'pmctl actions add 2024-01-15-payment-api-outage "TEXT" --owner HANDLE --due DATE --priority HIGH',
        )
    ]
    assert found("## Action Items\n\n| What | Who |\n|---|---|\n| alert at 80 % | jane |\n") == [
        (
            "PM501",
            "no table here has the columns of action items",
            "call its columns ID, Action, Owner, Due, Priority, Status, Ticket and Notes",
        )
    ]


@pytest.mark.parametrize(
    "task",
    ["Improve monitoring", "Better docs", "Consider adding a cache", "Be more proactive", "Add alerts",
     "Fix the issues", "Prevent future outages", "Ensure this does not happen again", "Evaluate alternatives",
     "Communicate better", "Remember to check the host", "Follow-up", "Investigate"],
)  # fmt: skip
def test_wording_that_nobody_can_verify(task):
    assert only(item(task)) == (
        "PM513",
        f"{task!r} does not say when it is done",
        "name the change and how to check it, as in: alert when the pool is 80 % used",
    )


@pytest.mark.parametrize("task", ["Be more careful", "Raise awareness of the limit"])
def test_an_appeal_to_take_care_is_one_finding(task):
    assert [code for code, _, _ in found(table(item(task)))] == ["PM709"]


@pytest.mark.parametrize(
    "task",
    ["Add connection pool monitoring", "Set up alerts at 80 % pool usage", "Document connection pool sizing",
     "Review all DB connection configs", "Fix the memory leak in the exporter", "Fix flaky test in billing",
     "Increase the timeout to 30 s", "Investigate why the alert did not fire", "Make sure that backups are restored",
     "Considerable reduction of the TTL to 60 s", "Upgrade PostgreSQL", "Follow up with the provider on their limits"],
)  # fmt: skip
def test_wording_that_somebody_can(task):
    assert found(table(item(task))) == []


def test_a_link_in_the_ticket_says_what_to_write():
    row = item().replace("OPEN | |", "OPEN | [OPS-1](https://tracker.example/OPS-1) |")
    assert only(row) == (
        "PM592",
        "Ticket holds markup; it is shown as plain text",
        "write https://tracker.example/OPS-1",
    )
