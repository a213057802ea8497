"""Meetings that Google Calendar or Zoom keeps: each event and each room once, whatever is killed when.

    plan -> announce (pushed before anybody else's) -> Zoom's room, Google's event -> one commit of what came of it

The file says what is to be before anybody is asked for it, so a run after a death knows what to look up: an event by
its id, which follows from the meeting, a room of Zoom by the marker in its agenda. What the services have is brought to
what the file says, and so it makes no difference which step an earlier run got to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pmctl import git
from pmctl.document.fields import Visibility
from pmctl.document.meeting import LINK, MAIL, NUMBER, Meeting, written
from pmctl.errors import BadInput, NotFound, PmctlError, Refused, advise
from pmctl.insight.meetings import chosen, invited, meetings_of, when
from pmctl.output.advice import with_fix
from pmctl.policy.audience import Audience, Circle, may_read
from pmctl.policy.model import person_by_email
from pmctl.repository.own_runs import Runs, only_run
from pmctl.repository.transaction import CommitResult
from pmctl.repository.workspace import Workspace
from pmctl.services import google, zoom
from pmctl.services.google_oauth import base_urls
from pmctl.services.rehearsal import Sent
from pmctl.services.retrying import Uncertain
from pmctl.services.secrets import Secrets
from pmctl.services.tracker import marker_of
from pmctl.text import harmless, single_line, utc
from pmctl.workflow.comment import Speaker
from pmctl.workflow.meetings import (
    NEUTRAL,
    Plan,
    card_of,
    entry_of,
    land,
    people_of,
    planned,
    put,
    require_right,
    same_as,
)
from pmctl.workflow.ticket_landing import ATTEMPTS, Hands, first, together

LEASE = timedelta(minutes=15)
"""How long what another clone announced is left to it: a run asks a service for at most 5 minutes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants: a new meeting, a change of one (`change`), or only to finish what was begun (`finish`)."""

    plan: Plan
    meeting: str = ""
    change: bool = False
    finish: bool = False


@dataclass(slots=True)
class Arranged:
    """What came of it. `problem` is why not all of it was done, and what may be done later; `acted` whether a service
    has changed anything."""

    meeting: Meeting
    landed: CommitResult | None = None
    problem: PmctlError | None = None
    warnings: list[str] = field(default_factory=list)
    acted: bool = False

    def act(self) -> None:
        """Remember that something was changed."""
        self.acted = True


@dataclass(frozen=True, slots=True)
class Services:
    """The connections that a meeting needs; None for what it does not."""

    calendar: google.Calendar | None = None
    zoom: zoom.Account | None = None

    @property
    def account(self) -> str:
        """Whose Google calendar it is, "" where that is not told."""
        found = self.calendar.grant.account if self.calendar is not None else ""
        return found if MAIL.fullmatch(found) else ""


@contextmanager
def _connected(meeting: Meeting, hands: Hands) -> Iterator[Services]:
    """Raises EnvironmentProblem where one of them gives no access."""
    with ExitStack() as open_:
        here = (hands.secrets, hands.say, hands.wait)
        room = open_.enter_context(zoom.connected(*here)) if meeting.room == "zoom" else None
        events = open_.enter_context(google.connected(*here)) if meeting.calendar == "google" else None
        yield Services(events, room)


def arrange(repo: git.Repository, hands: Hands, who: Speaker, name: str, asked: Asked, meeting: Meeting) -> Arranged:
    """Have a meeting at its services as it is asked for; `meeting` is what that is as far as this clone knows.

    Raises PmctlError where nothing was done at all; otherwise what is left to do is the answer's `problem`.
    """
    with only_run(repo, "meetings") as runs, _connected(meeting, hands) as services:
        seen = _before(Workspace(repo), name, asked)
        for _ in range(ATTEMPTS):
            together(repo, hands)
            workspace = Workspace(repo)
            before = _before(workspace, name, asked)
            if before != seen and not asked.finish:
                raise _overtaken(before)
            if asked.finish and before is not None and before.announced is None:
                return Arranged(before)  # somebody else has finished it
            wanted = _wanted(workspace, hands, who, name, asked, before, runs)
            earlier = wanted if wanted.announced is not None or before is None else before
            _require_account(wanted, services, who)
            if not wanted.cancelled:
                invited(wanted.attendees, card_of(workspace, name).readers, workspace.policy, name)
            require_right(workspace, who, name, wanted, hands.signing)
            if earlier.announced is not None and earlier.run not in runs.ended:
                runs.doubt((wanted.id,))
            fresh = replace(
                wanted, account=wanted.account or services.account, announced=hands.now(), run=runs.own
            )  # fmt: skip
            begun = git.head(repo.top)
            landed = land(workspace, who, name, fresh, hands.signing, "Announce")
            if first(repo, hands, begun, landed):
                undo = before if earlier.announced is None else fresh
                return _carry_out(repo, hands, who, name, _Step(services, runs, fresh, undo, landed, asked.finish))
            hands.say("somebody else landed something first: looking again")
    raise Refused("the remote moved on during each attempt; nothing was arranged", hint=advise("sync-again"))


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done: a meeting as announced; `undo` is what its file was before, None for none, and the meeting
    itself where an earlier run may have done a part. With `surely` somebody knows that Zoom has made no room."""

    services: Services
    runs: Runs
    meeting: Meeting
    undo: Meeting | None
    landed: CommitResult
    surely: bool


