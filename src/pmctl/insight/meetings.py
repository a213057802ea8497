"""Meetings about postmortems as they are committed, and whom an invitation may reach. (snapshot, policy) -> values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pmctl.document.actions import action_items
from pmctl.document.beside import Beside, folder_of
from pmctl.document.fields import Visibility, is_id
from pmctl.document.meeting import MAIL, Meeting, id_of, read_meeting
from pmctl.document.reader import Document
from pmctl.errors import NotFound, Refused, UsageProblem, advise
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy.audience import Audience, Circle, Readers, may_read
from pmctl.policy.model import AGENT, SERVICE, Policy, person_by_email
from pmctl.text import did_you_mean, utc

_AT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Invited(NamedTuple):
    """Somebody who is invited: a person of the policy by their handle, or a guest by a mail address."""

    key: str
    name: str
    mail: str
    guest: bool


@dataclass(frozen=True, slots=True)
class ListedMeeting:
    """One meeting. Times are UTC; `state` is planned, over, cancelled, or unfinished where a service may not have all
    of it yet. Of a file that cannot be read `problem` says why."""

    postmortem: str
    meeting: str
    state: str
    at: str
    until: str
    minutes: int
    zone: str
    organizer: str
    attendees: tuple[str, ...]
    calendar: str
    link: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Meetings:
    """pmctl meeting list: meetings, the earliest first."""

    meetings: tuple[ListedMeeting, ...]


def meetings_of(snapshot: Snapshot, doc: str) -> tuple[list[Meeting], dict[str, str]]:
    """The meetings about a postmortem, the earliest first, and by file name what is wrong with a file."""
    found, wrong = [], {}
    for name, data in snapshot.beside(Beside.MEETINGS, doc).items():
        meeting, problem = read_meeting(data, name)
        if meeting is None:
            wrong[name] = problem
        else:
            found.append(meeting)
    return sorted(found, key=lambda one: (one.at, one.id)), wrong


def every_meeting(snapshot: Snapshot, docs: Iterable[str] = ()) -> Iterator[tuple[str, Meeting]]:
    """Each meeting with its postmortem, of these postmortems or of all."""
    for doc in docs or sorted(filter(is_id, snapshot.names(folder_of(Beside.MEETINGS)))):
        for one in meetings_of(snapshot, doc)[0]:
            yield doc, one


def listed(snapshot: Snapshot, docs: Iterable[str], now: datetime) -> Meetings:
    """The same for people and programs, with the files that cannot be read."""
    rows = []
    for doc in docs or sorted(filter(is_id, snapshot.names(folder_of(Beside.MEETINGS)))):
        good, wrong = meetings_of(snapshot, doc)
        rows += [told(doc, one, now) for one in good]
        rows += [
            ListedMeeting(doc, id_of(name), "", "", "", 0, "", "", (), "", "", problem)
            for name, problem in wrong.items()
        ]
    return Meetings(tuple(sorted(rows, key=lambda one: (one.at, one.postmortem, one.meeting))))


def told(doc: str, one: Meeting, now: datetime) -> ListedMeeting:
    """One meeting as it is listed."""
    state = "cancelled" if one.cancelled else "over" if one.end <= now else "planned"
    state = "unfinished" if one.announced is not None else state
    return ListedMeeting(
        doc, one.id, state, utc(one.at), utc(one.end), one.minutes, one.zone, one.organizer, one.attendees,
        one.calendar, one.link,
    )  # fmt: skip


def chosen(snapshot: Snapshot, doc: str, meeting: str) -> Meeting:
    """The meeting that is meant: the named one, or the only one that was not cancelled, or not wholly. Raises
    NotFound."""
    found = meetings_of(snapshot, doc)[0]
    going = {one.id for one in found if not one.cancelled or one.announced is not None}
    fitting = [one for one in found if (one.id == meeting if meeting else one.id in going)]
    if len(fitting) == 1:
        return fitting[0]
    shown = tuple(f"{one.id}  {when(one)}" for one in fitting or found)
    if fitting:
        raise NotFound(f"{doc} has {len(fitting)} meetings", hint="name one: --meeting", details=shown)
    said = f"no meeting {meeting}" if meeting else "no meeting that was not cancelled"
    raise NotFound(f"{doc} has {said}", hint=advise("plan-meeting", id=doc), details=shown)


def when(meeting: Meeting) -> str:
    """When it is, in the zone that it was planned in and in UTC."""
    there = meeting.at.astimezone(ZoneInfo(meeting.zone)) if _known(meeting.zone) else meeting.at
    said = f"{_DAYS[there.weekday()]} {there:%Y-%m-%d %H:%M} {meeting.zone}"
    in_utc = "" if meeting.zone == "UTC" else f" ({meeting.at:%H:%M} UTC)"
    return f"{said}{in_utc}, {meeting.minutes} minutes"


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def moment(text: str, zone: str) -> datetime:
    """The moment in UTC of a day and time in a zone. Raises UsageProblem for what is none, for a time that the zone
    skips, and for one that it has twice."""
    if not _known(zone):
        known = sorted(available_timezones())
        raise UsageProblem(
            f"there is no time zone {zone[:60]!r}", hint=did_you_mean(zone, known, "a name as in Europe/Berlin")
        )
    match = _AT.fullmatch(text.strip())
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}") if match else None
        if match and match[3]:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3]}").astimezone(UTC)
    except (ValueError, OverflowError):
        local = None
    if local is None:
        raise UsageProblem(f"{text[:40]!r} is no day and time", hint='write them as in --at "2024-01-22 15:00"')
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        after = (local - (second.utcoffset() or timedelta())).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        later = max(after, first.astimezone(UTC).astimezone(ZoneInfo(zone)))
        raise UsageProblem(
            f"{text} does not exist in {zone}: clocks are set forward", hint=f"did you mean {later:%Y-%m-%d %H:%M}?"
        )
    raise UsageProblem(
        f"{text} happens twice in {zone}: clocks are set back",
        hint=f"say which: --at {first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}",
    )


def suggested(document: Document, readers: Readers, policy: Policy) -> tuple[str, ...]:
    """Whom one would invite: the author, reviewers, participants, and owners of open items, who may read it."""
    named = [document.author, *_named(document, "reviewers"), *_named(document, "participants")]
    named += [item.owner for item in action_items(document) if item.is_open]
    able = (one for one in dict.fromkeys(named) if one in policy.people and policy.people[one].kind not in _PROGRAMS)
    return tuple(one for one in able if may_read(readers, Audience(Circle.PERSON, one), policy))


_PROGRAMS = (SERVICE, AGENT)


def _named(document: Document, key: str) -> list[str]:
    value = document.meta.get(key)
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def invited(words: Sequence[str], readers: Readers, policy: Policy, doc: str) -> tuple[Invited, ...]:
    """Whom these words invite: handles, with an @ or not, and mail addresses; an address of a person is that person.

    Raises UsageProblem for what is neither, Refused when somebody may not read the postmortem: people of the policy
    who may not, and guests where not everybody may.
    """
    found: dict[str, Invited] = {}
    barred = []
    for word in words:
        handle = (person_by_email(policy, word) or "") if "@" in word[1:] else word.removeprefix("@")
        if handle in policy.people:
            person = policy.people[handle]
            if not may_read(readers, Audience(Circle.PERSON, handle), policy):
                barred.append(handle)
            elif not person.emails:
                raise UsageProblem(f"the policy has no e-mail address of {handle}", hint="an admin adds it")
            else:
                found[handle] = Invited(handle, person.name or handle, person.emails[0], False)
        elif MAIL.fullmatch(word):
            if readers.visibility is not Visibility.ORGANIZATION:
                barred.append(word)
            found[word] = Invited(word, "", word, True)
        else:
            hint = did_you_mean(handle, policy.people, "write a handle of the policy, or a mail address")
            raise UsageProblem(f"{word[:60]!r} is nobody of the policy and no mail address", hint=hint)
    if barred:
        raise Refused(
            f"{doc} is {readers.visibility}, and may not be read by {', '.join(barred)}",
            hint="leave them out, or make them participants first; guests come to organization-visible ones only",
        )
    return tuple(found.values())
