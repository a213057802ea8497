"""The line grammar of the table of action items: what it takes, what breaks it, and an independent reader of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmctl.document.action_problems import action_problems
from pmctl.document.action_table import ActionTable, Broken, action_table
from pmctl.document.actions import action_tables
from pmctl.document.digest import canonical_body
from pmctl.document.reader import Document, read

from .strategies import markdown_lines

READER = Path(__file__).with_name("action_table.pl")
HEAD = "---\nid: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: jane\n---\n"
TABLE = "| Action | Owner |\n|---|---|\n| Alert at 80 % | @jane |\n"


def document(body: str) -> Document:
    return read((HEAD + body).encode("utf-8", "replace"))


def reading(body: str) -> ActionTable | Broken | None:
    return action_table(body, 0)


def codes(body: str) -> list[str]:
    return [one.code for one in action_problems(document(body))]


@pytest.mark.parametrize(
    "body",
    [
        f"## Action Items\n\n{TABLE}",
        f"## Action Items\n{TABLE}",
        f"##  action  ITEMS ##  \n\n{TABLE}",
        f"# T\n\n## Action Items\n\nwords\n\n<!-- a | b -->\n{TABLE}\nwords\n\n### More\n\n- a\n\n## Next\n\n| a |\n",
        f"```\n## Action Items\n| x |\n```\n\n## Action Items\n\n{TABLE}",
        f"<!--\n## Action Items\n| x |\n-->\n## Action Items\n\n{TABLE}<!-- below -->\n",
        "## Action Items\n\n| Action | Owner |  \n| :-- | --: |   \n",
        "## Action Items\r\n\r\n" + TABLE.replace("\n", "\r\n"),
        f"## Action Items\n\n{TABLE[:-1]}",
        f"## Action Items\n\n{TABLE}# Next | one\n",
    ],
)
def test_a_table_is_taken_and_readers_see_the_same(body: str) -> None:
    table = reading(body)
    assert isinstance(table, ActionTable)
    assert table.tracking == {1: "Owner"}
    assert codes(body) == []
    assert [seen.line for seen in action_tables(document(body))] == [
        table.header.number + HEAD.count("\n"),
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (f"## Action Items\n\n{TABLE}\n{TABLE}", 7),
        (f"## Action Items\n\n{TABLE}| Row without an end\n", 6),
        (f"## Action Items\n\n{TABLE}|\n", 6),
        (f"## Action Items\n\n{TABLE}||\n", 6),
        (f"## Action Items\n\n{TABLE}| a | b | c |\n", 6),
        (f"## Action Items\n\n{TABLE}| a \\|\n", 6),
        (f"## Action Items\n\n{TABLE}| a \\\\| b |\n", 6),
        (f"## Action Items\n\n{TABLE}\u00a0| a | b |\n", 6),
        (f"## Action Items\n\n{TABLE} | a | b |\n", 6),
        (f"## Action Items\n\n{TABLE}| a | b\rc |\n", 6),
        (f"## Action Items\n\n{TABLE}text\n", 6),
        (f"## Action Items\n\n{TABLE}| a | b |\t\n", 6),
        (f"## Action Items\n\n{TABLE}\ntext | more\n", 7),
        (f"## Action Items\n\n{TABLE}\n```\na | b\n```\n", 8),
        (f"## Action Items\n\ntext\n{TABLE}", 4),
        (f"## Action Items\n\n{TABLE.partition('|---')[0]}", 3),
        ("## Action Items\n\n| Action | Owner |\n| a | b |\n", 4),
        ("## Action Items\n\n| Action | Owner |\n|---|\n", 4),
        ("## Action Items\n\nAction | Owner\n---|---\na | b\n", 3),
        (f"## Action Items\n\n### A | B\n\n{TABLE}", 3),
    ],
)
def test_what_breaks_the_grammar_counts_as_text(body: str, line: int) -> None:
    broken = reading(body)
    assert isinstance(broken, Broken), broken
    assert broken.line == line
    doc = document(body)
    assert canonical_body(doc) == doc.body
    assert codes(body) == ["PM593"]


@pytest.mark.parametrize(
    "body",
    [
        f"<pre>\n\n## Action Items\n\n{TABLE}",
        f"## Action Items\n\n<script>\n\n{TABLE}",
        f"Action Items\n---\n\n{TABLE}",
        f"  ## Action Items\n\n{TABLE}",
        f"- a\n  <!-- b\n## Action Items\n\n{TABLE}",
        f"## Action Items\n\nNext\n===\n\n{TABLE}",
    ],
)
def test_a_table_that_readers_see_otherwise_is_a_problem(body: str) -> None:
    assert codes(body) == ["PM594"]


def test_a_table_without_an_action_leaves_nothing_out() -> None:
    body = "## Action Items\n\n| What | Owner |\n|---|---|\n| a | b |\n"
    table = reading(body)
    assert isinstance(table, ActionTable)
    assert table.tracking == {}


@pytest.mark.parametrize("cell", ["x[^1]", "<b>", "![a](b)", "[a](b)", "\u200b", "a" * 301])
def test_a_tracking_cell_is_short_plain_text(cell: str) -> None:
    assert codes(f"## Action Items\n\n{TABLE.replace('@jane', cell)}") in (["PM590"], ["PM591"], ["PM592"])


_FRAGMENTS = st.sampled_from(
    ["## Action Items", "## action items ##", "## Other", "# T", "### A", "| Action | Owner |", "| Action | Owner |",
     "|---|---|", "|---|---|", "| :-: | -- |  ", "| a | b |", "| a | b |", "| \\| | b |", "| a \\\\| b |", "| a |",
     "| Task | Notes | Owner | Owner |", "|-|-|-|-|", "| a | b | c | d |", "||", "|", "a | b", " | a | b |", "", "",
     "text", "```", "````", "~~~", "   ```", "<!-- x -->", "<!--", "-->", "<!-->", "  <!-- y | z", "| a | <!-- b |",
     "- item", "| É | Due Date |", "|\tDue  date\t|x|", "##", "#", "text\r", "| a\r | b |", "Action Items", "---"]
)  # fmt: skip
BODIES = st.lists(st.one_of(_FRAGMENTS, _FRAGMENTS, markdown_lines.map(lambda lines: "".join(lines[:1]))), max_size=16)


@pytest.fixture(scope="module")
def independent() -> str:
    perl = shutil.which("perl")
    if perl is None or subprocess.run([perl, "-MJSON::PP", "-MEncode", "-e", "1"], check=False).returncode:
        pytest.skip("perl with JSON::PP is not installed")
    return perl


def read_independently(perl: str, body: str) -> Any:
    done = subprocess.run([perl, READER], input=body.encode("utf-8", "replace"), capture_output=True, check=True)
    assert not done.stderr
    return json.loads(done.stdout)


@settings(max_examples=150, deadline=None)
@given(BODIES, st.sampled_from(["\n", "\r\n"]))
@example(["## Action Items", "", "| Action | Owner |", "|---|---|", "| é😀 | b |", "", "text"], "\n")
def test_an_independent_reader_agrees(independent: str, lines: list[str], newline: str) -> None:
    doc = document(newline.join(["## Action Items", *lines]))
    assert read_independently(independent, doc.body) == canonical_body(doc)


def test_an_independent_reader_agrees_on_real_documents(independent: str, corpus: list[Path]) -> None:
    for path in corpus:
        doc = read(HEAD.encode() + path.read_bytes().replace(b"\0", b""), path.name)
        assert read_independently(independent, doc.body) == canonical_body(doc), path


@settings(max_examples=600, deadline=None)
@given(BODIES)
def test_where_nothing_is_reported_readers_see_the_table_that_is_digested(lines: list[str]) -> None:
    doc = document("\n".join(["## Action Items", *lines]).replace("\r", ""))
    table = action_table(doc.text, doc.body_start)
    if action_problems(doc):
        return
    seen = [[(row.start, row.end) for row in one.rows] for one in action_tables(doc)]
    if table is None or not table.tracking:
        return
    assert isinstance(table, ActionTable)
    assert seen == [[(row.start, row.end) for row in table.rows]]
    assert [[cell.text for cell in row.cells] for one in action_tables(doc) for row in one.rows] == [
        [cell.strip().replace("\\|", "|") for cell in row.cells] for row in table.rows
    ]
