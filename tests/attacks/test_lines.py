"""67 to 71, 74 and 91: merges that hide what landed, beside merges as people make them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pmctl.document.finding import Severity
from pmctl.insight.auditing import examine
from pmctl.ledger.report import AuditFinding, Report
from pmctl.policy import act as acts
from pmctl.policy.state import DRAFT, PUBLISHED
from tests.clones import Clones, base
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate, command

OTHER = "2024-02-01-other"


def found(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.commit) for finding in report.findings]


def clones(stage: Copy, name: str) -> Clones:
    return Clones(stage(name))


def seen_by(world: World) -> tuple[AuditFinding, ...]:
    """What the audit says to somebody who keeps auditing this clone."""
    return examine(world.repo, environ={}).report.findings


def edited_and_put_back(team: Clones) -> tuple[str, str]:
    """bob pushes an edit of published text, and pushes it back; returns both commits."""
    team.pull("bob")
    bob = team.of("bob")
    edited = bob.edit("too small", "fine", by="bob")
    team.push("bob")
    back = bob.edit("fine", "too small", by="bob")
    team.push("bob")
    return edited, back


def merged_as_a_side(team: Clones, main: str, before: str) -> str:
    """bob begins again `before`, merges `main` as the second parent and pushes that, without force."""
    bob = team.of("bob")
    bob.git("fetch", "-q", "origin")
    bob.git("switch", "-qC", "side", before)
    bob.write("NOTES", "hi\n")
    bob.commit("Take notes", "bob")
    bob.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", main, by="bob")
    return team.push("bob")


def merged_from(team: Clones, by: str) -> str:
    """bob merges somebody's unpushed commits on top of what he has, and pushes."""
    bob = team.of("bob")
    bob.git("pull", "-q", "--no-rebase", "--no-ff", "--no-edit", str(team.of(by).path), "HEAD", by="bob")
    return team.push("bob")


def test_attack_68_a_landed_edit_is_merged_as_a_side_line(stage: Copy) -> None:
    team = clones(stage, "published")
    before = team.of("alice").head
    edited, back = edited_and_put_back(team)
    merge = merged_as_a_side(team, back, before)
    (told,) = team.fresh().audit().findings
    assert (told.code, told.commit, told.severity) == ("AU615", merge, Severity.WARNING)
    assert edited[:12] in told.message


def test_attack_68_a_clone_that_had_audited_it_remembers(stage: Copy) -> None:
    team = clones(stage, "published")
    alice = team.of("alice")
    before = alice.head
    edited, back = edited_and_put_back(team)
    team.pull("alice")
    assert [f.code for f in seen_by(alice)] == ["AU401"]
    merged_as_a_side(team, back, before)
    team.pull("alice")
    for _ in range(3):  # warm; then what is remembered is the merge itself; then without the cache
        assert [(f.code, f.commit) for f in seen_by(alice)] == [("AU401", edited)]
        for kept in (alice.path / ".git" / "pmctl").glob("audit-*"):
            kept.unlink()


def test_attack_68_the_range_goes_through_what_landed(stage: Copy) -> None:
    world = stage("published")
    before = world.head
    edited = world.edit("too small", "fine", by="bob")
    world.edit("fine", "too small", by="bob")
    gate = Gate(world)
    world.git("switch", "-qC", "side", before)
    world.write("NOTES", "hi\n")
    world.commit("Take notes", "bob")
    world.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "main", by="bob")
    report = world.audit(base=gate.before)
    assert [s.code for s in report.findings] == []
    assert [(f.code, f.commit) for f in world.audit(seen=(gate.before,)).findings] == [("AU401", edited)]


def test_attack_68_a_record_signed_since_shows_the_way(stage: Copy) -> None:
    team = clones(stage, "published")
    before = team.of("alice").head
    edited, _ = edited_and_put_back(team)
    team.pull("carol")
    carol = team.of("carol")
    carol.new(OTHER, by="carol")
    team.act(acts.SUBMIT, "carol", OTHER, reviewers=("alice",))
    merged_as_a_side(team, team.push("carol"), before)
    assert found(team.fresh().audit()) == [("AU401", edited)]


