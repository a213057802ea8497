"""What a postmortem lacks of what its template requires: the one answer of checks, publication and audit.

A section is unwritten when it is empty, holds only prompts, headings and empty rows, only the text that the template
put there, or only the place of what is to come (TBD). Of two sections with one title either may hold the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import TYPE_CHECKING

from pmctl.document.prompts import is_empty, plain_text, strip_comments

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.template import TemplateField

TIMELINE_TITLE = re.compile(r"timeline(?:[\s(:,\[].*)?", re.IGNORECASE)
"""The heading of the timeline, which may name its zone: Timeline (CET)."""
_STAND_IN = re.compile(
    r"(?:(?:tbd|tba|tbc|todo|to do|fixme|wip)(?:\s*[-–—:;,.(/].{0,60})?|xx+(?: \w+)?|\?+|[-–—_]+|\.{2,}|…"
    r"|placeholder|lorem ipsum.{0,99}|(?:please )?fill (?:me |this |it )?(?:in|out)|coming soon"
    r"|not (?:yet )?written(?: yet)?"
    r"|(?:still )?to be (?:added|announced|completed|confirmed|decided|defined|determined|done|filled(?: in)?|measured"
    r"|provided|written)\b.{0,40})[.!?:]*",
    re.IGNORECASE,
)
_BEGINNINGS = frozenset("tTwWfFxX?-–—_.…pPlLcCnNsS")
"""What a stand-in can begin with: nearly every text is told from one by its first character."""
# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties 15), and two blanks that are letters or symbols to it.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_WRAPPING = " \t\r\n*_`~>[]{}()<"


def is_stand_in(text: str) -> bool:
    """Whether a short text only holds the place of what is to be written: TBD, ???, to be determined."""
    bare = text.strip(_WRAPPING) if len(text) < 200 else ""
    return bare[:1] in _BEGINNINGS and _STAND_IN.fullmatch(bare) is not None


def visible(text: str) -> str:
    """The text without characters that leave no mark on a page, as they are or written as `&#8203;`."""
    if text.isascii() and "&" not in text:
        return text
    return _INVISIBLE.sub("", _ENTITY.sub(lambda match: unescape(match[0]), text))


def is_unwritten(text: str, given: str = "") -> bool:
    """Whether a section's text holds nothing that a person wrote for the reader.

    `given` is what the template put there besides prompts, its white space collapsed.
    """
    text = visible(text)
    if is_empty(text) or (bool(given) and plain_text(text) == given):
        return True
    return len(text) < 2000 and is_stand_in(strip_comments(text))


def section_texts(doc: Document) -> dict[str, str]:
    """The text of every section by its title in folded case; texts under the same title are joined."""
    found: dict[str, str] = {}
    for section in doc.sections:
        title = section.title.casefold()
        found[title] = f"{found[title]}\n{section.text}" if title in found else section.text
    return found


def text_of(title: str, texts: Mapping[str, str]) -> str | None:
    """The text of a section, None when there is none; `texts` is what `section_texts` gives."""
    found = texts.get(title.casefold())
    if found is None and title.casefold() == "timeline":
        return next((text for name, text in texts.items() if TIMELINE_TITLE.fullmatch(name)), None)
    return found


def unwritten(
    required: Iterable[str], texts: Mapping[str, str], given: Iterable[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """The required sections that are absent or unwritten, in the order given.

    `given` holds titles in folded case with the text that the template put there.
    """
    known = dict(given)
    return tuple(
        title
        for title in required
        if (text := text_of(title, texts)) is None or is_unwritten(text, known.get(title.casefold(), ""))
    )


def missing_fields(given: object, declared: Iterable[TemplateField]) -> list[tuple[str, str]]:
    """Name and problem of each required custom field that is not there, or not of its kind.

    `given` is the value of `fields` in the front matter, as plain values.
    """
    from pmctl.document.template import field_problem

    values = given if isinstance(given, Mapping) else {}
    problems = [(one.name, field_problem(one, values.get(one.name))) for one in declared if one.required]
    return [(name, problem) for name, problem in problems if problem]
