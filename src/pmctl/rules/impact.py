"""Impact: how long, how many, how much; in figures that agree with the incident's times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.completeness import is_stand_in
from pmctl.document.duration import duration_text, durations_in, is_rough
from pmctl.document.finding import Finding
from pmctl.document.prompts import strip_comments
from pmctl.rules.completeness import is_blank
from pmctl.rules.front_matter import incident_times
from pmctl.rules.registry import WARNING, found_at, heading, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.table import Cell
    from pmctl.rules.context import Context

_PLAIN = re.compile(r"(?<![\w/#:.`-])[~$€£]?\d[\d,.]* ?(?:%|[a-z]{3,})")
# What holds digits and measures nothing: code, addresses, links to issues, names such as EC2, HTTP's status codes.
_NO_MEASURE = re.compile(
    r"```.*?```|`[^`\n]*`|https?://\S+|\]\([^)\n\[\]]*\)|\b\d{4}-\d{2}-\d{2}\b|#\d+|\b[A-Z]+-\d+\b"
    r"|\b(?:HTTP|SEV|error|code) ?-?\d+\b|(?<![\w~$€£])(?!PT?\d+[DHMS])[A-Za-z_][\w-]{0,30}?\d[\w.-]{0,60}",
    re.DOTALL,
)
_THINGS = r"(?:user|customer|tenant|node|host|pod|cluster|service|request|job|hour|minute|day|region|replica)"
_MEASURED = re.compile(
    r"[\d½¼¾]|\b(?:none|nobody|no[- ]one|nothing|zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|half|third|quarter|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|twice|dozens?|hundreds?|thousands?|millions?"
    rf"|one (?:\w+ )?{_THINGS}|an (?:hour|outage)"
    r"|no (?:[\w-]+ ){0,2}(?:impact|effect|users?|customers?|data|loss|downtime|outage|errors?|requests?|packages?"
    r"|disruption|degradation|traffic|action|breach|exposure))\b|なし|なかった|无|無",
    re.IGNORECASE,
)
_DAYS = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_OPEN = re.compile(
    r"unknown(?: yet)?|pending|not (?:yet )?(?:known|measured|clear)(?: yet)?|[<\[{]+ ?\w[\w ]* ?[>\]}]+", re.IGNORECASE
)
_NAMES = ("Impact Type", "Type", "Impact", "Metric", "Measure", "Kind", "What", "Area")
_MEASURES = ("Measurement", "Measure", "Value", "Amount", "Figure", "Count", "Number")
_DURATION_NAME = re.compile(
    r"(?:total |incident |outage |overall )*"
    r"(?:duration|downtime|time to (?:resolve|resolution|recover\w*)|outage|(?<= )length)"
    r"(?: of (?:the )?(?:incident|outage|impact|disruption))?",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"(?im)^[ \t]{0,9}[-*+]?[ \t]{0,9}(?:\*\*)?(?:total |incident |outage )?duration(?:\*\*)?(?::|[ \t]{1,9}[-–—])"
    r"(?:\*\*)?[ \t]{0,9}(?P<value>[^\n]+)"
)
_LASTED = re.compile(
    r"\b(?:outage|incident|impact|downtime|disruption|degradation) lasted (?:for )?"
    r"(?P<value>[^.;()\n]{2,40}?)(?=[.;()\n,]|$)",
    re.IGNORECASE,
)


@rule("PM401", "impact-without-figures", review=WARNING)
def impact_without_figures(doc: Document, context: Context) -> Iterable[Finding]:
    """The Impact is not quantified.

    What it does:
        Looks for a figure in the Impact section, as digits or words; "none" is one. Dates, code, links and names such
        as EC2 are none.

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
    if _PLAIN.search(text):
        return
    if is_blank(section.text) or _MEASURED.search(_NO_MEASURE.sub(" ", text)) or len(set(_DAYS.findall(text))) > 1:
        return
    if not any(_is_open(measure) for _, measure in _measures(doc)):  # those are PM403's
        fix = "say how long, how many customers, how many requests; 'none' is an answer"
        yield heading(doc, section, "the Impact holds no figure", fix)


