"""Which incident a document is about: its title, its day and so its id, each with where it was found.

Every day that a document names is a vote, weighed by where it stands: a stated date of the incident, the title, the
file's name and the text, in this order. A blog's publication date counts little, in its front matter and in its
file's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath

from pmctl.adopt.metadata import Facts
from pmctl.adopt.source import Source, fenced
from pmctl.document.dates import Day, day_in_name, days, each_day, find_leading
from pmctl.document.fields import MAX_ID
from pmctl.document.headings import bare, is_section_name, meaning, plain
from pmctl.document.structure import Heading

_MAX_TITLE = 300
_GENERIC = re.compile(
    r"(?:issue|incident|outage) (?:name|title|report)|(?:incident )?post[- ]?mortems?(?: report| template)?"
    r"|incident(?: report| review)?|report|the incident|title|retrospective"
    r"|インシデント(?:レポート|報告書)|障害報告書|ポストモーテム|故障报告|事故报告|复盘|故障复盘"
    r"|rca|root cause analysis|post[- ]incident (?:review|report)|pir|readme|untitled|index"
)
_BLOG_KEYS = frozenset(
    (
        "layout",
        "category",
        "categories",
        "slug",
        "permalink",
        "redirect_from",
        "draft",
        "aliases",
        "pubdate",
        "image",
        "hero",
        "excerpt",
        "url",
    )
)
# An organisation's own number of the document in front of its title.
_NUMBER = re.compile(
    r"^\s*(?:pm|inc|incident|rca|pir|postmortem|post-mortem)[-_ #]*\d{1,4}(?:[-_ ]\d+)*\s*[:\-–—.]?\s*", re.IGNORECASE
)
_TAIL = re.compile(r"(?:-(?:on|of|at|in|to|for|the|and|a|an|by|with))+$")
_NOISE = re.compile(
    r"^(?:(?:public|draft|incident|report|post|mortem|postmortem|postmortems|retrospective|review|rca|pm|on|for|of|the|a|an)-)+"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it comes from, in words for a person; `certain` between 0 and 1."""

    value: str
    origin: str
    certain: float


@dataclass(frozen=True, slots=True)
class FoundDay:
    """The incident's day, where it was found, and how certain that is; `others` are days that compete."""

    value: date
    origin: str
    certain: float
    others: tuple[str, ...] = ()


def title_heading(source: Source) -> Heading | None:
    """The heading that is the title: the first one of level 1, or the first of all, when it names no section."""
    headings = source.outline.headings
    if not headings:
        return None
    first = headings[0]
    top = [heading for heading in headings if heading.level == 1]
    candidate = top[0] if top else first
    if is_section_name(candidate.title) or (len(top) > 1 and meaning(candidate.title)):
        return None
    if candidate is not first and (len(top) > 1 or candidate.line > 40):
        return None
    if candidate.level > 1:
        # Without an H1 a heading is the title only when the sections stand below it.
        below = [heading for heading in (*headings[1:], *source.bold) if meaning(heading.title)]
        if (not below and len(headings) > 1) or any(heading.level <= candidate.level for heading in headings[1:]):
            return None
    return candidate


def title(source: Source, facts: Facts, heading: Heading | None) -> Found:
    """The title: stated, of the title heading, of the text below a placeholder, or of the file's name."""
    stated = facts.first("title")
    if stated and not _GENERIC.fullmatch(bare(stated)):
        return Found(_short(stated), "front matter" if "title" in facts.in_front else "a label", 1.0)
    if heading is not None and plain(heading.title) and not _GENERIC.fullmatch(bare(heading.title)):
        return Found(_short(plain(heading.title)), "the first heading", 1.0)
    if heading is not None:
        below = source.text[heading.end :].lstrip().split("\n", 1)[0].strip()
        alone = below and not re.match(r"[#|>`<!\-*+\d=]|\*\*", below) and len(below) <= 120
        if alone and ":" not in below[:25]:
            return Found(_short(plain(below)).rstrip("."), "the line below the heading", 0.8)
    bold = next((line for line in source.bold if line.start <= source.body_start + 200), None)
    if heading is None and bold is not None and meaning(bold.title) is None and len(bold.title.split()) > 1:
        return Found(_short(plain(bold.title)), "the first bold line", 0.8)
    return Found(_short(_from_name(source.path)), "the file name", 0.7)


