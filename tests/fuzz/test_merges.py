"""A few seconds of what tests.fuzz.merges does by hand."""

from __future__ import annotations

import pytest

from tests.fuzz.merges import Tally, one
from tests.fuzz.merges_through_git import through_git


@pytest.mark.parametrize("block", range(4))
def test_random_concurrent_edits(block: int) -> None:
    tally = Tally()
    for seed in range(block * 10_000, block * 10_000 + 150):
        one(seed, tally, ask_git=seed % 5 == 0)
    assert tally.compared > 60 and tally.clean > 60 and tally.conflicts > 5, str(tally)
    assert tally.solved * 10 >= tally.git_conflicts * 5, str(tally)


def test_random_concurrent_edits_through_git() -> None:
    assert " merges through git: " in through_git(range(500_000, 500_012))
