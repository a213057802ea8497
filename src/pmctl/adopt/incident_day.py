"""The day of a document's incident, and where it was found.

Every day that a document names is a vote, weighted by where it stands: a stated date of the incident counts most, then
the title, the file's name and the text. A blog's publication date counts little, in its front matter and in its file's
name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import PurePosixPath

from pmctl.adopt.labels import LabelledValues
from pmctl.adopt.source import SourceDocument, SourceHeading
from pmctl.adopt.title import title_heading
from pmctl.document.aliases import TIMELINE
from pmctl.document.dates import Day, day_in_name, days, each_day, find_leading, month_named

_BLOG_KEYS = frozenset((
    "layout", "category", "categories", "slug", "permalink", "redirect_from", "draft", "aliases", "pubdate", "image",
    "hero", "excerpt", "url",
))  # fmt: skip
_STATED = (
    ("incident_date", 16.0, "the stated incident date"),
    ("start", 16.0, "the stated start"),
    ("period", 15.0, "the stated time"),
    ("detected", 4.0, "the stated detection time"),
)
_DAY_FOLDERS = re.compile(r"((?:19|20)\d\d)/([01]\d)/([0-3]\d)/")
_DIGIT_TOO_MANY = re.compile(r"(?<!\d)(20[0-3]\d)\d-([01]\d)-([0-3]\d)(?!\d)")
_YEAR_IN_NAME = re.compile(r"(?<!\d)(20[012]\d)(?!\d)")
_YEAR_IN_TEXT = re.compile(r"(?<![\d./-])(20[012]\d)(?![\d/-])")
_HAPPENED = re.compile(r"\b(?:on|at|from|since|between|am|starting)\s+(?:the\s+)?(?:\w+day,?\s+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IncidentDay:
    """The incident's day, where it was found, and how certain that is; `others` are days that compete."""

    value: date
    origin: str
    certain: float
    others: tuple[str, ...] = ()


@dataclass(slots=True)
class _Votes:
    """The weight of each day and where it was found. Days without a year are read as the ones closest to `near`.

    `plain` are the days that somebody wrote in a way that can be read in one way only, `happened` the first of the text
    when it says that something happened then.
    """

    near: date | None
    weights: dict[date, float] = field(default_factory=lambda: defaultdict(float))
    origins: dict[date, list[str]] = field(default_factory=lambda: defaultdict(list))
    plain: set[date] = field(default_factory=set)
    happened: set[date] = field(default_factory=set)

    def add(self, found: Day | None, weight: float, origin: str) -> None:
        value = found.near(self.near) if found else None
        if value is not None and 1990 <= value.year <= 2100:
            self.weights[value] += weight
            self.origins[value].append(origin)
            if found and not (found.swapped and found.month != found.day):
                self.plain.add(value)


def incident_day(
    source: SourceDocument, stated: LabelledValues, title: str, near: date | None = None
) -> IncidentDay | None:
    """The incident's day; None when the document names none.

    A document that names no year at all has its days read as those closest to `near`.
    """
    votes = _votes(source, stated, title, _anchor(source, stated, title) or near)
    weights, origins = votes.weights, votes.origins
    if not weights:
        return _month(source, stated, title)
    best = max(weights, key=lambda value: (weights[value], -value.toordinal()))
    rivals = tuple(
        f"{value.isoformat()} ({origins[value][0]})" for value in sorted(weights, key=lambda one: -weights[one])
        if value != best and weights[value] >= 4.0
        and (
            abs(value - best) > timedelta(days=3)
            or 4 * weights[value] >= 3 * weights[best]
            or (value in votes.happened and len(set(origins[best])) == 1)
        )
    )  # fmt: skip
    if best not in votes.plain and best.day <= 12:
        rivals = (f"{best.replace(month=best.day, day=best.month).isoformat()} (day and month the other way)", *rivals)
    certain = min(1.0, 0.45 + weights[best] / 12) - (0.2 if rivals else 0)
    if _is_blog(source) and set(origins[best]) <= {"the stated date", "the file name"}:
        certain = 0.4  # nothing else says so: it is when this was published
    return IncidentDay(best, " and ".join(dict.fromkeys(origins[best])), round(certain, 2), rivals)


def _is_blog(source: SourceDocument) -> bool:
    """Whether it is a post of a blog, which is dated by its publication."""
    keys = {str(key).lower() for key in source.front.values}
    return bool(_BLOG_KEYS & keys) or "_posts" in PurePosixPath(source.path).parts


def _month(source: SourceDocument, stated: LabelledValues, title: str) -> IncidentDay | None:
    """The month that a document names where it names no day."""
    opening = source.text[source.body_start : source.body_start + 1500]
    for text in (*(stated.first(key) for key in ("incident_date", "start", "period", "date")), title, opening):
        if found := month_named(text):
            return IncidentDay(found, f"{found:%B %Y}, which is all that it says of its day", 0.3)
    return None