def test_attack_68_a_witness_that_nobody_signed_shows_no_way(stage: Copy) -> None:
    """A record beside the old line that names it is no witness when its signature is not by whom it says."""
    team = clones(stage, "published")
    before = team.of("alice").head
    edited, _ = edited_and_put_back(team)
    team.pull("carol")
    team.of("carol").new(OTHER, by="carol")
    team.act(acts.SUBMIT, "carol", OTHER, reviewers=("alice",))
    main = team.push("carol")
    bob = team.of("bob")
    bob.git("fetch", "-q", "origin")
    bob.git("switch", "-qC", "side", before)
    bob.write("NOTES", "hi\n")
    forged = bob.commit("Take notes", "bob")
    bob.new("2024-03-01-third", by="bob")
    bob.act(acts.SUBMIT, "alice", "2024-03-01-third", key="bob", base=forged, reviewers=("carol",), committer="bob")
    bob.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", main, by="bob")
    merge = team.push("bob")
    codes = found(team.fresh().audit())
    assert ("AU401", edited) in codes
    assert ("AU218", merge) in codes


def test_attack_68_a_record_that_lands_afterwards_names_what_was_bypassed(stage: Copy) -> None:
    team = clones(stage, "published")
    before = team.of("alice").head
    edited, back = edited_and_put_back(team)
    team.pull("carol")
    carol = team.of("carol")
    carol.new(OTHER, by="carol")
    team.act(acts.SUBMIT, "carol", OTHER, reviewers=("alice",))  # signed in sight of the edit, not yet pushed
    carol.new("2024-04-01-fourth", by="carol")
    team.act(acts.SUBMIT, "carol", "2024-04-01-fourth", reviewers=("alice",))  # two witnesses, told of once
    merge = merged_as_a_side(team, back, before)
    landed = merged_from(team, "carol")
    report = team.fresh().audit()
    assert [(f.code, f.commit) for f in report.violations] == [("AU612", landed)]
    assert edited[:12] in report.violations[0].message
    assert [(f.code, f.commit) for f in report.findings if f not in report.violations] == [("AU615", merge)]


@pytest.mark.parametrize("what", ["status", "policy"])
def test_attack_68_a_bypassed_status_or_policy(stage: Copy, what: str) -> None:
    team = clones(stage, "published")
    alice = team.of("alice")
    before = alice.head
    bob = team.of("bob")
    path = ".pmctl/policy.yaml"
    text = (bob.root / path).read_text()
    if what == "status":
        bob.edit("status: PUBLISHED", "status: DRAFT", by="bob")
        bob.edit("status: DRAFT", "status: PUBLISHED", by="bob")
    else:
        bob.write(path, text.replace("version: 1", "version: 2"))
        bob.commit("Be quick", "bob")
        bob.write(path, text)
        bob.commit("Be slow", "bob")
    back = team.push("bob")
    team.pull("carol")
    team.of("carol").new(OTHER, by="carol")
    team.act(acts.SUBMIT, "carol", OTHER, reviewers=("alice",))
    merged_as_a_side(team, back, before)
    landed = merged_from(team, "carol")
    assert set(found(team.fresh().audit())) == {("AU612", landed)}


def test_beside_68_going_round_what_was_signed_is_nothing(stage: Copy) -> None:
    """Everybody pulls with merges, so the old main line is a side of many; all of it is signed."""
    team = clones(stage, "published")
    before = team.of("alice").head
    team.of("bob").new(OTHER, by="bob")
    team.act(acts.SUBMIT, "bob", OTHER, reviewers=("carol",))
    back = team.push("bob")
    team.pull("carol")
    team.of("carol").new("2024-03-01-third", by="carol")
    team.act(acts.SUBMIT, "carol", "2024-03-01-third", reviewers=("alice",))
    merged_as_a_side(team, back, before)
    merged_from(team, "carol")
    assert found(team.fresh().audit()) == []


def test_beside_68_an_amend_in_two_commits_on_a_branch(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-qc", "amend")
    world.edit("too small", "far too small", by="alice")
    world.edit("Alerts came early", "Alerts came very early", by="alice")
    world.act(acts.AMEND, "alice")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "amend", by="alice")
    gate.lands()


def test_attack_68_an_edit_that_was_taken_back_on_a_branch_is_told(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-qc", "branch")
    edited = world.edit("too small", "fine", by="alice")
    world.edit("fine", "too small", by="alice")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "branch", by="alice")
    gate.warns("AU615", layer="proved")
    assert edited[:12] in gate.whole().findings[0].message