def _before(workspace: Workspace, name: str, asked: Asked) -> Meeting | None:
    """The meeting that is to be changed or finished. Raises NotFound."""
    return chosen(workspace.head, name, asked.meeting) if asked.change or asked.finish else None


def _overtaken(before: Meeting | None) -> Refused:
    now = "" if before is None else "; it was called off" if before.cancelled else f"; it is now {when(before)}"
    return Refused(f"somebody else has changed the meeting first{now}", hint=advise("meeting-changed"))


def _wanted(
    workspace: Workspace, hands: Hands, who: Speaker, name: str, asked: Asked, before: Meeting | None, runs: Runs
) -> Meeting:
    """The meeting as it is to be; one that is announced still where an earlier run began just that.

    Raises Refused while another run is at it, and as `planned` does.
    """
    if before is not None and not _is_free(before, runs, hands):
        raise Refused(
            f"another run announced this meeting at {utc(before.announced) if before.announced else ''}",
            hint="wait for it; if it was killed, try again 15 minutes later",
        )
    if asked.finish and before is not None:
        return before
    wanted = planned(workspace, who.handle, name, asked.plan, before, hands.now())
    if before is None:
        for one in meetings_of(workspace.head, name)[0]:
            if one.announced is not None and same_as(wanted, one) and _is_free(one, runs, hands):
                hands.say(f"finishing meeting {one.id}, which an earlier run began")
                return one
    return wanted


def _is_free(meeting: Meeting, runs: Runs, hands: Hands) -> bool:
    """Whether no run can be at work on it any more."""
    since = meeting.announced
    return since is None or meeting.run in runs.ended or hands.now() - since > LEASE


def _require_account(meeting: Meeting, services: Services, who: Speaker) -> None:
    """Raise Refused where the event is in the calendar of another account: this one would get a second event."""
    if services.calendar is None or (not meeting.sequence and meeting.announced is None):
        return
    if meeting.account and services.account:
        if meeting.account != services.account:
            raise Refused(
                f"the event is in the calendar of {meeting.account}, and this login is of {services.account}",
                hint=f"set GOOGLE_CREDENTIALS to the login of {meeting.account}, or ask {meeting.organizer}",
            )
    elif meeting.organizer != who.handle:
        raise Refused(
            f"the event is in the calendar of whoever {meeting.organizer} logged in as, which nothing tells",
            hint=f"ask {meeting.organizer} to change it",
        )


def _carry_out(repo: git.Repository, hands: Hands, who: Speaker, name: str, step: _Step) -> Arranged:
    """Bring the services to what the meeting says, and commit what came of it."""
    done = Arranged(step.meeting, step.landed)
    workspace = Workspace(repo)
    try:
        pending = _act(workspace, hands, name, step, done)
    except PmctlError as problem:
        done.problem = problem
        void = not done.acted and not isinstance(problem, (Uncertain, BadInput)) and step.undo is not step.meeting
        if void:
            data = written(step.undo) if step.undo is not None else None
            what = f"Take back the announcement of a meeting about {name}"
            put(Workspace(repo), name, step.meeting.id, data, what, hands.signing)
            step.runs.settle((step.meeting.id,))
            _share(repo, hands, done)
            raise
        pending = True
    if not pending:
        done.meeting = replace(done.meeting, announced=None, run="")
    if done.meeting != step.meeting:
        verb = "Call off" if done.meeting.cancelled else "Change" if done.meeting.sequence else "Plan"
        verb = "Note what is known of" if pending else verb
        done.landed = land(Workspace(repo), who, name, done.meeting, hands.signing, verb)
        if not pending or done.meeting.zoom:
            step.runs.settle((step.meeting.id,))
        _share(repo, hands, done)
    return done


def _share(repo: git.Repository, hands: Hands, done: Arranged) -> None:
    """Bring what is known now together with the remote; what stands in the way is told, since the deed is done."""
    try:
        together(repo, hands)
    except PmctlError as problem:
        done.warnings.append(with_fix(f"not pushed yet: {problem.message}", advise("share-meeting")))


