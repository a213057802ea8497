"""Every attack has a test, and docs/trust.md shows which."""

from __future__ import annotations

from .table import PAGE, found_tests, numbered, page


def test_every_attack_has_a_test() -> None:
    numbers = {number for _, number, _ in numbered()}
    assert numbers >= set(range(1, 68))
    assert {test.number for test in found_tests()} == numbers


def test_every_test_expects_a_code_or_belongs_to_the_tool() -> None:
    assert [test.name for test in found_tests() if not test.codes and test.number < 50 and test.number != 47] == []


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python -m tests.attacks.table"
