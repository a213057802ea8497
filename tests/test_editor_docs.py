"""The configurations in docs/editors.md and docs/pre-commit.md can be copied."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from pmctl.document.finding import Finding, Severity
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


@pytest.mark.parametrize("path", ["postmortems/2024/x.md", "pmctl.yaml", ".pmctl/templates/x.md"])
@pytest.mark.parametrize("prefix", ["", "deep/down/"])
def test_the_task_finds_places_and_codes(path: str, prefix: str) -> None:
    """The pattern of the VS Code task fits what its command prints, also in a subfolder of a larger repository."""
    task = next(json.loads(block) for block in blocks("json") if "problemMatcher" in block)["tasks"][0]
    assert "--format github" in task["command"]
    pattern = task["problemMatcher"]["pattern"]
    kinds = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
    for severity, kind in kinds.items():
        for place in ((12, 3, 12, 9), (12, 3, 14, 1), (12, 3, 0, 0), (12, 0, 0, 0)):
            line, column, end_line, end_column = place
            finding = Finding(
                "PM801", "no, number: a", prefix + path, line, column, severity, "one", end_line, end_column
            )
            text = render(Report((finding,), (finding.path,)), "github").splitlines()[0]
            match = re.match(pattern["regexp"], text)
            assert match is not None, text
            found = {name: match[pattern[name]] for name in pattern if name != "regexp"}
            wanted = (kind, path, "PM801", "no, number: a (fix: one)")
            assert (found["severity"], found["file"], found["code"], found["message"]) == wanted
            numbers = tuple(int(found[name] or 0) for name in ("line", "column", "endLine", "endColumn"))
            assert numbers == (line, column, end_line, end_column if end_line == line else 0)


def test_schemas_that_are_named_exist() -> None:
    text = (DOCS / "editors.md").read_text()
    assert set(re.findall(r"pmctl schema ([a-z-]+)", text)) <= set(published())


def test_hooks_that_are_named_exist() -> None:
    hooks = {hook["id"] for hook in yaml.safe_load((DOCS.parent / ".pre-commit-hooks.yaml").read_text())}
    assert set(re.findall(r"pmctl-[a-z]+(?=`)", (DOCS / "pre-commit.md").read_text())) == hooks
