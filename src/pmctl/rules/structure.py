"""Structure: the sections that the template asks for, their order, and headings that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.action_table import Broken, action_table
from pmctl.document.completeness import TIMELINE_TITLE
from pmctl.document.finding import Finding
from pmctl.errors import advise
from pmctl.rules.completeness import EMPTY, MISSING, completeness
from pmctl.rules.registry import HINT, WARNING, found_at, heading, rule
from pmctl.text import nearest

if TYPE_CHECKING:
    from pmctl.document.reader import Document, Section
    from pmctl.rules.context import Context


@rule(MISSING, "missing-section", ignorable=False)
def missing_section(doc: Document, context: Context) -> Iterable[Finding]:
    """A section that the template requires is missing.

    What it does:
        Compares the second-level headings with the template's required sections, without regard to case, and looks
        for a heading that stands for a missing one under another name or level.

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
    """A required section is empty or still holds only what the template put there.

    What it does:
        Takes HTML comments and empty table rows out of the section and looks whether anything is left. TBD and the
        like are nothing, nor is the template's own text as long as nobody has changed it; "None." is an answer.

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
        Compares the order of the template's sections with the document's and names those that have to move, as few as
        possible. Other sections may stand anywhere.

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
    known = [(places[name], section) for section in doc.sections if (name := section.title.casefold()) in places]
    order = [place for place, _ in known]
    if order == sorted(order):
        return
    stay = _longest_rise(order)
    fix = advise("fix-it", does="puts the sections in order") if can_be_ordered(doc, context) else "move it there"
    for number, (place, section) in enumerate(known):
        if number not in stay:
            above = next((other for other in sorted(stay, reverse=True) if known[other][0] < place), None)
            where = f"below {known[above][1].title}" if above is not None else f"above {known[min(stay)][1].title}"
            message = f"{section.title} is out of order; the template has it {where}"
            yield heading(doc, section, message, fix)


def can_be_ordered(doc: Document, context: Context) -> bool:
    """Whether moving whole sections is certain to do no harm: not where two have one title, where an H1 stands between
    them, nor where writing the body would make mixed line endings one.
    """
    known = {title.casefold() for title in context.template.sections}
    titles = [title for section in doc.sections if (title := section.title.casefold()) in known]
    return (
        len(set(titles)) == len(titles)
        and not any(one.level == 1 and one.start > doc.sections[0].start for one in doc.headings)
        and "\r" not in doc.text.replace(doc.newline, "\n")
    )


def _longest_rise(numbers: list[int]) -> frozenset[int]:
    """The places of a longest part of the list that never falls; there are a dozen sections at most."""
    best: list[tuple[int, list[int]]] = [(0, [])]
    for place, number in enumerate(numbers):
        fits = [one for one in best if not one[1] or numbers[one[1][-1]] <= number]
        length, rise = max(fits, key=lambda one: one[0])
        best.append((length + 1, [*rise, place]))
    return frozenset(max(best, key=lambda one: one[0])[1])


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
        by the names that they also go by. One that stands for a missing required section is PM201's.

    Why:
        "Lessons Learnt" is not read as the lessons learned: no search, export or other rule finds it.

    Example:
        ## Lessons Learnt

        The alert came before the first ticket.

    Fix:
        ## Lessons Learned

        The alert came before the first ticket.
    """
    known = {title.casefold(): title for title in context.template.sections}
    present = {section.title.casefold() for section in doc.sections}
    absent = tuple(name for name in known if name not in present)
    for section in doc.sections:
        name = section.title.casefold()
        if name in known or not absent or TIMELINE_TITLE.fullmatch(name):
            continue
        near = _nearest(section.title, absent)
        if near and known[near] not in context.template.required:
            message = f"{section.title!r} is not a section of the template"
            yield heading(doc, section, message, f"did you mean '## {known[near]}'?")


@rule("PM206", "row-too-long", draft=WARNING)
def row_too_long(doc: Document, context: Context) -> Iterable[Finding]:
    """A row of a table has more cells than its header.

    What it does:
        Counts the cells of every table's rows. A `|` begins a new cell, also within code.

    Why:
        Markdown drops what is too much, so the end of the row is not shown, and every cell behind a stray `|` is
        read under the wrong heading.

    Example:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Ran `ps aux | grep pool` | 48 of 50 connections in use |

    Fix:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Ran `ps aux \\| grep pool` | 48 of 50 connections in use |
    """
    broken = action_table(doc.text, doc.body_start)
    reported = broken.line if isinstance(broken, Broken) else 0  # as PM593
    for table in doc.tables:
        for row in table.rows:
            if row.extra and row.line != reported:
                many, columns = len(row.cells) + len(row.extra), len(table.columns)
                message = f"the row has {many} cells, the table {columns} columns: what is too much is not shown"
                first = row.extra[0]
                yield found_at(first.line, first.column, message, "write a | that belongs to the text as \\|")


@lru_cache(maxsize=256)
def _nearest(title: str, absent: tuple[str, ...]) -> str:
    """The template's section, of those that are absent, that a heading most likely means; "" when none is near."""
    from pmctl.document.headings import PATTERN, bare, meaning

    if len(title) > 200:
        return ""
    name = bare(title)
    if close := nearest(name, absent, 0.8):
        return close
    found = meaning(title)
    section = found.section.casefold() if found and found.tier > PATTERN else ""
    # Names such as Background or Conclusion are as often sections of their own.
    return section if section in absent and (section[:5] in name or section not in _FREE) else ""


_FREE = ("lessons learned", "contributing factors", "detection", "response")


def _blocking(doc: Document, context: Context, code: str) -> Iterable[Finding]:
    template = context.template
    return [one for one in _completeness(doc, template.required, template.texts) if one.code == code]


@lru_cache(maxsize=2)
def _completeness(doc: Document, required: tuple[str, ...], given: tuple[tuple[str, str], ...]) -> tuple[Finding, ...]:
    return completeness(doc, required, given)
