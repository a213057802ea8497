"""What action items are for: causes, kinds, and how soon they are wanted."""

from __future__ import annotations

import pytest

from pmctl.output.advice import words
from pmctl.rules.engine import check

from .sample import CONTEXT, sample

TARGETS = CONTEXT._replace(item_targets={"HIGH": 14, "LOW": 90})


def found(
    front: str, cells: str = "", *, context=CONTEXT, due: str = "2999-01-22", state: str = "OPEN", priority="HIGH"
):
    row = f"| AI-7f3k | Alert when the pool is 80 % used | @jane | {due} | {priority} | {state} | | why | {cells}"
    head = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Prevents | Kind |"
    text = f"{front}\n\n## Action Items\n\n{head}\n|{'---|' * 10}\n{row}\n"
    return [(one.code, one.message.removeprefix("AI-7f3k: "), words(one.fix)) for one in check(sample(text), context)]


@pytest.mark.parametrize(
    "cells", ["capacity | prevent |", "Capacity | Process |", "deploys | detect |", "| mitigate |", "| |"]
)
def test_known_words_pass(cells: str) -> None:
    assert found("root_causes: [capacity]\ncontributing_factors: [deploys]", cells) == []


@pytest.mark.parametrize(
    ("front", "cells", "code", "fix"),
    [
        ("root_causes: [capacity]", "capcity | |", "PM516", "did you mean capacity?"),
        ("contributing_factors: [deploys]", "deploy | |", "PM516", "did you mean deploys?"),
        ("", "capacity | |", "PM516", "add it to root_causes or contributing_factors, or name one of them"),
        ("", "| detecting |", "PM517", "did you mean detect?"),
        ("", "| x |", "PM517", "one of prevent, detect, mitigate, process"),
    ],
)
def test_unknown_words_are_found(front: str, cells: str, code: str, fix: str) -> None:
    [(told, _, said)] = found(front, cells)
    assert (told, said) == (code, fix)


@pytest.mark.parametrize(
    ("due", "priority", "state", "late"),
    [
        ("2024-01-31", "HIGH", "OPEN", False),
        ("2024-02-01", "HIGH", "OPEN", True),
        ("2024-02-01", "HIGH", "IN_PROGRESS", True),
        ("2024-02-01", "HIGH", "COMPLETED", False),
        ("2024-02-01", "LOW", "OPEN", False),
        ("2999-02-01", "MEDIUM", "OPEN", False),  # nothing is wanted of it
    ],
)
def test_later_than_the_target(due: str, priority: str, state: str, late: bool) -> None:
    told = found("", "| |", context=TARGETS, due=due, priority=priority, state=state)
    assert [code for code, _, _ in told] == (["PM518"] if late else [])
    if late:
        assert told[0][1] == "due in 15 days; the target of HIGH is 14 days"


def test_after_publication_nobody_is_reminded_by_validation() -> None:
    assert found("status: PUBLISHED", "| |", context=TARGETS) == []


def test_words_of_the_team() -> None:
    context = CONTEXT._replace(causes=("capacity", "config"))
    told = found("root_causes: [Capacity, confg]\ncontributing_factors: [weather]", "| |", context=context)
    assert [(code, fix) for code, _, fix in told] == [
        ("PM160", "did you mean config?"),
        ("PM160", "one of capacity, config, or add it to pmctl.yaml"),
    ]
    assert found("root_causes: [anything]", "| |") == []
