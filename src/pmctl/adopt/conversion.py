"""One recognised document -> the managed postmortem that it becomes.

    text with its links adjusted -> headings arranged -> front matter -> timeline and action items as tables -> checked

Nothing is adopted of which a line is missing, and a table that would lose one is not made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pmctl.adopt import structure
from pmctl.adopt.completeness import missing_lines
from pmctl.adopt.front_matter import Context, Identified, compose, front_values
from pmctl.adopt.labelled import with_label_headings
from pmctl.adopt.links import anchors_renamed, with_anchors
from pmctl.adopt.remarks import Recognised, Remarks
from pmctl.adopt.sections import reread, with_tables
from pmctl.adopt.source import SourceDocument, SourceHeading, Unadoptable, parse_source
from pmctl.adopt.title import BANNER, PART_HEADING, title_heading
from pmctl.document.aliases import ACTION_ITEMS, TIMELINE
from pmctl.document.fields import path_of
from pmctl.document.headings import PATTERN
from pmctl.document.reader import MAX_BYTES, Document
from pmctl.document.schema import check_front_matter
from pmctl.document.template_file import builtin

# git follows a file over a rename from one half upwards (gitdiffcore(7), -M); a little room is for what only git knows.
_FOLLOWED = 0.52
_CHUNK = re.compile(rb"[^\n]{0,63}\n|[^\n]{1,64}")
_AS_FOUND = "<!-- What follows stands as it was found. -->"
# The sections that become tables, the most first.
_CHOICES = (frozenset((TIMELINE, ACTION_ITEMS)), frozenset((ACTION_ITEMS,)), frozenset((TIMELINE,)), frozenset[str]())


@dataclass(frozen=True, slots=True)
class Adoption:
    """A document as it will be, with its id and path, and what a person should know about it.

    `confidence` is between 0 and 1: how far everything that matters was stated plainly.
    """

    id: str
    path: str
    document: Document
    recognised: tuple[Recognised, ...]
    kept: tuple[str, ...]
    questions: tuple[str, ...]
    confidence: float

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        return self.document.data


def convert(found: Identified, postmortem: str, text: str, context: Context, *, moved: bool = False) -> Adoption:
    """The managed document. `text` is the source's text with its links adjusted.

    A document that is `moved` must stay one that git follows: where tables would change too many of its lines, the
    timeline and then the action items stay as they were. (Where the front matter alone outweighs a few lines of text,
    nothing helps: they get their tables.)

    Raises Unadoptable when the result could not be read back or would be too large.
    """
    source = found.source if text == found.source.text else parse_source(text, found.source.path, bom=found.source.bom)
    source = with_label_headings(source, _title_heading(found, source))
    arranged = structure.arrange(source, _title_heading(found, source), found.title.value)
    if renamed := anchors_renamed(source, arranged.mapped):
        text = with_anchors(source.text, renamed)
        source = parse_source(text, source.path, bom=source.bom)
        arranged = structure.arrange(source, _title_heading(found, source), found.title.value)
    remarks = Remarks()
    untabled = _managed(source, front_values(found, postmortem, context, remarks), arranged.body, path_of(postmortem))
    _refuse_unreadable(untabled)
    remarks.kept += [f"heading {title!r} as it was" for title in arranged.kept]
    remarks.questions += arranged.questions
    if source.front.text:
        remarks.kept.append("the original front matter, word for word at the end")
    remarks.recognised += [Recognised("section", section, title) for title, section, _ in arranged.mapped]
    document, of_tables = _tables(found, untabled, context, moved)
    remarks.extend(of_tables)
    lost = missing_lines(text, document.text)
    if lost or _outline(document) != _outline(untabled):
        # The conversion to tables is the only step that may lose words or sections; without it nothing is.
        document = untabled
        lost = missing_lines(text, document.text)
        remarks.kept.append("timeline and action items as they were: a table would have lost words")
    if lost:
        raise Unadoptable(f"a line would be lost: {lost[0].strip()[:80]!r}")
    _refuse_unreadable(document)
    remarks.questions += _missing_sections(document)
    if source.front.problem:
        remarks.questions.append(source.front.problem)
    confidence = _confidence(found, [tier for _, _, tier in arranged.mapped], remarks.left_as_text)
    return Adoption(
        postmortem, document.path, document, tuple(remarks.recognised), tuple(dict.fromkeys(remarks.kept)),
        tuple(dict.fromkeys(remarks.questions)), confidence,
    )  # fmt: skip


def _title_heading(found: Identified, source: SourceDocument) -> SourceHeading | None:
    heading = title_heading(source)
    if found.title.origin in (PART_HEADING, BANNER):
        return next((one for one in source.headings if one.text == found.title.value), heading)
    return heading


def _managed(source: SourceDocument, front: dict[str, object], body: str, path: str) -> Document:
    document = reread(compose(source, front, body), path, bom=source.bom)
    if any(problem.code == "PM013" for problem in document.problems):
        # Without the title above it, a block between rules would be taken for a second front matter.
        body = f"{_AS_FOUND}{source.newline * 2}{body.lstrip()}"
        document = reread(compose(source, front, body), path, bom=source.bom)
    return document


def _tables(found: Identified, document: Document, context: Context, moved: bool) -> tuple[Document, Remarks]:
    """The document with as many tables as git can follow the file with."""
    old = found.source.data
    choices = _CHOICES if moved and _followed(old, document.data) else _CHOICES[:1]
    for wanted in choices:
        made, remarks = with_tables(document, found.day.value, context, wanted, bom=found.source.bom)
        if _followed(old, made.data):
            break
    return made, remarks


def _followed(old: bytes, new: bytes) -> bool:
    """Whether `git log --follow` goes on from `old` to `new`.

    git counts the bytes of lines (cut after 64 bytes, carriage returns left out) that both versions have, and divides
    them by the size of the larger version.
    """
    chunks = Counter(_CHUNK.findall(old.replace(b"\r\n", b"\n")))
    both = chunks & Counter(_CHUNK.findall(new.replace(b"\r\n", b"\n")))
    return sum(len(chunk) * count for chunk, count in both.items()) >= _FOLLOWED * max(len(old), len(new))


def _outline(document: Document) -> list[str]:
    return [section.title for section in document.sections]


def _missing_sections(document: Document) -> list[str]:
    there = {section.title.casefold() for section in document.sections}
    missing = [title for title in builtin("default").required if title.casefold() not in there]
    if not document.sections:
        return ["no heading names a section: arrange the text under " + ", ".join(missing)]
    return [f"no section for {', '.join(missing)}: write it, or rename the heading that holds it"] if missing else []


def _refuse_unreadable(document: Document) -> None:
    if len(document.data) > MAX_BYTES:
        raise Unadoptable(f"more than {MAX_BYTES} bytes after adoption: keep logs and dumps as attachments")
    problems = [*document.problems, *check_front_matter(document)]
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise Unadoptable(f"the result could not be read back: {errors[0].code} {errors[0].message}")


def _confidence(found: Identified, tiers: Sequence[int], left_as_text: int) -> float:
    value = 1.0 - (1 - found.title.certain) * 0.3 - (1 - found.day.certain) * 0.5 - 0.05 * left_as_text
    value -= 0.2 * sum(tier == PATTERN for tier in tiers) / len(tiers) if tiers else 0.25
    value -= 0.15 if found.source.front.problem else 0
    return round(max(0.05, min(1.0, value)), 2)
