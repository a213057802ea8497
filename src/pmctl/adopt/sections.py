"""The timeline and the action items of a rearranged document -> tables, with the text around them untouched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pmctl.adopt import items, timelines
from pmctl.document.dates import find_leading
from pmctl.document.headings import plain
from pmctl.document.reader import Document, Section, read, tables
from pmctl.document.timeline import time_column
from pmctl.document.zones import zone_of

_READABLE_ONLY = "its times stay as written; write them as HH:MM or YYYY-MM-DD HH:MM"


@dataclass(frozen=True, slots=True)
class Converted:
    """A document's text after conversion, what was found, what stayed text and why."""

    text: str
    count: int
    from_tables: bool = False
    reasons: tuple[str, ...] = ()
    zone: str = ""
    without_status: int = 0
    without_owner: int = 0


def timeline(document: Document, text: str, known: date | None, elsewhere: str) -> Converted:
    """Make the Timeline section's lists tables; `elsewhere` is text that may name the zone of all times.

    `text` is the document's text, in which only what stands behind the section may have changed already.
    """
    section = document.section("Timeline")
    if section is None:
        return Converted(text, 0)
    remark = next((line for line in section.text.splitlines() if line.startswith("**")), "")
    zone = timelines.stated_zone(remark, section.text, elsewhere)
    count = 0
    from_tables = False
    reasons: list[str] = []
    for start, end, marks in reversed(_pieces(document, section)):
        lines = text[start:end].replace("\r\n", "\n").split("\n")
        made = timelines.to_table(lines, known, zone, headings=frozenset(marks))
        if made is None:
            continue
        if made.reason:
            reasons.append(made.reason)
            continue
        text = _replaced(text, start, end, document.newline.join(made.lines))
        count += made.entries
    if count == 0:
        text, count, why = _existing_tables(document, text, section, zone, known)
        from_tables = count > 0
        reasons += why
    return Converted(text, count, from_tables, tuple(dict.fromkeys(reasons)), zone)


def action_items(
    document: Document, text: str, postmortem: str, ids: items.Ids, person: Callable[[str], str]
) -> Converted:
    """Make the Action Items section's lists and tables those that pmctl tracks. For `text` see `timeline`."""
    section = document.section("Action Items")
    if section is None:
        return Converted(text, 0)
    count = no_status = no_owner = 0
    reasons: list[str] = []
    for start, end, _ in reversed(_pieces(document, section)):
        lines = text[start:end].replace("\r\n", "\n").split("\n")
        found = items.to_tables(lines, postmortem, ids, person)
        reasons += found.reasons
        if found.items:
            text = _replaced(text, start, end, document.newline.join(found.lines))
            count += found.items
            no_status, no_owner = no_status + found.without_status, no_owner + found.without_owner
    return Converted(text, count, False, tuple(dict.fromkeys(reasons)), "", no_status, no_owner)


def _pieces(document: Document, section: Section) -> list[tuple[int, int, list[int]]]:
    """The stretches between a section's sub-headings; a timeline's entries are one stretch, with their lines."""
    found: list[tuple[int, int, list[int]]] = []
    at = section.content_start
    inside = [heading for heading in document.headings if section.content_start <= heading.start < section.end]
    entries: list[int] = []
    begin = at
    is_timeline = section.title.casefold() == "timeline"
    for heading in inside:
        moment = find_leading(plain(heading.title)) if is_timeline else None
        if moment is not None:
            entries.append(document.text.count("\n", begin, heading.start))
            continue
        if document.text[begin : heading.start].strip():
            found.append((begin, heading.start, entries))
        begin, entries = heading.content_start, []
    if document.text[begin : section.end].strip():
        found.append((begin, section.end, entries))
    return found


def _replaced(text: str, start: int, end: int, new: str) -> str:
    """The text with a piece replaced; the blank lines that end the piece stay."""
    piece = text[start:end]
    return text[:start] + new.rstrip() + piece[len(piece.rstrip()) :] + text[end:]


def _existing_tables(
    document: Document, text: str, section: Section, zone: str, known: date | None
) -> tuple[str, int, list[str]]:
    """Tables that stand there already: counted, and given a column of readable times where theirs aren't."""
    count = 0
    reasons: list[str] = []
    for table in reversed(tables(document, section)):
        named = time_column(table)
        column = named if named is not None else _column_of_times(table.rows, len(table.columns))
        if column is None:
            continue
        rows = [row for row in table.rows if any(cell.text for cell in row.cells)]
        count += len(rows)
        days_apart = table.column("Date")
        clock = timelines.Days(known)
        times = []
        for row in table.rows:
            written = row.cells[column].text
            if days_apart is not None and days_apart != column:
                written = f"{row.cells[days_apart].text} {written}"
            moment = find_leading(plain(written).strip(" []()"))
            times.append(timelines.time_text(moment, clock.take(moment), "") if moment else "")
        readable = sum(
            not time or time == row.cells[column].text or bool(timelines.READABLE.fullmatch(row.cells[column].text))
            for row, time in zip(table.rows, times, strict=True)
        )
        if named is not None and 10 * readable >= 7 * len(table.rows):
            continue
        if not all(time or not row.cells[column].text for row, time in zip(table.rows, times, strict=True)):
            if named is None:
                text = _with_header_word(text, table.header.cells[column].start)
            reasons.append(_READABLE_ONLY)
            continue
        in_header = timelines.stated_zone(f"({table.columns[column]})", table.columns[column])
        shown = in_header or zone
        head = f"Time ({shown})" if shown and zone_of(shown) else "Time"
        lines = [(table.header.start, head), (table.delimiter[0], "---")]
        lines += [(row.start, time) for row, time in zip(table.rows, times, strict=True)]
        for start, cell in reversed(lines):
            pipe = "" if text[start:].lstrip(" \t").startswith("|") else " |"
            text = text[:start] + (f"|{cell}" if cell == "---" else f"| {cell} ") + pipe + text[start:].lstrip(" \t")
    return text, count, reasons


def _with_header_word(text: str, start: int) -> str:
    return f"{text[:start]}Time {text[start:]}"


def _column_of_times(rows: object, width: int) -> int | None:
    """The first column of which most cells begin with a time."""
    assert isinstance(rows, tuple)  # noqa: S101  for the type checker
    for index in range(width):
        cells = [row.cells[index].text for row in rows if row.cells[index].text]
        timed = [cell for cell in cells if (moment := find_leading(plain(cell))) and (moment.clock or moment.day)]
        if cells and 2 * len(timed) > len(cells):
            return index
    return None


def reread(text: str, path: str, *, bom: bool) -> Document:
    """The document that a text is now."""
    return read((b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8"), path)
