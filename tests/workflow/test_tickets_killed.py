"""GitLab, Linear and Asana too, and sync and adopt with all: killed between any two steps and run again.

Each run takes some of the steps; PMCTL_KILLED_TICKETS=20 takes all of them, and twenty items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pmctl.workflow.ticket_sync import adopt_tickets
from tests.services.trackers import serving
from tests.workflow.test_tickets import KILLED, Desk, finish, killed, rows
from tests.workflow.test_tickets_elsewhere import NEW, SETTINGS

NAMES = tuple(sorted(SETTINGS))
COUNT = KILLED or 2
Make = Callable[[str], Desk]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:

        def one(name: str) -> Desk:
            kind, settings = SETTINGS[name]
            return Desk(tmp_path / name, stack.enter_context(serving(kind())), settings, rows(COUNT))

        yield one


def steps(total: int, first: int, apart: int) -> range:
    """The steps that this run takes."""
    return range(0 if KILLED else first % apart, total, 1 if KILLED else apart)


def back(desk: Desk, tag: str, issues: dict[Any, Any]) -> None:
    """The repository and the tracker as they were."""
    desk.world.git("reset", "-q", "--hard", tag)
    tracker: Any = desk.tracker
    tracker.issues.clear()
    tracker.issues.update(deepcopy(issues))
    tracker.requests.clear()


@pytest.mark.parametrize("name", NEW)
def test_push(make: Make, name: str) -> None:
    desk = make(name)
    desk.world.git("tag", "start")
    total = killed(desk, 10**9)
    assert total > 2 * COUNT + 4
    for step in steps(total, len(name), 17):
        back(desk, "start", {})
        assert killed(desk, step) == -1, step
        finish(desk)
        assert len(desk.tracker.issues) == COUNT, step  # type: ignore[attr-defined]
        assert len({one.ticket for one in desk.items().values()} - {""}) == COUNT, step
        assert desk.world.git("status", "--porcelain") == "", step
    desk.clean()


def closed(name: str, one: dict[str, Any]) -> None:
    one.update({
        "jira": {"state": "Done"}, "github": {"state": "closed", "state_reason": "completed"},
        "gitlab": {"state": "closed"}, "linear": {"stateId": "s4"}, "asana": {"completed": True},
    }[name])  # fmt: skip


def is_closed(name: str, one: dict[str, Any]) -> bool:
    after = deepcopy(one)
    closed(name, after)
    return one == after


@pytest.mark.parametrize("name", NAMES)
def test_sync(make: Make, name: str) -> None:
    """One item was closed here and another there: in the end both are closed on both sides, each written once."""
    desk = make(name)
    desk.push()
    tracker: Any = desk.tracker
    there = list(tracker.issues.values())
    closed(name, there[1])
    desk.set("thing 0 | @jane | 2024-02-01 | HIGH | OPEN |", "thing 0 | @jane | 2024-02-01 | HIGH | COMPLETED |")
    desk.world.git("tag", "apart")
    issues = deepcopy(tracker.issues)
    total = killed(desk, 10**9, desk.sync)
    assert total > 4
    for step in steps(total, len(name), 8):
        back(desk, "apart", issues)
        assert killed(desk, step, desk.sync) == -1, step
        assert desk.sync().problems == [], step
        closed_here = [one.id for one in desk.items().values() if one.status == "COMPLETED"]
        closed_there = [number for number, one in enumerate(tracker.issues.values()) if is_closed(name, one)]
        assert (closed_here, closed_there) == (["AI-0000", "AI-0001"], [0, 1]), step
        assert desk.sync().moved == [], step
        assert desk.world.git("status", "--porcelain") == "", step
    desk.clean()


@pytest.mark.parametrize("name", NAMES)
def test_adopt(make: Make, name: str) -> None:
    desk = make(name)
    desk.push()
    desk.world.git("rm", "-rq", ".pmctl/tickets")
    desk.world.commit("Forget them", "jane")
    desk.world.git("tag", "forgotten")
    issues = deepcopy(desk.tracker.issues)  # type: ignore[attr-defined]
    adopt = lambda: adopt_tickets(desk.repo, desk.hands, ())  # noqa: E731
    total = killed(desk, 10**9, adopt)
    assert total > 2
    for step in steps(total, len(name), 8):
        back(desk, "forgotten", issues)
        assert killed(desk, step, adopt) == -1, step
        assert adopt().problems == [], step
        assert {desk.ticket(one).key for one in desk.items()} == {desk.ticket(one).key for one in desk.items()} - {""}
        assert len({desk.ticket(one).id for one in desk.items()}) == COUNT, step
        assert desk.world.git("status", "--porcelain") == "", step
    desk.clean()
