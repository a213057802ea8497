"""docs/templates.md says what templates can do: its example is sound, its tables are complete and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pmctl.document.reader import read
from pmctl.document.template import FIELD_KINDS, TemplateField, field_problem
from pmctl.document.template_file import _CONDITIONS, _KEYS, DEFAULTABLE
from pmctl.document.template_parts import _OF_A_FIELD, _OF_A_SECTION
from pmctl.workflow.template_check import check

DOCS = (Path(__file__).parents[1] / "docs" / "templates.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"<!-- example -->\n```markdown\n(.*?)```\n", DOCS, re.DOTALL)
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", DOCS, re.MULTILINE)


def test_the_example_has_no_findings() -> None:
    assert EXAMPLE is not None
    assert check(EXAMPLE[1].encode(), ".pmctl/templates/payments.md", severities=("SEV1", "SEV2")) == ()


@pytest.mark.parametrize("name", [*_KEYS, *_CONDITIONS, *DEFAULTABLE, *_OF_A_SECTION, *_OF_A_FIELD, *FIELD_KINDS])
def test_every_key_is_documented(name: str) -> None:
    assert re.search(rf"`{name}\b", DOCS), name


@pytest.mark.parametrize("kind", FIELD_KINDS)
def test_the_values_that_fit_and_those_that_do_not_are_as_documented(kind: str) -> None:
    fits, not_fits = next((good, bad) for name, good, bad in ROWS if name == kind)
    declared = TemplateField("x", kind, True, ("gold",) if kind == "choice" else ())
    if kind == "choice":
        fits, not_fits = "`gold`", "`Gold`, `3`"

    def problems(cell: str) -> list[str]:
        written = re.findall(r"`([^`]+)`", cell)
        values = [read(f"---\nfields: {{x: {text}}}\n---\n".encode()).front["fields"].plain()["x"] for text in written]
        assert values
        return [field_problem(declared, value) for value in values]

    assert not any(problems(fits))
    assert all(problems(not_fits.replace("1,200", '"1,200"')))
