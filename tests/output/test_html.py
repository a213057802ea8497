"""The page: what it says, that it is well-formed and accessible, and that nothing in a document acts in it."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from pmctl.document.reader import read
from pmctl.document.template_file import builtin
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.output.html import to_html
from pmctl.output.page_facts import facts
from pmctl.services.draft import Draft
from pmctl.workflow.draft import render
from tests.growth import assert_in_proportion

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
TODAY = date(2024, 2, 1)
VOID = {"meta", "img", "br", "hr", "input", "link"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "div", "header", "p", "strong", "h1", "h2", "h3", "h4", "h5",
    "h6", "dl", "dt", "dd", "time", "span", "nav", "ul", "ol", "li", "main", "section", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "footer", "figure", "figcaption", "svg", "desc", "g", "line", "rect", "circle", "path",
    "text", "tspan", "em", "s", "code", "pre", "img", "br", "hr", "blockquote",
}  # fmt: skip

SOURCE = """---
id: 2024-01-15-x
title: Payment API <outage>
status: STATUS
author: jane
participants: [jane, bob]
services: [payment-api]
severity: SEV2
incidents: [{source: pagerduty, id: PT4, url: "https://pd.example/PT4"}, {source: x, id: y, url: "javascript:1"}]
started_at: 2024-01-15T14:00:00+01:00
detected_at: 2024-01-15T13:02:00Z
resolved_at: 2024-01-15T13:45:00Z
fields: {cost_center: "4711", customer_facing: true}
---

<!-- a prompt -->

# Payment API <outage>

## Summary

<!-- another
prompt -->
See [this](https://a.example/?a=1&b=2), [below](#Impact), [a file](notes.txt), <https://b.example>.

![Use of the pool](2024-01-15-x/pool%20use.png) ![gone](2024-01-15-x/gone.png) ![far](https://a.example/b.png)

## Timeline

| Time | Event | Who |
|---|:-:|---|
| 14:00 | `a|b` alert | @jane |

#### Too deep

text

## Impact

| Impact Type | Measurement |
|---|---|

## Action Items

| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |
|---|---|---|---|---|---|---|---|
| AI-1111 | Late | @jane | 2024-01-31 | HIGH | OPEN | https://j.example/browse/PAY-1 | |
| AI-2222 | Today | @jane | 2024-02-01 | HIGH | IN_PROGRESS | | |
| AI-3333 | Done | @bob | 2024-01-01 | LOW | COMPLETED | | |

## Detection

<!-- prompt only -->
"""


class Page(HTMLParser):
    """Collects tags with attributes, and checks that every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in {tag}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(status: str = "PUBLISHED", source: str = SOURCE, **options: object) -> Page:
    document = read(source.replace("STATUS", status).encode(), "postmortems/2024/2024-01-15-x.md")
    return Page(to_html(document, today=TODAY, **options))  # type: ignore[arg-type]  # passed on as given


def assert_harmless(html: str) -> None:
    found = Page(html)
    assert {tag for tag, _ in found.tags} <= TAGS
    pictures = r"data:image/(png|jpeg|gif|webp);base64,"
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "formaction")]
        for name in ("src", "href", "action", "data", "poster", "background", "xlink:href"):
            value = attributes.get(name)
            if value is not None:
                assert re.match(r"https?://|mailto:|#" if tag == "a" else pictures, value)
    assert {a["http-equiv"] for a in found.all("meta") if "http-equiv" in a} == {"Content-Security-Policy"}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]", html)
    assert len(found.all("style")) == len(found.all("main")) == len(found.all("head")) == 1


def test_nothing_hostile_survives(fragments: tuple[str, ...], hostile_documents: tuple[bytes, ...]) -> None:
    for fragment, data in zip(fragments, hostile_documents, strict=True):
        html = to_html(
            read(data, "postmortems/2024/2024-01-15-x.md"),
            today=TODAY,
            read_attachment=lambda path: PNG if path == "picture.png" else None,
            names={"jane": fragment},
            evidence={fragment: fragment, "approvals": [{"by": fragment, fragment: fragment}]},
            lang='en" onload="x',
        )
        assert_harmless(html)
        swallowed = fragment.startswith(("<!-- > ", "<!--")) and not fragment.endswith(("-->", "</script>"))
        assert swallowed or "After." in html, fragment


