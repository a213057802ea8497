"""The page of a postmortem: its order, its words, and that nothing of a document acts in it."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pmctl.document.actions import action_items
from pmctl.insight.history import Entry
from pmctl.insight.past_versions import PastVersion
from pmctl.output.site.item_list import due_words
from tests.output.site.sample import SOURCE, document, history, page
from tests.output.test_html import Page


def test_it_answers_in_the_order_of_a_reader_in_a_hurry() -> None:
    text = Page(page()).text
    order = [
        "Published", "approved by Bob Ray and Carol Xu, verified", "Payment API refused payments", "SEV2",
        "45 minutes", "2 minutes", "43 minutes", "~900 customers", "2 action items open, 1 late", "one payment in four",
        "Started 14:00", "Root Cause", "1 of 3 done, 1 decided against", "12 days late", "Attachments", "Related",
        "History", "Bob Ray approved", "What changed between versions",
    ]  # fmt: skip
    start = text.index("Skip to the content")
    places = [text.index(words, start) for words in order]
    assert places == sorted(places), [order[i] for i in range(1, len(order)) if places[i] < places[i - 1]]


def test_every_link_on_the_page_has_its_place_and_every_id_is_there_once() -> None:
    found = Page(page())
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in found.all("a") if a.get("href", "").startswith("#")} <= set(ids)
    assert {"section-summary", "item-AI-7f3k", "items", "history", "entry-3"} <= set(ids)


def test_items_are_a_list_on_screens_and_a_table_on_paper() -> None:
    found = Page(page())
    boxes = [svg["aria-label"] for svg in found.all("svg") if svg.get("class", "").startswith("box")]
    assert boxes == ["Open", "In progress", "Completed", "Won't do"]
    assert found.text.count("Decided against: Would not have helped here") == 1 and len(found.all("del")) >= 1
    assert [div["class"] for div in found.all("div") if "paper" in div.get("class", "")] == ["table cards paper"]
    assert "https://jira.example/PAY-12" in [a.get("href") for a in found.all("a")]


@pytest.mark.parametrize(
    ("today", "words"),
    [(date(2024, 1, 22), "today"), (date(2024, 1, 21), "in 1 day"), (date(2024, 2, 3), "12 days late")],
)
def test_due_dates_in_words(today: date, words: str) -> None:
    items = action_items(document())
    assert due_words(items[0], today) == words
    assert due_words(items[2], today) == due_words(items[3], today) == ""


def test_what_was_not_allowed_is_said_where_the_state_is() -> None:
    wrong = Entry("e" * 40, "2024-01-19T09:00:00Z", "mallory", "edit", "violation", "", ("AU312 edited",), {})
    text = Page(page(history=history(wrong))).text
    assert "approved by Bob Ray and Carol Xu, with acts that were not allowed" in text
    assert "mallory edit not allowed" in text and "AU312 edited" in text
    marked = Page(page(marks=("the file says PUBLISHED and no record does",))).text
    assert "Not proved the file says PUBLISHED" in marked and "Carol Xu, verified" not in marked
    unknown = Page(page(history=None, approved=())).text
    assert "Nothing is on record yet." in unknown


def test_the_same_input_gives_the_same_page() -> None:
    assert page() == page()


def test_mermaid_stays_readable_text() -> None:
    assert "checkout --> api --> pool" in Page(page()).text


def test_nothing_hostile_survives_in_any_field(fragments: tuple[str, ...]) -> None:
    for fragment in fragments:
        cell = re.sub(r"[\n|]", " ", fragment)
        quoted = "'" + cell.replace("'", "''") + "'"
        source = (
            SOURCE.replace("title: Payment API refused payments after a pool was halved", f"title: {quoted}")
            .replace("First payments time out", cell).replace("@carol", cell).replace("Would not have", cell)
            .replace("| 2024-03-01", f"| {cell}").replace("https://jira.example/PAY-12", cell)
            .replace("Alert at 80 %", cell).replace("~900 customers", cell).replace("## Root Cause\n", f"## {cell}\n")
        )  # fmt: skip
        said = Entry("e" * 40, fragment, fragment, fragment, fragment, fragment, (fragment,), {"record": fragment})
        html = page(source, history=history(said), names={"jane": fragment, "bob": fragment}, marks=(fragment,))
        found = Page(html)
        assert [one["src"] for one in found.all("script")] == ["../theme.js", "../site.js"]
        acting = {"iframe", "object", "embed", "base", "form", "style", "img"} & {tag for tag, _ in found.tags}
        assert not acting, fragment
        for tag, attributes in found.tags:
            assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")], fragment
            href = attributes.get("href", "")
            assert tag != "a" or re.match(r"https?://|mailto:|#|\.\./", href), fragment


def test_a_draft_is_not_called_verified_and_changes_of_items_are_told_in_words() -> None:
    moved = Entry(
        "f" * 40, "2024-01-20T09:00:00Z", "bob", "tracking AI-8a1b Status changed from OPEN to IN_PROGRESS", "ok", "",
        (), {},
    )  # fmt: skip
    draft = page(SOURCE.replace("PUBLISHED", "DRAFT"), history=history(moved), approved=())
    assert '#history">verified' not in draft
    assert "updated action items: AI-8a1b Status changed from Open to In progress" in draft


def test_what_changed_between_versions_is_folded_and_bounded() -> None:
    html = page()
    assert "From what Jane Doe submitted on 17 Jan 2024 to what Jane Doe published on 18 Jan 2024" in html
    assert "<del>five</del>" in html and '<details class="change"><summary>' in html
    old, new = (PastVersion(history().events[1], document(SOURCE + f"\n{word} " * 60_000)) for word in ("old", "new"))
    long = page(versions=(old, new))
    assert "too long for this page" in long and len(long) < 300_000
    many = tuple(PastVersion(history().events[3], document(SOURCE.replace("2,347", str(n)))) for n in range(30))
    assert page(versions=many).count('<details class="change">') == 21
    assert "9 earlier changes" in page(versions=many)
