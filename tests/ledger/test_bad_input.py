"""Files in history that are not what they should be: a finding in the step that brings them, nothing else breaks."""

from __future__ import annotations

import pytest

from pmctl.ledger import record
from pmctl.policy.model import POLICY_PATH
from tests.world import DOC, World


def place(data: bytes) -> str:
    """Where a record with these bytes lies."""
    return record.path(DOC, 2, "approve", "bob", record.mark(data))


def approved(world: World) -> tuple[bytes, bytes]:
    """A draft in review with bob's honest approval in the work tree, not yet committed."""
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    world.act("approve", "bob", commit=False)
    path = world.root / world.record("0002-approve-bob")
    return path.read_bytes(), path.with_name(path.name + ".sig").read_bytes()


def land(world: World, path: str, data: bytes) -> list[tuple[str, str]]:
    """Commit the approval with one file of it replaced; what the audit finds, which must be in that step only."""
    world.write(path, data)
    commit = world.commit("approve", "bob")
    report = world.audit()
    assert report.complete
    assert {finding.commit for finding in report.findings} == {commit}
    assert all(finding.message.isprintable() for finding in report.findings)
    assert report.states[DOC].approvals == ()
    return [(finding.code, finding.path) for finding in report.findings]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: b"", "AU201"),
        (lambda data: data[:100], "AU201"),
        (lambda data: data + b" ", "AU202"),
        (lambda data: data + b"x" * 70_000, "AU201"),
        (lambda data: b"x" * 20_000_000, "AU201"),
        (lambda data: b"[" * 60_000, "AU201"),
        (lambda data: b'{"act":"baseline",' + b" " * 5_000_000, "AU201"),
        (lambda data: b"\x00" * 4096, "AU201"),
        (lambda data: b"\xff\xfe" + data, "AU201"),
        (lambda data: b"[]\n", "AU203"),
        (lambda data: b"{}\n", "AU203"),
        (lambda data: data.replace(b'"act":"approve"', b'"act":"publish"'), "AU203"),
        (lambda data: data.replace(b'"note":"because"', b'"note":"forged"'), "AU214"),
        (lambda data: data.replace(b'"by":"bob"', b'"by":"jane"'), "AU204"),
        (lambda data: data.replace(b'"round":1', b'"round":' + b"9" * 5000), "AU201"),
    ],
)
def test_a_spoiled_record(world: World, spoil: object, code: str) -> None:
    data, signature = approved(world)
    spoiled: bytes = spoil(data)  # type: ignore[operator]  # a function from above
    for suffix in ("", ".sig"):
        (world.root / (place(data) + suffix)).unlink()
    world.write(f"{place(spoiled)}.sig", signature)
    assert land(world, place(spoiled), spoiled) == [(code, place(spoiled))]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: b"", "AU211"),
        (lambda data: data[:-30], "AU211"),
        (lambda data: data[:120], "AU211"),
        (lambda data: data * 2, "AU211"),
        (lambda data: data + b"x" * 20_000_000, "AU211"),
        (lambda data: b"\x00" * 4096, "AU211"),
        (lambda data: data.replace(b"SSH SIGNATURE", b"PGP SIGNATURE"), "AU217"),
        (lambda data: b"-----BEGIN PGP SIGNATURE-----\n" + b"A" * 20_000_000, "AU217"),
        (lambda data: b"-----BEGIN CERTIFICATE-----\n", "AU211"),
    ],
)
def test_a_spoiled_signature(world: World, spoil: object, code: str) -> None:
    data, signature = approved(world)
    assert land(world, f"{place(data)}.sig", spoil(signature)) == [(code, place(data))]  # type: ignore[operator]  # as above


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "people: [\n",
        lambda text: text.replace("people:", "people: &a", 1),
        lambda text: "",
        lambda text: "\x00" * 100,
        lambda text: text + "x: y\n" * 100_000,
        lambda text: "- a list\n",
        lambda text: text.replace("ssh-ed25519", "ssh-future-kyber"),
        lambda text: text.replace("ssh-ed25519", "ssh-dss"),
        lambda text: text.replace("ssh-ed25519 AAAA", "ssh-ed25519 AAAB", 1),
    ],
)
def test_a_broken_policy_in_an_old_commit(world: World, spoil: object) -> None:
    """It is a finding of its step; the policy before it stays in force, and records after it are judged by that."""
    good = (world.root / POLICY_PATH).read_text()
    world.new()
    world.write(POLICY_PATH, spoil(good))  # type: ignore[operator]  # a function from above
    broken = world.commit("Break the policy", "alice")
    world.edit("too small", "far too small")
    world.write(POLICY_PATH, good)
    world.commit("Fix the policy", "alice")
    world.act("submit", "jane", reviewers=("bob",))
    world.act("approve", "bob")
    world.act("publish", "jane")
    report = world.audit()
    assert [(finding.code, finding.commit) for finding in report.findings] == [("AU104", broken)]
    assert "the policy is not valid" in report.findings[0].message
    assert report.states[DOC].status == "PUBLISHED"
    assert report.policy is not None
    assert report.policy.version == 1
