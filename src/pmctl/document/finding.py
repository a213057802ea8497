"""What every check reports: a code, a place, one sentence and the fix.

Findings are values: the reader, the rules and the audit return them, and only the command line prints
them. Codes are stable; `pmctl explain CODE` documents each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pmctl.errors import Hint


class Severity(StrEnum):
    """How much a finding weighs: errors make the exit code 1; warnings and hints do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Finding(NamedTuple):
    """One result of a check. A tuple, because a run makes thousands of them.

    `path` is relative to the pmctl root (or as the user typed it); `line` and `column` count from 1 and
    are 0 when the finding is about the whole file; `column` counts characters. `fix` says what to type
    or write, in the imperative; empty when the message already says it. `commit` is the full object id
    of the step that a history check reports, otherwise empty.
    """

    code: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = Severity.ERROR
    fix: Hint = ""
    end_line: int = 0
    end_column: int = 0
    commit: str = ""
