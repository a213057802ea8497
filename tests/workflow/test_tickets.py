"""Tickets against trackers that live in the test: pushed once whatever dies when, brought into step, taken over."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmctl import git
from pmctl.document.actions import action_items
from pmctl.document.ticket import TicketFile, read_ticket, written
from pmctl.errors import PmctlError, Refused
from pmctl.repository.workspace import Workspace
from pmctl.services import client
from pmctl.services.secrets import from_environment
from pmctl.workflow.ticket_landing import Hands
from pmctl.workflow.ticket_sync import adopt_tickets, sync_tickets
from pmctl.workflow.tickets import push
from tests import killing
from tests.services.trackers import TOKEN, Fault, GitHub, Jira, Tracker, serving
from tests.team import set_identity
from tests.world import BODY, DOC, World

NOW = datetime(2024, 1, 23, 9, 0, tzinfo=UTC)
ROW = "| AI-7f3k | Monitor the pool | @carol | 2024-01-22 | HIGH | OPEN | | |\n"
JIRA = "tickets: {system: jira, project: OPS}\n"
GITHUB = "tickets: {system: github, repository: acme/ops, people: {jane: jane-doe, bob: bob}}\n"
HOSTILE = "<!channel> /close @team [x](javascript:alert) *all* <!-- -->"


def rows(count: int) -> str:
    """That many open items, owned by jane and bob in turn."""
    return "".join(
        f"| AI-0{number:03d} | Do the thing {number} | @{('jane', 'bob')[number % 2]} | 2024-02-{number % 20 + 1:02d}"
        " | HIGH | OPEN | | |\n"
        for number in range(count)
    )


class Desk:
    """A team's repository with items, and a tracker."""

    def __init__(self, folder: Path, tracker: Tracker, settings: str, items: str = ROW, **front: Any) -> None:
        self.world = World(folder / "team")
        self.world.init()
        self.world.write("pmctl.yaml", f"version: 1\n{settings}")
        self.world.commit("Settings", "alice")
        self.world.write(self.world.file(), _document(items, front))
        self.world.commit("Draft", "jane")
        set_identity(self.world.path, "jane")
        self.tracker = tracker
        self.said: list[str] = []
        self.now = NOW
        self.answers: list[str] = []

    @property
    def hands(self) -> Hands:
        environ = {
            **{f"{name}_TOKEN": TOKEN for name in ("JIRA", "GITHUB", "GITLAB", "LINEAR", "ASANA")},
            **dict.fromkeys(("JIRA_URL", "GITHUB_API_URL", "GITLAB_URL", "LINEAR_URL"), self.tracker.base),
            "ASANA_URL": f"{self.tracker.base}/api/1.0",
        }  # fmt: skip
        if getattr(self.tracker, "cloud", False):
            environ["JIRA_EMAIL"] = "bot@example.com"
        ask: Callable[[str], str] = lambda question: self.answers.pop(0) if self.answers else ""  # noqa: E731
        return Hands(
            "jane", (), from_environment(environ), lambda: self.now, self.said.append, lambda seconds: None, ask
        )

    @property
    def repo(self) -> git.Repository:
        return self.world.repo

    def repo_workspace(self) -> Workspace:
        return Workspace(self.repo)

    def push(self, *words: str, **more: Any) -> Any:
        return push(self.repo, self.hands, words, **more)

    def sync(self, *words: str, **more: Any) -> Any:
        return sync_tickets(self.repo, self.hands, words, **more)

    def items(self) -> dict[str, Any]:
        return {one.id: one for one in action_items(Workspace(self.repo).read_at(DOC))}

    def ticket(self, item: str = "AI-7f3k") -> TicketFile:
        data = (self.world.root / f".pmctl/tickets/{DOC}/{item}.json").read_bytes()
        found, problem = read_ticket(data, f"{item}.json")
        assert found is not None, problem
        return found

    def set(self, old: str, new: str) -> None:
        self.world.edit(old, new, by="jane")

    def clean(self) -> None:
        """The audit has nothing to say, and the work tree is as HEAD."""
        assert list(self.world.audit(root=self.world.first).findings) == []
        assert self.world.git("status", "--porcelain") == ""


