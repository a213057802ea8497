"""SSH public keys as the policy writes them: one line in, one normal form and a fingerprint out.

A policy key line (`ssh-ed25519 AAAA... comment`) -> strict decoding of its wire form -> `type base64`, the
only spelling by which keys are compared. Pure arithmetic on bytes; nothing here verifies a signature.

Wire forms: RFC 4253 section 6.6 (RSA), RFC 5656 section 3.1 (ECDSA), RFC 8709 section 4 (Ed25519), and
OpenSSH's PROTOCOL.u2f (the hardware-backed `sk-` kinds).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from pmctl.errors import BadInput
from pmctl.text import in_ascii

MINIMUM_RSA_BITS = 2048
MAXIMUM_RSA_BITS = 16384  # what ssh-keygen makes at most; a larger one only costs time
LONGEST_LINE = 16 * 1024  # characters; an RSA key of 16384 bits takes about 2,800

CURVES = {"nistp256": 65, "nistp384": 97, "nistp521": 133}  # octets of an uncompressed point (SEC 1, 2.3.3)

KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)

_FIELD = 2**255 - 19
# The y coordinates of the eight Ed25519 points of small order (RFC 8032 gives the curve): a signature that
# everybody can make verifies under such a "key".
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)


class KeyProblem(BadInput):
    """A line is no SSH public key that pmctl accepts; the message says why, the hint what to do."""


class WireProblem(ValueError):
    """Bytes end early, or a field is not written the one way that its format allows."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One decoded key. `kind` is one of KINDS, `blob` the whole wire form.

    `point` holds the 32 octets of an Ed25519 key or the uncompressed point of an ECDSA key; `modulus` and
    `exponent` belong to RSA; `curve` to ECDSA (`nistp256`...); `application` to the sk- kinds (`ssh:`).
    """

    kind: str
    blob: bytes
    point: bytes = b""
    curve: str = ""
    modulus: int = 0
    exponent: int = 0
    application: bytes = b""

    @property
    def line(self) -> str:
        """The normal form: `type base64`, without a comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def fingerprint(self) -> str:
        """`SHA256:...` as `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def take_string(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a length-prefixed field (RFC 4251 `string`) at offset `at`; returns it and the offset behind it."""
    start = at + 4
    if start > len(data):
        raise WireProblem("it ends in the middle of a field")
    end = start + int.from_bytes(data[at:start], "big")
    if end > len(data):
        raise WireProblem("it ends in the middle of a field")
    return data[start:end], end


def take_integer(data: bytes, at: int) -> tuple[int, int]:
    """Read a positive RFC 4251 `mpint` in its shortest form; returns it and the offset behind it."""
    field, end = take_string(data, at)
    if not field or field[0] & 0x80:
        raise WireProblem("a number in it is not positive")
    if field[0] == 0 and (len(field) == 1 or not field[1] & 0x80):
        raise WireProblem("a number in it is not written in its shortest form")
    return int.from_bytes(field, "big"), end


def public_key(line: str) -> PublicKey:
    """Decode `type base64 [comment]`, as in a `.pub` file; raises KeyProblem for whatever is not exactly that."""
    if len(line) > LONGEST_LINE:
        raise KeyProblem("the key line is too long")
    text = line.strip(" \t\r\n")
    if any((ord(character) < 32 and character != "\t") or ord(character) == 127 for character in text):
        raise KeyProblem("the key must be a single line without control characters")
    parts = re.split(r"[ \t]+", text, maxsplit=2)
    if len(parts) < 2:
        raise KeyProblem(
            "this is not an SSH public key", hint="give the one line of a .pub file: TYPE BASE64 [COMMENT]"
        )
    kind, encoded = parts[0], parts[1]
    if kind not in KINDS:
        raise _unknown_kind(kind)
    try:
        blob = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise KeyProblem(f"the base64 of the {kind} key is damaged") from error
    if base64.b64encode(blob).decode("ascii") != encoded:
        raise KeyProblem(f"the base64 of the {kind} key is not in its normal form")
    key = decode(blob)
    if key.kind != kind:
        raise KeyProblem(f"the line says {kind}, but the key in it is of the kind {key.kind}")
    return key


