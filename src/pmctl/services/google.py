"""Google Calendar: one event for a meeting, with a Meet room if it is wanted, kept as the meeting is.

The id of an event is ours and follows from what it is about, so that a run that died in between, or an answer that was
lost, makes no second one: what is there is looked up, and only what differs is written. Facts:
developers.google.com/calendar, Events and Handle API errors. Google asks for fewer requests with 403 as well as 429.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError
from pmctl.services.address import segment
from pmctl.services.client import Declined, Service, open_client
from pmctl.services.cursor import Cursor
from pmctl.services.google_oauth import CREDENTIALS, EVENTS, LOG_IN, Grant, base_urls, refreshed
from pmctl.services.message import cut
from pmctl.services.rehearsal import Sent
from pmctl.services.retrying import Reply, Uncertain, by_header
from pmctl.services.secrets import Secrets
from pmctl.services.tracker import declined, said_by
from pmctl.text import utc

_PATH = "/calendar/v3/calendars/primary/events"
_WHOLE = "?conferenceDataVersion=1&sendUpdates=all"
_DESCRIPTION = 8000  # characters; Google takes 8,192
_SLOWER = ("rateLimitExceeded", "userRateLimitExceeded")
_SCOPE = ("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes")
_OFF = ("accessNotConfigured", "SERVICE_DISABLED")
_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between looks at a Meet room that is being made


@dataclass(frozen=True, slots=True)
class Event:
    """A meeting as Google Calendar is to have it.

    `marker` says in the event whose it is, `sequence` which of the meeting's changes it shows. `guests` are mail
    addresses; with `hides_guests` they do not see each other. `private` hides it from those who see the calendar.
    """

    id: str
    marker: str
    sequence: int
    summary: str
    description: str
    location: str
    start: datetime
    end: datetime
    zone: str
    guests: tuple[str, ...]
    meet: bool
    private: bool
    hides_guests: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """An open connection to the calendar of one account."""

    service: Service
    grant: Grant
    wait: Callable[[float], None]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Room:
    """Where an event meets: the address, and whether it is still being made."""

    link: str = ""
    pending: bool = False


def id_of(*parts: str) -> str:
    """The id of the event for something: base32hex in small letters, of a SHA-256."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.b32hexencode(digest).decode().rstrip("=").lower()


@contextmanager
def connected(secrets: Secrets, say: Callable[[str], None], wait: Callable[[float], None]) -> Iterator[Calendar]:
    """The calendar of the credential's account. Raises EnvironmentProblem where it gets no access."""
    grant = refreshed(secrets, say)
    base = base_urls(secrets)[2]
    with open_client(base) as client:
        headers = {"Authorization": f"Bearer {grant.token}", "Accept": "application/json"}
        service = Service(
            "Google Calendar", base, CREDENTIALS, client, headers, say, "write events", _slow_down, _explain
        )
        yield Calendar(service, grant, wait, say)


def kept(calendar: Calendar, event: Event, written: Callable[[], None]) -> Room:
    """Have the event in the calendar as it is wanted, once, and say where it meets.

    `written` is told after each request that changed something. Raises PmctlError; Uncertain where nobody can know.
    """
    there = _look(calendar, event)
    if there is None:
        there = _inserted(calendar, event, written)
    if there.at("status").text == "cancelled":
        raise EnvironmentProblem(
            "somebody has deleted the event in Google Calendar", hint="call the meeting off, and plan another one"
        )
    if _sequence(there) != str(event.sequence):
        there = _patched(calendar, event, there, written)
    return _room(calendar, event, there) if event.meet else Room()


def removed(calendar: Calendar, event: Event) -> None:
    """Have the event not in the calendar any more; who was invited gets Google's cancellation."""
    there = _look(calendar, event)
    if there is None or there.at("status").text == "cancelled":
        return
    try:
        calendar.service.delete(f"{_PATH}/{event.id}?sendUpdates=all", "the meeting's event", once=True)
    except NotFound:
        return
    except Declined as problem:
        if problem.status != 410:  # it was deleted in the meantime
            raise


