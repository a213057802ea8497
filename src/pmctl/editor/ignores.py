"""Where an inline ignore can go so that it hides one finding and changes nothing else in the document.

At the end of the line, above it, under the section's heading or at the top of the body: the first place where a check
of the edited text shows that it works. (A line above a table row would break the table, and a comment in the middle of
a paragraph would split it.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pmctl.document.finding import Finding
from pmctl.document.reader import Document, read
from pmctl.editor.edits import Edit, applied
from pmctl.editor.open_documents import Kind, OpenDocument, findings_of

# The comment itself may cause this one: its reason is still to be written.
_REASON_WANTED = "PM262"


@dataclass(frozen=True, slots=True)
class Ignore:
    """An ignore comment to insert. `reason` is the offset, after the edit, at which the reason is to be typed."""

    edit: Edit
    reason: int
    reach: str


def ignore(opened: OpenDocument, finding: Finding) -> Ignore | None:
    """The ignore for a finding; None when it can't be ignored in the text (front matter, what can't be read)."""
    document = opened.document
    if opened.kind is not Kind.POSTMORTEM or not document.readable:
        return None
    if 0 < finding.line < document.body_line:
        return None
    comment = f"<!-- pmctl: ignore {finding.code} "
    for edit, reach in _places(document, finding, comment + " -->"):
        changed = applied(document.text, (edit,))
        again = read(changed.encode("utf-8", "surrogatepass"), document.path)
        moved = edit.text.count("\n") if finding.line and edit.start <= _line_start(document, finding.line) else 0
        if _same_shape(document, again) and _works(
            opened, findings_of(opened.kind, again, opened.context), finding, moved
        ):
            return Ignore(edit, edit.start + edit.text.index(comment) + len(comment), reach)
    return None


def _works(opened: OpenDocument, after: tuple[Finding, ...], finding: Finding, moved: int) -> bool:
    """Whether the finding is gone, nothing else is new, and nothing else is gone but findings of the same code."""
    line = finding.line + moved
    if any((one.code, one.line, one.column) == (finding.code, line, finding.column) for one in after):
        return False
    return _others(after, finding) == _others(opened.findings, finding)


def _others(findings: tuple[Finding, ...], finding: Finding) -> Counter[str]:
    return Counter(one.code for one in findings if one.code not in (_REASON_WANTED, finding.code))


def _same_shape(document: Document, again: Document) -> bool:
    """Whether the edited text has the same headings and tables of the same size."""
    return [(h.title, h.level) for h in document.headings] == [(h.title, h.level) for h in again.headings] and [
        len(table.spans) for table in document.outline.tables
    ] == [len(table.spans) for table in again.outline.tables]


def _places(document: Document, finding: Finding, comment: str) -> Iterator[tuple[Edit, str]]:
    text, newline = document.text, document.newline
    if finding.line:
        start = _line_start(document, finding.line)
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        line = text[start:stop].rstrip()
        if line and not line.lstrip().startswith(("#", "|")):
            yield Edit(start + len(line), start + len(line), f" {comment}", finding.line), "here"
        yield Edit(start, start, comment + newline, finding.line), "here"
        around = [section for section in document.headings if section.start <= start < section.end]
        if around:
            inner = around[-1]
            where = inner.content_start
            yield Edit(where, where, f"{newline}{comment}{newline}", inner.line), f"in all of {inner.title}"
    where = document.body_start
    yield Edit(where, where, f"{newline}{comment}{newline}", document.body_line), "in this file"


def _line_start(document: Document, line: int) -> int:
    low = 0
    for _ in range(line - 1):
        low = document.text.find("\n", low) + 1
        if not low:
            return len(document.text)
    return low
