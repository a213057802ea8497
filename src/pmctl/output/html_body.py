"""Markdown -> the inner HTML of a page, safe by construction.

The parser leaves raw HTML as text, and this module rewrites its tokens before anything is rendered (`html_inline` those
inside a line); no attribute comes from a document except `href`, `start` and `alt`. What a parser knows nothing of is
added here: heading levels without gaps, captions and labels of tables, marks on action items.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from pmctl.document.actions import COLUMNS, SECTION, TRACKING
from pmctl.output.html_inline import LinkTo, ShowImage, Ways, inline, raw, raw_inline
from pmctl.output.markdown_parser import parser
from pmctl.output.page_facts import status_words
from pmctl.output.timeline_drawing import TimelineRow, row_links
from pmctl.text import harmless

if TYPE_CHECKING:
    from markdown_it.token import Token

# Columns of action items that no approval binds: shown as plain text, never as Markdown.
_TRACKING = {name.casefold(): column for column in TRACKING for name in COLUMNS[column]}

_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_ALIGN = re.compile(r"text-align:(right|center)")
_TIME = re.compile(r"~?[0-9][0-9:.TZ/ +-]{1,25}(?:UTC|[AaPp][Mm])?")
_WORD = re.compile(r"\S{1,16}")


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """A second-level heading: its text and the anchor that it can be reached by."""

    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Additions:
    """What a page adds to the body, by lines of its Markdown, from 0.

    `below` is HTML that follows the heading on a line, `instead` what screens show in place of the table that begins
    there; `timeline` are the rows of the timeline.
    """

    below: Mapping[int, str] = field(default_factory=dict)
    instead: Mapping[int, str] = field(default_factory=dict)
    timeline: Mapping[int, TimelineRow] = field(default_factory=dict)


@dataclass(slots=True)
class _Page:
    title: str
    overdue_lines: frozenset[int]
    hide_empty: bool
    additions: Additions
    ways: Ways
    anchors: dict[str, int] = field(default_factory=dict)
    contents: list[ContentsEntry] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    section: str = ""


def body_html(
    markdown: str,
    *,
    title: str,
    show_image: ShowImage,
    overdue_lines: frozenset[int] = frozenset(),
    hide_empty: bool = False,
    additions: Additions | None = None,
    link_to: LinkTo = lambda _: None,
) -> tuple[str, tuple[ContentsEntry, ...]]:
    """The HTML of a postmortem's body and its table of contents.

    `markdown` is the body without comments. Headings start at level 2; a first heading that repeats `title` is
    left out. `overdue_lines` are lines of `markdown`, from 0, that hold an overdue action item.
    Sections without content say so, or are left out with `hide_empty`. `link_to` says where a relative link leads from
    this page, None when nowhere.
    """
    markdown_it = parser("table", "strikethrough")
    page = _Page(title, overdue_lines, hide_empty, additions or Additions(), Ways(show_image, link_to))
    tokens = _blocks(markdown_it.parse(markdown), page)
    html = markdown_it.renderer.render(tokens, markdown_it.options, {})
    return harmless(html), tuple(page.contents)


def _groups(tokens: list[Token]) -> list[list[Token]]:
    """Top-level blocks, each from its opening to its closing token."""
    groups: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            groups.append([])
        groups[-1].append(token)
        depth += token.nesting
    return groups


def _blocks(tokens: list[Token], page: _Page) -> list[Token]:
    groups = _groups(tokens)
    if groups and groups[0][0].type == "heading_open" and _plain(groups[0][1]).casefold() == page.title.casefold():
        groups = groups[1:]
    out: list[Token] = []
    for group, (filled, has_parts) in zip(groups, _holdings(groups), strict=True):
        first = group[0]
        if first.type == "heading_open":
            if not filled and page.hide_empty:
                continue
            out += _heading(group, page)
            out.append(raw(page.additions.below.get(_line(first), "")))
            if not filled and not has_parts:
                out.append(raw('<p class="empty">Nothing written here yet.</p>\n'))
        elif first.type == "table_open":
            if not _is_hollow(group):
                out += _table(group, page)
        else:
            out += _other(group, page)
    return out


def _line(token: Token) -> int:
    """The line of the Markdown that a block begins on, from 0; -1 when it is not known."""
    return token.map[0] if token.map else -1


def _holdings(groups: list[list[Token]]) -> list[tuple[bool, bool]]:
    """For each heading, whether anything is written under it and whether it has headings under it.

    "Under" reaches to the next heading of its level or above. One pass from the end, by level.
    """
    found = [(False, False)] * len(groups)
    filled, parts = [False] * 7, [False] * 7
    for index in range(len(groups) - 1, -1, -1):
        first = groups[index][0]
        if first.type == "heading_open":
            level = int(first.tag[1])
            found[index] = (filled[level], parts[level])
            filled[level:] = [False] * (7 - level)
            parts = [True] * level + [False] * (7 - level)
        elif not _is_hollow(groups[index]):
            filled = [True] * 7
    return found


def _is_hollow(group: list[Token]) -> bool:
    """Whether a block says nothing by itself: a heading, or a table without rows."""
    kind = group[0].type
    return kind == "heading_open" or (kind == "table_open" and not any(t.type == "tbody_open" for t in group))


def _plain(inline: Token) -> str:
    """The text of an inline token without its markup."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content for child in inline.children or ()
    ).strip()


