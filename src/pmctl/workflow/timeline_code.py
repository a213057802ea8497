"""Code that belongs to rows of a timeline: below the table, because a cell cannot hold a block of code.

    | 14:03 | Ran this: (code of 14:03:22 UTC below) | @ada |

    Code of 2024-01-15 14:03:22 UTC:

    ```sh
    kubectl rollout undo deployment/api
    ```

Blocks stand directly below the table of their rows, in order of time, each under its label.
Rows + document -> document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pmctl.document.reader import Document
from pmctl.document.table import Table
from pmctl.document.timeline import entries, timeline_section, timeline_tables
from pmctl.document.verify_edit import newlines, reread
from pmctl.errors import BadInput
from pmctl.services.import_document import TimelineRow
from pmctl.services.refresh import comparable

_LABEL = re.compile(r"\s*Code of (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) UTC:[ \t]*\r?\n\s*")
_CLOSE_BELOW = re.compile(r"\r?\n[ \t]*[^\s]")


def section_text(document: Document) -> str:
    """The text in which the code of the document's timeline stands, with LF line ends."""
    section = timeline_section(document)
    return section.text.replace("\r\n", "\n") if section is not None else ""


def with_code(document: Document, rows: Iterable[TimelineRow]) -> Document:
    """The document with the code of these rows, which are in its timeline.

    Raises BadInput when that would change anything else.
    """
    wanted = sorted((row for row in rows if row.code), key=lambda row: row.at)
    tables = timeline_tables(document)
    if not wanted or not tables:
        return document
    places = _tables_by_entry(document, tables)
    groups = {table.start: _groups(document, table) for table in tables}
    splices = []
    for row in wanted:
        table = places.get((comparable(row.event), row.at.replace(second=0, microsecond=0)), tables[-1])
        at = max((end for moment, end in groups[table.start] if moment <= row.at), default=table.end)
        below = "\n" if _CLOSE_BELOW.match(document.text, at) else ""
        splices.append((at, at, newlines(document, f"\n\n{_label(row)}\n\n{_source(row.code)}{below}")))
    return _changed(document, splices)


def with_other_code(document: Document, before: TimelineRow, after: Sequence[str]) -> Document:
    """The document with other code (or none) for a row, where that of `before` stands as it was imported."""
    section = timeline_section(document)
    if section is None or before.code == tuple(after):
        return document
    text, start = document.text, section.content_start
    label = text.find(_label(before), start, section.end)
    at = label if label >= 0 else start
    splices = []
    for number, block in enumerate(before.code):
        source = newlines(document, block)
        at = text.find(source, at, section.end)
        if at < 0:
            return document
        new = newlines(document, _source(after)) if not number else ""
        splices.append((at if new else _behind_text(text, at), at + len(source), new))
        at += len(source)
    if not after and label >= 0:
        splices.append((_behind_text(text, label), label + len(_label(before)), ""))
    return _changed(document, splices)


def _label(row: TimelineRow) -> str:
    return f"Code of {row.at:%Y-%m-%d %H:%M:%S} UTC:"


def _source(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks)


def _behind_text(text: str, at: int) -> int:
    """The end of what stands before an offset, white space aside."""
    return len(text[:at].rstrip())


def _tables_by_entry(document: Document, tables: Sequence[Table]) -> dict[tuple[str, datetime], Table]:
    lines = {row.line: table for table in tables for row in table.rows}
    return {
        (comparable(entry.text), entry.at.replace(second=0, microsecond=0)): lines[entry.line]
        for entry in entries(document)
        if entry.at is not None
    }


def _groups(document: Document, table: Table) -> list[tuple[datetime, int]]:
    """The labelled code below a table: the moment of each group, and the offset behind its last block."""
    text = document.text
    blocks = {start: _behind_text(text, end) for start, end in document.structure.code_blocks if start >= table.end}
    found: list[tuple[datetime, int]] = []
    at = table.end
    while match := _LABEL.match(text, at):
        end = match.end()
        if end not in blocks:
            break
        while end in blocks:
            at = blocks[end]
            end = at + len(text[at:]) - len(text[at:].lstrip())
        try:
            moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            break
        found.append((max(moment, found[-1][0]) if found else moment, at))
    return found


def _changed(document: Document, splices: Sequence[tuple[int, int, str]]) -> Document:
    pieces, at = [], 0
    for start, end, new in sorted(splices, key=lambda splice: splice[:2]):
        pieces += [document.text[at:start], new]
        at = max(at, end)
    changed = reread(document, "".join([*pieces, document.text[at:]]))
    if _outline(changed) != _outline(document):
        raise BadInput("the code of the timeline would not read back as intended", hint="check the section by hand")
    return changed


def _outline(document: Document) -> object:
    """All that code below a timeline must leave alone."""
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    titles = [(heading.level, heading.title) for heading in document.headings]
    return document.front, tables, titles, [entry.at for entry in entries(document)]
