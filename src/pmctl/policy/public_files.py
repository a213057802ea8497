"""Who may write a postmortem's public text, and what such a file may be. Pure.

    (path, bytes after, postmortem before and after, who, state, policy) -> violations

The author, editors, reviewers and admins may write it, whatever the state: it binds nobody until a publisher shares it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pmctl.codes import Code
from pmctl.document.beside import Beside, owner_of
from pmctl.document.public_text import read_public
from pmctl.errors import advise
from pmctl.policy.edits import Right, right_to_write
from pmctl.policy.model import Policy
from pmctl.policy.permission import Violation
from pmctl.policy.state import PostmortemState

if TYPE_CHECKING:
    from pmctl.document.reader import Document

_NOT_ONE = "AU720"


def place_of(path: str) -> tuple[str, str]:
    """(postmortem, "") that the file at a path is about; "" for a path that is no place of one."""
    owned = owner_of(path)
    return (owned.doc, "") if owned is not None and owned.kind is Beside.PUBLIC else ("", "")


def form_problem(path: str, data: bytes | None, after: Document | None) -> str:
    """Why a file that is there is no public text, as a sentence; "" when it is one."""
    doc = place_of(path)[0]
    if not doc:
        return "it does not lie where a public text does"
    if data is None:
        return "it is not a regular file"
    if after is None:
        return f"there is no {doc}"
    problems = read_public(data, path)[2]
    return f"{problems[0].message} (line {problems[0].line})" if problems else ""


def check_form(path: str, data: bytes | None, after: Document | None) -> list[Violation]:
    """The same as violations."""
    problem = form_problem(path, data, after)
    return (
        [Violation(_NOT_ONE, f"no public text: {problem}", advise("public-again"), attributed=True)] if problem else []
    )


def check_right(
    path: str,
    before: Document | None,
    after: Document | None,
    who: Collection[str],
    state: PostmortemState,
    policy: Policy,
) -> list[Violation]:
    """Why none of `who` may write or remove this file; empty when one of them may."""
    return right_to_write(Right.PUBLIC, place_of(path)[0] or path, before or after, who, state, policy)


CODES = (
    Code(
        _NOT_ONE,
        "no-public-file",
        "A file among the public texts of postmortems is none: it cannot be read as one, does not lie where one does,"
        " is no regular file, or is about a postmortem that is not there.",
        "What nobody reads is a place to hide things, and what is read in two ways is not what was checked.",
        "Put its last good version back, or draft it again: pmctl public draft ID --again.",
        "a public text with a picture from elsewhere",
    ),
)
