"""Timelines that are tables already: where pmctl can't read their times, a column that it can read is put in front."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pmctl.adopt.timelines import READABLE, Days, stated_zone, time_text
from pmctl.document.dates import find_leading
from pmctl.document.headings import plain
from pmctl.document.reader import Document, Section, tables
from pmctl.document.table import Table
from pmctl.document.timeline import time_column
from pmctl.document.zones import zone_of

_READABLE_ONLY = "its times stay as written; write them as HH:MM or YYYY-MM-DD HH:MM"


def with_readable_times(
    document: Document, text: str, section: Section, zone: str, known: date
) -> tuple[str, int, list[str]]:
    """The text with a column of readable times where a table has none, the number of rows, and what stays unread."""
    count = 0
    reasons: list[str] = []
    for table in reversed(tables(document, section)):
        named = time_column(table)
        column = named if named is not None else _column_of_times(table)
        if column is None:
            continue
        count += sum(any(cell.text for cell in row.cells) for row in table.rows)
        times = _times(table, column, known)
        if named is not None and 10 * _readable(table, column, times) >= 7 * len(table.rows):
            continue
        written = [row.cells[column].text for row in table.rows]
        unread = sum(bool(cell) and not time for cell, time in zip(written, times, strict=True))
        if unread == 0 or 2 * unread < sum(map(bool, times)) or (unread == 1 and sum(map(bool, times)) > 1):
            # A row such as "(before)" has no time: it says so, and the others are read.
            times = [time or ("??" if cell else "") for cell, time in zip(written, times, strict=True)]
            # A day whose other entries have a time: its own is not known.
            clocked = {time.lstrip("~")[:10] for time in times if ":" in time}
            times = [f"{time} ??" if time.lstrip("~") in clocked else time for time in times]
            shown = stated_zone(f"({table.columns[column]})", table.columns[column]) or zone
            text = _with_column(text, table, f"Time ({shown})" if shown and zone_of(shown) else "Time", times)
            continue
        if named is None:
            start = table.header.cells[column].start
            text = f"{text[:start]}Time {text[start:]}"
        reasons.append(_READABLE_ONLY)
    return text, count, reasons


def _times(table: Table, column: int, known: date) -> list[str]:
    """The time of each row as pmctl reads it, "" where it can't be told."""
    days_apart = table.column("Date")
    clock = Days(known)
    times = []
    for row in table.rows:
        written = row.cells[column].text
        if days_apart is not None and days_apart != column:
            written = f"{row.cells[days_apart].text} {written}"
        moment = find_leading(plain(written).strip(" []()"))
        times.append(time_text(moment, clock.take(moment), "") if moment else "")
    return times


def _readable(table: Table, column: int, times: Sequence[str]) -> int:
    """How many cells pmctl reads as they are, or hold no time at all."""
    cells = [row.cells[column].text for row in table.rows]
    return sum(
        not time or time == cell or bool(READABLE.fullmatch(cell)) for cell, time in zip(cells, times, strict=True)
    )


def _with_column(text: str, table: Table, title: str, times: Sequence[str]) -> str:
    """The text with a first column in front of the table's own."""
    starts: list[tuple[int, str]] = [(table.header.start, f"| {title} "), (table.delimiter[0], "|---")]
    starts += [(row.start, f"| {time} ") for row, time in zip(table.rows, times, strict=True)]
    for start, cell in reversed(starts):
        line = text[start:].lstrip(" \t")
        text = text[:start] + cell + ("" if line.startswith("|") else " |") + line
    return text


def _column_of_times(table: Table) -> int | None:
    """The first column of which most cells begin with a time."""
    for index in range(len(table.columns)):
        cells = [row.cells[index].text for row in table.rows if row.cells[index].text]
        moments = [find_leading(plain(cell)) for cell in cells]
        if cells and 2 * sum(bool(one and (one.clock or one.day)) for one in moments) > len(cells):
            return index
    return None
