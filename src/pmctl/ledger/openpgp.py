"""OpenPGP signatures, verified by gpg in a private, temporary home that holds only the keys it is given.

public key files + armored detached signature + message -> the primary key's fingerprint, or a SignatureProblem. The
user's own keyring, configuration, agent and network take no part. The machine-readable status lines decide, never
the exit code alone and never a sentence meant for people.

Status lines: GnuPG's doc/DETAILS. gpg costs some milliseconds a signature, for starting it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pmctl.codes import Code
from pmctl.errors import EnvironmentProblem, advise
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.text import safe

BEGIN = b"-----BEGIN PGP SIGNATURE-----"
END = b"-----END PGP SIGNATURE-----"
LARGEST_SIGNATURE = 16 * 1024  # bytes
LARGEST_KEY = 256 * 1024  # bytes; a key with many certifications, stripped with `gpg --export-options export-minimal`
MINIMUM_RSA_BITS = 2048
_MOST_RINGS = 32  # kept at a time; each is a folder
PATIENCE = 30.0  # seconds for one run of gpg

_fingerprint = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}").fullmatch

# RFC 9580, sections 9.1 and 9.5: what may sign, and over which digest. No DSA, no SHA-1, no SHA-224.
_RSA = ("1", "3")
_ALGORITHMS = (*_RSA, "19", "22", "27", "28")  # RSA, ECDSA, EdDSA, Ed25519, Ed448
_DIGESTS = ("8", "9", "10", "12", "14")  # SHA2-256, -384, -512, SHA3-256, -512

# Any of these makes the verdict "no", whatever else gpg says. Of GOODSIG, BADSIG, ERRSIG and the three EXP and REV
# words gpg gives exactly one for each signature; KEYEXPIRED is not looked at, since it also tells of subkeys that
# did not sign.
_FATAL = {
    "BADSIG": ("AU214", "the OpenPGP signature does not fit the signed text"),
    "ERRSIG": ("AU214", "the OpenPGP signature cannot be verified"),
    "REVKEYSIG": ("AU216", "the OpenPGP key that signed is revoked"),
    "EXPKEYSIG": ("AU216", "the OpenPGP key that signed has expired"),
    "EXPSIG": ("AU216", "the OpenPGP signature has expired"),
    "FAILURE": ("AU211", "gpg could not read the OpenPGP signature"),
    "NODATA": ("AU211", "there is no OpenPGP signature in the signature file"),
    "UNEXPECTED": ("AU211", "the OpenPGP signature is damaged"),
    "PLAINTEXT": ("AU211", "the signature file holds something else than a detached signature"),
}
# The reasons that ERRSIG gives (its sixth field).
_REASONS = {
    "4": ("AU213", "the OpenPGP signature is of a kind that gpg cannot verify"),
    "5": ("AU213", "the OpenPGP signature rests on a weak or unknown digest, such as SHA-1"),
    "9": ("AU217", "the OpenPGP signature was made by a key that the policy does not have"),
}
# A good signature, by a key that may not be used any more at today's date.
_LAPSED = ("REVKEYSIG", "EXPKEYSIG")
_FIX_EXPIRED = advise("extend-key")


@dataclass(frozen=True, slots=True)
class Keyring:
    """A private gpg home that holds some public keys. `fingerprints` are those of the primary keys, `moments` the times
    at which one of the keys begins or ends to be valid, `at` the moment at which they are judged, None for now."""

    home: Path
    fingerprints: tuple[str, ...]
    moments: tuple[int, ...] = ()
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A good signature: the primary key's fingerprint (upper-case hex), and why the key may not be used any more
    ('' while it may): it has expired or is revoked at today's date. `moments` are when it was made, and when it
    expires."""

    fingerprint: str
    lapsed: str = ""
    moments: tuple[int, ...] = ()


class Unanswered(SignatureProblem):
    """gpg did not answer in time: no verdict, and not one to remember."""


