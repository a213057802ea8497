"""What a heading of somebody else's postmortem is called here: how its title is compared with the table of aliases.

Titles are compared without regard to case, numbering, emphasis, links, emoji, `:shortcodes:`, closing marks and
a trailing colon; a remark in brackets or behind a colon or dash is looked at last.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from pmctl.document.aliases import (
    ACTION_ITEMS,
    DETECTION,
    EITHER,
    FACTORS,
    IMPACT,
    LESSONS,
    METADATA,
    METADATA_TITLES,
    OUTLOOKS,
    PART_OF,
    RESOLUTION,
    RESPONSE,
    ROOT_CAUSE,
    SECTION_OF,
    SUMMARY,
    TIMELINE,
    TOO_SHORT,
)  # fmt: skip
from pmctl.text import single_line

EXACT, ALIAS, PATTERN = 3, 2, 1

# Tried in order when no alias fits: whole words within the title, the most specific first.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (TIMELINE, r"(?:\w+ )?time ?line\b(?: of .*| for .*)?|chronolog(?:y|ical) .*|sequence of events\b.*"),
    (ACTION_ITEMS, r"(?:[\w/-]+ ){0,2}action items?\b.*"
                   r"|(?:\w+ )?follow[- ]?ups?(?: (?:tasks|items|actions|work))?\b(?! time).*"
                   r"|(?:corrective|prevent(?:at)?ive|remedial) (?:and \w+ )?(?:actions?|measures?)\b.*|next steps\b.*"
                   r"|action(?:s|able)? (?:list|plan|points|taken or planned)\b.*|remediation and .*"
                   r"|(?:how|what) .*(?:prevent|avoid).*(?:again|future|recurrence|happening).*"
                   r"|(?:prevent|avoid)ing (?:this|a|future|such|similar|recurrence|re)\b.*"
                   r"|(?:future|planned|proposed|recommended|suggested|prevent(?:at)?ive|corrective|remaining"
                   r"|outstanding|pending|further|open) (?:measures?|actions?|steps|improvements?|fixes|tasks|work"
                   r"|items|prevention)"
                   r"|actions? (?:to|we will) .*"),
    (LESSONS, r"lessons?\b.*|(?:key )?(?:learnings?|takeaways?)\b.*"),
    (ROOT_CAUSE, r"(?:\w+ )?root[- ]causes?\b.*|rca\b.*|(?:five|5) whys\b.*|(?:the )?causes? of .*|what caused .*"
                 r"|why did .*|what (?:allowed|led to|let) .*|how (?:did|could) (?:this|it) .*happen.*"),
    (FACTORS, r"contributing .*|(?:lead|led)[- ]?(?:ing )?up (?:to )?.*"),
    (DETECTION, r"detection\b.*|how .*(?:detect|discover|notic|find out|found out)\w*\b.*"),
    (IMPACT, r"(?:\w+ )?impacts?(?: (?:on|to|of|for|and|assessment|analysis)\b.*)?"
             r"|(?:who|what) (?:was|were|is) (?:impacted|affected)\b.*"
             r"|(?:affected|impacted) (?:\w+ ){0,2}\w+|.* (?:affected|impacted)"),
    (RESOLUTION, r"(?:\w+ )?(?:resolution|mitigation)(?: (?:and|of|&)\b.*)?"
                 r"|how .*(?:fix|resolv|repair|mitigat|solv)\w*\b.*"
                 r"|(?:immediate |corrective )?actions? (?:we )?(?:took|taken)\b.*"),
    (SUMMARY, r"(?:\w+ )?summary\b(?: of .*| and .*)?|tl;? ?dr\b.*|what happened\b.*"),
    (RESPONSE, r"(?:\w+ )?(?:response|investigation)(?: (?:and|of|to)\b.*)?"),
)  # fmt: skip
_NUMBERING = re.compile(
    r"^\s*(?:(?:section|step|part)\s+)?"
    r"(?:\(?\d{1,2}[.)：:、]|\d{1,2}(?:\.\d{1,2})+[.)]?|[ivx]{1,4}[.)]|[a-h][.)]|[一二三四五六七八九十]+[、.])(?:\s+|(?=[^\W\d]))",
    re.IGNORECASE,
)
_COMPILED = tuple((section, re.compile(pattern)) for section, pattern in _PATTERNS)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading stands for: a section and, below Lessons Learned, one of its three parts.

    `tier` is how sure that is: EXACT (its own name), ALIAS, or PATTERN. `section` may be METADATA.
    """

    section: str
    part: str
    tier: int


