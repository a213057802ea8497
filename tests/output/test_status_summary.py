"""Where postmortems stand, as Markdown: a host's own renderer shows the table, and nothing breaks out of it."""

from __future__ import annotations

import re
from dataclasses import replace

import cmarkgfm
import pytest

from pmctl.errors import advise
from pmctl.insight.status_report import AskedApproval, Blocker, ItemCount, OverdueItem, SentBack, StatusReport
from pmctl.output.job_summary import cell, code, fitting
from pmctl.output.status_summary import markdown

ID = "2024-01-15-payments"
FOUND = StatusReport(
    ID, "IN_REVIEW", "Payments", round=2, author="jane",
    approvals=(AskedApproval("bob", "valid"), AskedApproval("carol", "stale"), AskedApproval("dave", "missing")),
    blockers=(Blocker("it has no impact", "write one", ("jane",), "PM401", 7), Blocker("no approval", code="AU309")),
    action_items=ItemCount(3, 2, (OverdueItem("AI-7f3k", "Alert", "jane", "2024-01-22", 1),)),
    whose_turn=("carol", "dave", "alice"), next_step=advise("approve-as", id=ID, people="carol"),
)  # fmt: skip
HOSTILE = (
    "a | b", "x\n\n# heading", "<script>alert(1)</script>", "<img src=x onerror=y>", "![p](http://h/p.png)",
    "[l](javascript:x)", "http://h.example/x", "www.h.example", "`code` | ``", "\\", "\\|", "a<br>b", "&lt;b>",
    "<!--", "```", "~~s~~ **b** _i_", "@bob #12", "\x1b[31m", "\u202etxt", "&#124;", "|||", "<details>",
)  # fmt: skip


def rendered(text: str) -> str:
    return str(cmarkgfm.github_flavored_markdown_to_html(text, options=cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE))


def cells(text: str) -> list[list[str]]:
    """The cells of every row of the table that a host makes of it."""
    html = rendered(text)
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in body.split("<tr>")[1:]]


def test_a_row_says_state_blockers_approvals_and_the_command() -> None:
    ((name, state, approvals, blocked, step),) = cells(markdown([FOUND], of_change=True))
    assert name == f"Payments<br><code>{ID}</code>"
    assert state == "IN_REVIEW, round 2"
    assert approvals == (
        "bob: approved<br>carol: approved an earlier text<br>dave: has not answered<br>waits for alice"
    )
    assert blocked == ("PM401 it has no impact (line 7)<br>no approval<br>2 of 3 action items open, overdue: AI-7f3k")
    assert step == f"<code>pmctl approve {ID}</code> (as carol)"


def test_what_was_asked_for_comes_before_what_is_missing() -> None:
    back = SentBack("bob", "2024-01-23T09:00:00Z", "Say | which alert\nfired.", False, ("bob",))
    ((*_, blocked, step),) = cells(markdown([replace(FOUND, sent_back=back, next_step=advise("edit", id=ID))]))
    assert blocked.startswith("bob asked for changes: Say | which alert fired.<br>PM401")
    assert step == f"<code>pmctl edit {ID}</code>"


def test_a_sentence_is_no_command() -> None:
    ((*_, blocked, step),) = cells(markdown([replace(FOUND, blockers=(), next_step="put it back", approvals=())]))
    assert step == "put it back"
    assert blocked == "2 of 3 action items open, overdue: AI-7f3k"


def test_nothing_changed_is_said() -> None:
    assert "changes no postmortem" in markdown([], of_change=True)
    assert "Nothing is waiting" in markdown([])


def test_many_blockers_are_cut_and_counted() -> None:
    many = replace(FOUND, blockers=tuple(Blocker(f"lacks {number}") for number in range(14)))
    ((*_, blocked, _),) = cells(markdown([many]))
    assert "lacks 9<br>and 4 more<br>" in blocked


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_its_cell(text: str) -> None:
    """In a title, a reason, a message and a handle at once: as many rows and cells, and no other markup than ours."""
    back = SentBack(text, "", text, False, ())
    blockers = (Blocker(text), Blocker(text, code="PM401", line=3))
    one = replace(FOUND, title=text, sent_back=back, blockers=blockers, whose_turn=(text,), next_step=text)
    rows = cells(markdown([one, FOUND]))
    assert [len(row) for row in rows] == [5, 5]
    assert rows[1][0] == f"Payments<br><code>{ID}</code>"
    html = rendered(markdown([one, FOUND]))
    tags = set(re.findall(r"</?([a-zA-Z!][^\s>/]*)", html))
    assert tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "code"}
    assert "\x1b" not in html
    assert "\u202e" not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_code_holds_what_it_is_given(text: str) -> None:
    ((first, second),) = cells(fitting("x\n", ("A", "B"), [f"| {code(text, 3)} | {cell(text)} |"], 1))
    assert re.fullmatch(r"<code>[^<]*</code>", first)
    assert "<" not in second


def test_as_many_rows_as_there_is_room_for() -> None:
    text = markdown([FOUND] * 5000, 20_000)
    assert 15_000 < len(text.encode()) <= 20_000
    shown = len(cells(text))
    assert text.endswith(f"\n… and {5000 - shown} more: the job's log lists all\n")
    assert markdown([FOUND], 20) == ""
