"""Who asks, and how they are answered: the token of a request, pages with their ETags, problems as in RFC 9457."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, Refused, UsageProblem
from pmctl.repository.tokens import Token, is_token
from pmctl.repository.workspace import Workspace
from pmctl.server import acts
from pmctl.server.service import Problem, Service
from pmctl.server.shelf import Page, View
from pmctl.server.writer import Author, Unwritten, Written

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "fix", "errors"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "kind", "fix")},
        "status": {"type": "integer"},
        "errors": {"type": "array", "items": {"type": "string"}},
    },
}
_WRONG = {
    "description": "What is wrong, and what to do.",
    "content": {"application/problem+json": {"schema": _PROBLEM}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = {422: _WRONG, "default": _WRONG}
"""How every endpoint answers what it refuses, for the OpenAPI document."""
AGAIN: dict[int | str, dict[str, Any]] = {
    200: {"description": "An earlier request did it.", "content": {"application/json": {}}}
}
"""The further answer of what may be asked twice."""

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]
Match = Annotated[str, Header(alias="If-Match", max_length=200)]


class Asking:
    """A request with its token."""

    def __init__(self, service: Service, token: Token, request: Request) -> None:
        self.service, self.token, self.request = service, token, request

    @property
    def view(self) -> View:
        """What they may know now."""
        return self.service.shelf.view(self.token.handle)

    @property
    def known(self) -> View:
        """What they could know when they asked last: enough to begin a write, which is judged on the newest state."""
        return self.service.shelf.known(self.token.handle)

    async def find(self, part: str) -> str:
        """The id that is meant. Raises NotFound."""
        try:
            return self.known.find(part)
        except NotFound:
            view = await asyncio.to_thread(self.service.shelf.view, self.token.handle)
            return view.find(part)

    @property
    def author(self) -> Author:
        """In whose name they write. Raises Problem for a token that only reads."""
        if self.token.scope != "write":
            raise Problem(403, "this token reads only", "make one: pmctl serve token create --scope write", "refused")
        return self.service.author(self.token.handle)

    async def land(self, act: acts.Act, show: Callable[[Workspace, Written], Page], key: str = "") -> Written:
        """Land the act, with what `show` makes of it; a key names a request of theirs alone, and no other request."""

        def do(workspace: Workspace, note: str) -> Written:
            done = act(workspace, note)
            return replace(done, page=show(Workspace(workspace.repo), done))

        mark = ""
        if key:
            whose = hashlib.sha256(f"{self.token.handle}\0{key}".encode()).hexdigest()[:32]
            what = hashlib.sha256(self.request.url.path.encode() + b"\0" + await self.request.body()).hexdigest()[:16]
            mark = f"{whose}-{what}"
        return await asyncio.wrap_future(self.service.writer.write(do, mark))

    def answer(self, found: Page, status: int = 200, **headers: str) -> Response:
        """A page with its ETag, or that the client has it already."""
        same = {one.strip().removeprefix("W/") for one in self.request.headers.get("if-none-match", "").split(",")}
        named = {"ETag": found.etag, "Cache-Control": "private, no-cache", "Vary": "Authorization", **headers}
        if status == 200 and found.etag in same:
            return Response(status_code=304, headers=named)
        return Response(found.body, status, named, "application/json")

    def made(self, written: Written, found: Page, path: str) -> Response:
        """The answer to a write that made something: 201 with its place, or 200 when an earlier request had made it."""
        return self.answer(found, 200 if written.again else 201, Location=path)


async def asking(request: Request) -> Asking:
    """The request's token. Raises Problem without one that counts."""
    service = cast("Service", request.app.state.service)
    words = request.headers.get("authorization", "").split(" ")
    text = words[1] if len(words) == 2 and words[0].lower() == "bearer" else ""
    token = service.holder(text)
    if token is None:
        if seconds := service.strangers.wait(request.client.host if request.client else ""):
            raise Problem(429, "too many requests without a token that counts", f"wait {seconds:.0f} s", "refused")
        if is_token(text):
            await asyncio.to_thread(service.look_again)
            token = service.holder(text)
    if token is None:
        fix = "send Authorization: Bearer TOKEN; pmctl serve token create makes one"
        raise Problem(401, "there is no token, or none that counts", fix, "refused")
    if request.method == "GET" and service.shelf.current(token.handle) is None:
        await asyncio.to_thread(service.shelf.view, token.handle)  # made beside the others' answers
    return Asking(service, token, request)


Who = Annotated[Asking, Depends(asking)]


def seen(match: str, found: Page) -> None:
    """Raise Problem when a change does not say what it was made from, or when that is not what is there."""
    if not match:
        raise Problem(428, "a change needs If-Match", "send the ETag of what you have read", "refused")
    if match != "*" and found.etag not in {one.strip() for one in match.split(",")}:
        raise Problem(412, "it has changed since you have read it", "read it again, and change that", "refused")


def tell_problems(app: FastAPI) -> None:
    """Answer everything that goes wrong as a problem."""

    @app.exception_handler(Problem)
    async def ours(request: Request, problem: Problem) -> Response:
        return _answer(problem)

    @app.exception_handler(PmctlError)
    async def known(request: Request, error: PmctlError) -> Response:
        from pmctl.output.advice import with_fix, words

        if isinstance(error, EnvironmentProblem) and not isinstance(error, Unwritten):
            return unwell(request, "; ".join(error.lines))
        details = [one if isinstance(one, str) else with_fix(*one) for one in error.details]
        return _answer(Problem(_status(error), error.message, words(error.hint), error.kind, details))

    @app.exception_handler(OSError)
    async def gone(request: Request, error: OSError) -> Response:
        return unwell(request, str(error))

    def unwell(request: Request, why: str) -> Response:
        """What is wrong with the machine is for whoever runs it: it names folders and addresses."""
        cast("Service", request.app.state.service).say(why)
        fix = "try again later; whoever runs the server finds the reason in what it says"
        return _answer(Problem(503, "the repository cannot be reached or read now", fix, "environment"))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return _answer(Problem(422, "the request is not what it should be", "see /openapi.json", "usage", wrong))

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> Response:
        return _answer(Problem(500, "this is a defect of the server", "its log says more", "error"))

    @app.exception_handler(HTTPException)
    async def usual(request: Request, error: HTTPException) -> Response:
        answer = _answer(Problem(error.status_code, str(error.detail), "see /openapi.json", "usage"))
        answer.headers.update(error.headers or {})
        return answer


def _status(error: PmctlError) -> int:
    if isinstance(error, Refused):
        return 403 if error.message.startswith("AU7") else 409
    kinds = ((NotFound, 404), (BadInput, 422), (UsageProblem, 422), (EnvironmentProblem, 503))
    return next((status for kind, status in kinds if isinstance(error, kind)), 500)


def _answer(problem: Problem) -> Response:
    content = {
        "type": "about:blank", "title": problem.detail.split("\n")[0][:200], "status": problem.status,
        "detail": problem.detail, "kind": problem.kind, "fix": problem.fix, "errors": list(problem.errors),
    }  # fmt: skip
    headers = {"WWW-Authenticate": 'Bearer realm="pmctl"'} if problem.status == 401 else {}
    headers |= {"Retry-After": "2"} if problem.status in (429, 503) else {}
    return JSONResponse(content, problem.status, headers, media_type="application/problem+json")
