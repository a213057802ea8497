"""JSON export: valid against its own schema, whole, and without prompts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema
import pytest

from pmctl.document.reader import read
from pmctl.document.template_file import builtin
from pmctl.document.templates import BUILTIN_NAMES
from pmctl.errors import BadInput
from pmctl.output.json_export import json_schema, to_json
from pmctl.services.draft import Draft
from pmctl.services.import_document import TimelineRow
from pmctl.text import DECEIVING, json_text
from pmctl.workflow.draft import render

FRONT: dict[str, object] = {
    "id": "2024-01-15-x", "title": "Ausfall 障害", "status": "DRAFT", "author": "jane", "services": ["api"],
    "started_at": "2024-01-15T14:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("name", BUILTIN_NAMES)
@pytest.mark.parametrize("evidence", [None, {"state": "DRAFT", "approvals": [{"by": "alice"}]}])
def test_it_keeps_to_its_schema(name: str, evidence: dict[str, object] | None) -> None:
    item = {
        "ID": "AI-7f3k",
        "Action": "a | b",
        "Owner": "@jane",
        "Due": "2024-01-22",
        "Priority": "HIGH",
        "Status": "OPEN",
    }
    row = TimelineRow(datetime(2024, 1, 15, 14, tzinfo=UTC), "Alert", "@jane")
    draft = Draft(FRONT, "It broke.", (row,), action_items=(item,))
    text = to_json(render(builtin(name), draft, "postmortems/2024/2024-01-15-x.md"), evidence)
    content = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(content, json_schema())
    assert content["schema"] == "pmctl/postmortem/v1"
    assert content["front_matter"]["title"] == "Ausfall 障害" and "障害" in text
    assert content["sections"][0] == {"title": "Summary", "level": 2, "markdown": "It broke."}
    assert content["timeline"][0]["at"] == "2024-01-15T14:00:00Z"
    assert content["action_items"][0]["description"] == "a | b"
    assert content.get("evidence") == evidence
    assert "<!--" not in text


def test_a_document_that_is_not_valid_is_refused() -> None:
    with pytest.raises(BadInput):
        to_json(read(b"# Only text\n"))


def test_deceiving_characters_are_escaped_and_read_back() -> None:
    value = {"title": "a\u202eb \x9b31m \U000e0041 日本 é"}
    text = json_text(value)
    assert json.loads(text) == value
    assert "日本 é" in text
    assert not DECEIVING.search(text)
