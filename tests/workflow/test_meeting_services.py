"""Meetings that Google Calendar and Zoom keep: once, whatever dies when; changed, called off, told to nobody else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmctl import git
from pmctl.document.meeting import Meeting
from pmctl.errors import EnvironmentProblem, PmctlError, Refused, UsageProblem
from pmctl.insight.meetings import meetings_of
from pmctl.output.advice import words
from pmctl.repository.transaction import locked, recover
from pmctl.repository.workspace import Workspace
from pmctl.services import client
from pmctl.services.google import id_of
from pmctl.services.secrets import from_environment
from pmctl.workflow.comment import Speaker
from pmctl.workflow.meeting_services import Arranged, Asked, arrange, rehearsed
from pmctl.workflow.meetings import Plan, planned
from pmctl.workflow.ticket_landing import Hands
from tests.killing import killed
from tests.services.calendars import CREDENTIALS, SECRETS, ZOOM, Google, Zoom, refusal
from tests.services.trackers import Fault, Tracker, serving
from tests.team import set_identity
from tests.world import DOC, World

NOW = datetime(2024, 1, 18, 9, 0, tzinfo=UTC)
AT = datetime(2024, 1, 22, 14, 0, tzinfo=UTC)
LATER = datetime(2024, 1, 23, 10, 0, tzinfo=UTC)
PLAN = Plan(at=AT, zone="Europe/Berlin", attendees=("bob", "carol"))
EVENT, LIST = "/events", "/users/me/meetings"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A team with a draft, made once."""
    world = World(tmp_path_factory.mktemp("built") / "team")
    world.init()
    world.new(title="Payment API outage", reviewers="[alice]", participants="[jane, bob, carol]")
    set_identity(world.path, "jane")
    return world


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries happen at once."""
    import stamina

    stamina.set_testing(False)
    monkeypatch.setattr(client, "TIMEOUT", 1.0)


class Desk:
    """Somebody's clone, and the services as they reach them."""

    def __init__(self, world: World, servers: Sequence[Tracker], by: str = "jane") -> None:
        self.world, self.by, self.now = world, by, NOW
        self.google = next((one for one in servers if isinstance(one, Google)), Google())
        self.zoom = next((one for one in servers if isinstance(one, Zoom)), Zoom())
        self.environ = {
            "GOOGLE_CREDENTIALS": CREDENTIALS, "GOOGLE_URL": self.google.base, "ZOOM_URL": self.zoom.base, **ZOOM
        }  # fmt: skip
        self.said: list[str] = []

    @property
    def hands(self) -> Hands:
        given = from_environment(self.environ)
        return Hands(self.by, (), given, lambda: self.now, self.said.append, lambda seconds: None)

    def asked(self, plan: Plan, **more: Any) -> Meeting:
        """The meeting as the command line knows it before anybody is asked."""
        workspace = Workspace(self.world.repo)
        before = self.meeting if more.get("change") else None
        return planned(workspace, self.by, DOC, plan, before, self.now)

    def schedule(self, plan: Plan = PLAN, **more: Any) -> Arranged:
        found = self.meeting if more.get("finish") else self.asked(plan, **more)
        done = arrange(self.world.repo, self.hands, Speaker(self.by, self.by), DOC, Asked(plan, **more), found)
        self.silent(str(done), *self.said)
        return done

    def move(self, **plan: Any) -> Arranged:
        return self.schedule(Plan(**{"at": LATER, **plan}), change=True)

    def cancel(self) -> Arranged:
        return self.schedule(Plan(cancel=True), change=True)

    def finish(self) -> Arranged:
        return self.schedule(Plan(), finish=True)

    @property
    def meetings(self) -> list[Meeting]:
        found, wrong = meetings_of(Workspace(self.world.repo).head, DOC)
        assert wrong == {}
        return found

    @property
    def meeting(self) -> Meeting:
        (one,) = self.meetings
        return one

    def silent(self, *texts: str) -> None:
        """No secret is in what was said, nor in the repository."""
        log = self.world.git("log", "-p", "--all", "--", ".pmctl/meetings")
        assert not [one for one in SECRETS if one in "\n".join((*texts, log))]

    def clean(self) -> None:
        """The audit has nothing to say, and the work tree is as HEAD."""
        assert list(self.world.audit(root=self.world.first).findings) == []
        assert self.world.git("status", "--porcelain") == ""


