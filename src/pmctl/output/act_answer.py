"""What every command that writes prints with `--format json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(eq=False, repr=False)
class NextStep:
    """What to do next. `argv` can be run as it is; it is empty where a person has to choose something first."""

    argv: Sequence[str]
    text: str


@dataclass(eq=False, repr=False)
class Act:
    """A command that writes: what was done, by whom, and the commit that it became.

    `id` is the postmortem, the handle or whatever else it was done to. `before` and `after` are the states of a
    postmortem or the versions of the policy, empty for anything else. `commit` is empty when nothing was committed.
    `paths` are the files that the commit changed and `records` the signed records among them, seen from the pmctl root.
    """

    act: str
    id: str
    by: str
    before: str
    after: str
    commit: str
    paths: Sequence[str]
    records: Sequence[str]
    digest: str
    message: str
    facts: Sequence[str]
    warnings: Sequence[str]
    next: Sequence[NextStep]
