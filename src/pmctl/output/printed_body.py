"""Markdown -> blocks for paper, as values that JSON can hold: text stays text and is never part of a program.

The parser leaves raw HTML as text. Links keep http, https and mailto; pictures are those that the caller has, anything
else becomes its words. What each block and piece looks like is up to `page.typ`, which reads them by `kind`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pmctl.document.actions import COLUMNS, SECTION, TRACKING
from pmctl.output.markdown_parser import parser
from pmctl.output.page_facts import status_words
from pmctl.text import harmless

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

Block = dict[str, Any]
"""One of: heading (level, text), paragraph (text), list (ordered, start, items: blocks of each), quote (blocks),
code (content), table (heads, rows, aligns, widths), rule, empty, timeline. `text`, a head and a cell are lists of
pieces: text, code (content), strong, emph, strike, link (pieces; url), break, picture (file, words)."""
PlacePicture = Callable[[str], str]
"""Link target of a picture -> the name of a file to show, "" when there is none."""

_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\]\s+")
PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_LONG_WORD = re.compile(r"\S{18,}")
_INSIDE_WORD = re.compile(r"(?<=[/\\._\-:?&=@,;+#])(?=\w)|(?<=\w{16})(?=\w)")
_TRACKING = {name.casefold(): column for column in TRACKING for name in COLUMNS[column]}
_SHORT = 14  # characters: a column without anything longer is as wide as it needs
_WIDEST = 60  # characters: a longer text in a cell asks for no more room
_DEEPEST = 8  # lists and quotations inside each other
_LARGEST_NUMBER = 10**6  # of a list
_WHOLE_ROW = 1200  # characters: a row with less is not cut at the end of a page
_PIECES = {"strong": "strong", "em": "emph", "s": "strike"}


@dataclass(slots=True)
class _Paper:
    place_picture: PlacePicture
    overdue_lines: frozenset[int]
    levels: list[int]
    section: str = ""
    depth: int = 0


def body_blocks(
    markdown: str,
    *,
    title: str,
    place_picture: PlacePicture,
    overdue_lines: frozenset[int] = frozenset(),
    hide_empty: bool = False,
    timeline_line: int = -1,
) -> list[Block]:
    """The blocks of a postmortem's body.

    `markdown` is the body without comments. Headings start at level 1 and leave out none; a first heading that repeats
    `title` is left out. `overdue_lines` are lines of `markdown`, from 0, that hold an overdue action item. Sections
    without content say so, or are left out with `hide_empty`. A block `timeline` follows the heading on
    `timeline_line`.
    """
    from markdown_it.tree import SyntaxTreeNode

    nodes = SyntaxTreeNode(parser("table", "strikethrough").parse(markdown)).children
    if nodes and nodes[0].type == "heading" and _plain(nodes[0]).casefold() == title.casefold():
        nodes = nodes[1:]
    paper = _Paper(place_picture, overdue_lines, [])
    out: list[Block] = []
    for index, node in enumerate(nodes):
        if node.type != "heading":
            out += _block(node, paper)
            continue
        below = _under(nodes, index)
        filled = any(not _is_hollow(one) for one in below)
        if filled or not hide_empty:
            out.append(_heading(node, paper))
        if node.map and node.map[0] == timeline_line:
            out.append({"kind": "timeline"})
        if not (filled or hide_empty or any(one.type == "heading" for one in below)):
            out.append({"kind": "empty"})
    return out


def _under(nodes: Sequence[SyntaxTreeNode], index: int) -> list[SyntaxTreeNode]:
    """The blocks below a heading, up to the next of its level or above."""
    level, found = int(nodes[index].tag[1]), []
    for node in nodes[index + 1 :]:
        if node.type == "heading" and int(node.tag[1]) <= level:
            break
        found.append(node)
    return found


def _is_hollow(node: SyntaxTreeNode) -> bool:
    """Whether a block says nothing by itself: a heading, or a table without rows."""
    return node.type == "heading" or (node.type == "table" and len(node.children) < 2)


def _plain(node: SyntaxTreeNode) -> str:
    """The text of a block without its markup."""
    inline = node.children[0] if node.children else None
    parts = inline.children if inline is not None else ()
    return "".join(" " if one.type in ("softbreak", "hardbreak") else one.content for one in _leaves(parts)).strip()


def _leaves(nodes: Sequence[SyntaxTreeNode]) -> list[SyntaxTreeNode]:
    return [leaf for node in nodes for leaf in (_leaves(node.children) if node.children else [node])]


def _heading(node: SyntaxTreeNode, paper: _Paper) -> Block:
    level = int(node.tag[1])
    while paper.levels and paper.levels[-1] >= level:
        paper.levels.pop()
    paper.levels.append(level)
    title = _plain(node)
    paper.section = title or paper.section
    # The outline lists every heading, so that one without words needs some.
    text = _pieces(node, paper) if title else [{"kind": "text", "content": "(no title)"}]
    return {"kind": "heading", "level": len(paper.levels), "text": text}


def _blocks(nodes: Sequence[SyntaxTreeNode], paper: _Paper) -> list[Block]:
    return [block for node in nodes for block in _block(node, paper)]


def _block(node: SyntaxTreeNode, paper: _Paper) -> list[Block]:
    """A block below the headings; a heading inside a list or quotation opens no section: it is a bold line there."""
    kind = node.type
    if kind == "table":
        return [] if _is_hollow(node) else [_table(node, paper)]
    if kind in ("fence", "code_block"):
        return [{"kind": "code", "content": printable(node.content.rstrip("\n"))}]
    if kind in ("bullet_list", "ordered_list", "blockquote"):
        return _container(node, paper)
    if kind == "hr":
        return [{"kind": "rule"}]
    pieces = _pieces(node, paper)
    if kind == "heading":
        pieces = [{"kind": "strong", "pieces": pieces}]
    return [{"kind": "paragraph", "text": pieces}] if pieces else []


def _container(node: SyntaxTreeNode, paper: _Paper) -> list[Block]:
    """A list or a quotation; what lies deeper than paper has room for stands below each other."""
    paper.depth += 1
    try:
        if paper.depth > _DEEPEST:
            inside = (
                node.children if node.type == "blockquote" else [one for item in node.children for one in item.children]
            )
            return _blocks(inside, paper)
        if node.type == "blockquote":
            return [{"kind": "quote", "blocks": _blocks(node.children, paper)}]
        items = [_blocks(item.children, paper) for item in node.children]
        start = min(int(node.attrs.get("start", 1)), _LARGEST_NUMBER)
        return [{"kind": "list", "ordered": node.type == "ordered_list", "start": start, "items": items}]
    finally:
        paper.depth -= 1


def _table(node: SyntaxTreeNode, paper: _Paper) -> Block:
    head, body = node.children[0].children[0], node.children[1].children
    names = [_plain(cell).casefold() for cell in head.children]
    items = paper.section.casefold() == SECTION.casefold()
    texts = [[_plain(cell) for cell in row.children] for row in (head, *body)]
    used = [column for column in range(len(names)) if not items or column == 0 or any(row[column] for row in texts[1:])]
    widths = [max(len(row[column]) for row in texts) for column in used]
    return {
        "kind": "table",
        "heads": [_pieces(head.children[column], paper) for column in used],
        "aligns": [_align(head.children[column]) for column in used],
        "widths": [0 if width <= _SHORT else min(width, _WIDEST) for width in widths],
        "rows": [
            {
                "whole": sum(map(len, plain)) < _WHOLE_ROW,
                "cells": [_cell(row, column, names[column], paper, items=items) for column in used],
            }
            for row, plain in zip(body, texts[1:], strict=True)
        ],
    }


def _align(cell: SyntaxTreeNode) -> str:
    style = str(cell.attrs.get("style", ""))
    return "right" if style.endswith("right") else "center" if style.endswith("center") else "left"


def _cell(row: SyntaxTreeNode, column: int, name: str, paper: _Paper, *, items: bool) -> list[Block]:
    cell = row.children[column]  # the parser gives every row as many cells as the head has
    tracking = _TRACKING.get(name) if items else None
    if tracking is None:
        return _pieces(cell, paper)
    # No approval binds what stands here: it is shown as plain text, never as Markdown.
    text = cell.children[0].content if cell.children else ""
    pieces: list[Block] = [{"kind": "text", "content": printable(status_words(text) if tracking == "Status" else text)}]
    if tracking == "Due" and row.map and row.map[0] in paper.overdue_lines:
        pieces += [{"kind": "break"}, {"kind": "strong", "pieces": [{"kind": "text", "content": "Overdue"}]}]
    return pieces


def _pieces(node: SyntaxTreeNode, paper: _Paper) -> list[Block]:
    inline = node.children[0] if node.children and node.children[0].type == "inline" else None
    if inline is None:
        return []
    out = _inline(inline.children, paper)
    first = out[0] if out else {}
    task = _TASK.match(first["content"]) if first.get("kind") == "text" else None
    if task:
        first["content"] = ("Open: " if task[1] == " " else "Done: ") + first["content"][task.end() :]
    return out


def _inline(nodes: Sequence[SyntaxTreeNode], paper: _Paper) -> list[Block]:
    out: list[Block] = []
    for node in nodes:
        if node.type == "code_inline":
            out.append({"kind": "code", "content": printable(node.content)})
        elif node.type == "softbreak":
            out.append({"kind": "text", "content": " "})
        elif node.type == "hardbreak":
            out.append({"kind": "break"})
        elif node.type in _PIECES:
            out.append({"kind": _PIECES[node.type], "pieces": _inline(node.children, paper)})
        elif node.type == "link":
            out += _link(node, paper)
        elif node.type == "image":
            out += _picture(node, paper)
        else:
            for number, line in enumerate(_BREAK.split(node.content)):
                out += [{"kind": "break"}] if number else []
                out += [{"kind": "text", "content": printable(line)}] if line else []
    return out


def _link(node: SyntaxTreeNode, paper: _Paper) -> list[Block]:
    url, pieces = str(node.attrs.get("href", "")), _inline(node.children, paper)
    if not _LINK.match(url) or not pieces:
        return pieces
    shown = "".join(leaf.content for leaf in _leaves(node.children))
    plain = url.lower().startswith("mailto:") or shown.rstrip("/") == url.rstrip("/")
    return [{"kind": "link", "url": harmless(url), "pieces": pieces, "note": "" if plain else printable(url)}]


def _picture(node: SyntaxTreeNode, paper: _Paper) -> list[Block]:
    source = str(node.attrs.get("src", ""))
    words = harmless(node.content or source.rsplit("/", 1)[-1]) or "picture"
    file = paper.place_picture(source)
    if file:
        return [{"kind": "picture", "file": file, "words": words}]
    return [{"kind": "emph", "pieces": [{"kind": "text", "content": printable(f"[{words}]")}]}]


def printable(text: str, *, whole: bool = False) -> str:
    """Text without what deceives, whose long words may be broken: an address would otherwise leave its column. With
    `whole` they stay in one piece, as for what is not printed.

    Characters for private use mean nothing to others, and an archive's file may not hold them.
    """
    text = PRIVATE.sub("\ufffd", harmless(text)).replace("\t", "    ")
    return text if whole else _LONG_WORD.sub(lambda word: _INSIDE_WORD.sub("\u200b", word[0]), text)