class Keyrings:
    """Keyrings by the files that they are made of, kept while many signatures are verified; a context manager.

    Keys expire, so that a verdict is one of a moment: `now`, in seconds since the epoch. `until` is the first moment
    after it at which one of the verdicts may be another (0: never), `asked` are the paths of the key files that they
    rest on. Whoever remembers a verdict remembers these.
    """

    def __init__(self, now: int | None = None) -> None:
        self.now = int(time.time()) if now is None else now
        self.until = 0
        self.asked: set[str] = set()
        self._faked = now
        self._kept: dict[tuple[bytes, ...], tuple[ExitStack, Keyring, tuple[SignatureProblem, ...]]] = {}

    def __enter__(self) -> Keyrings:
        return self

    def __exit__(self, *_: object) -> None:
        while self._kept:
            self._kept.popitem()[1][0].close()

    def ring(self, keys: tuple[bytes, ...]) -> tuple[Keyring, tuple[SignatureProblem, ...]]:
        """The keyring of those files that hold a public key, and what is wrong with the others.

        Raises EnvironmentProblem without gpg.
        """
        if keys not in self._kept:
            if len(self._kept) >= _MOST_RINGS:
                self._kept.pop(next(iter(self._kept)))[0].close()
            problems: list[SignatureProblem] = []
            stack = ExitStack()
            ring = stack.enter_context(keyring(keys, problems, self._faked))
            self._kept[keys] = (stack, ring, tuple(problems))
            self.holds_until(*ring.moments)
            if any(isinstance(one, Unanswered) for one in problems):
                self.until = self.now
        _, ring, found = self._kept[keys]
        return ring, found

    def examine(self, armored: bytes, message: bytes, ring: Keyring) -> Verified:
        """`examine`, noting until when the verdict holds."""
        try:
            found = examine(armored, message, ring)
        except Unanswered:
            self.until = self.now  # no moment longer
            raise
        self.holds_until(*found.moments)
        return found

    def holds_until(self, *moments: int) -> None:
        """At these moments a verdict may become another."""
        for moment in moments:
            if moment > self.now and (not self.until or moment < self.until):
                self.until = moment


@contextmanager
def keyring(
    keys: Iterable[bytes], problems: list[SignatureProblem] | None = None, at: int | None = None
) -> Iterator[Keyring]:
    """A temporary keyring of exactly these public key files (armored or binary), gone when the block ends.

    Several versions of one key merge: pass the newest as well, so that an extended expiry or a revocation
    counts. Raises EnvironmentProblem without gpg, SignatureProblem (AU213) for a file that holds no public key;
    with `problems` such a file is left out and what is wrong with it is added there.
    """
    with tempfile.TemporaryDirectory(prefix="pmctl-gpg-") as folder:
        home = Path(folder)
        for key in keys:
            try:
                _import(home, key)
            except SignatureProblem as problem:
                if problems is None:
                    raise
                problems.append(problem)
        rows = _colons(home)
        yield Keyring(home, tuple(_primary_fingerprints(rows)), tuple(_moments(rows)), at)


def _import(home: Path, key: bytes) -> None:
    """Take one public key file into a keyring; raises SignatureProblem for anything else."""
    if len(key) > LARGEST_KEY:
        raise SignatureProblem(
            "AU213",
            f"the OpenPGP key file is larger than {LARGEST_KEY} bytes",
            hint="export it with: gpg --armor --export-options export-minimal --export FINGERPRINT",
        )
    if b"PRIVATE KEY BLOCK" in key:
        raise SignatureProblem("AU213", "the OpenPGP key file holds a private key")
    lines, _ = _gpg(home, ("--import",), key)
    if not any(words[0] == "IMPORT_OK" for words in lines):
        raise SignatureProblem(
            "AU213",
            "the key file holds no OpenPGP public key that gpg accepts",
            hint="look at it with: gpg --show-keys FILE; a key whose own signatures rest on SHA-1 is renewed"
            " with: gpg --cert-digest-algo SHA512 --quick-set-expire FINGERPRINT 2y",
        )


