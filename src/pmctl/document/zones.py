"""Time zones as people write them: abbreviations, offsets, IANA names."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
# Hours from UTC. Left out are abbreviations that stand for several zones (CST in Asia is rare enough).
_ABBREVIATIONS = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "JST": 9,
    "KST": 9,
    "SGT": 8,
    "HKT": 8,
    "AWST": 8,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}
_LONGEST_ZONE = 64
"""Twice as long as any name of the IANA's. The standard library looks a name of a thousand slashes up recursively."""
_REGIONS = {"PT": "America/Los_Angeles", "MT": "America/Denver", "CT": "America/Chicago", "ET": "America/New_York"}
ZONE = (
    r"(?:UTC|GMT)\s?[+-][0-9]{1,2}(?::?[0-9]{2})?|[+-][0-9]{2}:?[0-9]{2}"
    r"|[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_-]+)+|[A-Z]{1,5}"
)
"""A pattern for what may be a zone's name; `zone_of` says whether it is one."""
AMBIGUOUS = frozenset(("IST", "AST", "BRT", "ART", "PKT", "WIB", "NPT", "CDST"))
"""Abbreviations that stand for several zones, or are read so: nobody resolves them."""


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """The zone of an abbreviation, an offset such as +02:00 or UTC+2, or an IANA name; None when unknown."""
    name = name.strip()
    if len(name) > _LONGEST_ZONE:
        return None
    if name.upper() in _ABBREVIATIONS:
        hours = _ABBREVIATIONS[name.upper()]
        return timezone(timedelta(hours=hours), name.upper()) if hours else UTC
    if match := _OFFSET.fullmatch(name):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes > 14 * 60 or int(match[3] or 0) > 59:
            return None
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))
    if "/" in name or name in _REGIONS:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(_REGIONS.get(name, name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    return None


def ends_a_range(hour: int, minute: int, offset: str) -> bool:
    """Whether `-10:00` directly behind a time of day is the end of a range and no offset from UTC.

    It is when no zone has that offset, or when it is later than the time in front of it, as in 09:00-10:00.
    """
    digits = offset.removeprefix("-").replace(":", "")
    other = (int(digits[:2]), int(digits[2:]))
    return other > (hour, minute) or other[0] > 12 or other[1] not in (0, 30)
