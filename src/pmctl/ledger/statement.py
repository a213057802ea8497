"""One record wherever it lies, asked whether it is well signed. (bytes, signature, policy) -> Statement.

What lands is read and reported by `ledger.new_records`; this is for the records on lines beside the main one, which
only have to be recognised. Reports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmctl.ledger import record
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.record import RecordProblem
from pmctl.ledger.signatures import ReadFile, signer
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


def statement(
    path: str, data: bytes, signature: bytes, policy: Policy, key_files: ReadFile, keyrings: Keyrings
) -> Statement | None:
    """What the record at `path` states when it is well formed and signed with a key of its signer in `policy`.

    A retired key signs for its person still, because what it signed before stays; a compromised one for nobody.
    """
    try:
        act = record.from_bytes(data)
        record.check_path(path, act, data)
        who = signer(data, signature, policy, key_files, by=act.by, keyrings=keyrings)
    except (RecordProblem, SignatureProblem):
        return None
    if who.handle != act.by or who.key.status == COMPROMISED:
        return None
    return Statement(act, record.digest(data), path, who.key.status == ACTIVE)


def read_statement(snapshot: Snapshot, path: str, policy: Policy, keyrings: Keyrings) -> Statement | None:
    """The same of the record that a tree holds at `path`."""
    data, signature = snapshot.regular_file(path), snapshot.regular_file(record.signature_path(path))
    if data is None or signature is None:
        return None
    return statement(path, data, signature, policy, snapshot.key_files(snapshot), keyrings)
