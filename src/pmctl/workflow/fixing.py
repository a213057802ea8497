"""`validate --fix`: fix what has one right answer, in the work tree, never staged and never committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pmctl.document.files import Unreadable, read_regular
from pmctl.document.reader import read
from pmctl.files import replace_file
from pmctl.insight.validation import Validation
from pmctl.rules.fixes import fix, unified_diff


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was (or would be) fixed in one file: `applied` one line for each fix, `refused` one for each that was
    not made; `path` is as seen from where pmctl was started. `problem` says why the file could not be written; then
    nothing of it was.
    """

    path: str
    applied: tuple[str, ...]
    diff: str
    refused: tuple[str, ...] = ()
    problem: str = ""


def fixed(run: Validation, *, write: bool) -> Iterator[Outcome]:
    """The fixes for every checked file that has any; with `write` each is written, by rename. A file that can't be
    written, or that somebody has changed since it was checked, is left as it is, and the others are still fixed.
    """
    for item in run.items:
        if item.data is None:
            continue
        document = read(item.data, item.path)
        # The same choices for the same file, so that what --diff shows is what --fix writes.
        result = fix(document, run.context, random=Random(item.path.encode() + b"\0" + item.data))  # noqa: S311  # names
        if result.document.data == item.data:
            if result.refused:
                yield Outcome(run.shown + item.path, (), "", result.refused)
            continue
        path = run.shown + item.path
        diff = unified_diff(document.text, result.document.text, path)
        problem = _write(run.root, item.path, item.data, result.document.data) if write else ""
        yield Outcome(path, result.applied if not problem else (), diff, result.refused, problem)


def _write(root: Path, path: str, before: bytes, after: bytes) -> str:
    """Replace a file that still holds `before`; why not, otherwise ""."""
    target = root / path
    if any((root / folder).is_symlink() for folder in Path(path).parents):
        return "its folder is a symbolic link"
    try:
        now = read_regular(target)
    except Unreadable as problem:
        return f"it {problem.reason}"
    if now != before:
        return "it has changed since it was checked; run the command again"
    if not os.access(target, os.W_OK):
        return "it is read-only"
    try:
        replace_file(target, after, scratch=target.parent)
    except OSError as error:
        return f"it cannot be written: {error.strerror or error}"
    return ""
