"""Structure: the sections that the template asks for, their order, and headings that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.finding import Finding
from pmctl.rules.completeness import EMPTY, MISSING, completeness
from pmctl.rules.registry import HINT, WARNING, heading, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context


@rule(MISSING, "missing-section", ignorable=False)
def missing_section(doc: Document, context: Context) -> Iterable[Finding]:
    """A section that the template requires is missing.

    What it does:
        Compares the second-level headings with the template's required sections, without regard to case.

    Why:
        Readers, search and trends look for the same parts in every postmortem. A postmortem without them can't
        be published.

    Example:
        ## Summary

        The payment API was down for 45 minutes.

    Fix:
        ## Summary

        The payment API was down for 45 minutes.

        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |
    """
    return _blocking(doc, context, MISSING)


@rule(EMPTY, "empty-section", ignorable=False)
def empty_section(doc: Document, context: Context) -> Iterable[Finding]:
    """A required section is empty or still holds only the template's prompt.

    What it does:
        Takes HTML comments and empty table rows out of the section and looks whether anything is left.

    Why:
        The prompt asks a question; a published postmortem answers it.

    Example:
        ## Impact

        <!-- Who noticed, how many, for how long? -->

    Fix:
        ## Impact

        2,347 payments failed within 45 minutes.
    """
    return _blocking(doc, context, EMPTY)


@rule("PM203", "section-order", review=WARNING, fixable=True)
def section_order(doc: Document, context: Context) -> Iterable[Finding]:
    """A section stands before one that the template places above it.

    What it does:
        Compares the order of the template's sections with the document's. Other sections may stand anywhere.

    Why:
        Somebody who has read ten postmortems knows where to look in the eleventh.

    Example:
        ## Impact

        2,347 payments failed within 45 minutes.

        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |

    Fix:
        ## Timeline

        | Time | Event | Who |
        |---|---|---|
        | 14:00 | Alert for elevated latency | |

        ## Impact

        2,347 payments failed within 45 minutes.
    """
    places = {title.casefold(): place for place, title in enumerate(context.template.sections)}
    highest = -1
    above = ""
    for section in doc.sections:
        place = places.get(section.title.casefold())
        if place is None:
            continue
        if place < highest:
            message = f"{section.title} stands below {above}; the template has it above"
            yield heading(doc, section, message, "pmctl validate --fix puts the sections in order")
        else:
            highest, above = place, section.title


@rule("PM204", "duplicate-section", draft=WARNING)
def duplicate_section(doc: Document, context: Context) -> Iterable[Finding]:
    """Two sections have the same heading.

    What it does:
        Compares second-level headings without regard to case.

    Why:
        Every tool, pmctl too, reads one of the two, and the reader does not know which one holds.

    Example:
        ## Response

        The on-call engineer was paged at 14:01.

        ## Response

        The database team joined at 14:10.

    Fix:
        ## Response

        The on-call engineer was paged at 14:01; the database team joined at 14:10.
    """
    seen: dict[str, Section] = {}
    for section in doc.sections:
        title = section.title.casefold()
        if title in seen:
            message = f"a second section {section.title!r}; the first is on line {seen[title].line}"
            yield heading(doc, section, message, "join the two")
        seen.setdefault(title, section)


@rule("PM205", "unknown-section", review=HINT)
def unknown_section(doc: Document, context: Context) -> Iterable[Finding]:
    """A heading is none of the template's, but close to one.

    What it does:
        Compares second-level headings that the template does not know with those that it does, by spelling and
        by the names that they also go by.

    Why:
        "Root Causes" is not read as the root cause, so the required section counts as missing.

    Example:
        ## Lessons Learnt

        The alert came before the first ticket.

    Fix:
        ## Lessons Learned

        The alert came before the first ticket.
    """
    known = {title.casefold(): title for title in context.template.sections}
    present = {section.title.casefold() for section in doc.sections}
    for section in doc.sections:
        if section.title.casefold() in known:
            continue
        near = _nearest(section.title.casefold(), tuple(known))
        if near and near not in present:
            message = f"{section.title!r} is not a section of the template"
            yield heading(doc, section, message, f"did you mean '## {known[near]}'?")


_ALSO_CALLED = {
    "summary": "executive summary|issue summary|incident summary|overview|tl;dr|tldr|what happened|what happened?",
    "timeline": "incident timeline|timeline of events|chain of events|chronology|key events",
    "impact": "impacts|customer impact|user impact|affected users",
    "root cause": "root causes|root cause(s)|root cause analysis|five whys|5 whys|cause|causes|diagnosis",
    "resolution": "resolution and recovery|mitigation|recovery|remediation|fix",
    "action items": "action items & follow-ups|actions|follow-up tasks|follow-ups|corrective actions|next steps"
    "|recommendations|prevention|todo",
    "lessons learned": "lessons|lessons learnt|learnings|key takeaways|takeaways|conclusion",
    "contributing factors": "contributors|contributing conditions|trigger|background",
    "detection": "how was it detected|monitoring",
    "response": "investigation|incident response",
}


@lru_cache(maxsize=256)
def _nearest(title: str, known: tuple[str, ...]) -> str:
    """The template's section that a heading most likely means, "" when none is near."""
    for name, others in _ALSO_CALLED.items():
        if name in known and title in others.split("|"):
            return name
    from difflib import get_close_matches

    return next(iter(get_close_matches(title, known, n=1, cutoff=0.8)), "")


def _blocking(doc: Document, context: Context, code: str) -> Iterable[Finding]:
    return [one for one in _completeness(doc, context.template.required) if one.code == code]


@lru_cache(maxsize=2)
def _completeness(doc: Document, required: tuple[str, ...]) -> tuple[Finding, ...]:
    return completeness(doc, required)
