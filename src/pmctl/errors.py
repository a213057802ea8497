"""One base error with an exit code and a hint; a handful of subclasses.

Raised anywhere, turned into an exit code and a message in one place (`pmctl.cli`). Exit codes:
0 fine, 1 the answer is no, 2 wrong usage, broken configuration or environment, 130 interrupted.
"""

from __future__ import annotations


class PmctlError(Exception):
    """A problem that a person can fix. `str(error)` says what is wrong and where.

    `hint` is the next thing to type or do; `details` are further lines (all problems at once).
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageProblem(PmctlError):
    """The command line asks for something that does not exist or does not fit together."""


class EnvironmentProblem(PmctlError):
    """The machine, the repository or the configuration lacks something: no git, no key, a locked index."""


class BadInput(PmctlError):
    """A file, a record or a document cannot be read as what it should be."""


class NotFound(PmctlError):
    """No postmortem, person, action item or file by that name; `details` lists the nearest candidates."""


class Refused(PmctlError):
    """The act is understood and the answer is no: policy, lifecycle or content forbids it."""

    exit_code = 1
