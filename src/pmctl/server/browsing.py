"""The site for a browser: a login by token, and the pages of what its holder may read, as `site build` makes them.

The cookie holds the token, out of reach of scripts and of other sites, and opens these pages alone: the API wants its
header. Each reader's pages lie in a temporary folder, and are brought up to date when the branch has moved.
"""

from __future__ import annotations

import asyncio
import mimetypes
import tempfile
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Match

from pmctl.repository.tokens import Token, is_token
from pmctl.server.service import Problem, Service

if TYPE_CHECKING:
    from pmctl.output.site.folder import Folder

router = APIRouter(include_in_schema=False)
_COOKIE = "pmctl_token"
_MOST = 32  # readers whose pages are kept
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_GUARDED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "private, no-cache"}
_LOGIN = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Postmortems</title><style>
body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}}
input{{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}}button{{font:inherit;margin-top:.8rem}}</style></head>
<body><main><h1>Postmortems</h1>{said}
<form method="post" action="/login"><label for="token">Your token (<code>pmctl serve token create</code>)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button></form></main></body></html>
"""
_WRONG = '<p role="alert"><strong>This token does not count: it is mistyped, too old or revoked.</strong></p>'


class Shelves:
    """The built pages of each reader."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: OrderedDict[str, tuple[tempfile.TemporaryDirectory[str], Folder, str, Lock]] = OrderedDict()

    def folder(self, service: Service, handle: str) -> Path:
        """Where the reader's pages lie, brought up to date."""
        from pmctl.output.site.folder import open_folder

        with self._lock:
            if handle not in self._made:
                place = tempfile.TemporaryDirectory(prefix="pmctl-served-")
                self._made[handle] = (place, open_folder(Path(place.name)), "", Lock())
                if len(self._made) > _MOST:
                    self._made.popitem(last=False)
            self._made.move_to_end(handle)
            place, folder, _, building = self._made[handle]
        with building:
            state = f"{service.shelf.tip} {service.today}"
            if self._made.get(handle, (place, folder, "", building))[2] != state:
                _build(service, handle, folder)
                with self._lock:
                    if handle in self._made:
                        self._made[handle] = (place, folder, state, building)
        return folder.path


def _build(service: Service, handle: str, folder: Folder) -> None:
    from pmctl.insight.publication import publications
    from pmctl.output.site.run import write_site
    from pmctl.output.site.templates import load_templates
    from pmctl.output.site.whole import Site
    from pmctl.policy.audience import Audience, Circle
    from pmctl.repository.workspace import Workspace

    with service.shelf.standing:
        workspace = Workspace(service.repo)
        found = publications(workspace, Audience(Circle.PERSON, handle), drafts=False)
        names = {person.handle: person.name for person in workspace.policy.people.values()}
        site = Site(
            found, load_templates(workspace.repo.root), names, service.today, workspace.settings.url,
            workspace.head.commit, False, b"",
        )  # fmt: skip
    write_site(site, folder)


@router.get("/login")
async def ask(wrong: Annotated[bool, Query()] = False) -> Response:
    """The form."""
    page = _LOGIN.format(said=_WRONG if wrong else "")
    return HTMLResponse(page, 200, {**_GUARDED, "Content-Security-Policy": _POLICY})


@router.post("/login")
async def login(request: Request) -> Response:
    """Keep a token that counts in the browser, until it expires."""
    service = cast("Service", request.app.state.service)
    if request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise Problem(403, "another site sent this login", "open /login itself", "refused")
    if seconds := service.strangers.wait(request.client.host if request.client else ""):
        raise Problem(429, "too many logins", f"wait {seconds:.0f} s", "refused")
    given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0].strip()
    token = service.holder(given)
    if token is None and is_token(given):
        await asyncio.to_thread(service.look_again)
        token = service.holder(given)
    if token is None:
        return RedirectResponse("/login?wrong=true", 303)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        _COOKIE, given, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/",
        max_age=7 * 24 * 3600,
    )  # fmt: skip
    return answer


@router.post("/logout")
async def logout() -> Response:
    """Forget the token in the browser."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(_COOKIE)
    return answer


@router.get("/{path:path}")
async def page(request: Request, path: str) -> Response:
    """A page of the site of whoever asks; the login without one."""
    service = cast("Service", request.app.state.service)
    if any(one.matches(request.scope)[0] is Match.PARTIAL for one in request.app.router.routes):
        raise Problem(405, "this address is not read", "see /openapi.json", "usage")
    if path == "api" or path.startswith("api/"):
        raise Problem(404, "there is no such endpoint", "see /openapi.json", "not_found")
    token = _token(service, request)
    if token is None:
        return RedirectResponse("/login", 303, {"Cache-Control": "no-store"})
    shelves = cast("Shelves", request.app.state.shelves)
    root = await asyncio.to_thread(shelves.folder, service, token.handle)
    name = path + ("index.html" if not path or path.endswith("/") else "")
    file = root / name
    there = not any(part in ("", "..", ".") or part.startswith(".") for part in name.split("/")) and "\0" not in name
    there = there and file.is_file() and root.resolve() in file.resolve().parents
    if not there:
        file = root / "404.html"
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.read_bytes(), 200 if there else 404, {**_GUARDED, "Vary": "Cookie, Authorization"}, kind)


def _token(service: Service, request: Request) -> Token | None:
    words = request.headers.get("authorization", "").split(" ")
    bearer = words[1] if len(words) == 2 and words[0].lower() == "bearer" else ""
    return service.holder(bearer or request.cookies.get(_COOKIE, ""))
