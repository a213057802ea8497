"""One base error with an exit code and a hint; a handful of subclasses.

Raised anywhere, turned into an exit code and a message in one place (`pmctl.cli`). Exit codes:
0 fine, 1 the answer is no, 2 wrong usage, broken configuration or environment, 130 interrupted.
"""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """What to type next, for whoever knows the commands: a row of `output.advice`, and what fills its places."""

    name: str
    values: tuple[tuple[str, str], ...] = ()


Hint = str | Advice
"""What to do next: in words where no command helps. Empty when there is nothing to say."""


def advise(name: str, /, **values: str) -> Hint:
    """The advice `name` with these values."""
    return Advice(name, tuple(values.items()))


def read_hint(plain: object) -> Hint:
    """A hint that went through JSON. Raises TypeError or ValueError for anything else."""
    if isinstance(plain, str):
        return plain
    if not isinstance(plain, list):
        raise TypeError("not a hint")
    name, values = plain
    return Advice(str(name), tuple((str(key), str(value)) for key, value in values))


class PmctlError(Exception):
    """A problem that a person can fix. `str(error)` says what is wrong and where.

    `kind` is its name for programs; `hint` is the next thing to do; `details` are further lines (all problems at once),
    each a text or a text with its own hint.
    """

    exit_code = 2
    kind = "error"

    def __init__(self, message: str, *, hint: Hint = "", details: tuple[str | tuple[str, Hint], ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    @property
    def lines(self) -> list[str]:
        """The message and all details, without hints."""
        return [self.message, *(one if isinstance(one, str) else one[0] for one in self.details)]


class UsageProblem(PmctlError):
    """The command line asks for something that does not exist or does not fit together."""

    kind = "usage"


class EnvironmentProblem(PmctlError):
    """The machine, the repository or the configuration lacks something: no git, no key, a locked index."""

    kind = "environment"


class TryAgain(EnvironmentProblem):
    """What stood in the way is put in order: the same command works now, from its beginning."""


class BadInput(PmctlError):
    """A file, a record or a document cannot be read as what it should be."""

    kind = "bad_input"


class NotFound(PmctlError):
    """No postmortem, person, action item or file by that name; `details` lists the nearest candidates."""

    kind = "not_found"


class Refused(PmctlError):
    """The act is understood and the answer is no: policy, lifecycle or content forbids it."""

    exit_code = 1
    kind = "refused"
