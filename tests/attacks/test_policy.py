"""29 to 41 and 67: attacks on the policy and on identities, each beside the nearest legitimate act."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from pmctl.policy.model import POLICY_PATH, Key, Person
from pmctl.policy.reading import parse_policy
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate

OTHER = "2024-02-01-other"


def with_keys(world: World, handle: str, *keys: Key) -> dict[str, Person]:
    """The people of the policy, one of them with other keys."""
    people = dict(world.policy.people)
    people[handle] = people[handle]._replace(keys=keys)
    return people


def rotated(world: World, handle: str, *, status: str = "retired", since: str = "") -> dict[str, Person]:
    """The people, one of them with the present keys out of use and a new one."""
    old = tuple(key._replace(status=status, since=since) for key in world.policy.people[handle].keys)
    return with_keys(world, handle, *old, Key(world.people["spare"].public))


def raw_commit(world: World, oid: str = "HEAD") -> bytes:
    """A commit's bytes."""
    return subprocess.run(["git", "cat-file", "commit", oid], cwd=world.path, capture_output=True, check=True).stdout


def hash_object(world: World, raw: bytes, kind: str = "commit") -> str:
    """Write an object as it stands, without git's checks."""
    command = ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    return subprocess.run(command, cwd=world.path, input=raw, capture_output=True, check=True).stdout.decode().strip()