ACTS = {  # the stage before, the act that is dropped, who does it
    "refusal": ("submitted", acts.REQUEST_CHANGES, "bob"),
    "approval": ("submitted", acts.APPROVE, "bob"),
    "publication": ("approved", acts.PUBLISH, "jane"),
    "archive": ("published", acts.ARCHIVE, "alice"),
}


@pytest.mark.parametrize("dropped", list(ACTS))
def test_attack_69_ours_drops_an_act_of_a_side(stage: Copy, dropped: str) -> None:
    before, act, by = ACTS[dropped]
    world = stage(before)
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.act(act, by)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    gate.refuses("AU205")
    (lost,) = gate.whole().lost
    assert (lost.act.act if lost.act else "", lost.source) == (act, world.git("rev-parse", "side"))
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="jane")
    gate.lands()


@pytest.mark.parametrize("dropped", list(ACTS))
def test_attack_69_ours_drops_an_act_that_had_landed(stage: Copy, dropped: str) -> None:
    """The main line is the second parent, and what it decided is left out."""
    before, act, by = ACTS[dropped]
    world = stage(before)
    old = world.head
    world.act(act, by)
    gate = Gate(world)
    world.git("switch", "-qC", "side", old)
    world.write("NOTES", "hi\n")
    world.commit("Take notes", "jane")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge branch 'main'", "main", by="jane")
    for report in (gate.whole(), gate.reach()):
        assert ("AU205", world.head) in {(f.code, f.commit) for f in report.violations}
        assert {f.commit for f in report.violations} == {world.head}
    assert not gate.push().landed


def test_attack_69_a_dropped_act_is_said_wherever_it_is_shown(stage: Copy) -> None:
    world = stage("published")
    world.git("switch", "-qc", "side")
    world.edit("too small", "far too small", commit=False)
    world.act(acts.AMEND, "alice")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="bob")
    for _ in range(2):  # the second time from what is kept
        listed = command(world, "carol", "list")
        assert "PUBLISHED !" in listed.out
        assert "a signed record is missing: " in listed.err and "amend by alice" in listed.err
    for words in (("show", DOC), ("export", DOC, "--to", "html"), ("status", DOC)):
        said = command(world, "carol", *words)
        assert "amend by alice, signed in" in said.out + said.err
    assert "PUBLISHED !" in command(world, "carol", "status").out
    for words in (("status",), ("status", DOC)):
        assert f"your amend of {DOC}; pmctl doctor --fix" in command(world, "alice", *words).err
        assert "your amend" not in command(world, "carol", *words).err
    (mine,) = json.loads(command(world, "alice", "status", "--format", "json").out)["unlanded"]
    assert (mine["act"], mine["postmortem"], mine["dropped"]) == ("amend", DOC, True)
    assert command(world, "alice", "doctor", "--fix").code == 0
    for words in (("list",), ("status",), ("show", DOC)):
        said = command(world, "alice", *words)
        assert "missing" not in said.out + said.err and "your amend" not in said.err


def test_beside_69_a_refusal_that_was_done_again_is_not_said(stage: Copy) -> None:
    world = stage("submitted")
    world.git("switch", "-qc", "side")
    world.act(acts.REQUEST_CHANGES, "bob", note="on the train")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    assert f"your request-changes of {DOC}; pmctl doctor --fix" in command(world, "bob", "status").err
    assert "IN_REVIEW !" in command(world, "jane", "list").out
    world.act(acts.REQUEST_CHANGES, "bob", note="at my desk")
    assert "your request-changes" not in command(world, "bob", "status").err
    assert "!" not in command(world, "jane", "list").out


def test_attack_69_ours_drops_a_whole_postmortem(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.published(OTHER)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    gate.refuses("AU205")
    assert sorted(one.act.act for one in gate.whole().lost if one.act) == ["approve", "publish", "submit"]
    gate.back()
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge what nobody submitted", "side~3", by="jane")
    gate.lands()  # a draft without records may be left out


def test_attack_69_ours_drops_a_version_of_the_policy(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.change_policy(publishers=("author",))
    world.git("switch", "-q", "main")
    world.edit("too small", "far too small")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="alice")
    for report in (gate.whole(), gate.reach()):
        assert "AU205" in {f.code for f in report.violations}
        assert {f.commit for f in report.violations} == {world.head}
    assert any("policy/0002-alice" in one.path for one in gate.reach().lost)
    assert not gate.push().landed
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="alice")
    gate.lands()


