"""`/mcp` of the server: the tools that read, over HTTP, for whoever's token asks.

A request stands for itself (no sessions), so that any of the servers may answer it. What writes needs the agent's own
key, and so `pmctl mcp` where that key is. The SDK takes a second to be imported: it is when somebody asks first.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from pmctl.server.asking import asking
from pmctl.server.assistant import Assistant, Principal
from pmctl.server.service import Problem, Service

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

_reader: ContextVar[str] = ContextVar("reader")


class Mcp:
    """The endpoint, as an ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._over = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One message of somebody with a token that counts."""
        who = await asking(Request(scope, receive))
        _reader.set(who.token.handle)
        manager = await self._started()
        await manager.handle_request(scope, receive, send)

    async def end(self) -> None:
        """Let what is under way be answered, and end."""
        self._over.set()
        if self._running is not None:
            await self._running

    async def _started(self) -> StreamableHTTPSessionManager:
        async with self._lock:
            if self._manager is None:
                try:
                    self._manager = await asyncio.to_thread(self._made)
                except ModuleNotFoundError as error:
                    if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
                        raise
                    fix = "whoever runs the server installs the extra: pip install 'pmctl[mcp]'"
                    raise Problem(501, "this server has no tools for assistants", fix, "environment") from None
                begun = asyncio.Event()
                self._running = asyncio.create_task(self._run(self._manager, begun))
                await begun.wait()
            return self._manager

    async def _run(self, manager: StreamableHTTPSessionManager, begun: asyncio.Event) -> None:
        async with manager.run():
            begun.set()
            await self._over.wait()

    def _made(self) -> StreamableHTTPSessionManager:
        from mcp.server.transport_security import TransportSecuritySettings

        from pmctl.server.mcp_server import shared_server

        service = self._service

        def assistant() -> Assistant:
            return Assistant(service.repo, Principal(reader=_reader.get()), service.now)

        server = shared_server(Assistant(service.repo, Principal(), service.now), assistant, service.shelf.standing)
        # A page of another site cannot know a token, whatever name it reaches this server by.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        server.streamable_http_app(stateless_http=True, json_response=True, transport_security=security)
        return server.session_manager
