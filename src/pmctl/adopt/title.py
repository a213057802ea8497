"""The title of a document and the id made from it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from pmctl.adopt.labels import LabelledValues
from pmctl.adopt.source import SourceDocument, SourceHeading
from pmctl.document.dates import days
from pmctl.document.fields import MAX_ID
from pmctl.document.headings import bare, is_section_name, plain
from pmctl.text import clean, single_line

# Where the title of one incident of a split file comes from.
PART_HEADING = "its heading in the file"
_MAX_TITLE = 300
_GENERIC = re.compile(
    r"(?:issue|incident|outage) (?:name|title|report)|(?:incident )?post[- ]?mortems?(?: report| template)?"
    r"|incident(?: report| review)?|report|the incident|title|retrospective"
    r"|インシデント(?:レポート|報告書)|障害報告書|ポストモーテム|故障报告|事故报告|复盘|故障复盘"
    r"|rca|root cause analysis|post[- ]incident (?:review|report)|pir|readme|untitled|index"
)
# An organisation's own number of the document in front of its title.
_NUMBER = re.compile(
    r"^\s*(?:pm|inc|incident|rca|pir|postmortem|post-mortem)[-_ #]*\d{1,4}(?:[-_ ]\d+)*\s*[:\-–—.]?\s*", re.IGNORECASE
)
_TAIL = re.compile(r"(?:-(?:on|of|at|in|to|for|the|and|a|an|by|with))+$")
_NOISE = re.compile(
    r"^(?:(?:public|draft|incident|report|post|mortem|postmortem|postmortems|retrospective|review|rca|pm|on|for|of|the|a|an)-)+"
)
_DIGITS_OF_A_DAY = re.compile(r"(?<!\d)(?:19|20)\d{6}(?!\d)")
# A kind of report, and whose: the heading below it says what happened.
_BANNER = re.compile(
    r"(?:[A-Z][\w.&'-]*,?\s+){1,4}(?:Incident|Outage|Post-?\s?[Mm]ortem|RCA|Root Cause(?: Analysis)?)\s+"
    r"(?:Report|Review|Analysis)"
)
BANNER = "the heading below the banner"
_MARKUP = re.compile(r"[#|>`<!\-*+\d=]")


@dataclass(frozen=True, slots=True)
class Title:
    """A title and where it was found, in words for a person; `certain` is between 0 and 1."""

    value: str
    origin: str
    certain: float


def title_heading(source: SourceDocument) -> SourceHeading | None:
    """The heading that is the title: the first one of level 1, or the first of all, when it names no section."""
    headings = source.headings
    if not headings:
        return None
    top = [heading for heading in headings if heading.level == 1]
    candidate = top[0] if top else headings[0]
    if is_section_name(candidate.title) or (len(top) > 1 and candidate.meaning):
        return None
    if candidate is not headings[0] and (len(top) > 1 or candidate.line > 40):
        return None
    return candidate if top or _stands_above_sections(candidate, source) else None


def _stands_above_sections(first: SourceHeading, source: SourceDocument) -> bool:
    """Whether the first heading, not of level 1, is the only one of its level and has the sections below it."""
    rest = source.headings[1:]
    if any(heading.level <= first.level for heading in rest):
        return False
    return not rest or any(heading.meaning for heading in (*rest, *source.bold))


def title(source: SourceDocument, stated: LabelledValues, heading: SourceHeading | None) -> Title:
    """The title: stated, of the title heading, of the text below a placeholder, or of the file's name."""
    label = stated.first("title")
    if label and not _GENERIC.fullmatch(bare(label)):
        return Title(_short(label), "front matter" if "title" in stated.in_front else "a label", 1.0)
    found = _of_bold_line(source) if heading is None else _of_heading(source, heading)
    return found or Title(_short(_from_name(source.path)), "the file name", 0.7)


def _of_heading(source: SourceDocument, heading: SourceHeading) -> Title | None:
    if (named := _below_banner(source, heading)) is not None:
        return Title(_short(named.text), BANNER, 0.9)
    if heading.text and not _GENERIC.fullmatch(bare(heading.title)):
        return Title(_short(heading.text), "the first heading", 1.0)
    below = source.text[heading.end :].lstrip().split("\n", 1)[0].strip()
    if below and len(below) <= 120 and ":" not in below[:25] and not _MARKUP.match(below):
        return Title(_short(plain(below)).rstrip("."), "the line below the heading", 0.8)
    return None


def _below_banner(source: SourceDocument, banner: SourceHeading) -> SourceHeading | None:
    """The heading that stands directly below one that only says whose report of which kind this is."""
    later = next((one for one in source.headings if one.start >= banner.end), None)
    fits = later is not None and later.meaning is None and len(later.text.split()) > 2
    if fits and later is not None and not source.text[banner.end : later.start].strip():
        return later if _BANNER.fullmatch(banner.text) else None
    return None


def _of_bold_line(source: SourceDocument) -> Title | None:
    bold = next((line for line in source.bold if line.start <= source.body_start + 200), None)
    if bold is not None and bold.meaning is None and len(bold.title.split()) > 1:
        return Title(_short(bold.text), "the first bold line", 0.8)
    return None


def slug(title_text: str, path: str) -> str:
    """The id's slug: the title's words without dates and "incident report", at most 60 characters."""
    for text in (title_text, _from_name(path)):
        rest = _NUMBER.sub("", _DIGITS_OF_A_DAY.sub(" ", _without_days(text)))
        if _in_another_script(rest):
            continue  # too little of it would be left; the file's name says more
        ascii_text = unicodedata.normalize("NFKD", rest).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['`]", "", ascii_text)).strip("-")
        shorter = _NOISE.sub("", words + "-").strip("-")
        chosen = shorter if len(shorter) >= 4 else words
        if len(chosen) >= 3 and re.search("[a-z]", chosen):
            return _TAIL.sub("", chosen if len(chosen) <= 60 else chosen[:61].rpartition("-")[0] or chosen[:60])
    ascii_words = "-".join(re.findall(r"[a-z0-9]+", title_text.lower()))[:60].strip("-")
    return ascii_words if re.search("[a-z]", ascii_words) else "incident"


def _without_days(text: str) -> str:
    for start, end, _ in reversed(days(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _in_another_script(text: str) -> bool:
    """Whether more than a quarter of the letters are of another script than ASCII's."""
    letters = [one for one in text if one.isalpha()]
    decomposed = unicodedata.normalize("NFKD", "".join(letters))
    return 4 * sum(one.isalpha() and not one.isascii() for one in decomposed) > len(letters)


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
    text = single_line(text)
    return (text[:1].upper() + text[1:]) if text else stem


def _short(text: str) -> str:
    text = single_line(clean(text))
    return text if len(text) <= _MAX_TITLE else text[: _MAX_TITLE - 3].rstrip() + "..."
