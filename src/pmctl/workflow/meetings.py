"""Plan, change and call off a meeting about a postmortem: one commit of one file, then the invitations by mail.

The file comes first, so that whoever sends invitations later finds what they say. Each goes through the same ledger as
every message (`workflow.delivering`): said before it is sent, never twice, and again only when somebody asks for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pmctl.document import beside
from pmctl.document.beside import Beside
from pmctl.document.fields import Visibility
from pmctl.document.meeting import ROOMS, Meeting, name_of, written
from pmctl.errors import EnvironmentProblem, PmctlError, Refused, UsageProblem, advise
from pmctl.insight.agenda import agenda
from pmctl.insight.card import Card, Cards
from pmctl.insight.meeting_settings import MeetingSettings, meeting_settings
from pmctl.insight.meetings import Invited, invited, meetings_of, when
from pmctl.insight.notifications import Notice
from pmctl.insight.notify_settings import Channel, NotifySettings, System
from pmctl.ledger.current_state import current_state
from pmctl.output.agenda import text as agenda_text
from pmctl.output.meeting_calendar import Entry, Method, ics
from pmctl.policy.meeting_files import check_right
from pmctl.policy.model import SIGNED
from pmctl.repository import deliveries
from pmctl.repository.deliveries import Book, Delivery
from pmctl.repository.records import refusal
from pmctl.repository.transaction import CommitResult, Write, commit
from pmctl.repository.workspace import Workspace
from pmctl.services import mail
from pmctl.services.message import Message
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.workflow.comment import Speaker
from pmctl.workflow.delivering import Run, Wanted, deliver, may_be_sent_again
from pmctl.workflow.sending import outlet

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
NEUTRAL = "Postmortem review"
"""All that a guest is told a meeting is about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a meeting; None for what stays as it is, or as the settings have it."""

    at: datetime | None = None
    zone: str = ""
    minutes: int | None = None
    attendees: tuple[str, ...] | None = None
    calendar: str | None = None
    video: str | None = None
    cancel: bool = False


def settings_of(workspace: Workspace) -> MeetingSettings:
    """The `meetings` block. Raises EnvironmentProblem when it cannot be used."""
    settings, wrong = meeting_settings(workspace.settings.blocks.get("meetings"))
    if wrong:
        told = tuple((f"pmctl.yaml:{one.line}: {one.message}", one.fix) for one in wrong)
        raise EnvironmentProblem("meetings in pmctl.yaml cannot be used", hint="correct it", details=told)
    return settings


def card_of(workspace: Workspace, name: str) -> Card:
    """What the postmortem is told by, and who may read it, as it is committed."""
    return Cards(workspace.head, workspace.policy, workspace.settings).of(name)


def planned(workspace: Workspace, by: str, name: str, plan: Plan, before: Meeting | None, now: datetime) -> Meeting:
    """The meeting as it is to be. `before` is the one that is changed; where an earlier run began just that and did not
    finish, it is the answer. Raises UsageProblem, Refused."""
    usual = settings_of(workspace)
    untold = before.former if before is not None and before.announced is not None else ()
    if before is not None and plan.cancel:
        if before.cancelled and before.announced is not None:
            return before
        return replace(before, cancelled=True, sequence=before.sequence + 1, changed=now, former=untold)
    if before is not None and before.cancelled and before.kept:
        raise Refused("the meeting was called off", hint=advise("plan-meeting", id=name))
    words = plan.attendees if plan.attendees is not None else before.attendees if before is not None else ()
    people = tuple(one.key for one in invited(words, card_of(workspace, name).readers, workspace.policy, name))
    if not people:
        raise UsageProblem("who is invited?", hint="name them: --attendee HANDLE, or a mail address")
    at = plan.at or (before.at if before is not None else None)
    if at is None:
        raise UsageProblem("when is it?", hint='say it: --at "2024-01-22 15:00"')
    calendar = plan.calendar if plan.calendar is not None else before.calendar if before is not None else usual.calendar
    room, link = _room(plan, before, usual, calendar)
    if (calendar in ("mail", "google") or room != "none") and at <= now and (before is None or at != before.at):
        raise Refused("nobody is invited to what is over", hint="correct --at, or keep a record: --calendar none")
    made = Meeting(
        before.id if before is not None else "".join(secrets.choice(_LETTERS) for _ in range(6)), at,
        plan.minutes or (before.minutes if before is not None else usual.minutes),
        plan.zone or (before.zone if before is not None else workspace.settings.time_zone),
        before.organizer if before is not None else by, people, now, (), calendar, link, room=room,
    )  # fmt: skip
    if before is None:
        _refuse_twin(workspace, name, made)
        return made
    made = replace(made, zoom=before.zoom, account=before.account)
    if made == replace(before, changed=now, sequence=0, former=(), announced=None, run=""):
        if before.announced is not None:
            return before
        raise UsageProblem("nothing is changed", hint="say what: --at, --for, --attendee, --video")
    gone = tuple(dict.fromkeys(one for one in (*before.attendees, *untold) if one not in people))
    return replace(made, sequence=before.sequence + 1, former=gone)


def same_as(meeting: Meeting, other: Meeting) -> bool:
    """Whether somebody who plans `meeting` means just what `other` is."""
    return other == replace(
        meeting, id=other.id, sequence=other.sequence, changed=other.changed, former=other.former, zoom=other.zoom,
        link=other.link if other.room != "none" else meeting.link, account=other.account, announced=other.announced,
        run=other.run,
    )  # fmt: skip


def _refuse_twin(workspace: Workspace, name: str, made: Meeting) -> None:
    """Raise Refused where that meeting is planned already, as after a run that died when all was done."""
    for one in meetings_of(workspace.head, name)[0]:
        if one.announced is None and same_as(made, one):
            raise Refused(
                f"this meeting is planned already: {one.id}", hint=advise("change-meeting", id=name, meeting=one.id)
            )


def _room(plan: Plan, before: Meeting | None, usual: MeetingSettings, calendar: str) -> tuple[str, str]:
    """Who makes the room, and its address as far as it is known. Raises UsageProblem for what cannot be together."""
    wanted = plan.video if plan.video is not None else usual.video
    if plan.video is None and wanted == "meet" and calendar != "google":
        wanted = "none"
    if wanted == "meet" and calendar != "google":
        raise UsageProblem("Meet makes rooms for events of Google Calendar", hint="--calendar google, or --video zoom")
    made, link = (wanted, "") if wanted in ROOMS else ("none", wanted if "://" in wanted else "")
    if before is None:
        return made, link
    if "google" in (calendar, before.calendar) and calendar != before.calendar:
        raise UsageProblem(
            f"the meeting is in another calendar ({before.calendar})", hint="call it off, and plan another one"
        )
    if plan.video is None:
        return before.room, before.link
    if made != before.room:
        raise UsageProblem(
            f"the meeting has another kind of room ({before.room if before.room != 'none' else before.link or 'none'})",
            hint="call it off, and plan another one",
        )
    return made, before.link if made != "none" else link


def require_ways(meeting: Meeting, given: Secrets, to_dir: Path | None, *, file: bool) -> None:
    """Before anything is committed: whether invitations and files can be made at all. Raises EnvironmentProblem."""
    if file or to_dir is not None or meeting.calendar == "mail":
        ics((), "PUBLISH")
    if meeting.calendar == "mail" and to_dir is None and mail.server(given) is None:
        raise EnvironmentProblem("mail is not connected", hint=how_to_set(mail.ADDRESS))


def land(
    workspace: Workspace, who: Speaker, name: str, meeting: Meeting, signing: Sequence[str], verb: str = ""
) -> CommitResult:
    """Commit the meeting's file. Raises Refused when `who` may not plan meetings about this postmortem."""
    require_right(workspace, who, name, meeting, signing)
    verb = verb or ("Call off" if meeting.cancelled else "Change" if meeting.sequence else "Plan")
    return put(workspace, name, meeting.id, written(meeting), f"{verb} a meeting about {name}", signing)


