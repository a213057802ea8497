"""Who may write what is known of an item's ticket, and what such a file may be. Pure.

    (path, bytes after, postmortem before and after, who, state, policy) -> violations

The rights are those of an item's tracking cells: its owner, the author, editors, admins and services.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.beside import Beside, owner_of
from pmctl.document.ticket import item_of, read_ticket
from pmctl.errors import advise
from pmctl.policy.edits import Right, refused, who_may
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_NOT_ONE = "AU716"


def place_of(path: str) -> tuple[str, str]:
    """(postmortem, item) that the file at a path is about; "" for what the path does not say."""
    owned = owner_of(path)
    if owned is None or owned.kind is not Beside.TICKETS:
        return "", ""
    return owned.doc, item_of(owned.name)


def form_problem(path: str, data: bytes | None, after: Document | None) -> str:
    """Why a file that is there is no ticket of an item, as a sentence; "" when it is one. `data` is None for what is
    no regular file, `after` the postmortem beside it."""
    doc, item = place_of(path)
    if not doc or not item:
        return "it does not lie where a ticket does"
    if data is None:
        return "it is not a regular file"
    if after is None:
        return f"there is no {doc}"
    if not _owners(item, after):
        return f"{doc} has no item {item}"
    return read_ticket(data, path.rpartition("/")[2])[1]


def check_form(path: str, data: bytes | None, after: Document | None) -> list[Violation]:
    """The same as violations."""
    problem = form_problem(path, data, after)
    return [Violation(_NOT_ONE, f"no ticket: {problem}", advise("ticket-again"), attributed=True)] if problem else []


def check_right(
    path: str,
    before: Document | None,
    after: Document | None,
    who: Collection[str],
    state: PostmortemState,
    policy: Policy,
) -> list[Violation]:
    """Why none of `who` may write or remove this file; empty when one of them may."""
    doc, item = place_of(path)
    document = before or after
    if document is None:
        return []
    owners = _owners(item, document) or _owners(item, after) or ("",)
    able = [handle for owner in owners for handle in who_may(Right.TRACKING, document, state, policy, owner=owner)]
    if any(handle in able for handle in who):
        return []
    return [refused(Right.TRACKING, who, tuple(dict.fromkeys(able)), doc or path, policy)]


def _owners(item: str, document: Document | None) -> tuple[str, ...]:
    """Whose item it is; empty where there is none of that id."""
    if document is None or not document.readable:
        return ()
    from pmctl.document.actions import action_items  # with it comes the Markdown parser

    return tuple(one.owner for one in action_items(document) if one.id == item)


CODES = (
    Code(
        _NOT_ONE,
        "no-ticket",
        "A file among the tickets of action items is none: it cannot be read as one, does not lie where one does, is no"
        " regular file, or is about an item that is not there.",
        "What nobody reads is a place to hide things, and a sync that cannot read it might create a second ticket.",
        "Put its last good version back, or remove it and take the link over again: pmctl tickets adopt.",
        "a ticket of 1 MB",
    ),
)
