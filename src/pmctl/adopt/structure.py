"""Headings of any shape -> second-level sections under their own names, with no word of any heading lost.

The level on which most known headings stand becomes level 2. A heading that an alias names is renamed, and what it said
before stays as a bold line below it; every other heading keeps its wording and changes its level at most. Text is
never moved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmctl.adopt.completeness import words
from pmctl.adopt.source import Source
from pmctl.adopt.timelines import names_days
from pmctl.document.aliases import (
    ACTION_ITEMS,
    DETECTION,
    IMPACT,
    LESSONS,
    METADATA,
    RESOLUTION,
    ROOT_CAUSE,
    TIMELINE,
)  # fmt: skip
from pmctl.document.dates import find_leading
from pmctl.document.headings import (
    ALIAS,
    EXACT,
    PATTERN,
    Meaning,
    is_outlook,
    meaning,
    plain,
    same_wording,
    two_sections,
)  # fmt: skip
from pmctl.document.structure import Heading

_CHECKLIST = re.compile(r"^[ \t]*[-*+][ \t]+\[[ xX]\]", re.MULTILINE)
_LISTED = re.compile(r"^[ \t]*(?:[-*+][ \t]|\d+[.)][ \t]|\|)", re.MULTILINE)
_PROMOTED = (TIMELINE, ACTION_ITEMS, ROOT_CAUSE, IMPACT, RESOLUTION, DETECTION)


@dataclass(slots=True)
class _Place:
    """A heading and what becomes of it. `level` 0 takes it out (its words are in the title), 7 makes it a bold line."""

    heading: Heading
    level: int
    found: Meaning | None
    name: str = ""
    insert: str = ""
    of_timeline: bool = False


@dataclass(frozen=True, slots=True)
class Arranged:
    """The rearranged body, what each heading was taken for, which stayed, and what a person should decide."""

    body: str
    mapped: tuple[tuple[str, str, int], ...] = ()
    kept: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    preamble_end: int = field(default=0)


def arrange(source: Source, title_heading: Heading | None, title: str) -> Arranged:
    """The body of `source` with its sections on level 2 under the names that pmctl knows them by."""
    places = _places(source, title_heading)
    _mark_timeline_entries(places)
    _set_levels(places, title_heading)
    for place in places:
        if place.heading is title_heading:
            place.level = _title_level(source, place, places, title)
            for before in places[: places.index(place)]:
                before.level, before.found = 7, None
    questions: list[str] = []
    _outlooks(source, places)
    _checklists(source, places, questions)
    _adopt_parents_of_parts(places)
    _promote(places)
    mapped = _name_sections(places)
    for place in places:
        halves = two_sections(place.heading.title) if place.level == 2 else ()
        if halves:
            taken = f"it was taken for {place.name}" if place.name else "which section is it?"
            questions.append(f"heading {plain(place.heading.title)!r} is about {' and '.join(halves)}: {taken}")
    kept = tuple(
        plain(place.heading.title) for place in places
        if not place.name and place.level in (2, 7) and not place.of_timeline
    )  # fmt: skip
    return Arranged(_rebuilt(source, places), mapped, kept, tuple(questions))


def first_section(source: Source, title_heading: Heading | None) -> int:
    """The offset of the first heading that is neither the title nor of metadata: above it is no section."""
    for heading in _with_bold(source, title_heading):
        found = meaning(heading.title)
        if heading is not title_heading and not (found and found.section == METADATA):
            return heading.start
    return len(source.text)


def _with_bold(source: Source, title_heading: Heading | None) -> list[Heading]:
    """The headings; in a document that has none that are known, bold lines count as well where an alias names them."""
    headings = list(source.outline.headings)
    known = [heading for heading in headings if heading is not title_heading and meaning(heading.title)]
    bold = [
        line
        for line in source.bold
        if (found := meaning(line.title)) and (found.tier >= ALIAS or two_sections(line.title))
    ]
    if len(known) > 1 or len(bold) < 2:
        return headings
    return sorted([*headings, *bold], key=lambda heading: heading.start)


def _places(source: Source, title_heading: Heading | None) -> list[_Place]:
    places: list[_Place] = []
    above = 1
    for heading in _with_bold(source, title_heading):
        level = heading.level or min(above + 1, 6)
        above = heading.level or above
        places.append(_Place(heading, level, None if heading is title_heading else meaning(heading.title)))
    return places


def _mark_timeline_entries(places: list[_Place]) -> None:
    """Headings that are days or times below a timeline's heading are its entries, whatever their level."""
    inside = False
    for place in places:
        if place.found and place.found.section == TIMELINE:
            inside = True
        elif inside and _is_entry(place.heading.title):
            place.of_timeline = True
            place.found = None
        else:
            inside = False


