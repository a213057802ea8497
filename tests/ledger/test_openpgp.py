"""OpenPGP: only a good signature by a valid, strong key of the given files counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmctl.errors import EnvironmentProblem
from pmctl.ledger import openpgp
from pmctl.ledger.openpgp import Keyring, keyring, verify
from pmctl.ledger.sshsig import SignatureProblem

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")

MESSAGE = b'{"act":"approve","by":"alice"}\n'


@dataclass(frozen=True)
class Person:
    """Somebody's own GnuPG home, with secret keys."""

    home: Path

    def gpg(self, *arguments: str, data: bytes = b"", at: str = "") -> bytes:
        clock = ["--faked-system-time", at] if at else []
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--yes", "--passphrase", ""]
        done = subprocess.run([*command, *clock, *arguments], input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name: str, kind: str = "ed25519", *, expires: str = "never", at: str = "") -> str:
        """A new key; returns its fingerprint."""
        self.gpg("--quick-gen-key", f"{name} <{name}@example.com>", kind, "sign", expires, at=at)
        rows = self.gpg("--with-colons", "--list-keys", f"{name}@example.com").decode().splitlines()
        return next(row.split(":")[9] for row in rows if row.startswith("fpr:"))

    def public(self, key: str) -> bytes:
        return self.gpg("--armor", "--export", key)

    def sign(self, key: str, *options: str, data: bytes = MESSAGE, at: str = "") -> bytes:
        return self.gpg("--armor", "--local-user", key, *options, "--detach-sign", data=data, at=at)


@pytest.fixture(scope="module")
def person() -> Iterator[Person]:
    # A short path of its own: gpg-agent's socket may have at most about 100 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield Person(Path(name))
        subprocess.run(["gpgconf", "--homedir", name, "--kill", "all"], check=False)


@pytest.fixture(scope="module")
def alice(person: Person) -> str:
    return person.make("alice")


def refusal(armored: bytes, *keys: bytes, message: bytes = MESSAGE) -> str:
    with keyring(keys) as ring, pytest.raises(SignatureProblem) as caught:
        verify(armored, message, ring)
    assert caught.value.message.isprintable()
    return caught.value.code


@needs_gpg
@pytest.mark.parametrize("kind", ["ed25519", "rsa2048", "nistp256"])
def test_a_good_signature_gives_the_primary_fingerprint(person: Person, kind: str) -> None:
    key = person.make(f"good-{kind}", kind)
    armored = person.sign(key)
    with keyring([person.public(key)]) as ring:
        assert ring.fingerprints == (key,)
        assert verify(armored, MESSAGE, ring) == key
        with pytest.raises(SignatureProblem) as caught:
            verify(armored, MESSAGE + b" ", ring)
    assert caught.value.code == "AU214"


@needs_gpg
def test_a_signing_subkey_counts_as_its_primary_key(person: Person) -> None:
    key = person.make("sub")
    person.gpg("--quick-add-key", key, "ed25519", "sign", "never")
    rows = person.gpg("--with-colons", "--list-keys", key).decode().splitlines()
    primary, subkey = (row.split(":")[9] for row in rows if row.startswith("fpr:"))
    armored = person.sign(f"{subkey}!")
    with keyring([person.public(key)]) as ring:
        assert subkey in " ".join(map(" ".join, openpgp._colons(ring.home)))
        assert verify(armored, MESSAGE, ring) == key == primary


