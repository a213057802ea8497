"""A meeting about a postmortem: bytes <-> Meeting, strictly, with a sentence in place of an exception.

A file of its own for each meeting, `.pmctl/meetings/<postmortem>/<meeting>.yaml`, so that any host merges two that
people plan at the same time. It lies outside the reviewed content: no approval becomes stale by it. docs/formats.md
specifies the form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pmctl.document import strict_yaml
from pmctl.document.fields import HANDLE, MAX_HANDLE
from pmctl.text import parse_utc

MAX_BYTES = 16 * 1024
SHORTEST, LONGEST = 15, 120
"""Minutes that a meeting takes."""
MOST_ATTENDEES = 100
ID = re.compile(r"[0-9a-hjkmnp-tv-z]{6}")
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,180}")
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}")
LINK = re.compile(r"https://[!#-\[\]-~]{1,1000}")  # ASCII without blanks, quotes and backslashes
CALENDARS = ("none", "mail", "google")
ROOMS = ("meet", "zoom")
"""The services that make a room for one meeting."""
NUMBER = re.compile(r"[0-9]{8,15}")
RUN = re.compile(r"[0-9a-f]{16}")
_KEYS = (
    "at", "minutes", "zone", "organizer", "attendees", "former", "calendar", "link", "sequence", "changed",
    "cancelled",
)  # fmt: skip
_KEPT_KEYS = ("room", "zoom", "account", "announced", "run")
"""Further keys of a meeting that a service keeps."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting. `at` and `changed` are moments in UTC; `zone` is the IANA name of the zone that it was planned in.

    `attendees` are handles, and mail addresses of guests; `former` are those whom the last change left out. `calendar`
    says who invites them: nobody, pmctl by mail, or Google Calendar. `link` is the address of the room where they meet,
    "" for none; `sequence` counts the changes.

    Of a meeting that a service keeps `room` is who makes its room ("none", or one of ROOMS), `zoom` is its number in
    Zoom, and `account` the address of whose Google calendar it is in, "" where that is not known. While a run brings
    the services into step, `announced` is since when and `run` the run's random name; otherwise None and "".
    """

    id: str
    at: datetime
    minutes: int
    zone: str
    organizer: str
    attendees: tuple[str, ...]
    changed: datetime
    former: tuple[str, ...] = ()
    calendar: str = "none"
    link: str = ""
    sequence: int = 0
    cancelled: bool = False
    room: str = "none"
    zoom: str = ""
    account: str = ""
    announced: datetime | None = None
    run: str = ""

    @property
    def kept(self) -> bool:
        """Whether a service keeps it, its event or its room."""
        return self.calendar == "google" or self.room != "none"

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.at + timedelta(minutes=self.minutes)


def name_of(meeting: str) -> str:
    """The name of a meeting's file in its postmortem's folder."""
    return f"{meeting}.yaml"


def id_of(name: str) -> str:
    """The meeting that a file's name stands for, "" for a name that no such file has."""
    found = name.removesuffix(".yaml")
    return found if found != name and ID.fullmatch(found) else ""


def written(meeting: Meeting) -> bytes:
    """The file: every key in one order, a line for each attendee."""
    moment = "%Y-%m-%dT%H:%M:%SZ"
    lines = [
        f"at: {meeting.at.strftime(moment)}",
        f"minutes: {meeting.minutes}",
        f"zone: {meeting.zone}",
        f"organizer: {json.dumps(meeting.organizer)}",
        *_list("attendees", meeting.attendees),
        *_list("former", meeting.former),
        f"calendar: {meeting.calendar}",
        f"link: {json.dumps(meeting.link)}",
        f"sequence: {meeting.sequence}",
        f"changed: {meeting.changed.strftime(moment)}",
        f"cancelled: {json.dumps(meeting.cancelled)}",
    ]
    if meeting.kept:
        since = meeting.announced.strftime(moment) if meeting.announced is not None else ""
        lines += [
            f"room: {meeting.room}",
            *(f"{key}: {json.dumps(text)}" for key, text in (("zoom", meeting.zoom), ("account", meeting.account))),
            f"announced: {since or json.dumps(since)}",
            f"run: {json.dumps(meeting.run)}",
        ]
    return ("\n".join(lines) + "\n").encode("ascii")


