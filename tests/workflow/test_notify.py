"""What leaves, to whom, and how often: against services on loopback, with ledgers that others move."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused, UsageProblem
from pmctl.policy import act as acts
from pmctl.repository import deliveries
from pmctl.repository.shared_ref import SharedRef
from pmctl.repository.workspace import Workspace
from pmctl.services.secrets import from_environment
from pmctl.workflow import delivering
from pmctl.workflow.notify import Notified, notify, read_settings, show
from pmctl.workflow.sending import outlet
from tests.services.fakes import Fake, Request, Slack, served
from tests.world import DOC, World

TOKEN = "xoxb-s3cr3t-T0KEN"
NOW = datetime(2024, 1, 18, 9, 0, tzinfo=UTC)
SETTINGS = """
url: https://pm.example.com/
notify:
  channels:
    ops: {slack: C0123}
    pay: {slack: C0456, events: [all], audience: "team:payments"}
  people: [slack]
"""


class Office:
    """A team's repository, its Slack, and what runs `notify` there."""

    def __init__(self, world: World) -> None:
        self.world = world
        people = {f"{handle}@example.com": f"U{handle.upper()}" for handle in ("jane", "alice", "bob", "carol")}
        self.slack = Slack(TOKEN, people, {"C0123", "C0456"})
        self.fake = Fake(reply=self.slack.reply)
        self.now = NOW

    def settings(self, text: str = SETTINGS) -> None:
        self.world.write("pmctl.yaml", text)
        self.world.commit("Settings", "alice")

    def run(self, act: Callable[..., Notified] = notify, *words: str, **more: Any) -> Notified:
        return run(self.world.repo, self.fake.url, self.now, act, *words, **more)

    def posts(self, channel: str) -> list[str]:
        return [one["text"] for one in self.slack.posts.values() if one["channel"] == channel]


def run(
    repo: git.Repository, url: str, now: datetime, act: Callable[..., Notified] = notify, *words: str, **more: Any
) -> Notified:
    workspace = Workspace(repo)
    secrets = from_environment({"SLACK_TOKEN": TOKEN, "SLACK_URL": url})
    with outlet(secrets, read_settings(workspace), workspace.policy, now, lambda said: None) as out:
        return act(workspace, out, *words, **more)


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    made = Office(world)
    with served(made.fake):
        yield made


def states(found: Notified) -> list[tuple[str, str]]:
    return [(one.channel, one.state) for one in found.deliveries]


def test_a_channel_is_told_of_what_happens_from_when_it_was_first_seen(office: Office) -> None:
    office.settings()
    office.world.published("2024-01-10-old-trouble")
    assert office.run().first_seen == ("ops", "pay", "@")
    assert office.slack.posts == {}
    office.world.published()
    found = office.run()
    assert ("ops", "sent") in states(found)
    [text] = office.posts("C0123")
    assert text.startswith("Payment API outage: published by jane")
    assert office.run() == Notified()
    assert len(office.posts("C0123")) == 1


def test_what_is_said_at_one_glance(office: Office) -> None:
    office.settings()
    office.run()
    office.world.published(severity="SEV2", started_at="2024-01-15T14:00:00Z", resolved_at="2024-01-15T14:45:00Z")
    office.run()
    [post] = [one for one in office.slack.posts.values() if one["channel"] == "C0123"]
    shown = json.dumps(post["blocks"])
    for part in (
        "Payment API outage", "*State*\\nPublished", "*Severity*\\nSEV2", "*Duration*\\n45 minutes",
        "Duration: 45 minutes", "The payment API was down for 45 minutes.", "*Approved by*\\n",
        f"<https://pm.example.com/postmortems/{DOC}.html|Open the postmortem>",
    ):  # fmt: skip
        assert part in shown, part


def test_later_news_change_the_message_that_stands_and_follow_in_its_thread(office: Office) -> None:
    office.settings(SETTINGS.replace("{slack: C0123}", "{slack: C0123, events: [all]}"))
    office.run()
    office.world.new()
    office.run()
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    office.run()
    [post] = [one for one in office.slack.posts.values() if one["channel"] == "C0123"]
    assert "*State*\\nIn review" in json.dumps(post["blocks"])
    [reply] = [one for one in office.slack.threads if one["channel"] == "C0123"]
    assert reply["text"] == "Payment API outage: submitted for review by jane: because"


