"""Google Calendar and Zoom by themselves: what each answer that is no success comes to, and what to do then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.output.advice import words
from pmctl.services import client, google, zoom
from pmctl.services.retrying import Uncertain
from pmctl.services.secrets import from_environment
from tests.services.calendars import CREDENTIALS, SECRETS, ZOOM, Google, Zoom, refusal
from tests.services.trackers import Fault, serving

AT = datetime(2024, 1, 22, 14, 0, tzinfo=UTC)
EVENT = google.Event(
    google.id_of("root", "doc", "k3x9p2"), "pmctl:root:k3x9p2", 0, "Review <b>", "a & <i>b</i>", "", AT,
    AT + timedelta(minutes=45), "Europe/Berlin", ("bob@example.com",), True, False, False,
)  # fmt: skip
TALK = zoom.Talk("pmctl:root:k3x9p2", "Postmortem review", AT, 45, "Europe/Berlin")
SLOW = refusal(403, "rateLimitExceeded", "Rate Limit Exceeded")[1]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries happen at once."""
    import stamina

    stamina.set_testing(False)
    monkeypatch.setattr(client, "TIMEOUT", 1.0)


@pytest.fixture
def calendar() -> Iterator[tuple[Google, google.Calendar]]:
    with serving(Google()) as server:
        assert isinstance(server, Google)
        given = from_environment({"GOOGLE_CREDENTIALS": CREDENTIALS, "GOOGLE_URL": server.base})
        with google.connected(given, lambda said: None, lambda seconds: None) as opened:
            yield server, opened


@pytest.fixture
def rooms() -> Iterator[tuple[Zoom, zoom.Account]]:
    with serving(Zoom()) as server:
        assert isinstance(server, Zoom)
        given = from_environment({**ZOOM, "ZOOM_URL": server.base})
        with zoom.connected(given, lambda said: None, lambda seconds: None) as opened:
            yield server, opened


def told(problem: PmctlError) -> str:
    return f"{problem.message}; {words(problem.hint)}"


def nothing() -> None:
    """Nobody counts."""


REFUSALS = [
    (400, refusal(400, "invalid", "Invalid attendee email.")[1], "Invalid attendee email."),
    (401, refusal(401, "authError", "Invalid Credentials")[1], "pmctl integrations login google"),
    (403, refusal(403, "insufficientPermissions", "Insufficient Permission")[1], "calendar.events is missing"),
    (403, refusal(403, "x", "no", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}])[1], "is missing"),
    (403, refusal(403, "x", "no", details=[{"reason": "SERVICE_DISABLED"}])[1], "API is off in the project"),
    (403, refusal(403, "accessNotConfigured", "Not used before")[1], "API is off in the project"),
    (403, refusal(403, "quotaExceeded", "Calendar usage limits exceeded.")[1], "takes no more for now"),
    (403, refusal(403, "forbiddenForNonOrganizer", "no")[1], "belongs to another account"),
    (403, refusal(403, "forbidden", "Forbidden \x1b[31m")[1], "admin of your Google Workspace"),
    (403, {}, "does not allow this token"),
    (404, refusal(404, "notFound", "Not Found")[1], "404"),
    (422, {"error": {"message": "unprocessable"}}, "unprocessable"),
    (400, "<html>", "400"),
    (403, {"error": "a word"}, "403"),
]


def test_each_refusal_of_google_says_what_to_do(calendar: tuple[Google, google.Calendar]) -> None:
    server, opened = calendar
    for status, body, said in REFUSALS:
        server.fail("POST", "/events$", status, body=body)
        with pytest.raises(PmctlError) as problem:
            google.kept(opened, EVENT, nothing)
        assert said in told(problem.value)
        assert not isinstance(problem.value, Uncertain)
        assert not [one for one in (*SECRETS, "\x1b") if one in told(problem.value)]
    assert server.events == {}
    assert google.kept(opened, EVENT, nothing).link == "https://meet.google.com/abc-defg-hij"
    assert (server.only["summary"], server.only["description"]) == ("Review <b>", "a &amp; &lt;i&gt;b&lt;/i&gt;")


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [(403, {}, SLOW), (403, {"Retry-After": "0"}, SLOW), (429, {}, {}), (429, {"Retry-After": "0"}, {})],
)
def test_a_pause_that_google_asks_for_is_made(
    calendar: tuple[Google, google.Calendar], status: int, headers: dict[str, str], body: Any
) -> None:
    server, opened = calendar
    server.fail("POST", "/events$", status, headers=headers, body=body)
    assert google.kept(opened, EVENT, nothing).link
    assert server.count("POST", "/events$") == 2


