"""What admins accept together: a history as found, single findings, a root that moves; and checkpoints.

Each is a signed record about the repository and one commit. It takes effect in the audit when as many admins have
signed the same statement as the policy asks for; each of them runs the same command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pmctl.document.fields import id_of, is_id
from pmctl.errors import NotFound, Refused, UsageProblem
from pmctl.ledger import record
from pmctl.ledger.report import AuditFinding, Report
from pmctl.ledger.snapshot import Snapshot
from pmctl.policy import act as acts
from pmctl.policy.act import Act
from pmctl.policy.change import (
    check_repository_act,
    propose_baseline,
    propose_checkpoint,
    propose_move,
    propose_waiver,
    signers,
    statement,
)
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from pmctl.repository.actor import Actor
from pmctl.repository.records import refusal, repository_act_writes, root_of, signed_base
from pmctl.repository.transaction import CommitResult, commit
from pmctl.repository.workspace import Workspace
from pmctl.text import utc
from pmctl.workflow.policy import signed_acts

_STATUSES = (DRAFT, IN_REVIEW, PUBLISHED, ARCHIVED)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A signature of something that admins agree on: the act, its commit, and how many of `candidates` still have to
    sign."""

    act: Act
    committed: CommitResult
    missing: int = 0
    candidates: tuple[str, ...] = ()

    @property
    def commit(self) -> str:
        """The full id of the commit."""
        return self.committed.oid


def baseline(
    workspace: Workspace, actor: Actor, *, at: datetime, note: str, tip: str = ""
) -> tuple[int, tuple[str, ...], Agreed]:
    """Accept everything in the history so far as found; returns how many postmortems, and which records are gone.

    `tip` is the full id of the commit where history ended before it was rewritten, '' when it was not; records that
    were there and are not here any more are named as dropped. Raises Refused when the actor is no admin or gives no
    reason, EnvironmentProblem when this clone does not have the old commit.
    """
    documents = []
    for name in _ids_at_head(workspace):
        document = workspace.read_at(name)
        if not document.readable:
            raise Refused(f"{name} cannot be read as a postmortem", hint=f"pmctl validate {name}")
        if document.status not in _STATUSES:
            raise Refused(f"{name} has no status that could be accepted", hint=f"pmctl validate {name}")
        documents.append((name, workspace.head.digest(name), document.status))
    dropped = sorted(_digests(workspace.at(tip)) - _digests(workspace.head)) if tip else []
    act = propose_baseline(
        workspace.policy,
        root_of(workspace),
        tuple(documents),
        by=actor.handle,
        at=utc(at),
        note=note,
        tip=tip,
        dropped=dropped,
        prev=_last_baseline(workspace),
    )
    agreed = _land(workspace, actor, act, f"Accept the history so far as found ({len(documents)} postmortems)")
    return len(documents), tuple(dropped), agreed


def covered(report: Report, code: str, step: str, about: str | None) -> tuple[str, tuple[AuditFinding, ...]]:
    """The findings `code` of the step `step` (a full id) that a waiver would cover, and the postmortem they are about.

    `about` is a postmortem's id, '' for findings about none, None for the only ones that there are. Raises NotFound
    when the audit has no such finding, Refused when they are about several postmortems or are accepted already.
    """
    fitting = [finding for finding in report.findings if finding.code == code and finding.commit == step]
    if not fitting:
        known = tuple(f"{finding.code} {finding.commit} {finding.message}" for finding in report.findings)
        raise NotFound(f"the audit reports no {code} in {step}", hint="pmctl audit lists the findings", details=known)
    subjects = {finding.doc if is_id(finding.doc) else "" for finding in fitting}
    if about is None and len(subjects) > 1:
        raise Refused(
            f"{code} in {step[:12]} is about {len(subjects)} postmortems, and a waiver is about one",
            hint=f"say which: --about {sorted(subjects)[-1]}",
            details=tuple(sorted(subjects - {""})),
        )
    about = next(iter(subjects)) if about is None else about
    found = tuple(finding for finding in fitting if (finding.doc if is_id(finding.doc) else "") == about)
    if not found:
        raise NotFound(f"the audit reports no {code} in {step[:12]} about {about or 'no postmortem'}")
    if all(finding.waived_by for finding in found):
        raise Refused(f"{code} in {step[:12]} is accepted by {found[0].waived_by} already")
    return about, found