def test_whoever_is_asked_gets_a_direct_message_and_nobody_for_what_they_did(office: Office) -> None:
    office.settings()
    office.run()
    office.world.new()
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob", "alice"))
    office.run()
    assert office.posts("UBOB") == ["jane asks for your review of Payment API outage"]
    assert office.posts("UJANE") == []
    [mine] = office.posts("UCAROL")
    assert mine == "AI-7f3k of Payment API outage is yours: Monitor the pool, due 2024-01-22"


@pytest.mark.parametrize(
    ("front", "channels"),
    [
        ({"visibility": "private"}, []),
        ({"visibility": "private", "teams": "[payments]"}, []),
        ({"visibility": "team", "teams": "[payments]"}, ["C0456"]),
        ({"visibility": "team", "teams": "[search]"}, []),
        ({"visibility": "organization", "teams": "[payments]"}, ["C0123", "C0456"]),
        ({"visibility": "organization"}, ["C0123"]),
        ({"visibility": "everybody"}, []),
    ],
)
def test_what_leaves_obeys_visibility(office: Office, front: dict[str, str], channels: list[str]) -> None:
    office.world.change_policy(teams={"payments": ("jane", "bob"), "search": ("carol",)})
    office.settings()
    office.run()
    office.world.new(**front)
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    office.run()
    told = {one["channel"] for one in office.slack.posts.values()}
    assert sorted(told & {"C0123", "C0456"}) == channels
    assert "UBOB" in told  # who reviews may read it
    assert ("UCAROL" in told) == (front["visibility"] == "organization" or front.get("teams") == "[search]")


def test_what_was_open_and_is_private_now_is_told_to_nobody_else(office: Office) -> None:
    office.settings()
    office.run()
    office.world.new(visibility="organization")
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    text = office.world.text()
    office.world.edit_file(office.world.file(), text.replace("visibility: organization", "visibility: private"))
    office.run()
    assert office.posts("C0123") == []


def test_one_card_is_shown_to_a_channel_that_may_read_it(office: Office) -> None:
    office.settings()
    office.world.new(visibility="private")
    with pytest.raises(Refused, match="is private: not everybody in ops may read it"):
        office.run(show, DOC, "ops", dry_run=False)
    with pytest.raises(UsageProblem, match="no channel is called 'opps'"):
        office.run(show, DOC, "opps", dry_run=False)
    office.run(show, DOC, "@jane", dry_run=False)
    assert office.posts("UJANE") == ["Payment API outage (draft)"]
    assert office.slack.posts.keys() == {"1700000000.000000"}


def test_what_was_made_private_here_and_not_pushed_yet_is_shown_to_nobody_else(office: Office, tmp_path: Path) -> None:
    office.settings()
    office.world.new(visibility="organization")
    office.world.git("clone", "-q", "--bare", str(office.world.path), str(tmp_path / "origin.git"))
    office.world.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    office.world.git("fetch", "-q", "origin")
    text = office.world.text()
    office.world.edit_file(office.world.file(), text.replace("visibility: organization", "visibility: private"))
    with pytest.raises(Refused, match="is private: not everybody in ops may read it"):
        office.run(show, DOC, "ops", dry_run=False)
    assert office.posts("C0123") == []


def test_a_refusal_says_what_to_do_and_is_tried_again(office: Office) -> None:
    office.settings()
    office.run()
    office.slack.channels.discard("C0123")
    office.world.published()
    found = office.run()
    [refused] = [one for one in found.deliveries if one.state == "refused"]
    assert "channel_not_found" in refused.answer
    assert "write the channel's id" in refused.answer
    office.slack.channels.add("C0123")
    assert ("ops", "sent") in states(office.run())
    assert len(office.posts("C0123")) == 1
    assert office.run() == Notified()


def test_what_nobody_knows_about_is_shown_and_sent_again_only_when_asked(office: Office) -> None:
    office.settings(SETTINGS.replace("people: [slack]", ""))
    office.run()
    office.world.published()
    office.fake.reply = lambda request: (500, {}, b"")
    [unknown] = office.run().deliveries
    assert unknown.state == "unknown"
    office.fake.reply = office.slack.reply
    again = office.run()
    assert again.deliveries == ()
    assert again.unknown == (unknown,)
    assert states(office.run(resend=True)) == [("ops", "sent")]
    assert office.run() == Notified()


