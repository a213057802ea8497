"""Names of files: safe everywhere, and never two names in one file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.output.site.names import file_name

_SAFE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DEVICES = {"con", "prn", "aux", "nul", "com1", "lpt1", "index"}


@pytest.mark.parametrize("name", ["payment-api", "x", "2024", "jane"])
def test_a_plain_name_stays(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["Payment API", "支払い", "a/b", "../../etc", "con", "index", "a" * 300, "", "é", ".", "a~2", "<script>", "\ud800"],
)
def test_any_other_is_made_safe(name: str) -> None:
    found = file_name(name)
    assert _SAFE.fullmatch(found)
    assert found not in _DEVICES
    assert len(found) < 80


@given(st.lists(st.text(max_size=80), min_size=2, max_size=2, unique=True))
def test_two_names_are_two_files_even_where_case_does_not_count(names: list[str]) -> None:
    assert len({file_name(name).casefold() for name in names}) == 2


@pytest.mark.parametrize("pair", [("API", "api"), ("a b", "a-b"), ("A B", "a b"), ("x", "x-2d711642b726")])
def test_names_that_flatten_to_one_do_not_meet(pair: tuple[str, str]) -> None:
    assert file_name(pair[0]) != file_name(pair[1])
