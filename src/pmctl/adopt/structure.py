"""Headings of any shape -> second-level sections under their own names, with no word of any heading lost.

The level on which most known headings stand becomes level 2. A heading that an alias names is renamed, and what it said
before stays as a bold line below it; every other heading keeps its wording and at most changes its level. Text is
moved only where a subsection becomes a section: then what else stands in the section around it stays in that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from pmctl.adopt.completeness import words
from pmctl.adopt.source import UNDERLINED, SourceDocument, SourceHeading
from pmctl.adopt.timeline_entries import is_entry_heading
from pmctl.document.aliases import (
    ACTION_ITEMS,
    DETECTION,
    FACTORS,
    IMPACT,
    LESSONS,
    METADATA,
    RESOLUTION,
    ROOT_CAUSE,
    TIMELINE,
)  # fmt: skip
from pmctl.document.headings import ALIAS, EXACT, PATTERN, Meaning, is_open, is_outlook, same_wording, two_sections

_CHECKLIST = re.compile(r"^[ \t]*[-*+][ \t]+\[[ xX]\]", re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*(?:[-*+][ \t]|\d+[.)][ \t]|\|)", re.MULTILINE)
_PROMOTED = (TIMELINE, ACTION_ITEMS, ROOT_CAUSE, IMPACT, RESOLUTION, DETECTION)
_LEARNT = re.compile(
    r"\b(?:learn|lesson|takeaway|gelernt|appris|leçon|aprend|lecci|liç)|教訓|学[びん]|教训|学到", re.IGNORECASE
)
_BOLD_LINE = 7


@dataclass(slots=True)
class _Place:
    """A heading and what becomes of it. `level` 0 takes it out (its words are in the title), 7 makes it a bold line.

    `end` is where the text below it ends, `name` its new name, `insert` a heading to put before it; `taken_for` says
    for a person what it became.
    """

    heading: SourceHeading
    end: int
    level: int
    found: Meaning | None
    name: str = ""
    insert: str = ""
    taken_for: str = ""
    of_timeline: bool = False

    @property
    def section(self) -> str:
        """The section that the heading stands for as a whole; "" for none and for a part of Lessons Learned."""
        return self.found.section if self.found and not self.found.part else ""

    @property
    def part(self) -> str:
        """The part of Lessons Learned that the heading stands for, or ""."""
        return self.found.part if self.found else ""

    @property
    def tier(self) -> int:
        """How sure that is."""
        return self.found.tier if self.found else 0


@dataclass(frozen=True, slots=True)
class Arranged:
    """The rearranged body, and what its headings became.

    `mapped` holds each heading that was recognised, what it was taken for and how sure that is; `kept` those that keep
    their wording; `questions` are for a person.
    """

    body: str
    mapped: tuple[tuple[str, str, int], ...]
    kept: tuple[str, ...]
    questions: tuple[str, ...]


def arrange(source: SourceDocument, title_heading: SourceHeading | None, title: str) -> Arranged:
    """The body of `source` with its sections on level 2 under the names that pmctl knows them by."""
    places = _places(source, title_heading)
    _mark_timeline_entries(places)
    _set_levels(places, title_heading)
    _place_title(source, places, title_heading, title)
    _skip_outlooks(source, places)
    questions = [*_read_conclusions(source, places), *_take_checklist_for_actions(source, places)]
    _adopt_parents_of_parts(places)
    _promote(places)
    _name_sections(places)
    for place in places:
        if place.level == 2 and (halves := two_sections(place.heading.title)):
            taken = f"it became {place.name}" if place.name else "which section is it?"
            questions.append(f"heading {place.heading.text!r} covers {' and '.join(halves)}: {taken}")
    return Arranged(
        _rebuilt(source, places),
        tuple((place.heading.text, place.taken_for, place.tier) for place in places if place.taken_for),
        tuple(
            place.heading.text for place in places
            if not place.name and place.level in (2, _BOLD_LINE) and not place.of_timeline
        ),
        tuple(questions),
    )  # fmt: skip


def first_section(source: SourceDocument, title_heading: SourceHeading | None) -> int:
    """The offset of the first heading that is neither the title nor of metadata: above it is no section."""
    for heading in _with_bold(source, title_heading):
        found = heading.meaning
        if heading is not title_heading and not (found and found.section == METADATA):
            return heading.start
    return len(source.text)


def _with_bold(source: SourceDocument, title_heading: SourceHeading | None) -> Sequence[SourceHeading]:
    """The headings; in a document that has none that are known, bold lines count as well where an alias names them."""
    headings = source.headings
    known = [heading for heading in headings if heading is not title_heading and heading.meaning]
    bold = [
        line for line in source.bold
        if (found := line.meaning) and (found.tier >= ALIAS or two_sections(line.title))
    ]  # fmt: skip
    if len(known) > 1 or len(bold) < 2:
        return headings
    return sorted([*headings, *bold], key=lambda heading: heading.start)


def _places(source: SourceDocument, title_heading: SourceHeading | None) -> list[_Place]:
    places: list[_Place] = []
    above = 1
    headings = _with_bold(source, title_heading)
    ends = [*(heading.start for heading in headings[1:]), len(source.text)]
    for heading, end in zip(headings, ends, strict=False):
        level = heading.level or min(above + 1, 6)
        above = heading.level or above
        places.append(_Place(heading, end, level, None if heading is title_heading else heading.meaning))
    return places


def _mark_timeline_entries(places: list[_Place]) -> None:
    """Headings that are days or times below a timeline's heading are its entries, whatever their level."""
    inside = False
    for place in places:
        if place.section == TIMELINE:
            inside = True
        elif inside and is_entry_heading(place.heading.text):
            place.of_timeline = True
            place.found = None
        else:
            inside = False


