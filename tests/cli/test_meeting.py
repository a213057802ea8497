"""meeting on the command line: one file, one commit, invitations by a real mail server, calendars that read back."""

from __future__ import annotations

import email
import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest

from pmctl.document.meeting import read_meeting
from pmctl.errors import UsageProblem
from pmctl.insight.agenda import split
from pmctl.insight.meetings import moment
from tests.attacks.gate import Said, command
from tests.services.calendars import CREDENTIALS, SECRETS, ZOOM, Google, Zoom
from tests.services.fakes import Mailbox, mail_server
from tests.services.trackers import Fault, serving
from tests.world import DOC, World

pytest.importorskip("icalendar", reason="the extra `calendar` is not installed")
NOW = "2024-01-18T09:00:00Z"
AT = ("--at", "2024-01-22 15:00", "--tz", "Europe/Berlin")


def lines_of(text: str) -> list[str]:
    """The content lines of a calendar, unfolded; each line on the wire has at most 75 octets and ends with CRLF."""
    raw = text.encode()
    assert raw.endswith(b"\r\n") and raw.count(b"\n") == raw.count(b"\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    for line in raw.split(b"\r\n"):
        line.decode()  # no character is cut in two
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def values(text: str, name: str) -> list[str]:
    """The values of a property, unescaped, by a reader of our own."""
    found = []
    for line in lines_of(text):
        head, _, value = line.partition(":")
        if head.split(";")[0] == name:
            plain, at = "", 0
            while at < len(value):
                if value[at] == "\\":
                    plain, at = plain + {"n": "\n", "N": "\n"}.get(value[at + 1], value[at + 1]), at + 2
                else:
                    plain, at = plain + value[at], at + 1
            found.append(plain)
    return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.init()
    made.new(title="Zahlungen; Größe, „alles“ \\ weg")
    with patch.dict(os.environ, {"PMCTL_NOW": NOW}):
        yield made


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
         str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True,
    )  # fmt: skip
    with mail_server(Mailbox(), certificate, key, at_once=False) as made:
        environ = {"SMTP_URL": f"smtp://127.0.0.1:{made.port}", "SMTP_FROM": "Postmortems <pm@example.com>"}
        with patch.dict(os.environ, environ):
            yield made


def typed(world: World, *words: str, by: str = "jane") -> Said:
    return command(world, by, "meeting", *words)


def mails(box: Mailbox) -> list[tuple[str, str, str]]:
    """Each mail: to whom, the calendar's method, the calendar."""
    found = []
    for to, data in box.kept:
        message = email.message_from_bytes(data, policy=default)
        part = next(one for one in message.walk() if one.get_content_type() == "text/calendar")
        file = next(one for one in message.walk() if one.get_filename() == "invite.ics")
        text = part.get_content().replace("\r\n", "\n").replace("\n", "\r\n")
        assert file.get_content().decode() == text
        method = part.get_param("method")
        assert f"METHOD:{method}" in lines_of(text)
        found.append((to[0], str(method), text))
    return found


def test_one_file_one_commit_and_nothing_is_sent(world: World) -> None:
    before = world.head
    said = typed(world, "schedule", DOC, *AT, "--attendee", "bob", "--attendee", "@jane", "--format", "json")
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    assert answer["schema"] == "pmctl/act/v1"
    [path] = answer["paths"]
    assert world.git("rev-list", "--count", f"{before}..HEAD").strip() == "1"
    meeting, problem = read_meeting((world.root / path).read_bytes(), path.rpartition("/")[2])
    assert meeting is not None, problem
    assert (meeting.at, meeting.minutes, meeting.attendees) == (
        datetime(2024, 1, 22, 14, 0, tzinfo=UTC), 45, ("bob", "jane"),
    )  # fmt: skip
    links = [urlsplit(one.partition(": ")[2]) for one in answer["facts"] if "https://" in one]
    google, outlook = (parse_qs(one.query) for one in links)
    assert google["dates"] == ["20240122T140000Z/20240122T144500Z"]
    assert google["text"] == outlook["subject"] == ["Postmortem review: Zahlungen; Größe, „alles“ \\ weg"]
    assert "+" not in links[0].query and all(len(one.geturl()) <= 2000 for one in links)
    assert command(world, "jane", "validate").code == 0
    assert command(world, "jane", "audit", "--root", world.first).code == 0