EVERY_STEP = os.environ.get("PMCTL_KILLED_MESSAGES", "")
"""Every step instead of some of them: by hand, since that takes minutes with a remote."""


class Killed(BaseException):
    """The process is gone: nothing behind it runs."""


def steps(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """Die before the step of this number: each move of the ledger, each request, and what comes behind a request."""
    passed = [0]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any, **more: Any) -> Any:
            if passed[0] >= at:
                raise Killed
            passed[0] += 1
            return function(*words, **more)

        return step

    monkeypatch.setattr(SharedRef, "moved", counted(SharedRef.moved))
    monkeypatch.setattr(SharedRef, "_tree", counted(SharedRef._tree))
    send = counted(delivering.send)

    def sending(*words: Any, **more: Any) -> Any:
        receipt = send(*words, **more)
        counted(lambda: None)()
        return receipt

    monkeypatch.setattr(delivering, "send", sending)
    monkeypatch.setattr(delivering, "_say_at_last", lambda run: None)
    return passed


@pytest.mark.parametrize("remote", [False, True])
def test_death_between_any_two_steps_sends_nothing_twice_and_hides_nothing(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    office.settings(SETTINGS.replace("people: [slack]", "") + "    all: {slack: C0456, events: [all]}\n")
    if remote:
        with_remote(office, tmp_path)
    office.run()
    for number in range(3):
        office.world.new(f"2024-01-1{number}-trouble", title=f"Trouble {number}")
        office.world.act(acts.SUBMIT, "jane", f"2024-01-1{number}-trouble", reviewers=("bob",))
    if remote:
        office.world.git("push", "-q", "origin", "main")
    before = office.world.git("rev-parse", deliveries.REF)
    died = 0
    apart = 1 if EVERY_STEP else 4 if remote else 2
    while True:
        office.slack.posts.clear()
        office.world.git("update-ref", deliveries.REF, before)
        if remote:
            office.world.git("push", "-qf", "origin", f"{before}:{deliveries.REF}")
        with monkeypatch.context() as dying:
            passed = steps(dying, died)
            try:
                office.run()
            except Killed:
                pass
            else:
                assert passed[0] <= died
                break
        found = office.run()
        for channel in ("C0123", "C0456"):
            sent = office.posts(channel)
            assert len(sent) == len(set(sent)), f"twice after {died} steps"
        missing = 6 - len(office.posts("C0123")) - len(office.posts("C0456"))
        assert len(found.unknown) in (missing, missing + 1), f"after {died} steps"
        died += apart
    assert died > 12


def with_remote(office: Office, folder: Path) -> Path:
    bare = folder / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    office.world.git("remote", "add", "origin", str(bare))
    office.world.git("push", "-q", "-u", "origin", "main")
    return bare


def clone(world: World, bare: Path, folder: Path, *more: str) -> git.Repository:
    subprocess.run(["git", "clone", "-q", *more, f"file://{bare}", str(folder)], check=True)
    return git.discover(folder)


def _runner(folder: Path, url: str) -> None:
    run(git.discover(folder), url, NOW)


def test_two_runners_at_once_send_everything_once(office: Office, tmp_path: Path) -> None:
    office.settings()
    bare = with_remote(office, tmp_path)
    office.run()
    for number in range(4):
        office.world.new(f"2024-01-1{number}-trouble", title=f"Trouble {number}")
        office.world.act(acts.SUBMIT, "jane", f"2024-01-1{number}-trouble", reviewers=("bob",))
    office.world.git("push", "-q", "origin", "main")
    folders = [tmp_path / f"runner-{number}" for number in range(3)]
    for folder in folders:
        clone(office.world, bare, folder)
    fork = multiprocessing.get_context("fork")
    runners = [fork.Process(target=_runner, args=(folder, office.fake.url)) for folder in folders]
    for one in runners:
        one.start()
    for one in runners:
        one.join()
        assert one.exitcode == 0
    assert len(office.posts("C0123")) == 4
    assert len(office.posts("UBOB")) == 4
    assert len(office.posts("UCAROL")) == 4
    assert office.run() == Notified()


def test_a_remote_that_does_not_take_the_ledger_stops_everything(office: Office, tmp_path: Path) -> None:
    office.settings()
    bare = with_remote(office, tmp_path)
    office.run()
    office.world.published()
    office.world.git("push", "-q", "origin", "main")
    hook = bare / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/pmctl/*) echo no such refs here >&2; exit 1;; esac\n")
    hook.chmod(0o755)
    with pytest.raises(EnvironmentProblem, match="origin does not take refs/pmctl/delivered"):
        office.run()
    assert office.slack.posts == {}
    office.world.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    with pytest.raises(EnvironmentProblem, match="origin cannot be asked what was sent"):
        office.run()


def test_a_shallow_clone_says_so_and_sends_nothing(office: Office, tmp_path: Path) -> None:
    office.settings()
    bare = with_remote(office, tmp_path)
    office.run()
    office.world.published()
    office.world.git("push", "-q", "origin", "main")
    repo = clone(office.world, bare, tmp_path / "shallow", "--depth=1")
    assert "clone" in run(repo, office.fake.url, NOW).incomplete
    assert office.slack.posts == {}


def test_what_was_sent_before_there_was_a_remote_stays_sent(office: Office, tmp_path: Path) -> None:
    office.settings()
    office.run()
    office.world.published()
    office.run()
    count = len(office.slack.posts)
    with_remote(office, tmp_path)
    assert office.run() == Notified()
    assert len(office.slack.posts) == count


def test_a_squash_tells_nothing_twice(office: Office) -> None:
    office.settings()
    office.run()
    begun = office.world.head
    office.world.published()
    office.run()
    count = len(office.slack.posts)
    office.world.git("reset", "-q", "--soft", begun)
    office.world.commit("Everything in one")
    office.run()
    assert len(office.slack.posts) == count


def test_a_dry_look_from_a_revision_sends_and_moves_nothing(office: Office) -> None:
    office.settings()
    begun = office.world.head
    office.world.published()
    found = office.run(begin=begun, dry_run=True)
    assert {one.channel for one in found.planned} >= {"ops", "@carol"}
    assert all(TOKEN not in one.request for one in found.planned)
    assert office.fake.seen == []
    assert office.run(dry_run=True).planned == ()
    assert office.world.git("for-each-ref", "refs/pmctl") == ""


def test_hostile_text_is_not_live(office: Office) -> None:
    office.settings()
    office.run()
    title = "'<!channel> & <https://evil.example|click> @here'"
    office.world.new(title=title)
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob",), note="<!everyone>")
    office.run()
    for post in office.slack.posts.values():
        for block in post["blocks"]:
            texts = [block["text"]] if "text" in block else block.get("fields", [])
            for text in texts:
                if text["type"] == "mrkdwn":
                    assert "<!" not in text["text"]
                    assert "<http" not in text["text"]
        assert "<!" not in post["text"]


def test_another_run_that_is_still_sending_is_left_alone(office: Office) -> None:
    office.settings(SETTINGS.replace("people: [slack]", ""))
    office.run()
    office.world.published()

    def dies(request: Request) -> Any:
        raise ConnectionAbortedError

    office.fake.reply = dies
    office.run()
    book = deliveries.opened(office.world.repo)
    [one] = book.open()
    intended = book.written(deliveries.outcome(delivering.replace(one, state="intended"), {}), "As it was")
    assert [two.state for two in intended.open()] == ["intended"]
    office.fake.reply = office.slack.reply
    assert office.run(resend=True).deliveries == ()
    office.now += timedelta(minutes=20)
    assert states(office.run(resend=True)) == [("ops", "sent")]


def test_slack_asks_for_fewer_requests(office: Office) -> None:
    office.settings(SETTINGS.replace("people: [slack]", ""))
    office.run()
    office.world.published()
    answers = iter([(429, {"Retry-After": "0"}, b""), (429, {}, b"")])
    office.fake.reply = lambda request: next(answers, None) or office.slack.reply(request)
    assert states(office.run()) == [("ops", "sent")]