def _set_levels(places: list[_Place], title_heading: SourceHeading | None) -> None:
    """The level of most known headings becomes 2, entries of a timeline go below it."""
    counted = [place for place in places if place.heading is not title_heading and not place.of_timeline]
    known = Counter(place.level for place in counted if not place.part and place.tier >= ALIAS)
    if known:
        base = min(known, key=lambda level: (-known[level], level))
    else:
        base = min((place.level for place in counted), default=2)
    first_entry = min((place.level for place in places if place.of_timeline), default=3)
    for place in places:
        if place.of_timeline:
            place.level = min(3 + place.level - first_entry, 6)
        else:
            place.level = min(2 + max(place.level - base, 0), 6)


def _place_title(source: SourceDocument, places: list[_Place], title_heading: SourceHeading | None, title: str) -> None:
    """The title's heading goes when the title holds all of it; it stays a section when text stands below it."""
    index = next((index for index, place in enumerate(places) if place.heading is title_heading), None)
    if index is None or title_heading is None:
        return
    for before in places[:index]:
        before.level, before.found = _BOLD_LINE, None
    text = title_heading.text
    if text == title or ("](" not in title_heading.title and words(text) == words(title)):
        places[index].level = _BOLD_LINE if "](" in title_heading.title else 0
        return
    last = index + 1 == len(places)
    has_text = not last and len(source.text[title_heading.end : places[index + 1].heading.start].split()) > 40
    places[index].level = 2 if has_text else _BOLD_LINE


def _text_below(source: SourceDocument, places: list[_Place], index: int) -> str:
    """The text of a section, its subsections included."""
    level = places[index].level
    later = (place.heading.start for place in places[index + 1 :] if place.level <= level)
    return source.text[places[index].heading.end : next(later, len(source.text))]


def _skip_outlooks(source: SourceDocument, places: list[_Place]) -> None:
    """A heading such as "Moving forward" above prose is no list of action items."""
    for index, place in enumerate(places):
        outlook = place.section == ACTION_ITEMS and is_outlook(place.heading.title)
        if outlook and not _LISTED.search(_text_below(source, places, index)):
            place.found = None


def _read_conclusions(source: SourceDocument, places: list[_Place]) -> Iterator[str]:
    """A conclusion that speaks of learning holds the lessons; about any other, a question."""
    there = {place.section for place in places}
    for index, place in enumerate(places):
        if place.level != 2 or place.found is not None or not is_open(place.heading.title):
            continue
        if LESSONS not in there and _LEARNT.search(_text_below(source, places, index)):
            place.found = Meaning(LESSONS, "", PATTERN)
        elif missing := [section for section in (ROOT_CAUSE, LESSONS) if section not in there]:
            yield f"heading {place.heading.text!r} stays: is it {' or '.join(missing)}?"


def _take_checklist_for_actions(source: SourceDocument, places: list[_Place]) -> list[str]:
    """A remediation that holds a checklist is a plan, not what was done, unless action items have a section already.

    Returns the question that this raises.
    """
    if any(place.section == ACTION_ITEMS for place in places):
        return []
    for index, place in enumerate(places):
        remedy = place.level == 2 and place.section == RESOLUTION and "remed" in place.heading.title.lower()
        if remedy and _CHECKLIST.search(_text_below(source, places, index)):
            place.found = Meaning(ACTION_ITEMS, "", PATTERN)
            return [f"heading {place.heading.text!r} has a checklist below it and became Action Items: is that right?"]
    return []


def _children(places: list[_Place], index: int) -> list[_Place]:
    level = places[index].level
    return list(takewhile(lambda place: place.level > level, places[index + 1 :]))


def _adopt_parents_of_parts(places: list[_Place]) -> None:
    """A section whose subsections are what went well, badly and luckily is Lessons Learned, whatever it is called."""
    for index, place in enumerate(places):
        if place.level == 2 and (place.found is None or place.section == LESSONS):
            parts = [child for child in _children(places, index) if child.level == 3 and child.part]
            if len(parts) >= 2:
                place.found = Meaning(LESSONS, "", EXACT)
                return


