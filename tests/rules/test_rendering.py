"""What is rendered against what is checked: they agree, or the document is reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings

from pmctl.document.reader import read
from pmctl.rules.engine import check
from pmctl.rules.rendering import checked_parts, is_ambiguous, rendered_parts

from ..document.strategies import markdown_lines
from .sample import CONTEXT, PATH, sample


# Two libraries are compared, so every run tries the same texts: a difference that nobody knew breaks no other change.
@settings(max_examples=1500, deadline=None, derandomize=True)
@given(markdown_lines)
def test_what_is_not_ambiguous_is_rendered_as_it_is_checked(lines):
    doc = read("\n".join(["---", "id: x", "---", *lines]).replace("\r", "").encode(), PATH)
    assert is_ambiguous(doc) or sorted(checked_parts(doc)) == sorted(rendered_parts(doc))


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("## Summary\n\nTraffic:\nRegion | Requests\n--- | ---\neu | 1\n", 4),
        ("## Summary\n\n| a | b |\n|---|---|\n      | c | d |\n", 3),
        ("## Summary\n\n- a | b\n--- | ---\n", 3),
    ],
)
def test_what_is_rendered_otherwise_is_reported(body, line):
    doc = sample(body)
    above = doc.text[: doc.text.index(body)].count("\n")
    assert [one.line - above for one in check(doc, CONTEXT) if one.code == "PM207"] == [line]


def test_real_documents_are_rendered_as_they_are_checked():
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip("PMCTL_CORPUS names no corpus")
    for path in sorted(Path(corpus, "documents").rglob("*.md")):
        doc = read(b"---\nid: x\n---\n" + path.read_bytes(), path.name)
        assert sorted(checked_parts(doc)) == sorted(rendered_parts(doc)), path
