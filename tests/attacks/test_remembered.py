"""82 and 83: a warm audit says what a cold one says, whatever was remembered and whatever lies in its place."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pmctl.ledger import cache
from pmctl.ledger.audit import audit
from pmctl.ledger.openpgp import Keyrings
from pmctl.ledger.report import Report
from pmctl.ledger.snapshot import Snapshots
from pmctl.policy import act as acts
from tests.clones import Clones
from tests.fuzz.targets import time_limit
from tests.ledger.test_openpgp import Person
from tests.ledger.test_openpgp_audit import FILE, enrol, gnupg, revoke, sign_with_either  # noqa: F401  fixtures
from tests.world import DOC, World

from .conftest import Copy
from .gate import command

DAY = 24 * 3600
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


def both(world: World, now: int) -> Report:
    """The audit at a moment, which is the same warm and cold."""
    warm = audit(world.repo, now=now)
    assert warm == audit(world.repo._replace(user_folder=None), now=now)
    return warm


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_attack_82_a_comment_that_met_a_publication(stage: Copy) -> None:
    """Who audited the publication before the comment came knows another main line than a fresh clone finds."""
    clones = Clones(stage("approved"))
    jane, bob = clones.of("jane"), clones.of("bob")
    assert command(bob, "bob", "comment", "add", DOC, "-m", "wait").code == 0
    assert command(jane, "jane", "publish", DOC).code == 0
    assert command(jane, "jane", "sync").code == 0
    assert command(jane, "jane", "audit").code == 0
    assert "AU312" in command(bob, "bob", "sync").err
    assert "AU312" in command(jane, "jane", "sync").err
    told = {}
    for name, world in (("jane", jane), ("bob", bob), ("fresh", clones.fresh())):
        for warm in (True, False):
            repo = world.repo if warm else world.repo._replace(user_folder=None)
            report = audit(repo)
            told[name, warm] = (report.findings, report.steps)
    assert len(set(told.values())) == 1, told
    ((found,), _) = told["jane", True]
    assert (found.code, found.commit, found.doc) == ("AU312", jane.head, DOC)
    # What is said where the publication is known is no such finding, on whatever line.
    assert command(bob, "bob", "comment", "add", DOC, "-m", "a question").code == 0
    jane.edit_file("other.txt", "other", by="jane")
    for who in ("jane", "bob", "jane"):
        assert command(clones.of(who), who, "sync").code == 0
    assert both(jane, int(time.time())).findings == (found,)
    assert audit(clones.fresh("later").repo).findings == (found,)


def is_warm(world: World, now: int) -> bool:
    source = Snapshots(world.repo)
    with source.reader, Keyrings(now) as keyrings:
        return cache.load(world.repo, keyrings, source.at(world.head)) is not None


@needs_gpg
def test_attack_82_a_key_that_expires_is_extended_and_is_revoked(world: World, gnupg: Person) -> None:  # noqa: F811
    fingerprint = enrol(world, gnupg, "brief", gnupg.make("brief", expires="2d"))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    approved = world.act(acts.APPROVE, "bob")
    now = int(time.time())
    assert codes(both(world, now)) == []
    assert is_warm(world, now + DAY)
    assert codes(both(world, now + DAY)) == []
    late = both(world, now + 3 * DAY)
    assert [(one.code, one.commit) for one in late.findings] == [("AU216", approved)]
    assert codes(both(world, now)) == [], "the clock was set back"
    gnupg.gpg("--quick-set-expire", fingerprint, "20d")
    world.write(FILE, gnupg.public(fingerprint))
    world.commit("Extend bob's key", "bob")
    assert codes(both(world, now + 3 * DAY)) == []
    revoke(gnupg, fingerprint)
    world.write(FILE, gnupg.public(fingerprint))
    world.commit("Bob's key is revoked", "bob")
    assert codes(both(world, now + 3 * DAY)) == ["AU216"]
    world.git("reset", "-q", "--hard", "HEAD~1")
    assert codes(both(world, now + 3 * DAY)) == []


@needs_gpg
@pytest.mark.parametrize("seed", range(3))
def test_attack_82_generated_histories(world: World, gnupg: Person, seed: int) -> None:  # noqa: F811
    """Acts, forgeries, waivers, keys that are extended, and a clock that runs forwards and backwards."""
    chance = random.Random(seed)
    fingerprint = enrol(world, gnupg, f"life{seed}", gnupg.make(f"life{seed}", expires="3d"))
    start = int(time.time())
    number = 0

    def publish() -> None:
        nonlocal number
        number += 1
        world.published(f"2024-03-{number:02}-outage")

    def forge() -> None:
        if number:
            forged = world.edit("too small", chance.choice(["fine", "wrong"]), f"2024-03-{number:02}-outage")
            if chance.random() < 0.5:
                world.waive("AU401", forged)

    def extend() -> None:
        gnupg.gpg("--quick-set-expire", fingerprint, f"{chance.randint(2, 6)}d")
        world.write(FILE, gnupg.public(fingerprint))
        world.commit("Extend bob's key", "bob")

    def go_back() -> None:
        world.git("switch", "-q", "-C", f"side{number}", f"HEAD~{chance.randint(0, 1)}")

    for _ in range(7):
        chance.choice([publish, publish, forge, extend, go_back])()
        both(world, start + chance.randint(-1, 8) * DAY // 2)


def spoil_with_fifo(file: Path) -> None:
    os.mkfifo(file)


def spoil_with_link(file: Path) -> None:
    file.symlink_to("/dev/zero")


def spoil_with_folder(file: Path) -> None:
    (file / "inside").mkdir(parents=True)


def spoil_with_deep_json(file: Path) -> None:
    file.write_bytes(b'{"a":' * 200_000)


def spoil_with_hole(file: Path) -> None:
    file.touch()
    os.truncate(file, 4 * 1024**4)


def spoil_with_garbage(file: Path) -> None:
    file.write_bytes(os.urandom(5000))


def spoil_with_wrong_types(file: Path) -> None:
    file.write_text(json.dumps({"root": 1, "tip": [], "version": "9" * 5000, "entries": {"a": {"items": [7]}}}))


def spoil_with_infinity(file: Path) -> None:
    file.write_text(
        '{"root": "x", "tip": "y", "version": Infinity, "": {"commit": "a", "dates": {"d": {"created": NaN}}}}'
    )


def spoil_with_rights(file: Path) -> None:
    file.write_bytes(b"{}")
    file.chmod(0)


SPOILS: dict[str, Callable[[Path], None]] = {
    name.removeprefix("spoil_with_"): value for name, value in globals().items() if name.startswith("spoil_with_")
}
READING = (("audit",), ("list",), ("validate",), ("status", DOC), ("log", DOC), ("doctor",))


@pytest.mark.parametrize("kind", SPOILS)
def test_attack_83_whatever_lies_in_the_place_of_what_is_remembered(stage: Copy, kind: str, tmp_path: Path) -> None:
    world = stage("approved")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    answers = {words: command(world, "jane", *words, **state) for words in READING}
    kept = [file for file in (world.path / ".git/pmctl").rglob("*") if file.is_file() and file.suffix == ".json"]
    kept += [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert {file.name[:5] for file in kept} >= {"audit", "catal", "cache", "miles"}, kept
    for file in kept:
        file.unlink()
        SPOILS[kind](file)
    with time_limit(120):
        for words, before in answers.items():
            said = command(world, "jane", *words, **state)
            assert (said.code, said.out.replace("seen for the first time; remembered for this clone", "")) == (
                before.code,
                before.out.replace("seen for the first time; remembered for this clone", ""),
            ), (words, said)
            assert "unexpected" not in said.err, said
        assert command(world, "jane", "publish", DOC, **state).code == 0
    assert world.audit().passed


def test_attack_83_a_lost_memory_of_the_root_is_said(stage: Copy, tmp_path: Path) -> None:
    world = stage("approved")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    command(world, "jane", "audit", **state)
    assert "cannot be read" not in command(world, "jane", "audit", **state).err
    file = next((tmp_path / "state/pmctl/roots").iterdir())
    file.write_bytes(b"garbage")
    assert str(file) in command(world, "jane", "audit", **state).err


@pytest.mark.parametrize("name", ["act.lock", "journal.json"])
@pytest.mark.parametrize("kind", SPOILS)
def test_attack_83_whatever_lies_in_the_place_of_lock_and_journal(stage: Copy, kind: str, name: str) -> None:
    world = stage("approved")
    folder = world.path / ".git/pmctl"
    folder.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    SPOILS[kind](folder / name)
    with time_limit(60):
        said = command(world, "jane", "publish", DOC)
        assert "unexpected" not in said.err, said
        if said.code != 0:
            assert said.code == 2 and name in said.err, said
            shutil.rmtree(folder)
            assert command(world, "jane", "publish", DOC).code == 0
    assert world.audit().passed


def test_attack_83_nothing_is_written_through_a_link(stage: Copy, tmp_path: Path) -> None:
    world = stage("approved")
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = world.path / ".git/pmctl"
    shutil.rmtree(folder, ignore_errors=True)
    folder.symlink_to(outside)
    for words in READING:
        assert "unexpected" not in command(world, "jane", *words).err
    said = command(world, "jane", "publish", DOC)
    assert said.code == 2 and "symbolic link" in said.err, said
    assert list(outside.iterdir()) == []


def test_attack_83_a_journal_from_elsewhere_writes_nothing_outside(stage: Copy, tmp_path: Path) -> None:
    world = stage("approved")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (world.path / "way").symlink_to(tmp_path)
    for path in ("../victim", str(victim), "way/victim", ".git/config"):
        folder = world.path / ".git/pmctl"
        folder.mkdir(exist_ok=True)
        touched = {"path": path, "before": "aGE=", "after": "bWluZQ==", "staged": "", "hooked": None}
        plain = {"head": world.head, "branch": "refs/heads/main", "message": "x", "files": [touched]}
        (folder / "journal.json").write_text(json.dumps(plain))
        command(world, "jane", "doctor", "--fix")
        assert victim.read_text() == "mine"
        assert not (folder / "journal.json").exists()