def _is_entry(title: str) -> bool:
    moment = find_leading(plain(title))
    return moment is not None and (bool(moment.clock) or moment.unknown or names_days(plain(title)))


def _set_levels(places: list[_Place], title_heading: Heading | None) -> None:
    counted = [place for place in places if place.heading is not title_heading and not place.of_timeline]
    known = Counter(
        place.level for place in counted if place.found and not place.found.part and place.found.tier >= ALIAS
    )
    if known:
        base = min(known, key=lambda level: (-known[level], level))
    else:
        base = min((place.level for place in counted), default=2)
    days = [place.level for place in places if place.of_timeline]
    for place in places:
        if place.of_timeline:
            place.level = min(3 + place.level - min(days), 6)
        else:
            place.level = 2 if place.level <= base else min(2 + place.level - base, 6)


def _title_level(source: Source, place: _Place, places: list[_Place], title: str) -> int:
    """0 when the title holds every word of its heading, 7 when nothing stands below it, otherwise a section."""
    wanted, held = list(words(plain(place.heading.title))), list(words(title))
    if plain(place.heading.title) == title or (wanted == held and "](" not in place.heading.title):
        return 0 if "](" not in place.heading.title else 7
    index = places.index(place)
    end = places[index + 1].heading.start if index + 1 < len(places) else len(source.text)
    has_text = len(source.text[place.heading.end : end].split()) > 40
    return 2 if has_text and index + 1 < len(places) else 7


def _outlooks(source: Source, places: list[_Place]) -> None:
    """A heading such as "Moving forward" above prose is no list of action items."""
    for index, place in enumerate(places):
        if place.found and place.found.section == ACTION_ITEMS and is_outlook(place.heading.title):
            end = next(
                (later.heading.start for later in places[index + 1 :] if later.level <= place.level), len(source.text)
            )
            if not _LISTED.search(source.text, place.heading.end, end):
                place.found = None


def _checklists(source: Source, places: list[_Place], questions: list[str]) -> None:
    """A remediation that holds a checklist is a plan, not what was done, unless action items have a section already."""
    if any(place.found and place.found.section == ACTION_ITEMS for place in places):
        return
    for index, place in enumerate(places):
        if place.level == 2 and place.found and place.found.section == RESOLUTION:
            end = next((later.heading.start for later in places[index + 1 :] if later.level <= 2), len(source.text))
            if _CHECKLIST.search(source.text, place.heading.end, end) and "remed" in place.heading.title.lower():
                place.found = Meaning(ACTION_ITEMS, "", PATTERN)
                questions.append(
                    f"heading {plain(place.heading.title)!r} holds a checklist and was taken for Action Items: is it?"
                )
                return


def _children(places: list[_Place], index: int) -> list[_Place]:
    level = places[index].level
    found = []
    for place in places[index + 1 :]:
        if place.level <= level:
            break
        found.append(place)
    return found


def _adopt_parents_of_parts(places: list[_Place]) -> None:
    """A section whose subsections are what went well, badly and luckily is Lessons Learned, whatever it is called."""
    for index, place in enumerate(places):
        if place.level == 2 and (place.found is None or (place.found.section == LESSONS and not place.found.part)):
            parts = [
                child for child in _children(places, index) if child.level == 3 and child.found and child.found.part
            ]
            if len(parts) >= 2:
                place.found = Meaning(LESSONS, "", EXACT)
                return


