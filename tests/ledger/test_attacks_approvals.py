"""Attacks on approvals (1 to 15 of the threat list), each beside the nearest legitimate act."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path

from pmctl.ledger import record
from pmctl.policy import act as acts
from pmctl.policy.model import Key
from pmctl.policy.reading import parse_policy
from pmctl.policy.state import IN_REVIEW, PUBLISHED
from pmctl.policy.writing import render_policy

from .world import DOC, Actor, World, document, sign

OTHER = "2024-02-01-other"


def submitted(world: World, *reviewers: str) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=reviewers or ("bob",))


def only(world: World, code: str, commit: str) -> None:
    """Exactly one finding: this code, in this step."""
    assert world.found() == [(code, commit)]
    assert not world.audit().passed


def test_01_self_approval(world: World) -> None:
    submitted(world, "bob")
    forged = world.act(acts.APPROVE, "jane")
    assert world.found() == [("AU306", forged), ("AU305", forged)]
    world.act(acts.APPROVE, "bob")  # the legitimate neighbour: somebody else
    world.act(acts.PUBLISH, "jane")
    assert len(world.found()) == 2


def test_01_asking_oneself(world: World) -> None:
    world.new()
    only(world, "AU306", world.act(acts.SUBMIT, "jane", reviewers=("jane", "bob")))


def test_01_self_approval_where_the_policy_allows_it(world: World) -> None:
    world.change_policy(review=world.policy.review._replace(self_approval=True))
    submitted(world, "jane")
    world.act(acts.APPROVE, "jane")
    world.act(acts.PUBLISH, "jane")
    assert world.found() == []


def test_01_approval_of_what_only_the_reviewer_wrote(world: World) -> None:
    world.write(world.file(), document(author="carol"))
    world.commit("Draft", "bob")
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    approved = world.act(acts.APPROVE, "bob")
    report = world.audit()
    assert [(f.code, f.commit, f.layer) for f in report.findings] == [("AU708", approved, "attributed")]


def test_02_one_person_with_two_keys_counts_once(world: World) -> None:
    people = dict(world.policy.people)
    people["bob"] = people["bob"]._replace(keys=(*people["bob"].keys, Key(world.people["spare"].public)))
    world.change_policy(people=people, review=world.policy.review._replace(minimum=2, approvals=2))
    submitted(world, "bob", "carol")
    world.act(acts.APPROVE, "bob")
    world.act(acts.APPROVE, "bob", key="spare", note="again")
    forged = world.act(acts.PUBLISH, "jane")
    assert set(world.found()) == {("AU309", forged)}


def test_02_two_people_cannot_share_a_key_or_an_address(world: World) -> None:
    people = dict(world.policy.people)
    for changed in (
        people["bob"]._replace(keys=people["carol"].keys),
        people["bob"]._replace(emails=("carol@example.com",)),
    ):
        data = render_policy(replace(world.policy, people={**people, "bob": changed}))
        assert parse_policy(data)[0] is None


def test_03_a_trailer_is_no_approval(world: World) -> None:
    submitted(world)
    claimed = world.commit(f"approve\n\nPostmortem: {DOC}\nAct: approve\nReviewed-by: Bob", "bob")
    only_warning = world.audit()
    assert [(f.code, f.commit, f.layer) for f in only_warning.findings] == [("AU707", claimed, "attributed")]
    forged = world.act(acts.PUBLISH, "jane")
    assert ("AU309", forged) in world.found()


def test_04_unsigned_record_and_unknown_key(world: World) -> None:
    submitted(world)
    only(world, "AU206", world.act(acts.APPROVE, "bob", unsigned=True))
    unknown = world.act(acts.APPROVE, "bob", key="mallory", note="other")
    assert world.found()[1:] == [("AU217", unknown)]


def test_05_approval_replayed_on_another_postmortem(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.new(OTHER)
    world.act(acts.SUBMIT, "jane", OTHER, reviewers=("bob",))
    for suffix in ("", ".sig"):
        shutil.copy(
            world.root / f".pmctl/records/{DOC}/0002-approve-bob.json{suffix}",
            world.root / f".pmctl/records/{OTHER}/0002-approve-bob.json{suffix}",
        )
    only(world, "AU204", world.commit("Replay", "jane"))


def test_06_approval_from_a_fork(world: World, tmp_path: Path, people: dict[str, Actor]) -> None:
    submitted(world)
    fork = World(tmp_path / "fork", people)
    fork.init(publishers=("author",))
    submitted(fork)
    assert fork.first != world.first
    fork.act(acts.APPROVE, "bob")
    for suffix in ("", ".sig"):
        name = f".pmctl/records/{DOC}/0002-approve-bob.json{suffix}"
        shutil.copy(fork.root / name, world.root / name)
    only(world, "AU207", world.commit("Replay", "jane"))


def test_07_approval_of_an_older_round(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob", commit=False)
    stolen = {p: p.read_bytes() for p in (world.root / f".pmctl/records/{DOC}").glob("0002-*")}
    for path in stolen:
        path.unlink()
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    for path, data in stolen.items():
        world.write(f".pmctl/records/{DOC}/{path.name.replace('0002', '0004')}", data)
    replayed = world.commit("Replay", "jane")
    assert {code for code, commit in world.found() if commit == replayed} == {"AU210", "AU317"}


def test_07_approval_of_other_content(world: World) -> None:
    submitted(world)
    only(world, "AU304", world.act(acts.APPROVE, "bob", content="sha256:" + "0" * 64))


def test_08_edit_after_approval(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    world.edit("too small", "fine, blame the intern")
    forged = world.act(acts.PUBLISH, "jane")
    only(world, "AU309", forged)


def test_08_publishing_on_the_stale_approval(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    approval = world.standing().state.approvals[0].record
    world.edit("too small", "fine, blame the intern")
    forged = world.act(acts.PUBLISH, "jane", approvals=(approval,))
    assert set(world.found()) == {("AU309", forged), ("AU310", forged)}


def test_09_there_and_back_revives_no_approval(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob")
    approval = world.standing().state.approvals[0].record
    world.edit("too small", "fine")
    world.edit("fine", "too small")
    assert world.standing().state.counting(world.digest()) == ()
    forged = world.act(acts.PUBLISH, "jane", approvals=(approval,))
    assert set(world.found()) == {("AU309", forged), ("AU310", forged)}


def test_10_reviewer_dropped_before_publishing(world: World) -> None:
    world.new(reviewers="[bob, carol]")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    dropped = world.edit("reviewers: [bob, carol]", "reviewers: [bob]")
    only(world, "AU318", dropped)
    forged = world.act(acts.PUBLISH, "jane")
    assert world.found() == [("AU318", dropped), ("AU309", forged)]


def test_11_approval_by_somebody_not_asked(world: World) -> None:
    submitted(world, "bob")
    only(world, "AU305", world.act(acts.APPROVE, "carol"))


def test_12_approval_or_refusal_removed(world: World) -> None:
    submitted(world)
    world.act(acts.REQUEST_CHANGES, "bob")
    for file in (world.root / f".pmctl/records/{DOC}").glob("0002-*"):
        file.unlink()
    removed = world.commit("Tidy", "jane")
    assert world.found() == [("AU205", removed), ("AU205", removed)]


def test_13_signature_for_another_namespace(world: World) -> None:
    submitted(world)
    for number, namespace in enumerate(("git", "file", "pmctl-record-v2"), 2):
        forged = world.act(acts.APPROVE, "bob", namespace=namespace, number=number, note=namespace)
        assert world.found()[-1] == ("AU212", forged)


def test_14_the_same_statement_twice(world: World) -> None:
    world.change_policy(review=world.policy.review._replace(minimum=2, approvals=2))
    submitted(world, "bob", "carol")
    world.act(acts.APPROVE, "bob")
    first = world.root / f".pmctl/records/{DOC}/0002-approve-bob.json"
    armored = first.with_name(first.name + ".sig").read_bytes()
    lines = armored.split(b"\n")
    body = b"".join(lines[1:-2])
    assert base64.b64decode(body)
    rearmored = b"\n".join([lines[0], *(body[i : i + 64] for i in range(0, len(body), 64)), lines[-2], b""])
    again = f".pmctl/records/{DOC}/0003-approve-bob.json"
    world.write(again, first.read_bytes())
    world.write(again + ".sig", rearmored)
    only(world, "AU209", world.commit("Twice", "bob"))


def test_15_signed_by_somebody_else(world: World) -> None:
    submitted(world)
    only(world, "AU218", world.act(acts.APPROVE, "bob", key="jane"))


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
    path = f".pmctl/records/{DOC}/0002-approve-bob.json"
    data = (world.root / path).read_bytes()
    world.write(path, data.replace(b'"note":"because"', b'"note":"Because"'))
    only(world, "AU214", world.commit("Approve", "bob"))


def test_a_record_that_is_not_canonical(world: World) -> None:
    submitted(world)
    world.act(acts.APPROVE, "bob", commit=False)
    path = f".pmctl/records/{DOC}/0002-approve-bob.json"
    data = (world.root / path).read_bytes().replace(b'{"act"', b'{ "act"')
    world.write(path, data)
    world.write(path + ".sig", sign(world.people["bob"], data, record.NAMESPACE))
    only(world, "AU202", world.commit("Approve", "bob"))
