"""The short version of killing acts in two work trees at once; `python -m tests.fuzz.kill_acts` is the long one."""

from __future__ import annotations

from .kill_acts import play


def test_acts_killed_in_two_work_trees_end_before_or_after() -> None:
    assert sum(play(1, 3, ("approve", "comment", "resolve")).values()) == 3
