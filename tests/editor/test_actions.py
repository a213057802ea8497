"""The fixes and ignores that are offered, each applied and checked again."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")
from lsprotocol import types

from pmctl.document.reader import read
from pmctl.editor.actions import FIX_ALL, WRITE_REASON, Client, code_actions
from pmctl.editor.open_documents import OpenDocument
from pmctl.editor.positions import positions
from tests.editor.opened import opened
from tests.rules.sample import source

HEADER = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes |\n|---|---|---|---|---|---|---|---|\n"


def offered(page: OpenDocument, code: str, **more: Any) -> list[types.CodeAction]:
    """The actions at the first finding with this code."""
    finding = next(one for one in page.findings if one.code == code)
    at = page.positions.place(finding.line, finding.column)
    found = code_actions(page, at, at, uri="file:///x.md", **more)
    return [one for one in found if code in one.title]


def applied(page: OpenDocument, action: types.CodeAction) -> OpenDocument:
    """The open document after an action's edit."""
    assert action.edit is not None
    assert action.edit.changes is not None
    text = page.document.text
    for edit in sorted(action.edit.changes["file:///x.md"], key=lambda one: one.range.start.line, reverse=True):
        start, end = page.positions.offset(edit.range.start), page.positions.offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return OpenDocument(page.path, page.kind, read(text.encode(), page.path), page.context, positions(text, "utf-16"))


def codes(page: OpenDocument) -> list[str]:
    return [one.code for one in page.findings]


def test_a_fix_fixes_one_finding() -> None:
    """Of two items with the same mistake, only the one at the cursor is changed."""
    rows = "| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | high | OPEN | | |\n"
    rows += "| AI-8f3k | Alert when the disk is 80 % used | @jane | 2999-01-22 | high | OPEN | | |\n"
    page = opened(source(f"## Action Items\n\n{HEADER}{rows}"))
    assert codes(page).count("PM510") == 2
    fix = offered(page, "PM510")[0]
    assert fix.is_preferred
    after = applied(page, fix)
    assert codes(after).count("PM510") == 1
    assert "high" in after.document.text
    assert "HIGH | OPEN" in after.document.text


def test_sections_change_places_together() -> None:
    """The order of sections is one fix."""
    text = source()
    impact, cause = text.index("## Impact"), text.index("## Root Cause")
    end = text.index("## Resolution")
    page = opened(text[:impact] + text[cause:end] + text[impact:cause] + text[end:])
    assert "PM203" in codes(page)
    assert applied(page, offered(page, "PM203")[0]).document.text == text


def test_everything_at_once() -> None:
    """`source.fixAll` does what `pmctl validate --fix` does, and is not mixed with the quick fixes of another kind."""
    row = "| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | high | done | | |\n"
    page = opened(source(f"## Action Items\n\n{HEADER}{row}"))
    found = code_actions(page, 0, 0, ["source"], uri="file:///x.md")
    assert [one.kind for one in found] == [FIX_ALL]
    assert "| HIGH | COMPLETED |" in applied(page, found[0]).document.text
    assert code_actions(opened(source()), 0, 0, ["source.fixAll"], uri="file:///x.md") == []


@pytest.mark.parametrize(
    ("fragment", "reach"),
    [
        ("## Root Cause\n\nThe pool was too small, and\nobviously nobody saw it,\nfor 45 minutes.\n", "here"),
        ("## Root Cause\n\n- one\n- Bob should have known better.\n- two\n", "here"),
        ("## Impact\n\n| Impact Type | Measurement |\n|---|---|\n| Time | 45 minutes |\n| All | obviously wrong |\n",
         "in all of Impact"),
    ],
)  # fmt: skip
def test_an_ignore_hides_what_it_is_for(fragment: str, reach: str) -> None:
    """The finding is gone, nothing else changes but that the reason is asked for, and with a reason nothing is left."""
    page = opened(source(fragment))
    line = 1 + page.document.text.count("\n", 0, page.document.text.index(fragment.split("\n")[2]))
    finding = next(one for one in page.findings if one.line >= line and one.code[:3] in ("PM7", "PM8"))
    action = next(one for one in offered(page, finding.code) if one.title.startswith("Ignore"))
    assert action.title == f"Ignore {finding.code} {reach}, with a reason"
    after = applied(page, action)
    assert finding.code not in codes(after)
    assert "PM262" in codes(after), "the reason is still to be written"
    text = after.document.text.replace(f"{finding.code}  -->", f"{finding.code} the customer's own words -->")
    again = opened(text, page.context)
    assert sorted(codes(again)) == sorted(one for one in codes(page) if one != finding.code)
    rows = [len(table.spans) for table in page.document.outline.tables]
    assert [len(table.spans) for table in again.document.outline.tables] == rows


def test_no_ignore_where_none_works() -> None:
    """Front matter has no place for a comment that the checks read, and a broken file hides nothing."""
    page = opened(source().replace("urgency: HIGH", "urgency: VERY"))
    finding = next(one for one in page.findings if "VERY" in one.message)
    assert not [one for one in offered(page, finding.code) if one.title.startswith("Ignore")]
    broken = opened("---\nid: [\n---\n")
    assert code_actions(broken, 0, 100, uri="file:///x.md") == []


def test_the_cursor_goes_to_the_reason() -> None:
    """An editor that can show a place is sent to where the reason is typed."""
    page = opened(source("## Root Cause\n\n🦆 The pool was obviously too small for 45 minutes.\n"))
    finding = next(one for one in page.findings if one.code[:3] in ("PM7", "PM8"))
    found = offered(page, finding.code, client=Client(versioned=False, shows=True))
    action = next(one for one in found if one.title.startswith("Ignore"))
    assert action.command is not None
    assert action.command.command == WRITE_REASON
    assert action.command.arguments is not None
    place = action.command.arguments[0]["position"]
    after = applied(page, action)
    offset = after.positions.offset(types.Position(place["line"], place["character"]))
    assert after.document.text[:offset].endswith(f"ignore {finding.code} ")
    assert after.document.text[offset:].startswith(" -->")


def test_edits_name_the_version() -> None:
    """An editor that compares versions is told which one the edit is for."""
    row = "| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | high | OPEN | | |\n"
    page = opened(source(f"## Action Items\n\n{HEADER}{row}"))
    action = offered(page, "PM510", version=7, client=Client(versioned=True))[0]
    assert action.edit is not None
    assert action.edit.changes is None
    changes = action.edit.document_changes
    assert changes is not None
    assert isinstance(changes[0], types.TextDocumentEdit)
    assert changes[0].text_document.version == 7
