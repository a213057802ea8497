"""How long something took, to and from words."""

from __future__ import annotations

import re
from datetime import timedelta

from pmctl.text import single_line

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WORDS = {
    "half a": 0.5, "half an": 0.5, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "ninety": 90,
}  # fmt: skip
_LONG = r"weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?"
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
# Texts, not compiled patterns: `re` compiles one when a document first needs it, and most say just `45 minutes`.
_AMOUNT = (
    rf"(?i)(?:(?P<number>\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?)\s*-?\s*(?P<unit>{_LONG}|min|[wdhms])"
    rf"|(?<![\w-])(?P<word>{_WORD})[\s-]+(?P<long>{_LONG}))(?![a-z])"
)
_HOURS_AND_MINUTES = r"(?i)(\d+)\s?h\s?([0-5]\d)(?![\d.:]|\s?[hdms])"
_CLOCK = r"(?i)[~≈]?\s*(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?:\s*(?:h|hours?|hrs?|min|minutes?))?\.?"
_ISO = r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?"
_FROM_TO = r"(?i)\d{1,2}:\d\d(?:\s*(?:[A-Z]{2,5}|[ap]m))?\s*(?:[-–—]|to|until|till)\s*~?\d{1,2}:\d\d"
# What makes a figure a bound, a rate or a span of figures, with which nothing can disagree.
_NO_FIGURE = (
    r"(?i)[<>≤≥]|\d\s*[-–—]\s*\d|\d\s+to\s+\d|\band a half\b"
    r"|\b(?:under|over|less|more|up to|at most|at least|below|above|per|each|every|between)\b"
)
_PLAIN = re.compile(r"(\d{1,9}) ([wdhms])(?:eeks?|ays?|ours?|inutes?|econds?)")
_MOST = 200
"""Characters of a text that are looked at: a duration is short, and what follows it is somebody's essay."""
_ROUGH = r"(?i)[~≈]|\b(?:about|around|approx\w*|roughly|nearly|almost|circa|ca|some)\b"
_JOINT = r"(?i)\s*(?:,|and|&)?\s*"


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


def durations_in(text: str) -> tuple[timedelta, ...]:
    """Every length of time that a short text states: `1h 45m`, `2.5 hours`, `three hours`, `00:45:00`, `PT45M`.

    Empty when the text gives a bound (`under an hour`), a rate, or a span of figures (`45-50 minutes`). Hours and
    minutes that may be minutes and seconds (`1:30`) are given as both.
    """
    text = text[:_MOST].strip()
    if match := _PLAIN.fullmatch(text):
        return (_lasting(int(match[1]) * _SECONDS[match[2]]),)
    if match := re.fullmatch(_CLOCK, text):
        first, second, third = (int(part) if part else None for part in match.groups())
        if third is not None:
            return (_lasting((first or 0) * 3600 + (second or 0) * 60 + third),)
        return _lasting((first or 0) * 3600 + (second or 0) * 60), _lasting((first or 0) * 60 + (second or 0))
    if (match := re.fullmatch(_ISO, text)) and any(match.groupdict().values()):
        return (_lasting(sum(int(value or 0) * _SECONDS[unit] for unit, value in match.groupdict().items())),)
    text = re.sub(_FROM_TO, " ", text)
    if re.search(_NO_FIGURE, text):
        return ()
    text = re.sub(_HOURS_AND_MINUTES, r"\1h \2min", text)
    found: list[float] = []
    end, last = 0, 0
    for match in re.finditer(_AMOUNT, text):
        size = _SECONDS[(match["unit"] or match["long"])[0].lower()]
        seconds = size * (_WORDS[single_line(match["word"].lower())] if match["word"] else _figure(match["number"]))
        if found and size < last and re.fullmatch(_JOINT, text[end : match.start()]):
            found[-1] += seconds
        else:
            found.append(seconds)
        end, last = match.end(), size
    return tuple(_lasting(seconds) for seconds in found)


def _lasting(seconds: float) -> timedelta:
    """A length of time; beyond three centuries none is told from another, however many digits it is written with."""
    return timedelta(seconds=min(seconds, 1e10))


def is_rough(text: str) -> bool:
    """Whether a length of time is given as an estimate: `~45 min`, `about an hour`."""
    return re.search(_ROUGH, text) is not None


def _figure(text: str) -> float:
    """A number with a decimal point or comma, or with commas between thousands."""
    return float(text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text) else text.replace(",", "."))


def _count(amount: int, unit: str) -> str:
    return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"
