"""Inline ignores: `<!-- pmctl: ignore PM702 the runbook's own words -->`.

One counts for its own line, for the next line when it stands alone, for the whole section with its heading when it
stands directly under the heading, and for the front matter and what has no line when it stands above every heading.
Several that stand alone, one below the other, count as one place: each reaches what the others reach.
The reason is required. An ignore that hides nothing, names no code or gives no reason is a finding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_MARK = "pmctl:"
_NEVER = ("PM0", "PM10", "PM11")
"""Problems that keep a file or its front matter from being read unambiguously are never hidden."""
_HISTORY = "PM95"
"""Targets, which only some runs hold against the history: that such an ignore hid nothing says nothing about it."""
# Both are matched at one place only: searching a text of open comments for the end of each took minutes.
_OURS = re.compile(r"<!--\s*pmctl:")
_IGNORE = re.compile(r"\s*ignore\s+([A-Za-z]{2}\d{1,3}(?:\s*,\s*[A-Za-z]{2}\d{1,3})*)(?!\S)")
_BESIDE = re.compile(r"[ \t\r>*+-]*")
_SPACE = re.compile(r"\s*")


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
    suppressions: list[Suppression] = []
    findings: list[Finding] = []
    places = _Places(doc)
    for start, end in _comments(text, doc.body_start):
        mark = _OURS.match(text, start, end)
        if not mark or not text.endswith("-->", mark.end(), end):
            continue
        line, column = doc.position(start)
        said = text[mark.end() : end - 3]
        form = _IGNORE.match(said)
        if not form:
            message = "this comment is not an ignore that pmctl understands"
            fix = "write <!-- pmctl: ignore PM801 the reason -->"
            findings.append(Finding("PM263", message, doc.path, line, column, Severity.ERROR, fix))
            continue
        codes = tuple(code.strip().upper() for code in form[1].split(","))
        if len(said[form.end() :].strip()) < 3:
            message = f"the ignore of {', '.join(codes)} gives no reason"
            fix = "write the reason after the code"
            findings.append(Finding("PM262", message, doc.path, line, column, Severity.ERROR, fix))
        codes = tuple(code for code in codes if not _refused(doc, code, line, column, findings))
        if codes:
            suppressions.append(places.add(start, end, codes))
    places.finish()
    return suppressions, findings


def _comments(text: str, start: int) -> tuple[tuple[int, int], ...]:
    """Start and end of every HTML comment from `start` on: `<!--` in code is none."""
    from pmctl.document.structure import read_structure

    return read_structure(text, start).comments


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
    from pmctl.rules.registry import is_known, rules

    message = ""
    if not is_known(code):
        message = f"the ignore names the unknown code {code}"
    elif code.startswith(_NEVER) or (code in rules() and not rules()[code].ignorable):
        message = f"{code} can't be ignored"
    if message:
        findings.append(Finding("PM263", message, doc.path, line, column, Severity.WARNING, "remove it"))
    return bool(message)


class _Places:
    """Works out which lines each ignore counts for. They are added in the order of the text, then `finish` is called.

    No step looks at more than lies between two ignores: a document may hold tens of thousands of them.
    """

    def __init__(self, doc: Document) -> None:
        self.doc = doc
        self.headings = [heading.start for heading in doc.headings]
        self.together: list[Suppression] = []
        self.begin = 0
        self.end = 0

    def add(self, start: int, end: int, codes: tuple[str, ...]) -> Suppression:
        """The ignore that stands in text[start:end]."""
        text = self.doc.text
        line, column = self.doc.position(start)
        last = self.doc.position(end)[0]
        begin = start - column + 1
        stop = _past(_BESIDE, text, end, len(text))
        alone = _past(_BESIDE, text, begin, start) == start and text[stop : stop + 1] in ("", "\n")
        whole_file = alone and not (self.headings and self.headings[0] < start)
        added = Suppression(codes, line, last + 1 if alone else last, line, column, whole_file)
        if alone:
            if not self.together or _past(_SPACE, text, self.end, begin) < begin:
                self.finish()
                self.begin = begin
            self.together.append(added)
            self.end = min(stop + 1, len(text))
        return added

    def finish(self) -> None:
        """Those that stand together reach what the last of them reaches, and the section whose heading is above."""
        last = max((one.last for one in self.together), default=0)
        heading = last
        index = bisect_right(self.headings, self.begin) - 1
        if self.together and index >= 0:
            section = self.doc.headings[index]
            first = section.content_start
            if first <= self.begin and _past(_SPACE, self.doc.text, first, self.begin) == self.begin:
                heading, last = section.line, max(last, self.doc.position(section.end - 1)[0])
        for one in self.together:
            one.first, one.last = min(one.first, heading), last
        self.together = []


def _past(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Where a run of some characters, possibly none, that begins at `start` ends."""
    match = pattern.match(text, start, end)
    return match.end() if match else start


CODES = (
    Code(
        "PM261",
        "unused-ignore",
        "An inline ignore hides nothing.",
        "What was ignored has been fixed, and the comment would hide the next, different one.",
        "",
        "<!-- pmctl: ignore PM802 the customer's own words -->\nThe deploy began at 14:02 UTC on 2024-01-15.",
        details="Reports ignore comments whose rule ran and found nothing there.",
        corrected="The deploy began at 14:02 UTC on 2024-01-15.",
        rules="structure",
    ),
    Code(
        "PM262",
        "ignore-without-reason",
        "An inline ignore gives no reason.",
        "Whoever reads the file next must be able to tell whether the exception still holds.",
        "",
        "<!-- pmctl: ignore PM802 -->",
        details="Requires a few words after the code.",
        corrected="<!-- pmctl: ignore PM802 the customer's own words -->",
        rules="structure",
    ),
    Code(
        "PM263",
        "bad-ignore",
        "A pmctl comment is no valid ignore.",
        "A comment that does nothing looks as if it did.",
        "",
        "<!-- pmctl: ignroe PM802 the customer's own words -->",
        details=(
            "Reports comments that begin with `pmctl:` but are not `ignore CODE reason`, name an unknown code, or a"
            " code that can't be ignored (what keeps a file from being read, what blocks publishing)."
        ),
        corrected="<!-- pmctl: ignore PM802 the customer's own words -->",
        rules="structure",
    ),
)
