"""Resolution: steps that say what was done and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pmctl.document.completeness import is_stand_in
from pmctl.document.finding import Finding
from pmctl.rules.registry import HINT, WARNING, found_at, rule

if TYPE_CHECKING:
    from pmctl.document.reader import Document
    from pmctl.document.table import Table
    from pmctl.rules.context import Context

_NUMBER = re.compile(r"\d{1,4}")


@rule("PM411", "resolution-step", draft=WARNING, review=WARNING)
def resolution_step(doc: Document, context: Context) -> Iterable[Finding]:
    """A step of the Resolution lacks its action or its result.

    What it does:
        Flags rows of the Resolution table whose Action or Result is empty or a placeholder such as TBD.

    Why:
        A step without its result does not tell whether to take it again next time.

    Example:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Enlarged the pool to 100 | |

    Fix:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Enlarged the pool to 100 | Waiting payments went through |
    """
    for table in _steps(doc):
        for row in table.rows:
            if row.extra or not any(cell.text for cell in row.cells):
                continue
            for name in ("Action", "Result"):
                place = table.column(name)
                cell = row.cells[place] if place is not None else None
                if cell is not None and (not cell.text or is_stand_in(cell.text)):
                    fix = "say what was done" if name == "Action" else "say what came of it, even if it was nothing"
                    message = f"the step has no {name.lower()}"
                    yield found_at(row.line, cell.column, message, fix, width=len(cell.text))


@rule("PM412", "resolution-order", review=HINT)
def resolution_order(doc: Document, context: Context) -> Iterable[Finding]:
    """The steps of the Resolution are not numbered in order.

    What it does:
        Expects the Step column to count upwards.

    Why:
        A number twice, or a step out of order, makes the reader wonder what is missing.

    Example:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Enlarged the pool to 100 | Waiting payments went through |
        | 1 | Restarted the pods | Latency back to normal |

    Fix:
        ## Resolution

        | Step | Action | Result |
        |---|---|---|
        | 1 | Enlarged the pool to 100 | Waiting payments went through |
        | 2 | Restarted the pods | Latency back to normal |
    """
    for table in _steps(doc):
        place = table.column("Step")
        if place is None:
            continue
        last = 0
        for row in table.rows:
            cell = row.cells[place] if place < len(row.cells) else None
            if cell is None or not _NUMBER.fullmatch(cell.text):
                continue
            if int(cell.text) <= last:
                message = f"step {cell.text} is below step {last}"
                yield found_at(cell.line, cell.column, message, "number the steps 1, 2, 3", width=len(cell.text))
            last = int(cell.text)


@lru_cache(maxsize=2)
def _steps(doc: Document) -> tuple[Table, ...]:
    section = doc.section("Resolution")
    if section is None or "|" not in section.text:
        return ()
    from pmctl.document.reader import tables

    return tables(doc, section)