def test_attack_29_policy_edited_by_a_non_admin(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    before = world.policy
    world.change_policy(by="bob", admins=("alice", "bob"))
    gate.refuses("AU102")
    gate.command_refuses("bob", "people", "change", "bob", "--admin", code="AU102")
    text = (world.root / POLICY_PATH).read_text()
    world.write(POLICY_PATH, text.replace("version: 1", "version: 2"))
    world.commit("Change it without a record", "alice")
    gate.refuses("AU102")
    gate.back()
    world.policy = before
    world.change_policy(admins=("alice", "bob"))
    gate.lands()


def test_attack_30_keys_swapped_in_the_commit_that_uses_them(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    before = world.policy
    people = with_keys(world, "bob", *world.policy.people["bob"].keys, Key(world.people["mallory"].public))
    world.stage_policy(replace(world.policy, version=2, people=people), by="alice")
    world.act(acts.APPROVE, "bob", key="mallory", policy=1)
    gate.refuses("AU208")
    gate.back()
    world.policy = before
    world.stage_policy(replace(world.policy, version=2, people=people), by="jane")
    world.act(acts.APPROVE, "bob", key="mallory", policy=1)
    gate.refuses("AU102", "AU208")
    gate.back()
    world.policy = before
    world.change_policy(people=people)  # the policy first, then the act
    world.act(acts.APPROVE, "bob", key="mallory")
    gate.lands()


def test_attack_31_rollback_to_an_older_policy(stage: Copy) -> None:
    world = stage("empty")
    old = (world.root / POLICY_PATH).read_bytes()
    world.change_policy(people=rotated(world, "carol"))
    gate = Gate(world)
    world.write(POLICY_PATH, old)
    world.commit("Roll back", "bob")
    gate.refuses("AU102", "AU103")
    first = world.record("0001-alice", "policy")
    for suffix in ("", ".sig"):
        world.write(first.replace("0001", "0003") + suffix, (world.root / (first + suffix)).read_bytes())
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit", by="bob")
    gate.refuses("AU102", "AU103", "AU204")
    gate.back()
    world.change_policy(people={**world.policy.people, "carol": world.policy.people["carol"]}, publishers=("author",))
    gate.lands()


def test_attack_32_a_record_that_relies_on_a_policy_of_its_own_step(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    before = world.policy
    world.stage_policy(replace(world.policy, version=2, publishers=("author",)), by="alice")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), policy=2)
    gate.refuses("AU208", "AU301")
    gate.back()
    world.policy = before
    world.change_policy(publishers=("author",))
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_33_last_admin_removed_or_threshold_zero(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    text = (world.root / POLICY_PATH).read_text().replace("version: 1", "version: 2")
    for wrong in ("admins: []", "policy_threshold: 2", "policy_threshold: 0"):
        gate.back()
        key = wrong.partition(":")[0]
        lines = [wrong if line.startswith(key + ":") else line for line in text.split("\n")]
        world.write(POLICY_PATH, "\n".join(lines))
        assert parse_policy((world.root / POLICY_PATH).read_bytes())[0] is None
        world.commit("Lock out", "alice")
        found = [(finding.code, finding.commit) for finding in gate.new(gate.whole())]
        assert found == [("AU104", world.head)]
    gate.refuses("AU104")
    gate.command_refuses("alice", "people", "revoke", "alice", "-m", "goodbye")
    gate.command_refuses("alice", "people", "change", "alice", "--no-admin", "-m", "goodbye")
    said = gate.command("alice", "people", "change", "bob", "--admin", "-m", "a second admin")
    assert said.code == 0, said
    gate.lands()


def test_attack_34_backdated_with_a_retired_key(stage: Copy) -> None:
    world = stage("submitted")
    world.change_policy(people=rotated(world, "bob"))
    gate = Gate(world)
    long_ago = {"GIT_AUTHOR_DATE": "1600000000 +0000", "GIT_COMMITTER_DATE": "1600000000 +0000"}
    world.act(acts.APPROVE, "bob", at="2020-09-13T12:26:40Z", commit=False)
    world.commit("Approve", "bob", env=long_ago)
    gate.refuses("AU219")
    gate.back()
    world.act(acts.APPROVE, "bob", key="spare", commit=False)
    world.commit("Approve", "bob", env=long_ago)  # a clock that is wrong proves and disproves nothing
    gate.lands()


def test_attack_35_revoked_key_used_later(stage: Copy) -> None:
    world = stage("submitted")
    world.change_policy(people=rotated(world, "bob"))
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    gate.refuses("AU219")
    gate.command_refuses("bob", "approve", DOC)
    world.act(acts.APPROVE, "bob", key="spare")
    gate.lands()


def test_attack_35_removed_key_used_later(stage: Copy) -> None:
    world = stage("submitted")
    world.change_policy(people=with_keys(world, "bob", Key(world.people["spare"].public)))
    gate = Gate(world)
    world.act(acts.APPROVE, "bob")
    gate.refuses("AU217")


def test_attack_35_compromised_key(stage: Copy) -> None:
    world = stage("published")
    stolen = world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    forged = world.act(acts.APPROVE, "bob", OTHER)
    gate = Gate(world)
    world.change_policy(people=rotated(world, "bob", status="compromised", since=stolen))
    # What it signed since the commit named is a finding now, what it signed before stands.
    assert [(f.code, f.commit) for f in gate.whole().findings] == [("AU220", forged)]
    assert gate.push().landed
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", OTHER, note="again")
    gate.refuses("AU220")


def test_attack_36_author_and_signer_differ(stage: Copy) -> None:
    world = stage("empty")
    world.change_policy(edits="signed")
    gate = Gate(world)
    for signer, code in (("bob", "AU706"), ("", "AU705"), ("jane", "")):
        gate.back()
        world.write(world.file(), document())
        world.git("add", "-A")
        how = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people[signer].key}"] if signer else []
        world.git(*how, "commit", "-q", *(["-S"] if signer else []), "-m", "Draft", by="jane")
        if code:
            gate.refuses(code, layer="attributed")
        else:
            gate.lands()


def test_attack_36_author_and_committer_differ(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.edit("too small", "fine", by="mallory")
    gate.warns("AU701")
    gate.back()
    jane = {"GIT_AUTHOR_NAME": "Jane", "GIT_AUTHOR_EMAIL": "jane@example.com"}
    world.edit("too small", "far too small", commit=False)
    world.commit("Edit", by="bob", env=jane)  # a rebase by a colleague: the author stays
    gate.lands()


def test_attack_37_homoglyph_and_invisible_handles(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    text = (world.root / POLICY_PATH).read_text()
    for handle in ("\u0430lice", "al\u200bice", "Alice", "ali\u0301ce"):
        data = text.replace("  carol:", f"  {handle}:").replace("version: 1", "version: 2").encode()
        assert parse_policy(data)[0] is None
        said = gate.command("alice", "people", "add", handle, "--name", "Alice Doe")
        assert said.code == 2
        assert world.head == gate.before
    world.write(POLICY_PATH, data)
    world.commit("Change", "alice")
    gate.refuses("AU104")
    said = gate.command("alice", "people", "add", "dave", "--name", "Dave Doe", "--key", world.people["dave"].public)
    assert said.code == 0, said
    gate.lands()


@pytest.mark.parametrize(
    "key",
    [
        "* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhqYbGW",
        "cert-authority ssh-ed25519 AAAAC3Nza",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
    ],
)
def test_attack_38_wildcard_and_certificate_principals(stage: Copy, key: str) -> None:
    world = stage("empty")
    gate = Gate(world)
    text = (world.root / POLICY_PATH).read_text().replace("version: 1", "version: 2")
    world.write(POLICY_PATH, text.replace(world.people["carol"].public, key))
    world.commit("Anybody", "alice")
    assert [(f.code, f.commit) for f in gate.new(gate.reach())] == [("AU104", world.head)]
    said = gate.command("alice", "people", "add", "any", "--name", "Any", "--email", "*@example.com", "--key", key)
    assert said.code == 2
    assert world.head == gate.before


def test_attack_38_wildcard_address(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    text = (world.root / POLICY_PATH).read_text().replace("version: 1", "version: 2")
    world.write(POLICY_PATH, text.replace("carol@example.com", '"*@example.com"').replace('""', '"'))
    world.commit("Anybody", "alice")
    gate.refuses("AU104")
    said = gate.command("alice", "people", "change", "carol", "--email", "carol@new.example")
    assert said.code == 0, said
    gate.lands()


def test_attack_39_key_from_the_verifiers_own_keyring(stage: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = stage("submitted")
    gate = Gate(world)
    allowed = world.write("../allowed", f"bob,bob@example.com {world.people['mallory'].public}\n")
    for place in (world.path, gate.server):
        subprocess.run(["git", "config", "gpg.ssh.allowedSignersFile", str(allowed)], cwd=place, check=True)
    monkeypatch.setenv("HOME", str(world.path.parent))
    world.act(acts.APPROVE, "bob", key="mallory")
    gate.refuses("AU217")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_40_duplicate_headers_and_two_signatures(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    honest = world.edit("too small", "far too small")
    head, _, message = raw_commit(world).partition(b"\n\n")
    for extra in (b"author Bob <bob@example.com> 1 +0000", b"committer Bob <b@c> 1 +0000", b"gpgsig one\ngpgsig two"):
        oid = hash_object(world, head + b"\n" + extra + b"\n\n" + message)
        world.git("update-ref", "refs/heads/main", oid)
        assert [(f.code, f.commit) for f in gate.new(gate.whole())] == [("AU610", oid)]
    gate.refuses("AU610")
    world.git("update-ref", "refs/heads/main", honest)
    gate.lands()


def test_attack_41_objects_that_crash_formatting(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.edit("status: DRAFT", "status: PUBLISHED")
    raw = raw_commit(world)
    for old, new in (
        (b"1705", b"99999999999999999999"),
        (b" +0000", b" +99999999999"),
        (b"<jane@example.com>", b"jane"),
        (b"Jane", b"\xff\xfe\x1b[31m"),
        (b"author ", b"encoding \xff\nauthor "),
        (b"\n\nEdit", b"\n\n\x00Edit"),
    ):
        oid = hash_object(world, raw.replace(old, new))
        world.git("update-ref", "refs/heads/main", oid)
        report = gate.whole()
        assert report.complete
        assert ("AU301", oid) in {(f.code, f.commit) for f in report.violations}
        assert not any("\x1b" in finding.message for finding in report.findings)
    push = gate.push()
    assert not push.landed
    assert "AU301" in push.said
    gate.back()
    world.edit("too small", "far too small")
    gate.lands()


def test_attack_67_first_parent_is_not_the_main_line(stage: Copy) -> None:
    world = stage("submitted")
    world.git("branch", "old")
    world.change_policy(people=rotated(world, "bob"))
    gate = Gate(world)
    world.git("switch", "-q", "old")
    world.act(acts.APPROVE, "bob")  # good under the old policy, with a key that is retired on main
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "main", by="jane")
    gate.refuses("AU219")
    world.git("reset", "-q", "--hard", "old~2")
    world.edit("came early", "came very early")
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main' of server", "main", by="jane")
    assert world.git("rev-parse", "HEAD^2") == gate.before  # a plain git pull: main is the second parent
    gate.lands()


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]


def retired(world: World, handle: str, *more: Key) -> dict[str, Person]:
    """The people, with all present keys of one retired."""
    old = tuple(key._replace(status="retired") for key in world.policy.people[handle].keys)
    return with_keys(world, handle, *old, *more)


def test_attack_29_policy_edited_without_a_record(world: World) -> None:
    text = (world.root / POLICY_PATH).read_text()
    world.write(POLICY_PATH, text.replace("version: 1", "version: 2"))
    only(world, "AU102", world.commit("Change", "alice"))
    world.write(POLICY_PATH, text)
    world.commit("Put it back", "alice")
    assert len(world.found()) == 1  # repaired, and still reported


def test_attack_30_keys_swapped_by_somebody_who_is_no_admin(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    people = with_keys(world, "bob", Key(world.people["mallory"].public))
    swapped = world.change_policy(by="jane", people=people)
    forged = world.act(acts.APPROVE, "bob", key="mallory", policy=1)
    assert world.found() == [("AU102", swapped), ("AU217", forged)]


def test_attack_31_rollback_with_the_old_record_replayed(world: World) -> None:
    old = (world.root / POLICY_PATH).read_bytes()
    world.change_policy(people=retired(world, "carol"))
    world.write(POLICY_PATH, old)
    first = world.record("0001-alice", "policy")
    for suffix in ("", ".sig"):
        world.write(first.replace("0001", "0003") + suffix, (world.root / (first + suffix)).read_bytes())
    back = world.commit("Roll back", "bob")
    assert set(world.found()) == {("AU102", back), ("AU103", back), ("AU204", back)}


def test_beside_32_the_same_record_one_step_later(world: World) -> None:
    world.new()
    world.change_policy(publishers=("author",))
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert world.found() == []


def test_attack_32_a_record_beside_the_first_policy(tmp_path: Path) -> None:
    fresh = World(tmp_path / "fresh")
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


def test_beside_35_what_a_retired_key_signed_before_stays(world: World) -> None:
    world.published()
    world.change_policy(people=retired(world, "bob", Key(world.people["spare"].public)))
    assert world.found() == []


def test_attack_35_a_compromised_key_and_an_unknown_commit_count_from_the_beginning(world: World) -> None:
    world.published()
    lost = world.policy.people["bob"].keys[0]._replace(status="compromised", since="0" * 40)
    world.change_policy(people=with_keys(world, "bob", lost))
    assert [code for code, _ in world.found()] == ["AU220"]


def test_attack_36_signed_edits(world: World) -> None:
    world.change_policy(edits="signed")
    world.write(world.file(), document())
    world.git("add", "-A")
    own = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['jane'].key}"]
    world.git(*own, "commit", "-q", "-S", "-m", "Draft")
    assert world.found() == []
    only(world, "AU705", world.edit("too small", "far too small"))
    assert not world.audit().passed


def test_beside_36_unsigned_edits_are_fine_where_they_are_attributed(world: World) -> None:
    world.new()
    world.edit("too small", "far too small")
    assert world.found() == []


def test_attack_36_strangers_edit_a_draft(world: World) -> None:
    world.new()
    stranger = world.edit("too small", "fine", by="mallory")
    colleague = world.edit("was down", "was up", by="bob")
    report = world.audit()
    assert [(f.code, f.commit) for f in report.findings] == [("AU701", stranger), ("AU702", colleague)]
    assert report.passed  # warnings only


def test_attack_36_tracking_by_somebody_else_and_rights_taken(world: World) -> None:
    world.published()
    tracked = world.edit("| OPEN |", "| COMPLETED |", by="bob")
    world.new(OTHER)
    taken = world.edit("author: jane", "author: jane\neditors: {bob: edit}", OTHER, by="bob")
    assert world.found() == [("AU703", tracked), ("AU704", taken)]


@pytest.mark.parametrize("handle", ["al\u200bice", "\u0430lice", "Alice", "a_b", "-x", "ali\u0301ce"])
def test_attack_37_deceptive_handles(world: World, handle: str) -> None:
    text = (world.root / POLICY_PATH).read_text()
    data = text.replace("  carol:", f"  {handle}:").encode()
    assert parse_policy(data)[0] is None
    world.write(POLICY_PATH, data)
    only(world, "AU104", world.commit("Change", "alice"))


def test_attack_67_a_merge_whose_first_parent_is_an_old_base(world: World) -> None:
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