def verify(armored: bytes, message: bytes, ring: Keyring) -> str:
    """Verify one detached signature with the keys of `ring`; returns the primary key's fingerprint (upper-case hex).

    Raises SignatureProblem for anything but one good signature by one valid, strong key.
    """
    found = examine(armored, message, ring)
    if found.lapsed:
        raise SignatureProblem("AU216", found.lapsed, hint=_FIX_EXPIRED)
    return found.fingerprint


def examine(armored: bytes, message: bytes, ring: Keyring) -> Verified:
    """The same as `verify`, but a good signature by a key that has expired or is revoked is told, not refused."""
    _check_armor(armored)
    signature = ring.home / "signature.asc"
    signature.write_bytes(armored)
    faked = () if ring.at is None else ("--faked-system-time", f"{ring.at}!")
    lines, errors = _gpg(ring.home, (*faked, "--verify", "--", str(signature), "-"), message)
    lapsed = next((words[0] for words in lines if words[0] in _LAPSED), "")
    for words in lines:
        if words[0] in _FATAL and words[0] not in _LAPSED:
            reason = words[6] if words[0] == "ERRSIG" and len(words) > 6 else ""
            code, text = _REASONS.get(reason, _FATAL[words[0]])
            raise SignatureProblem(code, text, hint=_FIX_EXPIRED if code == "AU216" else "")
    good = lapsed or "GOODSIG"
    count = {word: sum(words[0] == word for words in lines) for word in ("NEWSIG", good, "VALIDSIG")}
    count["any"] = sum(words[0] in (*_LAPSED, "GOODSIG") for words in lines)
    if set(count.values()) != {1}:
        why = "it holds more than one signature" if max(count.values()) > 1 else "gpg finds no good one"
        raise SignatureProblem("AU214", f"the OpenPGP signature does not count: {why}", hint=errors)
    valid = next(words for words in lines if words[0] == "VALIDSIG")
    # VALIDSIG: fingerprint, date, when it was made, when it expires (0: never).
    moments = tuple(int(word) for word in valid[3:5] if word.isdigit())
    return Verified(_strong_enough(valid[1:], ring), _FATAL[lapsed][1] if lapsed else "", moments)


def _strong_enough(fields: list[str], ring: Keyring) -> str:
    """The primary fingerprint of a VALIDSIG line whose key and digest are strong enough."""
    if len(fields) < 10 or not _fingerprint(fields[0]) or not _fingerprint(fields[9]):
        raise EnvironmentProblem("gpg answers in a way that pmctl does not know", hint="use GnuPG 2.2 or newer")
    signing, algorithm, digest, kind, primary = fields[0], fields[6], fields[7], fields[8], fields[9]
    if kind != "00":  # RFC 9580, section 5.2.1: a signature of a binary document
        raise SignatureProblem("AU213", "the OpenPGP signature is of another kind than a document's")
    if digest not in _DIGESTS:
        raise SignatureProblem("AU213", "the OpenPGP signature rests on a weak digest (SHA-1 or older)")
    if algorithm not in _ALGORITHMS:
        raise SignatureProblem("AU213", "the OpenPGP key is of a kind that pmctl does not accept (DSA or unknown)")
    if algorithm in _RSA:
        bits = _bits(_colons(ring.home), signing)
        if bits < MINIMUM_RSA_BITS:
            raise SignatureProblem("AU213", f"the OpenPGP RSA key has {bits} bits; {MINIMUM_RSA_BITS} are needed")
    if primary not in ring.fingerprints:
        raise SignatureProblem(*_REASONS["9"])
    return primary


def _check_armor(armored: bytes) -> None:
    """Exactly one armored block and nothing around it, so that gpg sees what a person sees."""
    if len(armored) > LARGEST_SIGNATURE:
        raise SignatureProblem("AU211", f"the signature is larger than {LARGEST_SIGNATURE} bytes")
    text = armored.replace(b"\r\n", b"\n")
    if (
        not text.startswith(BEGIN + b"\n")
        or not text.rstrip(b"\n").endswith(b"\n" + END)
        or text.count(b"-----BEGIN") != 1
        or text.count(b"-----END") != 1
    ):
        raise SignatureProblem("AU211", "the signature is not exactly one armored OpenPGP signature")


