"""Write a plan as one commit, with a signed baseline when the documents are accepted as found.

Files inside the pmctl root are moved, so that `git log --follow` goes on; files from elsewhere are copied. A baseline
is signed in the same commit and covers every document of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from pmctl.adopt.conversion import Adoption
from pmctl.adopt.plan import Plan
from pmctl.document.digest import Attachment, content_digest
from pmctl.errors import Refused
from pmctl.policy.change import propose_baseline
from pmctl.repository.actor import Actor
from pmctl.repository.records import repository_act_writes, root_of
from pmctl.repository.transaction import CommitResult, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import utc


def write(workspace: Workspace, planned: Plan, signing: Sequence[str]) -> CommitResult:
    """Land the plan as one commit; `signing` holds git's arguments for a signed commit or nothing.

    Raises Refused when there is nothing to adopt or a source has changes that are not committed.
    """
    _refuse_nothing(planned)
    return commit(workspace.repo, planned.writes, _message(planned), signing=signing)


def write_with_baseline(workspace: Workspace, planned: Plan, actor: Actor, *, at: datetime, note: str) -> CommitResult:
    """Land the plan with a record, signed by `actor`, that accepts every document of it as found.

    Raises Refused when the actor is no admin or gives no reason, or there is nothing to adopt.
    """
    _refuse_nothing(planned)
    documents = tuple(
        (adoption.id, content_digest(adoption.document, _attachments(planned, adoption)), adoption.document.status)
        for adoption in planned.adopted
    )
    root = root_of(workspace)
    act = propose_baseline(workspace.policy, root, documents, by=actor.handle, at=utc(at), note=note)
    signed = repository_act_writes(workspace, actor, act)
    message = _message(planned, note) + f"Act: {act.act}\n"
    return commit(workspace.repo, (*planned.writes, *signed), message, signing=actor.signer.git_arguments())


def _attachments(planned: Plan, adoption: Adoption) -> tuple[Attachment, ...]:
    folder = adoption.path.removesuffix(".md") + "/"
    return tuple(
        Attachment(write.path.removeprefix(folder), "100644", hashlib.sha256(write.data).hexdigest())
        for write in planned.writes if write.data is not None and write.path.startswith(folder)
    )  # fmt: skip


def _refuse_nothing(planned: Plan) -> None:
    if not planned.adopted:
        reasons = tuple(f"{result.source}: {result.reason}" for result in planned.results[:20])
        raise Refused("there is nothing to adopt", details=reasons)


def _message(planned: Plan, note: str = "") -> str:
    lines = [f"{result.source} -> {result.adoption.id}" for result in planned.results if result.adoption]
    subject = f"Adopt {planned.adopted[0].id if len(lines) == 1 else f'{len(lines)} postmortems'}"
    shown = lines[:100] + ([f"... and {len(lines) - 100} more"] if len(lines) > 100 else [])
    return "\n".join([subject, "", *([note, ""] if note else []), *shown, ""]) + "\n"
