"""Clean Markdown: prompts gone, everything else as written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from pmctl.document.digest import content_digest
from pmctl.document.prompts import strip_comments
from pmctl.document.reader import read
from pmctl.document.structure import comment_spans, read_structure
from pmctl.document.template_file import builtin
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.output.html import to_html
from pmctl.output.json_export import to_json
from pmctl.output.markdown import clean_body, to_markdown
from pmctl.services.draft import Draft
from pmctl.workflow.draft import render
from tests.skips import NO_CORPUS

from ..document.strategies import commented_lines

FRONT: dict[str, object] = {"id": "2024-01-15-x", "title": "An [outage]", "status": "DRAFT", "author": "jane"}


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_no_prompt_is_left(name: str) -> None:
    document = render(builtin(name), Draft(FRONT, summary="It broke."))
    clean = to_markdown(document)
    assert "<!--" not in clean
    for section in builtin(name).sections:
        assert section.prompt.splitlines()[0] not in clean
        assert f"## {section.title}\n" in clean
    assert "## Summary\n\nIt broke.\n\n## " in clean
    assert read(clean.encode()).meta == document.meta
    assert "\n\n\n" not in clean


def test_without_front_matter_the_title_becomes_a_heading() -> None:
    source = "---\ntitle: An [outage]\n---\n<!-- x -->\n\n## Summary\n"
    assert to_markdown(read(source.encode()), front_matter=False) == "# An \\[outage\\]\n\n## Summary\n"
    twice = "---\ntitle: Same\n---\n# Same\n\ntext\n"
    assert to_markdown(read(twice.encode()), front_matter=False) == "# Same\n\ntext\n"
    assert to_markdown(read(b"# None\n\ntext")) == "# None\n\ntext\n"


def test_code_keeps_its_comments_and_blank_lines() -> None:
    fence = "```html\n<!-- kept -->\n\n\n\nend\n```\n"
    source = f"---\ntitle: T\n---\n{fence}\n\n\n`<!-- kept too -->` <!-- gone -->after\n"
    clean = to_markdown(read(source.encode()), front_matter=False)
    assert clean == f"# T\n\n{fence}\n`<!-- kept too -->` after\n"


EVERYWHERE = """<!-- PROMPT above -->

## Summary

<!-- PROMPT --> It broke. <!-- PROMPT
PROMPT --> Then it was mended.

- <!-- PROMPT -->
- first <!-- PROMPT -->
- <!-- PROMPT
  PROMPT -->
  second
- [ ] <!-- PROMPT -->

> <!-- PROMPT -->
> quoted

```html
<!-- code 1 -->
```

- ```
  <!-- code 2 -->
  ```

1. item

    ```
    <!-- code 3 -->


    ```

## Timeline <!-- PROMPT -->

| Time | Event | Who |
|---|---|---|
| 14:00 | Alert <!-- PROMPT --> | <!-- PROMPT --> |

## Impact