def _anchor(text: str, page: _Page) -> str:
    """A unique id for a heading; the prefix keeps it from standing in for a property of the document."""
    base = "section-" + (re.sub(r"[^\w]+", "-", harmless(text).casefold()).strip("-") or "untitled")
    count = page.anchors.get(base, 0) + 1
    while count > 1 and f"{base}-{count}" in page.anchors:
        count += 1
    page.anchors[base] = count
    anchor = base if count == 1 else f"{base}-{count}"
    page.anchors.setdefault(anchor, 1)
    return anchor


def _heading(group: list[Token], page: _Page) -> list[Token]:
    level = int(group[0].tag[1])
    while page.levels and page.levels[-1] >= level:
        page.levels.pop()
    page.levels.append(level)
    shown = min(len(page.levels) + 1, 6)
    text = _plain(group[1])
    anchor = _anchor(text, page)
    group[0].tag = group[-1].tag = f"h{shown}"
    group[0].attrs = {"id": anchor}
    if shown == 2:
        page.contents.append(ContentsEntry(harmless(text), anchor))
    if text:
        page.section = text
    inline(group[1], page.ways)
    return group


def _other(group: list[Token], page: _Page) -> list[Token]:
    """A paragraph, list, quotation or code block; headings and tables inside it become harmless ones."""
    out: list[Token] = []
    index = 0
    while index < len(group):
        token = group[index]
        if token.type == "table_open":
            end = next(i for i in range(index, len(group)) if group[i].type == "table_close")
            out += _table(group[index : end + 1], page)
            index = end + 1
            continue
        if token.type in ("heading_open", "heading_close"):
            # Inside a list or quotation a heading opens no section: it is a bold line there.
            token.tag = "p"
        elif token.type == "inline":
            if index and group[index - 1].type == "heading_open":
                token.children = [raw_inline("<strong>"), *(token.children or []), raw_inline("</strong>")]
            inline(token, page.ways)
        elif token.type in ("fence", "code_block"):
            token = raw(f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n')
        elif token.type == "ordered_list_open":
            token.attrs = {key: value for key, value in token.attrs.items() if key == "start"}
        out.append(token)
        index += 1
    return out


def _table(group: list[Token], page: _Page) -> list[Token]:
    line = _line(group[0])
    heads = [_plain(group[i + 1]) for i, token in enumerate(group) if token.type == "th_open"]
    names = [head.casefold() for head in heads]
    tracking = page.section.casefold() == SECTION.casefold()
    used = _used_columns(group, len(heads)) if tracking else set(range(len(heads)))
    out: list[Token] = []
    column, row_line, keep = 0, -1, True
    entry: TimelineRow | None = None
    for token in group:
        kind = token.type
        if kind in ("tr_open", "thead_open", "tbody_open"):
            token.attrs = {"role": "row" if kind == "tr_open" else "rowgroup"}
        if kind == "tr_open":
            column, row_line = 0, _line(token)
            entry = page.additions.timeline.get(row_line)
            if entry is not None:
                token.attrs["id"] = f"entry-{entry.number}"
        elif kind in ("th_open", "td_open"):
            keep = column in used
            align = _ALIGN.search(str(token.attrs.get("style", "")))
            token.attrs = {"role": "columnheader", "scope": "col"} if kind == "th_open" else {"role": "cell"}
            if align:
                token.attrs["class"] = align[1]
            if kind == "td_open" and column < len(heads):
                token.attrs["data-label"] = harmless(heads[column])
        elif kind == "inline":
            name = names[column] if column < len(names) else ""
            if not token.content and len(out) and out[-1].type == "td_open":
                out[-1].attrs["class"] = "blank"
            if tracking and name in _TRACKING and out[-1].type == "td_open":
                shown = _tracking_cell(_TRACKING[name], token.content, row_line in page.overdue_lines)
                token.children = [raw_inline(shown)]
            elif entry is not None and entry.drawn and token.content == entry.time and _is_plain(token):
                token.children = [raw_inline(row_links(entry.number, escape(token.content)))]
            else:
                inline(token, page.ways)
            if out[-1].type == "td_open" and _stays_whole(name, token.content, tracking):
                out[-1].attrs["class"] = "word"
            token.children = [raw_inline("<span>"), *(token.children or []), raw_inline("</span>")]
        if keep or kind not in ("th_open", "td_open", "inline", "th_close", "td_close"):
            out.append(token)
        if kind in ("th_close", "td_close"):
            column += 1
            keep = True
    caption = escape(harmless(page.section or "Table"))
    before = page.additions.instead.get(line, "")
    look = (" cards" if len(used) > 2 else "") + (" paper" if before else "")
    out[0] = raw(
        f'{before}<div class="table{look}" role="region" aria-label="{caption}" tabindex="0">\n'
        f'<table role="table"><caption class="unseen">{caption}</caption>\n'
    )
    out[-1] = raw("</table></div>\n")
    return out


def _is_plain(inline: Token) -> bool:
    return all(child.type == "text" for child in inline.children or ())


def _stays_whole(name: str, text: str, tracking: bool) -> bool:
    """Whether a cell is better read on one line: a time, or the id of an action item."""
    return (name.startswith("time") and bool(_TIME.fullmatch(text))) or (
        tracking and name == "id" and bool(_WORD.fullmatch(text))
    )


def _used_columns(group: list[Token], count: int) -> set[int]:
    """The columns that hold anything below the header; the first always counts."""
    used, column = {0}, 0
    for index, token in enumerate(group):
        if token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            if column < count and group[index + 1].content.strip():
                used.add(column)
            column += 1
    return used


def _tracking_cell(column: str, text: str, overdue: bool) -> str:
    shown = escape(text)
    if column == "Status":
        mark = text.strip().lower().replace("_", "-")
        known = f" mark-{mark}" if mark in ("open", "in-progress", "completed") else ""
        return f'<span class="mark{known}">{escape(status_words(text))}</span>' if text else ""
    if column == "Due":
        flag = ' <span class="mark mark-overdue">Overdue</span>' if overdue else ""
        return f'<span class="word">{shown}</span>{flag}'
    if column == "Priority":
        return f'<span class="word">{escape(text.capitalize())}</span>'
    if column == "Ticket" and _URL.fullmatch(text):
        label = escape(re.split(r"[/=]", text.rstrip("/"))[-1] or text)
        return f'<a class="bare word" href="{shown}" rel="noopener noreferrer">{label}</a>'
    return shown
