"""Lessons Learned: what went well, what could be improved, where we got lucky."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules.completeness import is_blank
from pmctl.rules.registry import WARNING, heading, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context

PARTS = {
    "What went well": re.compile(r"went (?:really )?(?:well|right|good)|worked well|positive", re.IGNORECASE),
    "What could be improved": re.compile(
        r"improve|better|went (?:wrong|bad|badly|poorly)|(?:did ?n[o']?t|not) (?:go|work) (?:so )?well|wrong|poorly",
        re.I,
    ),
    "Where we got lucky": re.compile(r"luck|fortunate", re.IGNORECASE),
}
"""The three parts and what their headings say, in whatever words."""


@rule("PM601", "lessons-part-missing", review=WARNING)
def lessons_part_missing(doc: Document, context: Context) -> Iterable[Finding]:
    """Lessons Learned lacks one of its three parts.

    What it does:
        Looks, when the section is there and filled, for headings or labels (bold, or with a colon) that say what
        went well, what could be improved and where we got lucky.

    Why:
        What went well is to be kept, and luck is the part that will not be there the next time: both are left
        out when only the failures are listed (Google's SRE book, example postmortem).

    Example:
        ## Lessons Learned

        ### What went well

        The alert came before the first ticket.

        ### What could be improved

        The pool's use was on no dashboard.

    Fix:
        ## Lessons Learned

        ### What went well

        The alert came before the first ticket.

        ### What could be improved

        The pool's use was on no dashboard.

        ### Where we got lucky

        It happened during office hours.
    """
    section = doc.section("Lessons Learned")
    if section is None:
        return
    if is_blank(section.text):
        return
    titles = " / ".join(title for title, _, _ in _labels(doc, section))
    missing = [name for name, pattern in PARTS.items() if not pattern.search(titles)]
    if missing:
        message = f"Lessons Learned lacks {', '.join(repr(name) for name in missing)}"
        yield heading(doc, section, message, f"add '### {missing[0]}'")


@rule("PM602", "lessons-part-empty", review=WARNING)
def lessons_part_empty(doc: Document, context: Context) -> Iterable[Finding]:
    """A part of Lessons Learned is empty.

    What it does:
        Flags the headings of the three parts with nothing but prompts below them.

    Why:
        "Nothing" is an answer; an empty heading is a question that nobody answered.

    Example:
        ## Lessons Learned

        ### What went well

        The alert came before the first ticket.

        ### What could be improved

        The pool's use was on no dashboard.

        ### Where we got lucky

    Fix:
        ## Lessons Learned

        ### What went well

        The alert came before the first ticket.

        ### What could be improved

        The pool's use was on no dashboard.

        ### Where we got lucky

        It happened during office hours.
    """
    section = doc.section("Lessons Learned")
    if section is None:
        return
    for part in doc.headings:
        inside = section.start < part.start < section.end
        known = inside and any(pattern.search(part.title) for pattern in PARTS.values())
        if known and is_blank(part.text) and not is_blank(section.text):
            yield heading(doc, part, f"{part.title!r} is empty", "answer it; 'nothing' is an answer")


_LABEL = re.compile(
    r"(?m)^[ \t]*(?:[-*+][ \t]+)?"
    r"(?:(?:\*\*|__)(?P<bold>[^*_\n]{3,60})(?:\*\*|__):?|(?P<plain>[A-Za-z][^*:|\n]{2,40}):(?:[ \t]|$))"
)


def _labels(doc: Document, section: Section) -> Iterator[tuple[str, int, int]]:
    """Headings and labels (bold, or with a colon) inside a section: title, start, end of the label."""
    for part in doc.headings:
        if section.start < part.start < section.end:
            yield part.title, part.start, part.content_start
    for match in _LABEL.finditer(doc.text, section.content_start, section.end):
        yield match["bold"] or match["plain"], match.start(), match.end()