def rehearsed(event: Event, base: str, *, cancelled: bool) -> Sent:
    """What is sent for the event, without asking what is there."""
    path = f"{base}{_PATH}"
    if cancelled:
        return Sent("DELETE", f"{path}/{event.id}?sendUpdates=all", None)
    if event.sequence:
        return Sent("PATCH", f"{path}/{event.id}{_WHOLE}", body(event, {}))
    return Sent("POST", f"{path}{_WHOLE}", new(event))


def account(calendar: Calendar) -> tuple[str, tuple[str, ...]]:
    """Whose calendar it is, and what the credential may not do there. Raises PmctlError where it cannot be asked."""
    missing = calendar.grant.missing
    if missing:
        return calendar.grant.account, missing
    answer = Cursor(calendar.service.get(_PATH, "the calendar", {"maxResults": 1}).value)
    role = answer.at("accessRole").text
    lacks = () if role in ("", "owner", "writer") else (f"may not write into the calendar ({said_by(role)})",)
    return calendar.grant.account or said_by(answer.at("summary").text), lacks


def new(event: Event) -> dict[str, Any]:
    """The body of a new event. The room's request is named by the event, so that asking twice makes one room."""
    asked = {"requestId": event.id[:32], "conferenceSolutionKey": {"type": "hangoutsMeet"}}
    more = {"conferenceData": {"createRequest": asked}} if event.meet else {}
    return {"id": event.id, **body(event, {}), **more}


def body(event: Event, answers: Mapping[str, str]) -> dict[str, Any]:
    """The event as Google takes it; `answers` are what people have answered to it already, by address."""
    guests = [{"email": one, **({"responseStatus": answers[one]} if one in answers else {})} for one in event.guests]
    return {
        "summary": cut(event.summary, 300),
        "description": cut(escape(event.description, quote=False), _DESCRIPTION),  # Google shows HTML there
        "location": event.location,
        "start": {"dateTime": utc(event.start), "timeZone": event.zone},
        "end": {"dateTime": utc(event.end), "timeZone": event.zone},
        "attendees": guests,
        "visibility": "private" if event.private else "default",
        "guestsCanInviteOthers": False,
        "guestsCanSeeOtherGuests": not event.hides_guests,
        "extendedProperties": {"private": {"pmctl": event.marker, "pmctlSequence": str(event.sequence)}},
    }


def _look(calendar: Calendar, event: Event) -> Cursor | None:
    """The event as it is there, also a deleted one; None for none. Raises EnvironmentProblem for one of others."""
    try:
        there = Cursor(calendar.service.get(f"{_PATH}/{segment(event.id)}", "the meeting's event").value)
    except NotFound:
        return None
    except Declined as problem:
        if problem.status == 410:
            return Cursor({"status": "cancelled"})
        raise
    cancelled = there.at("status").text == "cancelled"  # which may be all that is told of it
    if not cancelled and there.at("extendedProperties", "private", "pmctl").text != event.marker:
        raise EnvironmentProblem(
            "an event that is not pmctl's has the id of the meeting's event",
            hint="delete that event, or plan another meeting",
        )
    return there


def _sequence(there: Cursor) -> str:
    return there.at("extendedProperties", "private", "pmctlSequence").text


def _inserted(calendar: Calendar, event: Event, written: Callable[[], None]) -> Cursor:
    """A new event; one that came into being meanwhile, or whose answer was lost, as it is there."""
    try:
        answer = calendar.service.create(f"{_PATH}{_WHOLE}", "a new event", new(event))
        written()
        if Cursor(answer.value).at("id").text == event.id:
            return Cursor(answer.value)
        lost: PmctlError = Uncertain("Google Calendar does not say which event it made", hint="run it again")
    except Uncertain as problem:
        lost = problem
    except Declined as problem:
        if problem.status != 409:
            raise
        lost = problem
    there = _look(calendar, event)
    if there is None:
        raise lost
    written()
    return there