@lru_cache(maxsize=4096)
def meaning(title: str) -> Meaning | None:
    """What a heading of this title stands for; None when nobody can say."""
    name = bare(title)
    if not name:
        return None
    found = _named(name)
    if found:
        return found
    for cut in _without_remarks(name):
        found = _named(cut)
        if found and not (
            cut in TOO_SHORT and name.startswith(cut) and not name[len(cut) :].lstrip().startswith(("(", "[", "（"))
        ):
            return Meaning(found.section, found.part, min(found.tier, ALIAS))
    short = next(iter(_without_remarks(name)), name)
    if len(short.split()) > 9:
        return None
    # "Root cause and resolution" is taken for the first; `two_sections` tells that a person should look.
    halves = [half for half in re.split(r"\s+(?:and|&|/|\+)\s+|/", short) if half]
    if len(halves) == 2 and (first := _named(halves[0].strip())):
        return Meaning(first.section, first.part, PATTERN)
    return next((Meaning(section, "", PATTERN) for section, rule in _COMPILED if rule.fullmatch(short)), None)


def is_section_name(title: str) -> bool:
    """Whether a title is nothing but a section's name, its brackets left aside: then it isn't a document's title."""
    name = bare(title)
    cut = " ".join(re.sub(r"\s*[(（\[【][^)）\]】]*[)）\]】]?\s*", " ", name).split())
    return _named(name) is not None or _named(cut) is not None


def is_outlook(title: str) -> bool:
    """Whether a heading is about the future in general, which holds action items only where it lists them."""
    return bare(title) in OUTLOOKS


def is_open(title: str) -> bool:
    """Whether a heading such as "Conclusion" may hold one section as well as another."""
    return bare(title) in EITHER


def two_sections(title: str) -> tuple[str, ...]:
    """The sections that a title such as "Impact and resolution" names at once; empty for one or none."""
    if bare(title) in SECTION_OF:
        return ()
    halves = [half.strip() for half in re.split(r"\s+(?:and|&|/|\+)\s+|/", bare(title)) if half.strip()]
    named = [one.section for half in halves if (one := _named(half))]
    return tuple(dict.fromkeys(named)) if len(set(named)) > 1 else ()


def _named(name: str) -> Meaning | None:
    if name in PART_OF:
        return Meaning(LESSONS, PART_OF[name], EXACT if name == PART_OF[name].casefold() else ALIAS)
    if name in SECTION_OF:
        section = SECTION_OF[name]
        return Meaning(section, "", EXACT if _singular(name) == _singular(section.casefold()) else ALIAS)
    if name in METADATA_TITLES:
        return Meaning(METADATA, "", ALIAS)
    return None


def _singular(name: str) -> str:
    return name.removesuffix("(s)").removesuffix("s")


def _without_remarks(name: str) -> tuple[str, ...]:
    """The name without what stands in brackets, then without what follows a colon or a dash."""
    out = []
    without = " ".join(re.sub(r"\s*[(（\[【][^)）\]】]*[)）\]】]?\s*", " ", name).split()).rstrip(" :：")
    if without and without != name:
        out.append(without)
    for base in (without or name,):
        head = re.split(r"\s*[:：]\s+|\s+[-–—|]+\s+|(?<=\w)[:：]|\s*[—–]\s*", base, maxsplit=1)[0].strip()
        if head and head != base:
            out.append(head)
    before = re.split(r"\s*[(（]", name, maxsplit=1)[0].strip()
    if before and before != name and before not in out:
        out.append(before)
    return tuple(out)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A heading's text without emphasis, links, code marks and images; nothing else is changed."""
    text = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    text = re.sub(r"<(https?://[^>]*)>", r"\1", text)
    text = re.sub(r"</?[A-Za-z][^>]*>", "", text)
    text = re.sub(r"(\*{1,3}|~~|`+)(?=\S)(.*?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<![^\W_])(_{1,3})(?=\S)(.*?)(?<=\S)\1(?![^\W_])", r"\2", text)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    return single_line(text)


@lru_cache(maxsize=4096)
def bare(title: str) -> str:
    """A title as it is compared: without markup, emoji, numbering and a trailing colon, in lower case."""
    text = plain(title).replace("’", "'").replace("‘", "'")
    text = re.sub(r":[a-z0-9_+-]+:", " ", text)
    text = "".join(" " if _is_symbol(character) else character for character in text)
    text = re.sub(r"\s*\{#[^}]*\}\s*$", "", text)
    text = _NUMBERING.sub("", text)
    return single_line(text).strip(" #:：*_-–—.。…").casefold() or single_line(text).casefold()


def same_wording(title: str, canonical: str) -> bool:
    """Whether a heading says its canonical name and nothing more: case, emphasis and a colon don't count."""
    return plain(title).rstrip(" #:：").casefold() == canonical.casefold()


def _is_symbol(character: str) -> bool:
    return ord(character) > 0x2000 and unicodedata.category(character) in ("So", "Sk", "Cf", "Mn", "Co")