def test_attack_69_the_policy_is_kept_back_beside_its_record(stage: Copy) -> None:
    """The record of a new version lands, the version itself does not."""
    team = clones(stage, "drafted")
    alice = team.of("alice")
    alice.change_policy(publishers=("author",))
    team.of("bob").new(OTHER, by="bob")
    team.push("bob")
    team.act(acts.SUBMIT, "bob", OTHER, reviewers=("carol",))
    main = team.push("bob")
    alice.git("fetch", "-q", "origin")
    alice.git("switch", "-qC", "main", main)
    alice.git("merge", "-q", "--no-ff", "--no-commit", "main@{1}", by="alice")
    for kept in (True, False):
        if kept:
            alice.git("checkout", "-q", main, "--", ".pmctl/policy.yaml")
        merge = alice.commit("Merge", "alice")
        if not kept:
            break
        assert found(alice.audit()) == [("AU205", merge)]
        assert [(one.path, one.version) for one in alice.audit().lost] == [(".pmctl/policy.yaml", 2)]
        alice.git("checkout", "-q", "main@{2}", "--", ".pmctl/policy.yaml")
    assert found(alice.audit()) == []  # put back, with the signature that is there already


def test_beside_69_lost_records_that_come_back_are_reported_no_more(stage: Copy) -> None:
    world = stage("submitted")
    world.git("switch", "-qc", "side")
    world.act(acts.APPROVE, "bob")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    assert found(world.audit()) == [("AU205", world.head)]
    world.git("checkout", "-q", "side", "--", ".pmctl/records")
    world.commit("Bring the approval back", "jane")
    assert found(world.audit()) == []
    world.act(acts.PUBLISH, "jane")
    assert found(world.audit()) == []


def test_beside_69_a_record_removed_on_main_that_comes_back(stage: Copy) -> None:
    world = stage("approved")
    world.git("revert", "--no-edit", "HEAD", by="jane")
    assert {code for code, _ in found(world.audit())} == {"AU205"}
    world.git("revert", "--no-edit", "HEAD", by="jane")
    assert found(world.audit()) == []
    world.act(acts.PUBLISH, "jane")
    assert found(world.audit()) == []
    assert world.audit().states[DOC].status == PUBLISHED


def test_attack_69_a_refusal_reverted_before_the_merge(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.act(acts.REQUEST_CHANGES, "bob")
    world.git("revert", "--no-edit", "HEAD", by="jane")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="jane")
    gate.refuses("AU205")


def test_beside_69_the_signer_does_it_again(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.act(acts.APPROVE, "bob", note="on the train")
    world.git("switch", "-q", "main")
    world.act(acts.APPROVE, "bob", note="at my desk")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="bob")
    gate.lands()
    gate.back()
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="bob")
    assert [code for code, _ in found(world.audit())] == ["AU205"]
    world.act(acts.APPROVE, "bob", note="once more")
    gate.lands()


@pytest.mark.parametrize("differs", ["by", "act", "doc", "prev"])
def test_attack_69_something_else_is_not_the_same_again(stage: Copy, differs: str) -> None:
    world = stage("submitted")
    world.change_policy(admins=("alice", "carol"))
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    world.git("switch", "-qc", "side")
    world.act(acts.APPROVE, "bob", note="on the train")
    world.git("switch", "-q", "main")
    if differs == "by":
        world.act(acts.APPROVE, "carol")
    elif differs == "act":
        world.act(acts.REQUEST_CHANGES, "bob")
    elif differs == "doc":
        world.act(acts.APPROVE, "bob", OTHER)
    else:
        world.act(acts.WITHDRAW, "jane")
        world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
        world.act(acts.APPROVE, "bob")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="bob")
    assert ("AU205", world.head) in found(world.audit())


def test_beside_69_unsigned_records_and_those_of_retired_keys_may_be_left_out(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.act(acts.APPROVE, "bob", unsigned=True)
    world.act(acts.APPROVE, "bob", key="mallory", note="by somebody else")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="bob")
    gate.lands()


