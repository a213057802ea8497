"""When a request is worth another try, and after how long. An answer or an error in, a pause out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from pmctl.errors import EnvironmentProblem, PmctlError

RETRIED = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 60.0  # seconds; a service that asks for more gets an error that says so


class Reply(NamedTuple):
    """An answer other than success: its status, headers, and the beginning of what it holds."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Uncertain(EnvironmentProblem):
    """What was sent once may have been done, or not: the answer is missing, or does not tell."""


class Retry(Exception):
    """An answer after which another try is worthwhile; `wait` is what Retry-After asks for, in seconds.

    `slower` where it asks for fewer requests, and so has done nothing.
    """

    def __init__(self, status: int, wait: float | None, *, slower: bool) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.wait = wait
        self.slower = slower


def by_header(reply: Reply) -> float | None:
    """How most services ask for fewer requests: with 429, and with Retry-After for how many seconds (0 without)."""
    return (retry_after(reply.headers.get("retry-after", "")) or 0.0) if reply.status == 429 else None


def pause_before_retry(problem: Exception) -> bool | float:
    """For stamina: whether to try again, or after how many seconds."""
    import httpx

    if isinstance(problem, Retry):
        if problem.wait is None:
            return True
        return max(problem.wait, 0.05) if problem.wait <= LONGEST_PAUSE else False
    return isinstance(problem, httpx.TransportError) and not isinstance(problem, httpx.UnsupportedProtocol)


def pause_unless_done(problem: Exception) -> bool | float:
    """For stamina, where a second try could do a thing twice: only after what cannot have done it."""

    return pause_before_retry(problem) if _not_done(problem) else False


def doubted(problem: PmctlError, cause: Exception) -> PmctlError:
    """A problem with what was sent once: an Uncertain where its cause leaves open whether it was done."""
    return problem if _not_done(cause) else Uncertain(problem.message, hint=problem.hint)


def _not_done(problem: Exception) -> bool:
    """Whether nothing can have come of a request: it was refused, or never left."""
    import httpx

    if isinstance(problem, Retry):
        return problem.slower or (problem.status == 503 and bool(problem.wait))
    unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError
    return isinstance(problem, unsent)


def retry_after(value: str) -> float | None:
    """Seconds from a Retry-After header, which is a number or a date (RFC 9110, 10.2.3)."""
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        moment = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