@lru_cache(maxsize=1024)
def decode(blob: bytes) -> PublicKey:
    """Decode a key's wire form; raises KeyProblem for unknown kinds, weak, malformed or oversized keys."""
    try:
        name, at = take_string(blob, 0)
        kind = name.decode("ascii", "replace")
        if kind not in KINDS:
            raise _unknown_kind(kind)
        key, end = _fields(kind, blob, at)
    except WireProblem as error:
        raise KeyProblem(f"the key is damaged: {error}") from error
    if end != len(blob):
        raise KeyProblem(f"the {kind} key has {len(blob) - end} more bytes than it should")
    return key


def normalise(line: str) -> str:
    """`ssh-ed25519 AAAA... comment` -> `ssh-ed25519 AAAA...`; raises KeyProblem."""
    return public_key(line).line


def kind(line: str) -> str:
    """The key's type, one of KINDS; raises KeyProblem."""
    return public_key(line).kind


def fingerprint(line: str) -> str:
    """`SHA256:...` of a key line, as `ssh-keygen -l` prints it; raises KeyProblem."""
    return public_key(line).fingerprint


def _fields(kind: str, blob: bytes, at: int) -> tuple[PublicKey, int]:
    """The fields that follow the type; returns the key and the offset behind the last field."""
    if kind == "ssh-rsa":
        exponent, at = take_integer(blob, at)
        modulus, at = take_integer(blob, at)
        bits = modulus.bit_length()
        if bits < MINIMUM_RSA_BITS:
            raise KeyProblem(
                f"the RSA key has {bits} bits; at least {MINIMUM_RSA_BITS} are needed",
                hint="make a new key: ssh-keygen -t ed25519",
            )
        if bits > MAXIMUM_RSA_BITS:
            raise KeyProblem(f"the RSA key has {bits} bits; at most {MAXIMUM_RSA_BITS} are accepted")
        # Real keys have 65537 (old ones 3, 17, 35 or 37); a huge one only makes verifying slow.
        if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64 or modulus % 2 == 0:
            raise KeyProblem("the RSA key's numbers are not those of an RSA key")
        return PublicKey(kind, blob, modulus=modulus, exponent=exponent), at
    curve = ""
    if "ecdsa" in kind:
        name, at = take_string(blob, at)
        curve = name.decode("ascii", "replace")
        if curve not in CURVES or f"ecdsa-sha2-{curve}" not in kind:
            raise KeyProblem(f"the curve in the key does not belong to the kind {kind}")
    point, at = take_string(blob, at)
    if curve:
        if len(point) != CURVES[curve] or point[0] != 4:
            raise KeyProblem(f"the {kind} key is not an uncompressed point of its curve")
    else:
        _check_ed25519(kind, point)
    application = b""
    if kind.startswith("sk-"):
        application, at = take_string(blob, at)
        # ssh-keygen makes only such; any other would let a signature for a web site count as one for us.
        if not application.startswith(b"ssh:") or not application.isascii() or b"\0" in application:
            raise KeyProblem("the hardware key was made for something else than SSH")
    return PublicKey(kind, blob, point=point, curve=curve, application=application), at


def _check_ed25519(kind: str, point: bytes) -> None:
    """Raise KeyProblem unless the 32 octets can be a key that only its owner can sign with."""
    if len(point) != 32:
        raise KeyProblem(f"the {kind} key has {len(point)} octets instead of 32")
    y = int.from_bytes(point, "little") & (2**255 - 1)
    if y >= _FIELD or y in _SMALL_ORDER:
        raise KeyProblem(f"the {kind} key is one for which anybody can sign")


def _unknown_kind(kind: str) -> KeyProblem:
    """The error for a first word that names no accepted kind, with the likeliest reason."""
    shown = in_ascii(kind)
    if "-cert-v0" in kind:
        return KeyProblem(
            f"{shown} is a certificate, which pmctl does not accept", hint="give the plain public key instead"
        )
    if kind == "ssh-dss":
        return KeyProblem("ssh-dss keys are broken", hint="make a new key: ssh-keygen -t ed25519")
    return KeyProblem(
        f"unknown kind of key: {shown}",
        hint=f"a key line starts with one of {', '.join(KINDS)}, without options before it",
    )
