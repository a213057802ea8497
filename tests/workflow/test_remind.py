"""Reminders: who is reminded of what, on which day, and how often."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmctl import git
from pmctl.policy import act as acts
from pmctl.repository.workspace import Workspace
from pmctl.services.secrets import from_environment
from pmctl.workflow.notify import Notified, notify, read_settings
from pmctl.workflow.remind import Narrowed, remind, reminders
from pmctl.workflow.sending import outlet
from tests.services.fakes import Fake, Slack, served
from tests.workflow.test_notify import clone, with_remote
from tests.world import DOC, World

TOKEN = "xoxb-s3cr3t-T0KEN"
LATE = datetime(2024, 1, 24, 9, 0, tzinfo=UTC)  # a Wednesday; the item of the world is due on the 22nd
SETTINGS = """
time_zone: UTC
notify:
  channels:
    ops: {slack: C0123, events: [item-overdue]}
    pay: {slack: C0456, events: [item-overdue], audience: "team:payments"}
    news: {slack: C0789}
  people: [slack]
  quiet: [sat, sun]
"""


class Office:
    def __init__(self, world: World) -> None:
        self.world = world
        people = {f"{handle}@example.com": f"U{handle.upper()}" for handle in ("jane", "alice", "bob", "carol")}
        self.slack = Slack(TOKEN, people, {"C0123", "C0456", "C0789"})
        self.fake = Fake(reply=self.slack.reply)
        world.write("pmctl.yaml", SETTINGS)
        world.commit("Settings", "alice")

    def run(self, now: datetime = LATE, narrowed: Narrowed | None = None, act: Any = remind, **more: Any) -> Notified:
        workspace = Workspace(self.world.repo)
        secrets = from_environment({"SLACK_TOKEN": TOKEN, "SLACK_URL": self.fake.url})
        with outlet(secrets, read_settings(workspace), workspace.policy, now, lambda said: None) as out:
            words = [] if act is notify else [narrowed or Narrowed()]
            return act(workspace, out, *words, **more)

    def told(self, channel: str) -> list[str]:
        return [one["text"] for one in self.slack.posts.values() if one["channel"] == channel]

    def shown(self, channel: str) -> str:
        return "\n".join(str(one["blocks"]) for one in self.slack.posts.values() if one["channel"] == channel)


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    world.change_policy(teams={"payments": ("jane", "bob"), "search": ("alice",)})
    made = Office(world)
    with served(made.fake):
        yield made


def test_an_owner_is_told_once_a_day_of_what_is_overdue(office: Office) -> None:
    office.world.published()
    office.run()
    assert office.told("UCAROL") == ["1 action item overdue"]
    assert "AI-7f3k is 2 days late: Monitor the pool" in office.shown("UCAROL")
    assert office.told("C0123") == ["1 action item overdue"]
    assert "carol" in office.shown("C0123")
    assert office.told("C0789") == []
    assert office.run(LATE + timedelta(hours=3)).deliveries == ()
    office.run(LATE + timedelta(days=1))
    assert len(office.told("UCAROL")) == 2


def test_what_comes_later_on_a_day_is_told_by_itself(office: Office) -> None:
    office.world.published()
    office.run()
    office.world.published("2024-01-16-search", title="Search")
    office.run()
    first, second = office.told("UCAROL")
    assert first == second == "1 action item overdue"
    assert "Search" in office.shown("UCAROL")


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (-9, None),
        (-8, "1 action item due this week"),
        (-2, "1 action item due this week"),
        (0, "1 action item overdue"),
    ],
)
def test_what_is_due_within_a_week(office: Office, days: int, reason: str | None) -> None:
    office.world.published()
    office.run(LATE + timedelta(days=days - 1 if days < -7 else days))
    assert office.told("UCAROL") == ([reason] if reason else [])


def test_nobody_is_reminded_on_a_quiet_day(office: Office) -> None:
    office.world.published()
    assert office.run(LATE + timedelta(days=3)) == Notified()
    assert office.slack.posts == {}
    assert office.world.git("for-each-ref", "refs/pmctl") == ""


def test_what_is_done_or_has_no_day_is_no_reminder(office: Office) -> None:
    office.world.published()
    office.world.edit("| HIGH | OPEN |", "| HIGH | COMPLETED |")
    office.run()
    assert office.slack.posts == {}


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ({"visibility": "private"}, set()),
        ({"visibility": "private", "participants": "[carol]"}, {"UCAROL"}),
        ({"visibility": "team", "teams": "[payments]"}, {"C0456"}),
        ({"visibility": "organization", "teams": "[payments]"}, {"C0123", "C0456", "UCAROL"}),
        ({"visibility": "organization"}, {"C0123", "UCAROL"}),
    ],
)
def test_reminders_obey_visibility(office: Office, front: dict[str, str], told: set[str]) -> None:
    office.world.published(**front)
    office.run()
    assert {one["channel"] for one in office.slack.posts.values()} == told


def test_a_missed_target_is_said_once_and_a_near_one_in_time(office: Office) -> None:
    office.world.new(resolved_at="2024-01-15T14:45:00Z", started_at="2024-01-15T14:00:00Z")
    near = datetime(2024, 1, 17, 9, 0, tzinfo=UTC)
    office.run(near)
    assert "is to be complete and submitted by 14:45 UTC" in office.shown("UJANE")
    office.slack.posts.clear()
    office.run(near + timedelta(days=1))
    assert "was to be complete and submitted by 2024-01-17 14:45 UTC" in office.shown("UJANE")
    office.slack.posts.clear()
    office.run(near + timedelta(days=2))
    assert office.told("UJANE") == []
    office.world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    office.run(datetime(2024, 1, 22, 9, 0, tzinfo=UTC))
    assert "is to be reviewed by 14:45 UTC" in office.shown("UBOB")
    assert "to be reviewed" not in office.shown("UJANE")


def test_only_some_people_or_teams(office: Office) -> None:
    office.world.published()
    office.world.published("2024-01-16-search", title="Search", teams="[search]")
    office.run(narrowed=Narrowed(owners=("bob",)))
    assert office.slack.posts == {}
    office.run(narrowed=Narrowed(teams=("search",)))
    assert "Search" in office.shown("UCAROL")
    assert DOC not in office.shown("UCAROL")
    assert "Payment" not in office.shown("UCAROL")


def test_a_refused_reminder_is_tried_again_and_left_to_the_next_day(office: Office) -> None:
    office.world.published()
    office.slack.refuses["chat.postMessage"] = "restricted_action"
    assert {one.state for one in office.run().deliveries} == {"refused"}
    office.slack.refuses.clear()
    assert {one.state for one in office.run().deliveries} == {"sent"}
    office.slack.refuses["chat.postMessage"] = "restricted_action"
    office.run(LATE + timedelta(days=1))
    office.slack.refuses.clear()
    office.run(LATE + timedelta(days=2))
    assert len(office.told("UCAROL")) == 2
    assert office.run(LATE + timedelta(days=2), act=notify).deliveries == ()


def test_an_unknown_reminder_is_not_sent_again_that_day(office: Office) -> None:
    office.world.published()
    office.fake.reply = lambda request: (500, {}, b"") if "post" in request.path else office.slack.reply(request)
    found = office.run()
    assert {one.state for one in found.deliveries} == {"unknown"}
    office.fake.reply = office.slack.reply
    again = office.run()
    assert again.deliveries == ()
    assert len(again.unknown) == 2
    assert {one.state for one in office.run(resend=True).deliveries} == {"sent"}


def _runner(folder: Path, url: str) -> None:
    workspace = Workspace(git.discover(folder))
    secrets = from_environment({"SLACK_TOKEN": TOKEN, "SLACK_URL": url})
    with outlet(secrets, read_settings(workspace), workspace.policy, LATE, lambda said: None) as out:
        remind(workspace, out, Narrowed())


def test_two_runners_at_once_and_a_later_one_remind_once_on_a_day(office: Office, tmp_path: Path) -> None:
    office.world.published()
    office.world.published("2024-01-16-search", title="Search")
    bare = with_remote(office, tmp_path)  # type: ignore[arg-type]
    folders = [tmp_path / f"runner-{number}" for number in range(2)]
    for folder in folders:
        clone(office.world, bare, folder)
    fork = multiprocessing.get_context("fork")
    runners = [fork.Process(target=_runner, args=(folder, office.fake.url)) for folder in folders]
    for one in runners:
        one.start()
    for one in runners:
        one.join()
        assert one.exitcode == 0
    assert office.told("UCAROL") == ["2 action items overdue"]
    assert len(office.told("C0123")) == 1
    assert office.run(LATE.replace(hour=23)).deliveries == ()
    assert office.run(LATE + timedelta(days=3)) == Notified(), "Saturday"
    office.run(LATE + timedelta(days=5))
    assert len(office.told("UCAROL")) == 2, "Monday"


def test_a_shallow_clone_says_what_it_lacks_and_sends_nothing(office: Office, tmp_path: Path) -> None:
    office.world.published()
    bare = with_remote(office, tmp_path)  # type: ignore[arg-type]
    shallow = Workspace(clone(office.world, bare, tmp_path / "shallow", "--depth=1"))
    office.fake.seen.clear()
    secrets = from_environment({"SLACK_TOKEN": TOKEN, "SLACK_URL": office.fake.url})
    with outlet(secrets, read_settings(shallow), shallow.policy, LATE, lambda said: None) as out:
        for dry_run in (False, True):
            assert remind(shallow, out, Narrowed(), dry_run=dry_run) == Notified(incomplete="shallow clone")
        assert reminders(shallow, out, LATE, Narrowed()).incomplete == "shallow clone"
    assert office.fake.seen == []


@pytest.mark.parametrize(
    ("people", "token", "shown"),
    [
        ("[slack]", TOKEN, '"channel": "@carol"'),
        ("[slack, mail]", "", "To: carol@example.com\nSubject: 1 action item overdue\n"),
        ("[mail]", TOKEN, "To: carol@example.com\nSubject: 1 action item overdue\n"),
    ],
)
def test_what_would_be_sent_to_people_is_shown_without_secrets(
    office: Office, people: str, token: str, shown: str
) -> None:
    office.world.write("pmctl.yaml", SETTINGS.replace("[slack]", people))
    office.world.commit("Other ways", "alice")
    office.world.published()
    workspace = Workspace(office.world.repo)
    secrets = from_environment({"SLACK_TOKEN": token, "SLACK_URL": office.fake.url, "SMTP_PASSWORD": "s3cr3t"})
    with outlet(secrets, read_settings(workspace), workspace.policy, LATE, lambda said: None) as out:
        planned = remind(workspace, out, Narrowed(), dry_run=True).planned
    (mine,) = [one for one in planned if one.channel == "@carol"]
    assert shown in mine.request
    assert "AI-7f3k is 2 days late" in mine.request
    assert not any(secret in str(planned) for secret in (TOKEN, "s3cr3t"))
    assert office.fake.seen == []
