"""The same life of a ticket in GitLab, Linear and Asana, as far as each of them can tell statuses apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pmctl.errors import PmctlError
from pmctl.services import client
from pmctl.services.ticket_settings import ticket_settings
from pmctl.services.trackers import check_access
from pmctl.workflow.ticket_sync import adopt_tickets
from pmctl.workflow.tickets import push, settings_of
from tests.services.more_trackers import Asana, GitLab, Linear
from tests.services.trackers import TOKEN, Fault, GitHub, Jira, Request, Tracker, serving
from tests.workflow.test_tickets import GITHUB, HOSTILE, JIRA, ROW, Desk, moved, rows

SETTINGS = {
    "gitlab": (GitLab, "tickets: {system: gitlab, project: acme/ops, labels: [postmortem]}\n"),
    "linear": (Linear, "tickets: {system: linear, team: OPS, labels: [postmortem]}\n"),
    "asana": (Asana, 'tickets: {system: asana, project: "12001"}\n'),
    "jira": (Jira, JIRA),
    "github": (GitHub, GITHUB),
}
NEW = ("gitlab", "linear", "asana")
Make = Callable[..., Desk]


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 1.0)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def one(name: str, items: str = ROW.replace("@carol", "@jane"), **front: Any) -> Desk:
            kind, settings = SETTINGS[name]
            return Desk(tmp_path / name, stack.enter_context(serving(kind())), settings, items, **front)

        yield one


def there(desk: Desk) -> dict[str, Any]:
    (one,) = desk.tracker.issues.values()  # type: ignore[attr-defined]
    return one  # type: ignore[no-any-return]


def close(desk: Desk, name: str) -> None:
    there(desk).update({"gitlab": {"state": "closed"}, "linear": {"stateId": "s4"}, "asana": {"completed": True}}[name])


def due(desk: Desk, name: str, day: str) -> None:
    there(desk)[{"gitlab": "due_date", "linear": "dueDate", "asana": "due_on"}[name]] = day


def posts(tracker: Tracker) -> int:
    return tracker.count("POST", "/issues$|/tasks$") + sum("issueCreate" in str(one.body) for one in tracker.requests)


@pytest.mark.parametrize("name", NEW)
def test_pushed_in_step_and_back(make: Make, name: str) -> None:
    desk = make(name, ROW.replace("@carol", "@jane").replace("Monitor the pool", HOSTILE.replace("|", "")))
    done = desk.push()
    assert done.problems == []
    assert len(done.made) == 1
    assert desk.push().made == {}
    text = str(there(desk))
    assert "Payment API outage" in text
    assert getattr(desk.tracker, "ran", []) == []
    assert name == "asana" or "@team" not in there(desk)["description"]
    assert desk.ticket().agreed == {"status": "OPEN", "owner": "jane", "due": "2024-01-22"}
    close(desk, name)
    due(desk, name, "2024-02-02")
    done = desk.sync()
    assert sorted(moved(done)) == [("due", "2024-01-22", "2024-02-02", "here"), ("status", "OPEN", "COMPLETED", "here")]
    desk.set("@jane | 2024-02-02 | HIGH | COMPLETED", "@bob | 2024-03-03 | HIGH | IN_PROGRESS")
    done = desk.sync()
    assert done.problems == []
    assert {(one.field, one.to) for one in done.moved} == {("status", "there"), ("owner", "there"), ("due", "there")}
    assert desk.sync().moved == []
    item = desk.items()["AI-7f3k"]
    assert (item.owner, item.due, item.status) == ("bob", "2024-03-03", "IN_PROGRESS")
    desk.clean()


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("fault", [{"after": True}, {"half": True}])
def test_looked_up_where_nobody_knows(make: Make, name: str, fault: dict[str, Any]) -> None:
    desk = make(name)
    if name == "linear":  # the fourth question makes it: the team, the person, then the issue
        desk.push(rehearsal=True)
        desk.tracker.requests.clear()
        original, cut = desk.tracker.fault, Fault("POST", "/graphql", **fault)

        def at_creation(request: Request) -> Fault | None:
            return cut if "issueCreate" in str(request.body) and not desk.tracker.issues else original(request)  # type: ignore[attr-defined]

        desk.tracker.fault = at_creation  # type: ignore[method-assign]
    else:
        desk.tracker.faults.append(Fault("POST", "/issues$|/tasks$", **fault))
    assert desk.push().made == {}
    assert len(desk.push().found) == 1
    assert len(desk.tracker.issues) == 1  # type: ignore[attr-defined]
    assert posts(desk.tracker) == 1
    desk.clean()


@pytest.mark.parametrize("name", NEW)
def test_gone_and_taken_over(make: Make, name: str) -> None:
    desk = make(name)
    desk.push()
    file = next((desk.world.root / ".pmctl/tickets").rglob("*.json"))
    file.unlink()
    desk.world.commit("Forget it", "jane")
    done = adopt_tickets(desk.repo, desk.hands, ())
    assert list(done.taken) == ["AI-7f3k"], done.problems
    assert desk.sync().problems == []
    desk.tracker.issues.clear()  # type: ignore[attr-defined]
    assert "is gone from" in desk.sync().problems[0].message
    desk.clean()


@pytest.mark.parametrize("name", NEW)
def test_many_are_read_at_once(make: Make, name: str) -> None:
    desk = make(name, rows(60))
    assert len(desk.push().made) == 60
    desk.tracker.requests.clear()
    assert desk.sync().read == 60
    people = ("user", "closed_by")
    reads = [one for one in desk.tracker.requests if not any(word in one.path + str(one.body) for word in people)]
    assert len(reads) == {"gitlab": 2, "linear": 2, "asana": 1}[name]


def test_linear_asks_for_fewer_requests_with_400(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from pmctl.services import linear, trackers

    quick = replace(linear.TRACKER, slow_down=lambda reply: 0.01 if linear.slow_down(reply) == 10.0 else None)
    monkeypatch.setitem(trackers.TRACKERS, "linear", quick)
    desk = make("linear")
    limited = {"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED"}}]}
    desk.tracker.fail("POST", "/graphql", 400, body=limited, times=2)
    assert len(desk.push().made) == 1


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_access_says_who_and_what_is_missing(make: Make, name: str) -> None:
    desk = make(name)
    settings = settings_of(desk.repo_workspace())
    if name == "gitlab":
        desk.tracker.level = 10  # type: ignore[attr-defined]
    access = check_access(settings, desk.hands.secrets)
    assert "pmctl" in access.account
    missing = {
        "gitlab": ["Reporter"], "github": ["triage"], "jira": ["assign issues"], "asana": ["archived"], "linear": [],
    }  # fmt: skip
    assert len(access.missing) == len(missing[name])
    assert all(word in said for word, said in zip(missing[name], access.missing, strict=True))


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_token_that_is_not_accepted_is_not_shown(make: Make, name: str) -> None:
    desk = make(name)
    secret = "wrong-and-secret"
    secrets = desk.hands.secrets
    if name == "jira":  # takes any password of its bot: it is told so
        desk.tracker.fail("GET", "/user/search", 401)
    told = lambda one: secret if one.endswith("TOKEN") else secrets(one)  # noqa: E731
    hands = replace(desk.hands, secrets=told)
    with pytest.raises(PmctlError) as caught:
        push(desk.repo, hands, ())
    assert "does not accept the token" in caught.value.message
    assert secret not in f"{caught.value.lines} {caught.value.hint}"
    assert TOKEN not in f"{caught.value.lines}"
    assert not (desk.world.root / ".pmctl/tickets").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{system: jria, project: OPS}", "must be one of"),
        ("{system: jira}", "needs project"),
        ("{project: OPS}", "needs a system"),
        ("{system: jira, project: ops lower}", "as in OPS"),
        ("{system: jira, project: OPS, repository: a/b}", "unknown key 'repository'"),
        ("{system: github, repository: acme/ops, wont_do: x}", "unknown key 'wont_do'"),
        ("{system: jira, project: OPS, sync: {status: ours, ownr: both}}", "unknown key 'ownr'"),
        ("{system: jira, project: OPS, sync: {status: mine}}", "must be one of"),
        ("{system: jira, project: OPS, labels: [two words]}", "not one word"),
        ("{system: jira, project: OPS, priority: {URGENT: x}}", "unknown key 'URGENT'"),
        ("{system: jira, project: OPS, audience: everybody}", "organization or team:NAME"),
        ("{system: asana, project: 12001}", ""),
        ("{system: jira, project: OPS, fields: {customfield_1: {value: Ops}}, sync: {owner: off}}", ""),
    ],
)
def test_settings(text: str, said: str) -> None:
    from pmctl.repository.settings import load_settings

    settings, _ = load_settings(f"tickets: {text}\n".encode())
    found, wrong = ticket_settings(settings.blocks["tickets"])
    assert bool(wrong) is bool(said), wrong
    assert said in " ".join(one.message for one in wrong)
    if not said:
        assert found.place in ("12001", "OPS")


def test_linear_never_makes_a_second_one_under_an_id(make: Make) -> None:
    desk = make("linear")
    desk.push()
    for file in (desk.world.root / ".pmctl/tickets").rglob("*.json"):
        file.unlink()
    desk.set(desk.items()["AI-7f3k"].ticket, "")
    assert desk.push().made == {"AI-7f3k": "OPS-1"}
    assert len(desk.tracker.issues) == 1  # type: ignore[attr-defined]


def test_a_team_has_a_tracker_of_its_own(make: Make) -> None:
    desk = make("gitlab", visibility="team", teams="[payments]")
    assert "team" in desk.push().problems[0].message
    desk.world.change_policy(teams={"payments": ("jane",), "search": ("bob",)})
    settings = "version: 1\ntickets: {system: gitlab, project: acme/ops, audience: team:%s}\n"
    desk.world.write("pmctl.yaml", settings % "search")
    desk.world.commit("Their tracker", "alice")
    assert desk.push().made == {}
    desk.world.write("pmctl.yaml", settings % "payments")
    desk.world.commit("Our tracker", "alice")
    assert desk.push().made
    assert there(desk)["confidential"] is True


def test_a_transferred_issue_of_github_keeps_working_and_a_deleted_one_is_said(make: Make) -> None:
    desk = make("github")
    desk.push()
    tracker: Any = desk.tracker
    tracker.issues[9] = {**tracker.issues[1], "number": 9, "state": "closed", "state_reason": "completed"}
    tracker.moved[1] = 9
    assert {(one.field, one.after) for one in desk.sync().moved} == {("status", "COMPLETED")}
    assert (desk.ticket().key, desk.ticket().id) == ("acme/ops#9", "I_9")
    assert desk.items()["AI-7f3k"].ticket == f"{tracker.base}/acme/ops/issues/9"
    tracker.deleted.add(9)
    assert "is gone from GitHub" in desk.sync().problems[0].message
    desk.clean()


def test_a_moved_issue_of_gitlab_is_not_taken_for_done(make: Make) -> None:
    desk = make("gitlab")
    desk.push()
    tracker: Any = desk.tracker
    tracker.issues[4] = {**tracker.issues[1], "iid": 4, "due_date": "2024-03-01"}
    tracker.moved[1] = 4
    assert moved(desk.sync()) == [("due", "2024-01-22", "2024-03-01", "here")]
    assert (desk.ticket().id, desk.items()["AI-7f3k"].status) == ("7:4", "OPEN")
    tracker.moved[4] = 5
    assert "is gone from GitLab" in desk.sync().problems[0].message
    desk.clean()


def test_merge_requests_are_asked_for_where_there_are_some(make: Make) -> None:
    desk = make("gitlab", rows(2))
    desk.push()
    desk.tracker.merges[2] = [("https://gitlab.example/a/-/merge_requests/5", "merged")]  # type: ignore[attr-defined]
    desk.sync()
    assert desk.tracker.count("GET", "/closed_by$") == 1
    assert [one.state for one in desk.ticket("AI-0001").changes] == ["merged"]
    desk.tracker.fail("GET", "/closed_by$", 400)
    with pytest.raises(PmctlError):
        desk.sync()
    assert [one.state for one in desk.ticket("AI-0001").changes] == ["merged"], "what nobody could ask is kept"


def test_a_deleted_issue_of_linear_is_shown_for_weeks_and_is_gone(make: Make) -> None:
    desk = make("linear")
    desk.push()
    desk.tracker.trashed |= set(desk.tracker.issues)  # type: ignore[attr-defined]
    assert "is gone from Linear" in desk.sync().problems[0].message


def test_linear_finds_an_issue_by_its_number_too(make: Make) -> None:
    desk = make("linear", ROW.replace("@carol", "@jane").replace("| OPEN | |", "| OPEN | OPS-1 |"))
    tracker: Any = desk.tracker
    name = "01234567-89ab-4cde-8f01-23456789abcd"
    tracker.issues[name] = {"id": name, "number": 1, "stateId": "s1", "pulls": [], "description": ""}
    tracker.by_identifier = False
    assert adopt_tickets(desk.repo, desk.hands, ()).taken == {"AI-7f3k": "OPS-1"}


@pytest.mark.parametrize("labels", [{}, {"postmortem": "another team"}])
def test_a_label_that_linear_has_not_is_said_before_anything_is_created(make: Make, labels: dict[str, str]) -> None:
    desk = make("linear")
    desk.tracker.labels = labels  # type: ignore[attr-defined]
    done = desk.push()
    assert done.stopped is not None
    assert "no label postmortem" in done.stopped.message
    assert desk.tracker.issues == {}  # type: ignore[attr-defined]
    desk.clean()


def test_issues_of_jira_that_moved_are_taken_over_by_their_old_keys(make: Make) -> None:
    items = "".join(ROW.replace("7f3k", f"000{one}").replace("OPEN | |", f"OPEN | OPS-{one} |") for one in range(3))
    desk = make("jira", items)
    there: Any = desk.tracker.issues  # type: ignore[attr-defined]
    for number, key in enumerate(("OPS-0", "PAY-1", "PAY-2")):
        issue = {"id": str(10000 + number), "key": key, "old": [f"OPS-{number}"], "summary": "x", "labels": []}
        there[issue["id"]] = issue | {"resolution": None, "state": "To Do"}
    done = adopt_tickets(desk.repo, desk.hands, ())
    assert done.taken == {"AI-0000": "OPS-0", "AI-0001": "PAY-1", "AI-0002": "PAY-2"}
