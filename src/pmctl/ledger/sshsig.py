"""OpenSSH detached signatures (SSHSIG), read strictly and verified in process.

armored signature + message + namespace -> `verify` -> the key that signed, or a SignatureProblem. Whether that key
may sign is the policy's business. Nothing that OpenSSH (`ssh-keygen -Y verify`) refuses is accepted here; where
the format leaves room (reserved bytes, padding, touch-free hardware keys), this module is the stricter one.

Format: OpenSSH's PROTOCOL.sshsig; signature blobs: RFC 8332 (RSA), RFC 5656 (ECDSA), RFC 8709 (Ed25519),
PROTOCOL.u2f (sk- kinds).
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from pmctl.codes import ACT_AGAIN, Code
from pmctl.errors import BadInput, EnvironmentProblem, Hint
from pmctl.policy.keys import KeyProblem, PublicKey, WireProblem, decode, take_integer, take_string

BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
END = b"\n-----END SSH SIGNATURE-----\n"
LARGEST = 16 * 1024  # bytes of armor; the largest real one (an RSA key of 16384 bits) has about 6 KiB
LONGEST_LINE = 76  # ssh-keygen wraps at 70, some agents' own signers at 76

MAGIC = b"SSHSIG"
VERSION = 1
USER_PRESENT = 0x01  # PROTOCOL.u2f: somebody touched the hardware key

_Verifier = Callable[[bytes, bytes], None]  # (signature, signed data); raises InvalidSignature


class SignatureProblem(BadInput):
    """A signature is missing something, malformed, weak or wrong. `code` is the audit finding's code."""

    def __init__(self, code: str, message: str, *, hint: Hint = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signature:
    """A decoded, unverified signature: what it says about itself.

    `algorithm` names the signature's own kind (`rsa-sha2-512`; otherwise the key's kind); `value` is its raw
    value (RSA and Ed25519 octets, or the two ECDSA numbers as DER); `flags` and `counter` belong to the sk- kinds.
    """

    key: PublicKey
    namespace: bytes
    hash_algorithm: str
    algorithm: str
    value: bytes
    flags: int = 0
    counter: int = 0


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """Who signed: `key` as `type base64`, `fingerprint` as `SHA256:...`."""

    key: str
    fingerprint: str


def verify(armored: bytes, message: bytes, namespace: str) -> VerifiedSignature:
    """Verify that `armored` signs exactly `message` in `namespace`; returns the signing key.

    Raises SignatureProblem (AU211 to AU215), or EnvironmentProblem when this machine's cryptography lacks the
    algorithm altogether.
    """
    signature = parse(armored)
    if signature.namespace != namespace.encode("utf-8"):
        shown = ascii(signature.namespace.decode("utf-8", "replace")[:60])
        raise SignatureProblem("AU212", f"the signature was made for {shown}, not for {namespace!r}")
    if signature.key.application and not signature.flags & USER_PRESENT:
        raise SignatureProblem(
            "AU215",
            "the hardware key signed without anybody touching it",
            hint="use a key that was made without -O no-touch-required",
        )
    signed = _signed_data(signature, message)
    identity, check = _loaded(signature.key.blob, signature.algorithm)
    from cryptography.exceptions import InvalidSignature

    try:
        check(signature.value, signed)
    except InvalidSignature as error:
        raise SignatureProblem(
            "AU214", f"the signature by {identity.fingerprint} does not fit the signed text"
        ) from error
    except ValueError as error:  # numbers that the library refuses to calculate with
        raise SignatureProblem("AU214", "the signature cannot be calculated with") from error
    return identity


def parse(armored: bytes) -> Signature:
    """Decode an armored signature without verifying it; raises SignatureProblem (AU211, AU213)."""
    blob = _dearmor(armored)
    try:
        return _decode(blob)
    except WireProblem as error:
        raise SignatureProblem("AU211", f"the signature is damaged: {error}") from error
    except KeyProblem as error:
        raise SignatureProblem("AU213", f"the signature's key: {error.message}", hint=error.hint) from error


def _dearmor(armored: bytes) -> bytes:
    """The bytes between the BEGIN and END lines. One spelling is accepted, give or take the line length."""
    if not armored:
        raise SignatureProblem("AU211", "the signature is empty")
    if len(armored) > LARGEST:
        raise SignatureProblem("AU211", f"the signature is larger than {LARGEST} bytes")
    if not armored.startswith(BEGIN) or not armored.endswith(END):
        raise SignatureProblem(
            "AU211", "the signature is not exactly one BEGIN line, base64, one END line and a newline"
        )
    lines = armored[len(BEGIN) : -len(END)].split(b"\n")
    if any(not line or len(line) > LONGEST_LINE for line in lines):
        raise SignatureProblem("AU211", "the signature's armor has an empty or an overlong line")
    encoded = b"".join(lines)
    try:
        blob = binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error as error:
        raise SignatureProblem("AU211", "the signature's base64 is damaged") from error
    if binascii.b2a_base64(blob, newline=False) != encoded:
        raise SignatureProblem("AU211", "the signature's base64 is not in its normal form")
    return blob


def _decode(blob: bytes) -> Signature:
    """The fields of an SSHSIG blob, each in its only allowed form, with nothing behind the last."""
    if not blob.startswith(MAGIC) or len(blob) < len(MAGIC) + 4:
        raise SignatureProblem("AU211", "this is not an SSH signature")
    at = len(MAGIC) + 4
    version = int.from_bytes(blob[len(MAGIC) : at], "big")
    if version != VERSION:
        raise SignatureProblem("AU211", f"unknown version {version} of the signature format")
    key_blob, at = take_string(blob, at)
    namespace, at = take_string(blob, at)
    reserved, at = take_string(blob, at)
    hash_name, at = take_string(blob, at)
    inner, at = take_string(blob, at)
    if at != len(blob):
        raise WireProblem("there are bytes behind its end")
    if reserved:
        # OpenSSH skips this field, which no signature covers: anybody could write into it.
        raise SignatureProblem("AU211", "the signature's reserved field is not empty")
    if hash_name not in (b"sha256", b"sha512"):
        raise SignatureProblem("AU213", "the signature's hash algorithm is neither sha256 nor sha512")
    key = decode(key_blob)
    algorithm, value, flags, counter = _value(key, inner)
    return Signature(key, namespace, hash_name.decode("ascii"), algorithm, value, flags, counter)


def _value(key: PublicKey, inner: bytes) -> tuple[str, bytes, int, int]:
    """The signature proper: its algorithm, value, flags and counter; raises for one that the key cannot make."""
    name, at = take_string(inner, 0)
    algorithm = name.decode("ascii", "replace")
    expected = ("rsa-sha2-512", "rsa-sha2-256") if key.kind == "ssh-rsa" else (key.kind,)
    if algorithm == "ssh-rsa":
        raise SignatureProblem(
            "AU213", "the signature rests on SHA-1", hint="sign with OpenSSH 8.2 or newer, which uses rsa-sha2-512"
        )
    if algorithm not in expected:
        raise SignatureProblem("AU213", f"the signature's algorithm does not belong to a key of the kind {key.kind}")
    value, at = take_string(inner, at)
    flags = counter = 0
    if key.application:
        if at + 5 != len(inner):
            raise WireProblem("the hardware key's flags and counter are not where they should be")
        flags, counter, at = inner[at], int.from_bytes(inner[at + 1 :], "big"), at + 5
    if at != len(inner):
        raise WireProblem("there are bytes behind the signature's value")
    if key.curve:
        value = _ecdsa_value(value)
    elif key.modulus:
        octets = (key.modulus.bit_length() + 7) // 8
        if not value or len(value) > octets:
            raise WireProblem("the RSA value's length does not fit the key")
        value = value.rjust(octets, b"\0")  # RFC 8332, section 3: some signers leave out leading zeros
    elif len(value) != 64:
        raise WireProblem("the Ed25519 value has another length than 64 octets")
    return algorithm, value, flags, counter


def _ecdsa_value(field: bytes) -> bytes:
    """The two numbers of an ECDSA signature (RFC 5656, section 3.1.2), as the DER that cryptography takes."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, at = take_integer(field, 0)
    s, at = take_integer(field, at)
    if at != len(field):
        raise WireProblem("there are bytes behind the ECDSA numbers")
    return encode_dss_signature(r, s)


def _signed_data(signature: Signature, message: bytes) -> bytes:
    """The bytes that the key has signed: PROTOCOL.sshsig, and around them PROTOCOL.u2f for the sk- kinds."""
    digest = hashlib.new(signature.hash_algorithm, message).digest()
    fields = (signature.namespace, b"", signature.hash_algorithm.encode("ascii"), digest)
    data = MAGIC + b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    if not signature.key.application:
        return data
    return (
        hashlib.sha256(signature.key.application).digest()
        + bytes([signature.flags])
        + signature.counter.to_bytes(4, "big")
        + hashlib.sha256(data).digest()
    )


@lru_cache(maxsize=1024)
def _loaded(blob: bytes, algorithm: str) -> tuple[VerifiedSignature, _Verifier]:
    """The key ready to verify with. Cached: loading takes as long as verifying, and few keys sign many records."""
    from cryptography.exceptions import UnsupportedAlgorithm

    key = decode(blob)
    try:
        check = _verifier(key, algorithm)
    except UnsupportedAlgorithm as error:
        raise EnvironmentProblem(
            f"this machine's cryptography cannot verify {key.kind} signatures",
            hint="install pmctl with an unmodified `cryptography` package",
        ) from error
    except ValueError as error:
        raise SignatureProblem("AU213", f"the signature's {key.kind} key is not a valid key") from error
    return VerifiedSignature(key.line, key.fingerprint), check


def _verifier(key: PublicKey, algorithm: str) -> _Verifier:
    """A function that verifies (value, data) with the key; raises ValueError for an impossible key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    if key.modulus:
        rsa_key = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
        rsa_hash = hashes.SHA512() if algorithm == "rsa-sha2-512" else hashes.SHA256()
        return lambda value, data: rsa_key.verify(value, data, padding.PKCS1v15(), rsa_hash)
    if key.curve:
        curve, ec_hash = {
            "nistp256": (ec.SECP256R1, hashes.SHA256),
            "nistp384": (ec.SECP384R1, hashes.SHA384),
            "nistp521": (ec.SECP521R1, hashes.SHA512),
        }[key.curve]
        ec_key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), key.point)
        scheme = ec.ECDSA(ec_hash())
        return lambda value, data: ec_key.verify(value, data, scheme)
    return ed25519.Ed25519PublicKey.from_public_bytes(key.point).verify