def _promote(places: list[_Place]) -> None:
    """Raise a timeline, action items and the like that stand below another section, behind what stays in that."""
    owned: dict[str, int] = {}
    for place in places:
        if place.level == 2:
            owned[place.section] = max(place.tier, owned.get(place.section, 0))
    arranged: list[_Place] = []
    at = 0
    while at < len(places):
        parent = places[at]
        family = [parent, *(_children(places, at) if parent.level == 2 else ())]
        at += len(family)
        risen: list[_Place] = []
        rising = False
        for place in family:
            if place.level == 3:
                rising = _may_rise(place, parent, owned)
                if rising:
                    owned[place.section] = place.tier
            if rising:
                risen.append(place)
            else:
                arranged.append(place)
        for place in risen:
            if not place.of_timeline and 2 < place.level < _BOLD_LINE:
                place.level -= 1
        arranged += risen
    places[:] = arranged


def _may_rise(place: _Place, parent: _Place, owned: dict[str, int]) -> bool:
    """Whether a subsection is a section of its own: always below an unknown heading, seldom below a known one."""
    if place.section not in _PROMOTED and not (place.section == FACTORS and place.tier == EXACT):
        return False
    if place.tier < ALIAS or (place.section in owned and not owned[place.section] < EXACT == place.tier):
        return False
    if parent.found is None:
        return True
    if parent.part or parent.section in (ACTION_ITEMS, TIMELINE):
        return False
    return place.section == TIMELINE or (
        place.section == ACTION_ITEMS and same_wording(place.heading.title, ACTION_ITEMS)
    )


def _name_sections(places: list[_Place]) -> None:
    """Give each section to the heading that fits best; the parts of Lessons Learned get a heading above them."""
    owners: dict[str, _Place] = {}
    for place in places:
        if place.level == 2 and place.section not in ("", METADATA):
            present = owners.setdefault(place.section, place)
            if place.tier == EXACT > present.tier:
                owners[place.section] = place
    current = ""
    below_part = False
    for index, place in enumerate(places):
        if place.level == 2:
            below_part = bool(place.part)
            current = _name_section(places, index, owners, current)
        elif place.level == 3 and current == LESSONS and not below_part and place.part:
            place.name = place.part
            place.taken_for = f"{LESSONS}: {place.part}"


def _name_section(places: list[_Place], index: int, owners: dict[str, _Place], current: str) -> str:
    """Name one section; returns the section that the text is in from there on, "" for one that is not known."""
    place = places[index]
    if place.part:
        if LESSONS not in owners:
            place.insert = current = LESSONS
            owners[LESSONS] = place
        if current != LESSONS:
            return ""
        _nest(places, index)
        place.name = place.part
        place.taken_for = f"{LESSONS}: {place.part}"
        return current
    if owners.get(place.section) is place:
        place.name = place.taken_for = place.section
        return place.section
    if place.section and place.section == current and place.tier >= ALIAS:
        _nest(places, index)
        place.taken_for = current
        return current
    return ""


def _nest(places: list[_Place], index: int) -> None:
    """Lower a section and its subsections by one level, so that it stands in the section before it."""
    for place in (places[index], *_children(places, index)):
        place.level = min(place.level + 1, 6)


def _rebuilt(source: SourceDocument, places: list[_Place]) -> str:
    text, newline = source.text, source.newline
    first = min((place.heading.start for place in places), default=len(text))
    out = [text[source.body_start : first]]
    for place in places:
        heading = place.heading
        below = text[heading.end : place.end]
        if place.level == 0:
            out.append(below.lstrip("\r\n"))
            continue
        original = text[heading.start : heading.end]
        new = newline.join(_lines(place, original))
        if new.rstrip("\r\n") == original.rstrip("\r\n") and (not out or not out[-1] or out[-1].endswith("\n")):
            out += [original, below]
            continue
        out += [_blank_before(out, newline), new, newline]
        followed = below[:1] not in ("", "\r", "\n")
        if followed and (place.level == _BOLD_LINE or "**" in new or heading.level == 0):
            out.append(newline)
        out.append(below)
    return "".join(out)


def _blank_before(out: list[str], newline: str) -> str:
    before = next((piece for piece in reversed(out) if piece), "")
    if not before or before.endswith((newline * 2, "\n\n")) or not "".join(out).strip():
        return ""
    return newline if before.endswith("\n") else newline * 2


def _lines(place: _Place, original: str) -> Iterator[str]:
    """The lines that stand in a heading's place."""
    title = place.heading.title
    if place.insert:
        yield f"## {place.insert}"
        yield ""
    if place.level == _BOLD_LINE:
        yield _bold(title)
    elif place.name:
        yield f"{'#' * place.level} {place.name}"
        if not same_wording(title, place.name):
            yield ""
            yield _bold(title)
    elif place.heading.level == place.level and (original.lstrip().startswith("#") or place.level < UNDERLINED):
        yield original.rstrip("\r\n")
    else:
        yield f"{'#' * place.level} {title}"


def _bold(title: str) -> str:
    """A former heading as a line of text: bold unless its own markup stands in the way."""
    return title if re.search(r"[*\[<]|^_|_$", title) else f"**{title.strip()}**"
