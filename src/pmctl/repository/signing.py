"""Sign records as the person who acts, with the key and the tools that they sign commits with.

git's configuration + surroundings -> `signer` -> `ssh-keygen -Y sign`, so that agents, passphrases and hardware keys
work as they do for git -> an armored signature, verified before it is handed out. People whose policy key is an OpenPGP
one sign through gpg. No private key is ever read here, and only `make_key` makes one.

Behaviour of ssh-keygen: ssh-keygen(1), -Y sign: a key file, or a public key whose private half the agent has.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.ledger import openpgp, sshsig
from pmctl.policy.keys import fingerprint
from pmctl.repository.signing_keys import SigningKey, nearest_key, public_half, signing_key
from pmctl.surroundings import Surroundings
from pmctl.text import safe, safe_block

OLDEST_OPENSSH = (8, 2)
UNATTENDED_PATIENCE = 60.0  # seconds; with a person at the terminal there is no limit

# What ssh-keygen says when it fails -> what is wrong, and the next thing to do. The first that fits counts.
_FAILURES = (
    (
        r"unknown option|illegal option|unsupported (operation|argument) for -Y",
        "this ssh-keygen is too old to sign",
        "install OpenSSH 8.2 or newer (`ssh -V` tells the version)",
    ),
    (
        r"UNPROTECTED PRIVATE KEY|bad permissions|are too open",
        "other people can read the private key {file}, so ssh-keygen does not use it",
        "chmod 600 {file}",
    ),
    (
        r"incorrect passphrase|bad passphrase|bad decrypt",
        "the passphrase of {file} is wrong or was not given",
        "try again at a terminal, or load the key first: ssh-add {file}",
    ),
    (
        r"mismatch|doesn't match|not match",
        "{file} and its .pub file are different keys",
        "write it anew: ssh-keygen -y -f {file}",
    ),
    (
        r"agent refused|communication with agent|Couldn't get agent",
        "the ssh agent cannot sign with {file}",
        "load the key: ssh-add {file}  (`ssh-add -L` lists what the agent has)",
    ),
    (r"device not found|no FIDO|Security ?Key|\bPIN\b", "the hardware key did not sign", "plug it in and touch it"),
    (r"Permission denied", "the private key {file} cannot be read", "check who owns it: ls -l {file}"),
    (
        r"No private key found|No such file",
        "there is no private key for {file}, neither as a file nor in the agent",
        "load it into the agent (ssh-add), or name another: git config user.signingkey PATH",
    ),
)


class Signer(Protocol):
    """Whoever can sign a record: `key` as the policy writes it, `type base64` or an OpenPGP fingerprint."""

    @property
    def key(self) -> str:
        """The public key's normal form."""

    def sign(self, message: bytes, namespace: str) -> bytes:
        """An armored, verified signature; raises EnvironmentProblem."""

    def git_arguments(self) -> tuple[str, ...]:
        """What goes between `git` and `commit -S` so that the commit is signed with the same key."""


@dataclass(frozen=True, slots=True)
class SshSigner:
    """Signs with an SSH key."""

    signing_key: SigningKey
    surroundings: Surroundings

    @property
    def key(self) -> str:
        return self.signing_key.public

    def sign(self, message: bytes, namespace: str) -> bytes:
        return sign(self.signing_key, message, namespace, self.surroundings)

    def git_arguments(self) -> tuple[str, ...]:
        return git_config_arguments(self.signing_key)


@dataclass(frozen=True, slots=True)
class OpenPgpSigner:
    """Signs with the OpenPGP key of this primary fingerprint (upper-case hex), through the person's own gpg."""

    key: str
    surroundings: Surroundings

    def sign(self, message: bytes, namespace: str) -> bytes:
        return sign_openpgp(self.key, message, self.surroundings)

    def git_arguments(self) -> tuple[str, ...]:
        settings = ("gpg.format=openpgp", f"user.signingkey={self.key}", "gpg.program=gpg")
        return tuple(word for setting in settings for word in ("-c", setting))


def signer(config: Mapping[str, str], surroundings: Surroundings, *, openpgp_key: str = "") -> Signer:
    """How the person of this git configuration signs; raises EnvironmentProblem when they have no key.

    `openpgp_key` is the fingerprint that the policy has for the person. It is used when git signs with OpenPGP
    (`gpg.format` is `openpgp` or unset).
    """
    if openpgp_key and config.get("gpg.format", "openpgp").lower() == "openpgp":
        return OpenPgpSigner(openpgp_key.upper(), surroundings)
    return SshSigner(signing_key(config, surroundings.home), surroundings)