@needs_gpg
def test_a_key_from_the_verifiers_own_keyring_does_not_count(
    person: Person, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mallory = person.make("mallory")
    monkeypatch.setenv("GNUPGHOME", str(person.home))
    assert refusal(person.sign(mallory), person.public(alice)) == "AU217"


@needs_gpg
def test_an_empty_keyring_knows_nobody(person: Person, alice: str) -> None:
    assert refusal(person.sign(alice)) == "AU217"


@needs_gpg
def test_weak_keys_and_digests_are_refused(person: Person, alice: str) -> None:
    short = person.make("short", "rsa1024")
    dsa = person.make("dsa", "dsa2048")
    assert refusal(person.sign(short), person.public(short)) == "AU213"
    assert refusal(person.sign(dsa), person.public(dsa)) == "AU213"
    assert refusal(person.sign(alice, "--digest-algo", "SHA1"), person.public(alice)) == "AU213"


@needs_gpg
def test_an_expired_key_counts_again_when_its_expiry_is_extended(person: Person) -> None:
    key = person.make("expired", expires="2021-01-01", at="20200101T000000!")
    armored = person.sign(key, at="20200601T000000!")
    before = person.public(key)
    assert refusal(armored, before) == "AU216"
    person.gpg("--quick-set-expire", key, "0", at="20201201T000000!")
    with keyring([before, person.public(key)]) as ring:
        assert verify(armored, MESSAGE, ring) == key


@needs_gpg
def test_an_expired_signature_is_refused(person: Person, alice: str) -> None:
    key = person.make("short-lived", at="20200101T000000!")
    armored = person.sign(key, "--default-sig-expire", "1d", at="20200601T000000!")
    assert refusal(armored, person.public(key)) == "AU216"


@needs_gpg
def test_a_revoked_key_is_refused(person: Person) -> None:
    key = person.make("revoked")
    armored, before = person.sign(key), person.public(key)
    with keyring([before]) as ring:
        assert verify(armored, MESSAGE, ring) == key
    certificate = (person.home / "openpgp-revocs.d" / f"{key}.rev").read_bytes()
    start = certificate.index(b":-----BEGIN")
    person.gpg("--import", data=certificate[start + 1 :])
    assert refusal(armored, before, person.public(key)) == "AU216"


@needs_gpg
def test_only_one_detached_signature_of_a_document_counts(person: Person, alice: str) -> None:
    bob = person.make("bob")
    one = person.sign(alice)
    both = person.gpg("--armor", "-u", alice, "-u", bob, "--detach-sign", data=MESSAGE)
    keys = (person.public(alice), person.public(bob))
    assert refusal(both, *keys) == "AU214"
    assert refusal(one + one, *keys) == "AU211"
    assert refusal(b"hello\n" + one, *keys) == "AU211"
    assert refusal(person.gpg("--clearsign", "-u", alice, data=MESSAGE), *keys) == "AU211"
    inline = person.gpg("--armor", "-u", alice, "--sign", data=MESSAGE)
    assert refusal(inline, *keys) == "AU211"
    assert refusal(inline.replace(b"PGP MESSAGE", b"PGP SIGNATURE"), *keys) in ("AU211", "AU214")
    text_mode = person.sign(alice, "--textmode")
    assert refusal(text_mode, *keys) == "AU213"


@needs_gpg
@pytest.mark.parametrize("junk", [b"", b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n", b"\x00" * 50])
def test_a_key_file_without_a_key_is_refused(junk: bytes) -> None:
    with pytest.raises(SignatureProblem) as caught, keyring([junk]):
        pass
    assert caught.value.code == "AU213"


@needs_gpg
def test_a_key_that_rests_on_sha1_counts_once_it_is_renewed(person: Person) -> None:
    person.gpg("--cert-digest-algo", "SHA1", "--quick-gen-key", "old <old@example.com>", "ed25519", "sign")
    armored = person.sign("old@example.com")
    with pytest.raises(SignatureProblem) as caught, keyring([person.public("old@example.com")]):
        pass
    assert caught.value.code == "AU213"
    assert "--quick-set-expire" in caught.value.hint
    rows = person.gpg("--with-colons", "--list-keys", "old@example.com").decode().splitlines()
    key = next(row.split(":")[9] for row in rows if row.startswith("fpr:"))
    person.gpg("--cert-digest-algo", "SHA512", "--quick-set-expire", key, "2y")
    with keyring([person.public(key)]) as ring:
        assert verify(armored, MESSAGE, ring) == key


@needs_gpg
def test_large_and_private_key_files_are_refused(person: Person, alice: str) -> None:
    private = person.gpg("--armor", "--export-secret-keys", alice)
    for bad in (private, b"x" * (openpgp.LARGEST_KEY + 1)):
        with pytest.raises(SignatureProblem) as caught, keyring([bad]):
            pass
        assert caught.value.code == "AU213"
        assert "PRIVATE KEY-----" not in caught.value.message


@needs_gpg
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.floats(0, 0.999), bit=st.integers(0, 7), body=st.one_of(st.none(), st.binary(max_size=80)))
def test_a_damaged_signature_is_refused_quietly(
    person: Person, alice: str, position: float, bit: int, body: bytes | None
) -> None:
    armored = bytearray(_signed_once(person, alice))
    if body is None:
        armored[int(position * len(armored))] ^= 1 << bit
        damaged = bytes(armored)
    else:
        damaged = openpgp.BEGIN + b"\n\n" + body + b"\n" + openpgp.END + b"\n"
    try:
        found = verify(damaged, MESSAGE, _ring_of(person, alice))
    except SignatureProblem as problem:
        assert problem.code in {"AU211", "AU213", "AU214", "AU216", "AU217"}
    else:
        # Only what no signature covers may differ: spaces, the checksum line, unhashed packets.
        assert found == alice


_cache: dict[str, bytes | Keyring] = {}


def _signed_once(person: Person, key: str) -> bytes:
    if "signature" not in _cache:
        _cache["signature"] = person.sign(key)
    signature = _cache["signature"]
    assert isinstance(signature, bytes)
    return signature


def _ring_of(person: Person, key: str) -> Keyring:
    if "ring" not in _cache:
        home = person.home / "ring"
        home.mkdir(mode=0o700)
        openpgp._run(home, ("--import",), person.public(key))
        _cache["ring"] = Keyring(home, (key,))
    ring = _cache["ring"]
    assert isinstance(ring, Keyring)
    return ring


@needs_gpg
def test_the_private_home_is_private_and_gone_afterwards(
    person: Person, alice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with keyring([person.public(alice)]) as ring:
        home = ring.home
        assert home.parent == tmp_path
        assert home.stat().st_mode & 0o077 == 0
    assert not home.exists()
    with pytest.raises(SignatureProblem), keyring([person.public(alice), b"junk"]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_gpg_the_error_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match="gpg is not installed") as caught, keyring([b"key"]):
        pass
    assert "GnuPG" in caught.value.hint


def test_a_gpg_that_says_only_good_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "gpg"
    fake.write_text("#!/bin/sh\necho '[GNUPG:] NEWSIG'\necho '[GNUPG:] GOODSIG 00 alice'\nexit 0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    armored = openpgp.BEGIN + b"\n\nAAAA\n" + openpgp.END + b"\n"
    with pytest.raises(SignatureProblem) as caught:
        verify(armored, MESSAGE, Keyring(tmp_path, ("A" * 40,)))
    assert caught.value.code == "AU214"
