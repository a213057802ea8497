"""The API of another system: one connection, careful with the token.

https only (loopback excepted), redirects and paging links only within the same origin, time-outs, one limit for all
that is asked, retries that honour Retry-After, a limit on what is read. Every failure becomes one clear error, and no
error, log line or repr holds the token.

A time-out of the network counts from byte to byte, and a server may send one now and then for ever. So a second thread
cuts the connection when the time for everything is over.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError
from pmctl.services.address import loopback, origin
from pmctl.services.bodies import beginning, unpacked, without
from pmctl.services.cursor import Cursor
from pmctl.services.retrying import (
    RETRIED,
    Reply,
    Retry,
    Uncertain,
    by_header,
    doubted,
    pause_before_retry,
    pause_unless_done,
    retry_after,
)

if TYPE_CHECKING:
    import httpx
    from stamina.instrumentation import RetryDetails

RESPONSE_LIMIT = 50_000_000  # bytes of one answer, unpacked
LIST_LIMIT = 100_000_000  # bytes of all pages of a list
MARK_LIMIT = 4_000  # characters of what names the next page
PAGE_LIMIT = 200  # pages of one list
TIMEOUT = 20.0  # seconds for connecting and for each read
ATTEMPTS = 4
TOTAL_TIME = 300.0  # seconds for all that is asked of one system, pauses included
SHORT_WAIT = 1.0  # seconds; whoever waits longer is told

_REDIRECTS = (301, 302, 303, 307, 308)
_DONE = (200, 201, 202, 204)


RecordFile = tuple[str, bytes]
"""The name and the content of a record file, as `registry.read_records` takes them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer: its value, its bytes as received, the address of the next page ("" for none), and its headers."""

    value: Any
    data: bytes
    next_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def at(self, *keys: str) -> Any:
        """A member of the value; None where there is none."""
        return Cursor(self.value).at(*keys).value

    def count(self, *keys: str) -> int:
        """A member that is a whole number; 0 where there is none."""
        found = self.at(*keys)
        return found if type(found) is int else 0


@dataclass(frozen=True, slots=True)
class Service:
    """An open connection to one system. `base_url` has no slash at its end.

    `right` is what the token must be allowed to do, in words. `waits` is told, in a sentence, why the next try has to
    wait. `slow_down` says of a refusal whether it asks for fewer requests: for how many seconds (0 where it does not
    say), or None. `explain` is what is to be said of a refusal of what (its second argument), or None for the usual
    words. `deadline` is when all that is asked has to be answered, on the monotonic clock; `streams` are the network
    connections that are cut then.
    """

    label: str
    base_url: str
    token_variable: str
    client: httpx.Client = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    waits: Callable[[str], None] = field(repr=False, default=lambda said: None)
    right: str = "read incidents"
    slow_down: Callable[[Reply], float | None] = field(repr=False, default=by_header)
    explain: Callable[[Reply, str], PmctlError | None] = field(repr=False, default=lambda reply, what: None)
    deadline: float = field(default_factory=lambda: time.monotonic() + TOTAL_TIME)
    streams: list[Any] = field(repr=False, default_factory=list)

    def get(self, path: str, what: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """GET a path below the base address, or an absolute address of the same origin.

        `what` names the thing for messages ("incident PT4KHLK"). Raises PmctlError.
        """
        return self._ask("GET", path, what, params=dict(params or {}))

    def post(self, path: str, what: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """POST JSON, or bytes as they are: for services whose reading calls are posts."""
        return self._ask("POST", path, what, body=body, headers=headers or {})

    def create(self, path: str, what: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """POST what makes something: JSON, or bytes as they are. Sent again only where nothing can have come of it.

        Like all calls that write it takes any answer: `value` is None where it is empty or no JSON. Raises Uncertain
        where nobody can know whether it was done.
        """
        return self._ask("POST", path, what, body=body, headers=headers or {}, writes=True, once=True)

    def put(self, path: str, what: str, body: object, *, once: bool = False) -> Answer:
        """PUT a JSON body, again after a failure: doing it twice is doing it once. Where it is not, `once`."""
        return self._ask("PUT", path, what, body=body, writes=True, once=once)

    def patch(self, path: str, what: str, body: object) -> Answer:
        """PATCH with a JSON body; sent again only where nothing can have come of it."""
        return self._ask("PATCH", path, what, body=body, writes=True, once=True)

    def delete(self, path: str, what: str, *, once: bool = False) -> Answer:
        """DELETE. Sent again after a failure, so that NotFound may mean that the first one did it; with `once` only
        where nothing can have come of it."""
        return self._ask("DELETE", path, what, writes=True, once=once)

    def upload(self, method: str, path: str, what: str, files: Mapping[str, tuple[str, bytes, str]]) -> Answer:
        """Send files as a form: field -> (name, bytes, media type). Sent again as `create` is."""
        return self._ask(method, path, what, files=dict(files), writes=True, once=True)

    def _ask(self, method: str, path: str, what: str, **sent: Any) -> Answer:
        import httpx
        import stamina
        from stamina.instrumentation import set_on_retry_hooks

        url = self._address(path)
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self._too_slow()
        set_on_retry_hooks([self._told])  # its own would write to a log that nobody has set up
        cut = threading.Timer(left, self._cut)
        cut.daemon = True
        cut.start()
        try:
            for attempt in stamina.retry_context(
                on=pause_unless_done if sent.get("once") else pause_before_retry,
                attempts=ATTEMPTS,
                timeout=left,
                wait_initial=0.5,
                wait_max=10.0,
            ):
                with attempt:
                    return self._once(method, url, what, **sent)
        except Retry as problem:
            refusal = self._slower(problem) if problem.slower else self._refusal(problem.status, what)
            raise (doubted(refusal, problem) if sent.get("once") else refusal) from None
        except httpx.HTTPError as problem:
            failure = self._no_answer(problem)
            raise (doubted(failure, problem) if sent.get("once") else failure) from None
        except (httpx.InvalidURL, UnicodeError, zlib.error) as problem:
            odd = self._odd("names an address or sends data that cannot be read", what)
            raise (doubted(odd, problem) if sent.get("once") else odd) from None
        finally:
            cut.cancel()
        raise AssertionError("the retries end with an answer or an exception")

    def _no_answer(self, problem: Exception) -> PmctlError:
        import httpx

        if time.monotonic() >= self.deadline:
            return self._too_slow()
        if isinstance(problem, httpx.TimeoutException):
            return self._unreachable(f"did not answer within {TIMEOUT:.0f} s")
        return self._unreachable(f"can't be reached ({type(problem).__name__})")

    def _told(self, details: RetryDetails) -> None:
        if details.wait_for > SHORT_WAIT:
            problem = details.caused_by
            why = f"answered {problem.status}" if isinstance(problem, Retry) else f"gave no answer ({_named(problem)})"
            self.waits(f"{self.label} {why}: trying again in {details.wait_for:.0f} s")

    def _cut(self) -> None:
        """End whatever still waits for the other side."""
        for stream in self.streams:
            try:
                with socket.fromfd(stream.get_extra_info("socket").fileno(), 0, 0) as own:
                    own.shutdown(socket.SHUT_RDWR)
            except (OSError, ValueError, AttributeError):
                continue  # it has ended already

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """For httpx: remember every connection that is opened."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self.streams.append(info["return_value"])
            if time.monotonic() >= self.deadline:
                self._cut()

    def _once(self, method: str, url: str, what: str, **sent: Any) -> Answer:
        for _ in range(5):
            if time.monotonic() >= self.deadline:
                raise self._too_slow()
            body = sent.get("body")
            request = self.client.build_request(
                method, url, params=sent.get("params") or None, files=sent.get("files"),
                headers={**self.headers, **sent.get("headers", {})}, extensions={"trace": self._note},
                **({"content": body} if isinstance(body, bytes) else {"json": body}),
            )  # fmt: skip
            response = self.client.send(request, stream=True, follow_redirects=False)
            try:
                if response.status_code in _REDIRECTS:
                    url, sent = self._redirect(url, response.headers.get("location", "")), {**sent, "params": None}
                    continue
                return self._answer(response, what, writes=bool(sent.get("writes")))
            except PmctlError as problem:
                if sent.get("once") and response.is_success:
                    raise Uncertain(problem.message, hint=problem.hint) from None
                raise
            finally:
                response.close()
        raise self._unreachable("keeps redirecting")

    def _answer(self, response: httpx.Response, what: str, *, writes: bool) -> Answer:
        status = response.status_code
        if status not in (_DONE if writes else (200,)):
            reply = Reply(status, response.headers, without(self.headers, beginning(response)))
            pause = self.slow_down(reply)
            if pause is not None or status in RETRIED:
                wait = pause or retry_after(response.headers.get("retry-after", ""))
                raise Retry(status, wait, slower=pause is not None)
            raise self.explain(reply, what) or self._refusal(status, what)
        data = bytearray()
        for chunk in unpacked(response):
            data += chunk
            if len(data) > RESPONSE_LIMIT:
                raise BadInput(f"{self.label} answered with more than {RESPONSE_LIMIT // 1_000_000} MB for {what}")
        if time.monotonic() >= self.deadline:  # the connection was cut: it may look like the end of the answer
            raise self._too_slow()
        whole = without(self.headers, bytes(data))  # some answer 200 to what they refuse, too
        try:
            value = json.loads(whole)
        except (ValueError, RecursionError):
            if writes:
                return Answer(None, whole)
            raise BadInput(
                f"{self.label} answered with something that is not JSON for {what}",
                hint=f"check the address {self.base_url}",
            ) from None
        return Answer(value, whole, response.links.get("next", {}).get("url", ""), response.headers)

    def _address(self, path: object) -> str:
        if not isinstance(path, str) or len(path) > MARK_LIMIT:
            raise self._odd("names a next page that is no address", "a list")
        url = path if "://" in path else f"{self.base_url}{path}"
        if origin(url) != origin(self.base_url):
            raise BadInput(f"{self.label} names a page on another host ({origin(url)[1]}); the token is not sent there")
        return url

    def _redirect(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
        except ValueError:
            raise self._odd("redirects to what is no address", "its answer") from None
        if not location or origin(target) != origin(self.base_url):
            host = origin(target)[1] if location else "nowhere"
            raise EnvironmentProblem(
                f"{self.label} redirects to another host ({host}); the token is not sent there",
                hint=f"set the address that answers directly instead of {self.base_url}",
            )
        return target

    def _refusal(self, status: int, what: str) -> PmctlError:
        variable = self.token_variable
        if status == 401:
            return EnvironmentProblem(
                f"{self.label} does not accept the token (401)", hint=f"put a valid token into {variable}"
            )
        if status == 403:
            return Forbidden(
                f"{self.label} does not allow this token to use {what} (403)",
                hint=f"give the token in {variable} the right to {self.right}",
            )
        if status == 404:
            return NotFound(
                f"{self.label} has no {what} (404)",
                hint="check the id; some systems also say 404 to a token that may not see it",
            )
        if status >= 500:
            return EnvironmentProblem(f"{self.label} is not working (answered {status})", hint="try again later")
        return Declined(
            f"{self.label} answered {status} for {what}", status, f"check the id and the address {self.base_url}"
        )

    def _slower(self, asked: Retry) -> PmctlError:
        pause = f"in {asked.wait:.0f} s" if asked.wait else "later"
        return EnvironmentProblem(f"{self.label} asks for fewer requests ({asked.status})", hint=f"try again {pause}")

    def _odd(self, why: str, what: str) -> PmctlError:
        return BadInput(f"{self.label} {why} ({what})", hint=f"check the address {self.base_url}")

    def _too_slow(self) -> PmctlError:
        return self._unreachable(f"was not done within {TOTAL_TIME:.0f} s")

    def _unreachable(self, why: str) -> PmctlError:
        host = urlsplit(self.base_url).netloc
        return EnvironmentProblem(f"{self.label} at {host} {why}", hint="check the network and the address")


class Forbidden(EnvironmentProblem):
    """What this token may not do (403)."""


class Declined(EnvironmentProblem):
    """An answer that only the caller can explain (400, 409, 422, ...); `status` is its number."""

    def __init__(self, message: str, status: int, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.status = status


def _named(problem: Exception) -> str:
    return type(problem).__name__


@contextmanager
def open_client(base_url: str) -> Iterator[httpx.Client]:
    """An HTTP client with time-outs. Raises EnvironmentProblem when the extra is not installed."""
    try:
        import httpx
        import stamina  # noqa: F401 - fails here rather than at the first request
    except ImportError:
        raise EnvironmentProblem(
            "talking to other systems needs more packages", hint="pip install 'pmctl[integrations]'"
        ) from None
    local = loopback(urlsplit(base_url).hostname or "")
    with httpx.Client(
        timeout=TIMEOUT, trust_env=not local, headers={"User-Agent": "pmctl", "Accept-Encoding": "gzip"}
    ) as client:
        yield client


def collect(ask: Callable[[Any], Answer], following: Callable[[Answer], Any], *keys: str) -> list[Any]:
    """All items of a paged list, which is below `keys` in every answer.

    `ask` fetches a page by its mark (None for the first), `following` takes the mark of the next page (an
    offset, a cursor, a link) from an answer. Raises BadInput when the pages do not end.
    """
    found: list[Any] = []
    mark: Any = None
    size = 0
    for _ in range(PAGE_LIMIT):
        answer = ask(mark)
        page = answer.at(*keys)
        found += page if isinstance(page, list) else []
        previous, mark = mark, following(answer)
        if not mark or not page or mark == previous:
            return found
        if not isinstance(mark, str | int) or len(str(mark)[: MARK_LIMIT + 1]) > MARK_LIMIT:
            raise BadInput(
                "the mark of the next page of a list is not one", hint="export the incident and import the file"
            )
        size += len(answer.data)
        if size > LIST_LIMIT:
            raise BadInput(
                f"the list has more than {LIST_LIMIT // 1_000_000} MB", hint="export the incident and import the file"
            )
    raise BadInput(f"the list has more than {PAGE_LIMIT} pages", hint="export the incident and import the file")


def as_file(name: str, value: object) -> RecordFile:
    """A JSON value as a record file."""
    try:
        return name, json.dumps(value).encode()
    except RecursionError:
        raise BadInput(f"{name}: nested deeper than an incident record is") from None
