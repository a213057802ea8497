"""One record as a tree holds it, wherever it lies: read, and asked whether it is well signed. Reports nothing.

(snapshot, path, policy) -> Statement. What lands is read and reported by `ledger.new_records`; this is for
the records on lines beside it, which only have to be recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.ledger import record
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.signatures import signer
from pmctl.ledger.snapshot import Snapshot
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.policy.act import Act
from pmctl.policy.model import ACTIVE, COMPROMISED, Policy


@dataclass(frozen=True, slots=True)
class Statement:
    """A well-formed record at its path, signed by the person whom it names. `active` says that the key is in use."""

    act: Act
    digest: str
    path: str
    active: bool


def read_statement(snapshot: Snapshot, path: str, policy: Policy, keyrings: Keyrings) -> Statement | None:
    """The record at `path` when it is well formed and signed with a key of its signer in `policy`, else None.

    A retired key signs for its person still, because what it signed before stays; a compromised one for nobody.
    """
    data, signature = snapshot.regular_file(path), snapshot.regular_file(record.signature_path(path))
    if data is None or signature is None:
        return None
    try:
        act = record.from_bytes(data)
        record.check_path(path, act, data)
        who = signer(data, signature, policy, snapshot.key_files(snapshot), by=act.by, keyrings=keyrings)
    except (RecordProblem, SignatureProblem):
        return None
    if who.handle != act.by or who.key.status == COMPROMISED:
        return None
    return Statement(act, record.digest(data), path, who.key.status == ACTIVE)
