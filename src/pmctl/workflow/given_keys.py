"""Public keys as people give them: a line, the path of a .pub file, or an armored OpenPGP key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pmctl.errors import UsageProblem
from pmctl.policy.keys import KeyProblem, normalise
from pmctl.policy.model import Key
from pmctl.policy.reading import SIZE_LIMIT
from pmctl.repository.signing_keys import nearest_key, public_half
from pmctl.repository.transaction import Write


@dataclass(frozen=True, slots=True)
class GivenKey:
    """A public key as somebody gave it: its entry for the policy, and the file that has to stand beside it."""

    key: Key
    file: Write | None = None


def read_key(value: str, handle: str) -> GivenKey:
    """The public key in `value`: the line itself, or the path of a .pub file or of an armored OpenPGP key.

    A path of a private key is taken for the .pub file beside it. Raises UsageProblem for anything else.
    """
    path = Path(value)
    looks_like_key = value.startswith(("ssh-", "ecdsa-", "sk-"))
    if looks_like_key or not path.is_file():
        try:
            return GivenKey(Key(normalise(value)))
        except KeyProblem as problem:
            if looks_like_key:
                raise UsageProblem(f"--key {value[:60]}: {problem.message}", hint=problem.hint) from None
            message = f"--key {value[:60]}: there is no such file, and {problem.message}"
            raise UsageProblem(message, hint=nearest_key(path) or problem.hint) from None
    data = path.read_bytes()[: SIZE_LIMIT + 1]
    if b"BEGIN PGP PUBLIC KEY BLOCK" in data:
        return _openpgp(data, handle, value)
    from pmctl.errors import EnvironmentProblem

    try:
        return GivenKey(Key(public_half(path).line))
    except EnvironmentProblem as problem:
        raise UsageProblem(f"--key {value}: {problem.message}", hint=problem.hint) from None


def _openpgp(data: bytes, handle: str, shown: str) -> GivenKey:
    from pmctl.ledger import openpgp
    from pmctl.ledger.sshsig import SignatureProblem

    try:
        with openpgp.keyring([data]) as ring:
            found = ring.fingerprints
    except SignatureProblem as problem:
        raise UsageProblem(f"--key {shown}: {problem.message}", hint=problem.hint) from None
    if len(found) != 1:
        raise UsageProblem(f"--key {shown}: it holds {len(found)} keys", hint="export one: gpg --armor --export ID")
    file = f".pmctl/keys/{handle}-{found[0][-16:].lower()}.asc"
    return GivenKey(Key(f"openpgp {found[0]}", file=file), Write(file, data))