def day(source: Source, facts: Facts, title_text: str, fallback: tuple[date, str] | None) -> FoundDay | None:
    """The incident's day; None when neither the document nor `fallback` (a day and its origin) gives one."""
    votes: dict[date, float] = defaultdict(float)
    origins: dict[date, list[str]] = defaultdict(list)
    blog = bool(_BLOG_KEYS & {str(key).lower() for key in source.front})
    known = _anchor(source, facts, title_text, fallback)

    def vote(found: Day | None, weight: float, origin: str, *, near: date | None = known) -> None:
        value = found.near(near) if found else None
        if value is not None and 1990 <= value.year <= 2100:
            votes[value] += weight
            origins[value].append(origin)

    for key, weight in (("incident_date", 16.0), ("start", 16.0), ("period", 15.0), ("detected", 4.0)):
        for text in facts.values.get(key, ())[:1]:
            vote(
                _first_day(text),
                weight,
                "the stated " + {"incident_date": "incident date", "period": "time"}.get(key, key),
            )
    for text in facts.values.get("date", ())[:1]:
        vote(_first_day(text), 2.0 if blog and "date" in facts.in_front else 13.0, "the stated date")
    vote(_first_day(title_text), 14.0, "the title")
    heading = title_heading(source)
    if heading is not None and plain(heading.title) != title_text:
        vote(_first_day(plain(heading.title)), 13.0, "the first heading")
    name = PurePosixPath(source.path)
    vote(day_in_name(name.stem), 2.0 if blog else 12.0, "the file name")
    if day_in_name(name.stem) is None and len(name.parts) > 1:
        vote(day_in_name(name.parent.name), 11.0, "the folder's name")
        if folders := re.search(r"((?:19|20)\d\d)/([01]\d)/([0-3]\d)/", source.path):
            vote(Day(int(folders[1]), int(folders[2]), int(folders[3])), 11.0, "the folder's name")
    _vote_text(source, vote)
    if not votes:
        if fallback is None:
            return None
        return FoundDay(fallback[0], fallback[1], 0.3)
    best = max(votes, key=lambda value: (votes[value], -value.toordinal()))
    rivals = tuple(
        f"{value.isoformat()} ({origins[value][0]})" for value in sorted(votes, key=lambda v: -votes[v])
        if value != best and votes[value] >= 4.0 and abs(value - best) > timedelta(days=3)
    )  # fmt: skip
    certain = min(1.0, 0.45 + votes[best] / 12) - (0.2 if rivals else 0)
    return FoundDay(best, " and ".join(dict.fromkeys(origins[best])), round(certain, 2), rivals)


def _vote_text(source: Source, vote: object) -> None:
    """Days in the prose: those in the opening, those in a timeline's heading, and the timeline's first."""
    assert callable(vote)  # noqa: S101  for the type checker
    text = source.text
    years = {int(year) for year in re.findall(r"(?<!\d)(20[012]\d)(?!\d)", PurePosixPath(source.path).stem)}
    code = fenced(text, source.body_start)
    headings = source.outline.headings
    opening = text[source.body_start : source.body_start + 1500]
    weight = 3.0
    for index, heading in enumerate(headings):
        found = meaning(heading.title)
        if found and found.section == "Timeline":
            for _, _, one in days(plain(heading.title))[:1]:
                vote(one, 4.0, "the timeline's heading")
            end = next(
                (later.start for later in headings[index + 1 :] if later.level < heading.level or meaning(later.title)),
                len(text),
            )
            inside = days(text[heading.end : end])
            # A file that is named for a year is about a day of that year; older days are what led to it.
            if years and any(one.year in years for _, _, one in inside):
                inside = tuple(found for found in inside if found[2].year in years)
            for _, _, one in inside[:1]:
                vote(one, 2.5, "the timeline")
            counts: dict[Day, int] = defaultdict(int)
            for _, _, one in inside:
                counts[one] += 1
            if counts:
                vote(max(counts, key=lambda one: counts[one]), 1.0, "the timeline")
            break
    for match in re.finditer(r"(?<!\d)(20[0-3]\d)\d-([01]\d)-([0-3]\d)(?!\d)", text[source.body_start :]):
        vote(Day(int(match[1]), int(match[2]), int(match[3])), 1.0, "a date with one digit too many")
        break
    for first, _, one in days(opening):
        if any(start <= source.body_start + first < end for start, end in code):
            continue
        before = opening[max(0, first - 12) : first].rsplit("\n", 1)[-1]
        happened = re.search(
            r"\b(?:on|at|from|since|between|am|starting)\s+(?:the\s+)?(?:\w+day,?\s+)?$", before + " ", re.IGNORECASE
        )
        vote(one, weight + (1.0 if happened else 0.0), "the text")
        weight = max(0.3, weight - 1.2)


