"""Zoom: a meeting as the room of another one, by an app of the kind server-to-server OAuth.

Zoom takes no id from whoever creates, and promises nothing about asking twice. So what is created carries a marker in
its agenda, and is looked for by it among the upcoming meetings, which may lag, before another one is made. The address
that starts a meeting as its host is a credential: it is never read from an answer. Facts: developers.zoom.us, Meetings
and Server-to-Server OAuth.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pmctl.errors import EnvironmentProblem, NotFound, PmctlError, advise
from pmctl.services.address import checked_base_url, checked_token
from pmctl.services.client import Answer, Service, collect, open_client
from pmctl.services.cursor import Cursor
from pmctl.services.rehearsal import Sent
from pmctl.services.retrying import Reply, Uncertain
from pmctl.services.secrets import Secrets, how_to_set
from pmctl.services.tracker import declined, said_by
from pmctl.text import utc

ACCOUNT, CLIENT, SECRET, ADDRESS = "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_URL"
_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds in which a new meeting may not be in the list yet
_NEEDED = {
    "create meetings": ("meeting:write:meeting", "meeting:write"),
    "change meetings": ("meeting:update:meeting", "meeting:write"),
    "delete meetings": ("meeting:delete:meeting", "meeting:write"),
    "see meetings": ("meeting:read:meeting", "meeting:read"),
    "list meetings": ("meeting:read:list_meetings", "meeting:read"),
}
"""What has to be allowed, with the scopes that allow it; each may end in `:admin` or `:master`."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A meeting as Zoom is to have it. It says nothing of what it is about: whoever has its address sees its topic."""

    marker: str
    topic: str
    start: datetime
    minutes: int
    zone: str


@dataclass(frozen=True, slots=True)
class Made:
    """A meeting as Zoom has it: its number, and where people join it."""

    id: str
    link: str


@dataclass(frozen=True, slots=True)
class Account:
    """An open connection to an account, and what its app may do (empty where Zoom does not say)."""

    service: Service
    scopes: tuple[str, ...]
    wait: Callable[[float], None]
    say: Callable[[str], None]

    @property
    def missing(self) -> tuple[str, ...]:
        """What the app may not do, a sentence each."""
        plain = {one.removesuffix(":admin").removesuffix(":master") for one in self.scopes}
        lacks = [what for what, enough in _NEEDED.items() if plain and not plain.intersection(enough)]
        return tuple(f"may not {what}: add the scope {_NEEDED[what][0]}:admin" for what in lacks)


def base_urls(secrets: Secrets) -> tuple[str, str]:
    """Where tokens are given out, and where meetings are. Raises UsageProblem."""
    given = secrets(ADDRESS)
    if given:
        base = checked_base_url(given, ADDRESS)
        return base, f"{base}/v2"
    return "https://zoom.us", "https://api.zoom.us/v2"


@contextmanager
def connected(secrets: Secrets, say: Callable[[str], None], wait: Callable[[float], None]) -> Iterator[Account]:
    """The account of the environment's app. Raises EnvironmentProblem where it gets no access."""
    values = {name: checked_token(secrets(name), name) for name in (ACCOUNT, CLIENT, SECRET)}
    absent = next((name for name, value in values.items() if not value), "")
    if absent:
        raise EnvironmentProblem(f"Zoom is not connected: {absent} is not set", hint=how_to_set(absent))
    login, base = base_urls(secrets)
    pair = base64.b64encode(f"{values[CLIENT]}:{values[SECRET]}".encode()).decode()
    asked = urlencode({"grant_type": "account_credentials", "account_id": values[ACCOUNT]})
    with open_client(login) as client:
        headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        service = Service("Zoom", login, SECRET, client, headers, say, explain=_no_token)
        answer = Cursor(service.post(f"/oauth/token?{asked}", "an access token", None).value)
    token = checked_token(answer.at("access_token").text, SECRET)
    if not token:
        raise EnvironmentProblem("Zoom gave no access token", hint=f"check {ACCOUNT}, {CLIENT} and {SECRET}")
    with open_client(base) as client:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        service = Service("Zoom", base, SECRET, client, headers, say, "make meetings", explain=_explain)
        yield Account(service, tuple(answer.at("scope").text.split()), wait, say)


def body(talk: Talk) -> dict[str, Any]:
    """The meeting as Zoom takes it: scheduled (type 2), behind a waiting room."""
    return {
        "topic": talk.topic, "type": 2, "start_time": utc(talk.start), "duration": talk.minutes, "timezone": talk.zone,
        "agenda": talk.marker, "settings": {"waiting_room": True, "join_before_host": False},
    }  # fmt: skip