def _list(name: str, texts: tuple[str, ...]) -> list[str]:
    return [f"{name}:", *(f"  - {json.dumps(one)}" for one in texts)] if texts else [f"{name}: []"]


def read_meeting(data: bytes, name: str) -> tuple[Meeting | None, str]:
    """The meeting in a file, or a sentence about why it is none.

    A file that is not what `written` would write of the same meeting is refused: there is one form, and no room for
    anything beside it.
    """
    if len(data) > MAX_BYTES:
        return None, f"{len(data)} bytes, more than the limit of {MAX_BYTES} for a meeting"
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None, "it is not in ASCII"
    parsed = strict_yaml.load(text)
    if parsed.node is None or parsed.problems:
        return None, parsed.problems[0].message if parsed.problems else "it is empty"
    plain = parsed.node.plain()
    wanted = {*_KEYS, *(_KEPT_KEYS if set(plain) & set(_KEPT_KEYS) else ())}
    if set(plain) != wanted:
        odd = sorted(set(plain) ^ wanted)
        return None, f"a key is missing or unknown: {', '.join(odd)[:80]}"
    meeting = id_of(name)
    if not meeting:
        return None, "its name is not that of a meeting"
    found, problem = _meeting(meeting, plain)
    if found is not None and written(found) != data:
        return None, "it is not as pmctl writes it: comments, another order, other quotes or white space"
    return found, problem


def _meeting(meeting: str, plain: Mapping[str, Any]) -> tuple[Meeting | None, str]:
    at, changed = (parse_utc(str(plain[key])) for key in ("at", "changed"))
    checks = {
        "at": at is not None,
        "changed": changed is not None,
        "minutes": _whole(plain["minutes"], SHORTEST, LONGEST),
        "sequence": _whole(plain["sequence"], 0, 10**6),
        "zone": _fits(plain["zone"], ZONE),
        "organizer": _is_handle(plain["organizer"]),
        "attendees": _are_people(plain["attendees"]) and bool(plain["attendees"]),
        "former": _are_people(plain["former"]),
        "calendar": plain["calendar"] in CALENDARS,
        "link": plain["link"] == "" or _fits(plain["link"], LINK),
        "cancelled": isinstance(plain["cancelled"], bool),
        **_kept_checks(plain),
    }
    wrong = next((key for key, right in checks.items() if not right), "")
    if wrong or at is None or changed is None:
        return None, f"{wrong} is not what it should be"
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}
    since = parse_utc(str(plain.get("announced", "")))
    return Meeting(id=meeting, **{**values, "at": at, "changed": changed, "announced": since}), ""


def _kept_checks(plain: Mapping[str, Any]) -> dict[str, bool]:
    """The same for what a service keeps: only where one does, and nothing that no service has."""
    if "room" not in plain:
        return {"calendar": plain["calendar"] in CALENDARS and plain["calendar"] != "google"}
    room, zoom, account, since, run = (plain[key] for key in _KEPT_KEYS)
    google, told = plain["calendar"] == "google", (since != "", run != "")
    finished = room != "zoom" or told[0] or plain["cancelled"] is True
    return {
        "room": (room == "none" and google) or room == "zoom" or (room == "meet" and google),
        "zoom": (zoom == "" and finished) or (room == "zoom" and _fits(zoom, NUMBER)),
        "account": account == "" or (google and _fits(account, MAIL)),
        "announced": since == "" or parse_utc(str(since)) is not None,
        "run": run == "" or _fits(run, RUN),
        "announced and run": told[0] is told[1],
    }


def _whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_handle(value: object) -> bool:
    return isinstance(value, str) and HANDLE.fullmatch(value) is not None and len(value) <= MAX_HANDLE


def _are_people(value: object) -> bool:
    if not isinstance(value, list) or len(value) > MOST_ATTENDEES or len(set(map(str, value))) != len(value):
        return False
    return all(_is_handle(one) or _fits(one, MAIL) for one in value)