def _anchor(source: Source, facts: Facts, title_text: str, fallback: tuple[date, str] | None) -> date | None:
    """A day with a year by which days without one are read: of the metadata, title, name, then the text."""
    texts = [facts.first(key) for key in ("incident_date", "start", "period", "date")] + [title_text]
    for text in texts:
        for _, _, one in days(text):
            if one.year and (value := one.near(None)):
                return value
    named = day_in_name(PurePosixPath(source.path).stem)
    if named and named.year and (value := named.near(None)):
        return value
    in_text: list[Day] = []
    for _, _, one in each_day(source.text[:20000]):
        if one.year and (value := one.near(None)):
            return value
        in_text.append(one)
    years = re.findall(r"(?<!\d)(20[012]\d)(?!\d)", source.path) or re.findall(
        r"(?<![\d./-])(20[012]\d)(?![\d/-])", source.body[:5000]
    )
    if years and in_text:
        return date(int(years[0]), in_text[0].month, min(in_text[0].day, 28))
    ambiguous = next((one for one in in_text if one.year), None)
    if ambiguous is not None and ambiguous.year is not None:
        return date(ambiguous.year, ambiguous.month, min(ambiguous.day, 28))
    return fallback[0] if fallback else None


def _first_day(text: str) -> Day | None:
    moment = find_leading(plain(text))
    if moment is not None and moment.day is not None:
        return moment.day
    return next((one for _, _, one in days(plain(text))), None)


def slug(title_text: str, path: str) -> str:
    """The id's slug: the title's words without dates and "incident report", at most 60 characters."""
    for text in (title_text, _from_name(path)):
        rest = text
        for start, end, _ in reversed(days(text)):
            rest = rest[:start] + " " + rest[end:]
        rest = re.sub(r"(?<!\d)(?:19|20)\d{6}(?!\d)", " ", rest)
        rest = _NUMBER.sub("", rest)
        letters = [character for character in rest if character.isalpha()]
        if (
            4
            * sum(
                not character.isascii()
                for character in unicodedata.normalize("NFKD", "".join(letters))
                if character.isalpha()
            )
            > len(letters)
            and text is not path
        ):
            continue  # a title in another script leaves too little; the file's name says more
        ascii_text = unicodedata.normalize("NFKD", rest).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['`]", "", ascii_text)).strip("-")
        shorter = _NOISE.sub("", words + "-").strip("-")
        chosen = shorter if len(shorter) >= 4 else words
        if len(chosen) >= 3 and re.search("[a-z]", chosen):
            return _TAIL.sub("", chosen if len(chosen) <= 60 else chosen[:61].rpartition("-")[0] or chosen[:60])
    ascii_words = "-".join(re.findall(r"[a-z0-9]+", title_text.lower()))[:60].strip("-")
    return ascii_words if re.search("[a-z]", ascii_words) else "incident"


def unique_id(day_found: date, slug_text: str, taken: set[str]) -> str:
    """An id that `taken` (case-folded) doesn't hold yet; -2, -3 and so on tell namesakes apart."""
    base = f"{day_found.isoformat()}-{slug_text}"[: MAX_ID - 5].rstrip("-")
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    taken.add(name)
    return name


def _from_name(path: str) -> str:
    stem = PurePosixPath(path).stem
    if (
        bare(stem) in ("readme", "index", "postmortem", "post-mortem", "report", "incident")
        and len(PurePosixPath(path).parts) > 1
    ):
        stem = PurePosixPath(path).parent.name
    text = re.sub(r"^(?:(?:19|20)\d\d[-_. ]?\d\d[-_. ]?\d\d|\d\d-\d\d(?=[-_]))[-_. ]*", "", stem)
    text = text if " " in text else re.sub(r"[-_]+", " ", text)
    text = " ".join(text.split())
    return (text[:1].upper() + text[1:]) if text else stem


def _short(text: str) -> str:
    text = "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in text
    )
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TITLE else text[: _MAX_TITLE - 3].rstrip() + "..."
