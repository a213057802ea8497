"""What is said about a postmortem in one commit. (snapshot, id) -> Discussion.

`status`, `publish`, the audit and the server all ask here: what one of them counts as unresolved all do.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.document.beside import Beside, path_of
from pmctl.document.comment import Message, read_message
from pmctl.document.finding import Finding
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy.discussion import Rights, Thread, threads, unresolved
from pmctl.policy.model import Policy
from pmctl.policy.state import PostmortemState


@dataclass(frozen=True, slots=True)
class Discussion:
    """The threads of one postmortem, the oldest first, and what is wrong with the files of its messages."""

    threads: tuple[Thread, ...] = ()
    problems: tuple[Finding, ...] = ()

    @property
    def unresolved(self) -> tuple[Thread, ...]:
        """The threads that keep it from being published."""
        return unresolved(self.threads)


def discussion(snapshot: Snapshot, doc: str, state: PostmortemState, policy: Policy) -> Discussion:
    """What is said about the postmortem `doc` at a snapshot, which stands in `state` under `policy`.

    `insight.discussion.discussed` asks the snapshot for both. Raises MissingObject, CorruptObject.
    """
    messages: list[Message] = []
    problems: list[Finding] = []
    for name, data in snapshot.beside(Beside.COMMENTS, doc).items():
        message, findings = read_message(data, path_of(Beside.COMMENTS, doc, name))
        problems += findings
        messages += [message] if message is not None else []
    if not messages:
        return Discussion((), tuple(problems))
    where = snapshot.document(doc)
    document = snapshot.source.documents.document(where) if where is not None else None
    return Discussion(threads(messages, Rights(document, state, policy)), tuple(problems))
