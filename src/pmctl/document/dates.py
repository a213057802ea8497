"""Days and times as people write them in postmortems.

A day may lack its year or be ambiguous (7/5/2023); `Day.near` settles it by a day that is known to be close, and
leaves it open otherwise. Nothing here guesses a zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pmctl.document.zones import AMBIGUOUS, ends_a_range, zone_of

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero janeiro", "feb february februar février febrero fevereiro",
            "mar march märz mars marzo março", "apr april avril abril", "may mai mayo maio",
            "jun june juni juin junio junho", "jul july juli juillet julio julho", "aug august août agosto",
            "sep sept september septembre septiembre setembro", "oct october oktober octobre octubre outubro okt",
            "nov november novembre noviembre novembro", "dec december dezember décembre diciembre dezembro dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)"
)
_DAY = re.compile(
    rf"""(?<![A-Za-z0-9./-])(?:{_WEEKDAY}\.?,?\s+(?:the\s+)?)?(?:
      (?P<y1>(?:19|20)\d\d)(?P<s1>[-/.])(?P<m1>\d\d?)(?P=s1)(?P<d1>\d\d?)(?!\d)
    | (?P<y2>(?:19|20)\d\d)\s?年\s?(?P<m2>\d\d?)\s?月\s?(?P<d2>\d\d?)\s?日
    | (?P<m3>\d\d?)\s?月\s?(?P<d3>\d\d?)\s?日
    | (?P<n4>{_MONTH})\.?\s+(?P<d4>\d\d?)(?:st|nd|rd|th)?(?!\d|:\d)(?:\s*,?\s+(?P<y4>(?:19|20)\d\d)(?!\d|:\d))?
    | (?P<d5>\d\d?)(?:st|nd|rd|th|\.)?[\s-]+(?:of\s+)?(?P<n5>{_MONTH})\b\.?
      (?:\s*,?[\s-]+(?P<y5>(?:19|20)\d\d)(?!\d|:\d))?
    | (?P<a6>\d\d?)(?P<s6>[/.-])(?P<b6>\d\d?)(?P=s6)(?P<y6>(?:19|20)?\d\d)(?!\d|[./]\d)
    | (?P<m7>[01]\d)-(?P<d7>[0-3]\d)(?=\s+\d\d?:\d\d)
    | (?P<m8>1[0-2]|[1-9])/(?P<d8>[0-3]?\d)(?![\d/])
    )""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
