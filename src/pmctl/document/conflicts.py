"""Merge conflicts that nobody resolved: git's markers at the beginning of a line. text -> findings.

A document with both sides of a conflict cannot be read in one right way, so it counts as unreadable: nothing acts on
it and nothing takes its action items for real. Only lines decide, as for the table of action items (docs/formats.md),
since the content digest depends on it. What a block of code between fences shows is an example, and no conflict; a
fence that is never closed makes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmctl.codes import Code
from pmctl.document.finding import Finding, Severity

# `conflict-marker-size` makes them longer. The middle ones count only where they cannot be something else: seven | are
# a row of empty cells, and seven = underline a heading.
_MARKER = re.compile(r"(?m)^(?:<{7,}(?: |\r?$)|>{7,}(?: |\r?$)|\|{7,} [^|\n]*$)")
_SEPARATOR = re.compile(r"(?m)^={7}\r?$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*$)|~{3,})")
_NO_TITLE = ("|", "#", "<", ">", "- ", "* ", "+ ", "=")


def conflict_markers(text: str, path: str) -> list[Finding]:
    """The first line that a conflict left behind, as an error; a lone separator that may be one, as a warning."""
    likely = "<<<<<<<" in text or ">>>>>>>" in text or "||||||| " in text
    if not likely and "\n=======" not in text:
        return []
    for number, line in _outside_of_code(text):
        if _MARKER.match(line):
            message = f"the conflict marker {line[:7]}: two sides of a merge, and nobody decided between them"
            fix = "keep what is right of the two sides, and remove the lines of <<<<<<<, ======= and >>>>>>>"
            return [Finding("PM008", message, path, number, 1, fix=fix)]
    return _separators(text, path)


def _separators(text: str, path: str) -> list[Finding]:
    """What is left when only the markers around it were removed: first what must be one, else what may be.

    Below a line of text it makes that a heading.
    """
    above, possible = "", list[Finding]()
    for number, line in _outside_of_code(text):
        if _SEPARATOR.match(line):
            title = above.strip()
            if not title or title.startswith(_NO_TITLE):
                fix = "remove it, once both sides are one text"
                return [Finding("PM008", "the conflict marker =======", path, number, 1, fix=fix)]
            if not possible and not 4 <= len(title) <= 14:
                message = f"======= makes a heading of {title[:40]!r}, or is what a merge conflict left"
                possible = [Finding("PM008", message, path, number, 1, Severity.WARNING, "write # before a title")]
        above = line
    return possible


def _outside_of_code(text: str) -> Iterator[tuple[int, str]]:
    """The number, from 1, and text of every line that stands in no closed block of code between fences."""
    held: list[tuple[int, str]] = []
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        opening = _FENCE.match(line)
        if not fence and opening is None:
            yield number, line
        elif not fence and opening is not None:
            fence = opening[1]
        elif opening is not None and opening[1].startswith(fence) and not line.strip(f" \t\r{fence[0]}"):
            fence, held = "", []
        else:
            held.append((number, line))
    yield from held


CODES = (
    Code(
        "PM008", "conflict-marker", "A line begins with a marker of a merge conflict.",
        "Both sides of the conflict stand in the document, and nobody decided between them. Inside a block of code, "
        "between ``` fences, the markers are an example and no finding.",
        "Keep what is right of the two sides, and remove the lines of the markers.", "<<<<<<< HEAD",
    ),
)  # fmt: skip
