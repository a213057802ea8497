"""Inline ignores: `<!-- pmctl: ignore PM702 the runbook's own words -->`.

One counts for its own line, for the next line when it stands alone, for the whole section with its heading when it
stands directly under the heading, and for the front matter and what has no line when it stands above every heading.
The reason is required. An ignore that hides nothing, names no code or gives no reason is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding, Severity

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_MARK = "pmctl:"
_NEVER = ("PM0", "PM10", "PM11")
"""What keeps a file or its front matter from being read in one way is never hidden."""
_HISTORY = "PM95"
"""Targets, which only some runs hold against the history: that such an ignore hid nothing says nothing about it."""
_COMMENT = re.compile(r"<!--\s*pmctl:(.*?)-->", re.DOTALL)
_IGNORE = re.compile(r"\s*ignore\s+([A-Za-z]{2}\d{1,3}(?:\s*,\s*[A-Za-z]{2}\d{1,3})*)(?:\s+(.*?))?\s*", re.DOTALL)


@dataclass(slots=True)
class Suppression:
    """One ignore comment: its codes, the lines that it counts for, and which codes it has hidden so far."""

    codes: tuple[str, ...]
    first: int
    last: int
    line: int
    column: int
    whole_file: bool
    used: set[str] = field(default_factory=set)

    def covers(self, finding: Finding) -> bool:
        """Whether this ignore hides the finding; notes the code as used."""
        if self.first <= finding.line <= self.last or (self.whole_file and finding.line < self.first):
            for code in self.codes:
                if finding.code.startswith(code) and not finding.code.startswith(_NEVER):
                    self.used.add(code)
                    return True
        return False


def read_suppressions(doc: Document) -> tuple[list[Suppression], list[Finding]]:
    """The ignores of a document, and findings about the malformed ones. Comments in code don't count."""
    text = doc.text
    if _MARK not in text:
        return [], []
    comments = comment_offsets(text, doc.body_start)
    suppressions: list[Suppression] = []
    findings: list[Finding] = []
    for match in _COMMENT.finditer(text, doc.body_start):
        if match.start() not in comments:
            continue
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        form = _IGNORE.fullmatch(match[1])
        if not form:
            message = "this comment is not an ignore that pmctl understands"
            fix = "write <!-- pmctl: ignore PM801 the reason -->"
            findings.append(Finding("PM263", message, doc.path, line, column, Severity.ERROR, fix))
            continue
        codes = tuple(code.strip().upper() for code in form[1].split(","))
        if len((form[2] or "").strip()) < 3:
            message = f"the ignore of {', '.join(codes)} gives no reason"
            fix = "write the reason after the code"
            findings.append(Finding("PM262", message, doc.path, line, column, Severity.ERROR, fix))
        codes = tuple(code for code in codes if not _refused(doc, code, line, column, findings))
        if codes:
            suppressions.append(_place(doc, match, codes, line, column))
    return suppressions, findings


def comment_offsets(text: str, start: int) -> frozenset[int]:
    """The offsets, from `start` on, where an HTML comment begins: `<!--` in code is none."""
    from pmctl.document.prompts import comment_spans

    return frozenset(start + first for first, _ in comment_spans(text[start:]))


def unused(suppressions: Iterable[Suppression], active: Iterable[str], path: str) -> list[Finding]:
    """Findings for the codes of ignores that hid nothing although their rule ran."""
    running = tuple(code for code in active if not code.startswith(_HISTORY))
    findings = []
    for suppression in suppressions:
        for code in suppression.codes:
            if code not in suppression.used and any(one.startswith(code) for one in running):
                message = f"this ignore of {code} hides nothing"
                place = (path, suppression.line, suppression.column)
                findings.append(Finding("PM261", message, *place, Severity.WARNING, "remove it"))
    return findings


def _refused(doc: Document, code: str, line: int, column: int, findings: list[Finding]) -> bool:
    """Whether a code can't be ignored: unknown, or about reading or what blocks publishing."""
    from pmctl.rules.documentation import known_codes
    from pmctl.rules.registry import rules

    message = ""
    if not any(one.startswith(code) for one in known_codes()):
        message = f"the ignore names the unknown code {code}"
    elif code.startswith(_NEVER) or (code in rules() and not rules()[code].ignorable):
        message = f"{code} can't be ignored"
    if message:
        findings.append(Finding("PM263", message, doc.path, line, column, Severity.WARNING, "remove it"))
    return bool(message)


def _place(doc: Document, match: re.Match[str], codes: tuple[str, ...], line: int, column: int) -> Suppression:
    """Work out which lines an ignore counts for."""
    text = doc.text
    start = text.rfind("\n", 0, match.start()) + 1
    stop = text.find("\n", match.end())
    stop = len(text) if stop < 0 else stop
    alone = not (text[start : match.start()] + text[match.end() : stop]).strip(" \t\r-*+>")
    end_line = line + match[0].count("\n")
    first, last = line, end_line
    whole_file = False
    if alone:
        last = end_line + 1
        whole_file = not doc.headings or start < doc.headings[0].start
        for section in doc.headings:
            if section.content_start <= start < section.end and not text[section.content_start : start].strip():
                first, last = min(first, section.line), max(last, doc.position(section.end - 1)[0])
    return Suppression(codes, first, last, line, column, whole_file)
