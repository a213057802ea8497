"""Whatever pmctl can report, `pmctl explain` documents, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pmctl
from pmctl.rules.documentation import every_doc, explain, known_codes

SOURCE = Path(pmctl.__file__).parent
CODE = re.compile(r"\b(?:PM|AU)[0-9]{3}\b")


def reported() -> set[str]:
    """Every code in the source outside the tables that document codes."""
    files = [
        file for file in SOURCE.rglob("*.py") if not file.name.startswith("codes") and file.name != "documentation.py"
    ]
    return {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}


def test_every_code_of_the_source_is_documented_and_every_documented_code_is_in_the_source() -> None:
    assert reported() == set(known_codes())


@pytest.mark.parametrize("code", known_codes())
def test_the_documentation_of_a_code_says_what_and_how_to_fix(code: str) -> None:
    doc = explain(code)
    assert doc.code == code
    assert doc.name == doc.name.lower().strip()
    assert doc.name not in ("", code.lower())
    assert doc.summary.endswith(".")
    assert doc.what or doc.why
    assert doc.markdown().startswith(f"# {doc.name} ({code})")
    assert explain(doc.name) == doc


def test_names_are_given_once() -> None:
    names = [doc.name for doc in every_doc()]
    assert sorted(set(names)) == sorted(names)
