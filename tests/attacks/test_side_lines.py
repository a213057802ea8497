"""68 and 91 in detail: which unsigned changes on a line beside the main one are told, once, and which are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pmctl.ledger.report import AuditFinding
from pmctl.policy import act as acts
from pmctl.policy.act import ACTS
from pmctl.policy.change import propose_policy
from pmctl.policy.model import POLICY_PATH, RETIRED, Key
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import DRAFT, IN_REVIEW, PUBLISHED
from pmctl.policy.writing import render_policy
from tests.clones import Clones
from tests.world import AT, DOC, World

from .conftest import Copy
from .gate import Gate
from .test_lines import OTHER, clones, found, merged_as_a_side, merged_from

SMALL, FINE, FAR = "too small", "fine", "far too small"


def merged(world: World, work: Callable[[World], object]) -> str:
    """What `work` commits on a branch, merged into main."""
    world.git("switch", "-qc", "branch")
    work(world)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "branch", by="alice")
    return world.head


def there_and_back(world: World) -> str:
    edited = world.edit(SMALL, FINE, by="alice")
    world.edit(FINE, SMALL, by="alice")
    return edited


def told(world: World, code: str) -> list[AuditFinding]:
    return [one for one in world.audit().findings if one.code == code]


@pytest.mark.parametrize("what", ["text", "attachment"])
def test_beside_68_what_came_of_an_edit_is_told_once(stage: Copy, what: str) -> None:
    world = stage("published")
    file = world.file() if what == "text" else world.file().replace(".md", "/graph.txt")
    text = world.text().replace(SMALL, FINE) if what == "text" else "a graph\n"
    merge = merged(world, lambda there: there.edit_file(file, text, by="alice"))
    assert found(world.audit()) == [("AU401" if what == "text" else "AU402", merge)]


def test_attack_68_another_finding_about_the_same_postmortem_hides_nothing(stage: Copy) -> None:
    world = stage("published")

    def work(there: World) -> None:
        there_and_back(there)
        there.act(acts.ARCHIVE, "alice", base="0" * 40)

    merge = merged(world, work)
    assert sorted(found(world.audit())) == [("AU611", merge), ("AU615", merge)]


def test_beside_68_a_draft_that_called_itself_published(stage: Copy) -> None:
    """What its front matter says by hand makes no text final."""
    world = stage("drafted")
    gate = Gate(world)

    def work(there: World) -> None:
        there.edit("status: DRAFT", "status: PUBLISHED")
        there_and_back(there)
        there.edit("status: PUBLISHED", "status: DRAFT")

    merged(world, work)
    gate.lands()


def test_attack_68_only_what_changed_the_text_is_told(stage: Copy) -> None:
    """Not the item that was done meanwhile; the merge drops both."""
    world = stage("published")
    world.git("switch", "-qc", "branch")
    edited = world.edit(SMALL, FINE, by="alice")
    world.edit("| OPEN |", "| DONE |", by="carol")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "branch", by="alice")
    (one,) = told(world, "AU615")
    assert one.message.startswith(edited[:12])


def test_attack_68_an_amend_of_something_else_covers_nothing(stage: Copy) -> None:
    world = stage("published")

    def work(there: World) -> None:
        there_and_back(there)
        there.edit(SMALL, FAR, by="alice")
        there.act(acts.AMEND, "alice")

    merged(world, work)
    (one,) = told(world, "AU615")
    assert one.message.startswith(world.git("rev-parse", "branch~3")[:12])


def test_attack_68_edits_that_go_round_in_a_circle(stage: Copy) -> None:
    world = stage("published")

    def work(there: World) -> None:
        for old, new in ((SMALL, FINE), (FINE, "huge"), ("huge", "tiny"), ("tiny", "huge"), ("huge", SMALL)):
            there.edit(old, new, by="alice")

    merged(world, work)
    edits = world.git("rev-list", "--reverse", "main^..branch").split()
    said = [one.message[:12] for one in told(world, "AU615")]
    assert said == [edits[0][:12], edits[2][:12]]  # the others lead on to what is in force


@pytest.mark.parametrize("known", [True, False])
def test_attack_68_the_text_in_review_is_not_in_force(stage: Copy, known: bool) -> None:
    """What was published on the branch gives way to what main has in review, or to nothing that main has."""
    world = stage("submitted" if known else "empty")

    def work(there: World) -> None:
        if not known:
            there.new()
            there.act(acts.SUBMIT, "jane", reviewers=("bob",))
        there.edit(SMALL, FAR)
        there.act(acts.APPROVE, "bob")
        there.act(acts.PUBLISH, "jane")
        there.edit(FAR, SMALL)
        there.edit(SMALL, FAR)

    merge = merged(world, work)
    assert found(world.audit()) == [("AU615", merge)]
    (one,) = told(world, "AU615")
    assert one.message.startswith(world.git("rev-parse", "branch~1")[:12])


def test_attack_68_an_approval_that_comes_late_opens_no_text(stage: Copy) -> None:
    """Its number is the highest, but it moves nothing: the postmortem stays published."""
    world = stage("approved")

    def work(there: World) -> None:
        there.act(acts.PUBLISH, "jane")
        there.act(acts.APPROVE, "bob", number=9, from_status=IN_REVIEW, to_status=IN_REVIEW)
        there.set_status(PUBLISHED)
        there_and_back(there)

    merged(world, work)
    assert told(world, "AU615")


@pytest.mark.parametrize("once", ["submitted", "published"])
def test_attack_68_a_text_that_was_bound_before_is_not_in_force(stage: Copy, once: str) -> None:
    """A record covers the edits that lead to it, not those that go back to what it bound."""
    world = stage("drafted" if once == "submitted" else "approved")

    def work(there: World) -> None:
        if once == "submitted":
            there.act(acts.SUBMIT, "jane", reviewers=("bob",))
            there.edit(SMALL, FAR)
            there.act(acts.APPROVE, "bob")
            there.act(acts.PUBLISH, "jane")
        else:
            there.act(acts.PUBLISH, "jane")
            there.edit(SMALL, FAR, by="alice")
            there.act(acts.AMEND, "alice")
        there.edit(FAR, SMALL, by="alice")
        there.edit(SMALL, FAR, by="alice")

    merged(world, work)
    said = [one.message[:12] for one in told(world, "AU615")]
    assert said == [world.git("rev-parse", "branch~1")[:12]]


def test_attack_68_a_text_that_a_later_draft_says_again(stage: Copy) -> None:
    """A submission binds no final text: jane shows it early, puts it back and has it reopened."""
    world = stage("published")

    def work(there: World) -> None:
        there.edit(SMALL, FINE)
        there.edit(FINE, SMALL)
        there.act(acts.REOPEN, "alice")
        there.edit(SMALL, FINE)
        there.act(acts.SUBMIT, "jane", reviewers=("bob",))

    merged(world, work)
    (one,) = told(world, "AU615")
    assert one.message.startswith(world.git("rev-parse", "branch~4")[:12])


@pytest.mark.parametrize("work", ["amend and reopen", "edit and reopen", "delete"])
def test_beside_68_what_a_record_of_the_branch_bound_although_it_is_no_more_in_force(stage: Copy, work: str) -> None:
    world = stage("published")
    gate = Gate(world)

    def do(there: World) -> None:
        if work == "delete":
            there.act(acts.DELETE, "alice", commit=False)
            (there.root / there.file()).unlink(missing_ok=True)
            there.commit("Delete it", "alice")
            return
        there.edit(SMALL, FINE, by="alice")
        if work == "amend and reopen":
            there.act(acts.AMEND, "alice")
        there.act(acts.REOPEN, "alice")
        there.edit(FINE, FAR)

    merged(world, do)
    gate.lands()


def test_attack_68_an_amend_covers_no_deletion_before_it(stage: Copy) -> None:
    world = stage("published")

    def work(there: World) -> None:
        text = there.text()
        (there.root / there.file()).unlink()
        there.commit("Delete it", "alice")
        there.edit_file(there.file(), text, by="alice")
        there.edit(SMALL, FINE, by="alice")
        there.act(acts.AMEND, "alice")

    merged(world, work)
    (one,) = told(world, "AU615")
    assert one.message.startswith(world.git("rev-parse", "branch~3")[:12])


@pytest.mark.parametrize("main", ["submitted", "empty"])
def test_attack_68_a_publication_that_the_merge_drops(stage: Copy, main: str) -> None:
    """What main has, in review or not at all, is not in force: the edits of the dropped text are told too."""
    world = stage(main)
    world.git("switch", "-qc", "branch")
    if main == "empty":
        world.new()
        world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.edit(SMALL, FAR)
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    edited = [world.edit(FAR, SMALL), world.edit(SMALL, FAR)]
    (world.root / world.file()).unlink()
    edited.append(world.commit("Delete it"))
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "branch", by="alice")
    assert "AU205" in {code for code, _ in found(world.audit())}
    assert [one.message[:12] for one in told(world, "AU615")] == [one[:12] for one in edited]


@pytest.mark.parametrize("spoilt", ["a link", "no signature", "another name", "somebody else's signature"])
def test_attack_68_a_record_that_is_none_binds_nothing(stage: Copy, spoilt: str) -> None:
    """The amend that would cover the edit is not one; what else lies there hurts nobody."""
    world = stage("published")

    def work(there: World) -> None:
        there.edit(SMALL, FINE, by="alice")
        there.act(acts.AMEND, "alice", commit=False, key="mallory" if "somebody" in spoilt else "")
        path = there.record("0004-amend-alice")
        if spoilt == "a link":
            (there.root / path).chmod(0o755)
        elif spoilt == "no signature":
            (there.root / f"{path}.sig").unlink()
        elif spoilt == "another name":
            for name in (path, f"{path}.sig"):
                (there.root / name).rename(there.root / name.replace("0004-amend-alice", "amend"))
        there.commit("Amend", "alice")
        for name in (path, f"{path}.sig", path.replace("0004-amend-alice", "amend")):
            (there.root / name).unlink(missing_ok=True)
        there.edit(FINE, SMALL, by="alice")

    merged(world, work)
    (one,) = told(world, "AU615")
    assert one.doc == DOC


def test_beside_68_an_orphan_line_with_the_same_files(stage: Copy) -> None:
    """Its first commit has nothing before it, so it changed nothing."""
    world = stage("published")
    world.git("switch", "-q", "--orphan", "branch")
    world.git("checkout", "-q", "main", "--", ".")
    world.commit("Begin again with what there is", "alice")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "Merge", "branch", by="alice")
    assert found(world.audit()) == [("AU607", world.head)]
    assert world.audit().complete


# Bypassed: carol signed in sight of a line that the main line goes round


def bypassed(team: Clones, work: Callable[[World], object], *, code: str = "AU612") -> list[str]:
    """What the audit says of what bob pushed, carol saw and the merge went round."""
    before = team.of("bob").head
    work(team.of("bob"))
    back = team.push("bob")
    team.pull("carol")
    team.of("carol").new(OTHER, by="carol")
    team.act(acts.SUBMIT, "carol", OTHER, reviewers=("alice",))
    merged_as_a_side(team, back, before)
    merged_from(team, "carol")
    return [one.message for one in team.fresh().audit().findings if one.code == code]


def test_attack_68_what_was_bypassed_is_told_in_its_order(stage: Copy) -> None:
    def work(bob: World) -> None:
        bob.edit("status: PUBLISHED", "status: DRAFT", by="bob")
        bob.edit("status: DRAFT", "status: PUBLISHED", by="bob")

    first, second = bypassed(clones(stage, "published"), work)
    assert "from PUBLISHED to DRAFT" in first
    assert "from DRAFT to PUBLISHED" in second


def test_attack_68_what_lies_on_the_main_line_is_not_bypassed(stage: Copy) -> None:
    """An unsigned edit before the fork is reported where it was made, and nobody goes round it."""
    team = clones(stage, "published")
    bob = team.of("bob")
    bob.edit("status: PUBLISHED", "status: DRAFT", by="bob")
    bob.edit("status: DRAFT", "status: PUBLISHED", by="bob")
    team.push("bob")
    assert len(bypassed(team, lambda there: there.edit("status: PUBLISHED", "status: ARCHIVED", by="bob"))) == 1


@pytest.mark.parametrize("by", ["hand", "a signed act"])
def test_attack_68_a_bypassed_deletion(stage: Copy, by: str) -> None:
    def work(bob: World) -> None:
        if by == "hand":
            (bob.root / bob.file()).unlink()
            bob.commit("Delete it", "bob")
        else:
            bob.act(acts.DELETE, "alice", commit=False)
            (bob.root / bob.file()).unlink(missing_ok=True)
            bob.commit("Delete it", "alice")

    said = bypassed(clones(stage, "published"), work)
    assert [one.split(" changed ")[1].split(" without")[0] for one in said] == (
        [f"the text of {DOC}", f"the status of {DOC} from PUBLISHED to nothing"] if by == "hand" else []
    )


def test_attack_68_a_record_about_another_postmortem_moves_only_that(stage: Copy) -> None:
    world = stage("published")
    third = "2024-03-01-third"
    world.new(third)
    world.act(acts.SUBMIT, "jane", third, reviewers=("bob",))

    def work(bob: World) -> None:
        bob.act(acts.WITHDRAW, "jane", third, commit=False)
        bob.set_status(DRAFT)
        bob.commit("Withdraw it", "jane")
        bob.set_status(PUBLISHED)
        bob.commit("Back", "jane")

    said = bypassed(Clones(world), work)
    assert [DOC in one for one in said] == [True, True]


POLICIES = {  # what stands beside the new version: how many unsigned changes that makes, with the way back
    "signed": 1,
    "signed for another text": 2,
    "signed with a retired key": 2,
    "not signed": 2,
    "not a policy": 2,
}


@pytest.mark.parametrize("how", POLICIES)
def test_attack_68_a_bypassed_version_of_the_policy(stage: Copy, how: str) -> None:
    world = stage("published")
    assert world.policy is not None
    alice = world.policy.people["alice"]
    old = Key(world.people["mallory"].public, status=RETIRED)
    people = {**world.policy.people, "alice": alice._replace(keys=(*alice.keys, old))}
    world.change_policy(people=people)
    policy = world.policy
    team = Clones(world)

    def work(bob: World) -> None:
        assert policy is not None
        wanted = replace(policy, version=3, teams={"payments": ("jane",)})
        signed = replace(wanted, teams={}) if how == "signed for another text" else wanted
        parsed, _ = parse_policy(render_policy(signed))
        assert parsed is not None
        act = propose_policy(parsed, policy, bob.first, by="alice", at=AT, note="")
        key = "mallory" if how == "signed with a retired key" else ""
        if how != "not a policy":
            bob.put_record(act, 3, key=key, unsigned=how == "not signed")
        bob.write(POLICY_PATH, "people: [" if how == "not a policy" else render_policy(wanted))
        bob.commit("Change the policy", "alice")
        bob.write(POLICY_PATH, render_policy(policy))
        bob.commit("Put it back", "alice")

    said = bypassed(team, work)
    assert len([one for one in said if "changed the policy" in one]) == POLICIES[how]


def test_attack_91_a_base_on_the_line_of_another_repository(stage: Copy) -> None:
    """That line begins with nothing, and nothing of it was ever in force here."""
    world = stage("published")
    other = World(world.path.parent / "other")
    other.init(teams={"payments": ("jane",)})
    other.published(OTHER)
    world.git("fetch", "-q", str(other.path), "main")
    foreign = world.git("rev-parse", "FETCH_HEAD")
    world.git("merge", "-q", "-s", "ours", "--no-edit", "--allow-unrelated-histories", "FETCH_HEAD", by="alice")
    merge = world.head
    world.act(acts.ARCHIVE, "alice", base=foreign)
    assert found(world.audit()) == [("AU607", merge)]
    assert world.audit().complete


def test_the_acts_that_move_nothing_end_in_the_state_that_they_found() -> None:
    """On this rests that the last act which moved a postmortem says where it stands."""
    for spec in ACTS.values():
        assert all(was == now for was, now in spec.moves.items()) or all(was != now for was, now in spec.moves.items())
