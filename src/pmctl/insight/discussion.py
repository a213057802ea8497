"""What is said about a postmortem, for people to read: threads at a commit, and where the text of each is now."""

from __future__ import annotations

from pmctl.document.anchor import AnchorState, Place, locate
from pmctl.document.reader import Document
from pmctl.ledger.current_state import current_state
from pmctl.ledger.discussion import Discussion, discussion
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy.discussion import Thread


def discussed(snapshot: Snapshot, doc: str) -> Discussion:
    """The threads of a postmortem at a snapshot; none where there is no policy that can be read.

    Raises MissingObject, CorruptObject.
    """
    if not snapshot.commit or snapshot.policy()[0] is None:
        return Discussion()
    now = current_state(snapshot, doc)
    return discussion(snapshot, doc, now.state, now.policy)


def place_of(thread: Thread, document: Document | None) -> Place:
    """Where the text that a thread is about is in this version of the postmortem."""
    if document is None:
        return Place(AnchorState.OUTDATED, thread.section)
    return locate(document, thread.section, thread.quote, thread.block)