def test_a_calendar_file_reads_back(world: World) -> None:
    said = typed(
        world, "schedule", DOC, *AT, "--attendee", "bob", "--video", "https://meet.example.com/a,b;c", "--ics", "-"
    )
    assert said.code == 0, said.err
    assert said.out.startswith("BEGIN:VCALENDAR") and "planned the meeting" in said.err
    assert values(said.out, "METHOD") == ["PUBLISH"]
    assert values(said.out, "DTSTART") == ["20240122T140000Z"]
    assert values(said.out, "SUMMARY") == ["Postmortem review: Zahlungen; Größe, „alles“ \\ weg"]
    assert values(said.out, "LOCATION") == ["https://meet.example.com/a,b;c"]
    assert "Walk through the timeline" in values(said.out, "DESCRIPTION")[0]
    feed = typed(world, "list", "--format", "ics").out
    assert values(feed, "UID") == values(said.out, "UID")
    assert values(typed(world, "agenda", DOC, "--to", "ics").out, "UID") == values(feed, "UID")
    assert "planned" in typed(world, "list").out


def test_invite_move_and_cancel_by_mail_each_once(world: World, box: Mailbox) -> None:
    said = typed(
        world, "schedule", DOC, *AT, "--attendee", "bob", "--attendee", "carol", "--attendee", "guest@example.org",
        "--calendar", "mail",
    )  # fmt: skip
    assert said.code == 0, said.err
    first = mails(box)
    assert {(to, method) for to, method, _ in first} == {
        ("bob@example.com", "REQUEST"), ("carol@example.com", "REQUEST"), ("guest@example.org", "REQUEST"),
    }  # fmt: skip
    guest = next(text for to, _, text in first if to == "guest@example.org")
    assert values(guest, "SUMMARY") == ["Postmortem review"] and values(guest, "DESCRIPTION") == []
    assert values(guest, "ATTENDEE") == ["mailto:guest@example.org"]
    assert values(guest, "ORGANIZER") == ["mailto:pm@example.com"]
    whole = b"".join(data for to, data in box.kept if to == ["guest@example.org"])
    assert DOC.encode() not in whole and b"Zahlungen" not in whole
    assert typed(world, "schedule", DOC, "--resend").code == 0
    assert len(box.kept) == 3
    moved = typed(world, "schedule", DOC, "--move", "--at", "2024-01-23 16:00", "--attendee", "bob")
    assert moved.code == 0, moved.err
    later = mails(box)[3:]
    assert {(to, method) for to, method, _ in later} == {
        ("bob@example.com", "REQUEST"), ("carol@example.com", "CANCEL"), ("guest@example.org", "CANCEL"),
    }  # fmt: skip
    assert typed(world, "schedule", DOC, "--cancel").code == 0
    [(to, method, text)] = mails(box)[6:]
    assert (to, method, values(text, "STATUS")) == ("bob@example.com", "CANCEL", ["CANCELLED"])
    everything = [one for _, _, one in mails(box)]
    assert len({values(one, "UID")[0] for one in everything}) == 1
    assert [values(one, "SEQUENCE") for one in everything] == [["0"]] * 3 + [["1"]] * 3 + [["2"]]
    assert typed(world, "schedule", DOC, "--cancel").code == 2