def _votes(source: SourceDocument, stated: LabelledValues, title: str, near: date | None) -> _Votes:
    votes = _Votes(near)
    blog = _is_blog(source)
    for key, weight, origin in _STATED:
        votes.add(_first_day(stated.first(key)), weight, origin)
    votes.add(_first_day(stated.first("date")), 2.0 if blog and "date" in stated.in_front else 13.0, "the stated date")
    votes.add(_first_day(title), 14.0, "the title")
    heading = title_heading(source)
    if heading is not None and heading.text != title:
        votes.add(_first_day(heading.text), 13.0, "the first heading")
    in_timeline = _timeline_days(source)
    _vote_path(votes, source.path, in_timeline, blog=blog)
    if isinstance(path := source.front.values.get("path"), str) and (folders := _DAY_FOLDERS.search(path)):
        votes.add(_day_of(folders), 2.5, "the path in the front matter")
    if found := _timeline_of(source):
        for _, _, day in days(found.text)[:1]:
            votes.add(day, 4.0, "the timeline's heading")
    if in_timeline:
        votes.add(in_timeline[0], 2.5, "the timeline")
        votes.add(Counter(in_timeline).most_common(1)[0][0], 1.0, "the timeline")
    if match := _DIGIT_TOO_MANY.search(source.text, source.body_start):
        votes.add(_day_of(match), 1.0, "a date with one digit too many")
    _vote_opening(votes, source)
    return votes


def _vote_path(votes: _Votes, path: str, in_timeline: Sequence[Day], *, blog: bool) -> None:
    name = PurePosixPath(path)
    if in_name := day_in_name(name.stem):
        named = in_name.near(votes.near)
        told = [value for day in in_timeline if (value := day.near(votes.near))]
        if named and told and all(value < named for value in told) and not blog:
            # It was over before the day of the name, which may be when this was written.
            votes.add(in_name, 5.0, "the file name")
            votes.add(in_timeline[0], 3.0, "the timeline")
        else:
            votes.add(in_name, 2.0 if blog else 12.0, "the file name")
    elif len(name.parts) > 1:
        votes.add(day_in_name(name.parent.name), 11.0, "the folder's name")
        if folders := _DAY_FOLDERS.search(path):
            votes.add(_day_of(folders), 11.0, "the folder's name")


def _timeline_of(source: SourceDocument) -> SourceHeading | None:
    return next((one for one in source.headings if one.meaning and one.meaning.section == TIMELINE), None)


def _timeline_days(source: SourceDocument) -> list[Day]:
    """The days that the timeline names, in its order."""
    found = _timeline_of(source)
    if found is None:
        return []
    later = source.headings[source.headings.index(found) + 1 :]
    end = next((one.start for one in later if one.level < found.level or one.meaning), len(source.text))
    inside = [day for _, _, day in days(source.text[found.end : end])]
    # A file that is named for a year is about a day of that year; older days are what led to it.
    years = {int(year) for year in _YEAR_IN_NAME.findall(PurePosixPath(source.path).stem)}
    return [day for day in inside if day.year in years] or inside


def _vote_opening(votes: _Votes, source: SourceDocument) -> None:
    """The days in the first lines of the text, the first ones most."""
    opening = source.text[source.body_start : source.body_start + 1500]
    heading = title_heading(source)
    weight = 3.0
    for start, _, day in days(opening):
        at = source.body_start + start
        if source.in_code(at) or (heading is not None and heading.start <= at < heading.end):
            continue  # the title has its own vote
        before = opening[max(0, start - 12) : start].rsplit("\n", 1)[-1]
        happened = _HAPPENED.search(before + " ") is not None
        votes.add(day, weight + happened, "the text")
        if happened and weight == 3.0 and day.year and (value := day.near(None)):
            votes.happened.add(value)
        weight = max(0.3, weight - 1.2)


def _anchor(source: SourceDocument, stated: LabelledValues, title: str) -> date | None:
    """A day with a year by which days without one are read: of the labels, title, name, then the text."""
    for day in _stated_days(source, stated, title):
        if day.year and (value := day.near(None)):
            return value
    in_text: list[Day] = []
    for _, _, day in each_day(source.text[:20000]):
        if day.year and (value := day.near(None)):
            return value
        in_text.append(day)
    years = _YEAR_IN_NAME.findall(source.path) or _YEAR_IN_TEXT.findall(source.text[source.body_start :][:5000])
    if years and in_text:
        return date(int(years[0]), in_text[0].month, min(in_text[0].day, 28))
    # Of every day that names its year, day and month may be the other way round.
    return next((date(day.year, day.month, min(day.day, 28)) for day in in_text if day.year), None)


def _stated_days(source: SourceDocument, stated: LabelledValues, title: str) -> Iterator[Day]:
    for text in (*(stated.first(key) for key in ("incident_date", "start", "period", "date")), title):
        for _, _, day in days(text):
            yield day
    if in_name := day_in_name(PurePosixPath(source.path).stem):
        yield in_name


def _first_day(text: str) -> Day | None:
    """The day that a plain text begins with, or else the first in it."""
    moment = find_leading(text)
    if moment is not None and moment.day is not None:
        return moment.day
    return next((day for _, _, day in each_day(text)), None)


def _day_of(match: re.Match[str]) -> Day:
    return Day(int(match[1]), int(match[2]), int(match[3]))
