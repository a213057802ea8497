"""Find the SSH key that a person signs with, from git's configuration or `~/.ssh`, without its private half.

git's configuration + home -> `signing_key` -> a public key and the file to give to ssh-keygen. `repository.signing`
signs with it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pmctl.errors import EnvironmentProblem
from pmctl.policy.keys import KeyProblem, PublicKey, WireProblem, decode, public_key, take_string
from pmctl.text import did_you_mean

LARGEST_KEY_FILE = 64 * 1024  # bytes

# ssh's own order (ssh_config(5), IdentityFile), without DSA.
DEFAULT_FILES = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")

_OPENSSH_PRIVATE = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END OPENSSH PRIVATE KEY-----"
)
_MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An SSH key to sign with. `public` is `type base64`; `source` says where it was found, for people.

    `file` is the private or public key file; None when only the agent has the key.
    """

    public: str
    file: Path | None
    source: str

    @property
    def hardware(self) -> bool:
        """True when signing needs a touch: tell the person before it starts."""
        return self.public.startswith("sk-")


def signing_key(config: Mapping[str, str], home: Path, *, explicit: str = "") -> SigningKey:
    """Find the SSH key to sign with: `explicit`, else git's `user.signingkey`, else `~/.ssh/id_*`.

    `config` maps lower-case names of git's settings to their values. A key may be given as a path (to either
    half) or as a literal public key, for one that only the agent has. Raises EnvironmentProblem.
    """
    if explicit:
        return _named_key(explicit, home, "the key that you named")
    configured = config.get("user.signingkey", "")
    if configured and config.get("gpg.format", "").lower() == "ssh":
        return _named_key(configured, home, "git config user.signingkey")
    folder = home / ".ssh"
    others = sorted(path.name for path in folder.glob("id_*") if path.suffix != ".pub")
    names = [*DEFAULT_FILES, *(name for name in others if name not in DEFAULT_FILES)]
    for name in names:
        file = folder / name
        if file.is_file() or file.with_name(name + ".pub").is_file():
            try:
                return SigningKey(public_half(file).line, file, f"~/.ssh/{name}")
            except EnvironmentProblem:
                if name in DEFAULT_FILES:
                    raise
    raise EnvironmentProblem(
        "there is no SSH key to sign with",
        hint="make one: ssh-keygen -t ed25519; then: git config --global gpg.format ssh"
        " && git config --global user.signingkey ~/.ssh/id_ed25519",
    )


def _named_key(value: str, home: Path, source: str) -> SigningKey:
    """A key given as a literal public key (`key::TYPE BASE64`, or the line itself) or as a path to either half."""
    literal = value.removeprefix("key::")
    if literal != value or re.match(r"(?:sk-)?(?:ssh|ecdsa)-\S+\s", value):
        try:
            return SigningKey(public_key(literal).line, None, source)
        except KeyProblem as error:
            raise EnvironmentProblem(f"{source} is not usable: {error.message}", hint=error.hint) from error
    file = home / value[2:] if value.startswith("~/") else Path(value).absolute()
    try:
        return SigningKey(public_half(file).line, file, f"{source} ({file})")
    except EnvironmentProblem as error:
        raise EnvironmentProblem(f"{source}: {error.message}", hint=error.hint) from error


def public_half(file: Path) -> PublicKey:
    """The public key that belongs to a key file, read without its passphrase; raises EnvironmentProblem.

    A private file in OpenSSH's own format carries its public half in the clear (PROTOCOL.key); for the older
    formats the .pub file beside it is needed.
    """
    candidates = [file] if file.suffix == ".pub" else [file, file.with_name(file.name + ".pub")]
    missing = 0
    for candidate in candidates:
        try:
            with candidate.open("rb") as stream:
                data = stream.read(LARGEST_KEY_FILE)
        except FileNotFoundError:
            missing += 1
            continue
        except PermissionError:
            if candidate is not candidates[-1]:
                continue
            raise EnvironmentProblem(f"you may not read {candidate}", hint=f"check it: ls -l {candidate}") from None
        except OSError as error:
            raise EnvironmentProblem(f"the key {candidate} cannot be read: {error.strerror}") from error
        if b"PRIVATE KEY-----" in data:
            found = _public_inside(data, candidate)
            if found is not None:
                return found
            continue
        try:
            return public_key(data.decode("utf-8", "replace").strip())
        except KeyProblem as error:
            raise EnvironmentProblem(f"{candidate}: {error.message}", hint=error.hint) from error
    if missing == len(candidates):
        raise EnvironmentProblem(
            f"there is no key at {file}",
            hint=nearest_key(file) or f"make one: ssh-keygen -t ed25519 -f {file.with_suffix('')}",
        )
    raise EnvironmentProblem(
        f"the public half of {file} is missing", hint=f"write it: ssh-keygen -y -f {file} > {file}.pub"
    )


def nearest_key(missing: Path) -> str:
    """`did you mean jane.pub?` for a public key that is not there, "" when none with such a name lies beside it."""
    return did_you_mean(missing.name, (one.name for one in sorted(missing.parent.glob("*.pub"))))


def _public_inside(data: bytes, file: Path) -> PublicKey | None:
    """The public half inside a private key of OpenSSH's format; None for other formats."""
    match = _OPENSSH_PRIVATE.search(data)
    if match is None:
        return None
    try:
        blob = base64.b64decode(match[1])
        if not blob.startswith(_MAGIC):
            return None
        at = len(_MAGIC)
        for _ in ("cipher", "key derivation", "its options"):
            _, at = take_string(blob, at)
        found, _ = take_string(blob, at + 4)  # behind the number of keys
        return decode(found)
    except (ValueError, WireProblem):
        return None
    except KeyProblem as error:
        raise EnvironmentProblem(f"{file}: {error.message}", hint=error.hint) from error
