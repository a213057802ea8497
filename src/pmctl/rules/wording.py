"""Search a document's prose: what a pattern finds, with the text before and around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.language import known
from pmctl.rules.persons import subject_before
from pmctl.rules.prose import Pattern, says, search, vocabulary
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


class Said(NamedTuple):
    """What a pattern found: where it begins and ends with what leads up to it, the match, and the prose around it."""

    start: int
    end: int
    match: re.Match[str]
    prose: str

    @property
    def before(self) -> str:
        """The text in front of it in which its subject may stand."""
        return text_before(self.prose, self.start)

    @property
    def negated(self) -> bool:
        """Whether the sentence denies it."""
        return _NEGATION.compiled.search(self.prose[max(0, self.start - 40) : self.start]) is not None

    @property
    def asked(self) -> bool:
        """Whether the sentence is a question."""
        end = sentence_end(self.prose, self.end)
        return self.prose[end : end + 1] == "?"

    def subject(self, names: tuple[str, ...]) -> re.Match[str] | None:
        """The person in front of it who is the subject, None when there is none. `names` are known people's."""
        return subject_before(names).compiled.search(self.before)


def said(doc: Document, context: Context, kind: str, *patterns: Pattern) -> Iterator[Said]:
    """What the patterns, and the organisation's own phrases of this kind, find in the prose, without the phrases that
    the organisation lets pass.
    """
    own = context.settings.phrases.get(kind, ())
    if own:
        phrases = "|".join(r"\s+".join(map(re.escape, one.casefold().split())) for one in own)
        patterns = (*patterns, Pattern(rf"(?<!\w)(?:{phrases})(?!\w)"))
    for pattern, match in search(patterns, doc.text, doc.body_start):
        start, before = match.start(), text_before(match.string, match.start())
        if pattern.condition and not pattern.condition.compiled.search(before):
            continue
        if pattern.lead:
            lead = pattern.lead.compiled.search(before)
            if lead is None:
                continue
            start -= len(lead[0])
        plain = f" {' '.join(match[0].split())} "
        if not any(f" {phrase} " in plain for phrase in context.settings.removed):
            yield Said(start, match.end(), match, match.string)


@cache
def elsewhere(kind: str) -> tuple[Pattern, ...]:
    """The phrases of a kind in other languages than English, which are too plain to be anything else there."""
    found = [one for language in known() if (one := language.wording.get(kind))]
    # Where words are written without spaces between them, one begins anywhere.
    return tuple(Pattern(rf"(?<!\w)(?:{text})" if " " in needs[0] else text, needs=needs) for needs, text in found)


def without_overlaps(found: Iterable[Said]) -> Iterator[Said]:
    """The first of those that share words."""
    done: list[Said] = []
    for one in found:
        if not any(one.start < other.end and other.start < one.end for other in done):
            done.append(one)
            yield one


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


def sentence_end(text: str, start: int) -> int:
    """Where the sentence that holds `start` ends: its mark, or the end of its block."""
    stop = _STOP.compiled.search(text, start)
    return stop.start() if stop else len(text)


def inside(spans: tuple[tuple[int, int], ...], at: int) -> bool:
    return any(start <= at < end for start, end in spans)
