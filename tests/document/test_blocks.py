"""The line scan of headings and tables against the Markdown parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt

from pmctl.document.blocks import Block, Doubt, scan_blocks
from pmctl.document.markdown import parse_blocks
from pmctl.document.outline import lines_of, scan
from pmctl.document.reader import read
from pmctl.document.table import build

from .strategies import markdown_lines

PARSER = MarkdownIt("commonmark").enable("table")
PARSER.core.ruler.enableOnly(["normalize", "block"])


def parsed_cells(text: str) -> list[list[list[str]]]:
    """The cells of the top-level tables as the parser reads them: table, row, cell."""
    found: list[list[list[str]]] = []
    inside = False
    for token in PARSER.parse(text):
        if token.type == "table_open" and token.level == 0:
            inside = True
            found.append([])
        elif token.type == "table_close" and token.level == 0:
            inside = False
        elif inside and token.type == "tr_open":
            found[-1].append([])
        elif inside and token.type == "inline":
            found[-1][-1].append(token.content)
    return found


def scanned_cells(text: str) -> list[list[list[str]]]:
    tables = [build(text, lines) for lines in scan(text).tables]
    return [[[cell.text for cell in row.cells] for row in (table.header, *table.rows)] for table in tables]


@settings(max_examples=1200, deadline=None)
@given(markdown_lines)
@example(["- a | b", "- a | b", "|---|---|"])
@example(["[ref]: /url", "2. not a continuation", "==="])
@example(["> quote", "lazy", "## Heading"])
@example(["- item", "", "## Heading"])
@example(["a |", "---"])
@example(["a | b", "---", "text", "==="])
@example(["```", "| a |", "|---|"])
@example(["- ```", "## inside", "```", "## outside"])
@example(["<!--", "## hidden", "-->", "## shown"])
def test_scan_agrees_with_the_parser_or_doubts(lines: list[str]) -> None:
    try:
        scanned = scan_blocks(lines)
    except Doubt:
        return
    assert scanned == parse_blocks(lines)


@settings(max_examples=500, deadline=None)
@given(markdown_lines)
def test_cells_are_those_of_the_parser(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert scanned_cells(text) == parsed_cells(text)


def test_the_scan_agrees_on_real_documents_and_rarely_doubts(corpus: list[Path]) -> None:
    doubts = 0
    for path in corpus:
        doc = read(path.read_bytes(), path.name)
        lines, _, _ = lines_of(doc.text, doc.body_start)
        body = "\n".join(lines)
        try:
            assert scan_blocks(lines) == parse_blocks(lines), path
        except Doubt:
            doubts += 1
        assert scanned_cells(body) == parsed_cells(body), path
    assert doubts <= len(corpus) / 5


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("## Summary\n", ["Summary"]),
        ("## Summary ##  \n", ["Summary"]),
        ("Summary\n---\n", ["Summary"]),
        ("Two\nlines\n===\n", ["Two\nlines"]),
        ("```\n# not a heading\n```\n", []),
        ("    # not a heading\n", []),
        ("<!--\n## not a heading\n-->\n", []),
        ("> ## not a section\n", []),
        ("- ## not a section\n", []),
        ("#hashtag\n", []),
        ("####### seven\n", []),
        ("| a |\n|---|\n## Ends the table\n", ["Ends the table"]),
    ],
)
def test_headings(text: str, headings: list[str]) -> None:
    assert [block.content for block in scan_blocks(text.split("\n")) if block.level] == headings


def test_a_table_ends_at_a_blank_line_and_takes_lines_without_pipes() -> None:
    lines = ["| a | b |", "|---|---|", "| 1 | 2 |", "only one", "", "| not | a row |"]
    assert scan_blocks(lines) == [Block(0, 0, 4)]


def test_html_is_left_to_the_parser() -> None:
    with pytest.raises(Doubt):
        scan_blocks(["<details>", "## inside"])
    outline = scan("<details>\n## inside\n\n## outside\n")
    assert not outline.scanned
    assert [heading.title for heading in outline.headings] == ["outside"]
