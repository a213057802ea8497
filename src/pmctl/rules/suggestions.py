"""What somebody most likely meant by a time or a date that pmctl does not read, in the form that it does.

Only what can be told is suggested: a day without its year is the one nearest to the incident, and one that may be
meant in two ways is given in both.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from pmctl.text import parse_day

_MIDNIGHT = re.compile(r"(?:(?P<day>\d{4}-\d{2}-\d{2})[T ])?24:00(?P<rest>\s?[A-Z]{0,5})")
_MARKS = re.compile(r"[*_`~]+|\s*\((?:approx\.?|approximately|estimated|est\.?)\)$|\s*[-–—]\s*(?:\d{1,2}:)?\?+$|\?+$")
_MOST = 200
"""Characters of a text that may still be meant as a time or a date."""
_ROUGH = re.compile(r"[~≈?]|\b(?:around|about|approx|ca|circa|roughly|est)\b", re.IGNORECASE)


def written_time(text: str, known: date | None) -> str:
    """A time such as `2:05 pm` or `Jan 15 14:05` as `14:05` or `2024-01-15 14:05`; "" when it can't be told.

    `known` is a day near it: that of the incident, or of the entry above.
    """
    from pmctl.document.dates import find_leading

    if match := _MIDNIGHT.fullmatch(text):
        day = parse_day(match["day"] or "") or known
        return f"{day + timedelta(days=1)} 00:00{match['rest']}" if day and day < date.max else ""
    bare = _MARKS.sub("", text).strip() if len(text) < _MOST else ""
    moment = find_leading(bare)
    if moment is None or re.search(r"\d", bare[moment.length :]):
        return ""
    day = moment.day.near(known) if moment.day else None
    if moment.day and day is None:
        return ""
    parts = [str(day) if day else "", moment.clock, moment.zone if moment.clock else ""]
    found = " ".join(part for part in parts if part)
    return f"~{found}" if _ROUGH.search(text) and moment.clock and not day else found


def written_dates(text: str, known: date | None) -> tuple[str, ...]:
    """The days, as YYYY-MM-DD, that a due date such as `Jan 22` or `03/04/2024` may mean: none, one or two.

    Without a year it is the next such day after `known`.
    """
    from pmctl.document.dates import days

    found = [day for _, _, day in days(_MARKS.sub("", text))] if len(text) < _MOST else []
    if len(found) != 1:
        return ()
    [day] = found
    years = (day.year,) if day.year else (known.year, known.year + 1) if known else ()
    options = (
        [(day.month, day.day)]
        if not day.swapped or day.month == day.day
        else [(day.month, day.day), (day.day, day.month)]
    )
    meant = []
    for month, number in options:
        real = [one for year in years if (one := parse_day(f"{year:04}-{month:02}-{number:02}"))]
        meant += [one for one in real if day.year or (known and one >= known)][:1]
    return tuple(str(one) for one in sorted(meant))
