"""One postmortem as its reviewer reads it: what is committed, and what changed since they looked at it last.

(workspace at HEAD, id, handle) -> Reviewing. What is here is what an approval would bind: `content` is its digest,
which is compared again before anything is signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.document.comparison import compare
from pmctl.document.difference import Difference
from pmctl.insight.discussion import ListedThread, listed
from pmctl.insight.versions import Approved, Version, committed, last_approval, last_comment, said_since
from pmctl.ledger.current_state import current_state
from pmctl.policy.state import IN_REVIEW
from pmctl.repository.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Reviewing:
    """pmctl review ID: a postmortem at HEAD for one reviewer.

    `asked` says whether their review was asked for in this round, `approved` whether their approval holds for this
    text. `before` is what they looked at last, in words, "" when they never did; `difference` is what changed since.
    `threads` are those that are open, and those in which others have said something since: `said_since` has the ids of
    these messages.
    """

    id: str
    status: str
    round: int
    content: str
    reviewer: str
    asked: bool
    approved: bool
    before: str
    difference: Difference | None
    threads: tuple[ListedThread, ...]
    said_since: tuple[str, ...]

    @property
    def may_decide(self) -> bool:
        """Whether the reviewer can approve it or request changes."""
        return self.asked and self.status == IN_REVIEW


def reviewing(workspace: Workspace, name: str, person: str) -> Reviewing:
    """The postmortem as the person reviews it.

    Raises NotFound when it is not committed, EnvironmentProblem when there is no policy, MissingObject or CorruptObject
    for a damaged clone.
    """
    workspace.read_at(name)
    state = current_state(workspace.head, name).state
    content = workspace.head.digest(name)
    approval = last_approval(workspace, name, person)
    found = _looked_at(workspace, name, person, approval)
    said = said_since(workspace, name, person, approval) or ()
    now = committed(workspace, name, "HEAD")
    difference = compare(found.document, now.document, found.files, now.files) if found is not None else None
    return Reviewing(
        name,
        state.status,
        state.round,
        content,
        person,
        person in state.reviewers,
        any(one.by == person for one in state.counting(content)),
        found.label if found is not None else "",
        difference,
        tuple(
            one
            for one in listed(workspace.head, (name,))
            if not one.resolved or any(message.id in said for message in one.messages)
        ),
        said,
    )


def _looked_at(workspace: Workspace, name: str, person: str, approved: Approved | None) -> Version | None:
    """What the person approved last, or else the text on which they commented last."""
    if approved is not None and approved.version is not None:
        return approved.version
    return last_comment(workspace, name, person)