_DIGITS = re.compile(r"\d+")
_JOINTS = frozenset("-/.年月")
_MONTH_NEARBY = re.compile(
    r"jan|ene|feb|fév|fev|m[aä]r|ap?r|abr|avr|ma[iy]|ju[nli]|a[ug]o|aug|aoû|sep|set|o[ck]t|out|nov|de[cz]|dic|déc|\s[年月]",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"""(?:(?P<h>[012]?\d)[:：](?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:[.,]\d{1,9})?)?(?:\s?(?P<ap>[ap])\.?m\b\.?)?
    |(?P<h2>1[0-2]|0?\d)(?:[.:](?P<m2>[0-5]\d))?\s?(?P<ap2>[ap])\.?m\b\.?
    |(?P<h3>[012]\d)(?P<m3>[0-5]\d)(?=\s*(?:h(?:ou)?rs?\b|h\b|UTC|GMT|Z\b|:\s))\s*(?:h(?:ou)?rs?\b|h\b)?
    |(?P<h4>[012]?\d)\s?[h時点]\s?(?P<m4>[0-5]\d)(?:\s?分)?(?!\w))(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_UNKNOWN = re.compile(
    r"\?{2,}(?::\?{2,})?|[X?]{1,2}:[X?]{1,2}|HH:mm|[012]?\d:(?:\?\?|XX|xx|mm|--)|不明|tbd\b|unknown\b|X(?=\s*:)"
)
_ZONE = re.compile(
    r"\s*(?P<open>[(\[])?(?:\+(?=UTC|GMT))?(?P<zone>(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d\d)?|[+-]\d\d:?\d\d|[A-Z]{1,5})(?![\w/])(?(open)[)\]])"
)
# Zones that stand for several: kept as written, never resolved.
_SEVERAL = AMBIGUOUS | {"PT", "ET", "MT", "CT"}
_APPROXIMATE = re.compile(
    r"(?:~|≈|c(?:irc)?a\.?\s|approx(?:imately|\.)?\s|around\s|about\s|at about\s|roughly\s)\s*", re.IGNORECASE
)
_DAY_IN_BRACKETS = re.compile(
    rf"\s*\((?P<day>(?:(?:{_MONTH})\.?\s+\d\d?|\d\d?\s+(?:{_MONTH})|\d{{4}}-\d\d-\d\d))\)", re.IGNORECASE
)
_BEFORE_TRAILING = re.compile(r"\s[-–—@]\s*|\s+(?:at|on)\s+|[:：]\s+")
_RANGE = re.compile(r"\s*(?:-|–|—|~|〜|to|until|→|->|through)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as written. `year` is None when it isn't; `swapped` when day and month may be meant the other way."""

    year: int | None
    month: int
    day: int
    swapped: bool = False

    def near(self, known: date | None) -> date | None:
        """The day that is meant, by one that is close to it; None when that stays open."""
        if self.year is not None:
            options = [_date(self.year, self.month, self.day)]
            if self.swapped and self.month != self.day:
                options.append(_date(self.year, self.day, self.month))
        elif known is None:
            return None
        else:
            options = [_date(year, self.month, self.day) for year in (known.year - 1, known.year, known.year + 1)]
            if self.swapped:
                options += [_date(year, self.day, self.month) for year in (known.year - 1, known.year, known.year + 1)]
        real = [option for option in options if option is not None]
        if known is None:
            return real[0] if len(real) == 1 else None
        real.sort(key=lambda option: abs(option - known))
        if not real or (self.year is None and abs(real[0] - known) > timedelta(days=150)):
            return None
        if len(real) > 1 and self.swapped and abs(real[0] - known) > timedelta(days=21):
            return None
        return real[0]


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both, at the start of a text of which it takes `length` characters.

    `clock` is "HH:MM" or "HH:MM:SS", "" without a time; `zone` as written; `rough` for an approximate time;
    `unknown` when the author wrote that the time isn't known.
    """

    length: int
    day: Day | None
    clock: str
    zone: str
    rough: bool
    unknown: bool


def days(text: str) -> tuple[tuple[int, int, Day], ...]:
    """Every day in a text, with its offsets."""
    return tuple(each_day(text))


def each_day(text: str) -> Iterator[tuple[int, int, Day]]:
    """The days in a text, with their offsets, as they are come upon."""
    # Looking for a day at every character is slow: one is looked for around digits that could belong to one.
    at = 0
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        if start < at or not (
            text[end : end + 1] in _JOINTS or _MONTH_NEARBY.search(text, max(at, start - 14), end + 10)
        ):
            continue
        for match in _DAY.finditer(text, max(at, start - 26), min(len(text), end + 26)):
            if day := _day(match):
                at = match.end()
                yield match.start(), match.end(), day


def month_named(text: str) -> date | None:
    """The first day of the first month that a text names with its year and without a day."""
    match = re.search(rf"(?<![\w-])(?P<name>{_MONTH})\.?,?\s+(?P<year>(?:19|20)\d\d)(?!\d)", text, re.IGNORECASE)
    return date(int(match["year"]), _MONTHS[match["name"].lower()], 1) if match else None


def day_in_name(name: str) -> Day | None:
    """The day in a file name, in which `_` and `-` are spaces: 2024-01-15-outage, 20240115_outage, 15-jan-2024."""
    match = re.search(r"(?<!\d)((?:19|20)\d\d)[-_. ]?([01]\d)[-_. ]?([0-3]\d)(?!\d)", name)
    if match and _date(int(match[1]), int(match[2]), int(match[3])):
        return Day(int(match[1]), int(match[2]), int(match[3]))
    spaced = name.replace("_", " ")
    for text in (spaced, re.sub(r"-+", " ", spaced)):
        for _, _, day in days(text):
            return day
    if match := re.match(r"([01]\d)-([0-3]\d)(?!\d)", name):
        return Day(None, int(match[1]), int(match[2])) if _date(2024, int(match[1]), int(match[2])) else None
    return None


def find_leading(text: str) -> Moment | None:
    """The moment that a text begins with: a day, a time, or a day and a time, and what belongs to them."""
    at = _skip_space(text, 0)
    day, clock, zone = None, "", ""
    rough = unknown = False
    for _ in range(2):
        found = _DAY.match(text, at)
        if found is None and not rough and (about := _APPROXIMATE.match(text, at)):
            found = _DAY.match(text, about.end())
            rough = found is not None
        if found and day is None and (parsed := _day(found)):
            day = parsed
            at = _behind(
                text,
                found.end(),
                r"(?:\s*\([A-Za-z]{3,9}\))?(?:\s*[,T@:：•·|—–-])?\s*(?:at\s+)?(?=[~≈\d?XHh不(\[*`acrtu])",
            )
            continue
        if clock or unknown:
            break
        start = at
        if about := _APPROXIMATE.match(text, start):
            start = about.end()
        if (mark := _UNKNOWN.match(text, start)) and (day or mark.end() == len(text) or not text[mark.end()].isalnum()):
            unknown, at = True, mark.end()
            at, zone = _zone(text, at)
            continue
        if (time := _TIME.match(text, start)) or (
            day and (time := re.compile(r"(?P<h3>[012]\d)(?P<m3>[0-5]\d)(?!\d)").match(text, start))
        ):
            clock, rough, at = _clock(time), rough or about is not None, time.end()
            if not clock:
                return None
            if text[time.start() - 1 : time.start()] == "T" or not _is_range(text, at, clock):
                at, zone = _zone(text, at)
            at, end_zone = _range_end(text, at)
            zone = zone or end_zone
            behind = _behind(text, at, r"\s*,?\s+(?:on\s+)?")
            if day is None and (later := _DAY.match(text, behind)) and (parsed := _day(later)):
                day, at = parsed, later.end()
            elif day is None and (bracketed := _DAY_IN_BRACKETS.match(text, at)):
                at = bracketed.end()
                day = next((one for _, _, one in days(bracketed["day"])), None)
            break
        break
    if day is None and not clock and not unknown:
        return None
    if day is not None and not clock and not unknown:
        at = len(text[:at].rstrip(" \t,:：—–-@T|•·")) if at > _skip_space(text, 0) else at
        if ending := re.compile(r"\s*(?:-|–|—|→|to|〜|~)\s*").match(text, at):
            if (other := _DAY.match(text, ending.end())) and _day(other):
                at = other.end()
            elif short := re.compile(r"[0-3]?\d-[0-3]?\d(?![\d:])").match(text, ending.end()):
                at = short.end()
    return Moment(at, day, clock, zone, rough, unknown)


def _is_range(text: str, at: int, clock: str) -> bool:
    """Whether what stands directly behind a time looks like an offset, but is the end of a range: 09:00-10:00."""
    offset = re.compile(r"-\d\d:\d\d(?!\d)").match(text, at)
    return offset is not None and ends_a_range(int(clock[:2]), int(clock[3:5]), offset.group())


def _range_end(text: str, at: int) -> tuple[int, str]:
    """Where a range of times ends that goes on at `at`, and the zone behind it."""
    joint = _RANGE.match(text, at)
    if joint is None:
        return at, ""
    start = joint.end()
    other = _DAY.match(text, start)
    if other and _day(other):
        start = _behind(text, other.end(), r"\s*[,T]?\s*(?=\d)")
    if about := _APPROXIMATE.match(text, start):
        start = about.end()
    time = _TIME.match(text, start)
    if time is None or not _clock(time):
        return at, ""
    return _zone(text, time.end())


def trailing(text: str) -> Moment | None:
    """The moment that a text ends with, in brackets or behind a dash, a colon, "at" or "on"."""
    text = text.rstrip(" \t.*_`")
    inner = re.search(r"[(\[]\s*([^()\[\]]{3,40})\s*[)\]]$", text)
    ends = [inner[1].strip()] if inner else [text[joint.end() :] for joint in _BEFORE_TRAILING.finditer(text)]
    for inside in ends:
        found = find_leading(inside) if len(inside) <= 45 else None
        if found is not None and found.clock and not inside[found.length :].strip(" .*_`"):
            return found
    return None


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _behind(text: str, at: int, pattern: str) -> int:
    match = re.compile(pattern).match(text, at)
    return match.end() if match else at


def _zone(text: str, at: int) -> tuple[int, str]:
    """Where the zone ends that stands at `at`, and its name; `at` and "" when no known zone stands there."""
    match = _ZONE.match(text, at)
    if match is None or (match["zone"] not in _SEVERAL and zone_of(match["zone"]) is None):
        return at, ""
    return match.end(), match["zone"]


def _clock(match: re.Match[str]) -> str:
    parts = match.groupdict()
    hour = int(next(parts[name] for name in ("h", "h2", "h3", "h4") if parts.get(name)))
    minute = next((parts[name] for name in ("m", "m2", "m3", "m4") if parts.get(name)), "00")
    half = (parts.get("ap") or parts.get("ap2") or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23:
        return ""
    return f"{hour:02d}:{minute}" + (f":{parts['s']}" if parts.get("s") else "")


def _day(match: re.Match[str]) -> Day | None:
    part = match.groupdict()
    if part["a6"]:
        first, second = int(part["a6"]), int(part["b6"])
        year = int(part["y6"]) if len(part["y6"]) == 4 else 2000 + int(part["y6"])
        if part["s6"] == ".":
            return Day(year, second, first) if _date(year, second, first) else None
        if _date(year, first, second):
            return Day(year, first, second, swapped=second <= 12)
        return Day(year, second, first) if _date(year, second, first) else None
    for suffix in "123457":
        day = part.get(f"d{suffix}")
        if day:
            named = part.get(f"n{suffix}")
            month = _MONTHS[named.lower()] if named else int(part[f"m{suffix}"])
            written = part.get(f"y{suffix}")
            year_or_none = int(written) if written else None
            return Day(year_or_none, month, int(day)) if _date(year_or_none or 2024, month, int(day)) else None
    if part["m8"] and _date(2024, int(part["m8"]), int(part["d8"])):
        return Day(None, int(part["m8"]), int(part["d8"]), swapped=int(part["d8"]) <= 12)
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