def test_google_makes_the_event_and_nobody_sees_a_secret(world: World) -> None:
    environ = {"GOOGLE_CREDENTIALS": CREDENTIALS, "PMCTL_NOW": NOW}
    words = ("schedule", DOC, *AT, "--attendee", "bob", "--calendar", "google", "--video", "meet")
    with serving(Google()) as google, patch.dict(os.environ, {**environ, "GOOGLE_URL": google.base}):
        assert isinstance(google, Google)
        rehearsed = typed(world, *words, "--dry-run")
        assert (rehearsed.code, google.requests) == (0, [])
        assert '"summary": "Postmortem review: Zahlungen' in rehearsed.out
        said = typed(world, *words, "--format", "json")
        assert said.code == 0, said.err
        facts = json.loads(said.out)["facts"]
        assert "Google Calendar of jane@example.com has invited them" in facts
        assert "they meet at https://meet.google.com/abc-defg-hij" in facts
        again = typed(world, *words)
        assert again.code == 1
        assert "planned already" in again.err
        assert "DELETE" in typed(world, "schedule", DOC, "--cancel", "--dry-run").out
        google.fail("DELETE", "/events", 500)
        off = typed(world, "schedule", DOC, "--cancel")
        assert off.code == 1
        assert "is not working" in off.err
        assert "unfinished" in typed(world, "list").out
        off = typed(world, "schedule", DOC, "--cancel")
        assert (off.code, google.only["status"]) == (0, "cancelled")
        everything = "".join(one.out + one.err for one in (rehearsed, said, again, off)) + world.git("log", "-p")
        assert not [one for one in SECRETS if one in everything]


def test_a_room_of_zoom_stands_in_the_invitations(world: World, box: Mailbox) -> None:
    words = ("schedule", DOC, *AT, "--attendee", "bob", "--calendar", "mail", "--video", "zoom")
    shown = typed(world, *words, "--dry-run")
    assert shown.code == 0, shown.err
    assert "METHOD:REQUEST" in shown.out
    with serving(Zoom()) as zoom, patch.dict(os.environ, {**ZOOM, "ZOOM_URL": zoom.base}):
        zoom.faults.append(Fault("POST", "/users/me/meetings", after=True))
        said = typed(world, *words)
        assert (said.code, box.kept) == (1, [])
        assert "--resend" in said.err
        assert "unfinished" in typed(world, "list").out
        said = typed(world, *words, "--format", "json")
        assert said.code == 0, said.err
        [(_, method, text)] = mails(box)
        assert (method, values(text, "LOCATION")) == ("REQUEST", ["https://us02web.zoom.us/j/85746066?pwd=x1"])
        everything = said.out + said.err + shown.out + typed(world, "list", "--format", "json").out + text
        assert not [one for one in SECRETS if one in everything]


def test_what_is_not_known_is_sent_again_only_when_asked(world: World, box: Mailbox) -> None:
    box.breaks = True
    said = typed(world, "schedule", DOC, *AT, "--attendee", "bob", "--calendar", "mail")
    assert said.code == 1
    assert "nobody knows" in said.err and "--resend" in said.err
    box.breaks = False
    assert typed(world, "schedule", DOC, "--resend").code == 0
    assert len(mails(box)) == 1
    box.refused = {"carol@example.com"}
    said = typed(world, "schedule", DOC, "--move", "--attendee", "bob", "--attendee", "carol")
    assert said.code == 1 and "@carol was not invited" in said.err
    box.refused = set()
    assert typed(world, "schedule", DOC, "--resend").code == 0
    assert [to for to, _, _ in mails(box)] == ["bob@example.com", "bob@example.com", "carol@example.com"]


def test_without_a_mail_server_nothing_is_planned(world: World) -> None:
    before = world.head
    said = typed(world, "schedule", DOC, *AT, "--attendee", "bob", "--calendar", "mail")
    assert said.code == 2 and "SMTP_URL" in said.err
    assert world.head == before


def test_letters_in_a_folder(world: World, tmp_path: Path) -> None:
    said = typed(world, "schedule", DOC, *AT, "--attendee", "bob", "--to-dir", str(tmp_path / "out"))
    assert said.code == 0, said.err
    [file] = (tmp_path / "out").glob("*.eml")
    assert b"method=" in file.read_bytes() and b"text/calendar" in file.read_bytes()


