"""Invisible characters, pictures from elsewhere and conflict markers in a body, and what is honest beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.document.binding import binding_problems
from pmctl.document.finding import Severity
from pmctl.document.reader import Document, read

HEAD = "---\nid: 2024-01-15-x\ntitle: X\nstatus: DRAFT\nauthor: jane\n---\n"
PATH = "postmortems/2024/2024-01-15-x.md"


def document(body: str) -> Document:
    return read((HEAD + body).encode(), PATH)


def found(body: str) -> list[tuple[str, int]]:
    return [(one.code, one.line - HEAD.count("\n")) for one in binding_problems(document(body))]


@pytest.mark.parametrize(
    "text",
    [
        "a\u200bb",
        "a\u202eb",
        "a\u2066b\u2069",
        "a\ufeffb",
        "a\u2060b",
        "a\U000e0041b",
        "a\u200db",
        "\u200dx",
        "é\u200cé",
        "plain \u200f text",
        "a\ufe0f\ufe01",
        "a\u3164b",
        "`a\u202eb`",
        "a&#x202e;b",
        "a&ZeroWidthSpace;b",
        "a&#8203;b",
    ],
)
def test_what_nobody_sees_is_found(text: str) -> None:
    assert found(f"## Summary\n\n{text}\n") == [("PM208", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم",
        "API‌های",
        "क्‍ष",
        "ශ්‍රී",
        "👨‍👩‍👧",
        "❤️‍🔥",
        "🏳️‍🌈",
        "🧑🏽‍💻",
        "🐻‍❄️",
        "👁️‍🗨️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "1️⃣",
        "שלום\u200f (x)",
        "مرحبا\u200e API",
        "Zu\u0308rich",
        "`&#x202e;`",
        "a &amp; b &nbsp; c",
        "U+202E",
    ],
)
def test_what_scripts_and_emoji_need_is_none(text: str) -> None:
    assert found(f"## Summary\n\n{text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "![a](../g.png)",
        "![a](2024-01-15-x/../g.png)",
        "![a](2024-01-15-X/g.png)",
        "![a](https://h.example/g.png)",
        "![a](//h.example/g.png)",
        "![a][r]\n\n[r]: ../g.png",
        "<img src=../x.png>",
        "[![a](../g.png)](2024-01-15-x/g.png)",
        "<picture><source srcset='2024-01-15-x/a.png 1x, /b.png 2x'></picture>",
        "| ![a](b.png) |\n|---|",
        "![a](%32024-01-15-x/..%2f..%2fx.png)",
        "<b style=\"background:url('x.png')\">q</b>",
        "- ![a](g.png)",
        "> ![a](g.png)",
        "![a](/other/postmortems/2024/2024-01-15-x/g.png)",
        "a <video poster=x.png>",
        "![a](<../my graph.png>)",
        "<!-- x --!> <img src=y.png>\n-->",
    ],
)
def test_pictures_from_elsewhere_are_found(text: str) -> None:
    assert found(f"## Summary\n\n{text}\n") == [("PM209", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "![a](2024-01-15-x/g.png)",
        "![a](./2024-01-15-x/a/../g.png?raw=true)",
        "<IMG\nSRC='2024-01-15-x/x.png'>",
        "![a](/postmortems/2024/2024-01-15-x/g.png)",
        "`![a](b.png)`",
        "```\n![a](b)\n```",
        "[a](../x.png)",
        "![a](data:image/png;base64,AAA)",
        "<!-- <img src=x> -->",
        "a < b and <https://x.example>",
        "\\![a](b.png)",
        "<br>",
    ],
)
def test_own_pictures_links_and_code_are_none(text: str) -> None:
    assert found(f"## Summary\n\n{text}\n") == []


CONFLICT = "<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> feature\n"


@pytest.mark.parametrize(
    "body",
    [
        CONFLICT,
        "x\n>>>>>>> feature\r\n",
        "||||||| 1a2b3c4\n",
        "a\n\n=======\n",
        "| a |\n=======\n",
        "+++\n=======\n## Impact\n=======\n",
        f"```\n{CONFLICT}",
        "<<<<<<<\n",
        "<<<<<<<<<<<< ours\n",
        f"<!--\n{CONFLICT}-->\n",
        f"```\n```\n{CONFLICT}",
    ],
)
def test_a_conflict_makes_a_document_unreadable(body: str) -> None:
    doc = document(body)
    assert [one.code for one in doc.problems] == ["PM008"]
    assert not doc.readable


@pytest.mark.parametrize(
    "body",
    [
        f"```\n{CONFLICT}```\n",
        f"~~~ text\n{CONFLICT}~~~~\n",
        "Summary\n=======\n",
        "|||||||\n",
        "| | | | | | |\n",
        "a <<<<<<< b\n",
        " <<<<<<< HEAD\n",
        ">>>>> quoted\n",
        "========\n",
        "<<<<<<<HEAD\n",
    ],
)
def test_what_only_looks_like_a_conflict_is_none(body: str) -> None:
    assert document(body).problems == ()


def test_a_separator_below_a_sentence_is_doubted() -> None:
    (doubt,) = document("The pool was far too small for this traffic.\n=======\n").problems
    assert (doubt.code, doubt.severity) == ("PM008", Severity.WARNING)


def test_front_matter_with_a_conflict_is_named_as_one() -> None:
    doc = read(HEAD.replace("title: X\n", "<<<<<<< HEAD\ntitle: X\n=======\ntitle: Y\n>>>>>>> b\n").encode())
    assert doc.problems[0].code == "PM008"


def test_real_documents_raise_no_false_alarm(corpus: list[Path]) -> None:
    for path in corpus:
        doc = read(HEAD.encode() + path.read_bytes(), PATH)
        assert [one for one in doc.problems if one.code == "PM008"] == [], path
        assert [one for one in binding_problems(doc) if one.code == "PM208"] == [], path
