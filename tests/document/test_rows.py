"""Cells of one line."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pmctl.document.rows import split_row


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| a | b |", [" a ", " b "]),
        ("a|b", ["a", "b"]),
        (r"| `a\|b` | c\\| d |", [r" `a\|b` ", r" c\\| d "]),
        ("|\u3000| |", ["\u3000", " "]),
        ("", []),
        ("|", []),
    ],
)
def test_pipes_part_cells_unless_they_are_escaped(row: str, cells: list[str]) -> None:
    assert [row[left:right] for left, right in split_row(row)] == cells


@given(st.text("|\\ a\t\u3000", max_size=12))
@example("|")
@example("||")
@example("\\|")
def test_no_cell_holds_an_unescaped_pipe(row: str) -> None:
    cells = split_row(row)
    # What stands between the cells are unescaped pipes, and nothing but pipes is left out.
    assert all("|" not in row[left:right].replace("\\|", "") for left, right in cells)
