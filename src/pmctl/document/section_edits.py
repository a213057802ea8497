"""Surgical edits of sections and of the body. See `pmctl.document.edits` for what all edits promise."""

from __future__ import annotations

import re

from pmctl.document.reader import Document, Section
from pmctl.document.rows import TRIM
from pmctl.document.verify_edit import newlines, one_line, require_readable, reread
from pmctl.errors import BadInput, NotFound
from pmctl.text import single_line


def replace_section(doc: Document, title: str, text: str) -> Document:
    """Write a section's content, subsections included; its heading and all other sections stay as they are.

    `text` is set between blank lines. Raises NotFound without the section, BadInput when the text would reach
    beyond its section: a heading of the section's level or above, an open code fence or comment.
    """
    section = doc.section(title)
    if section is None:
        raise NotFound(f"there is no section {title}", details=tuple(found.title for found in doc.sections))
    block = _block(doc, text)
    before = doc.text[: section.content_start]
    if not before.endswith(("\n", "\r")):
        before += doc.newline
    after = doc.text[section.end :]
    lead = doc.newline if block else ""
    gap = doc.newline if after else ""
    changed = before + lead + block + gap + after
    result = reread(doc, changed)
    number = doc.sections.index(section)
    _require_others(doc, result, number, doc.sections)
    return result


def append_section(doc: Document, title: str, text: str, level: int = 2, *, after: str | None = None) -> Document:
    """Add a section at the end, or behind the section `after`.

    Raises NotFound without `after`, BadInput when the title or the text would not read back as that one section.
    """
    heading = one_line(title)
    if not heading or not 1 <= level <= 6:
        raise BadInput("a section needs a title and a level from 1 to 6")
    position = len(doc.text)
    if after is not None:
        previous = doc.section(after)
        if previous is None:
            raise NotFound(f"there is no section {after}", details=tuple(found.title for found in doc.sections))
        position = previous.end
    before, rest = doc.text[:position], doc.text[position:]
    newline = doc.newline
    if before and not before.endswith("\n"):
        before += newline
    if before and not before.endswith((newline * 2, "---" + newline)) and before[doc.body_start :].strip(TRIM):
        before += newline
    block = _block(doc, text)
    changed = before + "#" * level + " " + heading + newline + (newline + block if block else "")
    if rest:
        changed += newline + rest
    result = reread(doc, changed)
    opened = next((found for found in result.headings if found.start == len(before)), None)
    if opened is None or opened.level != level or opened.title != single_line(heading):
        raise BadInput(f"{title!r} cannot stand as a heading", hint="use plain words")
    if opened.text.strip(TRIM) != block.strip(TRIM):
        raise BadInput("the text would reach beyond its section", hint="check its headings, code fences and comments")
    kept = [(found.level, found.title) for found in result.headings if not opened.start <= found.start < opened.end]
    if kept != [(found.level, found.title) for found in doc.headings]:
        raise BadInput("the new section would change the others", hint="check its code fences and comments")
    return result


def set_body_text(doc: Document, text: str) -> Document:
    """Write the whole body; the front matter stays byte for byte. Raises BadInput when it would not."""
    require_readable(doc)
    body = newlines(doc, text)
    result = reread(doc, doc.text[: doc.body_start] + body)
    if result.body != body or result.front != doc.front:
        raise BadInput("the text would be read as front matter", hint="do not begin it with a `---` line")
    return result


def _block(doc: Document, text: str) -> str:
    """Content between blank lines: without blank lines around it, with one newline at its end; "" for nothing."""
    lines = newlines(doc, text).rstrip(" \t\r\n")
    while (match := re.match(r"[ \t]*\r?\n", lines)) is not None:
        lines = lines[match.end() :]
    return lines + doc.newline if lines else ""


def _require_others(doc: Document, result: Document, number: int, sections: tuple[Section, ...]) -> None:
    """Every section but one is as before, and there is no other one. Raises BadInput."""

    def others(found: tuple[Section, ...]) -> list[tuple[str, int, str]]:
        return [(item.title, item.level, item.text) for index, item in enumerate(found) if index != number]

    same = len(result.sections) == len(sections) and result.sections[number].title == sections[number].title
    if not same or others(result.sections) != others(sections) or result.front != doc.front:
        raise BadInput("the text would reach beyond its section", hint="check its headings, code fences and comments")
    outside = [(found.level, found.title) for found in result.headings if found.level < sections[number].level]
    if outside != [(found.level, found.title) for found in doc.headings if found.level < sections[number].level]:
        raise BadInput("the text holds a heading above its section", hint="use headings of a deeper level")
