"""Attacks on policy and identity (29 to 41, 67), each beside the nearest legitimate act."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, Key, Person
from pmctl.policy.reading import parse_policy

from .world import Actor, World, document

OTHER = "2024-02-01-other"


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]


def with_keys(world: World, handle: str, *keys: Key) -> dict[str, Person]:
    """The people of the policy, one of them with other keys."""
    people = dict(world.policy.people)
    people[handle] = people[handle]._replace(keys=keys)
    return people


def retired(world: World, handle: str, *more: Key) -> dict[str, Person]:
    """The people, with all present keys of one retired."""
    old = tuple(key._replace(status="retired") for key in world.policy.people[handle].keys)
    return with_keys(world, handle, *old, *more)


def test_29_policy_edited_by_somebody_who_is_no_admin(world: World) -> None:
    before, data = world.policy, (world.root / POLICY_PATH).read_bytes()
    forged = world.change_policy(by="bob", admins=("alice", "bob"))
    only(world, "AU102", forged)
    # It never came into force: once it is put back, everything goes on under the policy before it.
    world.policy = before
    world.write(POLICY_PATH, data)
    world.commit("Put it back", "alice")
    world.published()
    world.waive("AU102", forged)
    assert [(f.code, f.waived_by) for f in world.audit().findings] == [("AU102", "alice")]


def test_29_policy_edited_without_a_record(world: World) -> None:
    text = (world.root / POLICY_PATH).read_text()
    world.write(POLICY_PATH, text.replace("version: 1", "version: 2"))
    only(world, "AU102", world.commit("Change", "alice"))
    world.write(POLICY_PATH, text)
    world.commit("Put it back", "alice")
    assert len(world.found()) == 1  # repaired, and still reported


def test_30_keys_swapped_in_the_commit_that_uses_them(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    people = with_keys(world, "bob", *world.policy.people["bob"].keys, Key(world.people["mallory"].public))
    world.stage_policy(replace(world.policy, version=2, people=people), by="alice")
    forged = world.act(acts.APPROVE, "bob", key="mallory", policy=1)
    only(world, "AU208", forged)


def test_30_keys_swapped_by_somebody_who_is_no_admin(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    people = with_keys(world, "bob", Key(world.people["mallory"].public))
    swapped = world.change_policy(by="jane", people=people)
    forged = world.act(acts.APPROVE, "bob", key="mallory", policy=1)
    assert world.found() == [("AU102", swapped), ("AU217", forged)]


def test_31_rollback_to_an_older_policy(world: World) -> None:
    old = (world.root / POLICY_PATH).read_bytes()
    world.change_policy(people=retired(world, "carol"))
    world.write(POLICY_PATH, old)
    back = world.commit("Roll back", "bob")
    assert set(world.found()) == {("AU102", back), ("AU103", back)}


def test_31_rollback_with_the_old_record_replayed(world: World) -> None:
    old = (world.root / POLICY_PATH).read_bytes()
    world.change_policy(people=retired(world, "carol"))
    world.write(POLICY_PATH, old)
    for suffix in ("", ".sig"):
        data = (world.root / f".pmctl/records/policy/0001-alice.json{suffix}").read_bytes()
        world.write(f".pmctl/records/policy/0003-alice.json{suffix}", data)
    back = world.commit("Roll back", "bob")
    assert set(world.found()) == {("AU102", back), ("AU103", back), ("AU204", back)}


def test_32_a_record_that_relies_on_a_policy_of_its_own_step(world: World) -> None:
    world.new()
    world.stage_policy(replace(world.policy, version=2, publishers=("author",)), by="alice")
    forged = world.act(acts.SUBMIT, "jane", reviewers=("bob",), policy=2)
    assert world.found() == [("AU208", forged), ("AU301", forged)]


def test_32_the_same_record_one_step_later(world: World) -> None:
    world.new()
    world.change_policy(publishers=("author",))
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert world.found() == []


def test_32_a_record_beside_the_first_policy(tmp_path: Path, people: dict[str, Actor]) -> None:
    fresh = World(tmp_path / "fresh", people)
    fresh.path.mkdir()
    fresh.git("init", "-q", "-b", "main")
    fresh.write("pmctl.yaml", "")
    fresh.stage_policy(fresh.make_policy(1), by="alice")
    fresh.write(fresh.file(), document())
    fresh.commit("Begin", "alice")
    fresh.act(acts.SUBMIT, "jane", reviewers=("bob",), commit=False)
    fresh.git("add", "-A")
    fresh.git("commit", "-q", "--amend", "-m", "Begin", by="alice")
    assert set(fresh.found()) == {("AU208", fresh.head), ("AU301", fresh.head)}


@pytest.mark.parametrize("wrong", ["admins: []", "admins: [carol]", "policy_threshold: 0", "policy_threshold: 2"])
def test_33_a_policy_that_locks_everybody_out(world: World, wrong: str) -> None:
    people = retired(world, "carol")
    world.change_policy(people=people)
    text = (world.root / POLICY_PATH).read_text().replace("version: 2", "version: 3")
    key = wrong.partition(":")[0]
    lines = [wrong if line.startswith(key + ":") else line for line in text.split("\n")]
    world.write(POLICY_PATH, "\n".join(lines))
    assert parse_policy((world.root / POLICY_PATH).read_bytes())[0] is None
    only(world, "AU104", world.commit("Lock out", "alice"))


def test_34_a_backdated_commit_with_a_retired_key(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.change_policy(people=retired(world, "bob", Key(world.people["spare"].public)))
    long_ago = {"GIT_AUTHOR_DATE": "1600000000 +0000", "GIT_COMMITTER_DATE": "1600000000 +0000"}
    world.act(acts.APPROVE, "bob", at="2020-09-13T12:26:40Z", commit=False)
    only(world, "AU219", world.commit("Approve", "bob", env=long_ago))


def test_35_a_key_that_was_removed(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.change_policy(people=with_keys(world, "bob", Key(world.people["spare"].public)))
    only(world, "AU217", world.act(acts.APPROVE, "bob"))


def test_35_what_a_retired_key_signed_before_stays(world: World) -> None:
    world.published()
    world.change_policy(people=retired(world, "bob", Key(world.people["spare"].public)))
    assert world.found() == []


def test_35_a_compromised_key_from_the_commit_named(world: World) -> None:
    world.published()
    stolen = world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    forged = world.act(acts.APPROVE, "bob", OTHER)
    lost = world.policy.people["bob"].keys[0]._replace(status="compromised", since=stolen)
    world.change_policy(people=with_keys(world, "bob", lost, Key(world.people["spare"].public)))
    only(world, "AU220", forged)
    later = world.act(acts.APPROVE, "bob", OTHER, note="again")
    assert world.found() == [("AU220", later), ("AU220", forged)]


def test_35_a_compromised_key_and_an_unknown_commit_count_from_the_beginning(world: World) -> None:
    world.published()
    lost = world.policy.people["bob"].keys[0]._replace(status="compromised", since="0" * 40)
    world.change_policy(people=with_keys(world, "bob", lost))
    assert [code for code, _ in world.found()] == ["AU220"]


def test_36_author_and_signer_differ(world: World) -> None:
    world.change_policy(edits="signed")
    mallory = world.people["bob"].key
    world.write(world.file(), document())
    world.git("add", "-A")
    sign_with = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={mallory}"]
    world.git(*sign_with, "commit", "-q", "-S", "-m", "Draft", by="jane")
    only(world, "AU706", world.head)


def test_36_signed_edits(world: World) -> None:
    world.change_policy(edits="signed")
    world.write(world.file(), document())
    world.git("add", "-A")
    own = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['jane'].key}"]
    world.git(*own, "commit", "-q", "-S", "-m", "Draft")
    assert world.found() == []
    only(world, "AU705", world.edit("too small", "far too small"))
    assert not world.audit().passed


def test_36_unsigned_edits_are_fine_where_they_are_attributed(world: World) -> None:
    world.new()
    world.edit("too small", "far too small")
    assert world.found() == []


def test_36_strangers_edit_a_draft(world: World) -> None:
    world.new()
    stranger = world.edit("too small", "fine", by="mallory")
    colleague = world.edit("was down", "was up", by="bob")
    report = world.audit()
    assert [(f.code, f.commit) for f in report.findings] == [("AU701", stranger), ("AU702", colleague)]
    assert report.passed  # warnings only


def test_36_tracking_by_somebody_else_and_rights_taken(world: World) -> None:
    world.published()
    tracked = world.edit("| OPEN |", "| COMPLETED |", by="bob")
    world.new(OTHER)
    taken = world.edit("author: jane", "author: jane\neditors: {bob: edit}", OTHER, by="bob")
    assert world.found() == [("AU703", tracked), ("AU704", taken)]


@pytest.mark.parametrize("handle", ["al\u200bice", "\u0430lice", "Alice", "a_b", "-x", "ali\u0301ce"])
def test_37_deceptive_handles(world: World, handle: str) -> None:
    text = (world.root / POLICY_PATH).read_text()
    data = text.replace("  carol:", f"  {handle}:").encode()
    assert parse_policy(data)[0] is None
    world.write(POLICY_PATH, data)
    only(world, "AU104", world.commit("Change", "alice"))


@pytest.mark.parametrize(
    "key",
    [
        "* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhqYbGW",
        "cert-authority ssh-ed25519 AAAAC3Nza",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
        'namespaces=\\"git\\" ssh-ed25519 AAAA',
    ],
)
def test_38_wildcards_certificates_and_options(world: World, key: str) -> None:
    text = (world.root / POLICY_PATH).read_text()
    public = world.people["carol"].public
    assert public in text
    assert parse_policy(text.replace(public, key).encode())[0] is None


def test_39_keys_of_the_verifier_do_not_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    allowed = world.write("../allowed", f"bob@example.com {world.people['mallory'].public}\n")
    world.git("config", "gpg.ssh.allowedSignersFile", str(allowed))
    monkeypatch.setenv("HOME", str(world.path.parent))
    only(world, "AU217", world.act(acts.APPROVE, "bob", key="mallory"))


@pytest.mark.parametrize("header", ["author", "committer", "gpgsig"])
def test_40_two_headers_of_a_kind(world: World, header: str) -> None:
    world.new()
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=world.path, capture_output=True, check=True).stdout
    head, _, message = raw.partition(b"\n\n")
    extra = b"author Bob <bob@example.com> 1 +0000" if header == "author" else b"committer Bob <b@c> 1 +0000"
    if header == "gpgsig":
        extra = b"gpgsig one\ngpgsig two"
    forged = head + b"\n" + extra + b"\n\n" + message
    oid = hash_object(world, forged)
    world.git("update-ref", "refs/heads/main", oid)
    only(world, "AU610", oid)


@pytest.mark.parametrize(
    "change",
    [
        (b"1705", b"99999999999999999999"),
        (b" +0000", b" +99999999999"),
        (b"<jane@example.com>", b"jane"),
        (b"Jane", b"\xff\xfe\x1b[31m"),
        (b"author ", b"encoding \xff\nauthor "),
    ],
)
def test_41_commits_that_confuse_formatting(world: World, change: tuple[bytes, bytes]) -> None:
    world.new()
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=world.path, capture_output=True, check=True).stdout
    oid = hash_object(world, raw.replace(*change))
    world.git("update-ref", "refs/heads/main", oid)
    report = world.audit()
    assert report.complete
    for finding in report.findings:
        assert "\x1b" not in finding.message


def test_67_a_merge_whose_first_parent_is_an_old_base(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("branch", "old")
    world.change_policy(people=retired(world, "bob", Key(world.people["spare"].public)))
    world.git("switch", "-q", "old")
    world.act(acts.APPROVE, "bob")
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "main", by="jane")
    merge = world.head
    world.git("branch", "-f", "main", "old")
    only(world, "AU219", merge)


def hash_object(world: World, raw: bytes) -> str:
    """Write a commit object as it stands, without git's checks."""
    command = ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"]
    return subprocess.run(command, cwd=world.path, input=raw, capture_output=True, check=True).stdout.decode().strip()
