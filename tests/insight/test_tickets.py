"""What becomes of a field: one function, every case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmctl.insight.tickets import Step, Values, decide

VALUES = st.sampled_from(["", "a", "b", "c"])
AGREED = st.sampled_from([None, "", "a", "b", "c"])


@pytest.mark.parametrize(
    ("agreed", "ours", "theirs", "direction", "step"),
    [
        ("a", "a", "a", "both", Step.SAME), ("a", "b", "b", "both", Step.SAME), ("a", "b", "a", "off", Step.SAME),
        ("a", "b", "a", "both", Step.GIVE), ("a", "a", "b", "both", Step.TAKE), ("a", "b", "c", "both", Step.CONFLICT),
        (None, "b", "c", "both", Step.CONFLICT), (None, "b", "", "both", Step.GIVE), (None, "", "c", "both", Step.TAKE),
        ("a", "a", "", "both", Step.EMPTY), ("a", "b", "", "both", Step.CONFLICT),
        ("a", "a", "b", "ours", Step.GIVE), ("a", "b", "c", "ours", Step.GIVE), ("a", "b", "a", "theirs", Step.TAKE),
        ("a", "b", "", "theirs", Step.EMPTY),
    ],
)  # fmt: skip
def test_every_case(agreed: str | None, ours: str, theirs: str, direction: str, step: Step) -> None:
    assert decide(Values(agreed, ours, theirs), direction) is step


@given(AGREED, VALUES, VALUES, st.sampled_from(["both", "ours", "theirs", "off"]))
def test_nothing_is_decided_where_both_moved_and_nothing_is_emptied(
    agreed: str | None, ours: str, theirs: str, direction: str
) -> None:
    step = decide(Values(agreed, ours, theirs), direction)
    if step is Step.TAKE:
        assert theirs
    if direction == "both" and agreed is not None and len({agreed, ours, theirs}) == 3:
        assert step is Step.CONFLICT
    if ours == theirs:
        assert step is Step.SAME
