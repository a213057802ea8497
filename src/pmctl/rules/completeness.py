"""What blocks publishing: required sections that are missing, empty, or still only the template's prompts.

The command line asks it before it publishes, and the audit asks it of every publication, so it rests on
the document alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding, Severity
from pmctl.document.prompts import is_empty
from pmctl.document.timeline import timeline_section

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

MISSING = "PM201"
EMPTY = "PM202"

_PLAIN_LINE = re.compile(r"^(?:[-*+] |\d\. )?[A-Za-z][^|\n]{20,}\n?(?!\s*[=-])", re.MULTILINE)
_FILLED_ROW = re.compile(r"^\|(?=[ :|]*-)(?:[ :-]*\|)+[ \t]*\n\|[^\n]*[A-Za-z0-9]", re.MULTILINE)


def is_blank(text: str) -> bool:
    """`prompts.is_empty`, with a quick no for sections that plainly hold a sentence or a filled table."""
    if "<!--" not in text and (_PLAIN_LINE.search(text) or _FILLED_ROW.search(text)):
        return False
    return is_empty(text)


def completeness(doc: Document, required: Sequence[str]) -> tuple[Finding, ...]:
    """Findings, all errors, for each required section (by title, without regard to case) that blocks publishing.

    A heading that occurs twice counts as filled when one of the two is.
    """
    by_title: dict[str, list[Section]] = {}
    for section in doc.sections:
        by_title.setdefault(section.title.casefold(), []).append(section)
    findings = []
    for title in required:
        sections = by_title.get(title.casefold(), [])
        if not sections and title == "Timeline":
            named = timeline_section(doc)  # the heading may name the zone: "Timeline (CET)"
            sections = [named] if named else []
        if not sections:
            message = f"the required section {title!r} is missing"
            fix = f"add '## {title}'"
            findings.append(Finding(MISSING, message, doc.path, severity=Severity.ERROR, fix=fix))
        elif all(is_blank(section.text) for section in sections):
            section = sections[0]
            heading = doc.text[section.start : section.content_start].rstrip()
            place = (*doc.position(section.start), *doc.position(section.start + len(heading)))
            held = "still only the template's prompt" if section.text.strip() else "empty"
            message = f"the required section {title!r} is {held}"
            fix = "write it, or move the prompt's answer out of the comment"
            findings.append(
                Finding(EMPTY, message, doc.path, place[0], place[1], Severity.ERROR, fix, place[2], place[3])
            )
    return tuple(findings)
