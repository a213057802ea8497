"""Key lines: one normal form, the fingerprint that ssh-keygen prints, and no weak or disguised key."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmctl.policy import keys
from pmctl.policy.keys import KeyProblem, fingerprint, kind, normalise, public_key

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIPpXgnYpUQnJaaGkVfqLtoZVGjsmnphxI9EZB/P0Fq"
SK = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAID7OzA3dl0YNrkRPXGldZTzz3rtFcyBvXz661ZmMgI"
    "S3AAAABHNzaDo="
)


def text(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def mpint(value: int) -> bytes:
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big"))


def line(name: str, *fields: bytes) -> str:
    return f"{name} {base64.b64encode(text(name.encode()) + b''.join(fields)).decode()}"


def problem(value: str) -> str:
    with pytest.raises(KeyProblem) as caught:
        normalise(value)
    return caught.value.message


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        ("ssh-ed25519", ("-t", "ed25519")),
        ("ssh-rsa", ("-t", "rsa", "-b", "2048")),
        ("ecdsa-sha2-nistp256", ("-t", "ecdsa", "-b", "256")),
        ("ecdsa-sha2-nistp384", ("-t", "ecdsa", "-b", "384")),
        ("ecdsa-sha2-nistp521", ("-t", "ecdsa", "-b", "521")),
    ],
)
def test_a_pub_file_becomes_type_and_base64(tmp_path: Path, expected: str, options: tuple[str, ...]) -> None:
    subprocess.run(["ssh-keygen", "-q", *options, "-N", "", "-C", "a comment", "-f", tmp_path / "k"], check=True)
    written = (tmp_path / "k.pub").read_text()
    assert normalise(written) == written.removesuffix(" a comment\n")
    assert kind(written) == expected
    listing = subprocess.run(["ssh-keygen", "-lf", tmp_path / "k.pub"], capture_output=True, text=True, check=True)
    assert fingerprint(written) == listing.stdout.split()[1]


def test_hardware_keys_keep_their_application() -> None:
    assert normalise(SK + " jane@laptop") == SK
    assert public_key(SK).application == b"ssh:"


def test_comments_and_blanks_do_not_matter() -> None:
    for spelling in (ED25519, ED25519 + " c", f"  {ED25519}\t\n", ED25519.replace(" ", "\t  ") + " with spaces é"):
        assert normalise(spelling) == ED25519


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "not an SSH public key"),
        ("ssh-ed25519", "not an SSH public key"),
        (f'from="*.example.com" {ED25519}', "unknown kind"),
        (f"restrict {ED25519}", "unknown kind"),
        (f"alice {ED25519}", "unknown kind"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "certificate"),
        ("sk-ssh-ed25519-cert-v01@openssh.com AAAA", "certificate"),
        ("ssh-dss AAAA", "broken"),
        ("SSH-ED25519 AAAA", "unknown kind"),
        (ED25519 + "\nssh-ed25519 AAAA", "single line"),
        (ED25519 + " \x1b[31m", "control"),
        (ED25519 + "A", "base64"),
        (ED25519[:-1] + "*", "base64"),
        (ED25519[:-4], "damaged"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "of the kind ssh-ed25519"),
        (ED25519 + "x" * keys.LONGEST_LINE, "too long"),
        (line("ssh-ed25519", text(bytes(31))), "31 octets"),
        (line("ssh-ed25519", text(b"\x07" * 32), b"\0"), "1 more bytes"),
        (line("ecdsa-sha2-nistp256", text(b"nistp384"), text(b"\4" + bytes(96))), "curve"),
        (line("ecdsa-sha2-nistp256", text(b"nistp256"), text(b"\2" + bytes(32))), "uncompressed"),
        (line("ssh-rsa", mpint(65537), mpint(2**1023 + 1)), "1024 bits"),
        (line("ssh-rsa", mpint(65537), mpint(2**16384 + 1)), "16385 bits"),
        (line("ssh-rsa", mpint(1), mpint(2**2047 + 1)), "numbers"),
        (line("ssh-rsa", mpint(2**80 + 1), mpint(2**2047 + 1)), "numbers"),
        (line("ssh-rsa", text(b"\0\1\0\1"), mpint(2**2047 + 1)), "shortest form"),
        (line("ssh-rsa", mpint(65537), text(b"\x80" + bytes(255))), "not positive"),
        (line("sk-ssh-ed25519@openssh.com", text(b"\x07" * 32), text(b"example.com")), "something else"),
        (line("sk-ssh-ed25519@openssh.com", text(b"\x07" * 32), text(b"ssh:\0x")), "something else"),
    ],
)
def test_anything_else_is_refused_with_a_reason(value: str, says: str) -> None:
    assert says in problem(value)


def test_base64_with_unused_bits_set_is_refused() -> None:
    assert SK.endswith("o=")
    twin = SK.removesuffix("o=") + "p="
    assert base64.b64decode(twin.split()[1]) == base64.b64decode(SK.split()[1])
    assert "normal form" in problem(twin)


def test_every_ed25519_point_of_small_order_is_refused() -> None:
    """All points P of the curve (RFC 8032, section 5.1) with 8P = neutral, found by calculation."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        product = d * a[0] * b[0] * a[1] * b[1]
        x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, p) % p
        y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, p) % p
        return x, y

    def times(number: int, point: tuple[int, int]) -> tuple[int, int]:
        result = (0, 1)
        while number:
            if number & 1:
                result = add(result, point)
            point, number = add(point, point), number >> 1
        return result

    def point_with(y: int) -> tuple[int, int] | None:
        square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        x = pow(square, (p + 3) // 8, p)
        if x * x % p != square:
            x = x * pow(2, (p - 1) // 4, p) % p
        return (x, y) if x * x % p == square else None

    order = 2**252 + 27742317777372353535851937790883648493
    small: set[tuple[int, int]] = set()
    y = 2
    while len(small) < 8:
        point = point_with(y)
        y += 1
        if point is not None:
            generator = times(order, point)
            small |= {times(number, generator) for number in range(8)}
    for x, y in small:
        for sign in (0, 1):
            octets = (y | (x + sign) % 2 << 255).to_bytes(32, "little")
            assert "anybody can sign" in problem(line("ssh-ed25519", text(octets)))
    not_reduced = (p + 3).to_bytes(32, "little")
    assert "anybody can sign" in problem(line("ssh-ed25519", text(not_reduced)))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=150).map(lambda b: line("ssh-rsa", b))))
def test_arbitrary_lines_are_refused_quietly(value: str) -> None:
    try:
        found = normalise(value)
    except KeyProblem as error:
        assert error.message.isprintable()
    else:
        assert normalise(found) == found
