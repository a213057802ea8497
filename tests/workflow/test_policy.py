"""The life of a policy: edits by hand, proposals that need several admins, baselines and waivers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmctl.errors import NotFound, Refused
from pmctl.ledger.record import mark
from pmctl.policy.model import POLICY_PATH
from pmctl.repository.actor import Actor as Signing
from pmctl.repository.signing import SigningKey, SshSigner
from pmctl.repository.workspace import Workspace
from pmctl.surroundings import Surroundings
from pmctl.workflow import people as acting
from pmctl.workflow import policy as steps
from tests.world import DOC, World, document

AT = datetime(2024, 2, 1, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Alice\n\temail = alice@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path / "repo")
    made.init()
    return made


@pytest.fixture
def two(world: World) -> World:
    """A policy that asks for two of alice, bob and carol, on a branch of its own."""
    world.change_policy(admins=("alice", "bob", "carol"), policy_threshold=2)
    world.git("switch", "-qc", "policy-3")
    return world


def workspace(world: World) -> Workspace:
    return Workspace(world.repo)


def actor(world: World, handle: str = "alice") -> Signing:
    who = world.people[handle]
    return Signing(
        handle,
        handle.capitalize(),
        who.email,
        SshSigner(SigningKey(who.public, who.key, "a test"), Surroundings(os.environ, who.key.parent)),
    )


def edit(world: World, *pairs: tuple[str, str]) -> None:
    text = (world.root / POLICY_PATH).read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    world.write(POLICY_PATH, text)


def clean(world: World) -> None:
    assert [(f.code, f.message) for f in world.audit().findings] == []
    assert world.git("status", "--porcelain") == ""


def test_an_edit_by_hand_becomes_a_signed_step(world: World) -> None:
    edit(world, ("version: 1", "version: 2"), ("minimum: 1", "minimum: 2"))
    assert [f.code for f in steps.problems(workspace(world))] == ["AU102"]
    done = steps.sign(workspace(world), actor(world), at=AT, note="two pairs of eyes")
    assert (done.landed, done.version, done.facts) == (True, 2, ("review.minimum: 1 -> 2",))
    assert workspace(world).policy.review.minimum == 2
    assert steps.problems(workspace(world)) == ()
    clean(world)


def test_what_cannot_come_into_force_is_not_signed(world: World) -> None:
    head = world.head
    with pytest.raises(Refused, match="no change of the policy"):
        steps.sign(workspace(world), actor(world), at=AT)
    edit(world, ("minimum: 1", "minimum: 2"))
    assert [f.code for f in steps.problems(workspace(world))] == ["AU103"]
    with pytest.raises(Refused, match="AU103"):
        steps.sign(workspace(world), actor(world), at=AT)
    edit(world, ("version: 1", "version: 2"), ("admins: [alice]", "admins: []"))
    with pytest.raises(Refused, match="cannot come into force"):
        steps.sign(workspace(world), actor(world), at=AT)
    edit(world, ("admins: []", "admins: [alice, jane]"))
    with pytest.raises(Refused, match="needs an admin"):
        steps.sign(workspace(world), actor(world, "jane"), at=AT)
    assert world.head == head


def test_a_proposal_begins_on_a_branch(two: World) -> None:
    two.git("switch", "-q", "main")
    with pytest.raises(Refused, match="begins as a proposal on a branch") as refused:
        acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    assert "git switch -c policy-3" in refused.value.hint
    assert two.git("status", "--porcelain") == ""


def test_the_last_signature_lands_the_policy(two: World) -> None:
    proposed = acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    assert (proposed.landed, proposed.missing, proposed.candidates) == (False, 1, ("bob", "carol"))
    assert workspace(two).policy.version == 2
    waiting = steps.proposal(workspace(two))
    assert waiting is not None and waiting.signers == ("alice",)
    clean(two)
    with pytest.raises(Refused, match="signed exactly this policy already"):
        steps.sign(workspace(two), actor(two), at=AT)
    with pytest.raises(Refused, match="waits for signatures"):
        acting.change_person(workspace(two), actor(two, "bob"), "jane", add_teams=("dev",), at=AT)
    landed = steps.sign(workspace(two), actor(two, "bob"), at=AT)
    assert (landed.landed, landed.version, landed.missing) == (True, 3, 0)
    assert workspace(two).policy.teams == {"ops": ("jane",)}
    assert workspace(two).head.file(steps.PROPOSED_PATH) is None
    clean(two)


@pytest.mark.parametrize("how", [["--no-ff", "-m", "Merge"], ["--squash"], ["--ff-only"]])
def test_however_the_branch_lands(two: World, how: list[str]) -> None:
    acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    steps.sign(workspace(two), actor(two, "carol"), at=AT)
    two.git("switch", "-q", "main")
    two.new()
    two.git("switch", "-q", "policy-3" if how == ["--ff-only"] else "main")
    if how == ["--ff-only"]:
        two.git("rebase", "-q", "main")
        two.git("switch", "-q", "main")
    two.git("merge", "-q", *how, "policy-3", by="carol")
    if how == ["--squash"]:
        two.commit("Policy 3", "carol")
    clean(two)
    assert two.audit().policy.version == 3


def test_an_edit_by_hand_becomes_a_proposal(two: World) -> None:
    edit(two, ("version: 2", "version: 3"), ("minimum: 1", "minimum: 2"))
    done = steps.sign(workspace(two), actor(two), at=AT)
    assert not done.landed
    assert "minimum: 1" in (two.root / POLICY_PATH).read_text()  # the policy stays as it is until it lands
    clean(two)
    steps.sign(workspace(two), actor(two, "bob"), at=AT)
    assert workspace(two).policy.review.minimum == 2
    clean(two)


def test_a_proposal_is_given_up_with_its_branch(two: World) -> None:
    acting.change_person(workspace(two), actor(two), "jane", add_teams=("oops",), at=AT)
    two.git("switch", "-qc", "again", "main")
    acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    steps.sign(workspace(two), actor(two, "bob"), at=AT)
    assert workspace(two).policy.teams == {"ops": ("jane",)}
    clean(two)


def test_a_proposal_that_was_overtaken_is_said(two: World) -> None:
    acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    two.change_policy(by="alice", also=("bob",), key="", review=two.policy.review._replace(minimum=2))
    assert steps.proposal(workspace(two)) is None
    assert [f.code for f in steps.problems(workspace(two))] == ["AU103"]


def test_a_signature_under_another_policy_does_not_count(two: World) -> None:
    acting.change_person(workspace(two), actor(two), "jane", add_teams=("ops",), at=AT)
    record = two.root / two.record("0003-alice", "policy")
    data = record.read_bytes().replace(b'"by":"alice"', b'"by":"carol"')
    path = f".pmctl/records/policy/0003-carol-{mark(data)}.json"
    two.write(path, data)
    two.write(f"{path}.sig", record.with_name(record.name + ".sig").read_bytes())
    two.commit("Forge", "alice")
    assert [act.by for act in steps.signed_records(workspace(two), workspace(two).policy)] == ["alice"]


def test_baseline_of_an_imported_history(tmp_path: Path, world: World) -> None:
    old = World(tmp_path / "old", world.people)
    old.path.mkdir()
    old.git("init", "-q", "-b", "main")
    old.write(old.file(), document(status="PUBLISHED"))
    old.commit("Write it down", "spare")
    old.init()
    with pytest.raises(Refused, match="AU314"):
        steps.baseline(workspace(old), actor(old, "bob"), at=AT, note="mine")
    with pytest.raises(Refused, match="AU319"):
        steps.baseline(workspace(old), actor(old), at=AT, note=" ")
    assert steps.baseline(workspace(old), actor(old), at=AT, note="imported")[0] == 1
    report = old.audit()
    assert report.passed
    assert {f.waived_by for f in report.findings} == {"alice"}
    assert report.states[DOC].status == "PUBLISHED"


def test_waive_names_a_finding_that_is_there(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    with pytest.raises(NotFound, match="reports no AU301"):
        steps.waive(workspace(world), actor(world), world.audit(), "AU301", forged, at=AT, note="agreed")
    with pytest.raises(Refused, match="AU314"):
        steps.waive(workspace(world), actor(world, "bob"), world.audit(), "AU401", forged, at=AT, note="agreed")
    steps.waive(workspace(world), actor(world), world.audit(), "AU401", forged, at=AT, note="agreed")
    report = world.audit()
    assert report.passed
    assert [(f.waived_by, f.waived_note) for f in report.findings] == [("alice", "agreed")]
    with pytest.raises(Refused, match="accepted by alice already"):
        steps.waive(workspace(world), actor(world), report, "AU401", forged, at=AT, note="agreed")
