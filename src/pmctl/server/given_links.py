"""Read-only links: the one page of the server that needs no token but the one in its address.

What counts is asked anew at each request, so that a link which expired or was revoked shows nothing from then on. Of a
link that is none, and of one that has ended, the same is said. Nothing on the way is to keep the page or to tell where
it was read.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from pmctl.errors import EnvironmentProblem, PmctlError
from pmctl.output.standalone import standalone
from pmctl.repository.links import served
from pmctl.server.service import Problem, Service
from pmctl.workflow.public_links import shown_by

router = APIRouter()
_HEADERS = {
    "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip


@router.get("/l/{secret}", include_in_schema=False)
async def show_link(request: Request, secret: str) -> Response:
    """The page that a link shows now."""
    service: Service = request.app.state.service
    if seconds := service.strangers.wait(str(request.client.host if request.client else "")):
        raise Problem(429, "too many requests", f"wait {max(1, round(seconds))} s", "slower")
    try:
        page = await asyncio.to_thread(_page, service, secret)
    except EnvironmentProblem:
        raise Problem(503, "what counts is not known now", "try again", "unavailable") from None
    if page is None:
        gone = standalone("This link does not count", ())
        return Response(gone, 404, _HEADERS, "text/html; charset=utf-8")
    return Response(page, 200, _HEADERS, "text/html; charset=utf-8")


def _page(service: Service, secret: str) -> bytes | None:
    """What the link shows; None for one that is none, has ended, or shows what may not be shown any more."""
    link = served(service.repo, secret, service.now())
    if link is None:
        return None
    try:
        return shown_by(service.workspace, link, service.today)
    except EnvironmentProblem:
        raise
    except PmctlError:
        return None