def test_a_pause_that_is_too_long_is_said(calendar: tuple[Google, google.Calendar]) -> None:
    server, opened = calendar
    server.fail("POST", "/events$", 429, headers={"Retry-After": "3600"})
    with pytest.raises(EnvironmentProblem, match="asks for fewer requests") as problem:
        google.kept(opened, EVENT, nothing)
    assert "in 3600 s" in told(problem.value)


@pytest.mark.parametrize("fault", [{"after": True}, {"half": True}, {"status": 502}, {"delay": 1.5}])
def test_an_answer_that_is_lost_is_looked_for(calendar: tuple[Google, google.Calendar], fault: dict[str, Any]) -> None:
    server, opened = calendar
    server.faults.append(Fault("POST", "/events$", **fault))
    try:
        google.kept(opened, EVENT, nothing)
    except Uncertain:
        with server.lock:  # what comes late has come
            pass
        google.kept(opened, EVENT, nothing)
    assert len(server.events) == len(server.mails) == 1


def test_an_event_that_came_into_being_meanwhile_is_taken(calendar: tuple[Google, google.Calendar]) -> None:
    """Another run makes it between the look and the request: 409, and it is ours."""
    server, opened = calendar
    google.kept(opened, EVENT, nothing)
    server.fail("GET", "/events/", 404, body=refusal(404, "notFound")[1])
    assert google.kept(opened, EVENT, nothing).link
    assert server.count("POST", "/events$") == 2
    assert len(server.mails) == 1


ZOOM_REFUSALS = [
    (400, {"code": 4711, "message": "does not contain scopes:[meeting:write:admin]."}, "integrations test zoom"),
    (
        400,
        {"code": 300, "message": "Validation Failed.", "errors": [{"field": "topic", "message": "bad"}]},
        "topic: bad",
    ),
    (401, {"code": 124, "message": "Invalid access token."}, "Invalid access token."),
    (403, {"code": 200, "message": "no permission"}, "403"),
    (404, {"code": 1001, "message": "User does not exist"}, "User does not exist"),
    (409, {"code": 3000, "message": "conflict"}, "conflict"),
    (400, "<html>", "400"),
]


def test_each_refusal_of_zoom_says_what_to_do(rooms: tuple[Zoom, zoom.Account]) -> None:
    server, opened = rooms
    for status, body, said in ZOOM_REFUSALS:
        server.fail("POST", "/meetings$", status, body=body)
        with pytest.raises(PmctlError) as problem:
            zoom.created(opened, TALK)
        assert said in told(problem.value)
        assert not isinstance(problem.value, Uncertain)
        assert not [one for one in SECRETS if one in told(problem.value)]
    assert server.meetings == {}
    server.fail("POST", "/meetings$", 429)
    server.fail("POST", "/meetings$", 429, headers={"Retry-After": "0"})
    assert zoom.created(opened, TALK) == zoom.Made("85746066", "https://us02web.zoom.us/j/85746066?pwd=x1")
    assert server.count("POST", "/meetings$") == len(ZOOM_REFUSALS) + 3


def test_a_room_is_found_on_any_page_of_the_list(rooms: tuple[Zoom, zoom.Account]) -> None:
    server, opened = rooms
    for number in range(5):
        zoom.created(opened, zoom.Talk(f"pmctl:root:other{number}", "Postmortem review", AT, 45, "UTC"))
    assert zoom.found(opened, TALK.marker, surely=False) is None
    made = zoom.created(opened, TALK)
    server.lag = 5
    assert zoom.found(opened, TALK.marker, surely=True) == made
    server.lag = 1000
    assert zoom.found(opened, TALK.marker, surely=True) is None