def test_who_may_not_read_it_is_named_and_not_invited(world: World) -> None:
    world.set_field("visibility", "private")
    world.commit("Private")
    before = world.head
    for who in ("alice", "guest@example.org"):
        said = typed(world, "schedule", DOC, *AT, "--attendee", who)
        assert said.code == 1 and f"may not be read by {who}" in said.err
    assert world.head == before
    said = typed(world, "schedule", DOC, *AT, "--attendee", "jane", "--ics", "-")
    assert values(said.out, "CLASS") == ["PRIVATE"]


def test_who_may_not_plan_one_is_refused(world: World) -> None:
    before = world.head
    assert typed(world, "schedule", DOC, *AT, "--attendee", "jane", by="mallory").code != 0
    assert world.head == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "2024-03-31 02:30", "--tz", "Europe/Berlin", "--attendee", "bob"), "did you mean 2024-03-31 03:30?"),
        (("--at", "2024-10-27 02:30", "--tz", "Europe/Berlin", "--attendee", "bob"), "2024-10-27T02:30+02:00"),
        (("--at", "2024-01-22 15:00", "--tz", "Europe/Berlim", "--attendee", "bob"), "did you mean Europe/Berlin?"),
        (("--at", "2024-01-22 25:00", "--attendee", "bob"), "no day and time"),
        (("--at", "tomorrow", "--attendee", "bob"), "no day and time"),
        (("--at", "2024-01-22 15:00"), "--attendee"),
        (("--at", "2024-01-22 15:00", "--attendee", "bbo"), "did you mean bob?"),
        (("--at", "2024-01-22 15:00", "--attendee", "bob", "--for", "3h"), "15 to 120 minutes"),
        (("--at", "2024-01-22 15:00", "--attendee", "bob", "--video", "javascript:x"), "is no room"),
        (("--at", "2024-01-22 15:00", "--attendee", "bob", "--calendar", "mial"), "mail, none"),
        (("--attendee", "bob"), "when is it?"),
        (("--move", "--cancel"), "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_said(world: World, words: tuple[str, ...], said: str) -> None:
    before = world.head
    answer = typed(world, "schedule", DOC, *words)
    assert answer.code == 2
    assert said in answer.err
    assert world.head == before


def test_a_time_in_the_past_is_said(world: World) -> None:
    said = typed(world, "schedule", DOC, "--at", "2024-01-17 10:00", "--attendee", "bob")
    assert said.code == 0 and "in the past" in said.err
    assert (
        typed(world, "schedule", DOC, "--at", "2024-01-17 10:00", "--attendee", "bob", "--calendar", "mail").code == 1
    )


@pytest.mark.parametrize("minutes", range(15, 121))
def test_minutes_add_up(minutes: int) -> None:
    parts = split(minutes, [10, 30, 30, 20, 10])
    assert sum(parts) == minutes
    assert all(abs(part - minutes * share / 100) < 1 for part, share in zip(parts, [10, 30, 30, 20, 10], strict=True))


def test_a_moment_with_an_offset_is_that_moment() -> None:
    assert moment("2024-10-27T02:30+01:00", "Europe/Berlin") == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    with pytest.raises(UsageProblem):
        moment("2024-01-22 15:00", "../../etc/passwd")


def test_an_agenda_asks_what_the_document_leaves_open(world: World) -> None:
    said = command(
        world, "alice", "comment", "add", DOC, "--section", "Root Cause", "-m", "Why <b>was</b> it *so* low?"
    )
    assert said.code == 0, said.err
    answer = json.loads(typed(world, "agenda", DOC, "--to", "json", "--for", "50m").out)
    assert answer["schema"] == "pmctl/agenda/v1"
    assert sum(one["minutes"] for one in answer["points"]) == 50
    assert "Open comment of alice" in " ".join(answer["points"][2]["notes"])
    page = typed(world, "agenda", DOC, "--to", "html").out
    assert "<b>was" not in page
    assert typed(world, "agenda", DOC).out.startswith("# Postmortem review: Zahlungen")
    assert typed(world, "agenda", DOC, "--to", "ics").code == 2