def require_right(workspace: Workspace, who: Speaker, name: str, meeting: Meeting, signing: Sequence[str]) -> None:
    """Raise Refused when `who` may not plan meetings about this postmortem, or not without a signature."""
    state, document = current_state(workspace.head, name), workspace.read_at(name)
    path = beside.path_of(Beside.MEETINGS, name, name_of(meeting.id))
    able = (who.committer,) if who.committer else ()
    if found := check_right(path, document, document, able, state.state, workspace.policy):
        raise refusal(found)
    if workspace.policy.edits == SIGNED and not signing:
        raise Refused("AU705 the policy says edits: signed, and git is not set to sign commits with your key")


def put(
    workspace: Workspace, name: str, meeting: str, data: bytes | None, what: str, signing: Sequence[str]
) -> CommitResult:
    """One commit of a meeting's file; None removes it."""
    message = f"{what}\n\nPostmortem: {name}\nMeeting: {meeting}\n"
    path = beside.path_of(Beside.MEETINGS, name, name_of(meeting))
    return commit(workspace.repo, [Write(path, data)], message, signing=signing)


def entry_of(
    workspace: Workspace, name: str, meeting: Meeting, now: datetime, *, neutral: bool = False, sender: str = ""
) -> Entry:
    """The meeting for calendars: with title, agenda and link, or `neutral`, with nothing of the postmortem."""
    policy = workspace.policy
    host = policy.people.get(meeting.organizer)
    address = sender or (host.emails[0] if host is not None and host.emails else "")
    organizer = (host.name if host is not None else meeting.organizer, address)
    if neutral:
        return Entry(name, meeting, policy.repository, NEUTRAL, organizer=organizer)
    card = card_of(workspace, name)
    found = card.message("", "", "", workspace.settings.url)
    points = ""
    with suppress(PmctlError):  # a draft that cannot be read has no agenda, and may be met about
        points = agenda_text(agenda(workspace, name, meeting.minutes, when(meeting), now))
    description = "\n\n".join(part for part in (f"{found.title}\n{name}", points, found.url, meeting.link) if part)
    return Entry(
        name, meeting, policy.repository, f"Postmortem review: {found.title or name}", description, found.url,
        organizer, people_of(workspace, meeting.attendees), card.readers.visibility is not Visibility.ORGANIZATION,
    )  # fmt: skip


