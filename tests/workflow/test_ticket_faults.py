"""Whatever goes wrong with whichever tracker in whichever act: one clear line, nothing half-done, nothing done twice.

A table of faults, run over all trackers and acts. The trackers are those of tests/services; where a fault lasts, it is
there for the whole act, and gone in the next. Each run takes every fault with one tracker or two;
PMCTL_TICKET_FAULTS=all takes every fault with every tracker.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
import pytest
import tenacity.nap

from pmctl.errors import PmctlError
from pmctl.output.advice import words
from pmctl.services import client
from pmctl.workflow.ticket_sync import adopt_tickets
from pmctl.workflow.tickets import read_live
from tests.services.trackers import TOKEN, Fault, Request, serving
from tests.workflow.test_tickets import ROW, Desk
from tests.workflow.test_tickets_elsewhere import SETTINGS

NAMES = tuple(sorted(SETTINGS))
FOREVER = 999
ELSEWHERE = {"Location": "https://elsewhere.example/login"}
ECHO = {
    "jira": {"errorMessages": [f"no such thing, {TOKEN}"]}, "github": {"message": f"no such thing, {TOKEN}"},
    "gitlab": {"message": f"no such thing, {TOKEN}"}, "linear": {"errors": [{"message": f"no such thing, {TOKEN}"}]},
    "asana": {"errors": [{"message": f"no such thing, {TOKEN}"}]},
}  # fmt: skip
SLOWER: dict[str, dict[str, Any]] = {
    "jira": {"status": 503, "headers": {"Retry-After": "2"}},
    "github": {
        "status": 403,
        "body": {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
    },
    "gitlab": {"status": 429, "body": b"Retry later", "headers": {"Retry-After": "3", "RateLimit-Remaining": "0"}},
    "linear": {"status": 400, "body": {"errors": [{"message": "Too many", "extensions": {"code": "RATELIMITED"}}]}},
    "asana": {"status": 429, "body": {"errors": [{"message": "You have made too many requests recently."}]}},
}
"""How each of them asks for fewer requests."""


class Case(NamedTuple):
    """A fault, and what becomes of a ticket that is being created in it: made, refused, stopped or unknown."""

    fault: dict[str, Any]
    outcome: str


CASES = {
    "401": Case({"status": 401, "times": FOREVER}, "stopped"),
    "403": Case({"status": 403, "times": FOREVER}, "stopped"),
    "404": Case({"status": 404, "times": FOREVER}, "stopped"),
    "409": Case({"status": 409}, "refused"),
    "410": Case({"status": 410}, "refused"),
    "422": Case({"status": 422}, "refused"),
    "429, and when to come again": Case({"status": 429, "headers": {"Retry-After": "1"}}, "made"),
    "429 alone": Case({"status": 429, "body": b"slow down"}, "made"),
    "429 for ever": Case({"status": 429, "headers": {"Retry-After": "1"}, "times": FOREVER}, "stopped"),
    "429 for hours": Case({"status": 429, "headers": {"Retry-After": "7200"}}, "stopped"),
    "its own way to ask for fewer": Case({}, "made"),
    "500": Case({"status": 500, "body": b"<html>sorry</html>", "times": FOREVER}, "unknown"),
    "half an answer": Case({"half": True, "times": FOREVER}, "unknown"),
    "no answer after the deed": Case({"after": True, "times": FOREVER}, "unknown"),
    "a page instead of an answer": Case({"status": 200, "body": b"<html>sign in</html>", "times": FOREVER}, "unknown"),
    "a redirect to another host": Case({"status": 302, "headers": ELSEWHERE, "times": FOREVER}, "stopped"),
    "late": Case({}, "unknown"),
}


ALL = os.environ.get("PMCTL_TICKET_FAULTS") == "all"


def chosen_cases(name: str) -> list[str]:
    """The faults that are tried with a tracker in this run."""
    place = NAMES.index(name)
    return [case for number, case in enumerate(CASES) if ALL or (number + place) % 6 == 0]


PAIRS = [(name, case) for name in NAMES for case in chosen_cases(name)]


def creates(request: Request) -> bool:
    return "issueCreate" in str(request.body) or (
        request.method == "POST" and request.path.endswith(("/issue", "/issues", "/tasks"))
    )


def writes(request: Request) -> bool:
    return request.method in ("PUT", "PATCH") or "issueUpdate" in str(request.body)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Desk]]:
    """A repository for each tracker, made once: at `start` its item has no ticket, at `pushed` it has one."""
    made: dict[str, Desk] = {}
    with ExitStack() as stack:

        def of(name: str) -> Desk:
            if name not in made:
                kind, settings = SETTINGS[name]
                tracker = stack.enter_context(serving(kind()))
                folder = tmp_path_factory.mktemp(name)
                desk = made[name] = Desk(folder, tracker, settings, ROW.replace("@carol", "@jane"))
                desk.world.git("tag", "start")
                desk.push()
                desk.world.git("tag", "pushed")
                made[name].kept = json.dumps(list(tracker.issues.values())), dict(tracker.issues)  # type: ignore[attr-defined]
            return made[name]

        yield of


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def at(desks: Callable[[str], Desk]) -> Callable[[str, str], Desk]:
    """A tracker's repository as it was at a tag, and the tracker as it was then."""

    def back(name: str, tag: str) -> Desk:
        desk = desks(name)
        tracker: Any = desk.tracker
        kept = json.loads(desk.kept[0])  # type: ignore[attr-defined]
        tracker.issues.clear()
        if tag == "pushed":
            tracker.issues.update(zip(desk.kept[1], kept, strict=True))  # type: ignore[attr-defined]
        tracker.faults.clear()
        tracker.requests.clear()
        desk.said.clear()
        desk.world.git("reset", "-q", "--hard", tag)
        (desk.repo.act_dir / "tickets-runs.json").unlink(missing_ok=True)
        return desk

    return back