def test_the_hostile_documents_are_readable(hostile_documents: tuple[bytes, ...]) -> None:
    unreadable = [data for data in hostile_documents if not read(data).readable]
    assert len(unreadable) <= 3


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    html = to_html(read(SOURCE.replace("STATUS", "DRAFT").encode()), today=TODAY)
    assert not re.search(r"<(script|link|iframe|img)\b", html)
    assert "url(" not in html and "@import" not in html
    policy = Page(html).all("meta")[1]["content"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_prompts_never_reach_a_page() -> None:
    for name in BUILTIN_NAMES:
        front = {"id": "2024-01-15-x", "title": "X", "status": "DRAFT", "author": "jane"}
        found = page(source=render(builtin(name), Draft(front)).text)
        for section in builtin(name).sections:
            assert section.prompt.splitlines()[0] not in found.text
        assert "guidance" not in found.text


def test_landmarks_language_and_headings_in_order() -> None:
    found = page("DRAFT", evidence={"approvals": [{"by": "Alice"}]})
    assert found.all("html")[0]["lang"] == "en"
    assert [tag for tag, _ in found.tags if tag in ("header", "main", "footer", "nav")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    assert found.all("a")[0] == {"class": "skip", "href": "#content"}
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in found.all("a") if a.get("href", "").startswith("#")} <= set(ids)
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found.text.count("Payment API <outage>") == 2


def test_tables_have_captions_scopes_and_labels() -> None:
    found = page()
    assert len(found.all("caption")) == len(found.all("table")) == 2
    assert all(cell["scope"] == "col" for cell in found.all("th"))
    assert [cell["data-label"] for cell in found.all("td")][:3] == ["Time", "Event", "Who"]
    assert all(region["aria-label"] for region in found.all("div") if region.get("role") == "region")


@pytest.mark.parametrize(
    ("status", "label"),
    [("DRAFT", "Draft"), ("IN_REVIEW", "In review"), ("PUBLISHED", "Published"), ("ARCHIVED", "Archived")],
)
def test_the_banner_says_how_far_it_is(status: str, label: str) -> None:
    found = page(status)
    assert [p["class"] for p in found.all("p") if "banner" in p.get("class", "")] == [
        f"banner banner-{label.lower().replace(' ', '-')}"
    ]
    assert f"{label} " in found.text


def test_facts_from_the_front_matter() -> None:
    document = read(SOURCE.replace("STATUS", "DRAFT").encode())
    shown = {fact.label: fact.text for fact in facts(document, {"jane": "Jane Doe"})}
    assert shown["Started"] == "2024-01-15 13:00 UTC"
    assert shown["Duration"] == "45 minutes"
    assert shown["Participants"] == "Jane Doe, bob"
    assert shown["Incidents"] == "pagerduty PT4, x y"
    assert (shown["Cost center"], shown["Customer facing"]) == ("4711", "yes")
    links = [part.url for fact in facts(document, {}) if fact.label == "Incidents" for part in fact.parts]
    assert links == ["https://pd.example/PT4", ""]


def test_only_items_past_their_day_are_overdue() -> None:
    found = page()
    assert found.text.count("Overdue") == 1
    assert "2024-01-31 Overdue" in found.text
    assert "Notes" not in found.text
    assert [a["href"] for a in found.all("a") if "PAY" in a["href"]] == ["https://j.example/browse/PAY-1"]


def test_tracking_cells_are_plain_text_because_no_approval_binds_them() -> None:
    source = SOURCE.replace("| LOW | COMPLETED | | |", "| LOW | COMPLETED | | [**click**](https://evil.example) |")
    found = page(source=source)
    assert "[**click**](https://evil.example)" in found.text
    assert not [a for a in found.all("a") if "evil" in a["href"]]


def test_links_and_pictures() -> None:
    asked: list[str] = []

    def attachment(path: str) -> bytes | None:
        asked.append(path)
        return PNG if path == "pool use.png" else None

    found = page(read_attachment=attachment)
    hrefs = [a["href"] for a in found.all("a")]
    assert "https://a.example/?a=1&b=2" in hrefs and "https://b.example" in hrefs and "#section-impact" in hrefs
    assert not [href for href in hrefs if "notes.txt" in href]
    (picture,) = found.all("img")
    assert picture["alt"] == "Use of the pool" and picture["src"].startswith("data:image/png;base64,")
    assert asked == ["pool use.png", "gone.png"]
    assert "https://a.example/b.png" in hrefs


def test_sections_without_content_are_named_in_a_draft_and_left_out_when_final() -> None:
    draft, final = page("DRAFT"), page("PUBLISHED")
    assert draft.text.count("Nothing written here yet.") == 2
    assert "Detection" in draft.text and "Detection" not in final.text
    assert "Nothing written" not in final.text


def test_evidence_is_shown_as_given() -> None:
    evidence = {"state": "PUBLISHED", "content": "sha256:" + "ab" * 32, "audit": {"findings": 0, "complete": True},
                "approvals": [{"by": "Alice", "at": "2024-01-17"}, {"by": "Bob", "note": "fine"}]}  # fmt: skip
    found = page(evidence=evidence)
    for text in ("Approvals and evidence", "Audit: complete yes", "sha256:" + "ab" * 32, "Alice", "fine"):
        assert text in found.text
    assert "Approvals and evidence" not in page().text


def test_the_same_document_gives_the_same_page() -> None:
    document = read(SOURCE.replace("STATUS", "DRAFT").encode())
    assert to_html(document, today=TODAY) == to_html(document, today=TODAY)


@pytest.mark.parametrize("data", [b"", b"# Only\n", b"\xff\xfe", b"---\ntitle: [\n---\n<script>", b"---\n---\n"])
def test_documents_that_are_not_postmortems_still_make_a_page(data: bytes) -> None:
    assert_harmless(to_html(read(data), today=TODAY))


def test_many_equal_headings_take_time_in_proportion() -> None:
    def source(pairs: int) -> str:
        return "---\nid: 2024-01-15-x\ntitle: T\nstatus: DRAFT\n---\n" + "### a\n## b\n" * pairs

    found = page("DRAFT", source=source(500))
    assert len({tag["id"] for tag in found.all("h2") if "id" in tag}) == 501 + 1
    assert_in_proportion(lambda text: to_html(read(text.encode()), today=TODAY), source, 1_500)


def test_a_document_without_a_title_is_called_after_its_first_heading() -> None:
    found = Page(to_html(read(b"# Log `x` *story*\n\n## Summary\n\ntext\n"), today=TODAY))
    assert len(found.all("h1")) == 1
    assert found.text.count("Log x story") == 2


def test_line_breaks_in_cells_are_shown_and_nothing_else_of_html_is() -> None:
    row = "| 14:00 | first<br>second <b>bold</b> `<br>` |"
    text = f"---\ntitle: T\n---\n\n## Timeline\n\n| Time | Event |\n|---|---|\n{row}\n"
    html = to_html(read(text.encode()), today=TODAY)
    assert "first<br>second &lt;b&gt;bold&lt;/b&gt; <code>&lt;br&gt;</code>" in html