def test_beside_69_another_repository_comes_in_as_a_subtree(stage: Copy, tmp_path: object) -> None:
    world = stage("published")
    other = World(world.path.parent / "other")
    other.init(teams={"payments": ("jane",)})  # the same people and keys, another root
    other.published(OTHER)
    world.git("fetch", "-q", str(other.path), "main")
    world.git("merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", "FETCH_HEAD")
    world.git("read-tree", "--prefix=imported/", "-u", "FETCH_HEAD")
    world.commit("Add the other repository as a subtree", "alice")
    assert "AU205" not in {code for code, _ in found(world.audit())}


def test_beside_69_a_baseline_lists_what_was_dropped(stage: Copy) -> None:
    from pmctl.ledger import record
    from pmctl.policy.change import propose_baseline
    from tests.world import AT

    world = stage("submitted")
    before = world.head
    world.git("switch", "-qc", "side")
    world.act(acts.APPROVE, "bob")
    lost = record.digest((world.root / world.record("0002-approve-bob")).read_bytes())
    world.git("switch", "-q", "main")
    for listed in (True, False):
        world.git("reset", "-q", "--hard", before)
        world.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "side", by="alice")
        act = propose_baseline(*world.repository_standing(), (), by="alice", at=AT, note="it held a secret")
        world.put_record(replace(act, dropped=(lost,) if listed else ()), 1)
        world.commit("Merge without what held a secret", "alice")
        assert found(world.audit()) == ([] if listed else [("AU205", world.head)])


def test_attack_70_an_octopus_from_an_old_base(stage: Copy) -> None:
    world = stage("submitted")
    old = world.head
    world.act(acts.REQUEST_CHANGES, "bob")
    world.git("switch", "-qc", "one", old)
    world.write("one", "1")
    world.commit("One", "jane")
    world.git("switch", "-qc", "two", old)
    world.write("two", "2")
    world.commit("Two", "jane")
    world.git("switch", "-q", "main")
    gate = Gate(world)
    words = ["commit-tree", "-m", "Merge", "-p", "two", "-p", "one", "-p", "main", f"{old}^{{tree}}"]
    merge = world.git(*words)
    world.git("switch", "-qC", "octopus", merge)
    for report in (gate.whole(), gate.reach()):
        assert ("AU205", merge) in {(f.code, f.commit) for f in report.violations}
    assert not gate.push().landed
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "one", "two", by="jane")
    assert len(world.git("rev-parse", "HEAD^@").split()) == 3
    gate.lands()


def test_attack_71_a_criss_cross_brings_an_old_state_back(stage: Copy) -> None:
    """Two lines that merged each other; then one merges the other once more and takes its own old side."""
    team = clones(stage, "submitted")
    alice, bob = team.of("alice"), team.of("bob")
    team.act(acts.APPROVE, "bob")
    team.push("bob")
    alice.new(OTHER, by="alice")
    one, two = alice.head, bob.head
    alice.git("fetch", "-q", "origin")
    alice.git("merge", "-q", "--no-ff", "-m", "Merge main", two, by="alice")
    bob.git("fetch", "-q", str(alice.path), "main")
    bob.git("merge", "-q", "--no-ff", "-m", "Merge alice", one, by="bob")
    team.push("bob")
    gate = Gate(team.fresh("gate"))
    world = gate.world
    world.git("fetch", "-q", str(alice.path), "HEAD")
    world.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "FETCH_HEAD", by="alice")
    world.git("rm", "-qr", f".pmctl/records/{DOC}")
    world.git("checkout", "-q", one, "--", f".pmctl/records/{DOC}")
    world.commit("Merge", "alice")
    gate.refuses("AU205")
    gate.back()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "FETCH_HEAD", by="alice")
    gate.lands()


