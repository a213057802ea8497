"""Where postmortems stand, as text: nothing is wider than the terminal, and no word breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmctl.errors import advise
from pmctl.insight.status_overview import Figures, StatusReports, Waiting
from pmctl.insight.status_report import AskedApproval, Blocker, ItemCount, OverdueItem, SentBack, StatusReport
from pmctl.insight.unlanded import UnlandedAct
from pmctl.output.status import figures, notes, report, rows, waiting
from pmctl.output.terminal import table, width_of

ID = "2024-01-15-payment-api-connection-pool-exhausted"
REASON = "Say which alert fired, and who saw it first, so that others can find it again.\n\nAnd why?\nThird.\nFourth."
BACK = SentBack("bob", "2024-01-23T09:00:00Z", REASON, False, ("bob",))
FOUND = StatusReport(
    ID, "IN_REVIEW", "Payments", round=2, author="jane",
    approvals=(AskedApproval("bob", "valid", "sha256:1"), AskedApproval("carol", "stale", "sha256:" + "2" * 64)),
    blockers=(Blocker("it has no impact", "write one", ("jane",), "PM401", 7), Blocker("no approval", code="AU309")),
    facts=("template: the second version",),
    action_items=ItemCount(3, 2, (OverdueItem("AI-7f3k", "Alert", "jane", "2024-01-22", 1),)),
    whose_turn=("carol",), next_step=advise("approve-as", id=ID, people="carol"),
)  # fmt: skip
MINE = (
    Waiting("review", ID, "Payments", "jane asks for your review", advise("read-it-and-approve", id=ID), "jane"),
    Waiting("changes", ID, "Payments", "bob asked for changes", advise("edit", id=ID), "bob", REASON),
)


def test_everything_about_one() -> None:
    assert report(FOUND, "") == (
        f"{ID}: IN_REVIEW (round 2)\n"
        "  bob: approved this content\n"
        "  carol: approved an earlier content (sha256:222222222222...), which is stale now\n"
        "  - PM401 it has no impact (line 7) (write one)\n"
        "  - no approval\n"
        "  template: the second version\n"
        "  2 of 3 action items open, overdue: AI-7f3k\n"
        f"next: pmctl approve {ID}   (as carol)"
    )


def test_who_asked_for_what_comes_first() -> None:
    lines = report(replace(FOUND, status="DRAFT", approvals=(), sent_back=BACK), advise("edit", id=ID)).split("\n")
    assert lines[:3] == ["bob asked for changes on 2024-01-23:", f"  {REASON.splitlines()[0]}", "  And why?"]
    assert lines[-1] == f"your turn: pmctl edit {ID}"


def test_a_long_reason_says_where_the_rest_is() -> None:
    told = waiting(MINE, "jane", [ID]).split("\n")
    assert told[0] == "waiting for you, jane:"
    assert told[-2] == f"           > ... and 1 more line: pmctl log {ID}"
    assert "Fourth." not in "\n".join(told)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_nothing_is_wider_than_the_terminal_and_no_word_breaks(width: int) -> None:
    sent_back = replace(FOUND, sent_back=BACK)
    shown = [waiting(MINE, "jane", [ID], width=width), report(sent_back, "", width=width)]
    heads, cells = rows([FOUND], with_next=False, with_place=False)
    shown.append(table(heads, cells, width=width, known=[ID]))
    for text in shown:
        assert max(map(width_of, text.split("\n"))) <= width
        for word in ("exhausted", "payment", "review", "changes", "find"):
            assert word[: len(word) // 2 + 1] not in text or word in text


def test_a_control_character_in_a_reason_reaches_no_terminal() -> None:
    entry = replace(MINE[1], reason="\x1b[2Jgone")
    assert "\x1b" not in waiting((entry,), "jane", ())


def test_the_repository_is_named_only_where_there_are_several() -> None:
    assert rows([FOUND], with_next=True, with_place=False)[0] == ["ID", "STATUS", "WAITS FOR", "NEXT"]
    heads, cells = rows([replace(FOUND, repository="../pay")], with_next=False, with_place=True)
    assert (heads[0], cells[0][0]) == ("REPOSITORY", "../pay")


def test_what_is_not_pushed_and_a_detached_head_are_said() -> None:
    found = StatusReports("bob", (), (), (UnlandedAct("approve", ID, "r.json", "pay"),), ("",))
    first, second = notes(found)
    assert first.startswith(f"not pushed yet: your approve of {ID} in pay;")
    assert second.startswith("HEAD is detached: ")


def test_the_four_numbers_that_matter() -> None:
    assert figures(Figures(1, 1, 3, 1)) == "1 draft, 1 in review, 3 open action items, 1 overdue"
    assert figures(Figures(2, 0, 1, 0)) == "2 drafts, 0 in review, 1 open action item, 0 overdue"
