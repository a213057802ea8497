"""Impact: how long, how many, how much; in figures that agree with the incident's times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.document.prompts import strip_comments
from pmctl.rules.completeness import is_blank
from pmctl.rules.registry import WARNING, found_at, heading, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.table import Cell
    from pmctl.rules.context import Context

_DIGIT = re.compile(r"\d")
_UNKNOWN = re.compile(r"(?:tbd|tba|tbc|todo|xxx+|unknown|\?+|-+|\.\.\.|…|fill in)\.?", re.IGNORECASE)
_DURATION_NAME = re.compile(r"(?:total |incident |outage |overall )*(?:duration|downtime|time to resolve|outage)", re.I)
_AMOUNT = re.compile(
    r"(?<!\d)(\d++(?:\.\d++)?)\s*(?:-\s*)?(days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|s)(?![a-z])",
    re.IGNORECASE,
)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST = 100 * 365 * 86400
"""Seconds beyond which no duration is told from another: a number may have any count of digits."""
_LINE = re.compile(
    r"(?im)^[ \t]*(?:[-*+][ \t]*)?(?:\*\*)?(?:total |incident )?duration(?:\*\*)?:(?:\*\*)?[ \t]*(?P<value>[^\n]+)"
)


@rule("PM401", "impact-without-figures", review=WARNING)
def impact_without_figures(doc: Document, context: Context) -> Iterable[Finding]:
    """The Impact is not quantified.

    What it does:
        Looks for a figure in the Impact section.

    Why:
        How bad it was decides what may be spent on preventing the next one, and "many users" is no measure.

    Example:
        ## Impact

        Many customers could not pay.

    Fix:
        ## Impact

        | Impact Type | Measurement |
        |---|---|
        | Affected customers | about 2,300 |
    """
    section = doc.section("Impact")
    if section is None:
        return
    text = strip_comments(section.text)
    if not _DIGIT.search(text) and not is_blank(section.text):
        fix = "say how long, how many customers, how many requests"
        yield heading(doc, section, "the Impact holds no figure", fix)


@rule("PM402", "impact-duration", review=WARNING)
def impact_duration(doc: Document, context: Context) -> Iterable[Finding]:
    """The duration given does not agree with the incident's times.

    What it does:
        Compares the Duration of the Impact with `started_at` to `resolved_at` or `mitigated_at`; two minutes or a
        tenth of it are forgiven.

    Why:
        One of the two is wrong, and service levels are computed from both.

    Example:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z

        ## Impact

        | Impact Type | Measurement |
        |---|---|
        | Duration | 3 hours |

    Fix:
        started_at: 2024-01-15T14:00:00Z
        resolved_at: 2024-01-15T14:45:00Z

        ## Impact

        | Impact Type | Measurement |
        |---|---|
        | Duration | 45 minutes |
    """
    from pmctl.rules.front_matter import incident_times

    times = incident_times(doc)
    start = times.get("started_at")
    spans = [times[end] - start for end in ("resolved_at", "mitigated_at") if start and end in times]
    if not spans:
        return
    for text, line, column in _durations(doc):
        given = _duration(text)
        if given is None:
            continue
        if all(abs(given - span) > max(timedelta(minutes=2), span / 10) for span in spans):
            minutes = int(spans[0].total_seconds() // 60)
            message = f"the duration {text!r} does not agree with started_at and resolved_at ({minutes} minutes)"
            yield found_at(line, column, message, width=len(text))


@rule("PM403", "impact-measure", draft=WARNING, review=WARNING)
def impact_measure(doc: Document, context: Context) -> Iterable[Finding]:
    """A row of the Impact table has no measurement.

    What it does:
        Flags rows whose Measurement is empty or a placeholder such as TBD.

    Why:
        An open measurement is forgotten as soon as the postmortem is published. "None" is an answer.

    Example:
        ## Impact

        | Impact Type | Measurement |
        |---|---|
        | Affected customers | TBD |

    Fix:
        ## Impact

        | Impact Type | Measurement |
        |---|---|
        | Affected customers | about 2,300 |
    """
    for name, measure in _measures(doc):
        if name.text and (not measure.text or _UNKNOWN.fullmatch(measure.text)):
            message = f"{name.text} has no measurement"
            yield found_at(measure.line, measure.column, message, "measure it, or say 'none'", width=len(measure.text))


@lru_cache(maxsize=2)
def _measures(doc: Document) -> tuple[tuple[Cell, Cell], ...]:
    """(what, measurement) of every row of the Impact's tables."""
    section = doc.section("Impact")
    if section is None or "|" not in section.text:
        return ()
    pairs: list[tuple[Cell, Cell]] = []
    from pmctl.document.table import tables

    for table in tables(doc, section):
        measured = table.column("Measurement")
        if measured is None:
            measured = 1
        if measured > 0:
            pairs += [(row.cells[0], row.cells[measured]) for row in table.rows if measured < len(row.cells)]
    return tuple(pairs)


def _durations(doc: Document) -> Iterator[tuple[str, int, int]]:
    """Every duration that the Impact states as such: text, line, column."""
    section = doc.section("Impact")
    if section is None or ("uration" not in section.text and "owntime" not in section.text):
        return
    for name, measure in _measures(doc):
        if _DURATION_NAME.fullmatch(name.text.strip("* ")):
            yield measure.text, measure.line, measure.column
    for match in _LINE.finditer(doc.text, section.content_start, section.end):
        line, column = doc.position(match.start("value"))
        yield match["value"].strip(), line, column


def _duration(text: str) -> timedelta | None:
    """`1 h 30 min`, `45 minutes`, `2.5 hours` as a time span; None when it is no plain duration."""
    amounts = _AMOUNT.findall(text.split("(")[0])
    if not amounts or re.search(r"\bto\b|\d\s*[-–]\s*\d", text):
        return None
    seconds = sum(float(number) * _SECONDS[unit[0].lower()] for number, unit in amounts)
    return timedelta(seconds=min(seconds, _LONGEST))
