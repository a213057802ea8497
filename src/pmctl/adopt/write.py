"""Write a plan as one commit, with a signed baseline when the documents are accepted as found.

Files inside the pmctl root are moved, so that `git log --follow` goes on; files from elsewhere are copied. A baseline
is signed in the same commit and covers every document of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from pmctl.adopt.plan import Plan
from pmctl.document.digest import Attachment, content_digest
from pmctl.errors import Refused
from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.change import check_repository_act, propose_baseline
from pmctl.repository.actor import Actor
from pmctl.repository.records import record_writes, root_of
from pmctl.repository.transaction import CommitResult, commit
from pmctl.repository.workspace import Workspace


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
    bytes_of = {write.path: write.data for write in planned.writes if write.data is not None}
    documents = []
    for adoption in planned.adopted:
        folder = adoption.path.removesuffix(".md") + "/"
        attachments = tuple(
            Attachment(path.removeprefix(folder), "100644", hashlib.sha256(data).hexdigest())
            for path, data in bytes_of.items() if path.startswith(folder)
        )  # fmt: skip
        documents.append((adoption.id, content_digest(adoption.document, attachments), adoption.document.status))
    act = propose_baseline(
        workspace.policy, root_of(workspace), tuple(documents),
        by=actor.handle, at=at.strftime("%Y-%m-%dT%H:%M:%SZ"), note=note,
    )  # fmt: skip
    violations = check_repository_act(act, workspace.policy)
    if violations:
        rest = tuple(f"{one.code} {one.message}" for one in violations[1:])
        raise Refused(f"{violations[0].code} {violations[0].message}", hint=violations[0].hint, details=rest)
    baselines = workspace.repo.root / record.FOLDER / acts.BASELINE
    numbers = [
        parts.number for file in (baselines.iterdir() if baselines.is_dir() else ())
        if (parts := record.parse_path(f"{record.FOLDER}/{acts.BASELINE}/{file.name}"))
    ]  # fmt: skip
    signed = record_writes(actor, act, max(numbers, default=0) + 1, record.to_bytes(act))
    message = _message(planned, note) + f"Act: {acts.BASELINE}\n"
    return commit(workspace.repo, (*planned.writes, *signed), message, signing=actor.signer.git_arguments())


def _refuse_nothing(planned: Plan) -> None:
    if not planned.adopted:
        reasons = tuple(f"{result.source}: {result.reason}" for result in planned.results[:20])
        raise Refused("there is nothing to adopt", details=reasons)


def _message(planned: Plan, note: str = "") -> str:
    adopted = [result for result in planned.results if result.adoption]
    subject = (
        f"Adopt {adopted[0].adoption.id}"
        if len(adopted) == 1 and adopted[0].adoption
        else f"Adopt {len(adopted)} postmortems"
    )
    lines = [f"{result.source} -> {result.adoption.id}" for result in adopted if result.adoption]
    shown = lines[:100] + ([f"... and {len(lines) - 100} more"] if len(lines) > 100 else [])
    return "\n".join([subject, "", *([note, ""] if note else []), *shown, ""]) + "\n"