def waive(
    workspace: Workspace,
    actor: Actor,
    report: Report,
    code: str,
    step: str,
    *,
    at: datetime,
    note: str,
    about: str | None = None,
) -> tuple[int, Agreed]:
    """Accept the findings that `covered` names, these and no more; returns how many.

    Raises what `covered` does, and Refused when they cannot be waived or the actor may not.
    """
    subject, found = covered(report, code, step, about)
    act = propose_waiver(
        workspace.policy,
        root_of(workspace),
        code,
        step,
        about=subject,
        covers=len(found),
        by=actor.handle,
        at=utc(at),
        note=note,
    )
    return len(found), _land(
        workspace, actor, act, f"Waive {code} in {step[:12]}{f' about {subject}' if subject else ''}"
    )


def allow_move(workspace: Workspace, actor: Actor, new: str, *, at: datetime, note: str = "") -> Agreed:
    """Sign that the pmctl root may move to the folder `new` of the repository ('' for its top).

    Raises UsageProblem for a folder where it cannot go, Refused when the actor is no admin.
    """
    old = workspace.repo.prefix.rstrip("/")
    place = PurePosixPath(new)
    if place.is_absolute() or ".." in place.parts:
        raise UsageProblem(f"{new} is no folder of this repository", hint="name it from the repository's top")
    new = "" if place == PurePosixPath() else place.as_posix()
    if new == old:
        raise UsageProblem(f"the pmctl root is in {new or 'the top'} already")
    if (workspace.repo.top / new / POLICY_PATH).exists():
        raise Refused(f"{new or 'the top'} is a pmctl root of its own", hint="move to a folder that is none")
    act = propose_move(workspace.policy, root_of(workspace), old, new, by=actor.handle, at=utc(at), note=note)
    return _land(workspace, actor, act, f"Let the pmctl root move from {old or 'the top'} to {new or 'the top'}")


def checkpoint(workspace: Workspace, actor: Actor, *, at: datetime, note: str = "") -> tuple[str, Agreed]:
    """Sign where the protected branch is; returns that commit.

    Raises Refused when the actor is neither an admin nor a service, or when nothing is known of the branch at a remote.
    """
    policy = workspace.policy
    act = propose_checkpoint(policy, root_of(workspace), by=actor.handle, at=utc(at), note=note)
    if violations := check_repository_act(act, policy):
        raise refusal(violations)
    base = signed_base(workspace)
    if not base:
        raise Refused(
            f"no remote's {policy.branch} is known here, so there is nothing to witness",
            hint=f"git fetch the remote that has {policy.branch}, in a whole clone, then run it again",
        )
    return base, _land(workspace, actor, act, f"Witness {policy.branch} at {base[:12]}")


def _land(workspace: Workspace, actor: Actor, act: Act, subject: str) -> Agreed:
    policy = workspace.policy
    others = signed_acts(workspace, policy, act.doc) if act.act != acts.CHECKPOINT else ()
    if any(one.by == act.by and statement(one) == statement(act) for one in others):
        raise Refused(f"{act.by} has signed exactly this already", hint="another admin runs the same command")
    writes = repository_act_writes(workspace, actor, act)
    message = f"{subject}\n\n" + (f"{act.note}\n\n" if act.note else "") + f"Act: {act.act}\n"
    landed = commit(workspace.repo, writes, message, signing=actor.signer.git_arguments())
    if act.act == acts.CHECKPOINT:
        return Agreed(act, landed)
    done = signers(act, others, policy)
    left = tuple(handle for handle in policy.active_admins if handle not in done)
    return Agreed(act, landed, max(0, policy.policy_threshold - len(done)), left)


def _last_baseline(workspace: Workspace) -> str:
    """The digest of the first record of the last baseline that enough admins have signed; '' without one.

    A further one follows it, so that the same postmortems can be accepted again later.
    """
    policy, last = workspace.policy, ""
    there = signed_acts(workspace, policy, acts.BASELINE)
    seen: set[str] = set()
    for act in there:
        if statement(act) not in seen and len(signers(act, there, policy)) >= policy.policy_threshold:
            seen.add(statement(act))
            last = record.digest(record.to_bytes(act))
    return last


def _digests(snapshot: Snapshot) -> set[str]:
    """The digests of all records in a commit."""
    found = (snapshot.file(path) for path in snapshot.paths(record.FOLDER) if path.endswith(".json"))
    return {record.digest(data) for data in found if data is not None}


def _ids_at_head(workspace: Workspace) -> list[str]:
    return sorted(found for path in workspace.head.paths("postmortems") if (found := id_of(path)))
