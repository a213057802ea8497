"""Attacks on history and on the reader (42 to 49, 52, 54), each beside the nearest legitimate act."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest

from pmctl.ledger import trust
from pmctl.ledger.report import Report
from pmctl.object_reader import ObjectReader
from pmctl.policy import act as acts

from .world import DOC, Actor, World, document

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


def test_42_force_push(world: World) -> None:
    world.published()
    remembered(world)
    world.git("reset", "-q", "--hard", "HEAD~2")
    world.edit("too small", "fine")
    assert seen_again(world) == ["AU604"]


def test_42_truncation(world: World) -> None:
    world.change_policy(publishers=("author",))
    world.published()
    remembered(world)
    world.git("reset", "-q", "--hard", "HEAD~1")
    assert seen_again(world) == ["AU605"]
    world.git("reset", "-q", "--hard", "HEAD~4")
    assert seen_again(world) == ["AU605", "AU606"]


def test_42_going_on_is_fine(world: World) -> None:
    world.new()
    remembered(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert seen_again(world) == []


def test_42_a_push_that_leaves_what_landed(world: World) -> None:
    world.new()
    landed = world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("reset", "-q", "--hard", "HEAD~1")
    pushed = world.edit("too small", "fine")
    assert ("AU604", pushed) in world.found(base=landed)


def test_43_a_new_history_with_a_policy_of_its_own(world: World, people: dict[str, Actor], tmp_path: Path) -> None:
    root = remembered(world).root
    other = World(tmp_path / "other", people, members=("mallory",), admins=("mallory",))
    other.init()
    world.git("fetch", "-q", str(other.path), "main")
    world.git("reset", "-q", "--hard", "FETCH_HEAD")
    assert [f.code for f in world.audit(root=root).findings] == ["AU106"]
    assert seen_again(world) == ["AU106", "AU604"]


def test_43_a_second_root_is_merged_in(world: World, people: dict[str, Actor], tmp_path: Path) -> None:
    world.new()
    other = World(tmp_path / "other", people, members=("mallory",), admins=("mallory",))
    other.init()
    world.git("fetch", "-q", str(other.path), "main")
    world.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "Merge", "FETCH_HEAD")
    assert ("AU607", world.head) in world.found()


def test_44_shallow_clone(world: World, tmp_path: Path) -> None:
    world.published()
    world.git("clone", "-q", "--depth", "2", f"file://{world.path}", str(tmp_path / "shallow"))
    clone = World(tmp_path / "shallow", world.people)
    report = clone.audit()
    assert not report.complete and not report.passed
    assert [f.code for f in report.findings] == ["AU601"]


def test_44_forged_shallow_file(world: World) -> None:
    world.published()
    (world.path / ".git" / "shallow").write_text(world.git("rev-parse", "HEAD~1") + "\n")
    report = world.audit()
    assert not report.passed
    assert "AU601" in [f.code for f in report.findings]


def test_44_partial_clone(world: World, tmp_path: Path) -> None:
    world.published()
    world.git("config", "uploadpack.allowFilter", "true")
    world.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{world.path}", str(tmp_path / "partial"))
    (tmp_path / "partial" / "pmctl.yaml").write_text("")
    report = World(tmp_path / "partial", world.people).audit()
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU602"]


def test_44_a_whole_clone_passes(world: World, tmp_path: Path) -> None:
    world.published()
    world.git("clone", "-q", f"file://{world.path}", str(tmp_path / "clone"))
    assert World(tmp_path / "clone", world.people).audit(root=world.first).passed


def test_45_replace_refs_and_grafts(world: World) -> None:
    world.new()
    forged = world.edit("status: DRAFT", "status: PUBLISHED")
    innocent = world.git("commit-tree", "-p", "HEAD~1", "-m", "Innocent", "HEAD~1^{tree}")
    world.git("replace", forged, innocent)
    (world.path / ".git" / "info").mkdir(exist_ok=True)
    (world.path / ".git" / "info" / "grafts").write_text(f"{forged}\n")
    assert world.found() == [("AU301", forged)]


def test_46_missing_object(world: World) -> None:
    world.published()
    blob = world.git("rev-parse", f"HEAD~1:.pmctl/records/{DOC}/0001-submit-jane.json")
    object_file(world, blob).unlink()
    report = world.audit()
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU603"]


def test_46_corrupt_object(world: World) -> None:
    world.published()
    blob = world.git("rev-parse", f"HEAD~3:{world.file()}")
    file = object_file(world, blob)
    data = zlib.decompress(file.read_bytes()).replace(b"jane", b"bobb")
    file.chmod(0o644)
    file.write_bytes(zlib.compress(data))
    report = world.audit()
    assert not report.complete
    assert [f.code for f in report.findings] == ["AU603"]


def test_48_a_repaired_violation_stays(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    world.edit("fine", "too small")
    assert world.found() == [("AU401", forged)]


def test_48_until_an_admin_waives_it(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    world.edit("fine", "too small")
    world.waive("AU401", forged)
    report = world.audit()
    assert [(f.code, f.waived_by, f.waived_note) for f in report.findings] == [
        ("AU401", "alice", "agreed in the review")
    ]
    assert report.passed


def test_48_nobody_else_waives(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    waived = world.waive("AU401", forged, by="bob")
    assert world.found() == [("AU401", forged), ("AU314", waived)]


def test_48_a_waiver_names_one_finding_of_one_commit(world: World) -> None:
    world.published()
    first = world.edit("too small", "fine")
    second = world.edit("fine", "not fine")
    world.waive("AU401", first)
    assert [(f.commit, f.waived_by) for f in world.audit().findings] == [(first, "alice"), (second, "")]


def test_49_a_change_on_a_side_ref(world: World) -> None:
    world.published()
    world.git("switch", "-qc", "side")
    forged = world.edit("too small", "fine")
    world.git("switch", "-q", "main")
    assert world.found() == []
    assert world.found(tip="side") == [("AU401", forged)]


def test_52_hostile_configuration_runs_nothing(world: World) -> None:
    world.published()
    trap = world.path.parent / "sprung"
    script = world.path.parent / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\nexit 0\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.ssh.program", "gpg.program", "core.pager", "diff.external", "core.sshCommand"):
        world.git("config", key, str(script))
    world.git("config", "core.alternateRefsCommand", str(script))
    world.git("config", "filter.x.smudge", str(script))
    (world.path / ".git" / "info").mkdir(exist_ok=True)
    (world.path / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    trap.unlink(missing_ok=True)
    assert world.found() == []
    assert not trap.exists()


@pytest.mark.parametrize("name", ["--output=x", "-h", "--help", "HEAD;id", ""])
def test_54_revisions_are_no_options(world: World, name: str) -> None:
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


def last_steps(world: World, base: str) -> list[object]:
    from pmctl.ledger.history import descendants, main_line

    with ObjectReader(world.repo.common_dir) as reader:
        through = descendants(reader, world.head, base)
        return list(main_line(reader, world.head, lambda _: 1, prefer=through, stop=(base,)))


def test_nothing_is_proved_without_a_policy(tmp_path: Path, people: dict[str, Actor]) -> None:
    bare = World(tmp_path / "bare", people)
    bare.path.mkdir()
    bare.git("init", "-q", "-b", "main")
    bare.write("pmctl.yaml", "")
    bare.write(bare.file(), document())
    bare.commit("Begin")
    report = bare.audit()
    assert [f.code for f in report.findings] == ["AU100"]
    assert not report.passed


def test_a_first_policy_that_nobody_signed(tmp_path: Path, people: dict[str, Actor]) -> None:
    bare = World(tmp_path / "bare", people)
    bare.path.mkdir()
    bare.git("init", "-q", "-b", "main")
    bare.write("pmctl.yaml", "")
    bare.stage_policy(bare.make_policy(1), by="bob")
    first = bare.commit("Begin")
    bare.write("x", "y")
    bare.commit("Go on")
    assert bare.found() == [("AU100", ""), ("AU101", first)]


def object_file(world: World, oid: str) -> Path:
    return world.path / ".git" / "objects" / oid[:2] / oid[2:]


def test_reading_does_not_write(world: World) -> None:
    world.published()
    before = subprocess.run(["git", "status", "--porcelain"], cwd=world.path, capture_output=True, check=True).stdout
    index = (world.path / ".git" / "index").stat().st_mtime_ns
    world.audit(use_cache=True)
    assert (world.path / ".git" / "index").stat().st_mtime_ns == index
    after = subprocess.run(["git", "status", "--porcelain"], cwd=world.path, capture_output=True, check=True).stdout
    assert before == after