def people_of(workspace: Workspace, keys: Sequence[str]) -> tuple[Invited, ...]:
    """Whom these keys of a meeting stand for; who is not in the policy any more is left out."""
    found = []
    for key in keys:
        person = workspace.policy.people.get(key)
        if person is not None and person.emails:
            found.append(Invited(key, person.name or key, person.emails[0], False))
        elif "@" in key:
            found.append(Invited(key, "", key, True))
    return tuple(found)


def invite(
    workspace: Workspace,
    name: str,
    meeting: Meeting,
    given: Secrets,
    now: datetime,
    waits: Callable[[str], None],
    *,
    to_dir: Path | None = None,
    resend: bool = False,
) -> tuple[Delivery, ...]:
    """Mail everybody what the meeting says now, each once; what came of it, and what nobody knows about.

    Raises EnvironmentProblem where the ledger cannot be kept, Refused when somebody may not read the postmortem now.
    """
    if not meeting.cancelled:
        invited(meeting.attendees, card_of(workspace, name).readers, workspace.policy, name)
    sender = mail.sender_of(given)[1] if to_dir is None or given(mail.FROM) else ""
    notices = _notices(workspace, name, meeting, now, sender)
    channels = {
        one.channel: Channel(one.channel, System.MAIL, one.channel, frozenset())
        for one in notices if not one.channel.startswith("@")
    }  # fmt: skip
    run = Run(deliveries.opened(workspace.repo))
    settings = NotifySettings(channels, (System.MAIL,))
    with outlet(given, settings, workspace.policy, now, waits, to_dir) as out:

        def plan(book: Book) -> list[Wanted]:
            """What was not sent yet."""
            waiting = {(one.channel, event): one for one in book.open() for event in one.events}
            found = []
            for notice in notices:
                key = (notice.channel, notice.events[0])
                if not book.knows(*key):
                    found.append(Wanted(notice))
                elif key in waiting and may_be_sent_again(waiting[key], now, resend=resend):
                    found.append(Wanted(notice, waiting[key]))
            return found

        deliver(run, plan, out)
    mine = {(one.channel, one.events) for one in notices}
    left = (one for one in run.book.open() if (one.channel, one.events) in mine and one not in run.done)
    return (*run.done, *left)


def letters(
    workspace: Workspace, name: str, meeting: Meeting, given: Secrets, now: datetime
) -> Iterator[tuple[str, str]]:
    """Whom what would be written to, and what; nothing is sent."""
    sender = mail.sender_of(given)[1] if given(mail.FROM) else ""
    for one in _notices(workspace, name, meeting, now, sender):
        yield one.channel, f"{mail.text(one.message)}\n{one.message.invitation}".replace("\r\n", "\n")


def _notices(workspace: Workspace, name: str, meeting: Meeting, now: datetime, sender: str) -> list[Notice]:
    """An invitation for each attendee, or a cancellation; and a cancellation for each whom the change left out."""
    whole = entry_of(workspace, name, meeting, now, sender=sender)
    neutral = entry_of(workspace, name, meeting, now, neutral=True, sender=sender)
    card = card_of(workspace, name)
    found = []
    for keys, off in ((meeting.attendees, meeting.cancelled), (meeting.former, True)):
        method: Method = "CANCEL" if off else "REQUEST"
        for person in people_of(workspace, keys):
            mark = f"{name}\n{meeting.id}\n{meeting.sequence}\n{method}"
            key = "meeting-" + hashlib.sha256(mark.encode()).hexdigest()[:24]
            said = "is cancelled" if off else "was changed" if meeting.sequence else "is planned"
            reason = f"Postmortem review {said}: {when(meeting)}"
            day = meeting.changed.strftime("%Y-%m-%d")
            lines = (f"Join: {meeting.link}",) if meeting.link and not off else ()
            if person.guest or keys is meeting.former:
                entry = replace(neutral, attendees=(person,))
                message = Message(key, reason, day, lines)
            else:
                entry = whole
                message = card.message(key, reason, day, workspace.settings.url, lines)
            message = replace(message, invitation=ics([entry], method), method=method)
            found.append(Notice(person.mail if person.guest else f"@{person.key}", (key,), message))
    return found