def created(account: Account, talk: Talk) -> Made:
    """A new meeting. Raises PmctlError; Uncertain where nobody can know whether it was made."""
    answer = account.service.create("/users/me/meetings", "a new meeting", body(talk))
    made = _made(Cursor(answer.value))
    if made is None:
        raise Uncertain("Zoom does not say which meeting it made", hint="it is looked up by the next run")
    return made


def found(account: Account, marker: str, *, surely: bool) -> Made | None:
    """The upcoming meeting with a marker; with `surely` it was asked for, and may show only after a while."""
    for pause in (*(_PAUSES if surely else ()), 0.0):
        for one in collect(lambda mark: _page(account, mark), lambda answer: answer.at("next_page_token"), "meetings"):
            if Cursor(one).at("agenda").text.strip() == marker:
                return _made(Cursor(one))
        if pause:
            account.say(f"Zoom may not show new meetings yet: looking again in {pause:.0f} s")
            account.wait(pause)
    return None


def _page(account: Account, mark: Any) -> Answer:
    more = {"next_page_token": mark} if mark else {}
    return account.service.get("/users/me/meetings", "the meetings", {"type": "upcoming", "page_size": 300, **more})


def changed(account: Account, number: str, talk: Talk) -> bool:
    """Bring a meeting up to date; false where it is gone. Raises EnvironmentProblem for one that is not ours."""
    if not _ours(account, number, talk.marker):
        return False
    account.service.patch(f"/meetings/{number}", f"meeting {number}", body(talk))
    return True


def removed(account: Account, number: str, marker: str) -> None:
    """Delete a meeting, if it is still there."""
    if _ours(account, number, marker):
        try:
            account.service.delete(f"/meetings/{number}", f"meeting {number}", once=True)
        except NotFound:
            return  # somebody has deleted it in this moment


def _ours(account: Account, number: str, marker: str) -> bool:
    """Whether a meeting is there. A file of the repository names it, so it has to say itself whose it is."""
    try:
        there = Cursor(account.service.get(f"/meetings/{number}", f"meeting {number}").value)
    except NotFound:
        return False
    if there.at("agenda").text.strip() != marker:
        raise EnvironmentProblem(
            f"Zoom meeting {number} is not one that pmctl made for this: its agenda does not say so",
            hint="look at it in Zoom, and change it there",
        )
    return True


def _made(there: Cursor) -> Made | None:
    """What is read of a meeting: never the address that starts it."""
    number, link = there.at("id").text, there.at("join_url").text
    return Made(number, link) if number.isascii() and number.isdigit() and link else None


def rehearsed(talk: Talk, base: str, number: str, *, cancelled: bool) -> Sent:
    """What is sent for the meeting, without asking what is there."""
    if cancelled:
        return Sent("DELETE", f"{base}/meetings/{number or 'NUMBER'}", None)
    if number:
        return Sent("PATCH", f"{base}/meetings/{number}", body(talk))
    return Sent("POST", f"{base}/users/me/meetings", body(talk))


def owner(account: Account) -> str:
    """The address of the user whose meetings they are, "" where the app may not see that."""
    try:
        return said_by(Cursor(account.service.get("/users/me", "the user").value).at("email").text)
    except (EnvironmentProblem, NotFound):
        return ""


def _error(reply: Reply) -> tuple[str, str]:
    """Zoom's number or word for what is wrong, and its sentences."""
    try:
        told = Cursor(json.loads(reply.data))
    except (ValueError, RecursionError):
        return "", ""
    said = [told.at(key).text for key in ("message", "reason", "error_description")]
    said += [f"{one.at('field').text}: {one.at('message').text}" for one in told.at("errors").each()]
    return told.at("code").text or told.at("error").text, said_by(*said)


def _no_token(reply: Reply, what: str) -> PmctlError | None:
    _, said = _error(reply)
    if reply.status in (400, 401, 403):
        return EnvironmentProblem(
            f"Zoom gives no access token ({reply.status}{': ' if said else ''}{said})",
            hint=f"check {ACCOUNT}, {CLIENT} and {SECRET}, and that the app (server-to-server OAuth) is active",
        )
    return None


def _explain(reply: Reply, what: str) -> PmctlError | None:
    code, said = _error(reply)
    if code in ("4711", "104") or "does not contain scopes" in said:
        return EnvironmentProblem(
            f"Zoom does not allow the app {what} ({reply.status}: {said})",
            hint=advise("zoom-scopes"),
        )
    if reply.status == 401:
        return EnvironmentProblem(
            f"Zoom does not accept the app ({said or 401})", hint=f"check {CLIENT} and {SECRET}, and try again"
        )
    if reply.status == 404 and code == "1001":
        return EnvironmentProblem(f"Zoom has no user for the app (404: {said})", hint="ask who made the app")
    return declined("Zoom", reply, what, said)