_CHECK_BY_HAND = "ssh-keygen -Y verify -f allowed_signers -I alice -n pmctl-record-v1 -s X.json.sig < X.json"

CODES = (
    Code(
        "AU211",
        "signature-unreadable",
        "A signature file is damaged, or not exactly one signature. "
        "An SSH signature is one BEGIN line, base64, one END line, with every field in its only allowed form and"
        " nothing before, behind or in between; an OpenPGP one is a single armored block.",
        "Text that one program skips and another reads is where forgeries hide.",
        "If a transfer or an editor damaged it, restore it: `git restore --source COMMIT PATH.sig`. " + ACT_AGAIN,
        "-----BEGIN SSH SIGNATURE-----\nComment: signed by alice\n...",
    ),
    Code(
        "AU212",
        "signature-for-another-purpose",
        "A signature was made for something else than a record. "
        "An SSH signature names its purpose (the namespace). Only `pmctl-record-v1` counts.",
        "Otherwise a signature that somebody gave for a commit, a file or a login could be presented as an approval.",
        "Sign with pmctl, or with `ssh-keygen -Y sign -n pmctl-record-v1`.",
        'A signature in the namespace "git" beside an approve record.',
    ),
    Code(
        "AU213",
        "signature-weak",
        "A signature's key or algorithm is not accepted. "
        "Accepted are Ed25519, RSA from 2048 bits with SHA-2, ECDSA on the NIST curves, the hardware-backed sk- kinds,"
        " and OpenPGP keys of these algorithms. Certificates, DSA, SHA-1 and keys that anybody can sign for are not.",
        "A signature that can be forged proves nothing.",
        "Make a key with `ssh-keygen -t ed25519`, have an admin land it (`pmctl people rotate`), and act again.",
        "An RSA signature over SHA-1, or a key of 1024 bits.",
    ),
    Code(
        "AU214",
        "signature-wrong",
        "A signature does not fit the record. The signature is verified over the record's exact bytes.",
        "Either the record was changed after it was signed, or the signature belongs to another one.",
        "Find out who changed which file: `git log -p -- PATH PATH.sig`. " + ACT_AGAIN,
        _CHECK_BY_HAND,
    ),
    Code(
        "AU215",
        "signature-without-touch",
        "A hardware key signed although nobody touched it. "
        "The signature of an sk- key says whether somebody was present; it must say yes.",
        "A program on the person's machine could otherwise sign in their name. ssh-keygen accepts such signatures;"
        " pmctl does not.",
        "Use a hardware key that asks for a touch.",
        "A key that was made with `ssh-keygen -t ed25519-sk -O no-touch-required`.",
    ),
)