def fail(desk: Desk, name: str, case: str, when: Callable[[Request], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a fault happen to the requests that match."""
    if case != "late":
        fault = {**CASES[case].fault, **(SLOWER[name] if case.startswith("its own") else {})}
        fault = {"body": ECHO[name], **fault} if fault.get("status", 200) != 200 else fault
        desk.tracker.faults.append(Fault("", "", when=when, **fault))
        return
    send = httpx.Client.send

    def late(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = send(self, request, **options)
        if when(desk.tracker.requests[-1]) and not desk.over:  # type: ignore[attr-defined]
            answer.close()
            raise httpx.ReadTimeout("it takes too long", request=request)
        return answer

    desk.over = False  # type: ignore[attr-defined]
    monkeypatch.setattr(httpx.Client, "send", late)


def healthy(desk: Desk) -> None:
    desk.tracker.faults.clear()
    desk.over = True  # type: ignore[attr-defined]


def clear(desk: Desk, lines: list[str]) -> None:
    """Every line is one line of words, without the token."""
    for line in (*lines, *desk.said):
        assert "\n" not in line and len(line) < 500, line
        assert TOKEN not in line, line
    assert desk.world.git("status", "--porcelain") == ""


def told(done: Any) -> list[str]:
    problems = [*done.problems, *([done.stopped] if getattr(done, "stopped", None) else [])]
    return [
        text for one in problems for text in (one.message, words(getattr(one, "fix", "") or getattr(one, "hint", "")))
    ]


@pytest.mark.parametrize(("name", "case"), PAIRS)
def test_push(at: Any, name: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at(name, "start")
    fail(desk, name, case, creates, monkeypatch)
    done, outcome = desk.push(), CASES[case].outcome
    lines = told(done)
    clear(desk, lines)
    assert bool(done.made) is (outcome == "made"), lines
    assert len(done.problems) == (outcome in ("refused", "unknown")), lines
    assert (done.stopped is not None) is (outcome in ("stopped", "unknown")), lines
    file = desk.world.root / ".pmctl/tickets"
    assert any(file.rglob("*.json")) is (outcome in ("made", "unknown")), "an announcement that came to nothing is gone"
    created = len(desk.tracker.issues)
    assert created == (case in ("half an answer", "no answer after the deed", "late") or outcome == "made")
    if outcome != "unknown":
        return
    assert sum(map(creates, desk.tracker.requests)) == 1, "what may have been done is not asked for again"
    healthy(desk)
    done = desk.push(resend=name == "jira" and not created)
    assert [*done.made, *done.found] == ["AI-7f3k"], told(done)
    assert len(desk.tracker.issues) == 1


@pytest.mark.parametrize(("name", "case"), PAIRS)
def test_sync_writes(at: Any, name: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not certainly written there counts as not written, and is written once in the end."""
    desk = at(name, "pushed")
    field = "status" if name in ("github", "linear") else "due"
    old, wanted = ("2024-01-22", "2024-02-22") if field == "due" else ("| OPEN |", "COMPLETED")
    desk.set(old, wanted if field == "due" else f"| {wanted} |")
    fail(desk, name, case, writes, monkeypatch)
    done = desk.sync()
    clear(desk, told(done))
    wordless = name == "jira" and case == "half an answer"  # of an empty answer nothing breaks off
    assert bool(done.moved) is (CASES[case].outcome == "made" or wordless), told(done)
    assert bool(told(done)) is not bool(done.moved)
    assert (desk.ticket().agreed[field] == wanted) is bool(done.moved), "agreed on is what certainly was written"
    healthy(desk)
    assert desk.sync().problems == []
    assert desk.ticket().agreed[field] == wanted
    before = len(desk.tracker.requests)
    again = desk.sync()
    assert (again.moved, again.problems) == ([], [])
    assert not any(map(writes, desk.tracker.requests[before:]))


@pytest.mark.parametrize("act", ["sync", "status", "adopt"])
@pytest.mark.parametrize("name", NAMES)
def test_reading(at: Any, name: str, act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a tracker cannot be read nothing is changed, and one line says why."""
    from pmctl.insight.catalog import catalog
    from pmctl.insight.tickets import chosen, tracked
    from pmctl.repository.workspace import Workspace

    desk = at(name, "pushed")
    if act == "adopt":
        shutil.rmtree(desk.world.root / ".pmctl/tickets")
        desk.world.commit("Forget it", "jane")
    head = desk.world.head

    def run() -> list[str]:
        if act == "status":
            workspace = Workspace(desk.repo)
            rows = tracked(workspace, chosen(catalog(workspace), (), workspace))
            return [
                one.problem for one in read_live(workspace, desk.hands.secrets, desk.said.append, rows) if one.problem
            ]
        done = adopt_tickets(desk.repo, desk.hands, ()) if act == "adopt" else desk.sync()
        assert act != "adopt" or bool(done.taken) is not bool(done.problems)
        return told(done)

    for case in chosen_cases(name):
        outcome = CASES[case].outcome
        with monkeypatch.context() as patched:
            desk.tracker.faults.clear()
            patched.setattr(client, "ATTEMPTS", 2)
            fault = dict(CASES[case].fault)
            fail(desk, name, case, lambda one: True, patched)
            for one in desk.tracker.faults:
                one.times = 1 if outcome == "made" and "times" not in fault else FOREVER
            try:
                lines = run()
            except PmctlError as problem:
                lines = [problem.message, words(problem.hint)]
            clear(desk, lines)
            assert bool(lines) is (outcome != "made"), (case, lines)
            if outcome == "made":
                desk.world.git("reset", "-q", "--hard", head)
            assert desk.world.head == head, case
    healthy(desk)
    assert run() == []
