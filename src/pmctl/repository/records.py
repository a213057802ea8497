"""Signed records as an act writes them: the file, its signature beside it, and the root that both name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmctl.errors import EnvironmentProblem, Refused
from pmctl.ledger import current_state, record
from pmctl.policy.act import Act
from pmctl.policy.change import check_repository_act
from pmctl.policy.model import POLICY_PATH
from pmctl.policy.permission import Violation
from pmctl.repository.actor import Actor
from pmctl.repository.bases import base_of
from pmctl.repository.transaction import Write
from pmctl.repository.workspace import Workspace


def record_writes(actor: Actor, act: Act, number: int, data: bytes) -> tuple[Write, Write]:
    """The record's file and its signature beside it, signed by the actor now (this may ask for a touch)."""
    path = record.path(act.doc, number, act.act, act.by, record.mark(data))
    signature = actor.signer.sign(data, record.NAMESPACE)
    return Write(path, data), Write(record.signature_path(path), signature)


def repository_act_writes(workspace: Workspace, actor: Actor, act: Act) -> tuple[Write, Write]:
    """The next record of an act on the whole repository (a baseline, a waiver) and its signature.

    Raises Refused when the policy does not allow the act.
    """
    act = replace(act, base=signed_base(workspace))
    violations = check_repository_act(act, workspace.policy)
    if violations:
        raise refusal(violations)
    paths = workspace.head.paths(f"{record.FOLDER}/{act.doc}")
    numbers = [parts.number for path in paths if (parts := record.parse_path(path)) is not None]
    return record_writes(actor, act, max(numbers, default=0) + 1, record.to_bytes(act))


def signed_base(workspace: Workspace) -> str:
    """What a record that is signed now says of where the protected branch is."""
    return base_of(workspace.head, protected_branch(workspace), workspace.git_settings)


def protected_branch(workspace: Workspace) -> str:
    """The branch whose history is the audit trail."""
    return workspace.policy.branch


def refusal(violations: Sequence[Violation]) -> Refused:
    """The first reason why an act may not be, with the others as details."""
    first = violations[0]
    rest = tuple((f"{v.code} {v.message}", v.hint) for v in violations[1:])
    return Refused(f"{first.code} {first.message}", hint=first.hint, details=rest)


def root_of(workspace: Workspace) -> str:
    """The digest of the repository's first policy, as the records of the policy in force say it.

    Raises EnvironmentProblem when no record belongs to the policy at HEAD; the audit proves the root, this
    only writes it down.
    """
    root = current_state.root_of(workspace.head, workspace.policy)
    if root:
        return root
    raise EnvironmentProblem(
        f"no signed record belongs to the {POLICY_PATH} at HEAD",
        hint="pmctl audit says where the chain broke; restore the last signed policy",
    )
