"""42 to 49: attacks on the history itself, each beside the nearest legitimate act."""

from __future__ import annotations

import base64
import os
import struct
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from pmctl.insight.auditing import examine
from pmctl.ledger import sshsig, trust
from pmctl.ledger.report import Report
from pmctl.ledger.sshsig import SignatureProblem
from pmctl.object_reader import ObjectReader
from pmctl.policy import act as acts
from pmctl.policy.keys import KeyProblem, public_key
from tests.world import Actor, World, document

from .conftest import Copy
from .gate import Gate

NOWHERE: Mapping[str, str] = {}


def codes(world: World, environ: Mapping[str, str] = NOWHERE) -> list[str]:
    """What `pmctl audit` reports to somebody who has audited this clone before."""
    found = examine(world.repo, branch="main", environ=environ)
    return [finding.code for finding in found.report.findings]


def test_attack_42_force_push(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    assert codes(world) == []  # seen once, remembered
    world.git("reset", "-q", "--hard", "HEAD~2")
    forged = world.edit("too small", "fine")
    assert codes(world) == ["AU604"]
    assert [(f.code, f.commit) for f in gate.reach().violations] == [("AU604", forged)]
    push = gate.push(force=True)
    assert not push.landed
    assert "AU604" in push.said
    push = gate.push("HEAD:refs/heads/feature", force=True)
    assert push.landed  # a feature branch may be rewritten
    world.git("reset", "-q", "--hard", gate.before)
    world.act(acts.ARCHIVE, "alice")
    assert codes(world) == []
    gate.lands()


def test_attack_42_truncation_and_deletion(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    assert codes(world) == []
    world.git("reset", "-q", "--hard", "HEAD~1")
    assert codes(world) == ["AU605"]
    push = gate.push(force=True)
    assert not push.landed
    assert "AU604" in push.said
    push = gate.push(":refs/heads/main")
    assert not push.landed
    assert "AU608" in push.said
    assert gate.push("HEAD:refs/heads/feature").landed
    assert gate.push(":refs/heads/feature").landed


def test_attack_43_new_root_commit(stage: Copy, tmp_path: Path) -> None:
    world = stage("drafted")
    gate = Gate(world)
    assert codes(world) == []
    other = World(tmp_path / "other", members=("mallory",), admins=("mallory",))
    other.init()
    world.git("fetch", "-q", str(other.path), "main")
    world.git("reset", "-q", "--hard", "FETCH_HEAD")
    assert codes(world) == ["AU604", "AU106"]
    assert [f.code for f in world.audit(root=world.first).violations] == ["AU106"]
    push = gate.push(force=True)
    assert not push.landed
    assert "AU604" in push.said
    gate.back()
    world.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "Merge", "FETCH_HEAD")
    gate.refuses("AU607")
    gate.back()
    world.git("switch", "-q", "--orphan", "side")
    world.path.joinpath("README").write_text("no postmortems here\n")
    world.commit("Begin something else", "jane")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--allow-unrelated-histories", "-m", "Merge the README", "side")
    gate.lands()


def test_attack_44_shallow_clone(stage: Copy, tmp_path: Path) -> None:
    world = stage("published")
    world.git("clone", "-q", "--depth", "2", f"file://{world.path}", str(tmp_path / "shallow"))
    report = World(tmp_path / "shallow", world.people).audit(root=world.first)
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU601"]
    world.git("clone", "-q", f"file://{world.path}", str(tmp_path / "whole"))
    assert World(tmp_path / "whole", world.people).audit(root=world.first).passed


def test_attack_44_forged_shallow_file(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    hidden = world.git("rev-parse", "HEAD~1")
    (world.path / ".git" / "shallow").write_text(hidden + "\n")
    report = world.audit(root=world.first)
    assert not report.passed
    assert "AU601" in {f.code for f in report.findings}
    (world.path / ".git" / "shallow").unlink()
    (gate.server / "shallow").write_text(hidden + "\n")
    world.act(acts.ARCHIVE, "alice")
    assert not gate.push().landed  # the server cannot judge what it does not have
    (gate.server / "shallow").unlink()
    gate.lands()


def test_attack_45_replace_refs_and_grafts(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    forged = world.edit("status: DRAFT", "status: PUBLISHED")
    innocent = world.git("commit-tree", "-p", "HEAD~1", "-m", "Innocent", "HEAD~1^{tree}")
    world.git("replace", forged, innocent)
    (world.path / ".git" / "info").mkdir(exist_ok=True)
    (world.path / ".git" / "info" / "grafts").write_text(f"{forged}\n")
    assert [(f.code, f.commit) for f in world.audit(root=world.first).violations] == [("AU301", forged)]
    push = gate.push("refs/replace/*:refs/replace/*")
    assert not push.landed
    assert "AU609" in push.said
    (world.path / ".git" / "info" / "grafts").unlink()
    world.git("replace", "-d", forged)
    gate.refuses("AU301")
    gate.back()
    world.git("tag", "v1")
    assert gate.push("refs/tags/v1:refs/tags/v1").landed


def object_file(folder: Path, oid: str) -> Path:
    return folder / "objects" / oid[:2] / oid[2:]


def test_attack_46_missing_object(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.act(acts.ARCHIVE, "alice")
    blob = world.git("rev-parse", f"HEAD~2:{world.record('0001-submit-jane')}")
    file = object_file(world.path / ".git", blob)
    data = file.read_bytes()
    file.unlink()
    report = world.audit(root=world.first)
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU603"]
    file.write_bytes(data)
    gate.lands()


def test_attack_46_corrupt_object(stage: Copy) -> None:
    world = stage("published")
    blob = world.git("rev-parse", f"HEAD~3:{world.file()}")
    file = object_file(world.path / ".git", blob)
    good = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(zlib.compress(zlib.decompress(good).replace(b"jane", b"bobb")))
    report = world.audit(root=world.first)
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU603"]
    file.write_bytes(good)
    assert world.audit(root=world.first).passed


def with_hash(actor: Actor, data: bytes, algorithm: str, hash_name: str) -> bytes:
    """An SSHSIG by an RSA key with the signature algorithm and message digest chosen freely (PROTOCOL.sshsig)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    def string(value: bytes) -> bytes:
        return struct.pack(">I", len(value)) + value

    import hashlib

    digest = hashlib.new(hash_name, data).digest()
    signed = b"SSHSIG" + b"".join(map(string, (b"pmctl-record-v1", b"", hash_name.encode(), digest)))
    private = load_ssh_private_key(actor.key.read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    how = {"ssh-rsa": hashes.SHA1(), "rsa-sha2-512": hashes.SHA512()}[algorithm]  # noqa: S303
    raw = private.sign(signed, padding.PKCS1v15(), how)
    blob = (
        b"SSHSIG" + struct.pack(">I", 1) + string(base64.b64decode(actor.public.split()[1]))
        + string(b"pmctl-record-v1") + string(b"") + string(hash_name.encode())
        + string(string(algorithm.encode()) + string(raw))
    )  # fmt: skip
    text = base64.encodebytes(blob).replace(b"\n", b"")
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])


def test_attack_47_weak_hash(stage: Copy, tmp_path: Path) -> None:
    world = stage("submitted")
    made = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(made)], check=True)
    rsa = Actor("bob", made, " ".join(made.with_suffix(".pub").read_text().split()[:2]))
    gate = Gate(world)
    assert gate.command("alice", "people", "rotate", "bob", "--key", str(made.with_suffix(".pub"))).code == 0
    assert gate.push().landed
    gate = Gate(world)
    for algorithm, hash_name, code in (("ssh-rsa", "sha512", "AU213"), ("rsa-sha2-512", "sha1", "AU213")):
        world.act(acts.APPROVE, "bob", unsigned=True, commit=False)
        path = world.record("0002-approve-bob")
        data = (world.root / path).read_bytes()
        world.write(path + ".sig", with_hash(rsa, data, algorithm, hash_name))
        with pytest.raises(SignatureProblem):
            sshsig.verify((world.root / (path + ".sig")).read_bytes(), data, "pmctl-record-v1")
        world.commit("Approve", "bob")
        gate.refuses(code)
        gate.back()
    world.act(acts.APPROVE, "bob", unsigned=True, commit=False)
    world.write(path + ".sig", with_hash(rsa, (world.root / path).read_bytes(), "rsa-sha2-512", "sha512"))
    world.commit("Approve", "bob")
    gate.lands()


def test_attack_47_small_key() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    small = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505  that is the attack
    line = small.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    with pytest.raises(KeyProblem, match="1024"):
        public_key(line)


def test_attack_48_violation_repaired_later(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    forged = world.edit("too small", "fine")
    world.edit("fine", "too small")
    gate.refuses("AU401", commit=forged)
    said = gate.command("bob", "waive", "AU401", forged, "-m", "never mind")
    assert said.code != 0  # nobody but an admin waives; and here the commit is not even part of the branch
    world.git("reset", "-q", "--hard", forged)
    waived = world.waive("AU401", forged, by="bob")
    found = {(f.code, f.commit) for f in gate.whole().violations}
    assert found == {("AU401", forged), ("AU314", waived)}
    world.git("reset", "-q", "--hard", forged)
    world.waive("AU401", forged)
    report = gate.whole()
    assert [(f.code, f.waived_by, f.waived_note) for f in report.findings] == [
        ("AU401", "alice", "agreed in the review")
    ]
    assert report.passed
    assert gate.push().landed


def test_attack_49_change_on_a_side_ref(stage: Copy) -> None:
    world = stage("submitted")
    world.git("switch", "-qc", "side")
    approved = world.act(acts.APPROVE, "bob")
    world.git("update-ref", "refs/notes/approvals", approved)
    world.git("switch", "-q", "main")
    gate = Gate(world)
    assert gate.push("side:refs/heads/side").landed  # a side ref decides nothing
    assert gate.push("refs/notes/approvals:refs/notes/approvals").landed
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    gate.lands()


def test_attack_49_violation_on_a_side_ref(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    forged = world.edit("status: DRAFT", "status: PUBLISHED")
    world.git("switch", "-q", "main")
    assert world.audit(root=world.first).passed
    assert gate.push("side:refs/heads/side").landed
    world.git("merge", "-q", "--ff-only", "side")
    gate.refuses("AU301", commit=forged)


def test_the_first_policy_has_to_be_the_one_expected(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    subprocess.run(["git", "config", "pmctl.root", "sha256:" + "0" * 64], cwd=gate.server, check=True)
    world.write(world.file(), document())
    world.commit("Draft")
    push = gate.push()
    assert not push.landed
    assert "AU106" in push.said
    assert os.environ.get("PMCTL_TRUST_ROOT") is None


OTHER = "2024-02-01-other"


def seen_again(world: World) -> list[str]:
    """The codes of what changed since this user's last audit."""
    sight = trust.recall(world.repo)
    assert sight is not None
    return [finding.code for finding in trust.compare(world.repo, world.audit(), sight)]


def remembered(world: World) -> Report:
    report = world.audit()
    trust.remember(world.repo, report)
    return report


def last_steps(world: World, base: str) -> list[object]:
    from pmctl.ledger.history import descendants, main_line

    with ObjectReader(world.repo.common_dir) as reader:
        through = descendants(reader, world.head, base)
        return list(main_line(reader, world.head, lambda _: 1, prefer=through, stop=(base,)))


def test_beside_42_going_on_is_fine(world: World) -> None:
    world.new()
    remembered(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert seen_again(world) == []


def test_attack_42_a_push_that_leaves_what_landed(world: World) -> None:
    world.new()
    landed = world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("reset", "-q", "--hard", "HEAD~1")
    pushed = world.edit("too small", "fine")
    assert ("AU604", pushed) in world.found(base=landed)


def test_attack_43_a_second_root_is_merged_in(world: World, tmp_path: Path) -> None:
    world.new()
    other = World(tmp_path / "other", members=("mallory",), admins=("mallory",))
    other.init()
    world.git("fetch", "-q", str(other.path), "main")
    world.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "Merge", "FETCH_HEAD")
    assert ("AU607", world.head) in world.found()


def test_attack_44_partial_clone(world: World, tmp_path: Path) -> None:
    world.published()
    world.git("config", "uploadpack.allowFilter", "true")
    world.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{world.path}", str(tmp_path / "partial"))
    (tmp_path / "partial" / "pmctl.yaml").write_text("")
    report = World(tmp_path / "partial", world.people).audit()
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU602"]


def test_beside_44_a_whole_clone_passes(world: World, tmp_path: Path) -> None:
    world.published()
    world.git("clone", "-q", f"file://{world.path}", str(tmp_path / "clone"))
    assert World(tmp_path / "clone", world.people).audit(root=world.first).passed


def test_attack_48_until_an_admin_waives_it(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    world.edit("fine", "too small")
    world.waive("AU401", forged)
    report = world.audit()
    assert [(f.code, f.waived_by, f.waived_note) for f in report.findings] == [
        ("AU401", "alice", "agreed in the review")
    ]
    assert report.passed


def test_attack_48_nobody_else_waives(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    waived = world.waive("AU401", forged, by="bob")
    assert world.found() == [("AU401", forged), ("AU314", waived)]


def test_attack_48_a_waiver_names_one_finding_of_one_commit(world: World) -> None:
    world.published()
    first = world.edit("too small", "fine")
    second = world.edit("fine", "not fine")
    world.waive("AU401", first)
    assert [(f.commit, f.waived_by) for f in world.audit().findings] == [(first, "alice"), (second, "")]


@pytest.mark.parametrize("name", ["--output=x", "-h", "--help", "HEAD;id", ""])
def test_attack_54_revisions_are_no_options(world: World, name: str) -> None:
    from pmctl.errors import EnvironmentProblem

    with pytest.raises(EnvironmentProblem):
        world.audit(tip=name)


def test_range_reports_only_what_is_new(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    base = world.edit("fine", "too small")
    world.new(OTHER)
    assert world.found() == [("AU401", forged)]
    assert world.found(base=base) == []
    broken = world.edit("status: DRAFT", "status: ARCHIVED", OTHER)
    assert world.found(base=base) == [("AU301", broken)]


def test_range_goes_through_the_commit_that_landed(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    base = world.act(acts.APPROVE, "bob")
    world.git("switch", "-qc", "side", "HEAD~2")
    world.edit("came early", "came very early")
    world.git("merge", "-q", "--no-ff", "-m", "Merge main into side", "main", by="jane")
    assert [(s.parent) for s in last_steps(world, base)] == [base]
    assert world.found(base=base) == []


def test_nothing_is_proved_without_a_policy(tmp_path: Path) -> None:
    bare = World(tmp_path / "bare")
    bare.path.mkdir()
    bare.git("init", "-q", "-b", "main")
    bare.write("pmctl.yaml", "")
    bare.write(bare.file(), document())
    bare.commit("Begin")
    report = bare.audit()
    assert [f.code for f in report.findings] == ["AU100"]
    assert not report.passed


def test_a_first_policy_that_nobody_signed(tmp_path: Path) -> None:
    bare = World(tmp_path / "bare")
    bare.path.mkdir()
    bare.git("init", "-q", "-b", "main")
    bare.write("pmctl.yaml", "")
    bare.stage_policy(bare.make_policy(1), by="bob")
    first = bare.commit("Begin")
    bare.write("x", "y")
    bare.commit("Go on")
    assert bare.found() == [("AU100", ""), ("AU101", first)]


def test_reading_does_not_write(world: World) -> None:
    world.published()
    before = subprocess.run(["git", "status", "--porcelain"], cwd=world.path, capture_output=True, check=True).stdout
    index = (world.path / ".git" / "index").stat().st_mtime_ns
    world.audit(use_cache=True)
    assert (world.path / ".git" / "index").stat().st_mtime_ns == index
    after = subprocess.run(["git", "status", "--porcelain"], cwd=world.path, capture_output=True, check=True).stdout
    assert before == after
