"""Prompts: HTML comments that tell a writer what belongs in a section, and never reach a reader."""

from __future__ import annotations

import re
from itertools import takewhile

from pmctl.document.offsets import line_spans
from pmctl.document.rows import TRIM, split_row
from pmctl.document.structure import comment_spans, read_structure

_PLACEHOLDER = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+\[[ xX]\])?")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_UNDERLINE = re.compile(r"^[ \t]*[=:|-][ \t=:|-]*\r?$", re.MULTILINE)
_SETEXT = re.compile(r"^[ \t]*(?:=+|-+)[ \t]*\r?$", re.MULTILINE)


def strip_comments(text: str) -> str:
    """The text without its HTML comments; those in code stay (see `structure`)."""
    spans = comment_spans(text)
    if not spans:
        return text
    kept: list[str] = []
    at = 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "".join(kept)


def plain_text(text: str) -> str:
    """The text without comments, its white space collapsed: what is compared with a template's own text."""
    return " ".join(strip_comments(text).split())


def is_empty(text: str) -> bool:
    """Whether a section's content holds nothing that a person wrote.

    Prompts, sub-headings, bare list markers and tables without a filled cell below the header count as nothing.
    """
    rest = strip_comments(text)
    bare = rest.strip(TRIM)
    if not bare:
        return True
    if _begins_written(bare):
        return False
    found = read_structure(rest)
    skipped: set[int] = set()
    for table in found.tables:
        if any(_is_filled(rest[start:end]) for start, end in table.spans[2:]):
            return False
        skipped.update(range(table.line, table.line + len(table.spans)))
    for heading in found.headings:
        skipped.update(range(heading.line, heading.line + heading.lines))
    lines = (rest[slice(*span)].strip(TRIM) for row, span in enumerate(line_spans(rest), 1) if row not in skipped)
    return all(not line or _PLACEHOLDER.fullmatch(line) for line in lines)


def _begins_written(bare: str) -> bool:
    """Whether the first lines alone show that somebody wrote something, as those of most sections do."""
    lines = _BLANK_LINE.split(bare, 1)[0]
    if bare[0].isalpha():  # a sentence, unless a line below makes it a heading or a row
        return "|" not in lines.partition("\n")[0] and not _UNDERLINE.search(lines)
    # Rows of a table; without a row of dashes they are a paragraph, unless a line below makes it a heading.
    rows = takewhile(lambda line: line.startswith("|"), lines.split("\n")[2:]) if bare[0] == "|" else ()
    return any(map(_is_filled, rows)) and not _SETEXT.search(lines)


def _is_filled(row: str) -> bool:
    return any(row[left:right].strip(TRIM) for left, right in split_row(row))
