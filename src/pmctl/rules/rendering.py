"""Rendering: whether readers of the rendered page see what the checks see and approvals bind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pmctl.document.binding import pictures_elsewhere
from pmctl.document.finding import Finding
from pmctl.document.invisible import invisible_characters
from pmctl.rules.registry import WARNING, found_at, rule

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

    from pmctl.document.reader import Document
    from pmctl.rules.context import Context

# A line that could be the second one of a table.
_DASHES = re.compile(r"^[ \t]*[-|:][-|: \t]*\r?$", re.MULTILINE)


class Part(NamedTuple):
    """A heading (its level) or a table (level 0) at the top level: its first line, from 1, and its count of lines."""

    line: int
    level: int
    lines: int


@rule("PM207", "read-differently", draft=WARNING)
def read_differently(doc: Document, context: Context) -> Iterable[Finding]:
    """A heading or a table is one to some Markdown programs and text to others.

    What it does:
        Reads the body a second time, with the program that renders it, when the body holds what such programs are
        known to disagree about: rows without a | at their beginning, rows of dashes that belong to no table,
        definitions of links.

    Why:
        The checks and the digest would judge another document than the one that people read.

    Example:
        ## Summary

        Traffic by region:
        Region | Requests
        --- | ---
        eu | 2,347

    Fix:
        ## Summary

        Traffic by region:

        | Region | Requests |
        |---|---|
        | eu | 2,347 |
    """
    if not is_ambiguous(doc):
        return
    checked, shown = set(checked_parts(doc)), set(rendered_parts(doc))
    for part in sorted(checked ^ shown)[:1]:
        what = "heading" if part.level else "table"
        where = (
            "read as one here, but not when it is rendered" if part in checked else "rendered as one, but not read so"
        )
        fix = "put blank lines around it, and begin and end every row of a table with |"
        yield found_at(part.line, 1, f"a {what} that is {where}", fix)


@rule("PM208", "invisible-in-text", draft=WARNING, adopted=WARNING, ignorable=False)
def invisible_in_text(doc: Document, context: Context) -> Iterable[Finding]:
    """The body holds a character that is invisible or changes the order of others.

    What it does:
        Looks for zero-width characters, bidirectional controls, tags and fillers, also as character references. What
        a script or an emoji needs is none: joiners beside letters that join (Persian, Hindi) or between emoji,
        direction marks on a line with right-to-left text, the tags of a flag.

    Why:
        An approval binds the characters, and a reviewer reads what is shown. Submitting and publishing refuse it.

    Example:
        ## Summary

        2,347 payments to acc&#x200b;ount 4711 failed.

    Fix:
        ## Summary

        2,347 payments to account 4711 failed.
    """
    return invisible_characters(doc)


@rule("PM209", "picture-elsewhere", draft=WARNING, ignorable=False)
def picture_elsewhere(doc: Document, context: Context) -> Iterable[Finding]:
    """The text shows a picture that does not lie in the postmortem's own folder.

    What it does:
        Looks at Markdown images and at what HTML loads. A picture of another postmortem, of the repository or of
        another host counts; a link to one does not, nor does a `data:` address.

    Why:
        It can be exchanged after publication, by anybody who can write there, and no approval, record or audit would
        know: it is no part of the content that was approved. A picture on another host tells its owner who reads, too,
        and is gone one day. In a draft it is a warning; submitting and publishing refuse it.

    Example:
        ## Impact

        ![Failed payments per minute, 40 at the peak](../../img/graph.png)

    Fix:
        ## Impact

        [Failed payments per minute, 40 at the peak](../../img/graph.png)
    """
    return pictures_elsewhere(doc)


def is_ambiguous(doc: Document) -> bool:
    """Whether the body holds what Markdown programs are known to disagree about."""
    text = doc.text
    if any(text[start] != "|" for table in doc.structure.tables for start, _ in table.spans):
        return True
    if any(one.lines > 1 and "|" in one.title for one in doc.structure.headings):
        return True
    if text.find("]:", doc.body_start) >= 0:  # may define a link, and programs differ in where a definition ends
        return True
    known = {table.spans[1][0] for table in doc.structure.tables}
    for dashes in _DASHES.finditer(text, doc.body_start):
        start = dashes.start()
        before = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : start]
        if "-" in dashes[0] and start not in known and ("|" in dashes[0] or ":" in dashes[0] or "|" in before):
            return True
    return False


def checked_parts(doc: Document) -> list[Part]:
    """The headings and tables as the checks read them."""
    found = doc.structure
    headings = [Part(one.line, one.level, one.lines) for one in found.headings]
    return headings + [Part(one.line, 0, len(one.spans)) for one in found.tables]


def rendered_parts(doc: Document) -> list[Part]:
    """The headings and tables as they are rendered."""
    parts = []
    for token in _renderer().parse(doc.body.replace("\r\n", "\n")):
        if token.level == 0 and token.map and token.type in ("heading_open", "table_open"):
            first, last = token.map
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            parts.append(Part(doc.body_line + first, level, last - first))
    return parts


@cache
def _renderer() -> MarkdownIt:
    """The parser of the rendered page, stopping before inline markup."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
