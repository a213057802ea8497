"""`validate --fix`: mend what has one right answer, in the work tree, never staged and never committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmctl.document.reader import read
from pmctl.insight.validation import Validation
from pmctl.rules.fixes import fix, unified_diff
from pmctl.workflow.transaction import replace_file


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was (or would be) mended in one file; `path` is as seen from where pmctl was started."""

    path: str
    applied: tuple[str, ...]
    diff: str


def fixed(run: Validation, *, write: bool) -> Iterator[Outcome]:
    """The mends for every checked file that has any; with `write` each is written, by rename."""
    for item in run.items:
        if item.data is None:
            continue
        document = read(item.data, item.path)
        result = fix(document, run.context)
        if result.document.data == item.data:
            continue
        if write:
            target = run.root / item.path
            replace_file(target, result.document.data, scratch=target.parent)
        path = run.shown + item.path
        yield Outcome(path, result.applied, unified_diff(document.text, result.document.text, path))
