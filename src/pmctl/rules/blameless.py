"""Blameless language: wording that judges people instead of describing conditions.

Precision comes before recall: a person must be the subject, and code, quotations, URLs and command output
are skipped. Names are welcome in the Timeline (who did what) and in Action Items (who will).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules import phrases
from pmctl.rules.prose import Pattern, mentions, prose, says, timelines, vocabulary
from pmctl.rules.registry import HINT, WARNING, found, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_WINDOW = 90
"""How many characters before a verb may hold its subject."""

_CAUSES = ("Root Cause", "Contributing Factors", "Lessons Learned")
_ALSO_WORDS = (
    "will mark grace rose may art hope joy faith dawn eve bill rob pat sue drew chase chance chip dale dean frank gene"
    " grant guy jack june april august lance max miles nick page ray rich rusty sandy skip summer sunny ted tony van"
    " wade case angel christian jordan austin dallas paris jersey"
)
_AMBIGUOUS = frozenset(_ALSO_WORDS.split())
"""First names that are words as well."""

_HANDLE = Pattern(r"(?<![\w/.@`+-])@[a-z0-9][a-z0-9-]*\b(?![/.@]\w)")


def _matches(
    doc: Document, context: Context, kind: str, needles: tuple[tuple[str, ...], ...], pattern: Pattern
) -> Iterator[tuple[re.Match[str], str]]:
    """Matches of a pattern in the prose, when one needle of each group occurs at all, and of the organisation's own
    phrases of this kind; without the phrases that it lets pass. Yields (match, lower-case prose).
    """
    own = context.settings.phrases.get(kind, ())
    patterns = [pattern] if all(mentions(doc.text, doc.body_start, group) for group in needles) else []
    if own:
        patterns.append(Pattern(r"(?<!\w)(?:" + "|".join(_phrase(one) for one in own) + r")(?!\w)"))
    if not patterns:
        return
    text = prose(doc.text, doc.body_start)
    removed = context.settings.removed
    for one in patterns:
        for match in one.compiled.finditer(text):
            plain = " ".join(match[0].split())
            if not removed or not any(f" {phrase} " in f" {plain} " for phrase in removed):
                yield match, text


def _phrase(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in text.casefold().split())


def _said(doc: Document, match: re.Match[str]) -> str:
    """The flagged words as the document has them, on one line."""
    return " ".join(doc.text[match.start() : match.end()].split())


def _people_named(doc: Document, context: Context) -> tuple[str, ...]:
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


def _subject(text: str, start: int, names: tuple[str, ...]) -> re.Match[str] | None:
    """The person that stands before `start` as the subject, None when there is none."""
    window = text[max(0, start - _WINDOW) : start]
    return phrases.subject_before(names).compiled.search(window)


def _negated(text: str, start: int) -> bool:
    return phrases.NEGATION.compiled.search(text[max(0, start - 40) : start]) is not None


@rule("PM701", "counterfactual", review=WARNING)
def counterfactual(doc: Document, context: Context) -> Iterable[Finding]:
    """A sentence says what should, could or would have happened.

    What it does:
        Flags "should have" and "ought to have" with what was not done, "could have" and "would have" with
        preventing or noticing, "if only we had" and "had we ..., it would".

    Why:
        A counterfactual describes an incident that did not happen. It explains nothing about why the
        decisions made sense to the people who took them with what they knew (Dekker, The Field Guide to
        Understanding Human Error; PagerDuty's postmortem guide).

    Example:
        ## Root Cause

        The limit should have been raised before the campaign.

    Fix:
        ## Root Cause

        The limit dated from the first deployment, and no alert showed how close the traffic had come to it.
    """
    seen: set[int] = set()
    for needles, pattern, needs_person in (
        ((phrases.SHOULD_WORDS, phrases.HAVE_WORDS), phrases.SHOULD_HAVE, False),
        ((phrases.COULD_WORDS, phrases.HAVE_WORDS), phrases.COULD_HAVE, False),
        ((phrases.COULD_WORDS, phrases.HAVE_WORDS), phrases.PERSON_COULD_HAVE, True),
        (((" if only ",),), phrases.IF_ONLY, False),
        (((" had ",), (" had we ", " had i ", " had he ", " had she ", *phrases.COULD_WORDS)), phrases.HAD_WE, False),
    ):
        for match, text in _matches(doc, context, "counterfactual", needles, pattern):
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            if start in seen or (needs_person and not _subject(text, start, ())):
                continue
            seen.add(start)
            message = f"{_said(doc, match)!r} describes what did not happen"
            yield found(doc, start, match.end(), message, "say what happened, and what was known then")


@rule("PM702", "omission", review=WARNING)
def omission(doc: Document, context: Context) -> Iterable[Finding]:
    """A person is said to have failed, forgotten or missed something.

    What it does:
        Flags a person or team as the subject of "failed to", "forgot", "neglected", "missed", "overlooked" or
        "did not check". A system as the subject ("the health check failed to ...") passes.

    Why:
        What somebody did not do is only visible afterwards. Behind every omission is a signal that was not
        there or a guard that did not exist, and that can be changed.

    Example:
        ## Root Cause

        The on-call engineer forgot to drain the node.

    Fix:
        ## Root Cause

        The runbook did not name the drain step, and nothing refused a reboot of a node with traffic.
    """
    names = None
    for match, text in _matches(doc, context, "omission", (phrases.OMITTED_WORDS,), phrases.OMISSION):
        if names is None:
            names = _people_named(doc, context)
        subject = _subject(text, match.start(), names)
        if subject:
            message = f"{_said(doc, match)!r} puts an omission on a person"
            yield found(doc, match.start(), match.end(), message, "name the signal or the guard that was absent")
    for match, _ in _matches(doc, context, "", (phrases.NOBODY_WORDS,), phrases.NOBODY):
        message = f"{_said(doc, match)!r} puts an omission on people"
        yield found(doc, match.start(), match.end(), message, "name the signal or the guard that was absent")


@rule("PM703", "human-error", review=WARNING)
def human_error(doc: Document, context: Context) -> Iterable[Finding]:
    """Human error is given as a cause.

    What it does:
        Flags "human error", "operator error", "user error" and a mistake by somebody. Rates, messages and counts
        of user errors pass, and so does a sentence that denies it. The Timeline may say what was assumed then.

    Why:
        Human error is where an investigation begins, not where it ends: the conditions that made the slip
        likely are what the next person meets again (PagerDuty's postmortem guide; Dekker's new view).

    Example:
        ## Root Cause

        The wrong table was dropped because of human error.

    Fix:
        ## Root Cause

        Both consoles show the same prompt, and the drop command asks for no confirmation.
    """
    for match, text in _matches(doc, context, "human-error", phrases.ERROR_WORDS, phrases.HUMAN_ERROR):
        if any(start <= match.start() < end for start, end in timelines(doc)):
            continue
        if not _negated(text, match.start()):
            message = f"{_said(doc, match)!r} is given as a cause"
            yield found(doc, match.start(), match.end(), message, "describe the conditions that made it likely")


@rule("PM704", "character", review=WARNING)
def character(doc: Document, context: Context) -> Iterable[Finding]:
    """A word judges somebody's character.

    What it does:
        Flags careless, negligent, incompetent, sloppy, lazy, "should know better" and their kin. Technical
        terms such as lazy loading pass.

    Why:
        It takes a trait for a cause (the fundamental attribution error), ends the search for conditions, and
        keeps people from telling what they saw.

    Example:
        ## Lessons Learned

        The change was reviewed in a careless way.

    Fix:
        ## Lessons Learned

        The review tool showed 40 generated files before the one that mattered.
    """
    for match, text in _matches(doc, context, "character", (phrases.CHARACTER_WORDS,), phrases.CHARACTER):
        if not _negated(text, match.start()):
            message = f"{_said(doc, match)!r} judges a person"
            yield found(doc, match.start(), match.end(), message, "remove it")


@rule("PM705", "hindsight", review=WARNING)
def hindsight(doc: Document, context: Context) -> Iterable[Finding]:
    """A word claims that the outcome was plain to see.

    What it does:
        Flags "obviously", "of course", "in hindsight" and judging uses of "clearly", "simply" and "easily"
        ("could easily have"). "Easily accessible documentation" and "clearly state the goal" pass.

    Why:
        After the fact the one signal that mattered stands out; at the time it was one of many (hindsight
        bias). The words tell the reader that whoever did not see it was at fault.

    Example:
        ## Root Cause

        The timeout was obviously too low.

    Fix:
        ## Root Cause

        The timeout was 2 s, and the slowest 1 % of calls had grown to 2.4 s during the week before.
    """
    for match, text in _matches(doc, context, "hindsight", (phrases.HINDSIGHT_WORDS,), phrases.HINDSIGHT):
        if not _negated(text, match.start()):
            message = f"{_said(doc, match)!r} tells it from hindsight"
            yield found(doc, match.start(), match.end(), message, "tell it forward, as it was seen then")


@rule("PM706", "who-and-why", review=WARNING)
def who_and_why(doc: Document, context: Context) -> Iterable[Finding]:
    """A question asks who caused it, or why somebody did what they did.

    What it does:
        Flags "who caused", "whose fault" and "why did" with a person.

    Why:
        "Who" ends with a name and "why did you" with a justification; "how" and "what" bring out the conditions
        (Allspaw, The Infinite Hows).

    Example:
        ## Root Cause

        It is still open who broke the build.

    Fix:
        ## Root Cause

        It is still open how the broken build passed the checks.
    """
    for match, _ in _matches(doc, context, "who-and-why", phrases.WHO_WORDS, phrases.WHO):
        message = f"{_said(doc, match)!r} looks for a person"
        yield found(doc, match.start(), match.end(), message, "ask how it happened, and what made it possible")


@rule("PM707", "name-near-cause", review=WARNING)
def name_near_cause(doc: Document, context: Context) -> Iterable[Finding]:
    """A person is named where the causes are told.

    What it does:
        Flags @handles and the names of known people in Root Cause, Contributing Factors and Lessons Learned.
        Names are welcome in the Timeline and in Action Items.

    Why:
        A name next to a cause reads as the cause. The role ("the on-call engineer") carries everything that
        the reader needs.

    Example:
        ## Root Cause

        The flag was switched on by @jane during the freeze.

    Fix:
        ## Root Cause

        The flag was switched on by the on-call engineer during the freeze.
    """
    names: tuple[str, ...] | None = None
    for title in _CAUSES:
        section = doc.section(title)
        if section is None:
            continue
        if names is None:
            names = _people_named(doc, context)
        if "@" not in section.text and not names:
            continue
        text = prose(doc.text, doc.body_start)
        patterns = [_HANDLE] if "@" in section.text else []
        if names:
            patterns.append(Pattern(r"(?<![\w@-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])"))
        for pattern in patterns:
            for match in pattern.compiled.finditer(text, section.content_start, section.end):
                said = _said(doc, match)
                if said.startswith("@") or said[0].isupper():
                    message = f"{said} is named in {section.title}"
                    yield found(doc, match.start(), match.end(), message, "name the role, not the person")


@rule("PM708", "blame-word", review=WARNING)
def blame_word(doc: Document, context: Context) -> Iterable[Finding]:
    """Blame, fault or guilt is put on a person.

    What it does:
        Flags blame, fault, guilty and culprit when they are about a person. Fault tolerance, a page fault,
        "git blame" and a culprit that is a query pass.

    Why:
        Whoever expects blame tells less the next time (Allspaw, Blameless PostMortems and a Just Culture).

    Example:
        ## Root Cause

        It was the developer's fault that the migration ran twice.

    Fix:
        ## Root Cause

        The migration runs on every start, and two instances started at once.
    """
    for match, text in _matches(doc, context, "blame-word", (phrases.BLAME_WORDS,), phrases.BLAME):
        if not _negated(text, match.start()) and not match[0].startswith("nobody"):
            message = f"{_said(doc, match)!r} blames a person"
            yield found(doc, match.start(), match.end(), message, "describe the condition instead")


@rule("PM709", "vague-care", review=WARNING, draft=HINT)
def vague_care(doc: Document, context: Context) -> Iterable[Finding]:
    """The remedy is that people take more care.

    What it does:
        Flags "be more careful", "pay attention", "retrain the team", "remind everyone", "raise awareness"
        outside the Timeline.

    Why:
        Nobody can tell whether it was done, and it fails on the next busy night. A change to the system can be
        verified (Google's SRE book, chapter 15).

    Example:
        ## Lessons Learned

        We need to be more careful with migrations.

    Fix:
        ## Lessons Learned

        A migration that locks a table for more than 1 s is refused by the pipeline.
    """
    for match, text in _matches(doc, context, "vague-action", (phrases.VAGUE_WORDS,), phrases.VAGUE):
        inside = any(start <= match.start() < end for start, end in timelines(doc))
        if not inside and not _negated(text, match.start()):
            message = f"{_said(doc, match)!r} can't be verified"
            yield found(doc, match.start(), match.end(), message, "name a change to the system and how to check it")