def _promote(places: list[_Place]) -> None:
    """Raise a timeline, action items and the like that stand below another section, with what follows them in it."""
    owned = {place.found.section for place in places if place.level == 2 and place.found and not place.found.part}
    parent: _Place | None = None
    for index, place in enumerate(places):
        if place.level == 2:
            parent = place
        if place.level != 3 or place.found is None or place.of_timeline or place.found.part or parent is None:
            continue
        section = place.found.section
        above = parent.found.section if parent.found else ""
        strong = (
            section in (TIMELINE, ACTION_ITEMS) and above not in (ACTION_ITEMS, TIMELINE) and not parent_part(parent)
        )
        if section in owned or section not in _PROMOTED or place.found.tier < ALIAS or not (strong or not above):
            continue
        if above and section == ACTION_ITEMS and not same_wording(place.heading.title, ACTION_ITEMS):
            continue
        owned.add(section)
        for later in (place, *places[index + 1 :]):
            if later is not place and later.level == 2:
                break
            if not later.of_timeline and 2 < later.level < 7:
                later.level -= 1
        parent = place


def parent_part(place: _Place) -> bool:
    """Whether a heading is one of the three parts of Lessons Learned."""
    return bool(place.found and place.found.part)


def _name_sections(places: list[_Place]) -> tuple[tuple[str, str, int], ...]:
    owners: dict[str, _Place] = {}
    for place in places:
        if place.level == 2 and place.found and not place.found.part and place.found.section != METADATA:
            present = owners.get(place.found.section)
            if present is None or (place.found.tier == EXACT and present.found and present.found.tier < EXACT):
                owners[place.found.section] = place
    mapped: list[tuple[str, str, int]] = []
    current = ""
    below_part = False
    index = 0
    while index < len(places):
        place = places[index]
        if place.level == 2:
            below_part = False
            section = place.found.section if place.found else ""
            if place.found and place.found.part:
                if LESSONS not in owners:
                    place.insert = LESSONS
                    owners[LESSONS] = place
                    current = LESSONS
                if current == LESSONS:
                    _nest(places, index)
                    place.name = place.found.part
                    below_part = True
                    mapped.append((plain(place.heading.title), f"{LESSONS}: {place.name}", place.found.tier))
                else:
                    current = ""
            elif owners.get(section) is place:
                place.name = current = section
                mapped.append((plain(place.heading.title), section, place.found.tier if place.found else ALIAS))
            elif section and section == current and place.found and place.found.tier >= ALIAS:
                _nest(places, index)
                mapped.append((plain(place.heading.title), section, place.found.tier))
            else:
                current = ""
        elif place.level == 3 and current == LESSONS and not below_part and place.found and place.found.part:
            place.name = place.found.part
            mapped.append((plain(place.heading.title), f"{LESSONS}: {place.name}", place.found.tier))
        index += 1
    return tuple(mapped)


def _nest(places: list[_Place], index: int) -> None:
    """Lower a section and its subsections by one level, so that it stands in the section before it."""
    inside = _children(places, index)
    for place in (places[index], *inside):
        place.level = min(place.level + 1, 6)


def _rebuilt(source: Source, places: list[_Place]) -> str:
    out: list[str] = []
    at = source.body_start
    for place in places:
        heading = place.heading
        out.append(source.text[at : heading.start])
        at = heading.end
        if place.level == 0:
            at += len(source.text[at:]) - len(source.text[at:].lstrip("\r\n"))
            continue
        original = source.text[heading.start : heading.end]
        out.append(_blank_before(out, source.newline))
        new = source.newline.join(_lines(place, original))
        if new.rstrip("\r\n") == original.rstrip("\r\n"):
            out[-1] = ""
            out.append(original)
            continue
        out.append(new + source.newline)
        if (
            at < len(source.text)
            and source.text[at] not in "\r\n"
            and (place.level == 7 or "**" in new or heading.level == 0)
        ):
            out.append(source.newline)
    out.append(source.text[at:])
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
    if place.level == 7:
        yield _bold(title)
    elif place.name:
        yield f"{'#' * place.level} {place.name}"
        if not same_wording(title, place.name):
            yield ""
            yield _bold(title)
    elif place.heading.level == place.level:
        yield original.rstrip("\r\n")
    else:
        yield f"{'#' * place.level} {title}"


def _bold(title: str) -> str:
    """A former heading as a line of text: bold unless its own markup stands in the way."""
    return title if re.search(r"[*\[<]|^_|_$", title) else f"**{title.strip()}**"
