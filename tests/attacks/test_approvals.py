"""1 to 15: attacks on approvals, each beside the nearest legitimate act."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.model import Key
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import IN_REVIEW, PUBLISHED
from pmctl.policy.writing import render_policy
from tests.world import DOC, World, document, sign

from .conftest import Copy
from .gate import Gate

OTHER = "2024-02-01-other"


def two_reviewers(world: World) -> None:
    """A policy that wants two approvals, and a review by bob and carol under way."""
    people = dict(world.policy.people)
    people["bob"] = people["bob"]._replace(keys=(*people["bob"].keys, Key(world.people["spare"].public)))
    world.change_policy(people=people, review=world.policy.review._replace(minimum=2, approvals=2))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")


def copy_record(source: Path, target: Path) -> None:
    """Copy a record and its signature."""
    for suffix in ("", ".sig"):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{source}{suffix}", f"{target}{suffix}")


def test_attack_01_self_approval(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "jane")
    gate.refuses("AU305", "AU306")
    gate.command_refuses("jane", "approve", DOC, code="AU306")
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_01_asking_oneself_to_review(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.act(acts.SUBMIT, "jane", reviewers=("jane", "bob"))
    gate.refuses("AU306")
    gate.command_refuses("jane", "submit", DOC, "-r", "jane", "-r", "bob", code="AU306")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_02_one_person_with_two_keys(stage: Copy) -> None:
    world = stage("empty")
    two_reviewers(world)
    world.act(acts.APPROVE, "bob", key="spare", note="again")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_02_two_handles_with_one_key_or_address(stage: Copy) -> None:
    world = stage("empty")
    gate = Gate(world)
    people = dict(world.policy.people)
    for twin in (
        people["carol"]._replace(keys=people["bob"].keys),
        people["carol"]._replace(emails=("bob@example.com",)),
    ):
        data = render_policy(replace(world.policy, version=2, people={**people, "carol": twin}))
        assert parse_policy(data)[0] is None
        world.write(".pmctl/policy.yaml", data)
        world.commit("Twins", "alice")
        gate.refuses("AU104")
        gate.back()
    key = world.people["bob"].public
    gate.command_refuses("alice", "people", "add", "bobby", "--name", "Bobby", "--key", key, code="")
    world.change_policy(teams={"payments": ("bob", "carol")})
    gate.lands()


def test_attack_03_trailer_without_a_record(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.commit(f"approve\n\nPostmortem: {DOC}\nAct: approve\nReviewed-by: Bob", "bob")
    gate.warns("AU707")
    gate.back()
    world.commit("Looks good\n\nReviewed-by: Bob <bob@example.com>", "bob")
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_04_unsigned_record(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", unsigned=True)
    gate.refuses("AU206")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_04_unknown_key(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", key="mallory")
    gate.refuses("AU217")
    gate.command_refuses("mallory", "approve", DOC)
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_05_replayed_on_another_postmortem(stage: Copy) -> None:
    world = stage("approved")
    world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    gate = Gate(world)
    records = world.root / ".pmctl/records"
    copied = world.root / world.record("0002-approve-bob")
    copy_record(copied, records / OTHER / copied.name)
    world.commit("Replay", "jane")
    gate.refuses("AU204")
    gate.back()
    world.act(acts.APPROVE, "bob", OTHER)
    gate.lands()


def test_attack_06_from_a_fork(stage: Copy, tmp_path: Path) -> None:
    world = stage("submitted")
    fork = World(tmp_path / "fork")
    fork.init(publishers=("author",))
    fork.new()
    fork.act(acts.SUBMIT, "jane", reviewers=("bob",))
    fork.act(acts.APPROVE, "bob")
    gate = Gate(world)
    name = fork.record("0002-approve-bob")
    copy_record(fork.root / name, world.root / name)
    world.commit("Replay", "jane")
    gate.refuses("AU207")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_06_from_a_fork_with_a_later_policy(stage: Copy, tmp_path: Path) -> None:
    world = stage("submitted")
    fork = World(tmp_path / "fork")
    fork.init(publishers=("author",))
    fork.change_policy(publishers=("author", "admins"))
    fork.new()
    fork.act(acts.SUBMIT, "jane", reviewers=("bob",))
    fork.act(acts.APPROVE, "bob")
    assert fork.policy.version > world.policy.version
    gate = Gate(world)
    name = fork.record("0002-approve-bob")
    copy_record(fork.root / name, world.root / name)
    world.commit("Replay", "jane")
    gate.refuses("AU207")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_07_of_an_older_round(stage: Copy, tmp_path: Path) -> None:
    world = stage("approved")
    stolen = tmp_path / "stolen.json"
    path = world.record("0002-approve-bob")
    copy_record(world.root / path, stolen)
    world.git("reset", "-q", "--hard", "HEAD~1")
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate = Gate(world)
    copy_record(stolen, world.root / path.replace("/0002-", "/0004-"))
    world.commit("Replay", "jane")
    gate.lands()  # it was bob's, of the round before: kept, shown as late, and no approval of this one
    assert [event.kind for event in gate.whole().events if event.verdict == "late"] == [acts.APPROVE]
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    digest = "sha256:" + hashlib.sha256(stolen.read_bytes()).hexdigest()
    world.act(acts.PUBLISH, "jane", approvals=(digest,))
    gate.refuses("AU309", "AU310")
    gate.back()
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_07_of_other_content(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", content="sha256:" + "0" * 64)
    gate.refuses("AU304")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_08_edit_after_approval(stage: Copy) -> None:
    world = stage("approved")
    approval = world.standing().state.approvals[0].record
    world.edit("too small", "fine, blame the intern")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.back()
    world.act(acts.PUBLISH, "jane", approvals=(approval,))
    gate.refuses("AU309", "AU310")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "bob", note="read again")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_09_there_and_back_again(stage: Copy) -> None:
    """What bob approved is there again: that holds. What he approved something else in place of does not."""
    world = stage("approved")
    first = world.standing().state.approvals[0].record
    world.edit("too small", "fine")
    gate = Gate(world)
    world.edit("fine", "too small")
    world.act(acts.PUBLISH, "jane")
    gate.lands()
    gate.back()
    world.act(acts.APPROVE, "bob", note="better")
    world.edit("fine", "too small")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane", approvals=(first,))
    gate.refuses("AU301")
    gate.back()
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "bob", note="the first one after all")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_attack_10_reviewer_dropped(stage: Copy) -> None:
    world = stage("empty")
    world.new(reviewers="[bob, carol]")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.edit("reviewers: [bob, carol]", "reviewers: [bob]")
    gate.refuses("AU318")
    gate.back()
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU309")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.WITHDRAW, "jane")
    world.edit("reviewers: [bob, carol]", "reviewers: [bob]")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_11_approval_by_someone_not_asked(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "carol")
    gate.refuses("AU305")
    gate.command_refuses("carol", "approve", DOC, code="AU305")
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    world.act(acts.APPROVE, "carol")
    gate.lands()


def test_attack_12_approval_deleted(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    for file in (world.root / f".pmctl/records/{DOC}").glob("0002-*"):
        file.unlink()
    world.commit("Tidy", "jane")
    gate.refuses("AU205")
    gate.back()
    world.act(acts.WITHDRAW, "jane")
    gate.lands()


def test_attack_12_refusal_hidden(stage: Copy) -> None:
    world = stage("submitted")
    world.act(acts.REQUEST_CHANGES, "bob")
    gate = Gate(world)
    record = world.root / world.record("0002-request-changes-bob")
    record.with_name(record.name + ".sig").rename(record.with_name(record.name.replace("0002", "0009") + ".sig"))
    record.rename(record.with_name(record.name.replace("0002", "0009")))
    world.commit("Tidy", "jane")
    gate.refuses("AU205", "AU209")
    gate.back()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_attack_13_signature_made_for_another_purpose(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    for namespace in ("git", "file", "pmctl-record-v2"):  # a commit or tag, a file, another program
        world.act(acts.APPROVE, "bob", namespace=namespace)
        gate.refuses("AU212")
        gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_attack_14_rearmoured_and_counted_twice(stage: Copy) -> None:
    world = stage("empty")
    two_reviewers(world)
    gate = Gate(world)
    first = world.root / world.record("0002-approve-bob")
    lines = first.with_name(first.name + ".sig").read_bytes().split(b"\n")
    body = b"".join(lines[1:-2])
    again = world.record("0002-approve-bob").replace("/0002-", "/0003-")
    world.write(again, first.read_bytes())
    armour = [lines[0], *(body[at : at + 64] for at in range(0, len(body), 64)), lines[-2], b""]
    world.write(again + ".sig", b"\n".join(armour))
    world.commit("Twice", "bob")
    gate.refuses("AU209")
    gate.back()
    world.act(acts.APPROVE, "carol")
    gate.lands()


def test_attack_15_signed_by_somebody_else(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", key="jane")
    gate.refuses("AU218")
    gate.command_refuses("jane", "--as", "bob", "approve", DOC)
    world.act(acts.APPROVE, "bob")
    gate.lands()


def submitted(world: World, *reviewers: str) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=reviewers or ("bob",))


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]
    assert not world.audit().passed


def test_beside_01_self_approval_where_the_policy_allows_it(world: World) -> None:
    world.change_policy(review=world.policy.review._replace(self_approval=True))
    submitted(world, "jane")
    world.act(acts.APPROVE, "jane")
    world.act(acts.PUBLISH, "jane")
    assert world.found() == []


def test_attack_01_approval_of_what_only_the_reviewer_wrote(world: World) -> None:
    world.write(world.file(), document(author="carol"))
    world.commit("Draft", "bob")
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    approved = world.act(acts.APPROVE, "bob")
    report = world.audit()
    assert [(f.code, f.commit, f.layer) for f in report.findings] == [("AU708", approved, "attributed")]


def test_attack_08_publishing_on_the_stale_approval(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    approval = world.standing().state.approvals[0].record
    world.edit("too small", "fine, blame the intern")
    forged = world.act(acts.PUBLISH, "jane", approvals=(approval,))
    assert set(world.found()) == {("AU309", forged), ("AU310", forged)}


def test_a_good_approval_is_none_of_these(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    assert world.found() == []
    assert world.audit().states[DOC].status == IN_REVIEW
    world.act(acts.PUBLISH, "jane")
    assert world.found() == []
    assert world.audit().states[DOC].status == PUBLISHED


def test_any_changed_byte_of_a_record_is_noticed(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob", commit=False)
    path = world.record("0002-approve-bob")
    data = (world.root / path).read_bytes()
    changed = data.replace(b'"note":"because"', b'"note":"Because"')
    world.write(path, changed)
    place = record.path(DOC, 2, acts.APPROVE, "bob", record.mark(changed))
    world.write(place, changed)
    world.write(f"{place}.sig", (world.root / f"{path}.sig").read_bytes())
    commit = world.commit("Approve", "bob")
    assert set(world.found()) == {("AU204", commit), ("AU214", commit)}


def test_a_record_that_is_not_canonical(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob", commit=False)
    path = world.record("0002-approve-bob")
    data = (world.root / path).read_bytes().replace(b'{"act"', b'{ "act"')
    world.write(path, data)
    world.write(path + ".sig", sign(world.people["bob"], data, record.NAMESPACE))
    only(world, "AU202", world.commit("Approve", "bob"))
