"""The timeline and the action items of a rearranged document -> tables, with the text around them untouched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pmctl.adopt import items, timelines
from pmctl.adopt.existing_timelines import with_readable_times
from pmctl.adopt.front_matter import Context
from pmctl.adopt.item_tables import ItemTables
from pmctl.adopt.remarks import Remarks
from pmctl.document.aliases import ACTION_ITEMS, TIMELINE
from pmctl.document.dates import find_leading
from pmctl.document.headings import bare, plain
from pmctl.document.reader import Document, Section, read

# Headings above advice for everybody, in pairs: nobody does these once and is done.
_WHAT_NOT_TO_DO = ("don't", "dont", "don'ts", "donts", "do not", "what not to do", "avoid", "anti-patterns")
_WHAT_TO_DO = ("do", "dos", "do's", "what to do")


def with_tables(
    document: Document, day: date, context: Context, wanted: frozenset[str], *, bom: bool
) -> tuple[Document, Remarks]:
    """The document with the timeline and the action items as tables, where `wanted` names their section.

    `day` is the incident's, by which days without a year are read.
    """
    remarks = Remarks()
    text = document.text
    # From the end of the text, so that the places of what comes before stay right.
    found = [(section, title) for title in (TIMELINE, ACTION_ITEMS) if (section := document.section(title))]
    for section, title in sorted(found, key=lambda one: -one[0].start):
        if title not in wanted:
            what = "the timeline as it was" if title == TIMELINE else "action items as they were"
            remarks.kept.append(f"{what}: with a table, git could not follow the file's history")
        elif title == TIMELINE:
            text = _with_timeline(document, text, section, day, remarks)
        else:
            text = _with_items(document, text, section, context, remarks)
    return (reread(text, document.path, bom=bom) if text != document.text else document), remarks


def reread(text: str, path: str, *, bom: bool) -> Document:
    """The document that a text is now."""
    return read((b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8"), path)


def _with_timeline(document: Document, text: str, section: Section, known: date, remarks: Remarks) -> str:
    """`text` is the document's, in which only what stands behind the section may have changed already."""
    remark = next((line for line in section.text.splitlines() if line.startswith("**")), "")
    before = document.text[document.body_start : section.start]
    zone = timelines.stated_zone(remark, section.text, before)
    count = 0
    zoned = True
    reasons: list[str] = []
    for piece in _pieces(document, section, entries=True):
        made = timelines.to_table(piece.lines(document), known, zone, headings=frozenset(piece.entries))
        if made is not None and made.reason:
            reasons.append(made.reason)
        elif made is not None:
            text = piece.replaced(document, text, made.lines)
            count += made.entries
            zoned = zoned and made.zoned
    from_tables = False
    if count == 0:
        text, count, why = with_readable_times(document, text, section, zone, known)
        from_tables = count > 0
        reasons += why
    remarks.questions += [f"timeline: {reason}" for reason in dict.fromkeys(reasons)]
    if count:
        remarks.recognise("timeline", f"{count} entries", "its table" if from_tables else "its list")
        if not zoned and not from_tables:
            remarks.questions.append("the timeline does not name one time zone: its times are read as UTC")
    elif section.text.strip():
        remarks.kept.append("the timeline as text: not every entry has a clear time")
        remarks.left_as_text += 1
    return text


def _with_items(document: Document, text: str, section: Section, context: Context, remarks: Remarks) -> str:
    """For `text` see `_with_timeline`."""
    made = ItemTables()
    pieces = _pieces(document, section)
    advice = any(bare(piece.title) in _WHAT_NOT_TO_DO for piece in pieces)
    for piece in pieces:
        if advice and bare(piece.title) in (*_WHAT_NOT_TO_DO, *_WHAT_TO_DO):
            made.reasons.append(f"a list of advice below {plain(piece.title)!r} was left as it was")
            continue
        part = items.to_tables(piece.lines(document), str(document.meta["id"]), context.ids, context.person)
        made.add(part)
        if part.items:
            text = piece.replaced(document, text, part.lines)
    remarks.kept += [f"action items: {reason}" for reason in dict.fromkeys(made.reasons)]
    if made.items:
        remarks.recognise("action items", str(made.items), "the section's lists and tables")
        if made.without_status:
            remarks.questions.append(
                f"{made.without_status} of {made.items} action items don't say whether they are done"
            )
        if made.without_owner:
            remarks.questions.append(f"{made.without_owner} of {made.items} action items have no known owner")
    elif section.text.strip():
        remarks.kept.append("action items as text: they are not in a list or table")
        remarks.questions.append("which action items does the text of Action Items contain?")
        remarks.left_as_text += 1
    return text


@dataclass(slots=True)
class _Piece:
    """A stretch of a section between sub-headings, with the `title` of the one above it. `entries` are the lines that
    are headings and timeline entries."""

    start: int
    end: int
    title: str = ""
    entries: list[int] = field(default_factory=list)

    def lines(self, document: Document) -> list[str]:
        return document.text[self.start : self.end].replace("\r\n", "\n").split("\n")

    def replaced(self, document: Document, text: str, lines: list[str] | tuple[str, ...]) -> str:
        """The text with other lines for the piece; the blank lines that end it stay."""
        piece = text[self.start : self.end]
        new = document.newline.join(lines).rstrip()
        return text[: self.start] + new + piece[len(piece.rstrip()) :] + text[self.end :]


def _pieces(document: Document, section: Section, *, entries: bool = False) -> list[_Piece]:
    """The pieces of a section that hold text, the last one first; with `entries` headings may be entries."""
    found = []
    piece = _Piece(section.content_start, section.end)
    for heading in document.headings:
        if section.content_start <= heading.start < section.end:
            if entries and find_leading(plain(heading.title).strip(" {}")) is not None:
                piece.entries.append(document.text.count("\n", piece.start, heading.start))
                continue
            piece.end = heading.start
            found.append(piece)
            piece = _Piece(heading.content_start, section.end, heading.title)
    return [piece for piece in reversed((*found, piece)) if document.text[piece.start : piece.end].strip()]