def settings(calendar: str, video: str) -> str:
    return f"version: 1\ntime_zone: Europe/Berlin\nmeetings: {{calendar: {calendar}, video: {video}}}\n"


@contextmanager
def desk_of(built: World, folder: Path, block: str, *servers: Tracker, **front: str) -> Iterator[Desk]:
    shutil.copytree(built.path, folder / "team")
    world = replace(built, path=folder / "team")
    world.write("pmctl.yaml", block)
    for key, value in front.items():
        world.write(world.file(), world.text().replace("author: jane\n", f"author: jane\n{key}: {value}\n"))
    world.commit("Settings", "alice")
    if not servers:
        yield Desk(world, ())
        return
    with serving(servers[0]), serving(servers[-1]):
        yield Desk(world, servers)


@pytest.fixture
def meet(built: World, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(built, tmp_path, settings("google", "meet"), Google()) as desk:
        yield desk


@pytest.fixture
def room(built: World, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(built, tmp_path, settings("none", "zoom"), Zoom()) as desk:
        yield desk


def told(problem: PmctlError | None) -> str:
    return f"{problem.message}; {words(problem.hint)}" if problem is not None else ""


def test_an_event_with_a_room_of_its_own_is_made_moved_and_called_off(meet: Desk) -> None:
    before = meet.world.head
    done = meet.schedule()
    assert (done.problem, done.warnings) == (None, [])
    event, meeting = meet.google.only, meet.meeting
    assert meeting == done.meeting
    assert (meeting.link, meeting.account) == ("https://meet.google.com/abc-defg-hij", "jane@example.com")
    assert (meeting.announced, meeting.run) == (None, "")
    assert event["id"] == id_of(Workspace(meet.world.repo).policy.repository, DOC, meeting.id)
    assert event["summary"] == "Postmortem review: Payment API outage"
    assert "Walk through the timeline" in event["description"]
    assert event["start"] == {"dateTime": "2024-01-22T14:00:00Z", "timeZone": "Europe/Berlin"}
    assert event["end"]["dateTime"] == "2024-01-22T14:45:00Z"
    assert (event["visibility"], event["guestsCanSeeOtherGuests"]) == ("default", True)
    assert [(what, who) for what, who, _ in meet.google.mails] == [
        ("invited", "bob@example.com"), ("invited", "carol@example.com"),
    ]  # fmt: skip
    assert meet.world.git("rev-list", "--count", f"{before}..HEAD") == "2"  # the announcement, and what came of it
    meet.google.mails.clear()
    event["attendees"][0]["responseStatus"] = "accepted"
    moved = meet.move(attendees=("bob", "alice"))
    assert moved.problem is None
    assert (meet.meeting.sequence, meet.meeting.former) == (1, ("carol",))
    assert meet.google.only["start"]["dateTime"] == "2024-01-23T10:00:00Z"
    assert [(what, who) for what, who, _ in meet.google.mails] == [
        ("cancelled", "carol@example.com"), ("changed", "bob@example.com"), ("invited", "alice@example.com"),
    ]  # fmt: skip
    assert meet.meeting.link == "https://meet.google.com/abc-defg-hij"
    assert meet.google.only["attendees"][0] == {"email": "bob@example.com"}  # a new time asks anew
    meet.google.only["attendees"][0]["responseStatus"] = "accepted"
    meet.move(minutes=60)
    assert meet.google.only["attendees"][0]["responseStatus"] == "accepted"
    meet.google.mails.clear()
    assert meet.cancel().problem is None
    assert meet.google.only["status"] == "cancelled"
    assert {(what, who) for what, who, _ in meet.google.mails} == {
        ("cancelled", "alice@example.com"), ("cancelled", "bob@example.com"),
    }  # fmt: skip
    meet.clean()


def test_a_room_of_zoom_says_nothing_and_its_host_address_is_nowhere(room: Desk) -> None:
    done = room.schedule()
    assert done.problem is None
    meeting = room.meeting
    assert (meeting.zoom, meeting.link) == ("85746066", "https://us02web.zoom.us/j/85746066?pwd=x1")
    body = room.zoom.only
    assert (body["topic"], body["start_time"], body["duration"]) == ("Postmortem review", "2024-01-22T14:00:00Z", 45)
    assert body["settings"] == {"waiting_room": True, "join_before_host": False}
    assert DOC not in json.dumps(body)
    assert "Payment" not in json.dumps(body)
    room.move()
    assert room.zoom.only["start_time"] == "2024-01-23T10:00:00Z"
    assert room.meeting.zoom == "85746066"
    room.cancel()
    assert room.zoom.meetings == {}
    room.clean()


def test_an_event_of_google_may_have_a_room_of_zoom(built: World, tmp_path: Path) -> None:
    with desk_of(built, tmp_path, settings("google", "zoom"), Google(), Zoom()) as desk:
        desk.schedule()
        link = "https://us02web.zoom.us/j/85746066?pwd=x1"
        assert desk.google.only["location"] == desk.meeting.link == link
        assert "conferenceData" not in desk.google.only
        desk.google.fail("PATCH", EVENT, 403, body=refusal(403, "forbidden", "no")[1])
        done = desk.move()  # Zoom has moved it, so it is not taken back
        assert "403: no" in told(done.problem)
        assert (desk.meeting.sequence, bool(desk.meeting.announced)) == (1, True)
        assert desk.finish().problem is None
        assert desk.google.only["start"]["dateTime"] == "2024-01-23T10:00:00Z"
        desk.cancel()
        assert (desk.google.only["status"], desk.zoom.meetings) == ("cancelled", {})
        desk.clean()


def test_a_room_that_google_is_still_making_is_waited_for_and_left_to_the_next_run(meet: Desk) -> None:
    meet.google.pending = 3
    assert meet.schedule().problem is None
    assert meet.meeting.link
    meet.cancel()
    meet.google.events.clear()
    meet.google.pending = 50
    done = meet.schedule(replace(PLAN, at=LATER))
    assert "not made the Meet room yet" in told(done.problem)
    meet.google.pending = 0
    again = meet.schedule(replace(PLAN, at=LATER))  # the same command finishes it
    assert (again.problem, again.meeting.link) == (None, "https://meet.google.com/abc-defg-hij")
    assert len(meet.google.events) == 1
    meet.google.room, meet.google.pending = "failure", 1
    done = meet.schedule(replace(PLAN, at=LATER + timedelta(days=1)))
    assert (done.problem, "no Meet room" in done.warnings[0]) == (None, True)
    meet.clean()


def test_what_google_refuses_is_taken_back(meet: Desk) -> None:
    body = refusal(403, "insufficientPermissions", "Insufficient Permission")[1]
    meet.google.fail("POST", EVENT, 403, body=body)
    with pytest.raises(PmctlError, match=r"calendar\.events is missing") as problem:
        meet.schedule()
    assert meet.meetings == []
    meet.silent(told(problem.value))
    assert meet.schedule().problem is None
    meet.google.fail("PATCH", EVENT, 403, body=body)
    with pytest.raises(PmctlError):
        meet.move()
    assert (meet.meeting.sequence, meet.meeting.at) == (0, AT)
    assert meet.move().problem is None
    assert len(meet.google.events) == 1
    meet.clean()


@pytest.mark.parametrize("fault", [{"after": True}, {"half": True}, {"status": 500}])
def test_where_nobody_knows_whether_google_made_it_it_is_looked_up(meet: Desk, fault: dict[str, Any]) -> None:
    meet.google.faults.append(Fault("POST", EVENT, **fault))
    done = meet.schedule()
    if done.problem is not None:  # it was not there when it was looked for
        assert meet.meeting.announced is not None
        with meet.google.lock:  # what comes late has come
            pass
        assert meet.schedule().problem is None
    assert len(meet.google.events) == 1
    assert len([one for one in meet.google.mails if one[0] == "invited"]) == 2
    meet.google.faults.append(Fault("PATCH", EVENT, **fault))
    if meet.move().problem is not None:
        with meet.google.lock:
            pass
        assert meet.move().problem is None
    assert meet.google.only["start"]["dateTime"] == "2024-01-23T10:00:00Z"
    assert meet.meeting.sequence == 1
    meet.google.faults.append(Fault("DELETE", EVENT, **fault))
    if (done := meet.cancel()).problem is not None:
        assert meet.cancel().problem is None
    assert meet.google.only["status"] == "cancelled"
    meet.clean()


def test_what_somebody_deleted_or_took_at_google_is_said(meet: Desk) -> None:
    meet.schedule()
    meet.google.only["status"] = "cancelled"
    with pytest.raises(EnvironmentProblem, match="somebody has deleted the event"):
        meet.move()
    assert meet.meeting.sequence == 0
    assert meet.cancel().problem is None
    done = meet.schedule()
    meet.google.fail("GET", EVENT, 410, body=refusal(410, "deleted")[1])
    with pytest.raises(EnvironmentProblem, match="somebody has deleted the event"):
        meet_move(meet, done)
    event = meet.google.events[id_of(Workspace(meet.world.repo).policy.repository, DOC, done.meeting.id)]
    event["extendedProperties"] = {}
    with pytest.raises(EnvironmentProblem, match="not pmctl's"):
        meet_move(meet, done)


def meet_move(desk: Desk, done: Arranged) -> Arranged:
    """Move the meeting that was planned last, where there are several."""
    before = next(one for one in desk.meetings if one.id == done.meeting.id)
    plan = Plan(at=LATER)
    wanted = planned(Workspace(desk.world.repo), "jane", DOC, plan, before, NOW)
    asked = Asked(plan, before.id, change=True)
    return arrange(desk.world.repo, desk.hands, Speaker("jane", "jane"), DOC, asked, wanted)


def test_logins_that_are_no_good_stop_everything_before_it_begins(meet: Desk) -> None:
    before = meet.world.head
    for credentials, said in (
        ("", "integrations login google"),
        ("{", "is not JSON"),
        ('{"type": "service_account"}', "may not invite people"),
        ('{"client_id": "x"}', "lacks one of"),
        (CREDENTIALS.replace("client-1", "other"), "does not know the OAuth client"),
        (CREDENTIALS.replace("refresh\"}", "gone\"}"), "after seven days"),
    ):  # fmt: skip
        meet.environ["GOOGLE_CREDENTIALS"] = credentials
        with pytest.raises(EnvironmentProblem) as problem:
            meet.schedule()
        assert said in told(problem.value)
        meet.silent(told(problem.value))
    assert meet.world.head == before
    assert meet.google.events == {}


def test_what_zoom_refuses_is_taken_back(room: Desk) -> None:
    room.zoom.fail("POST", LIST, 403, body={"code": 200, "message": "no permission"})
    with pytest.raises(PmctlError, match="403"):
        room.schedule()
    assert room.meetings == []
    assert room.schedule().problem is None
    assert len(room.zoom.meetings) == 1
    room.clean()


@pytest.mark.parametrize(("fault", "lag"), [({"after": True}, 3), ({"half": True}, 0), ({"status": 500}, 0)])
def test_a_room_that_zoom_may_have_made_is_looked_for(room: Desk, fault: dict[str, Any], lag: int) -> None:
    room.zoom.lag = lag
    room.zoom.faults.append(Fault("POST", LIST, **fault))
    done = room.schedule()
    assert done.problem is not None
    assert room.meeting.announced is not None
    with room.zoom.lock:  # what comes late has come
        made = bool(room.zoom.meetings)
    done = room.schedule()
    if not made:  # which nobody can tell from one that is not listed yet
        assert "nobody knows whether Zoom made the room" in told(done.problem)
        assert "--resend" in told(done.problem)
        done = room.finish()
    assert done.problem is None
    assert len(room.zoom.meetings) == 1
    room.clean()


def test_a_room_that_no_list_shows_is_not_made_again(room: Desk) -> None:
    room.zoom.lag = 1000
    room.zoom.faults.append(Fault("POST", LIST, after=True))
    for _ in range(3):
        assert room.schedule().problem is not None
    done = room.cancel()
    assert "look there" in done.warnings[0]
    assert room.zoom.count("POST", LIST) == 1


def test_a_meeting_of_zoom_that_is_not_ours_is_left_alone(room: Desk) -> None:
    """A file of the repository may name any meeting of the account."""
    room.schedule()
    room.zoom.only["agenda"] = "The board meets"
    for act in (room.move, room.cancel):
        with pytest.raises(EnvironmentProblem, match="is not one that pmctl made"):
            act()
    assert len(room.zoom.meetings) == 1
    room.zoom.meetings.clear()
    with pytest.raises(PmctlError, match="somebody has deleted meeting"):
        room.move()
    assert room.cancel().problem is None


def test_a_zoom_app_that_gets_no_token_is_said(room: Desk) -> None:
    for name in ZOOM:
        kept = room.environ.pop(name)
        with pytest.raises(EnvironmentProblem, match=f"{name} is not set"):
            room.schedule()
        room.environ[name] = f"{kept}x"
        with pytest.raises(EnvironmentProblem, match="gives no access token"):
            room.schedule()
        room.environ[name] = kept
    assert room.meetings == []


def test_guests_see_no_more_than_when_and_where(meet: Desk) -> None:
    meet.schedule(replace(PLAN, attendees=("bob", "guest@example.org")))
    event = meet.google.only
    assert (event["summary"], event["description"]) == ("Postmortem review", "")
    assert event["guestsCanSeeOtherGuests"] is False
    meet.google.mails.clear()
    meet.move(attendees=("bob",))
    assert meet.google.only["summary"] == "Postmortem review: Payment API outage"
    assert ("cancelled", "guest@example.org", "Postmortem review") in meet.google.mails


def test_a_private_postmortem_stays_among_those_who_may_read_it(built: World, tmp_path: Path) -> None:
    with desk_of(built, tmp_path, settings("google", "meet"), Google(), visibility="private") as desk:
        with pytest.raises(Refused, match=r"may not be read by guest@example\.org"):
            desk.schedule(replace(PLAN, attendees=("guest@example.org",)))
        desk.schedule()
        assert desk.google.only["visibility"] == "private"
        assert desk.google.only["summary"] == "Postmortem review: Payment API outage"
    for account, knows in (("rooms@example.com", True), ("jane@example.com", False)):
        folder = tmp_path / account
        folder.mkdir()
        google = Google(account=account, tells_account=knows)
        with desk_of(built, folder, settings("google", "meet"), google, visibility="private") as desk:
            desk.schedule()  # whoever has that calendar may not read it
            assert desk.google.only["summary"] == "Postmortem review"
            assert desk.google.only["description"] == ""


def test_an_event_is_changed_by_the_account_whose_calendar_it_is_in(meet: Desk) -> None:
    meet.schedule()
    meet.by = "bob"
    assert meet.move().problem is None  # the same account
    meet.google.account = "bob@example.com"
    with pytest.raises(Refused, match=r"in the calendar of jane@example\.com, and this login is of bob@"):
        meet.cancel()
    meet.google.tells_account = False
    with pytest.raises(Refused, match="nothing tells"):
        meet.cancel()
    meet.by = "jane"
    assert len(meet.google.events) == 1
    assert meet.cancel().problem is None


def test_a_meeting_keeps_its_calendar_and_its_room(meet: Desk) -> None:
    meet.schedule()
    for plan, said in (
        (Plan(calendar="mail"), "another calendar"),
        (Plan(video="zoom"), "another kind of room"),
        (Plan(video="none"), "another kind of room"),
        (Plan(), "nothing is changed"),
    ):
        with pytest.raises(UsageProblem, match=said):
            meet.schedule(plan, change=True)


def test_what_cannot_be_planned_is_said_before_anybody_is_asked(meet: Desk) -> None:
    with pytest.raises(Refused, match="what is over"):
        meet.schedule(replace(PLAN, at=NOW - timedelta(days=1)))
    with pytest.raises(UsageProblem, match="Meet makes rooms for events of Google Calendar"):
        meet.asked(replace(PLAN, calendar="mail", video="meet"))
    assert meet.asked(replace(PLAN, calendar="none")).kept is False
    assert meet.google.requests == []
    meet.schedule()
    meet.cancel()
    with pytest.raises(Refused, match="was called off"):
        meet.move()


def test_a_rehearsal_shows_bodies_and_asks_nobody(built: World, tmp_path: Path) -> None:
    with desk_of(built, tmp_path, settings("google", "zoom"), Google(), Zoom()) as desk:
        desk.environ = {}
        workspace = Workspace(desk.world.repo)
        meeting = desk.asked(PLAN)
        zoom, event = rehearsed(workspace, desk.hands.secrets, DOC, meeting, NOW)
        assert (zoom.method, zoom.url) == ("POST", "https://api.zoom.us/v2/users/me/meetings")
        assert event.url.startswith("https://www.googleapis.com/calendar/v3/calendars/primary/events?conferenceData")
        assert event.body["summary"] == "Postmortem review: Payment API outage"
        moved = replace(meeting, sequence=1, zoom="85746066")
        assert [one.method for one in rehearsed(workspace, desk.hands.secrets, DOC, moved, NOW)] == ["PATCH", "PATCH"]
        off = replace(moved, cancelled=True)
        assert [one.method for one in rehearsed(workspace, desk.hands.secrets, DOC, off, NOW)] == ["DELETE", "DELETE"]
        assert (desk.google.requests, desk.zoom.requests) == ([], [])


# Two clones, and deaths.


def _shared(desk: Desk, folder: Path) -> Desk:
    """Give the clone a remote, and make another clone."""
    server = folder / "server.git"
    desk.world.git("clone", "-q", "--bare", ".", str(server))
    desk.world.git("remote", "add", "origin", str(server))
    desk.world.git("fetch", "-q", "origin")
    return _clone(desk, folder, "bob")


def _clone(desk: Desk, folder: Path, by: str) -> Desk:
    desk.world.git("clone", "-q", str(folder / "server.git"), str(folder / by))
    set_identity(folder / by, by)
    return Desk(replace(desk.world, path=folder / by), (desk.google, desk.zoom), by)


def test_of_two_clones_one_moves_it_and_the_other_is_told(meet: Desk, tmp_path: Path) -> None:
    bob = _shared(meet, tmp_path)
    meet.schedule()
    bob.world.git("pull", "-q", "--ff-only")
    bob.schedule(Plan(at=LATER), change=True)
    with pytest.raises(Refused, match=r"changed the meeting first; it is now Tuesday 2024-01-23 11:00"):
        meet.move(at=LATER + timedelta(days=1))
    assert meet.google.only["start"]["dateTime"] == "2024-01-23T10:00:00Z"
    bob.cancel()
    with pytest.raises(PmctlError, match="no meeting that was not cancelled"):
        meet.move(at=LATER + timedelta(days=1))
    meet.clean()
    bob.clean()


def test_between_the_look_and_the_push_only_one_wins(meet: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    """The other clone lands its own in the moment before the announcement is pushed."""
    from pmctl.workflow import meeting_services

    bob = _shared(meet, tmp_path)
    meet.schedule()
    bob.world.git("pull", "-q", "--ff-only")
    push, done = meeting_services.first, []

    def slower(repo: git.Repository, *more: Any) -> bool:
        if repo.top == meet.world.repo.top and not done:
            done.append(True)
            bob.schedule(Plan(at=LATER), change=True)
        return push(repo, *more)

    monkeypatch.setattr(meeting_services, "first", slower)
    with pytest.raises(Refused, match="changed the meeting first"):
        meet.cancel()
    assert meet.google.only["status"] == "confirmed"
    assert meet.google.count("DELETE", EVENT) == 0
    meet.clean()


def test_what_another_clone_began_is_left_to_it_and_finished_when_it_must_be_dead(room: Desk, tmp_path: Path) -> None:
    bob = _shared(room, tmp_path)
    room.zoom.faults.append(Fault("POST", LIST, after=True))
    assert room.schedule().problem is not None
    bob.world.git("pull", "-q", "--ff-only")
    with pytest.raises(Refused, match="another run announced this meeting"):
        bob.finish()
    bob.now += timedelta(minutes=20)
    assert bob.finish().problem is None
    assert len(room.zoom.meetings) == 1
    assert room.finish().meeting == bob.meeting  # nothing is left to do
    fresh = _clone(room, tmp_path, "carol")
    room.zoom.lag = 1000
    room.zoom.faults.append(Fault("POST", LIST, status=500))
    assert fresh.schedule(replace(PLAN, at=LATER)).problem is not None
    room.world.git("pull", "-q", "--ff-only")
    room.now += timedelta(minutes=40)
    (mine,) = [one for one in room.meetings if one.announced is not None]
    plan = Plan(cancel=True)
    wanted = planned(Workspace(room.world.repo), "jane", DOC, plan, mine, room.now)
    done = arrange(room.world.repo, room.hands, Speaker("jane", "jane"), DOC, Asked(plan, mine.id, change=True), wanted)
    assert "nobody knows whether Zoom made a meeting" in done.warnings[0]


def test_a_remote_that_takes_no_announcement_gets_no_event(meet: Desk, tmp_path: Path) -> None:
    _shared(meet, tmp_path)
    hook = tmp_path / "server.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected >&2\nexit 1\n")
    hook.chmod(0o755)
    before = meet.world.head
    with pytest.raises(Refused):
        meet.schedule()
    assert meet.world.head == before
    assert meet.google.events == {}


def test_a_shallow_clone_announces_nothing(meet: Desk, tmp_path: Path) -> None:
    _shared(meet, tmp_path)
    meet.world.git("clone", "-q", "--depth", "1", f"file://{tmp_path}/server.git", str(tmp_path / "shallow"))
    set_identity(tmp_path / "shallow", "jane")
    desk = Desk(replace(meet.world, path=tmp_path / "shallow"), (meet.google,))
    before = desk.world.head
    with pytest.raises(EnvironmentProblem, match="shallow clone"):
        desk.schedule()
    assert desk.world.head == before
    assert meet.google.events == {}


def _killed(desk: Desk, step: int, act: Callable[[], Any]) -> int:
    return killed(step, act)


def _again(desk: Desk, act: Callable[[], Arranged], there: Callable[[], bool]) -> None:
    """Run the same command again, as often as it says to; `there` says that it has been done already."""
    for _ in range(5):
        try:
            done = act()
        except PmctlError as problem:
            if there():
                return
            assert "again" in told(problem), problem.message
            continue
        if done.problem is None:
            return
        assert "--resend" in told(done.problem)
        act = desk.finish
    raise AssertionError("it never ends")


STEPS = int(os.environ.get("PMCTL_KILLED_MEETINGS", "0"))


@pytest.mark.parametrize("remote", [False, True])
def test_killed_anywhere_and_run_again_there_is_one_event_and_one_room(
    built: World, tmp_path: Path, remote: bool
) -> None:
    with desk_of(built, tmp_path, settings("google", "zoom"), Google(), Zoom()) as desk:
        if remote:
            _shared(desk, tmp_path)
        start = desk.world.head
        for act in (desk.schedule, desk.move, desk.cancel):
            total = _killed(desk, 10**9, act)
            assert total > 8
            for step in range(0 if STEPS else len(act.__name__) % 3, total, 1 if STEPS else 23 if remote else 11):
                with locked(desk.world.repo):
                    recover(desk.world.repo)  # or what was killed last would be put back into another history
                desk.world.git("reset", "-q", "--hard", start)
                if remote:
                    desk.world.git("push", "-q", "-f", "origin", "HEAD:main")
                _restore(desk)
                before = len(desk.google.mails)
                assert _killed(desk, step, act) == -1 or step > total - 4, step  # a request may have been tried again
                wanted = {"schedule": 0, "move": 1, "cancel": 2}[act.__name__]
                _again(
                    desk, act,
                    lambda wanted=wanted: any(one.sequence == wanted and not one.announced for one in desk.meetings),
                )  # fmt: skip
                assert (desk.meeting.sequence, desk.meeting.announced) == (wanted, None), step
                assert len(desk.google.events) == 1, step
                assert len(desk.zoom.meetings) == (0 if wanted == 2 else 1), step
                assert len(desk.google.mails) - before == 2, step  # nobody is told twice
                assert desk.world.git("status", "--porcelain") == "", step
            start = desk.world.head
            _keep(desk)
        desk.clean()


def _keep(desk: Desk) -> None:
    """Remember what the services have."""
    kept = json.dumps([desk.google.events, {str(key): one for key, one in desk.zoom.meetings.items()}])
    desk.said[:] = [kept]


def _restore(desk: Desk) -> None:
    """Have the services as they were when it was remembered last."""
    events, meetings = json.loads(desk.said[0]) if desk.said and desk.said[0].startswith("[") else ({}, {})
    desk.google.events.clear()
    desk.google.events.update(events)
    desk.zoom.meetings.clear()
    desk.zoom.meetings.update({int(key): one for key, one in meetings.items()})
    desk.zoom.age.update(dict.fromkeys(desk.zoom.meetings, 0))
