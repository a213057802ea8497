"""Clean Markdown: prompts gone, everything else as written."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from pmctl.document.reader import read
from pmctl.document.template_library import builtin
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.output.html import to_html
from pmctl.output.markdown import to_markdown
from pmctl.workflow.draft import Draft, render

FRONT: dict[str, object] = {"id": "2024-01-15-x", "title": "An [outage]", "status": "DRAFT", "author": "jane"}


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_no_prompt_is_left(name: str) -> None:
    document = read(render(builtin(name), Draft(FRONT, summary="It broke.")))
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


def test_line_ends_are_lf() -> None:
    assert "\r" not in to_markdown(read(b"---\r\ntitle: T\r\n---\r\n## A\r\n\r\nb\r\n"))


def test_real_documents_can_be_exported() -> None:
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip("PMCTL_CORPUS names no folder of real documents")
    paths = sorted((Path(corpus) / "documents").rglob("*.md"))
    assert paths
    for path in paths:
        document = read(path.read_bytes(), path.name)
        assert "<!--" not in to_markdown(document, front_matter=False).replace("`", "") or "```" in document.text
        html = to_html(document, today=date(2024, 2, 1))
        assert html.count("<main") == 1
