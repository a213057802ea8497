"""The configurations in docs/editors.md and docs/pre-commit.md can be copied."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from pmctl.document.finding import Finding
from pmctl.output.findings import Report, render
from pmctl.output.schemas import published

DOCS = Path(__file__).parents[1] / "docs"
READERS: dict[str, Any] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


def blocks(language: str) -> list[str]:
    text = "".join((DOCS / name).read_text() for name in ("editors.md", "pre-commit.md"))
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


@pytest.mark.parametrize("language", READERS)
def test_blocks_can_be_read(language: str) -> None:
    found = blocks(language)
    assert found
    for block in found:
        assert READERS[language](block)


def test_the_task_finds_places_and_codes() -> None:
    """The pattern of the VS Code task fits what `pmctl validate` prints."""
    task = next(json.loads(block) for block in blocks("json") if "problemMatcher" in block)
    pattern = task["tasks"][0]["problemMatcher"]["pattern"]
    finding = Finding("PM801", "no number", "postmortems/2024/x.md", 12, 3, fix="write one")
    line = render(Report((finding,), (finding.path,)), "text").splitlines()[0]
    match = re.match(pattern["regexp"], line)
    assert match is not None, line
    assert (match[1], match[2], match[3], match[4]) == (finding.path, "12", "3", "PM801")


def test_schemas_that_are_named_exist() -> None:
    text = (DOCS / "editors.md").read_text()
    assert set(re.findall(r"pmctl schema ([a-z-]+)", text)) <= set(published())


def test_hooks_that_are_named_exist() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((DOCS.parent / ".pre-commit-hooks.yaml").read_text())}
    assert set(re.findall(r"pmctl-[a-z]+(?=`)", (DOCS / "pre-commit.md").read_text())) == hooks
