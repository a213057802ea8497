"""Who signed a record: bytes + signature + policy -> a key of the policy. Nothing outside the policy counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pmctl.codes import Code
from pmctl.errors import advise
from pmctl.ledger import openpgp, sshsig
from pmctl.ledger.record import NAMESPACE
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.policy.model import ACTIVE, COMPROMISED, Key, Policy

_WAYS_ON = (
    "the person extends the key and lands its new public half, or an admin retires it in the policy: what it signed"
    " before that stays"
)

ReadFile = Callable[[str], Sequence[bytes]]
"""The versions of a key file that count, by its path below the pmctl root: the one beside the policy, and the newest.

A key's own signatures protect what is in its file, so a newer version can only extend or revoke it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The person and the key behind a good signature. `fingerprint` is what `ssh-keygen -l` shows.

    `lapsed` says why an OpenPGP key may not be used any more at today's date, '' while it may.
    """

    handle: str
    key: Key
    fingerprint: str
    lapsed: str = ""


def signer(
    data: bytes,
    signature: bytes,
    policy: Policy,
    read_file: ReadFile,
    namespace: str = NAMESPACE,
    by: str = "",
    keyrings: openpgp.Keyrings | None = None,
) -> Signer:
    """The person of `policy` who signed exactly `data`, whatever the status of the key.

    `read_file` gives all versions of a key file that count. OpenPGP keys of the person `by` are tried first.
    Raises SignatureProblem: AU211 to AU216 for the signature itself, AU217 for a key that nobody has; and
    EnvironmentProblem for an OpenPGP signature without gpg.
    """
    lapsed = ""
    if signature.startswith(openpgp.BEGIN):
        found_pgp = _openpgp(data, signature, policy, read_file, by, keyrings)
        fingerprint, lapsed = found_pgp.fingerprint, found_pgp.lapsed
        key_id = f"openpgp {fingerprint}"
    else:
        verified = sshsig.verify(signature, data, namespace)
        key_id, fingerprint = verified.key, verified.fingerprint
    found = policy.keys.get(key_id)
    if found is None:
        raise SignatureProblem(
            "AU217",
            f"the signature is by a key that nobody in policy version {policy.version} has ({fingerprint})",
            hint=advise("add-key-first"),
        )
    return Signer(found[0], found[1], fingerprint, lapsed)


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
    return lapsed_problem(signer) if signer.lapsed else None


def lapsed_problem(signer: Signer) -> SignatureProblem:
    """What is said of a good signature whose OpenPGP key has expired or is revoked."""
    return SignatureProblem("AU216", f"{signer.lapsed} ({signer.fingerprint})", hint=_WAYS_ON)


def _openpgp(
    data: bytes, signature: bytes, policy: Policy, read_file: ReadFile, by: str, keyrings: openpgp.Keyrings | None
) -> openpgp.Verified:
    """Verify with the keys of `by`, then with everybody else's: one person's bad file is nobody else's matter."""
    own = {key.file for handle, key in policy.keys.values() if key.openpgp and handle == by}
    others = {key.file for _, key in policy.keys.values() if key.openpgp} - own
    if not own and not others:
        raise SignatureProblem("AU217", f"policy version {policy.version} has no OpenPGP key")
    unknown: SignatureProblem | None = None
    with ExitStack() as stack:
        rings = keyrings if keyrings is not None else stack.enter_context(openpgp.Keyrings())
        for files in filter(None, (own, others)):
            rings.asked |= files
            blobs = tuple(dict.fromkeys(blob for file in sorted(files) for blob in read_file(file)))
            missing = [file for file in sorted(files) if not read_file(file)]
            ring, problems = rings.ring(blobs)
            try:
                return rings.examine(signature, data, ring)
            except SignatureProblem as problem:
                if problem.code != "AU217":
                    raise
                if unknown is None or not unknown.hint:
                    why = f"the key file {missing[0]} is missing: land it again" if missing else problem.hint
                    why = f"a key file cannot be used: {problems[0].message}" if problems and not missing else why
                    unknown = SignatureProblem(problem.code, problem.message, hint=why)
    assert unknown is not None  # noqa: S101  both rounds end in a return or here; for the type checker
    raise unknown


CODES = (
    Code(
        "AU217",
        "signature-by-stranger",
        "A record is signed by a key that nobody in the policy has. "
        "The key must stand in the policy of the step before the record. Keys of the verifier's own keyring, agent or"
        " allowed-signers file don't count.",
        "A good signature tells which key signed; only the policy tells whose key that is.",
        "An admin lands the key first, in a step of its own (`pmctl people add`); then the person acts again.",
        "A new colleague approves before their key has landed.",
    ),
    Code(
        "AU220",
        "compromised-key",
        "A record is signed with a key that is compromised since a step that the policy names.",
        "Somebody else may have made it.",
        "Ask the person. Act again with a new key, or accept the record with a waiver.",
        "a key from a stolen laptop",
    ),
)
