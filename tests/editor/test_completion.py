"""What is offered where, on whole and on half-typed texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("lsprotocol", reason="the language server needs the extra lsp")

from lsprotocol import types

from pmctl.document.template_file import parse_template
from pmctl.editor.completion import completion
from pmctl.editor.open_documents import Kind
from tests.editor.opened import CURSOR, at_cursor, opened
from tests.rules.sample import CONTEXT, source

HEAD = "---\nid: 2024-01-15-x\ntitle: X\n"


def offered(text: str) -> list[str]:
    return [item.label for item in completion(*at_cursor(text))]


def typed(text: str, label: str) -> str:
    """The line of the cursor once the item is taken."""
    page, offset = at_cursor(text)
    item = next(item for item in completion(page, offset) if item.label == label)
    edit = item.text_edit
    assert edit is not None
    start, end = page.positions.offset(edit.range.start), page.positions.offset(edit.range.end)
    whole = page.document.text[:start] + edit.new_text + page.document.text[end:]
    return whole[whole.rfind("\n", 0, start) + 1 :].split("\n")[0]


@pytest.mark.parametrize("rest", ["\nauthor: jane\n---\n\n## Summary\n", "\n---\n", ""], ids=["whole", "short", "open"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status: ‸", ["DRAFT", "IN_REVIEW", "PUBLISHED", "ARCHIVED"]),
        ("status: dR‸", ["DRAFT"]),
        ("status: nothing‸", []),
        ("urgency:‸", [" HIGH", " MEDIUM", " LOW"]),
        ("visibility: ‸", ["private", "team", "organization"]),
        ("severity: ‸", ["SEV1", "SEV2", "SEV3"]),
        ("template: ‸", ["default@1", "lightweight@1", "security@1", "near-miss@1"]),
        ("teams: [‸", ["payments"]),
        ("author: ‸", ["alice", "bob", "jane"]),
        ("reviewers: [alice, ‸", ["alice", "bob", "jane"]),
        ("reviewers: [alice, b‸]", ["bob"]),
        ("participants:\n  - ‸", ["alice", "bob", "jane"]),
        ("participants:\n- bob\n- ja‸", ["jane"]),
        ("participants:\n  -‸", [" alice", " bob", " jane"]),
        ("editors: {‸", ["alice", "bob", "jane"]),
        ("editors: {bob: ‸", ["edit", "comment"]),
        ("editors: {bob:‸", [" edit", " comment"]),
        ("editors: {bob: edit, a‸", ["alice", "jane"]),
        ("services: [‸", []),
        ("nonsense: ‸", []),
    ],
)
def test_front_matter_values(line: str, expected: list[str], rest: str) -> None:
    """The values of a key, also while the front matter is not valid or not closed yet."""
    assert offered(HEAD + line + rest) == expected


def test_front_matter_keys() -> None:
    """Keys that are not there yet, with what they mean; the one being typed is replaced."""
    found = offered(f"{HEAD}sta{CURSOR}\n---\n")
    assert "status" not in found
    assert "status:" in found
    assert "title:" not in found
    assert typed(f"{HEAD}sta{CURSOR}\n---\n", "status:") == "status: "


@pytest.mark.parametrize(
    ("line", "label", "whole"),
    [
        ("reviewers: [alice, b‸]", "bob", "reviewers: [alice, bob]"),
        ("status: IN‸", "IN_REVIEW", "status: IN_REVIEW"),
        ("editors: {bob: ed‸}", "edit", "editors: {bob: edit}"),
    ],
)
def test_what_is_typed_is_replaced(line: str, label: str, whole: str) -> None:
    """The item takes the place of its beginning, and of nothing else."""
    assert typed(f"{HEAD}{line}\n---\n", label) == whole


def test_section_headings() -> None:
    """The template's sections that are missing, required ones marked; the half-typed one counts as missing."""
    page, offset = at_cursor(source().replace("## Root Cause", f"## {CURSOR}"))
    items = {item.label: item.detail for item in completion(page, offset)}
    assert items["Root Cause"] == "required"
    assert items["Lessons Learned"] == "optional"
    assert "Summary" not in items
    text = source().replace("## Root Cause", f"## root c{CURSOR}")
    assert offered(text) == ["Root Cause"]
    assert typed(text, "Root Cause") == "## Root Cause"


def test_texts_with_blanks_as_snippets() -> None:
    """For an editor that takes snippets, and with what means something in a snippet taken for what it is."""
    text = f"{source('template: odd')}\n## {CURSOR}\n"
    templates, wrong = parse_template(
        b"---\nname: odd\ndescription: X.\n---\n\n## Cost in $ {a}\n\n## Cause\n", "odd.md"
    )
    assert not wrong
    page, offset = at_cursor(text)
    page = replace(page, context=page.context._replace(own_templates=(templates,)))
    plain = {item.label: item for item in completion(page, offset)}
    snippets = {item.label: item for item in completion(page, offset, snippets=True)}
    assert plain["Cost in $ {a}"].insert_text_format is None
    assert snippets["Cost in $ {a}"].insert_text_format is types.InsertTextFormat.Snippet
    edit = snippets["Cost in $ {a}"].text_edit
    assert edit is not None
    assert edit.new_text == "Cost in \\$ {a\\}"
    assert snippets["Cause"] == plain["Cause"]


