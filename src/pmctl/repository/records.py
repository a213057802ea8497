"""Signed records as an act writes them: the file, its signature beside it, and the root that both name."""

from __future__ import annotations

from pmctl.errors import EnvironmentProblem
from pmctl.ledger import current_state, record
from pmctl.policy.act import Act
from pmctl.policy.model import POLICY_PATH
from pmctl.repository.actor import Actor
from pmctl.repository.transaction import Write
from pmctl.repository.workspace import Workspace


def record_writes(actor: Actor, act: Act, number: int, data: bytes) -> tuple[Write, Write]:
    """The record's file and its signature beside it, signed by the actor now (this may ask for a touch)."""
    path = record.path(act.doc, number, act.act, act.by)
    signature = actor.signer.sign(data, record.NAMESPACE)
    return Write(path, data), Write(record.signature_path(path), signature)


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
