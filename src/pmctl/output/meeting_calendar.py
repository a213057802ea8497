"""Meetings as iCalendar (RFC 5545) and as links that open a calendar's own form.

A file to be downloaded is METHOD:PUBLISH, an invitation by mail METHOD:REQUEST or METHOD:CANCEL: Outlook shows no
buttons for the first, and refuses the others in a file. Times are UTC, so that no zone has to be described; the UID of
a meeting never changes, and its SEQUENCE grows with each change. Facts: RFC 5545 and 5546.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pmctl.document.meeting import Meeting
from pmctl.errors import EnvironmentProblem
from pmctl.insight.meetings import Invited
from pmctl.text import harmless, single_line

Method = Literal["PUBLISH", "REQUEST", "CANCEL"]
LONGEST_LINK = 2000  # characters that every browser and calendar takes


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting as calendars show it. `repository` makes its UID the world's; `url` leads to the postmortem; `private`
    hides it from those who see somebody's calendar."""

    postmortem: str
    meeting: Meeting
    repository: str
    summary: str
    description: str = ""
    url: str = ""
    organizer: tuple[str, str] = ("", "")
    attendees: tuple[Invited, ...] = ()
    private: bool = False

    @property
    def uid(self) -> str:
        """Its name for all calendars. It does not say what the meeting is about, since guests see it."""
        return f"{self.meeting.id}.meeting@{self.repository or 'local'}.pmctl"


def ics(entries: Iterable[Entry], method: Method) -> str:
    """The calendar, with CRLF line ends. Raises EnvironmentProblem without the package."""
    try:
        from icalendar import Calendar, Event, vCalAddress, vText
    except ImportError:
        raise EnvironmentProblem("a calendar needs one more package", hint="pip install 'pmctl[calendar]'") from None
    feed = Calendar()
    feed.add("prodid", "-//pmctl//meetings//EN")
    feed.add("version", "2.0")
    feed.add("method", method)
    for one in entries:
        meeting, event = one.meeting, Event()
        off = method == "CANCEL" or meeting.cancelled
        event.add("uid", one.uid)
        event.add("sequence", meeting.sequence)
        event.add("dtstamp", meeting.changed)
        event.add("dtstart", meeting.at)
        event.add("dtend", meeting.end)
        event.add("summary", harmless(single_line(one.summary)))
        event.add("status", "CANCELLED" if off else "CONFIRMED")
        if one.description:
            event.add("description", harmless(one.description))
        if meeting.link:
            event.add("location", meeting.link)
        if one.url:
            event.add("url", one.url)
        if one.private:
            event.add("class", "PRIVATE")
        name, address = one.organizer
        if address:
            event.add("organizer", _address(vCalAddress, vText, name, address))
        for person in one.attendees if method != "PUBLISH" else ():
            attendee = _address(vCalAddress, vText, person.name, person.mail)
            attendee.params["role"] = vText("REQ-PARTICIPANT")
            attendee.params["partstat"] = vText("NEEDS-ACTION")
            attendee.params["rsvp"] = vText("TRUE")
            event.add("attendee", attendee, encode=False)
        feed.add_component(event)
    return str(feed.to_ical(), "utf-8")


def _address(address_type: type, text_type: type, name: str, mail: str) -> Any:
    found = address_type(f"mailto:{mail}")
    shown = harmless(single_line(name)).replace('"', "'")
    if shown:
        found.params["cn"] = text_type(shown)
    return found


def google_link(entry: Entry) -> str:
    """A link that opens Google Calendar with the meeting filled in."""
    meeting, form = entry.meeting, "%Y%m%dT%H%M%SZ"
    needed = {
        "action": "TEMPLATE", "text": harmless(single_line(entry.summary)),
        "dates": f"{meeting.at.strftime(form)}/{meeting.end.strftime(form)}", "ctz": meeting.zone,
        "location": meeting.link,
    }  # fmt: skip
    extra = {"add": ",".join(one.mail for one in entry.attendees), "details": harmless(entry.description)}
    return _link("https://calendar.google.com/calendar/render", needed, extra)


def outlook_link(entry: Entry) -> str:
    """A link that opens Outlook on the web with the meeting filled in. Its body is HTML."""
    meeting, form = entry.meeting, "%Y-%m-%dT%H:%M:%SZ"
    needed = {
        "path": "/calendar/action/compose", "rru": "addevent", "subject": harmless(single_line(entry.summary)),
        "startdt": meeting.at.strftime(form), "enddt": meeting.end.strftime(form), "location": meeting.link,
    }  # fmt: skip
    body = escape(harmless(entry.description)).replace("\n", "<br>")
    extra = {"to": ",".join(one.mail for one in entry.attendees), "body": body}
    return _link("https://outlook.office.com/calendar/deeplink/compose", needed, extra)


def _link(base: str, needed: dict[str, str], extra: dict[str, str]) -> str:
    """The link with as much of what is not needed as fits, and a title that fits."""
    kept = {name: text for name, text in needed.items() if text}
    for key in ("text", "subject"):
        if key in kept:
            kept[key] = kept[key][:120]
    for name, text in extra.items():
        if text and len(_joined(base, {**kept, name: text})) <= LONGEST_LINK:
            kept[name] = text
    return _joined(base, kept)


def _joined(base: str, values: dict[str, str]) -> str:
    return f"{base}?{urlencode(values, quote_via=quote, safe='')}"