def sign(key: SigningKey, message: bytes, namespace: str, surroundings: Surroundings) -> bytes:
    """Sign `message` with ssh-keygen; returns the armored signature, already verified to be this key's.

    Where somebody is there to be asked, ssh-keygen may ask at the terminal or through SSH_ASKPASS. Raises
    EnvironmentProblem with the next step; the private files that it needs in between are gone on every way out.
    """
    with tempfile.TemporaryDirectory(prefix="pmctl-sign-") as name:
        folder = Path(name)
        to_sign = folder / "message"
        to_sign.write_bytes(message)
        file = key.file
        if file is None:
            file = folder / "key.pub"
            file.write_text(key.public + "\n", encoding="ascii")
        # Not through standard input: ssh-keygen asks for a passphrase there, and not at all when it is a pipe.
        command = ["ssh-keygen", "-Y", "sign", "-f", str(file.absolute()), "-n", namespace, "--", str(to_sign)]
        shown = str(key.file) if key.file else fingerprint(key.public)
        said = _run_ssh_keygen(command, shown, surroundings, hardware=key.hardware)
        try:
            armored = (folder / "message.sig").read_bytes()
        except OSError as error:
            raise EnvironmentProblem(f"ssh-keygen wrote no signature: {said}") from error
    try:
        verified = sshsig.verify(armored, message, namespace)
    except sshsig.SignatureProblem as error:
        raise EnvironmentProblem(f"the new signature is not accepted: {error.message}", hint=error.hint) from error
    if verified.key != key.public:
        raise EnvironmentProblem(
            f"ssh-keygen signed with {verified.fingerprint}, not with {fingerprint(key.public)}",
            hint=f"{shown} and its .pub file are different keys; write the .pub file anew with: ssh-keygen -y",
        )
    return armored


def sign_openpgp(primary: str, message: bytes, surroundings: Surroundings) -> bytes:
    """Sign with the person's own gpg and keyring; returns the armored signature, already verified.

    `primary` is the fingerprint of the primary key; gpg picks the subkey that signs.
    Raises EnvironmentProblem: no gpg, no such key, an expired or revoked one, an aborted passphrase.
    """
    environment = dict(surroundings.environ)
    with _terminal(surroundings.interactive) as terminal:
        if terminal is not None and "GPG_TTY" not in environment:
            environment["GPG_TTY"] = os.ttyname(terminal)
    asking = [] if surroundings.interactive else ["--pinentry-mode", "error"]
    base = ["gpg", "--batch", "--quiet", "--armor"]
    armored = _run_gpg(
        [*base, "--digest-algo", "SHA512", *asking, "--local-user", primary, "--detach-sign"], message, environment
    )
    exported = _run_gpg([*base, "--export-options", "export-minimal", "--export", "--", primary], b"", environment)
    try:
        with openpgp.keyring([exported]) as ring:
            signed_by = openpgp.verify(armored, message, ring)
    except sshsig.SignatureProblem as error:
        raise EnvironmentProblem(f"the new signature is not accepted: {error.message}", hint=error.hint) from error
    if signed_by != primary.upper():
        raise EnvironmentProblem(f"gpg signed with {signed_by}, not with {primary}")
    return armored


def git_config_arguments(key: SigningKey) -> tuple[str, ...]:
    """`-c` arguments with which `git commit -S` signs with this key and this machine's ssh-keygen."""
    if key.file is not None:
        value = str(key.file.absolute())
    else:
        # git 2.34 knows literal keys only when they start with `ssh-`; the `key::` form came with 2.35.
        value = key.public if key.public.startswith("ssh-") else f"key::{key.public}"
    settings = ("gpg.format=ssh", f"user.signingkey={value}", "gpg.ssh.program=ssh-keygen")
    return tuple(word for setting in settings for word in ("-c", setting))


