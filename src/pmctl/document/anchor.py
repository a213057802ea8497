"""What a thread is about, and where that is now. (document, section, quote, block) -> Place. Pure.

A thread is about the postmortem as a whole, a section, or words quoted from one. The quote is looked for again in
every version of the text: where the block around it is the same, in its section, then anywhere. So a thread moves with
the text, and is outdated when the text is gone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pmctl.document.fields import MAX_TEXT
from pmctl.document.structure import comment_spans
from pmctl.errors import NotFound, UsageProblem, advise
from pmctl.text import near, single_line

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section

# A line with which a block begins whatever stands above it: a row of a table, an item of a list, a heading.
_BEGINS = re.compile(r"\s*(?:\||[-*+]\s|[0-9]{1,9}[.)]\s|#{1,6}\s)")


class AnchorState(StrEnum):
    """What became of the text that a thread is about."""

    CURRENT = "current"
    CHANGED = "changed"
    MOVED = "moved"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text of a thread is now: the section's title and the line, from 1, of the file ("" and 0 for the
    postmortem as a whole). Of an outdated thread, where it was: the section that its first message names."""

    state: AnchorState
    section: str = ""
    line: int = 0


def anchor(document: Document, section: str, quote: str = "") -> tuple[str, str, str]:
    """(section's title, quote, hash of its block) for a new thread about this version of a postmortem.

    Raises NotFound for a section that is not there, with the nearest titles, and for a quote that is not in it.
    """
    found = document.section(section.strip().lstrip("#").strip())
    if found is None:
        titles = tuple(one.title for one in document.sections)
        close = near(section, titles, likeness=0.5)
        near_one = f"did you mean {close[0]}?" if close else "name one of these"
        raise NotFound(f"{document.id} has no section {section!r}", hint=near_one, details=() if close else titles)
    words = single_line(quote)
    if not words:
        return found.title, "", ""
    if len(words) > MAX_TEXT:
        raise UsageProblem(
            f"the quote has {len(words)} characters, more than {MAX_TEXT}", hint="quote the words that matter"
        )
    hidden = comment_spans(document.text)
    at = next(
        (at for at in _occurrences(document, found, words) if not any(start <= at < end for start, end in hidden)), None
    )
    if at is None:
        elsewhere = [one.title for one in document.sections if next(_occurrences(document, one, words), None)]
        hint = f"it is in {elsewhere[0]}" if elsewhere else advise("show-section", id=document.id, section=found.title)
        raise NotFound(f"{found.title} of {document.id} does not say {words[:60]!r}", hint=hint)
    return found.title, words, block_hash(document.text, at)


def locate(document: Document, section: str, quote: str, block: str) -> Place:
    """Where the text that a thread was begun about is in this version of the postmortem."""
    if not section:
        return Place(AnchorState.CURRENT)
    own = document.section(section)
    if not quote:
        gone = Place(AnchorState.OUTDATED, section)
        return gone if own is None else Place(AnchorState.CURRENT, own.title, own.line)
    best: Place | None = None
    rank = 4
    for candidate in document.sections:
        for at in _occurrences(document, candidate, quote):
            same, here = block_hash(document.text, at) == block, candidate is own
            now = 0 if same and here else 1 if same else 2 if here else 3
            if now < rank:
                state = AnchorState.MOVED if not here else AnchorState.CURRENT if same else AnchorState.CHANGED
                rank, best = now, Place(state, candidate.title, document.position(at)[0])
    return best or Place(AnchorState.OUTDATED, section)


def block_hash(text: str, at: int) -> str:
    """The hash of the block at an offset, its white space collapsed: `sha256:` and 64 hex digits.

    A block is a run of lines that are not blank. A row of a table, an item of a list and a heading begin one of their
    own.
    """
    start = text.rfind("\n", 0, at) + 1
    while start > 0 and not _BEGINS.match(_line(text, start)):
        above = text.rfind("\n", 0, start - 1) + 1
        line = _line(text, above)
        if not line.strip() or line.lstrip().startswith(("|", "#")):
            break
        start = above
    end = _line_end(text, start)
    is_row = _line(text, start).lstrip().startswith(("|", "#"))
    while not is_row and end < len(text):
        below = _line(text, end)
        if not below.strip() or _BEGINS.match(below):
            break
        end = _line_end(text, end)
    return "sha256:" + hashlib.sha256(single_line(text[start:end]).encode("utf-8", "surrogatepass")).hexdigest()


def _occurrences(document: Document, section: Section, words: str) -> Iterator[int]:
    """The offsets at which a section says these words, however its lines are broken."""
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())))
    for match in pattern.finditer(document.text, section.content_start, section.end):
        yield match.start()


def _line(text: str, start: int) -> str:
    return text[start : _line_end(text, start)]


def _line_end(text: str, start: int) -> int:
    return (text.find("\n", start) + 1) or len(text)
