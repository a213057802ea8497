"""Prompts: HTML comments that tell a writer what belongs in a section, and never reach a reader."""

from __future__ import annotations

import re

from pmctl.document.blocks import TRIM, split_row
from pmctl.document.outline import scan

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:[^\n]|\n(?![ \t]*\n))*?(?<!`)\1(?!`)")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]+.*)?")
_PLACEHOLDER = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+\[[ xX]\])?")


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
            at = _comments_of_line(text, at, stop, spans)
    return tuple(spans)


def _comments_of_line(text: str, at: int, stop: int, spans: list[tuple[int, int]]) -> int:
    """Collect the comments that begin in the line from `at` to `stop`; where to read on."""
    begins = not text[at:stop].lstrip(" \t").startswith("<!--")
    while True:
        start = text.find("<!--", at, stop)
        if start < 0:
            return stop + 1
        if code := next((span for span in _CODE.finditer(text, at, stop) if span.start() < start < span.end()), None):
            at = code.end()
            continue
        close = text.find("-->", start + (4 if text[start + 4 : start + 5] != ">" else 2))
        if begins and (close < 0 or re.search(r"\n[ \t\r]*\n", text[start:close])):
            at = start + 4
            continue
        end = len(text) if close < 0 else close + 3
        spans.append((start, end))
        at = end
        if at > stop:
            following = text.find("\n", at)
            stop = len(text) if following < 0 else following


def is_empty(text: str) -> bool:
    """Whether a section's content holds nothing that a person wrote.

    Prompts, sub-headings, bare list markers and tables without a filled cell below the header count as nothing.
    """
    rest = strip_comments(text)
    if not rest.strip(TRIM):
        return True
    outline = scan(rest)
    tables = {}
    for table in outline.tables:
        tables[table.spans[0][0]] = table
    lines_of_tables = set()
    for table in outline.tables:
        for index, (start, end) in enumerate(table.spans):
            line = rest[start:end]
            if index >= 2 and any(line[left:right].strip(TRIM) for left, right in split_row(line)):
                return False
            lines_of_tables.add(start)
    headings = [(heading.start, heading.end) for heading in outline.headings]
    at = 0
    for line in rest.splitlines(keepends=True):
        start, at = at, at + len(line)
        if start in lines_of_tables or any(first <= start < last for first, last in headings):
            continue
        bare = line.strip(TRIM)
        if bare and not _PLACEHOLDER.fullmatch(bare):
            return False
    return True