def _colons(home: Path) -> list[list[str]]:
    """`gpg --list-keys --with-colons`, as fields (GnuPG's doc/DETAILS, "Format of the colon listings")."""
    completed = _run(home, ("--with-colons", "--fixed-list-mode", "--list-keys"), b"")
    return [line.split(":") for line in completed.stdout.decode("utf-8", "replace").splitlines()]


def _primary_fingerprints(rows: list[list[str]]) -> Iterator[str]:
    for before, row in pairwise(rows):
        if before[0] == "pub" and row[0] == "fpr":
            yield row[9]


def _moments(rows: list[list[str]]) -> Iterator[int]:
    """When the keys were made and when they expire (fields 6 and 7)."""
    for row in rows:
        if row[0] in ("pub", "sub"):
            yield from (int(field) for field in row[5:7] if field.isdigit())


def _bits(rows: list[list[str]], fingerprint: str) -> int:
    """The size of the primary or subkey with this fingerprint; 0 when it is not there."""
    for before, row in pairwise(rows):
        if before[0] in ("pub", "sub") and row[0] == "fpr" and row[9] == fingerprint:
            return int(before[2]) if before[2].isdigit() else 0
    return 0


def _gpg(home: Path, arguments: tuple[str, ...], data: bytes) -> tuple[list[list[str]], str]:
    """Run gpg; returns its status lines as words, and its last message for people."""
    completed = _run(home, ("--status-fd", "1", *arguments), data)
    prefix = "[GNUPG:] "
    text = completed.stdout.decode("utf-8", "replace").splitlines()
    lines = [line.removeprefix(prefix).split() for line in text if line.startswith(prefix)]
    said = completed.stderr.decode("utf-8", "replace").strip().splitlines()
    last = safe(said[-1]) if said else ""
    return [words for words in lines if words], last


def _run(home: Path, arguments: tuple[str, ...], data: bytes) -> subprocess.CompletedProcess[bytes]:
    """gpg with nothing of this machine's or person's set-up: no options file, agent, network or environment."""
    program = shutil.which("gpg")
    if program is None:
        raise EnvironmentProblem(
            "gpg is not installed, and the policy has an OpenPGP key to verify with", hint="install GnuPG 2.2 or newer"
        )
    command = [
        program,
        "--homedir",
        str(home),
        "--no-options",
        "--batch",
        "--no-tty",
        "--quiet",
        "--no-autostart",
        "--no-permission-warning",
        "--disable-dirmngr",
        "--no-auto-key-retrieve",
        "--no-auto-check-trustdb",
        "--trust-model",
        "always",
        "--weak-digest",
        "SHA1",
        *arguments,
    ]
    environment = {"PATH": os.defpath, "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}
    try:
        return subprocess.run(
            command, input=data, capture_output=True, env=environment, timeout=PATIENCE, check=False, cwd=home
        )
    except subprocess.TimeoutExpired as error:
        # What keeps gpg busy for so long is what it was given: one file must not end the whole audit.
        raise Unanswered("AU213", f"gpg did not answer within {PATIENCE:.0f} seconds") from error
    except OSError as error:
        raise EnvironmentProblem(f"gpg cannot be started: {error.strerror}") from error


CODES = (
    Code(
        "AU216",
        "openpgp-key-out-of-use",
        "The OpenPGP key or signature has expired or is revoked. "
        "Expiry and revocation are taken from the key's file beside the policy and at the tip, at today's date: the"
        " time that a signature states is a claim. Once a policy has the key as retired, neither is looked at any"
        " more.",
        "Whoever finds an expired key could otherwise backdate an approval.",
        "The person extends the key (`gpg --quick-set-expire`) and lands its public half in the same file, or an admin"
        " retires it (`pmctl people revoke`): what it signed before that stays.",
        "An approval by a key that expired last week.",
    ),
)
