"""The PDF: read back by another library, what it says, what standards it claims, and that no text acts in it."""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from pmctl.document.reader import read
from pmctl.errors import EnvironmentProblem
from pmctl.output.pdf import to_pdf
from tests.skips import NO_CORPUS

TODAY = date(2024, 2, 1)
SOURCE = """---
id: 2024-01-15-x
title: Payment API <outage>
status: STATUS
author: jane
participants: [jane, bob]
services: [payment-api]
severity: SEV2
incidents: [{source: pagerduty, id: PT4, url: "https://pd.example/PT4"}]
started_at: 2024-01-15T14:00:00Z
detected_at: 2024-01-15T14:02:00Z
resolved_at: 2024-01-15T14:45:00Z
---

<!-- a prompt -->

## Summary

TEXT

![Use of the pool](2024-01-15-x/pool.png) ![gone](2024-01-15-x/gone.png)

## Timeline

| Time | Event | Who |
|---|:-:|---|
| 14:00 | `alarm` raised | @jane |

#### Too deep

1. one
   - two

## Impact

| Impact Type | Measurement |
|---|---|

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-1111 | Late | @jane | 2024-01-31 | HIGH | OPEN | https://j.example/browse/PAY-1 | |
| AI-2222 | *Not now* | @bob | 2024-01-01 | LOW | WONT_DO | | **too dear** |
"""


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * 4 for _ in range(4)))
    size = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _made(text: str = "All was slow.", status: str = "PUBLISHED", **more: object) -> bytes:
    source = SOURCE.replace("STATUS", status).replace("TEXT", text)
    pictures = {"pool.png": _png()}
    document = read(source.encode(), "postmortems/2024/2024-01-15-x.md")
    return to_pdf(document, today=TODAY, read_attachment=pictures.get, **more)  # type: ignore[arg-type]


