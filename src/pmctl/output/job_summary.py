"""Markdown for the page of a CI job: tables that nothing from a document breaks out of, no longer than hosts take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pmctl.text import safe

MOST_BYTES = 1024 * 1024
"""What the summary of one step may hold; the host shows nothing of a longer one."""
_LAST_LINE = 100
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\|*_`[]~@#"} | {"&": "&amp;", "<": "&lt;"})


def cell(text: str) -> str:
    """Text for a table cell, where neither markup nor HTML counts and no address becomes a link."""
    return safe(text).translate(_MARKS).replace("://", ":&#47;&#47;").replace("www.", "www&#46;")


def code(text: str, line: int = 0) -> str:
    """A path, with a line when there is one, or a command as code in a table cell."""
    place = f"{safe(text)}:{line}" if line else safe(text)
    return f"`{place.replace('`', chr(39)).replace('|', ' ')}`"


def fitting(head: str, titles: Sequence[str], rows: Iterable[str], count: int, room: int = MOST_BYTES) -> str:
    """`head` and a table of those of `count` rows that fit into `room` bytes; the last line says how many did not.

    "" when there is no room even for the head.
    """
    room -= len(head.encode()) + _LAST_LINE
    if room < 0:
        return ""
    lines = [f"| {' | '.join(titles)} |".replace("|  |", "| |"), f"|{'---|' * len(titles)}"]
    room -= sum(len(line) + 1 for line in lines) + 1
    shown = 0
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        lines.append(row)
        shown += 1
    table = "\n" + "\n".join(lines) + "\n" if shown else ""
    more = f"\n… and {count - shown} more: the job's log lists all\n" if count > shown else ""
    return head + table + more
