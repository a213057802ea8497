"""What blocks publishing: required sections that are missing, empty, or still only the template's prompts.

Findings with their places and fixes for `pmctl.document.completeness`, which publication and audit ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pmctl.document.completeness import is_stand_in, is_unwritten, section_texts, text_of
from pmctl.document.finding import Finding, Severity
from pmctl.document.prompts import is_empty, strip_comments
from pmctl.document.timeline import timeline_section
from pmctl.errors import Hint, advise
from pmctl.text import near

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

MISSING = "PM201"
EMPTY = "PM202"

_PLAIN_LINE = re.compile(r"^(?:[-*+] |\d\. )?[A-Za-z][^|\n]{20,}\n?(?!\s*[=-])", re.MULTILINE)
_FILLED_ROW = re.compile(r"^\|(?=[ :|]*-)[ :|-]*(?<=\|)[ \t]*\n\|[^\n]*[A-Za-z0-9]", re.MULTILINE)


def is_blank(text: str, given: str = "") -> bool:
    """`is_unwritten`, with a quick answer for what is plainly a sentence, a filled table or a stand-in."""
    if "<!--" not in text and not given:
        if is_stand_in(text):
            return True
        if _PLAIN_LINE.search(text) or _FILLED_ROW.search(text):
            return False
    return is_unwritten(text, given)


def completeness(doc: Document, required: Sequence[str], given: Sequence[tuple[str, str]] = ()) -> tuple[Finding, ...]:
    """Findings, all errors, for each required section (by title, without regard to case) that blocks publishing.

    `given` holds titles in folded case with the text that the template put there.
    """
    texts = section_texts(doc)
    known = dict(given)
    findings = []
    for title in required:
        text = text_of(title, texts)
        if text is None:
            findings.append(_missing(doc, title))
        elif is_blank(text, known.get(title.casefold(), "")):
            section = doc.section(title) or timeline_section(doc)
            if section is not None:
                findings.append(_unwritten(doc, title, section))
    return tuple(findings)


def _unwritten(doc: Document, title: str, section: Section) -> Finding:
    heading = doc.text[section.start : section.content_start].rstrip()
    place = (*doc.position(section.start), *doc.position(section.start + len(heading)))
    fix: Hint
    bare = strip_comments(section.text).strip()
    if not section.text.strip():
        held, fix = "is empty", "write it"
    elif bare and is_stand_in(bare):
        held, fix = f"says only {bare!r}", advise("needed-to-publish")
    elif not is_empty(section.text):
        held, fix = "is still only the template's text", "write it; what the template says counts once it says more"
    elif "<!--" in section.text:
        held = "is still only the template's prompt"
        fix = "write below the prompt; what stands inside <!-- --> is not published"
    else:
        held, fix = "holds no text, only headings and empty rows", "fill it in"
    message = f"the required section {title!r} {held}"
    return Finding(EMPTY, message, doc.path, place[0], place[1], Severity.ERROR, fix, place[2], place[3])


def _missing(doc: Document, title: str) -> Finding:
    """A section that is not there: at the heading that stands for it under another name or level, else at no line."""
    message = f"the required section {title!r} is missing"
    if swallowed := _swallowed(doc, title, message):
        return swallowed
    near = _stands_for(doc, title)
    if near is None:
        return Finding(MISSING, message, doc.path, severity=Severity.ERROR, fix=f"add '## {title}'")
    start, written = near
    line, column = doc.position(start)
    fix = f"write '## {title}' instead of {written!r}"
    return Finding(MISSING, message, doc.path, line, column, Severity.ERROR, fix, line, column + len(written))


def _swallowed(doc: Document, title: str, message: str) -> Finding | None:
    """A section whose heading is there, in a block of code or a comment that begins above it and was not closed."""
    heading = re.compile(rf"(?mi)^ {{0,3}}##[ \t]+{re.escape(title)}[ \t#\r]*$").search(doc.text, doc.body_start)
    if heading is None:
        return None
    hiding = [(span, "block of code") for span in doc.structure.code_blocks]
    hiding += [(span, "comment") for span in doc.structure.comments]
    for (start, end), what in hiding:
        if start <= heading.start() < end:
            line, column = doc.position(start)
            below = doc.position(heading.start())[0]
            opening = doc.text[start:end].split(None, 1)[0]
            closing = "-->" if what == "comment" else opening[: len(opening) - len(opening.lstrip(opening[0]))]
            message = f"{message}: its heading in line {below} stands inside the {what} that begins here"
            fix = f"close the {what}: write {closing} where it ends"
            place = (line, column, Severity.ERROR, fix, line, column + len(opening))
            return Finding(MISSING, message, doc.path, *place)
    return None


def _stands_for(doc: Document, title: str) -> tuple[int, str] | None:
    """Where something else stands for a section, and how it is written: a heading of another name or level, a misspelt
    one, the name in bold, a heading without its blank.
    """
    from pmctl.document.headings import ALIAS, EXACT, bare, is_outlook, meaning

    named = [
        (section, meaning(section.title)) for section in doc.headings if section.level <= 3 and len(section.title) < 200
    ]
    # A sub-heading called Fix belongs to its section; one called Resolution is on the wrong level.
    sure = {1: ALIAS, 2: ALIAS, 3: EXACT}
    same = [
        one
        for one, found in named
        if found and found.section == title and found.tier >= sure[one.level] and not is_outlook(one.title)
    ]
    if not same:
        likely = [one for one, found in named if one.level == 2 and (found is None or found.section == title)]
        names = {bare(one.title): one for one in likely}
        same = [names[name] for name in near(title, names, 1, 0.8)]
    if same:
        section = min(same, key=lambda one: one.level != 2)
        return section.start, doc.text[section.start : section.content_start].split("\n")[0].strip()
    words = re.escape(title)
    pattern = rf"(?mi)^[ \t]{{0,3}}(?P<all>(?:\*\*|__){words}:?(?:\*\*|__):?|#{{1,6}}{words}:?)[ \t\r]*$"
    line = re.compile(pattern).search(doc.text, doc.body_start)
    return (line.start("all"), line["all"]) if line else None
