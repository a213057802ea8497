"""The API of an incident system: one connection, careful with the token.

https only (loopback excepted), redirects and paging links only within the same origin, time-outs,
retries that honour Retry-After, a limit on what is read. Every failure becomes one clear error, and no
error, log line or repr holds the token.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from pmctl.errors import BadInput, EnvironmentProblem, NotFound, PmctlError, UsageProblem
from pmctl.services.cursor import Cursor

if TYPE_CHECKING:
    import httpx

RESPONSE_LIMIT = 50_000_000  # bytes of one answer, unpacked
PAGE_LIMIT = 200  # pages of one list
TIMEOUT = 20.0  # seconds for connecting and for each read
ATTEMPTS = 4
LONGEST_PAUSE = 60.0  # seconds; a service that asks for more gets an error that says so
TOTAL_TIME = 180.0  # seconds for one request with all its retries

_REDIRECTS = (301, 302, 303, 307, 308)
_RETRIED = (429, 500, 502, 503, 504)


RecordFile = tuple[str, bytes]
"""The name and the content of a record file, as `registry.read_records` takes them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer: its value, its bytes as received, and the address of the next page ("" for none)."""

    value: Any
    data: bytes
    next_url: str = ""

    def at(self, *keys: str) -> Any:
        """A member of the value; None where there is none."""
        return Cursor(self.value).at(*keys).value


@dataclass(frozen=True, slots=True)
class Service:
    """An open connection to one system. `base_url` has no slash at its end."""

    label: str
    base_url: str
    token_variable: str
    client: httpx.Client = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    def get(self, path: str, what: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """GET a path below the base address, or an absolute address of the same origin.

        `what` names the thing for messages ("incident PT4KHLK"). Raises PmctlError.
        """
        return self._ask("GET", path, what, params=dict(params or {}))

    def post(self, path: str, what: str, body: object) -> Answer:
        """POST a JSON body: for services whose reading calls are posts."""
        return self._ask("POST", path, what, body=body)

    def _ask(self, method: str, path: str, what: str, **sent: Any) -> Answer:
        import httpx
        import stamina

        url = self._address(path)
        try:
            for attempt in stamina.retry_context(
                on=_pause_before_retry, attempts=ATTEMPTS, timeout=TOTAL_TIME, wait_initial=0.5, wait_max=10.0
            ):
                with attempt:
                    return self._once(method, url, what, **sent)
        except _Retry as problem:
            raise self._refusal(problem.status, what, problem.wait) from None
        except httpx.TimeoutException:
            raise self._unreachable(f"did not answer within {TIMEOUT:.0f} s") from None
        except httpx.HTTPError as problem:
            raise self._unreachable(f"can't be reached ({type(problem).__name__})") from None
        raise AssertionError("the retries end with an answer or an exception")

    def _once(self, method: str, url: str, what: str, **sent: Any) -> Answer:
        for _ in range(5):
            request = self.client.build_request(
                method, url, params=sent.get("params") or None, json=sent.get("body"), headers=dict(self.headers)
            )
            response = self.client.send(request, stream=True, follow_redirects=False)
            try:
                if response.status_code in _REDIRECTS:
                    url, sent = self._redirect(url, response.headers.get("location", "")), {**sent, "params": None}
                    continue
                return self._answer(response, what)
            finally:
                response.close()
        raise self._unreachable("keeps redirecting")

    def _answer(self, response: httpx.Response, what: str) -> Answer:
        status = response.status_code
        if status in _RETRIED:
            raise _Retry(status, _retry_after(response.headers.get("retry-after", "")))
        if status != 200:
            raise self._refusal(status, what, None)
        data = bytearray()
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > RESPONSE_LIMIT:
                raise BadInput(f"{self.label} answered with more than {RESPONSE_LIMIT // 1_000_000} MB for {what}")
        try:
            value = json.loads(bytes(data))
        except (ValueError, RecursionError):
            raise BadInput(
                f"{self.label} answered with something that is not JSON for {what}",
                hint=f"check the address {self.base_url}",
            ) from None
        return Answer(value, bytes(data), response.links.get("next", {}).get("url", ""))

    def _address(self, path: str) -> str:
        url = path if "://" in path else f"{self.base_url}{path}"
        if _origin(url) != _origin(self.base_url):
            raise BadInput(
                f"{self.label} names a page on another host ({urlsplit(url).hostname}); the token is not sent there"
            )
        return url

    def _redirect(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if not location or _origin(target) != _origin(self.base_url):
            host = urlsplit(target).hostname if location else "nowhere"
            raise EnvironmentProblem(
                f"{self.label} redirects to another host ({host}); the token is not sent there",
                hint=f"set the address that answers directly instead of {self.base_url}",
            )
        return target

    def _refusal(self, status: int, what: str, wait: float | None) -> PmctlError:
        variable = self.token_variable
        if status == 401:
            return EnvironmentProblem(
                f"{self.label} does not accept the token (401)", hint=f"put a valid token into {variable}"
            )
        if status == 403:
            return EnvironmentProblem(
                f"{self.label} does not allow this token to read {what} (403)",
                hint=f"give the token in {variable} the right to read incidents",
            )
        if status == 404:
            return NotFound(
                f"{self.label} has no {what} (404)",
                hint="check the id; some systems also say 404 to a token that may not see it",
            )
        if status == 429:
            pause = f"in {wait:.0f} s" if wait else "later"
            return EnvironmentProblem(f"{self.label} asks for fewer requests (429)", hint=f"try again {pause}")
        if status >= 500:
            return EnvironmentProblem(f"{self.label} is not working (answered {status})", hint="try again later")
        return EnvironmentProblem(
            f"{self.label} answered {status} for {what}", hint=f"check the id and the address {self.base_url}"
        )

    def _unreachable(self, why: str) -> PmctlError:
        host = urlsplit(self.base_url).netloc
        return EnvironmentProblem(f"{self.label} at {host} {why}", hint="check the network and the address")


class _Retry(Exception):
    """An answer after which another try is worthwhile; `wait` is what Retry-After asks for, in seconds."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.wait = wait


