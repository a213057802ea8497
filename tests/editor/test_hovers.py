"""What is said about a place."""

from __future__ import annotations

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")
from lsprotocol import types

from pmctl.codes import explain
from pmctl.editor.hovers import hover
from pmctl.editor.open_documents import Kind
from tests.editor.opened import CURSOR, at_cursor, opened
from tests.rules.sample import source


def said(text: str) -> str:
    found = hover(*at_cursor(text))
    if found is None:
        return ""
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


def test_a_finding_is_explained() -> None:
    """The message and the whole documentation of its rule."""
    text = said(source().replace("urgency: HIGH", f"urgency: VE{CURSOR}RY"))
    code = text[2:7]
    assert "VERY" in text
    assert explain(code).markdown().strip() in text


def test_what_a_finding_quotes_is_no_markdown() -> None:
    """A link or a tag in the document does not become one in the hover."""
    text = said(source().replace("urgency: HIGH", f"urgency: '[x](command:{CURSOR}run)<b>'"))
    assert "[x](command:" not in text.split("# ")[0]
    assert "<b>" not in text.split("# ")[0].replace("\\<b", "")


def test_a_field_is_described() -> None:
    assert "Lifecycle state" in said(source().replace("status:", f"sta{CURSOR}tus:"))
    assert "`IN_REVIEW`" in said(source().replace("status:", f"{CURSOR}status:"))


def test_a_handle_is_a_person() -> None:
    assert said(source().replace("enlarged to 100 | @jane", f"enlarged to 100 | @ja{CURSOR}ne")) == "Jane Doe"
    assert said(source() + f"\nmail x@ja{CURSOR}ne\n") == ""


def test_an_ignore_is_explained() -> None:
    """The code in an ignore comment, and one in the settings."""
    text = source() + f"\n<!-- pmctl: ignore PM8{CURSOR}02 the customer's own words -->\nYesterday.\n"
    assert explain("PM802").what in said(text)
    found = hover(opened("rules:\n  ignore: [PM802]\n", kind=Kind.SETTINGS), 20)
    assert found is not None


@pytest.mark.parametrize("text", ["---\n‸", "‸", "---\nid: [\n‸", "no front matter ‸"])
def test_broken_texts(text: str) -> None:
    """There is an answer or none, and no error."""
    hover(*at_cursor(text))
