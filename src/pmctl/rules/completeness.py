"""What blocks publishing: required sections that are missing, empty, or still only the template's prompts.

The command line asks it before it publishes, and the audit asks it of every publication, so it rests on
the document alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding, Severity
from pmctl.document.prompts import is_empty

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

MISSING = "PM201"
EMPTY = "PM202"


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
        if not sections:
            message = f"the required section {title!r} is missing"
            fix = f"add '## {title}'"
            findings.append(Finding(MISSING, message, doc.path, severity=Severity.ERROR, fix=fix))
        elif all(is_empty(section.text) for section in sections):
            section = sections[0]
            line, column = doc.position(section.start)
            held = "still only the template's prompt" if section.text.strip() else "empty"
            end_line, end_column = doc.position(section.start + len(doc.text[section.start : section.content_start].rstrip()))
            findings.append(
                Finding(
                    EMPTY, f"the required section {title!r} is {held}", doc.path, line, column, Severity.ERROR,
                    "write it, or move the prompt's answer out of the comment", end_line, end_column,
                )  # fmt: skip
            )
    return tuple(findings)