def _text(data: bytes) -> str:
    """The words of all pages; typst lets a long word break at places that show no character."""
    pages = PdfReader(io.BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_it_says_what_the_postmortem_says() -> None:
    text = _text(_made(version="0123456789ab", names={"jane": "Jane Doe"}, approved=["bob"]))
    for words in (
        "Published Reviewed and final.", "Payment API <outage>", "15 January 2024 · SEV2 · 45 minutes",
        "45 minutes Duration", "2 minutes Time to detect", "Author Jane Doe", "Approved by bob", "All was slow.",
        "14:00 alarm raised @jane", "2024-01-31 Overdue", "Won't do", "**too dear**", "Not now",
        "2024-01-15-x · version 0123456789ab", "Page 1 of",
    ):  # fmt: skip
        assert words in text, words
    assert "a prompt" not in text
    assert "Impact" not in text.replace("Impact Type", ""), "an empty section of a final postmortem is left out"
    assert "Nothing written here yet." in _text(_made(status="DRAFT"))


def test_what_is_not_proved_and_the_evidence_are_in_it() -> None:
    steps = [{"act": "approve", "by": "bob", "verdict": "ok"}]
    evidence = {"trust_root": "sha256:" + "a" * 64, "steps": steps}
    text = _text(_made(marks=["the file says PUBLISHED"], evidence=evidence))
    assert "Not proved the file says PUBLISHED" in text
    assert "Approvals and evidence" in text
    assert "Act By Verdict approve bob ok" in text


def test_it_is_an_archive_file_that_everybody_can_read() -> None:
    reader = PdfReader(io.BytesIO(_made()))
    catalog = reader.trailer["/Root"].get_object()
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    metadata = catalog["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == "Payment API <outage>"
    outline = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert outline == ["Summary", "Timeline", "Action Items"]
    pictures = [one for page in reader.pages for one in page["/Resources"].get("/XObject", {}).values()]
    assert len(pictures) == 1, "the attached picture is in it"


def test_a_title_without_a_space_stays_on_the_page_and_is_whole_in_the_metadata() -> None:
    word = "W" * 90
    document = read(SOURCE.replace("Payment API <outage>", word).encode(), "postmortems/2024/2024-01-15-x.md")
    reader = PdfReader(io.BytesIO(to_pdf(document, today=TODAY)))
    assert reader.metadata is not None and reader.metadata.title == word
    lines = [line.replace("\u200b", "") for page in reader.pages for line in page.extract_text().splitlines()]
    assert 0 < max(line.count("W") for line in lines) < 80


def test_a_small_picture_is_not_blown_up() -> None:
    sizes: list[float] = []

    def before(operator: bytes, operands: object, matrix: list[float], text: object) -> None:
        if operator == b"Do":
            sizes.append(abs(matrix[0]))

    for page in PdfReader(io.BytesIO(_made())).pages:
        page.extract_text(visitor_operand_before=before)
    assert [round(size) for size in sizes] == [3], "four pixels, a quarter less in points"


def test_the_same_text_gives_the_same_bytes() -> None:
    assert _made() == _made()
    assert _made() != _made("Another text.")


@pytest.mark.parametrize("text", [
    '#eval("1 + 1") #include "/etc/passwd" #image("/etc/passwd")', "$ x^2 $ @nobody <label> #[a] #{1+1}",
    r"\u{41} *not bold in typst* _x_ // comment /* more */", "= no heading", '"}], "kind": "heading"',
])  # fmt: skip
def test_nothing_in_a_text_is_evaluated(text: str) -> None:
    shown = _text(_made(f"``{text}``"))
    assert " ".join(text.split()) in shown


def test_links_lead_to_the_web_only_and_stand_as_footnotes() -> None:
    data = _made("[here](https://a.example/?a=1&b=2) [bad](javascript:alert(1)) [file](notes.txt)")
    links = [
        note["/A"]["/URI"]
        for page in PdfReader(io.BytesIO(data)).pages
        for note in (one.get_object() for one in page.get("/Annots", ()))
        if "/URI" in note.get("/A", {})
    ]
    assert set(links) == {"https://a.example/?a=1&b=2", "https://pd.example/PT4"}
    assert "https://a.example/?a=1&b=2" in _text(data)


def test_a_character_without_a_font_is_named() -> None:
    with pytest.raises(EnvironmentProblem, match=r"no font on this machine has 𓀀 \(\\U00013000\)") as problem:
        _made("A 𓀀 from no font.")
    assert "--fonts DIR" in str(problem.value.hint)
    assert "An � icon" in _text(_made("An \ue123 icon")), "it has no meaning, and no archive takes it"


def test_without_typst_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(EnvironmentProblem) as problem:
        _made()
    assert problem.value.hint == "pip install 'pmctl[pdf]'"


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("#$@<>[](){}*_`\\|!-+=~\"'/&;: \n\tab1."), max_size=200))
def test_whatever_is_written_makes_a_pdf(text: str) -> None:
    assert _made(text).startswith(b"%PDF-1.7")


def test_what_is_deep_or_long_makes_a_pdf() -> None:
    deep = "> " * 60 + "deep\n\n" + "".join("  " * level + f"- item {level}\n" for level in range(60))
    assert "item 59" in _text(_made(deep))
    assert _made("*" * 5000 + "[" * 3000 + "\n\n" + "x" * 20000)


def test_real_postmortems_make_pdfs() -> None:
    corpus = os.environ.get("PMCTL_CORPUS")
    if not corpus:
        pytest.skip(NO_CORPUS)
    made = 0
    for path in sorted(Path(corpus).rglob("*.md"))[:60]:
        try:
            made += to_pdf(read(path.read_bytes(), path.name), today=TODAY).startswith(b"%PDF-1.7")
        except EnvironmentProblem as problem:
            if not problem.message.startswith("no font on this machine has"):
                raise
    assert made > 30


def test_the_timeline_is_drawn_and_said_in_words() -> None:
    text = _text(_made())
    for words in ("Started 14:00", "Detected 14:02", "Resolved 14:45", "2 minutes later", "43 minutes"):
        assert words in text, words
    alone = SOURCE.replace("## Timeline", "## What happened, in words")
    assert "Resolved 14:45" in _text(to_pdf(read(alone.replace("STATUS", "DRAFT").encode()), today=TODAY))