@rule("PM402", "impact-duration", review=WARNING)
def impact_duration(doc: Document, context: Context) -> Iterable[Finding]:
    """The duration given does not agree with the incident's times.

    What it does:
        Compares the Duration of the Impact, and "lasted 45 minutes" in it and the Summary, with the time from
        `started_at` or `detected_at` to `resolved_at` or `mitigated_at`. Two minutes or a tenth of it are forgiven, ten
        minutes or a quarter where it is an estimate; bounds such as "under an hour" are not compared.

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
    times = incident_times(doc)
    spans = [
        (times[end] - times[start], start, end)
        for start in ("started_at", "detected_at")
        for end in ("resolved_at", "mitigated_at")
        if start in times and end in times and times[end] >= times[start]
    ]
    if not spans or "started_at" not in times:
        return
    told: set[tuple[int, int]] = set()
    for text, line, column in _durations(doc):
        stated = durations_in(text)
        if not stated or (line, column) in told:
            continue
        least, part = (timedelta(minutes=10), 4) if is_rough(text) else (timedelta(minutes=2), 10)
        if all(abs(given - span) > max(least, span / part) for given in stated for span, _, _ in spans):
            told.add((line, column))
            span, start, end = spans[0]
            message = f"the duration {text!r} does not agree with the {duration_text(span)} from {start} to {end}"
            fix = f"write {duration_text(span)}, or correct the times"
            yield found_at(line, column, message, fix, width=len(text))


@rule("PM403", "impact-measure", draft=WARNING, review=WARNING)
def impact_measure(doc: Document, context: Context) -> Iterable[Finding]:
    """A row of the Impact table has no measurement.

    What it does:
        Flags rows whose Measurement is empty, unknown or a placeholder such as TBD. Tables that measure nothing, by
        their headings, are left aside.

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
        if name.text and _is_open(measure):
            message = f"there is no measurement for {name.text.strip('* ')!r}"
            yield found_at(measure.line, measure.column, message, "measure it, or say 'none'", width=len(measure.text))


def _is_open(measure: Cell) -> bool:
    """Whether a measurement has still to be made."""
    text = measure.text.strip("*_` ")
    return not text or is_stand_in(text) or _OPEN.fullmatch(text) is not None


@lru_cache(maxsize=2)
def _measures(doc: Document) -> tuple[tuple[Cell, Cell], ...]:
    """(what, measurement) of every row of the Impact's tables."""
    section = doc.section("Impact")
    if section is None or "|" not in section.text:
        return ()
    pairs: list[tuple[Cell, Cell]] = []
    from pmctl.document.table import tables

    for table in tables(doc, section):
        name, measure = table.column(*_NAMES), table.column(*_MEASURES)
        if measure is None and len(table.columns) == 2 and name == 0:
            measure = 1
        if measure is not None and measure != (name or 0):
            pairs += [(row.cells[name or 0], row.cells[measure]) for row in table.rows if not row.extra]
    return tuple(pairs)


def _durations(doc: Document) -> Iterator[tuple[str, int, int]]:
    """Every duration that the Impact, or a sentence of the Summary, states as such: text, line, column."""
    for name, measure in _measures(doc):
        if _DURATION_NAME.fullmatch(name.text.strip("*: ")):
            yield measure.text, measure.line, measure.column
    for title in ("Impact", "Summary"):
        section = doc.section(title)
        if section is None:
            continue
        for mark, pattern in (("uration", _LINE), (" lasted ", _LASTED)):
            if mark not in section.text or (pattern is _LINE and title != "Impact"):
                continue
            for match in pattern.finditer(doc.text, section.content_start, section.end):
                line, column = doc.position(match.start("value"))
                yield match["value"].strip(" *"), line, column
