"""Dismiss an incident: who may, what is written, and what a file that somebody wrote by hand is worth."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.insight.dismissals import Dismissal, dismissal_path, dismissals
from pmctl.workflow.dismissing import land_dismissal, plan_dismissal
from tests.drafts import SHOP, Team

WHEN = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)


def dismissed(
    team: Team, reference: str, why: str = "no-learning", covered_by: str = "", by: str = "jane"
) -> Dismissal:
    decision = plan_dismissal(
        team.workspace, by, reference, why, covered_by=covered_by, reason="A known\ntest box", now=WHEN
    )
    land_dismissal(team.workspace, decision, ())
    return decision


def test_who_decided_and_why_is_read_back_from_the_commit(team: Team) -> None:
    decision = dismissed(team, "pagerduty:PT7Q2ZC")
    assert (team.root / ".pmctl/dismissed/pagerduty-PT7Q2ZC.yaml").read_text() == (
        "source: pagerduty\nid: PT7Q2ZC\nbecause: no-learning\nreason: A known test box\nby: jane\n"
        "at: 2025-06-01T09:30:00Z\n"
    )
    assert dismissals(team.workspace.head) == ((decision,), ())
    assert team.git("log", "-1", "--format=%s") == "Dismiss pagerduty:PT7Q2ZC"


def test_a_covering_postmortem_has_to_be_there(team: Team) -> None:
    name = team.new(SHOP)
    with pytest.raises(NotFound):
        dismissed(team, "pagerduty:P2", "covered-by", "2019-01-01-nothing")
    decision = dismissed(team, "pagerduty:P2", "covered-by", name[:14])
    assert decision.covered_by == name
    assert f"{name} covers it" in decision.because


@pytest.mark.parametrize(
    ("reference", "why", "covered_by", "by", "error"),
    [
        ("PT7Q2ZC", "no-learning", "", "jane", UsageProblem),
        ("nagios:1", "no-learning", "", "jane", UsageProblem),
        ("pagerduty:P1", "no-lerning", "", "jane", UsageProblem),
        ("pagerduty:P1", "covered-by", "", "jane", UsageProblem),
        ("pagerduty:P1", "no-learning", "2024-01-15-shop-down", "jane", UsageProblem),
        ("pagerduty:P1", "no-learning", "", "mallory", Refused),
        ("pagerduty:P1", "no-learning", "", "", Refused),
    ],
)
def test_what_is_refused(
    team: Team, reference: str, why: str, covered_by: str, by: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        dismissed(team, reference, why, covered_by, by)
    assert dismissals(team.workspace.head) == ((), ())


def test_neither_twice_nor_beside_a_postmortem(team: Team) -> None:
    dismissed(team, "pagerduty:P1")
    with pytest.raises(Refused, match="dismissed already"):
        dismissed(team, "PagerDuty:P1")
    team.new(SHOP)
    with pytest.raises(Refused, match="has a postmortem"):
        dismissed(team, f"generic:{SHOP['id']}")


@pytest.mark.parametrize("incident", ["o/r#5", "../../policy", "a b", "日本", "x" * 300, "...", "A:b"])
def test_any_id_gives_one_file_in_the_folder(incident: str) -> None:
    path = dismissal_path("github", incident)
    assert path.startswith(".pmctl/dismissed/github-")
    assert path.count("/") == 2
    assert ".." not in path
    assert len(path) < 150
    assert dismissal_path("github", incident + "x") != path


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "pagerduty-P1.yaml",
            "source: pagerduty\nid: P2\nbecause: no-learning\nreason: x\nby: jane\nat: x\n",
            "its name",
        ),
        (
            "pagerduty-P1.yaml",
            "source: pagerduty\nid: P1\nbecause: bored\nreason: x\nby: jane\nat: x\n",
            "because must be",
        ),
        (
            "pagerduty-P1.yaml",
            "source: pagerduty\nid: P1\nbecause: covered-by\nreason: x\nby: jane\nat: x\n",
            "covered-by",
        ),
        ("pagerduty-P1.yaml", "source: pagerduty\nid: P1\nbecause: no-learning\nreason: ' '\nby: jane\n", "no reason"),
        ("pagerduty-P1.yaml", "source: [pagerduty\n", ""),
        ("pagerduty-P1.yaml", "- a\n", "a list instead"),
        ("pagerduty-P1.yaml", "", "no source"),
    ],
)
def test_a_file_that_is_no_decision_dismisses_nothing_and_is_named(
    team: Team, name: str, text: str, problem: str
) -> None:
    good = dismissed(team, "pagerduty:P9")
    (team.root / ".pmctl/dismissed" / name).write_text(text)
    team.git("add", "-A")
    team.git("commit", "-qm", "by hand")
    found, problems = dismissals(team.workspace.head)
    assert found == (good,)
    assert len(problems) == 1
    assert name in problems[0]
    assert problem in problems[0]
