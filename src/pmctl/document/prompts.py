"""Prompts: HTML comments that tell a writer what belongs in a section, and never reach a reader."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from pmctl.document.blocks import TRIM, split_row
from pmctl.document.outline import lines_of, scan

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})")
_TICKS = re.compile("`+")
_BLANK_LINE = re.compile(r"\n[ \t\r]*(?=\n)")
_PLACEHOLDER = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+\[[ xX]\])?")


@dataclass(slots=True)
class _Known:
    """What earlier lines showed, so that no stretch of the text is searched again for each of many comments.

    `limit` is the blank line that a comment inside a line can't pass, when it lies ahead; up to `dead` no comment
    inside a line is closed.
    """

    limit: int = -1
    dead: int = 0


def strip_comments(text: str) -> str:
    """The text without its HTML comments, as a Markdown reader sees it.

    A comment inside fenced code or a code span is code and stays. One that begins a line and is never closed runs to
    the end of the text; one that begins inside a line and is not closed before a blank line is text.
    """
    if "<!--" not in text:
        return text
    kept: list[str] = []
    at = 0
    for start, end in comment_spans(text):
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "".join(kept)


def comment_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Offsets of the HTML comments that `strip_comments` takes out."""
    spans: list[tuple[int, int]] = []
    fence = ""
    at = 0
    length = len(text)
    known = _Known()
    while at < length:
        stop = text.find("\n", at)
        stop = length if stop < 0 else stop
        line = text[at:stop].rstrip("\r")
        opening = _FENCE.match(line)
        if fence:
            mark = opening[1] if opening else ""
            if mark[:1] == fence[0] and len(mark) >= len(fence) and not line.strip().strip(fence[0]):
                fence = ""
            at = stop + 1
        elif opening:
            fence = opening[1]
            at = stop + 1
        else:
            at = _comments_of_line(text, at, stop, spans, known)
    return tuple(spans)


def _comments_of_line(text: str, at: int, stop: int, spans: list[tuple[int, int]], known: _Known) -> int:
    """Collect the comments that begin in the line from `at` to `stop`. The result is where to read on."""
    if text.find("<!--", at, stop) < 0:
        return stop + 1
    if text[at:stop].lstrip(" \t").startswith("<!--"):
        # An HTML block: closed anywhere, or never. What follows on its last line belongs to it.
        start = text.index("<!--", at)
        end = _close(text, start, len(text))
        spans.append((start, len(text) if end < 0 else end))
        if end < 0:
            return len(text)
        at = end
        stop = _line_stop(text, at)
    if at < known.dead or text.find("<!--", at, stop) < 0:
        return stop + 1
    if known.limit < at:
        blank = _BLANK_LINE.search(text, at)
        known.limit = blank.start() if blank else len(text)
    code = _code_spans(text, at, stop)
    while (start := text.find("<!--", at, stop)) >= 0:
        before = bisect_left(code, (start, 0)) - 1
        if before >= 0 and start < code[before][1]:
            at = code[before][1]
            continue
        end = _close(text, start, known.limit)
        if end < 0:
            known.dead = known.limit
            break
        spans.append((start, end))
        at = end
        if at > stop:
            stop = _line_stop(text, at)
            code = _code_spans(text, at, stop)
    return stop + 1


def _close(text: str, start: int, limit: int) -> int:
    """The offset behind the comment that begins at `start`, -1 when it is not closed before `limit`."""
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, start):
            return start + len(short)
    close = text.find("-->", start + 4, limit)
    return -1 if close < 0 else close + 3


def _line_stop(text: str, at: int) -> int:
    stop = text.find("\n", at)
    return len(text) if stop < 0 else stop


def _code_spans(text: str, at: int, stop: int) -> list[tuple[int, int]]:
    """The code spans of one line: from a run of backticks to the next run of the same length."""
    runs = [(match.start(), match.end()) for match in _TICKS.finditer(text, at, stop)]
    following: dict[int, int] = {}
    partner = [-1] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        partner[index] = following.get(length, -1)
        following[length] = index
    spans = []
    index = 0
    while index < len(runs):
        if partner[index] >= 0:
            spans.append((runs[index][0], runs[partner[index]][1]))
            index = partner[index]
        index += 1
    return spans


def is_empty(text: str) -> bool:
    """Whether a section's content holds nothing that a person wrote.

    Prompts, sub-headings, bare list markers and tables without a filled cell below the header count as nothing.
    """
    rest = strip_comments(text)
    if not rest.strip(TRIM):
        return True
    outline = scan(rest)
    skipped: set[int] = set()
    for table in outline.tables:
        for start, end in table.spans[2:]:
            row = rest[start:end]
            if any(row[left:right].strip(TRIM) for left, right in split_row(row)):
                return False
        skipped.update(range(table.line, table.line + len(table.spans)))
    for heading in outline.headings:
        skipped.update(range(heading.line, heading.line + heading.lines))
    lines, _, _ = lines_of(rest, 0)
    bare = (line.strip(TRIM) for number, line in enumerate(lines, 1) if number not in skipped)
    return all(not line or _PLACEHOLDER.fullmatch(line) for line in bare)
