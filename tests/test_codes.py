"""Whatever pmctl can report, it documents, beside what reports it; `pmctl explain` and docs/codes.md show the same."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import pmctl
from pmctl.codes import MODULES, codes, explain, page
from pmctl.errors import NotFound

SOURCE = Path(pmctl.__file__).parent
CODE = re.compile(r"\b(?:PM|AU)[0-9]{3}\b")
DOCUMENTATION = re.compile(r"^CODES = \(\n.*?^\)", re.DOTALL | re.MULTILINE)


def reporting(path: Path) -> set[str]:
    """The codes in a module, outside what documents them."""
    return set(CODE.findall(DOCUMENTATION.sub("", path.read_text(encoding="utf-8"))))


def test_every_code_that_is_reported_is_documented_and_no_other() -> None:
    assert {code for path in SOURCE.rglob("*.py") for code in reporting(path)} == set(codes())


@pytest.mark.parametrize("name", sorted({*MODULES} - {"rules.documentation"}))
def test_a_code_is_documented_where_it_is_reported(name: str) -> None:
    module = import_module(f"pmctl.{name}")
    assert {one.code for one in module.CODES} <= reporting(Path(str(module.__file__)))


def test_every_module_with_codes_is_listed() -> None:
    found = {path for path in SOURCE.rglob("*.py") if re.search("^CODES = ", path.read_text(), re.MULTILINE)}
    names = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in found}
    assert names == set(MODULES)
    assert len(codes()) == sum(len(import_module(f"pmctl.{name}").CODES) for name in MODULES)


@pytest.mark.parametrize("code", codes())
def test_the_documentation_of_a_code_is_complete(code: str) -> None:
    one = explain(code.lower())
    assert one.code == code
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
    for sentence in (one.what, one.why):
        assert sentence.rstrip("`").endswith((".", ")")), sentence
    assert one.example
    assert one.fix or one.corrected
    assert one.markdown().startswith(f"# {one.name} ({code})\n\n{one.what}")
    assert explain(one.name) == one


def test_names_are_given_once() -> None:
    names = [one.name for one in codes().values()]
    assert sorted(set(names)) == sorted(names)


def test_an_unknown_code_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        explain("PM7O1")
    assert "PM701" in str(caught.value.hint)


def test_the_page_of_all_codes_is_up_to_date() -> None:
    """After a change: python -c 'from pmctl.codes import page; print(page(), end="")' > docs/codes.md"""
    assert (SOURCE.parents[1] / "docs" / "codes.md").read_text(encoding="utf-8") == page()
