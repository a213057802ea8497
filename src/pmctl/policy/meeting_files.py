"""Who may plan a meeting about a postmortem, and what the file of one may be. Pure.

    (path, bytes after, postmortem before and after, who, state, policy) -> violations

Everybody may who may comment, apart from agents: an invitation is sent in somebody's name.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.beside import Beside, owner_of
from pmctl.document.meeting import id_of, read_meeting
from pmctl.errors import advise
from pmctl.policy.edits import Right, right_to_write
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_NOT_ONE = "AU717"


def place_of(path: str) -> tuple[str, str]:
    """(postmortem, meeting) that the file at a path is about; "" for what the path does not say."""
    owned = owner_of(path)
    if owned is None or owned.kind is not Beside.MEETINGS:
        return "", ""
    return owned.doc, id_of(owned.name)


def form_problem(path: str, data: bytes | None, after: Document | None) -> str:
    """Why a file that is there is no meeting, as a sentence; "" when it is one. `data` is None for what is no regular
    file, `after` the postmortem beside it."""
    doc, meeting = place_of(path)
    if not doc or not meeting:
        return "it does not lie where a meeting does"
    if data is None:
        return "it is not a regular file"
    if after is None:
        return f"there is no {doc}"
    return read_meeting(data, path.rpartition("/")[2])[1]


def check_form(path: str, data: bytes | None, after: Document | None) -> list[Violation]:
    """The same as violations."""
    problem = form_problem(path, data, after)
    return [Violation(_NOT_ONE, f"no meeting: {problem}", advise("meeting-again"), attributed=True)] if problem else []


def check_right(
    path: str,
    before: Document | None,
    after: Document | None,
    who: Collection[str],
    state: PostmortemState,
    policy: Policy,
) -> list[Violation]:
    """Why none of `who` may write or remove this file; empty when one of them may."""
    return right_to_write(Right.MEET, place_of(path)[0] or path, before or after, who, state, policy)


CODES = (
    Code(
        _NOT_ONE,
        "no-meeting",
        "A file among the meetings of postmortems is none: it cannot be read as one, does not lie where one does, is no"
        " regular file, or is about a postmortem that is not there.",
        "What nobody reads is a place to hide things, and a change or a cancellation would not reach who was invited.",
        "Put its last good version back, or remove it and plan the meeting again: pmctl meeting schedule.",
        "a meeting with a comment in its file",
    ),
)
