"""The calls that write: what is sent again, what is not, and which answers count as done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pmctl.errors import NotFound, PmctlError
from pmctl.services import client
from pmctl.services.client import Answer, Declined, Service, open_client
from pmctl.services.retrying import Uncertain

from .test_fetch import TOKEN, Reply, Server, ok, server

__all__ = ["server"]  # the fixture

CALLS: dict[str, Callable[[Service], Answer]] = {
    "create": lambda service: service.create("/things", "thing", {"a": 1}),
    "put": lambda service: service.put("/things/1", "thing", {"a": 1}),
    "patch": lambda service: service.patch("/things/1", "thing", {"a": 1}),
    "delete": lambda service: service.delete("/things/1", "thing"),
    "upload": lambda service: service.upload(
        "POST", "/things/1/file", "file", {"file": ("a.png", b"data", "image/png")}
    ),
}
ONCE = ("create", "patch", "upload")


@pytest.fixture
def service(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with open_client(server.url) as http:
        yield Service(
            "Thing", server.url, "THING_TOKEN", http, {"Authorization": f"Bearer {TOKEN}"}, right="write things"
        )


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("reply", [ok({"id": 7}), (201, {}, b'{"id": 7}'), (204, {}, b""), (200, {}, b"ok")])
def test_any_answer_that_says_done_is_one(server: Server, service: Service, name: str, reply: Reply) -> None:
    server.answer = lambda *_: reply
    answer = CALLS[name](service)
    assert answer.data == reply[2]
    assert answer.at("id") == (7 if b"7" in reply[2] else None)


def test_what_is_sent_arrives(server: Server, service: Service) -> None:
    got: dict[str, Any] = {}

    def answer(method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        got[f"{method} {path}"] = body
        return ok({})

    server.answer = answer
    for call in CALLS.values():
        call(service)
    assert got["POST /things"] == got["PUT /things/1"] == got["PATCH /things/1"] == {"a": 1}
    assert got["DELETE /things/1"] is None
    assert b'filename="a.png"' in got["POST /things/1/file"] and b"image/png" in got["POST /things/1/file"]


@pytest.mark.parametrize("name", CALLS)
def test_a_failure_in_the_middle_is_repeated_only_where_it_does_no_harm(
    server: Server, service: Service, name: str
) -> None:
    server.answer = lambda *_: (500, {}, b"")
    with pytest.raises(PmctlError, match="is not working"):
        CALLS[name](service)
    assert len(server.seen) == (1 if name in ONCE else client.ATTEMPTS)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_to_wait_asks_again(server: Server, service: Service, name: str, status: int) -> None:
    replies: list[Reply] = [(status, {"Retry-After": "1"}, b"")]
    server.answer = lambda *_: replies.pop() if replies else ok({"id": 7})
    assert CALLS[name](service).at("id") == 7
    assert len(server.seen) == 2


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [400, 409, 422])
def test_what_only_the_caller_can_explain_has_its_number(
    server: Server, service: Service, name: str, status: int
) -> None:
    server.answer = lambda *_: (status, {}, f"no {TOKEN}".encode())
    with pytest.raises(Declined) as caught:
        CALLS[name](service)
    assert caught.value.status == status
    assert TOKEN not in repr(caught.value.lines) and len(server.seen) == 1


def test_refusals_say_what_the_token_needs(server: Server, service: Service) -> None:
    server.answer = lambda *_: (403, {}, b"")
    with pytest.raises(PmctlError) as caught:
        CALLS["put"](service)
    assert caught.value.hint == "give the token in THING_TOKEN the right to write things"
    server.answer = lambda *_: (404, {}, b"")
    with pytest.raises(NotFound):
        CALLS["delete"](service)


def test_nobody_listening_is_tried_again_for_every_call(
    server: Server, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    waited: list[str] = []
    away = replace(service, base_url="http://127.0.0.1:9", waits=waited.append)
    monkeypatch.setattr(client, "SHORT_WAIT", 0.0)
    with pytest.raises(PmctlError, match="can't be reached"):
        CALLS["create"](away)
    assert waited


def test_a_service_says_slow_down_in_its_own_way(server: Server, service: Service) -> None:
    asked: list[str] = []

    def answer(method: str, *_: Any) -> Reply:
        asked.append(method)
        return (400, {}, b'{"code": "RATELIMITED"}') if len(asked) < 3 else ok({"id": 1})

    server.answer = answer
    limited = replace(service, slow_down=lambda reply: 0.01 if b"RATELIMITED" in reply.data else None)
    assert limited.create("/things", "thing", {}).at("id") == 1
    assert len(asked) == 3


def test_a_service_explains_its_own_refusals(server: Server, service: Service) -> None:
    server.answer = lambda *_: (422, {}, b'{"field": "due"}')
    telling = replace(
        service, explain=lambda reply, what: NotFound(f"{what}: {reply.data.decode()}") if reply.status == 422 else None
    )
    with pytest.raises(NotFound, match=r"the thing: .*due"):
        telling.create("/things", "the thing", {})
    server.answer = lambda *_: (401, {}, b"")
    with pytest.raises(PmctlError, match="does not accept the token"):
        telling.create("/things", "the thing", {})


@pytest.mark.parametrize("status", [500, 502, 504])
def test_nobody_knows_what_came_of_a_failure(server: Server, service: Service, status: int) -> None:
    server.answer = lambda *_: (status, {}, b"")
    with pytest.raises(Uncertain, match=str(status)):
        service.create("/things", "thing", {})
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [429, 403])
def test_a_refusal_has_certainly_done_nothing(server: Server, service: Service, status: int) -> None:
    server.answer = lambda *_: (status, {"Retry-After": "900"}, b"")
    with pytest.raises(PmctlError) as refused:
        service.create("/things", "thing", {})
    assert not isinstance(refused.value, Uncertain)


def test_a_half_answer_leaves_open_what_was_done(server: Server, service: Service) -> None:
    server.answer = lambda *_: (200, {"Content-Length": "100", "Connection": "close"}, b"{")
    with pytest.raises(Uncertain):
        service.create("/things", "thing", {})
    with pytest.raises(Uncertain):
        service.create("/things", "thing", {}, {"X-Half": "1"})


def test_nothing_was_done_where_nobody_listens(service: Service) -> None:
    with open_client("http://127.0.0.1:9") as http, pytest.raises(PmctlError, match="can't be reached") as failed:
        replace(service, base_url="http://127.0.0.1:9", client=http).create("/things", "thing", {})
    assert not isinstance(failed.value, Uncertain)


def test_bytes_are_sent_as_they_are(server: Server, service: Service) -> None:
    got: list[Any] = []

    def answer(method: str, path: str, query: Any, body: Any) -> Reply:
        got.append(body)
        return ok({})

    server.answer = answer
    service.create("/things", "thing", b'{"a" : 1}', {"Content-Type": "application/json", "X-Mark": "7"})
    assert got == [{"a": 1}]
    assert server.seen[-1][2]["X-Mark"] == "7"
    assert server.seen[-1][2]["Content-Length"] == "9"
