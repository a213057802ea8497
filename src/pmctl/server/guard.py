"""What stands before every request: its size, its pace, how long it may take to arrive, and HEAD.

Plain ASGI, so that a body that is too large or too slow is refused before anything reads it whole.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

LARGEST_BODY = 1024 * 1024  # bytes
_DRAINED = 16 * 1024 * 1024  # bytes of what is too large that are read all the same, so that its sender sees the answer
PATIENCE = 20.0  # seconds for a body to arrive
_MOST_CLIENTS = 10_000

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Pace:
    """How many requests a client may make: `rate` a second, and `burst` of them at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count a request; the seconds that the client has to wait before another, 0 when it may go on."""
        now = self._clock()
        left, at = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / self._rate


class Guard:
    """The ASGI application that refuses what is too large, slow or often, and answers HEAD as GET without a body."""

    def __init__(self, app: App, pace: Pace) -> None:
        self._app, self._pace = app, pace

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in (b"content-length", b"authorization")}
        client = headers.get(b"authorization", b"").decode("latin-1") or str((scope.get("client") or ("",))[0])
        seconds = self._pace.wait(client)
        if seconds:
            again = (b"retry-after", str(max(1, round(seconds))).encode())
            await refuse(send, 429, "too many requests", "wait as long as Retry-After says", again)
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            if length.isdigit() and int(length) <= _DRAINED:
                await _body(receive)
            await refuse(send, 413, f"the body is larger than {LARGEST_BODY} bytes", "send less at a time")
            return
        body = await _body(receive) if scope["method"] not in ("GET", "HEAD", "OPTIONS") else b""
        if isinstance(body, int):
            what = (
                "the body takes too long to arrive" if body == 408 else f"the body is larger than {LARGEST_BODY} bytes"
            )
            await refuse(send, body, what, "send it again")
            return
        if body is None:
            return  # the client has gone
        head = scope["method"] == "HEAD"
        await self._app(
            {**scope, "method": "GET"} if head else scope, _again(body, receive), _without_body(send) if head else send
        )


async def refuse(send: Send, status: int, detail: str, fix: str, *headers: tuple[bytes, bytes]) -> None:
    """Answer with a problem (RFC 9457) from outside of the application."""
    content = {"type": "about:blank", "title": detail, "status": status, "detail": detail, "fix": fix, "errors": []}
    data = json.dumps(content).encode()
    kind = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(data)).encode())]
    await send(
        {"type": "http.response.start", "status": status, "headers": [*kind, *headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": data})


async def _body(receive: Receive) -> bytes | int | None:
    """The whole body; 413 or 408 when it is too large or too slow, None when the client goes before it has sent it."""
    parts: list[bytes] = []
    size, end = 0, time.monotonic() + PATIENCE
    while True:
        try:
            message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
        except TimeoutError:
            return 408
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > _DRAINED:
            return 413
        if size <= LARGEST_BODY:
            parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if size <= LARGEST_BODY else 413


def _again(body: bytes, receive: Receive) -> Receive:
    """Hands the body over that was read, and what comes after it."""
    told = False

    async def messages() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return messages


def _without_body(send: Send) -> Send:
    ended = False

    async def headers_only(message: Message) -> None:
        nonlocal ended
        if message["type"] != "http.response.body":
            await send(message)
        elif not ended:  # also of a body that goes on for ever: its maker sees that the client is served, and ends
            ended = True
            await send({"type": "http.response.body", "body": b""})

    return headers_only