| Impact Type | Measurement |
|---|---|
| Duration <!-- PROMPT --> | 5 minutes |

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-7f3k | Do <!-- PROMPT --> it | @jane | 2024-01-22 | HIGH | OPEN | | <!-- PROMPT --> |
<!-- PROMPT -->
"""
HEAD = "---\nid: 2024-01-15-x\ntitle: T\nstatus: DRAFT\nauthor: jane\n---\n"


def test_a_prompt_left_anywhere_reaches_no_export_and_code_stays_whole() -> None:
    document = read((HEAD + EVERYWHERE).encode())
    exported = [to_markdown(document), to_html(document, today=date(2024, 2, 1)), to_json(document)]
    for text in exported:
        assert "PROMPT" not in text
        assert all(f"code {number}" in text for number in (1, 2, 3))
    content = json.loads(exported[2])
    assert [section["title"] for section in content["sections"]] == ["Summary", "Timeline", "Impact", "Action Items"]
    assert (content["timeline"][0]["text"], content["timeline"][0]["who"]) == ("Alert", "")
    assert content["impact"] == [{"type": "Duration", "measurement": "5 minutes"}]
    assert (content["action_items"][0]["description"], content["action_items"][0]["notes"]) == ("Do it", "")
    assert content["content"] == content_digest(document)
    assert "It broke. Then it was mended.\n\n- first\n- second\n\n>\n> quoted\n" in exported[0]
    assert "    <!-- code 3 -->\n\n\n    ```\n" in exported[0]


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("Told\n- <!-- whom? -->\n", "Told\n"),
        ("Told\n- <!-- whom? -->\n---\n", "Told\n\n---\n"),
        ("Told\n- <!-- whom? -->\n  Bob\n", "Told\n- Bob\n"),
        ("- - <!-- whom? -->\n  # Bob\n", "- # Bob\n"),
        ("- 1. <!-- whom? -->\n     Bob\n", "- 1. Bob\n"),
        ("- a\n- <!-- whom? -->\n\n  # Bob\n", "- a\n\n- # Bob\n"),
        ("- a\n-   <!-- x -->\n  # B\n", "- a\n\n# B\n"),
        ("a\n<!-- x -->\nb\n", "a\n\nb\n"),
        ("- a\n<!-- x -->\n- b\n", "- a\n- b\n"),
        ("a\n2. b\n<!-- x -->\n2. c\n", "a\n2. b\n\n2. c\n"),
        ("<!-- x --> ## no heading\n", "\\## no heading\n"),
        ("<!-- x --> 1. no list\n", "1\\. no list\n"),
        ("## A <!-- x -->\n", "## A\n"),
        ("a <!-- x -->\nb\n", "a\nb\n"),
        ("a<!-- x -->b <!-- y --> c\n", "ab c\n"),
    ],
)
def test_taking_a_comment_out_changes_no_structure(source: str, clean: str) -> None:
    assert clean_body(read((HEAD + source).encode())) == clean


@settings(max_examples=600, deadline=None)
@given(commented_lines)
@example(["-", "  <!-->", "  # One"])
@example(["0.", " <!-->", "   # One"])
@example(["-\t<!-- t -->", "    ## Code", "  ## Action Items"])
def test_headings_are_the_same_without_comments(lines: list[str]) -> None:
    text = "\n".join(lines)
    document = read(f"---\nid: x\n---\n{text}".encode())
    if not document.readable or document.body != text or re.search("<[a-z/?]|-->.*<!--(?!.*-->)", text):
        return  # other HTML, which is shown as text, and comments that reach beyond their block and take what is there
    if any(re.search(rf"(?m)^ {{{n}}}<!--", text) and re.search(rf"(?m)^ {{{n + 1}}}|^\t", text) for n in range(4)):
        return  # a comment may end a list, and what is indented behind it would belong to the list without it
    if re.search(r"^(?: {4}|\t)", text, re.MULTILINE) and re.search(r"^ *[=-]+ *$", text, re.MULTILINE):
        return  # an underlined heading of several lines, one of which only looks like a list item
    hidden = comment_spans(text)
    headings = read_structure(text).headings
    if any(start <= h.start < end < h.end for h in headings for start, end in hidden) or _leaves_its_item(text, hidden):
        return  # a comment that reaches beyond its block, into another one
    shown = [h for h in headings if not any(start <= h.start < end for start, end in hidden)]
    before = [_plain(strip_comments(heading.title)) for heading in shown]
    assert before == [_plain(heading.title) for heading in read_structure(clean_body(document)).headings]


def _leaves_its_item(text: str, comments: Sequence[tuple[int, int]]) -> bool:
    for start, end in comments:
        opening = text[text.rfind("\n", 0, start) + 1 : start]
        if opening.strip() and not all(line.startswith(" " * len(opening)) for line in text[start:end].split("\n")[1:]):
            return True
    return False


def _plain(title: str) -> str:
    return " ".join(title.replace("\\", "").split())


def test_front_matter_loses_its_comments_and_nothing_else() -> None:
    source = (
        "---\nid: x  # internal\n# ask legal first\ntitle: 'a # b'\ntags: [c#d, \"e # f\"]  # why\n"
        "fields:\n  cost: 5 # number, required: what it cost\n  text: |\n    # kept\n---\n\nbody\n"
    )
    document = read(source.encode())
    assert document.readable
    clean = to_markdown(document)
    assert "internal" not in clean and "legal" not in clean and "why" not in clean and "number" not in clean
    assert read(clean.encode()).meta == document.meta
    assert "    # kept\n" in clean


def test_line_ends_are_lf() -> None:
    assert "\r" not in to_markdown(read(b"---\r\ntitle: T\r\n---\r\n## A\r\n\r\nb\r\n"))


def test_real_documents_can_be_exported() -> None:
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    paths = sorted((Path(corpus) / "documents").rglob("*.md"))
    assert paths
    for path in paths:
        document = read(path.read_bytes(), path.name)
        assert "<!--" not in to_markdown(document, front_matter=False).replace("`", "") or "```" in document.text
        html = to_html(document, today=date(2024, 2, 1))
        assert html.count("<main") == 1