def _act(workspace: Workspace, hands: Hands, name: str, step: _Step, done: Arranged) -> bool:
    """Ask the services; whether something is still to come. What is known is in `done`, also after an error."""
    if step.services.zoom is not None:
        _zoom(workspace, name, step, done, step.services.zoom)
    if step.services.calendar is None:
        return False
    event = event_of(workspace, name, done.meeting, hands.now())
    if done.meeting.cancelled:
        google.removed(step.services.calendar, event)
        return False
    room = google.kept(step.services.calendar, event, done.act)
    if done.meeting.room == "meet":
        link = google.link_of(room, lambda text: LINK.fullmatch(text) is not None)
        done.meeting = replace(done.meeting, link=link)
        if room.pending:
            done.problem = NotFound("Google has not made the Meet room yet; the event is there")
        elif not link:
            done.warnings.append("Google made no Meet room for the event: add one there, or name another with --video")
    return room.pending


def _zoom(workspace: Workspace, name: str, step: _Step, done: Arranged, account: zoom.Account) -> None:
    """The room: looked for where an earlier run may have made one, brought up to date, made, or deleted."""
    meeting, talk = done.meeting, talk_of(workspace, done.meeting)
    doubtful = meeting.id in step.runs.doubtful
    number = meeting.zoom
    if not number and doubtful:
        there = zoom.found(account, talk.marker, surely=True)
        number = _noted(done, there) if there is not None else ""
    if meeting.cancelled:
        if number:
            zoom.removed(account, number, talk.marker)
            done.act()
        elif doubtful:
            done.warnings.append("nobody knows whether Zoom made a meeting for it, and it lists none: look there")
        return
    if number:
        if not zoom.changed(account, number, talk):
            raise NotFound(
                f"somebody has deleted meeting {number} in Zoom", hint="call the meeting off, and plan another one"
            )
        done.act()
    elif doubtful and not step.surely:
        raise Uncertain(
            "nobody knows whether Zoom made the room, and its list does not show one yet",
            hint=advise("meeting-room-again", id=name, meeting=meeting.id),
        )
    else:
        step.runs.doubt((meeting.id,))
        _noted(done, zoom.created(account, talk))


def _noted(done: Arranged, made: zoom.Made) -> str:
    """Keep what is known of a room. Raises BadInput for what no file may say."""
    done.act()
    if not NUMBER.fullmatch(made.id) or not LINK.fullmatch(made.link):
        raise BadInput("Zoom names a meeting whose number or address is none", hint="look at it in Zoom")
    done.meeting = replace(done.meeting, zoom=made.id, link=made.link)
    return made.id


def talk_of(workspace: Workspace, meeting: Meeting) -> zoom.Talk:
    """The meeting for Zoom. Whoever has the address sees the topic, so it says nothing."""
    marker = marker_of(workspace.policy.repository, meeting.id)
    return zoom.Talk(marker, NEUTRAL, meeting.at, meeting.minutes, meeting.zone)


def event_of(workspace: Workspace, name: str, meeting: Meeting, now: datetime) -> google.Event:
    """The meeting for Google Calendar.

    Everybody who is invited sees the same event, and so does whose calendar it is in. Where a guest is among them, or
    the calendar's account may not read the postmortem, it says no more than a guest is told.
    """
    readers, policy = card_of(workspace, name).readers, workspace.policy
    everybody = readers.visibility is Visibility.ORGANIZATION
    owner = person_by_email(policy, meeting.account) or ""
    able = everybody or (owner in policy.people and may_read(readers, Audience(Circle.PERSON, owner), policy))
    people = people_of(workspace, meeting.attendees)
    guests = any(one.guest for one in people)
    entry = entry_of(workspace, name, meeting, now, neutral=guests or not able)
    place = meeting.link if meeting.room != "meet" else ""
    return google.Event(
        google.id_of(policy.repository, name, meeting.id), marker_of(policy.repository, meeting.id), meeting.sequence,
        harmless(single_line(entry.summary)), harmless(entry.description), place, meeting.at, meeting.end, meeting.zone,
        tuple(one.mail for one in people), meeting.room == "meet", not everybody, guests,
    )  # fmt: skip


def rehearsed(workspace: Workspace, secrets: Secrets, name: str, meeting: Meeting, now: datetime) -> list[Sent]:
    """What would be sent to the services of a meeting as planned; nobody is asked."""
    found = []
    if meeting.room == "zoom":
        base = zoom.base_urls(secrets)[1]
        found.append(zoom.rehearsed(talk_of(workspace, meeting), base, meeting.zoom, cancelled=meeting.cancelled))
        meeting = replace(meeting, link=meeting.link or "https://zoom.us/j/NUMBER")
    if meeting.calendar == "google":
        event = event_of(workspace, name, meeting, now)
        found.append(google.rehearsed(event, base_urls(secrets)[2], cancelled=meeting.cancelled))
    return found
