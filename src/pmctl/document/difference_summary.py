"""A difference in a line for each section: what a reviewer reads before the whole. Difference -> sentences. Pure."""

from __future__ import annotations

from collections import Counter

from pmctl.document.difference import Difference, Piece, SectionChange
from pmctl.document.text_comparison import words_of
from pmctl.text import plural


def remark(section: SectionChange) -> str:
    """What happened to a section as a whole, "" when only its content changed."""
    said: list[str] = [section.kind] if section.kind != "changed" else []
    said += [f"renamed, was {section.was}"] if section.was else []
    if section.behind is not None:
        said.append(f"moved, now behind {section.behind}" if section.behind else "moved, now the first")
    return "; ".join(said)


def summarised(found: Difference) -> tuple[str, ...]:
    """What changed in a line for each section, with counts."""
    lines = [f"by lines only: {one.reason}" for one in found.lines_only]
    if found.fields:
        lines.append(f"Front matter: {', '.join(one.key for one in found.fields)}")
    for section in found.sections:
        said = [*([remark(section)] if remark(section) else []), *_counts(section)]
        lines.append(f"{section.title or 'Before the first section'}: {', '.join(said) or 'changed'}")
    if found.attachments:
        lines.append(f"Attachments: {', '.join(f'{one.path} {one.kind}' for one in found.attachments)}")
    return (*lines, "Layout: nothing that says something else") if found.layout else tuple(lines)


def _counts(section: SectionChange) -> list[str]:
    words = [_words_changed(one.pieces) for one in section.texts]
    rows = [row for table in section.tables for row in table.rows]
    counts = [
        (sum(one for one, _ in words), "word", "added"),
        (sum(one for _, one in words), "word", "removed"),
        *((sum(row.kind == kind for row in rows), "row", kind) for kind in ("added", "removed", "changed")),
    ]
    found = [f"{plural(count, noun)} {what}" for count, noun, what in counts if count]
    return found or (["punctuation"] if section.texts else [])


def _words_changed(pieces: tuple[Piece, ...]) -> tuple[int, int]:
    """How many words were added, and how many removed."""
    count = Counter[str]()
    for one in pieces:
        count[one.kind] += sum(word.isalnum() or len(word) > 1 for word in words_of(one.text))
    return count["added"], count["removed"]