def test_attack_91_a_base_that_frames_the_line_of_others(stage: Copy) -> None:
    """Whoever signs that main was on their own branch gets the finding; those who saw main do not."""
    team = clones(stage, "published")
    before = team.of("alice").head
    for by, doc in (("carol", OTHER), ("jane", "2024-03-01-third")):
        team.pull(by)
        team.of(by).new(doc, by=by)
        team.push(by)
        team.act(acts.SUBMIT, by, doc, reviewers=("alice",))
        team.push(by)
    main = team.of("jane").head
    bob = team.of("bob")
    bob.git("fetch", "-q", "origin")
    bob.git("switch", "-qC", "side", before)
    bob.new("2024-04-01-fourth", by="bob")
    bob.act(acts.SUBMIT, "bob", "2024-04-01-fourth", base=bob.head, reviewers=("alice",))
    bob.git("merge", "-q", "--no-ff", "-m", "Merge branch 'main'", main, by="bob")
    merge = team.push("bob")
    (framed,) = team.fresh().audit().findings
    assert (framed.code, framed.commit, framed.doc) == ("AU611", merge, "2024-04-01-fourth")
    assert "carol at" in framed.message
    assert "jane at" in framed.message
    assert "bob at" not in framed.message  # what it says itself contradicts nobody else


