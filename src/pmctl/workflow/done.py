"""What an act did, as one value: every command that writes hands one to `cli.answering`, which tells it."""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.errors import Hint
from pmctl.repository.transaction import CommitResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did.

    `act` is the act's name, in the words of the command for one that has no record; `id` is what it was done to, a
    postmortem's id or a person's handle; `by` is who did it, '' when the policy knows nobody with git's address.
    `sentence` is what a person reads first, `facts` and `warnings` are worth a line each, `next_step` is what to type
    next. `before` and `after` are the states of a postmortem, or the versions of the policy; `digest` is the content
    that the act binds. Without `landed` nothing was committed.
    """

    act: str
    id: str
    by: str
    sentence: str
    landed: CommitResult | None = None
    before: str = ""
    after: str = ""
    digest: str = ""
    facts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    next_step: Hint = ""

    @property
    def commit(self) -> str:
        """The full id of the commit, '' without one."""
        return self.landed.oid if self.landed else ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that the commit changed, seen from the pmctl root."""
        return self.landed.paths if self.landed else ()
