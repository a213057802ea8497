"""A server that wants the worst: it drips, sends another kind of page, packs a bomb, redirects, never ends."""

from __future__ import annotations

import copy
import gzip
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from pmctl.errors import PmctlError
from pmctl.services import client, fetch
from pmctl.services.client import Answer, Service
from pmctl.services.fetch import fetch_reference
from pmctl.services.registry import SYSTEMS, read_records
from pmctl.services.secrets import from_environment

from .test_fetch import NOW, TOKEN

OK = b"HTTP/1.1 200 OK\r\n"
ENVIRON = {"PAGERDUTY_TOKEN": TOKEN}


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says whatever it likes after each request; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    talk(connection)
                except OSError:
                    return

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        over.set()


def refused(talk: Callable[[socket.socket], None]) -> str:
    """What is said about a server; it must be one clear error without the token, and soon."""
    with raw_server(talk) as url, pytest.raises(PmctlError) as caught:
        fetch_reference("pagerduty:P1", from_environment({**ENVIRON, "PAGERDUTY_URL": url}))
    assert TOKEN not in repr(caught.value.lines)
    return caught.value.message


DROPS = 2000


def drips(first: bytes, drop: bytes, sent: list[bytes]) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(DROPS):
            connection.sendall(drop)
            sent.append(drop)
            time.sleep(0.02)

    return talk


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b"H"),
        (OK, b"X"),
        (OK + b"Content-Type: application/json\r\n\r\n", b" "),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_server_that_drips_is_left(first: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOTAL_TIME", 0.7)
    sent: list[bytes] = []
    said = refused(drips(first, drop, sent))
    assert "was not done within" in said or "can't be reached" in said
    assert len(sent) < DROPS, "it was left before it had said everything"


def once(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def page(body: bytes, *headers: str, status: bytes = OK) -> bytes:
    lines = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
    return status + lines.encode("latin-1") + b"\r\n" + body


BOMB = gzip.compress(b"[" + b" " * 60_000_000 + b"]")
ODD = {
    "html": page(b"<html>Sign in</html>", "Content-Type: text/html"),
    "a picture": page(b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
    "latin-1": page('{"id": "Zür"}'.encode("latin-1"), "Content-Type: application/json; charset=latin-1"),
    "an unknown charset": page(b"\xff\xfe\xfd", "Content-Type: application/json; charset=x-nonsense"),
    "nothing": page(b""),
    "deep": page(b"[" * 100_000),
    "deep enough to be read": page(b'{"a":' * 900 + b"1" + b"}" * 900),
    "a long number": page(b"9" * 10_000),
    "a bomb": page(BOMB, "Content-Encoding: gzip"),
    "half a gzip": page(gzip.compress(b"{}")[:-12], "Content-Encoding: gzip"),
    "no gzip": page(b"{}", "Content-Encoding: gzip"),
    "brotli": page(b"{}", "Content-Encoding: br"),
    "a wrong length": page(b"{}", "Content-Length: 99"),
    "a redirect to nonsense": page(b"", "Location: http://[", status=b"HTTP/1.1 302 Found\r\n"),
    "a redirect to a file": page(b"", "Location: file:///etc/passwd", status=b"HTTP/1.1 302 Found\r\n"),
    "a redirect to a port": page(b"", "Location: http://127.0.0.1:99999/", status=b"HTTP/1.1 302 Found\r\n"),
    "a link that is none": page(b'{"incident": {}}', "Link: <http://[>; rel=next, ;;;"),
    "too many headers": OK + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "a status that is none": page(b"{}", status=b"HTTP/1.1 999 Odd\r\n"),
    "nothing at all": b"",
}


@pytest.mark.parametrize("kind", ODD)
def test_an_answer_that_is_none_is_one_clear_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    with raw_server(once(ODD[kind])) as url:
        try:
            files = fetch_reference("pagerduty:P1", from_environment({**ENVIRON, "PAGERDUTY_URL": url}))
            read_records(files, "pagerduty", now=NOW)
        except PmctlError as error:
            assert error.message and TOKEN not in repr(error.lines)
        else:
            pytest.fail("nobody could make an incident of this")


def test_a_wait_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    told: list[str] = []
    busy = page(b"", "Retry-After: 7", status=b"HTTP/1.1 429 Too Many\r\n")
    with raw_server(once(busy)) as url, pytest.raises(PmctlError):
        fetch_reference("pagerduty:P1", from_environment({**ENVIRON, "PAGERDUTY_URL": url}), told.append)
    assert told == ["PagerDuty answered 429: trying again in 7 s"]
    assert capfd.readouterr() == ("", "")


MOST = 150  # spoiled answers of one system
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "http://[",
    [],
    [[]],
    [None],
    {},
    {"a": {}},
    10**30,
    "\ud800",
)


def spoiled(value: Any) -> Iterator[Any]:
    """The value with each place in it replaced by each of the wrong things, one at a time."""

    def places(at: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        yield path
        pairs = at.items() if isinstance(at, dict) else enumerate(at[:2]) if isinstance(at, list) else ()
        for key, inner in pairs:
            yield from places(inner, (*path, key))

    for path in places(value, ()):
        for wrong in WRONG:
            if not path:
                yield wrong
                continue
            changed = copy.deepcopy(value)
            at = changed
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = wrong
            yield changed


ANSWERS: dict[str, Any] = {
    "pagerduty": {
        "incident": {"id": "P1", "title": "T", "status": "resolved", "created_at": "2025-01-01T00:00:00Z"},
        "log_entries": [{"type": "trigger_log_entry", "created_at": "2025-01-01T00:00:00Z", "agent": {"type": "user"}}],
        "notes": [{"content": "c", "created_at": "2025-01-01T00:00:00Z", "user": {"summary": "Jane"}}],
        "offset": 0,
        "more": True,
    },
    "opsgenie": {
        "data": {
            "id": "1", "message": "m", "status": "closed", "createdAt": "2025-01-01T00:00:00Z", "nextOffset": "2",
            "entries": [{"id": "1", "eventTime": "2025-01-01T00:00:00Z", "title": {"content": "c"}}],
        }
    },
    "firehydrant": {
        "id": "1", "name": "n", "created_at": "2025-01-01T00:00:00Z", "milestones": [{"type": "started"}],
        "data": [{"id": "e", "occurred_at": "2025-01-01T00:00:00Z", "data": {"summary": "s"}}],
        "pagination": {"next": 2},
    },
    "rootly": {
        "data": [{"id": "1", "type": "incidents", "attributes": {"title": "t", "created_at": "2025-01-01T00:00:00Z"}}],
        "links": {"next": "/v1/incidents/1/events?page=2"},
    },
    "grafana-irm": {
        "incident": {"incidentID": "1", "title": "t", "status": "resolved", "createdTime": "2025-01-01T00:00:00Z"},
        "activityItems": [{"activityItemID": "a", "body": "b", "eventTime": "2025-01-01T00:00:00Z"}],
        "cursor": {"hasMore": True, "nextValue": "x"},
    },
    "incident-io": {
        "incident": {"id": "1", "reference": "INC-1", "name": "n", "created_at": "2025-01-01T00:00:00Z"},
        "incident_updates": [{"id": "u", "created_at": "2025-01-01T00:00:00Z", "message": "m"}],
        "follow_ups": [{"id": "f", "title": "t", "assignee": {"name": "J"}}],
        "pagination_meta": {"after": "x"},
    },
    "github": [{"event": "commented", "body": "b", "created_at": "2025-01-01T00:00:00Z", "user": {"login": "j"}}],
    "statuspage": {
        "page": {"name": "p"},
        "incidents": [{"id": "1", "name": "n", "status": "resolved", "incident_updates": [{"body": "b"}]}],
    },
    "opsknight": {"id": "1", "title": "t", "events": [{"createdAt": "2025-01-01T00:00:00Z", "message": "m"}]},
    "datadog": {
        "data": [{"id": "1", "type": "incidents", "attributes": {"title": "t", "created": "2025-01-01T00:00:00Z",
                  "public_id": 1, "fields": {"services": {"value": ["s"]}}}}],
        "included": [{"id": "u", "type": "users", "attributes": {"name": "Jane"}}],
    },
    "gitlab": [{"id": 1, "body": "b", "author": {"name": "J"}, "created_at": "2025-01-01T00:00:00Z",
                "noteable_type": "Issue"}],
    "grafana-oncall": {
        "id": "1", "state": "resolved", "created_at": "2025-01-01T00:00:00Z", "integration_id": "I", "alerts_count": 1,
        "acknowledged_by": "U1", "results": [{"alert_group_id": "1", "created_at": "2025-01-01T00:00:00Z"}],
        "next": "/api/v1/alerts/?page=2",
    },
    "squadcast": {"data": {
        "id": "1", "message": "m", "status": "resolved", "created_at": "2025-01-01T00:00:00Z", "tags": {"a": "b"},
        "logs": [{"action": "triggered", "time": "2025-01-01T00:00:00Z"}]}},
    "splunk-oncall": {"incidents": [{
        "incidentNumber": "1", "currentPhase": "RESOLVED", "startTime": "2025-01-01T00:00:00Z",
        "transitions": [{"name": "Acked", "at": "2025-01-01T00:00:00Z", "by": "j"}]}]},
    "google-cloud": [{
        "id": "1", "begin": "2025-01-01T00:00:00Z", "external_desc": "t", "status_impact": "S",
        "updates": [{"when": "2025-01-01T00:00:00Z", "text": "x"}]}],
    "servicenow": {"result": [{
        "sys_id": {"value": "a"}, "number": {"value": "INC1"}, "short_description": {"display_value": "t"},
        "state": {"value": "6"}, "opened_at": {"value": "2025-01-01 00:00:00"}, "element": "comments",
        "sys_created_on": "2025-01-01 00:00:00"}]},
    "jira": {
        "key": "OPS-1", "names": {"customfield_1": "Severity"}, "startAt": 0, "total": 1,
        "fields": {"summary": "t", "created": "2025-01-01T00:00:00Z", "customfield_1": {"value": "SEV1"}},
        "comments": [{"body": "b", "author": {"displayName": "J"}, "created": "2025-01-01T00:00:00Z", "updated": "x"}],
    },
}  # fmt: skip
IDS = {"github": "a/b#1", "gitlab": "a/b#1", "statuspage": "1", "servicenow": "INC1", "jira": "OPS-1"}


def answering(value: Any) -> Callable[..., Answer]:
    """Every question gets this answer; a list must not go on for ever, so that the pages are few."""
    return lambda self, method, path, what, **sent: (self._address(path), Answer(value, json.dumps(value).encode()))[1]


@pytest.mark.parametrize("name", ANSWERS)
def test_json_of_the_wrong_shape_is_read_or_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE_LIMIT", 3)
    system = next(one for one in SYSTEMS if one.name == name)
    assert system.api is not None
    monkeypatch.setattr(fetch, "open_client", lambda url: nullcontext())  # nothing is sent
    cases = list(spoiled(ANSWERS[name]))
    for value in random.Random(1).sample(cases, min(len(cases), MOST)):
        monkeypatch.setattr(Service, "_ask", answering(value))
        environ = {
            system.api.credential: TOKEN,
            system.api.address: "http://127.0.0.1:9",
            **dict.fromkeys(system.api.also, "x"),
        }
        try:
            files = fetch_reference(f"{name}:{IDS.get(name, '1')}", from_environment(environ))
            read_records(files, name, now=NOW)
        except PmctlError as error:
            assert error.message


def test_every_system_with_an_api_is_asked() -> None:
    assert set(ANSWERS) == {one.name for one in SYSTEMS if one.api is not None}
