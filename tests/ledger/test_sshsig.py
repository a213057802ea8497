"""SSHSIG: what ssh-keygen makes is accepted, and nothing that `ssh-keygen -Y verify` refuses is."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.ledger import sshsig
from pmctl.ledger.sshsig import SignatureProblem, verify
from pmctl.policy.keys import normalise

NAMESPACE = "pmctl-record-v1"
MESSAGE = b'{"act":"approve","by":"alice"}\n'
KINDS = {
    "ed25519": ("-t", "ed25519"),
    "rsa2048": ("-t", "rsa", "-b", "2048"),
    "rsa3072": ("-t", "rsa", "-b", "3072"),
    "ecdsa256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa384": ("-t", "ecdsa", "-b", "384"),
    "ecdsa521": ("-t", "ecdsa", "-b", "521"),
}


def text(value: bytes) -> bytes:
    """RFC 4251 string."""
    return len(value).to_bytes(4, "big") + value


def mpint(value: int) -> bytes:
    """RFC 4251 mpint of a positive number."""
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def armor(blob: bytes, width: int = 70) -> bytes:
    encoded = base64.b64encode(blob)
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])


def dearmor(armored: bytes) -> bytes:
    return base64.b64decode(b"".join(armored.split(b"\n")[1:-2]))


@dataclass(frozen=True)
class Fields:
    """An SSHSIG blob taken to pieces, so that each can be changed alone."""

    key: bytes
    inner: bytes
    namespace: bytes = NAMESPACE.encode()
    reserved: bytes = b""
    hash_name: bytes = b"sha512"
    version: int = 1
    magic: bytes = b"SSHSIG"
    rest: bytes = field(default=b"")

    def armored(self) -> bytes:
        blob = self.magic + self.version.to_bytes(4, "big") + text(self.key) + text(self.namespace)
        return armor(blob + text(self.reserved) + text(self.hash_name) + text(self.inner) + self.rest)

    def signed(self, message: bytes = MESSAGE, hash_name: str = "sha512") -> bytes:
        digest = hashlib.new(hash_name, message).digest()
        return b"SSHSIG" + text(self.namespace) + text(b"") + text(hash_name.encode()) + text(digest)


def take_apart(armored: bytes) -> Fields:
    blob, parts, at = dearmor(armored), [], 10
    while at < len(blob):
        size = int.from_bytes(blob[at : at + 4], "big")
        parts.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    key, namespace, reserved, hash_name, inner = parts
    return Fields(key, inner, namespace, reserved, hash_name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of every kind that ssh-keygen makes without hardware, each with a signature of MESSAGE."""
    top = tmp_path_factory.mktemp("keys")
    (top / "message").write_bytes(MESSAGE)
    for name, options in KINDS.items():
        subprocess.run(["ssh-keygen", "-q", *options, "-N", "", "-C", name, "-f", top / name], check=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", top / name, "-n", NAMESPACE, top / "message"],
            check=True,
            capture_output=True,
        )
        (top / "message.sig").rename(top / f"{name}.sig")
    return top


def openssh_accepts(top: Path, key_line: str, armored: bytes, message: bytes, namespace: str = NAMESPACE) -> bool:
    """The verdict of `ssh-keygen -Y verify` when exactly this key is allowed."""
    signers, signature = top / "allowed_signers", top / "candidate.sig"
    signers.write_text(f"alice {key_line}\n")
    signature.write_bytes(armored)
    command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "alice", "-n", namespace, "-s", signature]
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0


