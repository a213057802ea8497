"""The REST API as an application, and the process that serves it.

HTTP is as RFC 9110 has it: ETag and If-None-Match on what is read, If-Match on what is changed (412, and 428 without),
Idempotency-Key on POST, problems as RFC 9457. The work is done by `shelf` and `writer`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import FrameType

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from pmctl import __version__
from pmctl.server import browsing, given_links
from pmctl.server.asking import PROBLEMS, tell_problems
from pmctl.server.connection import impatient
from pmctl.server.guard import Guard, Pace
from pmctl.server.mcp_http import Mcp
from pmctl.server.routes import router
from pmctl.server.routes_acts import router as acts
from pmctl.server.routes_exports import router as exports
from pmctl.server.service import Service

_ENDS_AFTER = 20  # seconds that requests under way have when the server is asked to end
_MOST_CONNECTIONS = 1000


def application(service: Service) -> FastAPI:
    """The API over one service, which begins and ends with it."""

    mcp = Mcp(service)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await mcp.end()
        service.stop()

    app = FastAPI(
        title="pmctl", version=__version__, lifespan=life, docs_url=None, redoc_url=None,
        description="Blameless postmortems in a git repository. Every write is a commit.",
    )  # fmt: skip
    app.state.service = service
    app.state.shelves = browsing.Shelves()
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    tell_problems(app)
    app.router.routes.append(Route("/mcp", mcp))
    # The site's pages are whatever the others are not: they come last.
    for one in (router, acts, exports, given_links.router, browsing.router):
        app.include_router(one, responses=PROBLEMS)
    return app


def serve(service: Service, host: str, port: int, rate: float) -> None:
    """Serve until the process is asked to end; what was taken is answered first."""
    import uvicorn

    service.start()
    app = Guard(application(service), Pace(rate, 2 * rate))

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            service.ending()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=_ENDS_AFTER, limit_concurrency=_MOST_CONNECTIONS, timeout_keep_alive=15,
    )  # fmt: skip
    impatient(config)
    with suppress(KeyboardInterrupt):  # which uvicorn raises again when all is answered
        Server(config).run()
