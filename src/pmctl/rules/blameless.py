"""Blameless language: wording that judges people instead of describing conditions.

Precision comes before recall: a person must be the subject, and code, quotations, URLs and command output
are skipped. Names are welcome in the Timeline (who did what) and in Action Items (who will).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules import phrases
from pmctl.rules.counterfactual import counterfactuals
from pmctl.rules.prose import Pattern, lucky, prose, timelines
from pmctl.rules.registry import HINT, WARNING, found, rule
from pmctl.rules.wording import Said, as_written, elsewhere, inside, people_named, said, sentence_end, without_overlaps

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

_CAUSES = ("Root Cause", "Contributing Factors", "Lessons Learned")
_HANDLE = Pattern(r"(?<![\w/.@`+-])@[a-z][a-z0-9-]*\b(?![/.@:(]\w)")
_NO_NAMES = (
    "here channel everyone all team latest next import media include supports keyframes property dataclass cached cache"
    " classmethod staticmethod override deprecated decorator test param return returns throws since author types"
)
_NO_HANDLES = frozenset(f"@{word}" for word in _NO_NAMES.split())
"""Mentions of nobody in particular, decorators and annotations."""


@rule("PM701", "counterfactual", review=WARNING)
def counterfactual(doc: Document, context: Context) -> Iterable[Finding]:
    """A sentence says what should, could or would have happened.

    What it does:
        Flags "should have" and "ought to have" with what people did not do, "could have" and "would have" with
        preventing or noticing, "if only we had" and "had we ..., it would"; once in a sentence. What a system was
        meant to do passes ("the alert should have fired"), as do questions, risks, guards that were absent ("no test
        that would have caught it"), what stands under "Where we got lucky", and reasons in a section of actions.

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
    sentences: set[int] = set()
    for one in counterfactuals(doc, context):
        end = sentence_end(one.prose, one.end)
        if end not in sentences:
            sentences.add(end)
            yield _flag(doc, one, "describes what did not happen", "say what happened, and what was known then")


def _flag(doc: Document, one: Said, what: str, fix: str) -> Finding:
    """The finding about what is said: its words, what they do, what to write instead."""
    return found(doc, one.start, one.end, f"{as_written(doc, one.start, one.end)!r} {what}", fix)


@rule("PM702", "omission", review=WARNING)
def omission(doc: Document, context: Context) -> Iterable[Finding]:
    """A person is said to have failed, forgotten or missed something.

    What it does:
        Flags a person or team as the subject of "failed to", "forgot", "neglected", "missed", "overlooked" or
        "did not check", and "nobody noticed". A system as the subject ("the health check failed to ...") passes, as
        do attempts ("we failed to reproduce it") and what is provided for ("if somebody missed the page").

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
    fix = "name the signal or the guard that was absent"
    names = people_named(doc, context)
    for one in said(doc, context, "omission", *phrases.OMISSIONS):
        subject = one.subject(names)
        if subject is None:
            continue
        provided = phrases.IN_CASE.compiled.search(one.before[: subject.start()])
        end = sentence_end(one.prose, one.end)
        if not provided or (provided[0] == "when " and phrases.HAPPENED.compiled.search(one.prose, one.end, end)):
            yield _flag(doc, one, "puts an omission on a person", fix)
    for one in said(doc, context, "", *phrases.LEFT_OUT):
        yield _flag(doc, one, "puts an omission on a person", fix)
    for one in said(doc, context, "", phrases.NOBODY, *elsewhere("omission")):
        if not inside(lucky(doc), one.start):
            yield _flag(doc, one, "puts an omission on people", fix)


@rule("PM703", "human-error", review=WARNING)
def human_error(doc: Document, context: Context) -> Iterable[Finding]:
    """Human error is given as a cause.

    What it does:
        Flags "human error", "operator error", "user error" and a mistake by somebody where it is said to be the
        cause. Rates, messages and counts of user errors pass, and so do a risk that something guards against, one of
        a list, and a sentence that denies it. The Timeline may say what was assumed then.

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
    for one in said(doc, context, "human-error", phrases.HUMAN_ERROR, *phrases.OVERSIGHTS, *elsewhere("human-error")):
        listed = one.match.groupdict().get("role") and not phrases.AS_CAUSE.compiled.search(one.before)
        passes = listed or phrases.AS_RISK.compiled.search(one.before) or inside(timelines(doc), one.start)
        if not passes and not one.negated:
            yield _flag(doc, one, "is given as a cause", "describe the conditions that made it likely")


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
    found_ = said(doc, context, "character", *phrases.CHARACTER, *elsewhere("character"))
    for one in without_overlaps(one for one in found_ if not one.negated):
        yield _flag(doc, one, "judges a person", "remove it")


@rule("PM705", "hindsight", review=WARNING)
def hindsight(doc: Document, context: Context) -> Iterable[Finding]:
    """A word claims that the outcome was plain to see.

    What it does:
        Flags "of course" and "obviously" before what was done or not done, "it was obvious that", "should have been
        clear", "clearly wrong", "could easily have been", and "in hindsight" with what should have been. "The graph
        clearly showed", "easily accessible documentation" and "clearly state the goal" pass.

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
    for one in said(doc, context, "hindsight", *phrases.HINDSIGHT):
        then = one.match[0].startswith(("it ", "this ", "that ")) and inside(timelines(doc), one.start)
        if not then and not one.negated:
            yield _flag(doc, one, "tells it from hindsight", "tell it forward, as it was seen then")


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
    for one in said(doc, context, "who-and-why", *phrases.WHO):
        yield _flag(doc, one, "looks for a person", "ask how it happened, and what made it possible")


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
            names = people_named(doc, context)
        if "@" not in section.text and not names:
            continue
        text = prose(doc.text, doc.body_start)
        known = {f"@{one}" for one in context.people.names} if context.people else set()
        patterns = [_HANDLE] if "@" in section.text else []
        if names:
            patterns.append(Pattern(r"(?<![\w@-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])"))
        for pattern in patterns:
            for match in pattern.compiled.finditer(text, section.content_start, section.end):
                said = as_written(doc, *match.span())
                handle = said.startswith("@") and (
                    said.lower() in known or (said.islower() and said not in _NO_HANDLES)
                )
                if handle or said[0].isupper():
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
    for one in without_overlaps(one for one in said(doc, context, "blame-word", *phrases.BLAME) if not one.negated):
        yield _flag(doc, one, "blames a person", "describe the condition instead")


@rule("PM709", "vague-care", review=WARNING, draft=HINT)
def vague_care(doc: Document, context: Context) -> Iterable[Finding]:
    """The remedy is that people take more care.

    What it does:
        Flags "be more careful", "pay attention", "retrain the team", "remind everyone", "raise awareness" where
        they are asked of somebody, outside the Timeline.

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
    found_ = said(doc, context, "vague-action", *phrases.VAGUE, *elsewhere("vague-care"))
    for one in without_overlaps(one for one in found_ if not one.negated):
        told = phrases.WHAT.compiled.search(one.before) or phrases.DONE.compiled.search(one.before)
        if not told and not inside(timelines(doc), one.start):
            yield _flag(doc, one, "can't be verified", "name a change to the system and how to check it")