def accepts(armored: bytes, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    """The key that pmctl finds, or "" when it refuses. Anything but SignatureProblem fails the test."""
    try:
        return verify(armored, message, namespace).key
    except SignatureProblem as problem:
        assert problem.code in {"AU211", "AU212", "AU213", "AU214", "AU215"}
        assert problem.message
        return ""


def refusal(armored: bytes, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    with pytest.raises(SignatureProblem) as caught:
        verify(armored, message, namespace)
    return caught.value.code


@dataclass(frozen=True)
class HardwareKey:
    """A security key in software: PROTOCOL.u2f, "SSH U2F signatures"."""

    kind: bytes
    blob: bytes
    make: Callable[[bytes], bytes]  # what the token signs -> the signature field
    flags: int = 1
    counter: int = 7

    @property
    def line(self) -> str:
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()}"

    def sign(self, message: bytes = MESSAGE) -> bytes:
        fields = Fields(self.blob, b"")
        tail = bytes([self.flags]) + self.counter.to_bytes(4, "big")
        token = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(fields.signed(message)).digest()
        return replace(fields, inner=text(self.kind) + text(self.make(token)) + tail).armored()


def hardware_ed25519(**changes: int) -> HardwareKey:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    kind = b"sk-ssh-ed25519@openssh.com"
    public = private.public_key().public_bytes_raw()
    return HardwareKey(kind, text(kind) + text(public) + text(b"ssh:"), private.sign, **changes)


def hardware_ecdsa(**changes: int) -> HardwareKey:
    private = ec.derive_private_key(0x1234567, ec.SECP256R1())
    kind = b"sk-ecdsa-sha2-nistp256@openssh.com"
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def make(token: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(token, ec.ECDSA(hashes.SHA256())))
        return mpint(r) + mpint(s)

    return HardwareKey(kind, text(kind) + text(b"nistp256") + text(point) + text(b"ssh:"), make, **changes)


@pytest.mark.parametrize("name", KINDS)
def test_what_ssh_keygen_signs_is_accepted_for_that_key_only(folder: Path, name: str) -> None:
    armored, line = (folder / f"{name}.sig").read_bytes(), (folder / f"{name}.pub").read_text()
    found = verify(armored, MESSAGE, NAMESPACE)
    assert found.key == normalise(line)
    listing = subprocess.run(["ssh-keygen", "-lf", folder / f"{name}.pub"], capture_output=True, check=True)
    assert found.fingerprint in listing.stdout.decode().split()
    assert refusal(armored, MESSAGE + b" ") == "AU214"
    assert refusal(armored, b"") == "AU214"


@pytest.mark.parametrize("make", [hardware_ed25519, hardware_ecdsa])
def test_hardware_signatures_are_accepted_as_openssh_does(tmp_path: Path, make: Callable[..., HardwareKey]) -> None:
    key = make()
    assert accepts(key.sign()) == key.line
    assert openssh_accepts(tmp_path, key.line, key.sign(), MESSAGE)
    assert refusal(key.sign(), b"another message") == "AU214"
    assert accepts(make(flags=5, counter=2**32 - 1).sign()) == key.line


@pytest.mark.parametrize("make", [hardware_ed25519, hardware_ecdsa])
@pytest.mark.parametrize("flags", [0, 4])
def test_a_hardware_signature_without_a_touch_is_refused(
    tmp_path: Path, make: Callable[..., HardwareKey], flags: int
) -> None:
    key = make(flags=flags)
    assert refusal(key.sign()) == "AU215"
    # Not because it would be wrong otherwise: this is where pmctl is stricter than ssh-keygen.
    assert openssh_accepts(tmp_path, key.line, key.sign(), MESSAGE)


@pytest.mark.parametrize("make", [hardware_ed25519, hardware_ecdsa])
def test_a_touch_cannot_be_added_and_the_counter_is_signed(make: Callable[..., HardwareKey]) -> None:
    fields = take_apart(make(flags=0).sign())
    touched = replace(fields, inner=fields.inner[:-5] + b"\1" + fields.inner[-4:])
    assert refusal(touched.armored()) == "AU214"
    counted = replace(take_apart(make().sign()), inner=take_apart(make().sign()).inner[:-1] + b"\x99")
    assert refusal(counted.armored()) == "AU214"


@pytest.mark.parametrize("other", ["git", "file", "", "pmctl-record-v1 ", "pmctl-record-v10", "pmctl-record-v1\0"])
def test_a_signature_for_another_purpose_is_refused(folder: Path, other: str) -> None:
    assert refusal((folder / "ed25519.sig").read_bytes(), namespace=other) == "AU212"


def test_a_git_commit_signature_is_no_approval(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(MESSAGE)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", folder / "ed25519", "-n", "git", tmp_path / "m"]
    subprocess.run(command, check=True, capture_output=True)
    armored = (tmp_path / "m.sig").read_bytes()
    assert refusal(armored) == "AU212"
    renamed = replace(take_apart(armored), namespace=NAMESPACE.encode())
    assert refusal(renamed.armored()) == "AU214"


def test_both_hash_algorithms_are_accepted_and_cannot_be_swapped(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(MESSAGE)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=sha256", "-f", folder / "ed25519"]
    subprocess.run([*command, "-n", NAMESPACE, tmp_path / "m"], check=True, capture_output=True)
    armored = (tmp_path / "m.sig").read_bytes()
    assert take_apart(armored).hash_name == b"sha256"
    assert accepts(armored)
    assert refusal(replace(take_apart(armored), hash_name=b"sha512").armored()) == "AU214"
    for name in (b"sha1", b"md5", b"SHA512", b"", b"sha512,sha256", b"shake_128"):
        assert refusal(replace(take_apart(armored), hash_name=name).armored()) == "AU213"


def rsa_key(bits: int) -> tuple[rsa.RSAPrivateKey, bytes]:
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()
    return private, text(b"ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)


def test_rsa_with_sha1_is_refused_although_it_verifies() -> None:
    private, blob = rsa_key(2048)
    fields = Fields(blob, b"")
    sha1 = private.sign(fields.signed(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - the weak one is the point
    assert refusal(replace(fields, inner=text(b"ssh-rsa") + text(sha1)).armored()) == "AU213"
    sha256 = private.sign(fields.signed(), padding.PKCS1v15(), hashes.SHA256())
    assert accepts(replace(fields, inner=text(b"rsa-sha2-256") + text(sha256)).armored())
    assert refusal(replace(fields, inner=text(b"rsa-sha2-512") + text(sha256)).armored()) == "AU214"
    pss = private.sign(fields.signed(), padding.PSS(padding.MGF1(hashes.SHA512()), 32), hashes.SHA512())
    assert refusal(replace(fields, inner=text(b"rsa-sha2-512") + text(pss)).armored()) == "AU214"


def test_a_short_rsa_key_is_refused_although_it_verifies() -> None:
    private, blob = rsa_key(1024)
    fields = Fields(blob, b"")
    value = private.sign(fields.signed(), padding.PKCS1v15(), hashes.SHA512())
    assert refusal(replace(fields, inner=text(b"rsa-sha2-512") + text(value)).armored()) == "AU213"


def test_a_key_of_small_order_that_signs_everything_is_refused(tmp_path: Path) -> None:
    # With the neutral element as the key, R = neutral and S = 0 verify for every message.
    point = (1).to_bytes(32, "little")
    blob = text(b"ssh-ed25519") + text(point)
    armored = Fields(blob, text(b"ssh-ed25519") + text(point + bytes(32))).armored()
    assert refusal(armored) == "AU213"


def test_a_certificate_in_place_of_the_key_is_refused(folder: Path, tmp_path: Path) -> None:
    fields = take_apart((folder / "ed25519.sig").read_bytes())
    (tmp_path / "user.pub").write_bytes((folder / "ed25519.pub").read_bytes())
    command = ["ssh-keygen", "-q", "-s", folder / "ecdsa256", "-I", "x", "-n", "alice", tmp_path / "user.pub"]
    subprocess.run(command, check=True)
    certificate = base64.b64decode((tmp_path / "user-cert.pub").read_text().split()[1])
    assert refusal(replace(fields, key=certificate).armored()) == "AU213"


def test_fields_in_any_but_their_one_form_are_refused(folder: Path) -> None:
    fields = take_apart((folder / "ed25519.sig").read_bytes())
    ecdsa = take_apart((folder / "ecdsa256.sig").read_bytes())
    name = text(b"ecdsa-sha2-nistp256")
    numbers = ecdsa.inner[len(name) + 4 :]
    size = int.from_bytes(numbers[:4], "big")
    padded = text(bytes(2) + numbers[4 : 4 + size]) + numbers[4 + size :]
    cases = {
        "magic": ("AU211", replace(fields, magic=b"SSHSIh")),
        "version 0": ("AU211", replace(fields, version=0)),
        "version 2": ("AU211", replace(fields, version=2)),
        "reserved": ("AU211", replace(fields, reserved=b"x")),
        "trailing": ("AU211", replace(fields, rest=b"\0")),
        "inner trailing": ("AU211", replace(fields, inner=fields.inner + b"\0")),
        "another kind's name": ("AU213", replace(fields, inner=text(b"ssh-rsa") + fields.inner[15:])),
        "no value": ("AU211", replace(fields, inner=text(b"ssh-ed25519") + text(b""))),
        "no inner": ("AU211", replace(fields, inner=b"")),
        "no key": ("AU213", replace(fields, key=b"")),
        "unknown key": ("AU213", replace(fields, key=text(b"ssh-ed448") + text(bytes(57)))),
        "key with a tail": ("AU213", replace(fields, key=fields.key + b"\0")),
        "off the curve": ("AU213", replace(ecdsa, key=ecdsa.key[:-1] + bytes([ecdsa.key[-1] ^ 1]))),
        "padded number": ("AU211", replace(ecdsa, inner=name + text(padded))),
        "number zero": ("AU211", replace(ecdsa, inner=name + text(text(b"") + text(b"\1")))),
        "negative number": ("AU211", replace(ecdsa, inner=name + text(text(b"\xff") + text(b"\1")))),
    }
    found = {name: refusal(case.armored()) for name, (_, case) in cases.items()}
    assert found == {name: code for name, (code, _) in cases.items()}


def test_a_shorter_rsa_value_counts_as_its_padded_form_like_in_openssh(tmp_path: Path) -> None:
    private, blob = rsa_key(2048)
    line = f"ssh-rsa {base64.b64encode(blob).decode()}"
    for number in range(20_000):  # one value in 256 starts with a zero
        message = b"%d" % number
        fields = Fields(blob, b"")
        value = private.sign(fields.signed(message), padding.PKCS1v15(), hashes.SHA512())
        if value[0] == 0:
            break
    short = replace(fields, inner=text(b"rsa-sha2-512") + text(value.lstrip(b"\0"))).armored()
    assert accepts(short, message) == line
    assert openssh_accepts(tmp_path, line, short, message)
    longer = replace(fields, inner=text(b"rsa-sha2-512") + text(b"\0" + value)).armored()
    assert refusal(longer, message) == "AU211"


def test_armor_has_one_spelling(folder: Path) -> None:
    armored = (folder / "ed25519.sig").read_bytes()
    blob = dearmor(armored)
    assert accepts(armor(blob, 76)) and accepts(armor(blob, 64))
    cases = [
        b"",
        b" " + armored,
        armored + b"\n",
        armored + armored,
        armored[:-1],
        armored.replace(b"\n", b"\r\n"),
        armored.replace(b"SIGNATURE", b"SIGNATURe"),
        armored.replace(b"-----\n", b"-----\nComment: x\n", 1),
        armored.replace(b"-----\n", b"-----\n\n", 1),
        armor(blob, 77),
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n",
        armor(blob + b"A" * sshsig.LARGEST),
    ]
    for case in cases:
        assert refusal(case) == "AU211", case[:80]


def test_base64_with_unused_bits_set_is_refused() -> None:
    hidden = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAR==\n-----END SSH SIGNATURE-----\n"
    assert refusal(hidden) == "AU211"


# Where pmctl may refuse what OpenSSH accepts: kinds of mutation, each a freedom that no honest signer uses.
STRICTER = {"reserved", "armor", "version", "leading zeros", "base64"}


@st.composite
def mutation(draw: st.DrawFn) -> tuple[str, Callable[[bytes], bytes]]:
    """A kind of change and the function that makes it."""
    kind = draw(
        st.sampled_from(["bit", "cut", "swap", "field", "reserved", "version", "armor", "base64", "leading zeros"])
    )
    position, number = draw(st.floats(0, 0.999)), draw(st.integers(1, 255))
    word = draw(st.sampled_from([b"", b"git", b"sha256", b"sha1", NAMESPACE.encode(), b"\0", b"ssh-rsa"]))

    def change(armored: bytes) -> bytes:
        blob = bytearray(dearmor(armored))
        at = int(position * len(blob))
        fields = take_apart(armored)
        if kind == "bit":
            blob[at] ^= 1 << number % 8
            return armor(bytes(blob))
        if kind == "cut":
            return armor(bytes(blob[:at] + blob[at + number % 9 + 1 :]))
        if kind == "swap":
            return replace(fields, namespace=fields.hash_name, hash_name=fields.namespace).armored()
        if kind == "field":
            name = ("namespace", "hash_name", "key", "inner", "rest", "magic")[number % 6]
            return replace(fields, **{name: word}).armored()
        if kind == "reserved":
            return replace(fields, reserved=word).armored()
        if kind == "version":
            return replace(fields, version=number % 3).armored()
        if kind == "armor":
            end = int(position * len(armored))
            return armored[:end] + (b"\n", b" ", b"\r", b"=", b"\0", b"-")[number % 6] + armored[end:]
        if kind == "base64":
            return armored.replace(b"=\n", b"\n") if number % 2 else armored + word + b"trailing"
        zeros = bytes(number % 4 + 1)
        name_size = 4 + int.from_bytes(fields.inner[:4], "big")
        value = fields.inner[name_size + 4 :]
        return replace(fields, inner=fields.inner[:name_size] + text(zeros + value)).armored()

    return kind, change


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*KINDS, "sk-ed25519", "sk-ecdsa"]),
    changes=st.lists(mutation(), max_size=2),
    namespace=st.sampled_from([NAMESPACE, NAMESPACE, NAMESPACE, "git"]),
    message=st.sampled_from([MESSAGE, MESSAGE, MESSAGE, b"", MESSAGE + b"\n"]),
)
def test_nothing_is_accepted_that_openssh_refuses(
    folder: Path,
    name: str,
    changes: list[tuple[str, Callable[[bytes], bytes]]],
    namespace: str,
    message: bytes,
) -> None:
    if name.startswith("sk-"):
        key = hardware_ed25519() if name == "sk-ed25519" else hardware_ecdsa()
        armored, line = key.sign(), key.line
    else:
        armored, line = (folder / f"{name}.sig").read_bytes(), (folder / f"{name}.pub").read_text().strip()
    kinds = set()
    for kind, change in changes:
        try:
            armored = change(armored)
        except (ValueError, IndexError):  # the first change left nothing that the second could take apart
            break
        kinds.add(kind)
    ours = accepts(armored, message, namespace)
    theirs = openssh_accepts(folder, line, armored, message, namespace)
    if ours and ours == normalise(line):
        assert theirs, f"accepted here, refused by ssh-keygen after {sorted(kinds)}"
    if theirs and not ours:
        assert kinds & STRICTER, f"refused here, accepted by ssh-keygen after {sorted(kinds)}"


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=300).map(armor)))
def test_arbitrary_bytes_are_refused_quietly(data: bytes) -> None:
    assert accepts(data) == ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=60), st.sampled_from(list(KINDS)))
def test_arbitrary_fields_are_refused_quietly(tail: bytes, inner: bytes, name: str) -> None:
    kind = {"e": b"ssh-ed25519", "r": b"ssh-rsa"}.get(name[0], b"ssh-ed25519")
    if name.startswith("ecdsa"):
        kind = f"ecdsa-sha2-nistp{name[5:]}".encode()
        tail = text(f"nistp{name[5:]}".encode()) + tail
    assert accepts(Fields(text(kind) + tail, inner).armored()) == ""
