"""Times as incident systems write them, read into UTC: whole seconds, and the fraction beside them.

RFC 3339 with any offset and any number of fractional digits, the same with a space or without a zone, and epoch
numbers, whose unit shows in their size. Empty text, null and Go's zero time mean "no time".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,18}))?)?"
    r"\s*([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*UTC)?)?",
    re.ASCII,
)
_EPOCH_TEXT = re.compile(r"(\d{10})(?:\.(\d{1,18}))?|(\d{13}|\d{16}|\d{19})", re.ASCII)

# Nothing that pmctl reads was recorded earlier; below lie zero values of several languages and databases.
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
# Largest number read as seconds, then as milliseconds, microseconds; beyond that nanoseconds.
_EPOCH_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))


@dataclass(frozen=True, slots=True)
class Instant:
    """What a value says about time: `at` (UTC, whole seconds, None when it holds no time), and how far to trust it.

    `readable` is False for a value that is there but is not a time; `zoned` is False when the text named no
    zone and `at` rests on the default zone. `nanosecond` is the fraction, by which entries of one second are ordered.
    """

    at: datetime | None
    readable: bool = True
    zoned: bool = True
    nanosecond: int = 0

    @property
    def order(self) -> tuple[datetime, int]:
        """What instants are sorted by, in full precision; no time is after all times."""
        return self.at or _LATEST, self.nanosecond


_LATEST = datetime.max.replace(tzinfo=UTC)
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
        return _epoch_text(text)
    return _calendar(match, zone)


def _epoch_text(text: str) -> Instant:
    match = _EPOCH_TEXT.fullmatch(text)
    if match is None:
        return UNREADABLE
    seconds, fraction, units = match.groups()
    return _plausible(datetime.fromtimestamp(int(seconds), UTC), _fraction(fraction)) if seconds else _epoch(int(units))


def _fraction(digits: str | None) -> int:
    """The digits behind the point of a second, in nanoseconds."""
    return int(f"{digits or '0':0<9}"[:9])


def _epoch(number: float) -> Instant:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by magnitude."""
    if not number:
        return NOTHING
    for limit, divisor in _EPOCH_UNITS:
        if 0 < number < limit:
            seconds = int(number // divisor)
            return _plausible(
                datetime.fromtimestamp(seconds, tz=UTC), int((number - seconds * divisor) * 10**9 / divisor)
            )
    return UNREADABLE


def _calendar(match: re.Match[str], zone: tzinfo) -> Instant:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59))
        at = naive.replace(tzinfo=_zone(offset) if offset else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        # Go's zero time with an offset leaves the calendar; it means "no time" like the plain one.
        return NOTHING if year in ("0000", "0001") else UNREADABLE
    instant = _plausible(at, _fraction(fraction))
    return replace(instant, zoned=bool(offset)) if instant.at else instant


def _zone(offset: str) -> tzinfo:
    if offset in ("Z", "z", "UTC", "GMT"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))


def _plausible(at: datetime, nanosecond: int) -> Instant:
    return Instant(at, nanosecond=nanosecond) if at >= _EARLIEST else NOTHING
