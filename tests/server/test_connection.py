"""Connections whose requests do not arrive."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from pmctl.server.connection import impatient


async def _hello(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})


def test_a_head_that_does_not_arrive_ends_the_connection() -> None:
    """Silent from the beginning, in the middle of a first head, and of a second: each is told and ended."""

    async def run() -> None:
        config = uvicorn.Config(_hello, log_level="error", lifespan="off")
        impatient(config, patience=0.3)
        server = uvicorn.Server(config)
        place = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([place]))
        head = b"GET / HTTP/1.1\r\nHost: x\r\n"
        for first, then in ((b"", b""), (b"", head), (head + b"\r\n", head)):
            reader, writer = await asyncio.open_connection("127.0.0.1", place.getsockname()[1])
            writer.write(first)
            if first:
                assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200")
            writer.write(then)
            said = await asyncio.wait_for(reader.read(), 60)
            assert said.startswith(b"HTTP/1.1 408 Request Timeout"), said
            writer.close()
        server.should_exit = True
        await serving

    asyncio.run(run())