def _patched(calendar: Calendar, event: Event, there: Cursor, written: Callable[[], None]) -> Cursor:
    """The event with what is different. Whoever is left out leaves before anything new is said."""
    known = {one.at("email").text: one.at("responseStatus").text for one in there.at("attendees").each()}
    path = f"{_PATH}/{event.id}{_WHOLE}"
    stay = [one for one in known if one in event.guests]
    if len(stay) < len(known):
        guests = [{"email": one, **({"responseStatus": known[one]} if known[one] else {})} for one in stay]
        calendar.service.patch(path, "the meeting's event", {"attendees": guests})
        written()
    moved = _moment(there.at("start", "dateTime").text) != event.start
    answers = {} if moved else {one: answer for one, answer in known.items() if answer}
    try:
        answer = calendar.service.patch(path, "the meeting's event", body(event, answers))
    except Uncertain as problem:
        now = _look(calendar, event)
        if now is None or _sequence(now) != str(event.sequence):
            raise problem from None
        return now
    written()
    return Cursor(answer.value) if answer.value else _look(calendar, event) or there


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _room(calendar: Calendar, event: Event, there: Cursor) -> Room:
    """The event's Meet room, which Google may still be making."""
    for pause in (*_PAUSES, 0.0):
        link = there.at("hangoutLink").text or next(
            (one.at("uri").text for one in there.at("conferenceData", "entryPoints").each()
             if one.at("entryPointType").text == "video"), "",
        )  # fmt: skip
        state = there.at("conferenceData", "createRequest", "status", "statusCode").text
        if link or state == "failure":
            return Room(link)
        if pause:
            calendar.say(f"Google is still making the Meet room: looking again in {pause:.0f} s")
            calendar.wait(pause)
            there = _look(calendar, event) or there
    return Room(pending=True)


def _reasons(reply: Reply) -> tuple[list[str], str]:
    """The words with which Google refuses, and its sentence."""
    try:
        error = Cursor(json.loads(reply.data)).at("error")
    except (ValueError, RecursionError):
        return [], ""
    words = [one.at("reason").text for key in ("errors", "details") for one in error.at(key).each()]
    return [one for one in words if one], said_by(error.at("message").text)


def _slow_down(reply: Reply) -> float | None:
    pause = by_header(reply._replace(status=429)) if reply.status == 403 else by_header(reply)
    return pause if reply.status == 429 or any(one in _SLOWER for one in _reasons(reply)[0]) else None


def _explain(reply: Reply, what: str) -> PmctlError | None:
    words, said = _reasons(reply)
    if reply.status == 401:
        return EnvironmentProblem(f"Google Calendar does not accept the login ({said or 401})", hint=LOG_IN)
    if reply.status != 403:
        return declined("Google Calendar", reply, what, said)
    if any(one in _SCOPE for one in words):
        return EnvironmentProblem(f"the login may not write events (403): the scope {EVENTS} is missing", hint=LOG_IN)
    if any(one in _OFF for one in words):
        hint = "switch it on in the project of the OAuth client: console.cloud.google.com, APIs & Services"
        return EnvironmentProblem("the Google Calendar API is off in the project of the OAuth client (403)", hint=hint)
    if "quotaExceeded" in words or "dailyLimitExceeded" in words:
        return EnvironmentProblem(f"Google Calendar takes no more for now (403: {said})", hint="try again tomorrow")
    if "forbiddenForNonOrganizer" in words:
        hint = "use the login of the account that planned it"
        return EnvironmentProblem("the event belongs to another account (403)", hint=hint)
    return (
        EnvironmentProblem(
            f"Google Calendar does not allow {what} (403: {said})", hint="ask the admin of your Google Workspace"
        )
        if said
        else None
    )


def link_of(room: Room, fits: Callable[[str], bool]) -> str:
    """The address of a room, if it is one that can be kept. Raises BadInput."""
    if room.link and not fits(room.link):
        raise BadInput("Google names a Meet room whose address is none", hint="look at the event in Google Calendar")
    return room.link