def _pause_before_retry(problem: Exception) -> bool | float:
    """For stamina: whether to try again, or after how many seconds."""
    import httpx

    if isinstance(problem, _Retry):
        if problem.wait is None:
            return True
        return max(problem.wait, 0.05) if problem.wait <= LONGEST_PAUSE else False
    return isinstance(problem, httpx.TransportError) and not isinstance(problem, httpx.UnsupportedProtocol)


def _retry_after(value: str) -> float | None:
    """Seconds from a Retry-After header, which is a number or a date (RFC 9110, 10.2.3)."""
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme.lower(), (parts.hostname or "").lower(), port or (443 if parts.scheme == "https" else 80)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base_url(url: str, variable: str) -> str:
    """An address that a token may be sent to; UsageProblem for anything but https (or loopback)."""
    address = url.strip().rstrip("/")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not host or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise UsageProblem(f"{variable} is not a web address", hint="write it like https://api.example.com")
    if parts.username or parts.password:
        raise UsageProblem(f"{variable} holds a user name or password", hint="put the token into its own variable")
    if parts.scheme == "http" and not _loopback(host):
        raise UsageProblem(f"{variable} is not https", hint="a token is only sent over https")
    return address


def checked_token(token: str, variable: str) -> str:
    """A token that fits into a header; the error never shows it."""
    trimmed = token.strip()
    if not trimmed.isascii() or not trimmed.isprintable() or " " in trimmed:
        raise EnvironmentProblem(f"{variable} holds characters that no token has", hint="set it again")
    return trimmed


@contextmanager
def open_client(base_url: str) -> Iterator[httpx.Client]:
    """An HTTP client with time-outs. Raises EnvironmentProblem when the extra is not installed."""
    try:
        import httpx
        import stamina  # noqa: F401 - fails here rather than at the first request
    except ImportError:
        raise EnvironmentProblem(
            "fetching incidents needs more packages", hint="pip install 'pmctl[integrations]'"
        ) from None
    local = _loopback(urlsplit(base_url).hostname or "")
    with httpx.Client(timeout=TIMEOUT, trust_env=not local, headers={"User-Agent": "pmctl"}) as client:
        yield client


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")


def collect(ask: Callable[[Any], Answer], following: Callable[[Answer], Any], *keys: str) -> list[Any]:
    """All items of a paged list, which is below `keys` in every answer.

    `ask` fetches a page by its mark (None for the first), `following` takes the mark of the next page (an
    offset, a cursor, a link) from an answer. Raises BadInput when the pages do not end.
    """
    found: list[Any] = []
    mark: Any = None
    for _ in range(PAGE_LIMIT):
        answer = ask(mark)
        page = answer.at(*keys)
        found += page if isinstance(page, list) else []
        previous, mark = mark, following(answer)
        if not mark or not page or mark == previous:
            return found
    raise BadInput(f"the list has more than {PAGE_LIMIT} pages", hint="export the incident and import the file")


def as_file(name: str, value: object) -> RecordFile:
    """A JSON value as a record file."""
    return name, json.dumps(value).encode()
