"""When a request is worth another try, and after how long. An answer or an error in, a pause out."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 60.0  # seconds; a service that asks for more gets an error that says so


class Retry(Exception):
    """An answer after which another try is worthwhile; `wait` is what Retry-After asks for, in seconds."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.wait = wait


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
    import httpx

    refused = isinstance(problem, Retry) and (problem.status == 429 or (problem.status == 503 and problem.wait))
    unsent = isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout)
    return pause_before_retry(problem) if refused or unsent else False


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
