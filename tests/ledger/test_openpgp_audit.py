"""People whose key is an OpenPGP one, from the policy to the audit: honest, wrong, expired, revoked, missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem
from pmctl.ledger import openpgp, record
from pmctl.policy.model import Key, Policy
from pmctl.policy.model import Person as Member
from tests import world as worlds
from tests.world import DOC, Actor, World

from .test_openpgp import Person

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Person]:
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield Person(Path(name))
        subprocess.run(["gpgconf", "--homedir", name, "--kill", "all"], check=False)


@dataclass(frozen=True)
class PgpActor(Actor):
    """Somebody who signs with gpg; `public` is the fingerprint."""

    owner: Person | None = None


@pytest.fixture(autouse=True)
def sign_with_either(monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = worlds.sign

    def sign(actor: Actor, data: bytes, namespace: str = record.NAMESPACE) -> bytes:
        if isinstance(actor, PgpActor) and actor.owner is not None:
            return actor.owner.sign(actor.public, data=data)
        return ssh(actor, data, namespace)

    monkeypatch.setattr(worlds, "sign", sign)


FILE = ".pmctl/keys/bob.asc"


def enrol(world: World, gnupg: Person, name: str, fingerprint: str = "", **key: str) -> str:
    """Give bob an OpenPGP key in the policy, and nothing else; returns its fingerprint."""
    fingerprint = fingerprint or gnupg.make(name)
    world.people = {**world.people, "bob": PgpActor("bob", gnupg.home, fingerprint, gnupg)}
    world.write(FILE, gnupg.public(fingerprint))
    assert world.policy is not None
    bob = Member("bob", "Bob Doe", ("bob@example.com",), (Key(f"openpgp {fingerprint}", file=FILE, **key),))
    world.change_policy(people={**world.policy.people, "bob": bob})
    return fingerprint


def bobs_key(world: World, **changes: str) -> dict[str, Member]:
    assert isinstance(world.policy, Policy)
    bob = world.policy.people["bob"]
    return {**world.policy.people, "bob": bob._replace(keys=(bob.keys[0]._replace(**changes),))}


def codes(world: World) -> list[str]:
    return [finding.code for finding in world.audit().findings]


def test_a_whole_life_with_openpgp_records_is_clean(world: World, gnupg: Person) -> None:
    fingerprint = enrol(world, gnupg, "life")
    world.new(by="bob")
    world.act("submit", "bob", reviewers=("carol",))
    world.act("approve", "carol")
    world.act("publish", "bob")
    report = world.audit()
    assert report.findings == ()
    assert report.states[DOC].status == "PUBLISHED"
    assert {event.key_id for event in report.events if event.by == "bob" and event.record} == {f"openpgp {fingerprint}"}
    assert world.audit(use_cache=True) == world.audit(use_cache=True) == report
    assert world.standing().state.status == "PUBLISHED"


def test_the_commands_sign_with_gpg_and_the_audit_accepts_it(world: World, gnupg: Person, tmp_path: Path) -> None:
    enrol(world, gnupg, "command")
    for name, value in (("user.name", "Bob"), ("user.email", "bob@example.com")):
        world.git("config", name, value)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PMCTL_"))}
    env |= {"GNUPGHOME": str(gnupg.home), "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull, "CI": ""}

    def pmctl(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pmctl", *words], cwd=world.root, env={**env, **extra}, capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def does(*words: str) -> str:
        done = pmctl(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    world.new(by="bob")
    does("submit", DOC, "--reviewer", "carol")
    other = "2024-01-16-dns"
    world.new(other)
    world.act("submit", "jane", other, reviewers=("bob",))
    does("approve", other)
    world.act("approve", "carol")
    does("publish", DOC)
    does("audit")
    world.act("withdraw", "jane", other)
    world.change_policy(edits="signed")
    does("comment", "add", other, "-m", "Since when?")
    assert "-----BEGIN PGP SIGNATURE" in world.git("cat-file", "commit", "HEAD")
    does("audit")
    world.git("config", "gpg.format", "ssh")
    done = pmctl("comment", "add", other, "-m", "And until when?")
    assert (done.returncode, done.stderr.count("AU705"), done.stderr.count("git config")) == (1, 1, 3), done.stderr
    world.git("config", "--unset", "gpg.format")
    records = sorted((world.root / record.FOLDER).rglob("*-bob-????????.json.sig"))
    assert [file.read_bytes()[:27] for file in records] == [b"-----BEGIN PGP SIGNATURE---"] * 3
    assert world.audit().findings == ()
    bare = tmp_path / "bin"
    bare.mkdir()
    git = shutil.which("git")
    assert git is not None
    (bare / "git").symlink_to(git)
    for words in (("audit",), ("withdraw", other)):
        shutil.rmtree(world.repo.state_dir, ignore_errors=True)
        done = pmctl(*words, PATH=str(bare))
        assert done.returncode not in (0, 1), done.stdout
        assert "gpg is not installed" in done.stderr
        assert "install GnuPG" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_keyring_is_made_once_for_many_records(
    world: World, gnupg: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(world, gnupg, "many")
    for day in ("15", "16", "17"):
        world.published(f"2024-01-{day}-outage")
    made = []
    own = openpgp._import
    monkeypatch.setattr(openpgp, "_import", lambda home, key: (made.append(home), own(home, key))[1])
    assert len([event for event in world.audit().events if event.by == "bob" and event.record]) == 3
    assert len(made) == 1
    assert not made[0].exists()


def test_a_signature_by_somebody_elses_key(world: World, gnupg: Person) -> None:
    stranger = gnupg.make("stranger")
    bob = enrol(world, gnupg, "owner")
    world.people["dave"] = PgpActor("dave", gnupg.home, stranger, gnupg)
    world.people["bobs"] = PgpActor("bob", gnupg.home, bob, gnupg)
    world.new()
    world.act("submit", "jane", reviewers=("bob", "carol"))
    unknown = world.act("approve", "bob", key="dave")
    assert ("AU217", unknown) in world.found()
    borrowed = world.act("approve", "carol", key="bobs", number=9)
    assert ("AU218", borrowed) in world.found()
    assert not world.audit().states[DOC].approvals


def test_an_ssh_signature_does_not_count_for_a_person_with_an_openpgp_key(world: World, gnupg: Person) -> None:
    before = world.people["bob"]
    enrol(world, gnupg, "switched")
    world.people["before"] = before
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    assert ("AU217", world.act("approve", "bob", key="before")) in world.found()


def expired(gnupg: Person, name: str) -> str:
    """A key that was valid for one day in 2023."""
    return gnupg.make(name, expires="1d", at="20230101T000000")


def test_an_expired_key_is_a_finding_until_it_is_extended(world: World, gnupg: Person) -> None:
    fingerprint = enrol(world, gnupg, "late", expired(gnupg, "late"))
    data_sign = worlds.sign
    # gpg does not sign with an expired key: somebody who turns the clock back does.
    worlds.sign = lambda actor, data, namespace=record.NAMESPACE: (  # restored by the fixture
        gnupg.sign(fingerprint, data=data, at="20230101T010000")
        if isinstance(actor, PgpActor)
        else data_sign(actor, data, namespace)
    )
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    approved = world.act("approve", "bob")
    found = world.audit().findings
    assert [(one.code, one.commit) for one in found] == [("AU216", approved)]
    assert "expired" in found[0].message
    assert "extended" in found[0].hint
    assert world.audit(use_cache=True).findings == world.audit(use_cache=True).findings == found
    gnupg.gpg("--quick-set-expire", fingerprint, "0")
    world.write(FILE, gnupg.public(fingerprint))
    world.commit("Extend bob's key", "bob")
    assert codes(world) == []


def revoke(gnupg: Person, fingerprint: str) -> None:
    certificate = gnupg.home / "openpgp-revocs.d" / f"{fingerprint}.rev"
    gnupg.gpg("--import", data=certificate.read_text().replace(":-----BEGIN", "-----BEGIN").encode())


def test_a_revoked_key_is_a_finding_until_an_admin_retires_it(world: World, gnupg: Person) -> None:
    fingerprint = enrol(world, gnupg, "revoked")
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    approved = world.act("approve", "bob")
    assert codes(world) == []
    revoke(gnupg, fingerprint)
    world.write(FILE, gnupg.public(fingerprint))
    world.commit("Bob's key is revoked", "bob")
    found = world.audit().findings
    assert [(one.code, one.commit) for one in found] == [("AU216", approved)]
    assert "revoked" in found[0].message
    world.change_policy(people=bobs_key(world, status="retired"))
    assert codes(world) == []


def test_a_retired_key_signs_nothing_more(world: World, gnupg: Person) -> None:
    enrol(world, gnupg, "retired")
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    world.change_policy(people=bobs_key(world, status="retired"))
    assert codes(world) == []
    assert ("AU219", world.act("approve", "bob")) in world.found()


def test_a_compromised_key_taints_from_the_commit_named(world: World, gnupg: Person) -> None:
    enrol(world, gnupg, "stolen")
    world.new()
    world.act("submit", "jane", reviewers=("bob",))
    approved = world.act("approve", "bob")
    world.change_policy(people=bobs_key(world, status="compromised", since=approved))
    assert ("AU220", approved) in world.found()


@pytest.mark.parametrize("spoiled", ["missing", "garbage", "enormous", "private", "another"])
def test_a_bad_key_file_is_its_owners_matter_only(world: World, gnupg: Person, spoiled: str) -> None:
    """Bob's file is bad from the beginning; carol's OpenPGP key works all the same."""
    carols = gnupg.make(f"carol-{spoiled}")
    world.people = {**world.people, "carol": PgpActor("carol", gnupg.home, carols, gnupg)}
    world.write(".pmctl/keys/carol.asc", gnupg.public(carols))
    bobs = gnupg.make(f"bob-{spoiled}")
    world.people["bob"] = PgpActor("bob", gnupg.home, bobs, gnupg)
    bad = {
        "missing": b"",
        "garbage": b"not a key at all\n",
        "enormous": gnupg.public(bobs) + b"\n" * openpgp.LARGEST_KEY,
        "private": gnupg.gpg("--armor", "--export-secret-keys", bobs),
        "another": gnupg.public(gnupg.make(f"other-{spoiled}")),
    }[spoiled]
    if bad:
        world.write(FILE, bad)
    assert world.policy is not None
    people = dict(world.policy.people)
    for handle, fingerprint in (("bob", bobs), ("carol", carols)):
        keys = (Key(f"openpgp {fingerprint}", file=f".pmctl/keys/{handle}.asc"),)
        people[handle] = people[handle]._replace(keys=keys)
    world.change_policy(people=people)
    world.new()
    world.act("submit", "jane", reviewers=("bob", "carol"))
    world.act("approve", "carol")
    assert codes(world) == []
    refused = world.act("approve", "bob", number=9)
    found = world.audit().findings
    assert [(one.code, one.commit) for one in found] == [("AU217", refused)]
    if spoiled != "another":
        assert "key file" in found[0].hint
    assert [one.by for one in world.audit().states[DOC].approvals] == ["carol"]


def test_a_key_file_that_is_spoiled_later_leaves_history_as_it_was(world: World, gnupg: Person) -> None:
    enrol(world, gnupg, "vandal")
    world.published()
    for content in (b"", b"garbage", b"x" * 300_000):
        world.write(FILE, content)
        world.commit("Spoil bob's key", "jane")
        assert codes(world) == []


def test_without_gpg_the_audit_says_so_and_passes_nothing(
    world: World, gnupg: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enrol(world, gnupg, "nogpg")
    world.published()
    bare = tmp_path / "bin"
    bare.mkdir()
    git = shutil.which("git")
    assert git is not None
    (bare / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(EnvironmentProblem) as caught:
        world.audit(use_cache=True)
    assert "gpg is not installed" in caught.value.message
    assert "install" in caught.value.hint
    with pytest.raises(EnvironmentProblem):
        world.audit(use_cache=True)


def test_an_audit_of_ssh_records_needs_neither_gpg_nor_ssh_keygen(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.published()
    bare = tmp_path / "bin"
    bare.mkdir()
    git = shutil.which("git")
    assert git is not None
    (bare / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(bare))
    assert shutil.which("ssh-keygen") is None
    report = world.audit()
    assert report.findings == ()
    assert report.records == 4
