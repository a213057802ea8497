"""Who signed a record: bytes + signature + policy -> a key of the policy. Nothing outside the policy counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from pmctl.ledger import sshsig
from pmctl.ledger.record import NAMESPACE
from pmctl.ledger.sshsig import SignatureProblem, VerifiedSignature
from pmctl.policy.model import ACTIVE, COMPROMISED, Key, Policy

ReadFile = Callable[[str], bytes | None]
"""The content of a file of the tree that the policy was read from, by path below the pmctl root."""

Verify = Callable[[bytes, bytes, str], VerifiedSignature]
"""(signature, what was signed, namespace) -> the key, as `sshsig.verify`."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The person and the key behind a good signature. `fingerprint` is what `ssh-keygen -l` shows."""

    handle: str
    key: Key
    fingerprint: str


def signer(
    data: bytes,
    signature: bytes,
    policy: Policy,
    read_file: ReadFile,
    namespace: str = NAMESPACE,
    verify: Verify = sshsig.verify,
) -> Signer:
    """The person of `policy` who signed exactly `data`, whatever the status of the key.

    Raises SignatureProblem: AU211 to AU216 for the signature itself, AU217 for a key that nobody has.
    """
    if signature.startswith(b"-----BEGIN PGP SIGNATURE-----"):
        key_id, fingerprint = _openpgp(data, signature, policy, read_file)
    else:
        verified = verify(signature, data, namespace)
        key_id, fingerprint = verified.key, verified.fingerprint
    found = policy.keys.get(key_id)
    if found is None:
        raise SignatureProblem(
            "AU217",
            f"the signature is by a key that nobody in policy version {policy.version} has ({fingerprint})",
            hint="an admin adds the key to the policy first, in a step of its own: pmctl people add",
        )
    return Signer(found[0], found[1], fingerprint)


def key_problem(signer: Signer, by: str) -> SignatureProblem | None:
    """Why a good signature does not count for a record by `by`: another person's key, or one out of use."""
    if signer.handle != by:
        return SignatureProblem(
            "AU218", f"the record says that it is by {by}, but {signer.handle} signed it ({signer.fingerprint})"
        )
    if signer.key.status == COMPROMISED:
        return SignatureProblem("AU220", f"the record is signed with a compromised key of {by} ({signer.fingerprint})")
    if signer.key.status != ACTIVE:
        return SignatureProblem(
            "AU219",
            f"the record is signed with a retired key of {by} ({signer.fingerprint})",
            hint="act again with the present key",
        )
    return None


def _openpgp(data: bytes, signature: bytes, policy: Policy, read_file: ReadFile) -> tuple[str, str]:
    from pmctl.ledger import openpgp

    files = sorted({key.file for _, key in policy.keys.values() if key.openpgp and key.file})
    blobs = [blob for blob in map(read_file, files) if blob is not None]
    if not blobs:
        raise SignatureProblem("AU217", f"policy version {policy.version} has no OpenPGP key")
    with ExitStack() as stack:
        fingerprint = openpgp.verify(signature, data, stack.enter_context(openpgp.keyring(blobs)))
    return f"openpgp {fingerprint}", fingerprint
