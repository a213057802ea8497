"""Signatures verified in a second process: the same verdicts, and the same again when it fails in any way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmctl.ledger import audit as audits
from pmctl.ledger import sshsig, verifying
from pmctl.ledger.record import NAMESPACE
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.ledger.verifying import Verifications
from tests.world import DOC, Actor, World, everybody, sign

MESSAGE = b'{"act":"approve"}\n'


@pytest.fixture
def people() -> dict[str, Actor]:
    return everybody()


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[Verifications]:
    monkeypatch.setattr(verifying, "_cores", lambda: 2)
    with Verifications() as made:
        made.start()
        assert made.running
        yield made


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages that this process verifies itself."""
    seen: list[bytes] = []
    own = sshsig.verify

    def verify(armored: bytes, message: bytes, namespace: str) -> sshsig.VerifiedSignature:
        seen.append(message)
        return own(armored, message, namespace)

    monkeypatch.setattr(sshsig, "verify", verify)
    return seen


def verdict(made: Verifications, armored: bytes, message: bytes, namespace: str = NAMESPACE) -> tuple[str, ...]:
    try:
        found = made.verify(armored, message, namespace)
    except SignatureProblem as problem:
        return (problem.code, problem.message, problem.hint)
    return (found.key, found.fingerprint)


def pairs(people: dict[str, Actor]) -> list[tuple[bytes, bytes]]:
    good = sign(people["bob"], MESSAGE)
    return [
        (MESSAGE, good),
        (MESSAGE + b" ", good),
        (MESSAGE, sign(people["bob"], MESSAGE, "git")),
        (MESSAGE, good[:-40]),
        (MESSAGE, b""),
        (b"x" * 70_000, good),
        (MESSAGE, b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * 20_000),
        (b"", sign(people["carol"], b"")),
    ]


def test_the_second_process_says_the_same(
    second: Verifications, people: dict[str, Actor], counted: list[bytes]
) -> None:
    asked = pairs(people)
    expected = [verdict(Verifications(), signature, data) for data, signature in asked]
    assert [answer[0] for answer in expected] == [
        people["bob"].public, "AU214", "AU212", "AU211", "AU211", "AU214", "AU211", people["carol"].public,
    ]  # fmt: skip
    counted.clear()
    second.ahead(asked)
    assert [verdict(second, signature, data) for data, signature in asked] == expected
    # Only what is too large, or no SSH signature, was never sent.
    assert len(counted) == 3
    assert second.running


def test_a_verdict_is_about_the_bytes_that_were_sent(
    second: Verifications, people: dict[str, Actor], counted: list[bytes]
) -> None:
    good = sign(people["bob"], MESSAGE)
    second.ahead([(MESSAGE, good)])
    assert verdict(second, good, MESSAGE + b"x")[0] == "AU214"
    assert verdict(second, good, MESSAGE, "git")[0] == "AU212"
    assert len(counted) == 2
    assert verdict(second, good, MESSAGE)[0] == people["bob"].public
    assert len(counted) == 2


def test_more_than_a_pipe_holds_goes_both_ways(second: Verifications, people: dict[str, Actor]) -> None:
    good = sign(people["bob"], MESSAGE)
    many = [(b"%d" % number + b"x" * 3000, good) for number in range(600)]
    for _ in range(4):
        second.ahead(many)
    assert {verdict(second, signature, data)[0] for data, signature in many} == {"AU214"}
    assert second.running


def test_a_process_that_dies_changes_nothing(second: Verifications, people: dict[str, Actor]) -> None:
    good = sign(people["bob"], MESSAGE)
    assert second._process is not None
    second._process.kill()
    second._process.wait()
    second.ahead([(MESSAGE, good)] * 2000)
    assert verdict(second, good, MESSAGE)[0] == people["bob"].public
    assert not second.running


@pytest.mark.parametrize(
    "child",
    [
        "",
        "raise SystemExit(3)",
        "print('another program')",
        "import sys; sys.stdout.buffer.write({greeting!r} + b'\\xff\\xff\\xff\\xff')",
        "import sys; sys.stdout.buffer.write({greeting!r} + b'\\0\\0\\0\\2[]')",
        "import sys; sys.stdout.buffer.write({greeting!r} + b'\\0\\0\\0\\3[1]')",
        "import sys; sys.stdout.buffer.write({greeting!r} + b'\\0\\0\\0\\5[[1]]')",
        "import sys; sys.stdout.buffer.write({greeting!r} + b'\\0\\0\\0\\6[null]')",
        "import time; time.sleep(60)",
    ],
)
def test_a_process_that_answers_anything_else_is_not_believed(
    child: str, people: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_cores", lambda: 2)
    monkeypatch.setattr(verifying, "_START", child.format(greeting=verifying._GREETING))
    monkeypatch.setattr(verifying, "_PATIENCE", 2.0 if "sleep" in child else 30.0)
    good = sign(people["bob"], MESSAGE)
    with Verifications() as made:
        made.start()
        made.ahead([(MESSAGE + b"x", good)])
        assert verdict(made, good, MESSAGE + b"x")[0] == "AU214"
        assert verdict(made, good, MESSAGE)[0] == people["bob"].public


def test_one_core_or_no_interpreter_means_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_cores", lambda: 1)
    with Verifications() as made:
        made.start()
        assert not made.running
    monkeypatch.setattr(verifying, "_cores", lambda: 2)
    for name in ("", "/nonexistent/python"):
        monkeypatch.setattr(sys, "executable", name)
        with Verifications() as made:
            made.start()
            assert not made.running


@pytest.mark.parametrize("batch", [1, 2, 128])
def test_an_audit_says_the_same_with_a_second_process(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int, tmp_path: Path
) -> None:
    world.new()
    world.act("submit", "jane", reviewers=("bob", "carol"))
    world.act("approve", "bob")
    world.act("approve", "carol", key="mallory")
    world.act("approve", "carol", unsigned=True, number=8)
    world.edit("too small", "much too small")
    world.change_policy(admins=("alice", "bob"))
    world.act("publish", "jane")
    plain = world.audit(use_cache=False)
    assert {finding.code for finding in plain.findings} >= {"AU206", "AU217", "AU309"}
    monkeypatch.setattr(verifying, "_cores", lambda: 2)
    monkeypatch.setattr(audits, "WORTH_IT", 1)
    monkeypatch.setattr(audits, "_TOGETHER", batch)
    second = world.audit(use_cache=False)
    assert second == plain
    assert second.states[DOC] == plain.states[DOC]
