"""88 and 95: waivers and baselines cover what they name, when as many admins signed as the policy asks for."""

from __future__ import annotations

from pmctl.policy import act as acts
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, command

OTHER = "2024-02-01-other"


def two_edited(world: World) -> str:
    """A step that changes two published postmortems."""
    world.published(OTHER)
    world.edit("too small", "fine", commit=False)
    return world.edit("too small", "fine", OTHER)


def open_findings(world: World) -> list[tuple[str, str]]:
    """(code, postmortem) of what nobody has accepted."""
    return [(f.code, f.doc) for f in world.audit(root=world.first).violations]


def test_attack_88_a_waiver_of_one_postmortem_covers_no_other(stage: Copy) -> None:
    world = stage("published")
    edited = two_edited(world)
    assert open_findings(world) == [("AU401", DOC), ("AU401", OTHER)]
    gate = Gate(world)
    world.waive("AU401", edited, about=OTHER, covers=9)
    assert open_findings(world) == [("AU401", DOC)]
    assert not gate.whole().passed
    said = command(world, "alice", "waive", "AU401", edited, "-m", "both", "--root", world.first)
    assert said.code == 1 and "about 2 postmortems" in said.err
    world.waive("AU401", edited, about="")  # about none: neither of them
    assert open_findings(world) == [("AU401", DOC)]
    world.waive("AU401", edited, about=DOC)
    assert open_findings(world) == []
    gate.lands()


def test_attack_88_what_is_beyond_the_count_stays_reported(stage: Copy) -> None:
    world = stage("published")
    for name in ("0001-submit-jane", "0002-approve-bob"):
        (world.root / world.record(name)).unlink()
    removed = world.commit("Remove two records", "jane")
    assert open_findings(world) == [("AU205", DOC), ("AU205", DOC)]
    world.waive("AU205", removed, covers=1)
    assert open_findings(world) == [("AU205", DOC)]
    world.waive("AU205", removed, covers=2, note="both")
    assert open_findings(world) == []


def test_attack_88_a_waiver_for_another_step_or_code(stage: Copy) -> None:
    world = stage("published")
    edited = world.edit("too small", "fine")
    again = world.edit("fine", "too big")
    world.waive("AU401", again)
    world.waive("AU402", edited)
    assert [(f.code, f.commit) for f in world.audit().violations] == [("AU401", edited)]


def test_beside_88_the_command_says_what_it_covers_before_it_signs(stage: Copy) -> None:
    world = stage("published")
    edited = two_edited(world)
    said = command(
        world, "alice", "waive", "AU401", edited, "-m", "agreed", "--about", "payment-api", "--root", world.first
    )
    assert said.code == 0, said
    assert said.err.index("this covers 1 finding:") < said.err.index(edited[:12]) < said.err.index("commit")
    assert open_findings(world) == [("AU401", OTHER)]


def threshold(world: World) -> None:
    """Two of alice, bob and carol sign from now on."""
    world.change_policy(admins=("alice", "bob", "carol"), policy_threshold=2)


def test_attack_95_a_waiver_by_one_admin(stage: Copy) -> None:
    world = stage("published")
    threshold(world)
    gate = Gate(world)
    edited = world.edit("too small", "fine", by="alice")
    world.waive("AU401", edited)
    assert open_findings(world) == [("AU401", DOC)]
    gate.refuses("AU401", commit=edited)
    world.waive("AU401", edited, by="jane")  # no admin: refused, and no second signature
    assert open_findings(world) == [("AU401", DOC), ("AU314", "")]
    world.git("reset", "-q", "--hard", "HEAD~1")
    world.waive("AU401", edited, by="alice", note="once more")  # one person is one signature, however often
    assert open_findings(world) == [("AU401", DOC)]
    said = command(world, "bob", "waive", "AU401", edited, "-m", "agreed", "--root", world.first)
    assert said.code == 0, said
    assert open_findings(world) == []
    assert [f.waived_by for f in gate.whole().findings] == ["alice, bob"]


def test_beside_95_the_first_of_two_signatures_says_what_is_missing(stage: Copy) -> None:
    world = stage("published")
    threshold(world)
    edited = world.edit("too small", "fine")
    words = ("waive", "AU401", edited, "-m", "agreed", "--root", world.first)
    said = command(world, "alice", *words)
    assert said.code == 0
    assert "it takes effect when 1 more of bob, carol have run the same command" in said.err
    said = command(world, "alice", *words)
    assert said.code == 1 and "signed exactly this already" in said.err
    assert command(world, "carol", *words).code == 0
    assert open_findings(world) == []


def test_attack_95_a_baseline_by_one_admin(stage: Copy) -> None:
    world = stage("published")
    threshold(world)
    gate = Gate(world)
    edited = world.edit("too small", "fine", by="alice")
    world.baseline((DOC, world.digest(), "PUBLISHED"))
    gate.refuses("AU401", commit=edited)
    gate.back()
    edited = world.edit("too small", "fine", by="alice")
    said = command(world, "alice", "policy", "baseline", "-m", "as found")
    assert said.code == 0 and "1 more of bob, carol" in said.err
    assert open_findings(world) == [("AU401", DOC)]
    assert world.standing().state.last_act == "publish"  # what the command line goes on from
    assert command(world, "carol", "policy", "baseline", "-m", "as found").code == 0
    assert open_findings(world) == []
    assert world.standing().state.last_act == "baseline"
    world.act(acts.ARCHIVE, "alice")  # it goes on from the baseline
    assert open_findings(world) == []


def test_attack_95_signatures_of_different_statements_do_not_add_up(stage: Copy) -> None:
    world = stage("published")
    threshold(world)
    world.edit("too small", "fine")
    content = world.digest()
    world.baseline((DOC, content, "PUBLISHED"))
    world.baseline((DOC, content, "ARCHIVED"), by="bob")
    assert open_findings(world) == [("AU401", DOC)]


def test_beside_95_a_later_baseline_accepts_what_came_since(stage: Copy) -> None:
    """Also when it accepts exactly the same postmortems."""
    world = stage("published")
    for text in ("fine", "too small"):
        world.edit("too small" if text == "fine" else "fine", text)
    assert command(world, "alice", "policy", "baseline", "-m", "as found").code == 0
    assert open_findings(world) == []
    for text in ("fine", "too small"):
        world.edit("too small" if text == "fine" else "fine", text)
    assert open_findings(world) == [("AU401", DOC)]
    assert command(world, "alice", "policy", "baseline", "-m", "again").code == 0
    assert open_findings(world) == []