def test_attack_91_a_base_from_nowhere(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    for named in ("0" * 40, "1" * 64):
        world.act(acts.APPROVE, "bob", base=named)
        gate.refuses("AU611")
        assert "joins lines" not in gate.whole().violations[-1].message
        gate.back()
    world.git("switch", "-qc", "elsewhere")
    named = world.edit("too small", "far too small")
    world.git("switch", "-q", "main")
    world.act(acts.APPROVE, "bob", base=named)
    gate.refuses("AU611")
    approvals = gate.whole().states[DOC].approvals
    assert [one.by for one in approvals] == ["bob"]  # the act counts, what it witnesses does not
    world.waive("AU611", world.head)
    assert gate.whole().passed
    gate.back()
    for known in ("", gate.before, world.git("rev-parse", "HEAD~1")):
        world.act(acts.APPROVE, "bob", base=known)
        gate.lands()
        gate.back()


def test_attack_74_a_tag_that_is_named_like_the_branch(stage: Copy) -> None:
    team = clones(stage, "published")
    alice = team.of("alice")
    team.of("bob").edit("too small", "fine", by="bob")
    bob = team.of("bob")
    bob.git("push", "-q", "origin", "HEAD:refs/heads/change", by="bob")
    bob.git("tag", "origin/main")
    bob.git("push", "-q", "origin", "refs/tags/origin/main", by="bob")
    alice.git("fetch", "-q", "--tags", "origin")
    alice.git("switch", "-q", "--detach", "refs/remotes/origin/change")
    root = ("--root", team.first.first)
    said = command(alice, "alice", "audit", *root, "--range", "origin/main..HEAD")
    assert said.code == 2
    assert "refs/tags/origin/main" in said.err
    assert "refs/remotes/origin/main" in said.err
    said = command(alice, "alice", "audit", *root, "--range", "refs/remotes/origin/main..HEAD")
    assert said.code == 1
    assert "AU401" in said.out
    alice.git("tag", "-d", "origin/main")
    assert command(alice, "alice", "audit", *root, "--range", "origin/main..HEAD").code == 1


@pytest.mark.parametrize("ref", ["refs/heads/{}", "refs/tags/{}"])
def test_attack_74_a_name_that_is_also_a_short_id(stage: Copy, ref: str) -> None:
    world = stage("published")
    forged = world.edit("too small", "fine", by="bob")
    world.git("update-ref", ref.format(forged[:10]), "HEAD~1")
    said = command(world, "alice", "waive", "AU401", forged[:10], "-m", "agreed")
    assert said.code == 2
    assert ref.format(forged[:10]) in said.err
    assert command(world, "alice", "waive", "AU401", forged, "-m", "agreed").code == 0


def test_beside_74_a_name_that_means_one_commit_only(stage: Copy) -> None:
    world = stage("published")
    for name in ("v1", "release/1"):
        world.git("tag", name)
        world.git("branch", name)
        assert world.audit(base=name, tip="HEAD").passed
    assert world.audit(base="HEAD~1").passed
    world.git("switch", "-qc", "other")
    assert world.audit(base="main", tip="other").passed
    assert base(world) == ""
    assert document(OTHER)
    assert world.audit().states[DOC].status != DRAFT


@pytest.mark.parametrize("dropped", list(ACTS))
def test_beside_69_doctor_brings_back_what_a_merge_lost(stage: Copy, dropped: str) -> None:
    before, act, by = ACTS[dropped]
    world = stage(before)
    world.git("switch", "-qc", "side")
    world.act(act, by)
    status = world.audit().states[DOC].status
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    assert [code for code, _ in found(world.audit())] == ["AU205"]
    said = command(world, "jane", "doctor", "--fix")
    assert said.code == 0, said
    assert found(world.audit()) == []
    assert world.audit().states[DOC].status == status
    assert f"status: {status}" in world.text()
    again = world.head
    assert command(world, "jane", "doctor", "--fix").code == 0
    assert world.head == again


def test_beside_69_doctor_brings_back_a_whole_postmortem(stage: Copy) -> None:
    world = stage("published")
    world.git("switch", "-qc", "side")
    world.published(OTHER)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side", by="jane")
    assert command(world, "jane", "doctor", "--fix").code == 0
    assert found(world.audit()) == []
    assert world.audit().states[OTHER].status == PUBLISHED


def test_beside_69_doctor_brings_back_what_was_removed_on_main(stage: Copy) -> None:
    world = stage("approved")
    world.git("rm", "-q", world.record("0002-approve-bob"))
    world.commit("Tidy up", "jane")
    assert [code for code, _ in found(world.audit())] == ["AU205"]
    assert command(world, "jane", "doctor", "--fix").code == 0
    assert found(world.audit()) == []


def test_beside_69_status_lists_my_acts_that_main_lacks(stage: Copy) -> None:
    team = clones(stage, "submitted")
    bob = team.of("bob")
    assert "not pushed yet" not in command(bob, "bob", "status").err
    team.act(acts.APPROVE, "bob")
    assert f"not pushed yet: your approve of {DOC}" in command(bob, "bob", "status", DOC).err
    assert "not pushed yet" not in command(bob, "jane", "status").err
    team.push("bob")
    assert "not pushed yet" not in command(bob, "bob", "status").err


def test_beside_68_a_draft_is_edited_on_a_branch_while_it_is_published(stage: Copy) -> None:
    world = stage("approved")
    world.git("switch", "-qc", "stale")
    world.edit("too small", "far too small")
    world.git("switch", "-q", "main")
    world.act(acts.PUBLISH, "jane")
    gate = Gate(world)
    world.git("merge", "-q", "--no-ff", "-X", "ours", "--no-commit", "stale", check=False)
    world.git("checkout", "-q", "HEAD", "--", world.file())
    world.commit("Merge, with the text that was published", "jane")
    gate.lands()


def test_beside_68_a_branch_reopens_and_rewrites(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-qc", "again")
    world.act(acts.REOPEN, "alice")
    world.edit("too small", "far too small")
    world.edit("far too small", "too small")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "again", by="jane")
    gate.lands()


def test_attack_68_an_edit_after_a_publication_on_the_same_branch(stage: Copy) -> None:
    """Also when a record that nobody signed pretends that it was a draft again."""
    world = stage("approved")
    gate = Gate(world)
    world.git("switch", "-qc", "branch")
    world.act(acts.PUBLISH, "jane")
    published = world.head
    world.act(acts.REOPEN, "alice", key="mallory", number=9)
    world.set_status(PUBLISHED)
    world.edit("too small", "fine", by="alice")
    world.git("rm", "-q", "-r", ".pmctl/records")
    world.git("checkout", "-q", published, "--", ".pmctl/records", world.file())
    world.commit("Put it back", "alice")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "branch", by="alice")
    gate.warns("AU615", layer="proved")


def test_attack_69_a_witness_that_the_merge_drops_witnesses_all_the_same(stage: Copy) -> None:
    """Bob's refusal landed and carol has seen it; jane publishes beside it, merges with -s ours and puts all back."""
    world = stage("empty")
    other = "2024-01-16-search-was-slow"
    world.new(other)
    world.act(acts.SUBMIT, "jane", other, reviewers=("carol",))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.git("switch", "-qc", "side")
    world.act(acts.PUBLISH, "jane")
    world.git("switch", "-q", "main")
    refused = world.act(acts.REQUEST_CHANGES, "bob")
    world.act(acts.APPROVE, "carol", other, base=refused)
    world.git("switch", "-q", "side")
    world.git("merge", "-q", "-s", "ours", "--no-edit", "main")
    world.git("checkout", "-q", "main", "--", ".pmctl")
    world.commit("Bring them back", "jane")
    report = world.audit()
    assert report.states[DOC].status == DRAFT
    assert "AU301" in {finding.code for finding in report.violations}
