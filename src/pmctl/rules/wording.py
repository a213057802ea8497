"""Searching a document's prose: what a pattern finds, with what stands before it and around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmctl.rules.persons import subject_before
from pmctl.rules.prose import Pattern, mentions, prose, says, vocabulary
from pmctl.text import single_line

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_STOP = Pattern(r"[.!?](?![\w])|[;\0]")
_WINDOW = 90
"""How many characters before a verb may hold its subject."""
_ALSO_WORDS = (
    "will mark grace rose may art hope joy faith dawn eve bill rob pat sue drew chase chance chip dale dean frank gene"
    " grant guy jack june april august lance max miles nick page ray rich rusty sandy skip summer sunny ted tony van"
    " wade case angel christian jordan austin dallas paris jersey"
)
_AMBIGUOUS = frozenset(_ALSO_WORDS.split())
"""First names that are words as well."""
_NEGATION = Pattern(
    r"(?:\b(?:no|not|never|nothing|without|isn't|wasn't|aren't|weren't|don't|doesn't|didn't|nor|neither|none|instead\s+of"
    r"|rather\s+than|hardly|avoid(?:ing)?|prevent(?:ing)?"
    r"|reduc(?:e|ing)|minimi[sz](?:e|ing)|eliminat(?:e|ing)|against|than)|n't)(?:\s+[\w'-]{1,40}){0,2}\s*[\s(]$"
)


def matches(
    doc: Document, context: Context, kind: str, needles: tuple[tuple[str, ...], ...], *patterns: Pattern
) -> Iterator[tuple[re.Match[str], str]]:
    """Matches of the patterns in the prose, when one needle of each group occurs at all, and of the organisation's own
    phrases of this kind; without the phrases that it lets pass. Yields (match, lower-case prose).
    """
    own = context.settings.phrases.get(kind, ())
    chosen = list(patterns) if all(mentions(doc.text, doc.body_start, group) for group in needles) else []
    if own:
        chosen.append(Pattern(r"(?<!\w)(?:" + "|".join(_phrase(one) for one in own) + r")(?!\w)"))
    if not chosen:
        return
    text = prose(doc.text, doc.body_start)
    removed = context.settings.removed
    for one in chosen:
        for match in one.matches(text):
            plain = single_line(match[0])
            if not removed or not any(f" {phrase} " in f" {plain} " for phrase in removed):
                yield match, text


def _phrase(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in text.casefold().split())


def spans(
    doc: Document, context: Context, kind: str, needles: tuple[str, ...], patterns: tuple[Pattern, ...]
) -> Iterator[tuple[int, int, str]]:
    """`matches` of several patterns with what leads up to them: start, end, lower-case prose; without overlaps and
    without what the sentence denies.
    """
    done: list[tuple[int, int]] = []
    for match, text in matches(doc, context, kind, (needles,), *patterns):
        start, end = match.span()
        pattern = next((one for one in patterns if one.compiled is match.re), None)
        if pattern and pattern.condition and not pattern.condition.compiled.search(text_before(text, start)):
            continue
        if pattern and pattern.lead:
            lead = pattern.lead.compiled.search(text_before(text, start))
            if not lead:
                continue
            start -= len(lead[0])
        if not negated(text, start) and not any(start < last and first < end for first, last in done):
            done.append((start, end))
            yield start, end, text


def as_written(doc: Document, start: int, end: int) -> str:
    """The flagged words as the document has them, on one line."""
    return single_line(doc.text[start:end])


def people_named(doc: Document, context: Context) -> tuple[str, ...]:
    """Names of known people that occur in the text, lower case: full names, and first names that are no words."""
    if context.people is None:
        return ()
    present = vocabulary(doc.text, doc.body_start)
    names = []
    for name in context.people.names.values():
        parts = name.lower().split()
        if not parts or parts[0] not in present:
            continue
        if len(parts) > 1 and says(doc.text, doc.body_start, f" {' '.join(parts)} "):
            names.append(" ".join(parts))
        if len(parts[0]) > 2 and parts[0] not in _AMBIGUOUS:
            names.append(parts[0])
    return tuple(sorted(set(names), key=lambda name: (-len(name), name)))


def text_before(text: str, start: int) -> str:
    return text[max(0, start - _WINDOW) : start]


def subject_of(text: str, start: int, names: tuple[str, ...]) -> re.Match[str] | None:
    """The person that stands before `start` as the subject, None when there is none."""
    return subject_before(names).compiled.search(text_before(text, start))


def negated(text: str, start: int) -> bool:
    return _NEGATION.compiled.search(text[max(0, start - 40) : start]) is not None


def sentence_end(text: str, start: int) -> int:
    """Where the sentence that holds `start` ends: its mark, or the end of its block."""
    stop = _STOP.compiled.search(text, start)
    return stop.start() if stop else len(text)


def asked(text: str, start: int) -> bool:
    """Whether the sentence is a question."""
    end = sentence_end(text, start)
    return text[end : end + 1] == "?"


def inside(spans: tuple[tuple[int, int], ...], at: int) -> bool:
    return any(start <= at < end for start, end in spans)
