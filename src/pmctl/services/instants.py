"""Times as incident systems write them, read into UTC with whole seconds.

RFC 3339 with any offset and 0 to 9 fractional digits, the same with a space or without a zone, and epoch
numbers, whose unit shows in their size. Empty text, null and Go's zero time mean "no time".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*UTC)?)?",
    re.ASCII,
)
_EPOCH_TEXT = re.compile(r"\d{10}(?:\.\d{1,9})?|\d{13}", re.ASCII)

# Nothing that pmctl reads was recorded earlier; below lie zero values of several languages and databases.
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
# Largest number read as seconds, then as milliseconds, microseconds; beyond that nanoseconds.
_EPOCH_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))


@dataclass(frozen=True, slots=True)
class Instant:
    """What a value says about time: `at` (UTC, None when it holds no time), and how far to trust it.

    `readable` is False for a value that is there but is not a time; `zoned` is False when the text named no
    zone and `at` rests on the default zone.
    """

    at: datetime | None
    readable: bool = True
    zoned: bool = True


NOTHING = Instant(None)
UNREADABLE = Instant(None, readable=False)


def parse_instant(value: object, zone: tzinfo = UTC) -> Instant:
    """Read a JSON value as a time; never raises. `zone` is used for text that names none."""
    if value is None or value is False or value == "":
        return NOTHING
    if isinstance(value, bool):
        return UNREADABLE
    if isinstance(value, int | float):
        return _epoch(value)
    if not isinstance(value, str):
        return UNREADABLE
    text = value.strip()
    if not text:
        return NOTHING
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return _epoch(float(text)) if _EPOCH_TEXT.fullmatch(text) else UNREADABLE
    return _calendar(match, zone)


def _epoch(number: float) -> Instant:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by magnitude."""
    if not number:
        return NOTHING
    for limit, divisor in _EPOCH_UNITS:
        if 0 < number < limit:
            return _plausible(datetime.fromtimestamp(int(number // divisor), tz=UTC))
    return UNREADABLE


def _calendar(match: re.Match[str], zone: tzinfo) -> Instant:
    year, month, day, hour, minute, second, offset = match.groups()
    try:
        naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59))
        at = naive.replace(tzinfo=_zone(offset) if offset else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        # Go's zero time with an offset leaves the calendar; it means "no time" like the plain one.
        return NOTHING if year in ("0000", "0001") else UNREADABLE
    instant = _plausible(at)
    return Instant(instant.at, instant.readable, zoned=bool(offset)) if instant.at else instant


def _zone(offset: str) -> tzinfo:
    if offset in ("Z", "z", "UTC", "GMT"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))


def _plausible(at: datetime) -> Instant:
    return Instant(at) if at >= _EARLIEST else NOTHING