def test_sections_of_the_recorded_template() -> None:
    """A postmortem written with another template is offered that one's sections."""
    text = source("template: security") + f"\n## {CURSOR}\n"
    page, offset = at_cursor(text)
    default = offered(source() + f"\n## {CURSOR}\n")
    assert [item.label for item in completion(page, offset)] != default


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("| AI-7f3k | Alert | ‸ | | | | | |", ["@alice", "@bob", "@jane"]),
        ("| AI-7f3k | Alert | @b‸ | | | | | |", ["@bob"]),
        ("| AI-7f3k | Alert | ja‸ | | | | | |", ["@jane"]),
        ("| AI-7f3k | Alert | | | ‸ | | | |", ["HIGH", "MEDIUM", "LOW"]),
        ("| AI-7f3k | Alert | | | HI‸GH | | | |", ["HIGH"]),
        ("| AI-7f3k | Alert | | | |‸| | |", ["OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO"]),
        ("| AI-7f3k | Alert | | | | op‸", ["OPEN", "COMPLETED"]),
        ("| AI-7f3k | Alert | ‸", ["@alice", "@bob", "@jane"]),
        ("| AI-7f3k | Say \\| and `\\|` | @bob | 2999-01-22 |‸", ["HIGH", "MEDIUM", "LOW"]),
        ("| AI-7f3k | Alert | @bob | 2999-01-22 | LOW | ‸", ["OPEN", "IN_PROGRESS", "COMPLETED", "WONT_DO"]),
        ("|‸", []),
        ("| AI-7f3k | Ask @‸ | | | | | | |", ["alice", "bob", "jane"]),
        ("| AI-7f3k | ‸ | | | | | | |", []),
    ],
)
def test_cells_of_action_items(cell: str, expected: list[str]) -> None:
    """Owner, priority and status by the column that the cursor is in, in whole and in half-typed rows."""
    row = "| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |"
    assert offered(source().replace(row, cell)) == expected


@pytest.mark.parametrize(("cell", "compared"), [("", "bob"), ("bo", "bob"), ("@b", None)])
def test_an_owner_is_found_by_name(cell: str, compared: str | None) -> None:
    """The @ may be left to the editor, which compares the item with what is typed."""
    row = "| AI-7f3k | Alert when the pool is 80 % used | @jane | 2999-01-22 | HIGH | OPEN | | |"
    text = source().replace(row, f"| AI-7f3k | Alert | {cell}{CURSOR}")
    item = next(item for item in completion(*at_cursor(text)) if item.label == "@bob")
    assert item.filter_text == compared
    assert typed(text, "@bob") == "| AI-7f3k | Alert | @bob"


def test_cells_of_the_timeline() -> None:
    """Handles in the column that says who."""
    row = next(line for line in source().splitlines() if "@jane" in line and ":" in line)
    assert offered(source().replace(row, "| 14:00 | Deploy begins | ‸")) == ["@alice", "@bob", "@jane"]
    assert offered(source().replace(row, "| 14:00 | ‸")) == []


@pytest.mark.parametrize(("text", "people"), [("Ask @‸", 3), ("Ask (@ja‸", 1), ("mail bob@‸", 0), ("a word ‸", 0)])
def test_mentions(text: str, people: int) -> None:
    """Handles behind an @ that begins a word; not within an e-mail address."""
    assert len(offered(source() + f"\n{text}\n")) == people


def test_nobody_is_known() -> None:
    """Without a policy there are no handles to offer, and no error."""
    page, offset = at_cursor(f"{HEAD}author: {CURSOR}\n---\n", CONTEXT._replace(people=None))
    assert completion(page, offset) == []


def test_nothing_in_other_files() -> None:
    assert completion(opened("## ", kind=Kind.SETTINGS), 3) == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [("capacity | de‸ |", ["detect"]), ("cap‸ | |", ["capacity"]), ("‸ | |", ["capacity", "deploys"])],
)
def test_what_an_item_is_for(cells: str, expected: list[str]) -> None:
    head = "| ID | Action | Owner | Due | Priority | Status | Ticket | Notes | Prevents | Kind |"
    row = f"| AI-7f3k | Alert at 80 % | @jane | 2999-01-22 | HIGH | OPEN | | | {cells}"
    front = "root_causes: [capacity]\ncontributing_factors: [deploys]"
    text = source(f"{front}\n\n## Action Items\n\n{head}\n|{'---|' * 10}\n{row}\n")
    assert offered(text) == expected
