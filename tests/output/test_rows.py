"""Rows for other programs: what a spreadsheet reads is text, and what was written is read back."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.output.rows import inert, to_csv, to_jsonl


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-2", "@x", "\t=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠x", " ＝1",
     "﹦1", "\rx", "\n", "="],
)  # fmt: skip
def test_what_begins_as_a_formula_is_made_text(cell: str) -> None:
    assert inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "Add an alert", "1-2", "(=1)", "日本語", "'=1", " ", "\u200b"])
def test_other_text_stays(cell: str) -> None:
    assert inert(cell) == cell


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.booleans()}), max_size=5))
def test_rows_are_read_back(rows: list[dict[str, object]]) -> None:
    assert [json.loads(line) for line in to_jsonl(rows).split("\n")[:-1]] == rows
    header, *read = csv.reader(io.StringIO(to_csv(("a", "b"), rows), newline=""))
    assert header == ["a", "b"]
    assert [row[0].removeprefix("'") for row in read] == [
        str(row["a"]).replace("\r\n", "\n").replace("\r", "\n").removeprefix("'") for row in rows
    ]
    assert [row[1] for row in read] == ["yes" if row["b"] else "no" for row in rows]


def test_lists_and_nothing() -> None:
    assert to_csv(("a", "b"), [{"a": ["x", "y"], "b": None, "c": 1}]) == 'a,b\n"x, y",\n'