def make_key(path: Path, comment: str, surroundings: Surroundings) -> SigningKey:
    """Make an ed25519 key without a passphrase at `path` (mode 600) and `path`.pub; returns it.

    Raises EnvironmentProblem when either file exists (also when another process makes it meanwhile), and UsageProblem
    for a name that ends in .pub: that is a public key's, mistyped, and a private key in it would be given away.
    """
    if path.suffix.lower() == ".pub":
        new = f"name a public key that is there, or a new key without .pub: {path.with_suffix('')}"
        raise UsageProblem(f"there is no public key {path}", hint=nearest_key(path) or new)
    public_path = path.with_name(path.name + ".pub")
    plain = safe(comment)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".pmctl-key-", dir=path.parent) as name:
            made = Path(name) / "key"
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", plain, "-f", str(made)]
            _run_ssh_keygen(command, str(path), replace(surroundings, interactive=False))
            os.link(made, path)  # fails when the file exists, unlike a rename
            try:
                os.link(made.with_suffix(".pub"), public_path)
            except OSError:
                path.unlink()
                raise
    except FileExistsError as error:
        raise EnvironmentProblem(
            f"there is a key at {path} already", hint="use it, or give another path for the new one"
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"the key cannot be written to {path}: {error.strerror}") from error
    return SigningKey(public_half(path).line, path, f"a new key ({path})")


def openssh() -> tuple[str, bool]:
    """What the OpenSSH on PATH calls itself ("OpenSSH_9.2p1 ..."; '' when there is none), and whether it is too old."""
    try:
        completed = subprocess.run(
            ["ssh", "-V"], capture_output=True, stdin=subprocess.DEVNULL, timeout=UNATTENDED_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", False
    name = _plain(completed.stderr + completed.stdout).partition(",")[0]
    found = re.search(r"OpenSSH\w*_(\d+)\.(\d+)", name)
    return name or "present", found is not None and (int(found[1]), int(found[2])) < OLDEST_OPENSSH


@contextmanager
def _terminal(interactive: bool) -> Iterator[int | None]:
    """The controlling terminal, opened for asking; None when there is none or nobody is to be asked."""
    if not interactive:
        yield None
        return
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _run_ssh_keygen(command: list[str], shown: str, surroundings: Surroundings, *, hardware: bool = False) -> str:
    """Run ssh-keygen; returns its messages, raises EnvironmentProblem when it fails.

    `shown` names the key in errors. A hardware key's messages go straight to the terminal: they ask for the touch.
    """
    environment = {**surroundings.environ, "LC_ALL": "C"}
    interactive = surroundings.interactive
    if not interactive:
        environment["SSH_ASKPASS_REQUIRE"] = "never"
        environment.pop("SSH_ASKPASS", None)
    try:
        with _terminal(interactive) as terminal:
            completed = subprocess.run(
                command,
                stdin=terminal if terminal is not None else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if hardware and terminal is not None else subprocess.PIPE,
                env=environment,
                timeout=None if interactive else UNATTENDED_PATIENCE,
                check=False,
                start_new_session=not interactive,
            )
    except FileNotFoundError as error:
        raise EnvironmentProblem("ssh-keygen is not installed", hint="install OpenSSH 8.2 or newer") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentProblem(
            f"ssh-keygen did not finish within {UNATTENDED_PATIENCE:.0f} seconds", hint="try again at a terminal"
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"ssh-keygen cannot be started: {error.strerror}") from error
    said = _plain(completed.stderr or b"")
    if completed.returncode != 0:
        raise _signing_problem(said, shown)
    return said.splitlines()[-1] if said else ""


def _signing_problem(said: str, shown: str) -> EnvironmentProblem:
    """ssh-keygen's complaint as an error with the next step."""
    for pattern, message, hint in _FAILURES:
        if re.search(pattern, said, re.IGNORECASE):
            return EnvironmentProblem(message.format(file=shown), hint=hint.format(file=shown))
    name, too_old = openssh()
    if too_old:
        return EnvironmentProblem(f"{name} is too old to sign", hint="install OpenSSH 8.2 or newer")
    last = said.splitlines()[-1] if said else "it does not say why"
    return EnvironmentProblem(f"ssh-keygen cannot sign with {shown}: {last}", hint="pmctl doctor")


def _run_gpg(command: list[str], data: bytes, environment: dict[str, str]) -> bytes:
    try:
        completed = subprocess.run(command, input=data, capture_output=True, env=environment, check=False)
    except FileNotFoundError as error:
        raise EnvironmentProblem(
            "gpg is not installed, and your key in the policy is an OpenPGP key",
            hint="install GnuPG 2.2 or newer, or have an SSH key added: pmctl people add",
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"gpg cannot be started: {error.strerror}") from error
    if completed.returncode != 0 or not completed.stdout:
        said = _plain(completed.stderr)
        last = said.splitlines()[-1] if said else "it does not say why"
        raise EnvironmentProblem(f"gpg cannot sign: {last}", hint="check: gpg --list-secret-keys")
    return completed.stdout


def _plain(said: bytes) -> str:
    """A program's messages without control characters."""
    return safe_block(said.decode("utf-8", "replace")).strip()