def _document(items: str, front: dict[str, Any]) -> str:
    from tests.world import document

    return document(body=BODY.replace(ROW, items), **front)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries happen at once."""
    import stamina

    stamina.set_testing(False)
    monkeypatch.setattr(client, "TIMEOUT", 1.0)


@pytest.fixture
def jira(tmp_path: Path) -> Iterator[Desk]:
    with serving(Jira()) as tracker:
        yield Desk(tmp_path, tracker, JIRA)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Desk]:
    with serving(GitHub()) as tracker:
        yield Desk(tmp_path, tracker, GITHUB, ROW.replace("@carol", "@jane"))


def only(tracker: Any) -> dict[str, Any]:
    (one,) = tracker.issues.values()
    return dict(one)


def test_an_item_becomes_an_issue_of_jira(jira: Desk) -> None:
    done = jira.push()
    assert done.made == {"AI-7f3k": "OPS-1"}
    assert done.problems == []
    issue = only(jira.tracker)
    assert issue["summary"] == "Monitor the pool"
    assert issue["duedate"] == "2024-01-22"
    assert issue["assignee"] == {"accountId": "carol"}
    assert issue["priority"] == {"name": "High"}
    assert issue["labels"][0] == "pmctl"
    text = json.dumps(issue["description"])
    assert "Payment API outage" in text
    assert "The payment API was down for 45 minutes." in text
    assert jira.items()["AI-7f3k"].ticket == f"{jira.tracker.base}/browse/OPS-1"
    assert jira.ticket().agreed == {"status": "OPEN", "owner": "carol", "due": "2024-01-22"}
    assert jira.world.git("rev-list", "--count", "HEAD~2..HEAD") == "2"  # the announcement, and what came of it
    assert jira.push().made == {}
    assert len(jira.tracker.issues) == 1  # type: ignore[attr-defined]
    jira.clean()


def test_a_ticket_links_to_the_page_that_the_site_has(tmp_path: Path) -> None:
    with serving(Jira()) as tracker:
        desk = Desk(tmp_path, tracker, f"url: https://pm.example.com/\n{JIRA}")
        desk.push()
        assert f'"https://pm.example.com/postmortems/{DOC}.html"' in json.dumps(only(tracker)["description"])


def test_data_center_gets_wiki_markup_and_names(tmp_path: Path) -> None:
    with serving(Jira(cloud=False)) as tracker:
        desk = Desk(tmp_path, tracker, JIRA, ROW.replace("Monitor the pool", "Monitor {code} the [pool\\|x]"))
        assert desk.push().made == {"AI-7f3k": "OPS-1"}
        issue = only(tracker)
        assert issue["assignee"] == {"name": "carol"}
        assert "Action item AI-7f3k" in issue["description"]
        tracker.issues["10001"]["state"] = "Done"
        assert [one.after for one in desk.sync().moved] == ["COMPLETED"]
        desk.clean()


def test_hostile_text_stays_text_on_github(tmp_path: Path) -> None:
    with serving(GitHub()) as tracker:
        row = ROW.replace("@carol", "@jane").replace("Monitor the pool", HOSTILE)
        desk = Desk(tmp_path, tracker, GITHUB, row, title=f'"{HOSTILE[:30]} @team"')
        desk.push()
        body = only(tracker)["body"]
        assert "@team" not in body
        assert "@<!-- -->team" in body
        assert not any(line.startswith("/") for line in body.split("\n"))
        assert only(tracker)["assignees"] == ["jane-doe"]
        assert "\n" not in only(tracker)["title"]


def test_without_an_account_the_ticket_is_created_and_said(github: Desk) -> None:
    github.set("@jane", "@carol")
    done = github.push()
    assert list(done.made) == ["AI-7f3k"]
    assert "no account for carol" in done.problems[0].message
    assert only(github.tracker)["assignees"] == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        (400, {"errors": {"duedate": "Field 'duedate' cannot be set."}}, {}, "duedate"),
        (401, {}, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, "does not accept the token"),
        (403, {"errorMessages": ["no"]}, {}, "403"),
        (404, {}, {}, "404"),
        (409, {"errorMessages": ["conflict"]}, {}, "conflict"),
        (422, {"errorMessages": ["unprocessable"]}, {}, "unprocessable"),
        (400, "<html>", {}, "400"),
    ],
)
def test_a_refusal_takes_the_announcement_back(
    jira: Desk, status: int, body: Any, headers: dict[str, str], said: str
) -> None:
    jira.tracker.fail("POST", "/issue$", status, body=body, headers=headers)
    done = jira.push()
    assert done.made == {}
    told = " ".join((*(one.message for one in done.problems), *([done.stopped.message] if done.stopped else [])))
    assert said in told
    assert bool(done.stopped) is (status in (401, 403, 404)), "what is wrong with one item does not stop the others"
    assert TOKEN not in f"{jira.said} {told}"
    assert not (jira.world.root / f".pmctl/tickets/{DOC}/AI-7f3k.json").exists()
    assert jira.push().made == {"AI-7f3k": "OPS-1"}
    jira.clean()


@pytest.mark.parametrize("fault", [{"after": True}, {"half": True}, {"status": 500}, {"status": 502}, {"delay": 1.5}])
def test_where_nobody_knows_it_is_looked_up(jira: Desk, fault: dict[str, Any]) -> None:
    jira.tracker.faults.append(Fault("POST", "/issue$", **fault))
    done = jira.push()
    assert done.made == {}
    assert "not known" in done.problems[0].message
    assert not jira.ticket().exists
    with jira.tracker.lock:  # what comes late has come
        created = bool(jira.tracker.issues)  # type: ignore[attr-defined]
    done = jira.push()
    assert done.found == ({"AI-7f3k": "OPS-1"} if created else {})
    if not created:  # which nobody but the person who looks there can tell from an issue that is not indexed yet
        assert "nobody knows whether Jira created" in done.problems[0].message
        assert jira.push(resend=True).made == {"AI-7f3k": "OPS-1"}
    assert len(jira.tracker.issues) == 1  # type: ignore[attr-defined]
    jira.clean()


def test_an_issue_that_no_search_shows_is_not_created_again(jira: Desk) -> None:
    """Its index may lag for longer than a run waits: then it is said, in every run, until it shows."""
    jira.tracker.lag = 1000  # type: ignore[attr-defined]
    jira.tracker.faults.append(Fault("POST", "/issue$", after=True))
    jira.push()
    for _ in range(3):
        done = jira.push()
        assert (done.made, done.found) == ({}, {})
        assert done.problems[0].fix.name == "resend-ticket"
    jira.set("Monitor the pool", "Monitor all pools")
    assert jira.push().made == {}
    jira.tracker.lag = 0  # type: ignore[attr-defined]
    assert jira.push(resend=True).found == {"AI-7f3k": "OPS-1"}, "it is looked up all the same"
    assert jira.tracker.count("POST", "/issue$") == 1
    jira.clean()


def test_a_run_elsewhere_may_have_created_it_and_no_clone_forgets_that(jira: Desk, tmp_path: Path) -> None:
    """Another clone takes the announcement over as its own, dies at once, and runs again."""
    jira.tracker.lag = 1000  # type: ignore[attr-defined]
    jira.tracker.faults.append(Fault("POST", "/issue$", after=True))
    jira.push()
    notes = jira.repo.act_dir / "tickets-runs.json"
    notes.unlink()  # as in a fresh clone, which is all that CI has
    jira.now += timedelta(minutes=20)
    jira.tracker.fail("POST", "/search/jql", 403)
    with pytest.raises(PmctlError):
        jira.push()
    for _ in range(2):
        assert "nobody knows whether Jira" in jira.push().problems[0].message
    assert jira.tracker.count("POST", "/issue$") == 1


def test_a_pause_that_is_asked_for_is_made(jira: Desk) -> None:
    jira.tracker.fail("POST", "/issue$", 429, headers={"Retry-After": "0"})
    jira.tracker.fail("POST", "/issue$", 429)
    assert jira.push().made == {"AI-7f3k": "OPS-1"}
    assert jira.tracker.count("POST", "/issue$") == 3


def test_a_new_issue_that_the_search_does_not_know_yet_is_waited_for(jira: Desk) -> None:
    jira.tracker.lag = 3  # type: ignore[attr-defined]
    jira.tracker.faults.append(Fault("POST", "/issue$", after=True))
    jira.push()
    assert jira.push().found == {"AI-7f3k": "OPS-1"}
    assert any("looking again" in line for line in jira.said)
    assert len(jira.tracker.issues) == 1  # type: ignore[attr-defined]


def test_what_another_clone_announced_is_left_alone_for_a_while(jira: Desk) -> None:
    announced = TicketFile(
        "AI-7f3k", "jira", announced="2024-01-23T08:55:00Z", since="2024-01-23T08:55:00Z", run="0123456789abcdef"
    )
    jira.world.write(f".pmctl/tickets/{DOC}/AI-7f3k.json", written(announced))
    jira.world.commit("Announce 1 ticket", "jane")
    done = jira.push()
    assert done.made == {}
    assert "another run announced" in done.problems[0].message
    jira.now += timedelta(minutes=20)
    assert "nobody knows whether Jira created" in jira.push().problems[0].message
    assert jira.push(resend=True).made == {"AI-7f3k": "OPS-1"}


def test_a_ticket_that_a_run_long_ago_created_is_found_after_several_deaths(tmp_path: Path) -> None:
    """Hosts list by when an issue changed: it is looked for since it was announced first."""
    with serving(GitHub()) as tracker:
        desk = Desk(tmp_path, tracker, GITHUB, ROW.replace("@carol", "@jane"))
        tracker.faults.append(Fault("POST", "/issues$", after=True))
        desk.push()
        desk.now += timedelta(days=1)
        tracker.faults.append(Fault("GET", "/issues$", status=403))
        with pytest.raises(PmctlError):
            desk.push()
        desk.now += timedelta(days=1)
        assert desk.push().found == {"AI-7f3k": "acme/ops#1"}
        since = [one.query["since"][0] for one in tracker.requests if one.method == "GET" and "since" in one.query]
        assert set(since) == {"2024-01-23T08:00:00Z"}
        desk.clean()


def test_a_remote_that_takes_no_announcement_gets_no_ticket(jira: Desk, tmp_path: Path) -> None:
    server = tmp_path / "server.git"
    jira.world.git("clone", "-q", "--bare", ".", str(server))
    jira.world.git("remote", "add", "origin", str(server))
    hook = server / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    head = jira.world.head
    with pytest.raises(Refused):
        jira.push()
    assert jira.world.head == head
    assert jira.tracker.count("POST", "/issue$") == 0
    jira.clean()


def test_an_id_in_two_rows_gets_no_ticket(tmp_path: Path) -> None:
    with serving(Jira()) as tracker:
        desk = Desk(tmp_path, tracker, JIRA, ROW + ROW)
        assert {one.message for one in desk.push().problems} == {"AI-7f3k stands in 2 rows"}
        assert tracker.requests == []


def test_people_whose_address_jira_hides(jira: Desk) -> None:
    jira.tracker.hidden_mail = True  # type: ignore[attr-defined]
    assert jira.push().problems == []
    assert only(jira.tracker)["assignee"] == {"accountId": "carol"}
    done = jira.sync()
    assert (done.problems, done.moved) == ([], [])


def test_items_of_others_audiences_and_closed_ones_get_none(tmp_path: Path) -> None:
    with serving(Jira()) as tracker:
        desk = Desk(tmp_path, tracker, JIRA, ROW, visibility="private")
        done = desk.push()
        assert "private" in done.problems[0].message
        assert tracker.requests == []
        desk.set("visibility: private", "visibility: organization")
        desk.set("HIGH | OPEN", "HIGH | COMPLETED")
        assert desk.push().skipped == 1
        desk.set("HIGH | COMPLETED | |", "HIGH | OPEN | OPS-7 |")
        assert desk.push().skipped == 1
        assert "OPS-7" in desk.push("AI-7f3k").problems[0].message


def test_a_reviewer_who_may_not_move_an_item_creates_nothing(jira: Desk) -> None:
    hands = Hands("bob", (), jira.hands.secrets, lambda: NOW, jira.said.append, lambda seconds: None)
    done = push(jira.repo, hands, ())
    assert "may not change action items" in done.problems[0].message
    assert jira.tracker.count("POST", "/issue$") == 0


def test_a_rehearsal_shows_the_requests_and_sends_none(jira: Desk) -> None:
    before = jira.world.head
    done = jira.push(rehearsal=True)
    assert [(one.method, one.body["fields"]["summary"]) for one in done.sent] == [("POST", "Monitor the pool")]
    assert TOKEN not in json.dumps(done.sent)
    assert jira.tracker.count("POST", "/issue$") == 0
    assert jira.world.head == before
    offline = Hands("jane", (), from_environment({}), lambda: NOW, jira.said.append, lambda seconds: None)
    (sent,) = push(jira.repo, offline, (), rehearsal=True).sent
    assert sent.body["fields"]["project"] == {"key": "OPS"}


# Killed between any two steps. PMCTL_KILLED_TICKETS=20 tries twenty tickets, and every step.

KILLED = int(os.environ.get("PMCTL_KILLED_TICKETS", "0"))


def killed(desk: Desk, step: int, act: Callable[[], Any] | None = None) -> int:
    """Push, or do something else, in a process that is killed at a step."""
    return killing.killed(step, act or desk.push)


def finish(desk: Desk) -> None:
    """Run again, as often as it says to; at most one ticket is one that nobody knows of."""
    resend = False
    for _ in range(4):
        try:
            done = desk.push(resend=resend)
        except PmctlError as problem:
            assert "again" in f"{problem.message} {problem.hint}", problem.message
            continue
        if not done.problems:
            return
        resend = [one.fix.name for one in done.problems] == ["resend-ticket"]
    raise AssertionError(done.problems)


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("system", ["jira", "github"])
def test_killed_anywhere_and_run_again_each_ticket_is_there_once(tmp_path: Path, system: str, remote: bool) -> None:
    count = KILLED or 5
    trackers = {"jira": (Jira, JIRA), "github": (GitHub, GITHUB)}
    kind, settings = trackers[system]
    with serving(kind()) as tracker:
        desk = Desk(tmp_path, tracker, settings, rows(count))
        start = desk.world.head
        if remote:
            server = tmp_path / "server.git"
            desk.world.git("clone", "-q", "--bare", ".", str(server))
            desk.world.git("remote", "add", "origin", str(server))
            desk.world.git("fetch", "-q", "origin")
        total = killed(desk, 10**9)
        assert total > 2 * count + 4
        apart = 1 if KILLED else 7 if remote else 5
        for step in range(len(system) % apart, total, apart):
            tracker.issues.clear()  # type: ignore[attr-defined]
            if isinstance(tracker, Jira):
                tracker.number = 0
            desk.world.git("reset", "-q", "--hard", start)
            if remote:
                desk.world.git("push", "-q", "-f", "origin", "HEAD:main")
            assert killed(desk, step) == -1, step
            finish(desk)
            markers = [marker_of(one) for one in tracker.issues.values()]  # type: ignore[attr-defined]
            assert len(markers) == len(set(markers)) == count, step
            assert all(one.ticket for one in desk.items().values()), step
            assert desk.world.git("status", "--porcelain") == "", step
            if remote:
                assert desk.world.git("rev-parse", "origin/main") == desk.world.head
        desk.clean()


def marker_of(issue: dict[str, Any]) -> str:
    return next(
        word for word in (*issue.get("labels", ()), *issue.get("body", "").split()) if word.startswith("pmctl:")
    )


def test_two_runners_create_each_ticket_once(tmp_path: Path) -> None:
    with serving(Jira()) as tracker:
        desk = Desk(tmp_path, tracker, JIRA, rows(6))
        server = tmp_path / "server.git"
        desk.world.git("clone", "-q", "--bare", ".", str(server))
        others = []
        for name in ("one", "two", "three"):
            subprocess.run(["git", "clone", "-q", str(server), str(tmp_path / name)], check=True)
            set_identity(tmp_path / name, "jane")
            others.append(tmp_path / name)
        children = []
        for top in others:
            child = os.fork()
            if child == 0:
                try:
                    push(git.discover(top), desk.hands, ())
                except Refused:
                    pass
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        markers = [marker_of(one) for one in tracker.issues.values()]
        assert len(markers) == len(set(markers)) == 6


# In step


def moved(done: Any) -> list[tuple[str, str, str, str]]:
    return [(one.field, one.before, one.after, one.to) for one in done.moved]


def test_what_moved_on_one_side_is_brought_to_the_other(jira: Desk) -> None:
    jira.push()
    issue = jira.tracker.issues["10001"]  # type: ignore[attr-defined]
    issue["state"] = "In Progress"
    issue["duedate"] = "2024-02-01"
    issue["assignee"] = {"accountId": "bob"}
    done = jira.sync()
    assert sorted(moved(done)) == [
        ("due", "2024-01-22", "2024-02-01", "here"), ("owner", "carol", "bob", "here"),
        ("status", "OPEN", "IN_PROGRESS", "here"),
    ]  # fmt: skip
    item = jira.items()["AI-7f3k"]
    assert (item.status, item.owner, item.due) == ("IN_PROGRESS", "bob", "2024-02-01")
    assert jira.ticket().state == "In Progress"
    head = jira.world.head
    assert jira.sync().landed is None
    assert jira.world.head == head
    jira.set("@bob | 2024-02-01 | HIGH | IN_PROGRESS", "@jane | 2024-03-01 | HIGH | COMPLETED")
    done = jira.sync()
    assert {one.to for one in done.moved} == {"there"}
    assert (issue["state"], issue["duedate"], issue["assignee"]) == ("Done", "2024-03-01", {"accountId": "jane"})
    jira.clean()


def test_a_conflict_is_shown_and_not_decided(jira: Desk) -> None:
    jira.push()
    jira.tracker.issues["10001"]["duedate"] = "2024-02-01"  # type: ignore[attr-defined]
    jira.set("2024-01-22", "2024-03-01")
    done = jira.sync()
    assert (
        "moved on both sides: 2024-03-01 here, 2024-02-01 in OPS-1, agreed was 2024-01-22" in done.problems[0].message
    )
    assert jira.items()["AI-7f3k"].due == "2024-03-01"
    assert jira.tracker.issues["10001"]["duedate"] == "2024-02-01"  # type: ignore[attr-defined]
    assert moved(jira.sync("AI-7f3k", take="ours")) == [("due", "2024-02-01", "2024-03-01", "there")]
    assert jira.sync().problems == []


def test_the_settings_say_who_decides(tmp_path: Path) -> None:
    with serving(Jira()) as tracker:
        settings = "tickets: {system: jira, project: OPS, sync: {status: off, owner: theirs, due: ours}}\n"
        desk = Desk(tmp_path, tracker, settings)
        desk.push()
        issue = tracker.issues["10001"]
        issue |= {"state": "Done", "duedate": "2030-01-01", "assignee": {"accountId": "bob"}}
        desk.set("@carol", "@jane")
        done = desk.sync()
        assert sorted(moved(done)) == [("due", "2030-01-01", "2024-01-22", "there"), ("owner", "jane", "bob", "here")]
        assert desk.items()["AI-7f3k"].status == "OPEN"
        issue["assignee"] = None
        assert "has no owner" in desk.sync().problems[0].message
        assert desk.items()["AI-7f3k"].owner == "bob"


def test_a_workflow_without_the_way_and_one_with_several(jira: Desk) -> None:
    jira.push()
    jira.set("HIGH | OPEN", "HIGH | COMPLETED")
    tracker: Any = jira.tracker
    tracker.transitions = {"21": "In Progress"}
    assert "no status that means COMPLETED" in jira.sync().problems[0].message
    tracker.transitions = {"31": "Done", "41": "Won't Do"}
    problem = jira.sync().problems[0]
    assert "several statuses that mean COMPLETED: Done, Won't Do" in problem.message
    jira.world.write("pmctl.yaml", "version: 1\ntickets: {system: jira, project: OPS, states: {COMPLETED: Done}}\n")
    jira.world.commit("Name it", "alice")
    tracker.required = {"resolution": {"required": True, "allowedValues": [{"name": "Done"}, {"name": "Fixed"}]}}
    assert jira.sync().problems == []
    assert tracker.issues["10001"]["state"] == "Done"
    tracker.issues["10001"]["state"] = "To Do"
    jira.sync()
    jira.set("HIGH | OPEN", "HIGH | COMPLETED")
    tracker.required = {"customfield_1": {"required": True, "name": "Root cause"}}
    assert "requires Root cause" in jira.sync().problems[0].message


def test_wont_do_needs_its_reason(github: Desk) -> None:
    github.push()
    issue = github.tracker.issues[1]  # type: ignore[attr-defined]
    issue |= {"state": "closed", "state_reason": "not_planned"}
    done = github.sync()
    assert "WONT_DO needs its reason" in done.problems[0].message
    assert github.items()["AI-7f3k"].status == "OPEN"
    github.answers = ["superseded by the new pool"]
    assert moved(github.sync()) == [("status", "OPEN", "WONT_DO", "here")]
    item = github.items()["AI-7f3k"]
    assert (item.status, item.notes) == ("WONT_DO", "superseded by the new pool")
    github.set("| WONT_DO |", "| IN_PROGRESS |")
    github.sync()
    assert issue["state"] == "open"
    github.set("| IN_PROGRESS |", "| WONT_DO |")
    github.sync()
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    github.clean()


def test_linked_pull_requests_are_kept(github: Desk) -> None:
    github.push()
    url = "https://github.example/acme/pay/pull/7"
    github.tracker.issues[1]["pulls"] = [(url, "open")]  # type: ignore[attr-defined]
    github.sync()
    assert [(one.url, one.state) for one in github.ticket().changes] == [(url, "open")]
    github.tracker.issues[1]["pulls"] = [(url, "merged")]  # type: ignore[attr-defined]
    assert github.sync().landed is not None
    assert [one.state for one in github.ticket().changes] == ["merged"]
    github.clean()


def test_a_ticket_that_is_gone_is_a_finding(github: Desk) -> None:
    github.push()
    github.tracker.forbidden.add("I_1")  # type: ignore[attr-defined]
    assert "is gone from GitHub" in github.sync().problems[0].message
    assert github.items()["AI-7f3k"].ticket


def test_a_moved_issue_keeps_working(jira: Desk) -> None:
    jira.push()
    jira.tracker.issues["10001"] |= {"key": "PAY-9", "old": ["OPS-1"], "state": "Done"}  # type: ignore[attr-defined]
    jira.sync()
    assert jira.ticket().key == "PAY-9"
    item = jira.items()["AI-7f3k"]
    assert (item.ticket, item.status) == (f"{jira.tracker.base}/browse/PAY-9", "COMPLETED")


def test_an_assignee_whom_the_policy_does_not_know(github: Desk) -> None:
    github.push()
    github.tracker.issues[1]["assignees"] = ["stranger"]  # type: ignore[attr-defined]
    assert "assigned to stranger, whom the policy does not know" in github.sync().problems[0].message
    assert github.items()["AI-7f3k"].owner == "jane"


@pytest.mark.parametrize(("kind", "settings"), [(Jira, JIRA), (GitHub, GITHUB)])
def test_fifty_tickets_are_read_with_one_request(tmp_path: Path, kind: type, settings: str) -> None:
    with serving(kind()) as tracker:
        desk = Desk(tmp_path, tracker, settings, rows(60))
        assert len(desk.push().made) == 60
        tracker.requests.clear()
        assert desk.sync().read == 60
        assert len([one for one in tracker.requests if "user" not in one.path and "assignees" not in one.path]) == 2


def test_a_service_moves_cells_and_tickets(jira: Desk) -> None:
    from pmctl.policy.model import Person

    assert jira.world.policy is not None
    ci = Person("ci", "CI", ("ci@example.com",), (), "service")
    jira.world.change_policy(people={**jira.world.policy.people, "ci": ci})
    set_identity(jira.world.path, "ci")
    hands = Hands("ci", (), jira.hands.secrets, lambda: NOW, jira.said.append, lambda seconds: None)
    assert push(jira.repo, hands, ()).made == {"AI-7f3k": "OPS-1"}
    jira.tracker.issues["10001"]["state"] = "Done"  # type: ignore[attr-defined]
    assert moved(sync_tickets(jira.repo, hands, ())) == [("status", "OPEN", "COMPLETED", "here")]
    jira.clean()


# Taken over


def test_links_in_cells_are_taken_over(jira: Desk) -> None:
    tracker: Any = jira.tracker
    issue = {"id": "10077", "key": "OPS-77", "summary": "x", "labels": [], "resolution": None, "duedate": "2024-01-22"}
    tracker.issues["10077"] = issue | {"state": "In Progress", "assignee": {"accountId": "carol"}}
    jira.set("| HIGH | OPEN | |", "| HIGH | OPEN | OPS-77 |")
    done = adopt_tickets(jira.repo, jira.hands, ())
    assert done.taken == {"AI-7f3k": "OPS-77"}
    assert jira.ticket().agreed == {"owner": "carol", "due": "2024-01-22"}
    assert jira.items()["AI-7f3k"].ticket == "OPS-77"
    assert "status moved on both sides" in jira.sync().problems[0].message
    assert moved(jira.sync(take="theirs")) == [("status", "OPEN", "IN_PROGRESS", "here")]
    jira.clean()


@pytest.mark.parametrize("cell", ["OPS-99", "https://elsewhere.example/browse/OPS-1", "ask Bob"])
def test_a_cell_that_names_no_ticket_is_said(jira: Desk, cell: str) -> None:
    jira.set("| HIGH | OPEN | |", f"| HIGH | OPEN | {cell} |")
    done = adopt_tickets(jira.repo, jira.hands, ())
    assert done.taken == {}
    assert cell in done.problems[0].message
