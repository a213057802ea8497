"""How long something took, in words."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def duration_text(length: timedelta) -> str:
    """`45 minutes`, `1 hour 5 minutes`, `2 days 3 hours`: at most two units, the rest cut off.

    Below a minute it counts seconds. A negative length is a mistake of the caller's data and gives "".
    """
    seconds = int(length.total_seconds())
    if seconds < 0:
        return ""
    if seconds < 60:
        return _count(seconds, "second")
    amounts = []
    for unit, size in _UNITS:
        amounts.append((seconds // size, unit))
        seconds %= size
    first = next(place for place, (amount, _) in enumerate(amounts) if amount)
    return " ".join(_count(amount, unit) for amount, unit in amounts[first : first + 2] if amount)


def _count(amount: int, unit: str) -> str:
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"
