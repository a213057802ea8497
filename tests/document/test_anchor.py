"""Where the text that a thread is about is, whatever becomes of the text around it."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.document.anchor import AnchorState, anchor, block_hash, locate
from pmctl.document.reader import Document, read
from pmctl.errors import NotFound, UsageProblem
from tests.world import document

BODY = """
## Impact

Few customers saw it. Most retried
until it worked.

- Retries failed for 45 minutes.
- Nobody lost money.

| Impact Type | Measurement |
|---|---|
| Duration | 45 minutes |
| Customers | few |

## Root Cause

The pool was too small.
"""


def text(body: str = BODY) -> Document:
    return read(document(body=body).encode(), "x.md")


def digest(block: str) -> str:
    return "sha256:" + hashlib.sha256(block.encode()).hexdigest()


@pytest.mark.parametrize(
    ("quote", "block"),
    [
        ("Few customers", "Few customers saw it. Most retried until it worked."),
        ("retried until", "Few customers saw it. Most retried until it worked."),
        ("45 minutes", "- Retries failed for 45 minutes."),
        ("45 minutes |", "| Duration | 45 minutes |"),
        ("Nobody  lost\nmoney", "- Nobody lost money."),
    ],
)
def test_the_block_of_a_quote_is_as_specified(quote: str, block: str) -> None:
    section, words, found = anchor(text(), "impact", quote)
    assert (section, found) == ("Impact", digest(block))
    assert words == " ".join(quote.split())
    place = locate(text(), section, words, found)
    assert (place.state, place.section) == (AnchorState.CURRENT, "Impact")
    assert place.line


def test_a_thread_moves_with_the_text() -> None:
    section, quote, block = anchor(text(), "Impact", "45 minutes |")

    def now(body: str) -> tuple[str, str]:
        place = locate(text(body), section, quote, block)
        return place.state.value, place.section

    row = "| Duration | 45 minutes |\n"
    assert now(BODY) == ("current", "Impact")
    assert now(BODY.replace("Few customers", "Many customers")) == ("current", "Impact")
    assert now(BODY.replace(row, "").replace("| Customers | few |\n", f"| Customers | few |\n{row}")) == (
        "current", "Impact",
    )  # fmt: skip
    assert now(BODY.replace("| Duration |", "| How long |")) == ("changed", "Impact")
    assert now(BODY.replace(row, "") + "\n" + row) == ("moved", "Root Cause")
    assert now(BODY.replace("## Impact", "## What it did")) == ("moved", "What it did")
    assert now(BODY.replace("45 minutes |", "an hour |")) == ("outdated", "Impact")
    line = locate(text(), section, quote, block).line
    assert text().text.split("\n")[line - 1] == row.strip()


def test_of_two_places_that_of_the_same_block_counts() -> None:
    twice = BODY.replace("- Nobody lost money.", "- Refunds took 45 minutes.")
    first = anchor(text(twice), "Impact", "45 minutes")
    place = locate(text(twice.replace("- Retries failed for 45 minutes.\n", "")), *first)
    assert place.state is AnchorState.CHANGED
    moved = twice.replace("- Retries failed for 45 minutes.\n", "") + "\n- Retries failed for 45 minutes.\n"
    assert locate(text(moved), *first).section == "Root Cause"


def test_a_thread_about_a_section_or_the_whole() -> None:
    assert anchor(text(), " ## impact ") == ("Impact", "", "")
    assert locate(text(), "", "", "").state is AnchorState.CURRENT
    assert locate(text(), "Impact", "", "").line == 8
    assert locate(text(BODY.replace("## Impact", "## Effect")), "Impact", "", "").state is AnchorState.OUTDATED


def test_what_is_not_there() -> None:
    with pytest.raises(NotFound, match="no section 'Impcat'") as caught:
        anchor(text(), "Impcat")
    assert caught.value.hint == "did you mean Impact?"
    with pytest.raises(NotFound) as caught:
        anchor(text(), "Nothing like it")
    assert caught.value.details == ("Impact", "Root Cause")
    with pytest.raises(NotFound, match="does not say") as caught:
        anchor(text(), "Impact", "too small")
    assert caught.value.hint == "it is in Root Cause"
    with pytest.raises(UsageProblem, match="characters"):
        anchor(text(), "Impact", "x" * 501)


@given(st.text(max_size=300), st.integers(0, 300))
def test_every_offset_has_a_block(body: str, at: int) -> None:
    assert block_hash(body, min(at, len(body))).startswith("sha256:")


@given(st.lists(st.sampled_from(["a b", "- a", "| a |", "", "## Impact", "```", "1. a", "\ta"]), max_size=12))
def test_a_quote_that_was_anchored_is_found_again(lines: list[str]) -> None:
    found = text("\n## Impact\n\n" + "\n".join(lines) + "\n")
    if found.section("Impact") is None:
        return
    for quote in ("a", "a b"):
        try:
            about = anchor(found, "Impact", quote)
        except NotFound:
            continue
        assert locate(found, *about).state is AnchorState.CURRENT
