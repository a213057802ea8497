"""What takes effect: each clause of the fold has the attack that it closes, beside the nearest honest act.

Late acts, texts that meet, approvals that are taken back, rights that rest on signatures. The table of all pairs of
acts is in test_acts_that_meet.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pmctl.document.completeness import is_unwritten
from pmctl.ledger.report import Event
from pmctl.policy import act as acts
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED
from tests.world import DOC, World, document

from .conftest import Copy
from .gate import Gate, command
from .test_acts_that_meet import add_item

NOWHERE = "sha256:" + "0" * 64
STRICT = (
    "---\nname: strict\nversion: 1\ndescription: x\nsections:\n  - {title: Summary, required: true}\n"
    "  - {title: Customer View, required: true}\n---\n## Summary\n\n<!-- what -->\n\n## Customer View\n\n<!-- who -->\n"
)
LAX = STRICT.replace("{title: Customer View, required: true}", "{title: Customer View, required: false}")
TEMPLATE = ".pmctl/templates/strict.md"


def meet(world: World, side: Callable[[], object], main: Callable[[], object], how: str = "") -> str:
    """Two lines from one state; `side` is merged into main, `how` says which side wins where they conflict."""
    world.git("switch", "-qC", "side")
    side()
    world.git("switch", "-q", "main")
    main()
    world.git("merge", "-q", "--no-ff", "-m", "Merge", *([f"-X{how}"] if how else []), "side", by="carol")
    return world.head


def events(world: World, verdict: str) -> list[Event]:
    return [event for event in world.audit().events if event.digest and event.verdict == verdict]


def late(world: World) -> list[str]:
    return [event.kind for event in events(world, "late")]


# Late acts


def test_a_record_that_names_nothing_known_is_no_late_act(stage: Copy) -> None:
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.APPROVE, "bob", prev=NOWHERE)
    gate.refuses("AU210")
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate.lands()


def test_what_follows_a_late_act_is_late(stage: Copy) -> None:
    """On a branch jane takes it back and submits again, and carol approves; bob had sent it back meanwhile."""
    world = stage("submitted")
    gate = Gate(world)

    def side() -> None:
        world.act(acts.WITHDRAW, "jane")
        world.act(acts.SUBMIT, "jane", reviewers=("carol",))
        world.act(acts.APPROVE, "carol")

    world.git("switch", "-qC", "side")
    side()
    world.git("switch", "-q", "main")
    world.act(acts.REQUEST_CHANGES, "bob")
    world.git("merge", "-q", "--no-ff", "-Xours", "-m", "Merge", "side", by="carol")
    state = gate.whole().states[DOC]
    assert (state.status, state.round, state.approvals) == (DRAFT, 1, ())
    world.set_status(DRAFT)
    world.git("commit", "-qa", "--amend", "--no-edit", by="carol")
    assert sorted(late(world)) == [acts.APPROVE, acts.SUBMIT, acts.WITHDRAW]
    gate.lands()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


@pytest.mark.parametrize(
    ("kind", "by", "changes", "code"),
    [
        (acts.REQUEST_CHANGES, "carol", {}, "AU305"),  # was not asked where it was signed
        (acts.WITHDRAW, "bob", {}, "AU303"),
        (acts.PUBLISH, "bob", {}, "AU308"),
        (acts.DELETE, "jane", {}, "AU314"),
        (acts.REQUEST_CHANGES, "bob", {"note": ""}, "AU319"),
        (acts.REQUEST_CHANGES, "bob", {"round": 2}, "AU317"),
        (acts.REQUEST_CHANGES, "bob", {"from_status": PUBLISHED}, "AU302"),
    ],
)
def test_a_late_act_is_judged_where_it_was_signed(
    stage: Copy, kind: str, by: str, changes: dict[str, object], code: str
) -> None:
    """A pocketed act changes nothing, and one that was never allowed is a finding all the same."""
    world = stage("submitted")
    signed_on = world.standing().state.head
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    gate = Gate(world)
    text = world.text()
    world.act(kind, by, commit=False, **{"prev": signed_on, "round": 1, **changes})  # type: ignore[arg-type]
    world.write(world.file(), text)
    world.commit("An old act", by)
    gate.refuses(code)
    gate.back()
    world.act(acts.REQUEST_CHANGES, "bob", commit=False, prev=signed_on, round=1)
    world.write(world.file(), text)
    world.commit("Bob had sent it back, before it was withdrawn", "bob")
    gate.lands()
    assert late(world) == [acts.REQUEST_CHANGES]


def test_a_pocketed_publication_publishes_nothing(stage: Copy) -> None:
    """Everybody had approved; then it was withdrawn. The publication signed before that changes nothing afterwards."""
    world = stage("approved")
    gate = Gate(world)
    world.git("switch", "-qc", "pocket")
    world.act(acts.PUBLISH, "jane")
    world.git("switch", "-q", "main")
    world.act(acts.WITHDRAW, "jane")
    world.git("checkout", "-q", "pocket", "--", ".pmctl", world.file())
    world.commit("Publish", "jane")
    gate.refuses("AU301")
    gate.back()
    world.act(acts.WITHDRAW, "jane")
    world.git("checkout", "-q", "pocket", "--", ".pmctl")
    world.commit("Keep the record", "jane")
    gate.lands()
    assert late(world) == [acts.PUBLISH]
    assert gate.whole().states[DOC].status == DRAFT


def test_late_refusals_are_shown(stage: Copy) -> None:
    world = stage("approved")
    meet(world, lambda: world.act(acts.REQUEST_CHANGES, "bob", note="the cause is wrong"), lambda: None)
    world.git("reset", "-q", "--hard", "HEAD~1")
    world.git("switch", "-q", "main")
    world.act(acts.PUBLISH, "jane")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol", check=False)
    world.set_status(PUBLISHED)
    world.write(world.file(), world.text())
    world.git("checkout", "-q", "--ours", "--", world.file(), check=False)
    world.commit("Merge", "carol")
    assert world.audit().passed
    assert "request-changes by bob came too late to take effect: the cause is wrong" in (
        command(world, "jane", "status", DOC).out
    )
    assert "late" in command(world, "jane", "log", DOC).out
    shown = command(world, "jane", "export", DOC, "--to", "json", "--evidence").out
    assert '"late"' in shown and "request-changes" in shown


def test_who_was_asked_too_late_approves_too_late(stage: Copy) -> None:
    """On a branch carol is asked and approves; on main it is published meanwhile."""
    world = stage("approved")
    gate = Gate(world)

    def side() -> None:
        world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
        world.act(acts.APPROVE, "carol")

    meet(world, side, lambda: world.act(acts.PUBLISH, "jane"))
    gate.lands()
    assert sorted(late(world)) == [acts.APPROVE, acts.REQUEST_REVIEW]


def test_an_approval_of_what_a_side_said(stage: Copy) -> None:
    """Bob approves what jane wrote on a branch; the merge keeps the text of main. His approval is for another text."""
    world = stage("submitted")
    gate = Gate(world)

    def side() -> None:
        world.edit(EARLY, LATER)
        world.act(acts.APPROVE, "bob")

    meet(world, side, lambda: world.edit(EARLY, "Alerts came in time."), how="ours")
    gate.lands()
    assert gate.whole().states[DOC].counting(world.digest()) == ()


# Publication while people are asked


def ask_and_publish(world: World) -> str:
    """Carol is asked on main while jane publishes on a branch with bob's approval."""
    return meet(
        world,
        lambda: world.act(acts.PUBLISH, "jane"),
        lambda: world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",)),
    )


def test_a_publication_without_people_asked_since_is_late(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    step = ask_and_publish(world)
    gate.warns("AU301", commit=step, layer="proved")  # git has merged the line; nobody has written it
    assert gate.whole().states[DOC].status == IN_REVIEW
    assert late(world) == [acts.PUBLISH]
    world.set_status(IN_REVIEW)
    world.commit("It is in review", "jane")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    assert gate.whole().passed
    assert gate.whole().states[DOC].status == PUBLISHED


def test_a_publication_that_somebody_merges_over_a_refusal(stage: Copy) -> None:
    """Both sides moved the status, so whoever merged has chosen what stands there."""
    world = stage("approved")
    gate = Gate(world)
    step = meet(
        world, lambda: world.act(acts.PUBLISH, "jane"), lambda: world.act(acts.REQUEST_CHANGES, "bob"), how="theirs"
    )
    assert "status: PUBLISHED" in world.text()
    gate.refuses("AU301", commit=step)
    gate.back()
    meet(world, lambda: world.act(acts.PUBLISH, "jane"), lambda: world.act(acts.REQUEST_CHANGES, "bob"), how="ours")
    gate.lands()


def test_a_publication_without_people_asked_before_it(stage: Copy) -> None:
    world = stage("approved")
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU301")
    gate.command_refuses("jane", "publish", DOC, code="AU309")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_a_publication_of_what_somebody_took_back_meanwhile(stage: Copy) -> None:
    """Bob approved, asked for a fix, and approved the fix; jane publishes what he approved first."""
    world = stage("approved")
    gate = Gate(world)

    def fixed() -> None:
        world.edit("Alerts came early.", "Alerts came late.")
        world.act(acts.APPROVE, "bob", note="now it is right")

    meet(world, lambda: world.act(acts.PUBLISH, "jane"), fixed)
    assert gate.whole().states[DOC].status == IN_REVIEW
    assert late(world) == [acts.PUBLISH]
    gate.warns("AU301", layer="proved")
    gate.back()
    fixed()
    world.act(acts.PUBLISH, "jane")
    gate.lands()


# Approvals


def test_nobody_takes_back_what_somebody_else_approved(stage: Copy) -> None:
    world = stage("empty")
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "carol")
    hers = world.standing().state.approvals[0].record
    gate = Gate(world)
    for replaced in (hers, NOWHERE):
        world.act(acts.APPROVE, "bob", replaces=(replaced,))
        gate.refuses("AU325")
        gate.back()
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_approving_the_same_again_takes_nothing_back(stage: Copy) -> None:
    world = stage("approved")
    first = world.standing().state.approvals[0].record
    gate = Gate(world)
    meet(
        world,
        lambda: world.act(acts.PUBLISH, "jane"),
        lambda: world.act(acts.APPROVE, "bob", note="still", replaces=(first,)),
    )
    gate.lands()
    assert gate.whole().states[DOC].status == PUBLISHED


def test_the_command_line_takes_earlier_approvals_back(stage: Copy) -> None:
    world = stage("approved")
    first = world.standing().state.approvals[0].record
    world.edit("too small", "fine")
    assert command(world, "bob", "approve", DOC).code == 0
    state = world.standing().state
    assert {a.record: a.replaced for a in state.approvals}[first] is True
    assert [a.by for a in state.counting(world.digest())] == ["bob"]
    assert world.found() == []


# What one step brings at once


@pytest.mark.parametrize("status", [PUBLISHED, DRAFT])
def test_the_order_of_a_squash_agrees_with_the_document(stage: Copy, status: str) -> None:
    world = stage("approved")
    gate = Gate(world)
    meet(world, lambda: world.act(acts.REQUEST_CHANGES, "bob"), lambda: world.act(acts.PUBLISH, "jane"), how="ours")
    world.set_status(status)
    world.git("add", "-A")
    tree = world.git("write-tree")
    squashed = world.git("commit-tree", tree, "-p", gate.before, "-m", "Land it")
    world.git("reset", "-q", "--hard", squashed)
    gate.lands()
    assert gate.whole().states[DOC].status == status
    assert late(world) == [acts.REQUEST_CHANGES if status == PUBLISHED else acts.PUBLISH]


def test_a_squash_that_agrees_with_neither_is_sent_back(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    meet(world, lambda: world.act(acts.REQUEST_CHANGES, "bob"), lambda: world.act(acts.PUBLISH, "jane"), how="ours")
    world.set_status(ARCHIVED)
    world.git("add", "-A")
    world.git("reset", "-q", "--hard", world.git("commit-tree", world.git("write-tree"), "-p", gate.before, "-m", "x"))
    gate.refuses("AU301")
    assert gate.whole().states[DOC].status == DRAFT


# Rights


def test_attack_75_an_editor_by_grace_of_the_same_step(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.set_field("editors", {"carol": "edit"})
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    gate.refuses("AU303", warnings=("AU702", "AU704"))
    gate.command_refuses("carol", "submit", DOC, "-r", "bob", code="AU303")
    world.set_field("editors", {"carol": "edit"})
    world.commit("Share it", "jane")
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    gate.lands()


def test_attack_75_beside_it_the_author_signs_in_that_step(stage: Copy) -> None:
    """A squash of a branch on which jane shared the draft, carol submitted it, and jane withdrew it again."""
    world = stage("drafted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.set_field("editors", {"carol": "edit"})
    world.commit("Share it", "jane")
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    world.act(acts.WITHDRAW, "jane")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--squash", "side")
    world.commit("Land it", "carol")
    assert [f.code for f in gate.new(gate.whole()) if f.layer == "proved"] == []


def test_attack_75_beside_it_a_signed_commit_of_the_author(stage: Copy) -> None:
    world = stage("drafted")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    world.set_field("editors", {"carol": "edit"})
    world.git("add", "-A")
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['jane'].key}")
    world.git(*signing, "commit", "-qS", "-m", "Share it", by="jane")
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol")
    assert [f.code for f in gate.new(gate.whole()) if f.layer == "proved"] == []


def test_attack_75_an_author_by_grace_of_the_same_submit(stage: Copy) -> None:
    world = stage("drafted")
    world.set_field("editors", {"carol": "edit"})
    world.commit("Share it", "jane")
    gate = Gate(world)
    world.act(acts.SUBMIT, "carol", reviewers=("bob",), author="carol")
    gate.refuses("AU403")
    gate.back()
    world.act(acts.SUBMIT, "carol", reviewers=("bob",))
    gate.lands()


def test_attack_76_an_approver_is_added_to_published_text(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    for field, value in (("reviewers", ["bob", "carol"]), ("editors", {"carol": "edit"})):
        world.set_field(field, value)
        world.commit("Tidy", "jane")
        gate.refuses("AU322")
        gate.back()
    world.set_field("reviewers", [])
    world.commit("Tidy", "jane")
    gate.refuses("AU318")
    gate.back()
    world.act(acts.ARCHIVE, "alice")
    gate.lands()


def test_attack_76_with_the_act_itself(stage: Copy) -> None:
    """Names go in with the very act that lands."""
    world = stage("drafted")
    gate = Gate(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), commit=False)
    world.set_field("reviewers", ["bob", "carol"])
    world.commit("Submit", "jane")
    gate.refuses("AU322")
    gate.back()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate = Gate(world)
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",), commit=False)
    world.set_field("reviewers", ["bob"])
    world.commit("Ask", "jane")
    gate.refuses("AU318")
    gate.back()
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",))
    gate.lands()


def test_attack_76_beside_it_who_was_asked_too_late_stays_named(stage: Copy) -> None:
    world = stage("approved")
    gate = Gate(world)
    meet(
        world,
        lambda: world.act(acts.REQUEST_REVIEW, "jane", reviewers=("carol",)),
        lambda: world.act(acts.PUBLISH, "jane"),
    )
    assert "reviewers: [bob, carol]" in world.text()
    gate.lands()
    assert late(world) == [acts.REQUEST_REVIEW]


def test_who_publishes_follows_from_the_records(stage: Copy) -> None:
    """An editor whom only the front matter names may not publish; one whom a record names may."""
    world = stage("submitted")
    gate = Gate(world)
    world.act(acts.REQUEST_REVIEW, "jane", editors=("carol",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "carol")
    gate.lands()
    gate.back()
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.set_field("editors", {"carol": "edit"})
    named = world.commit("Help", "carol")
    world.act(acts.PUBLISH, "carol")
    found = {(f.code, f.commit) for f in gate.new(gate.reach()) if f.layer == "proved"}
    assert found == {("AU322", named), ("AU308", world.head)}
    gate.command_refuses("carol", "publish", DOC, code="AU308")


def test_an_editor_is_added_in_review_by_command(stage: Copy) -> None:
    world = stage("approved")
    assert command(world, "jane", "submit", DOC, "--editor", "carol").code == 0
    assert "editors: {carol: edit}" in world.text()
    assert command(world, "carol", "publish", DOC).code == 0
    assert world.audit().violations == ()
    drafted = stage("drafted")
    said = command(drafted, "jane", "submit", DOC, "-r", "bob", "--editor", "carol")
    assert said.code == 2 and "while it is a draft" in said.err


def test_an_editor_named_on_main_while_it_is_submitted_on_a_branch(stage: Copy) -> None:
    world = stage("empty")
    world.new(reviewers="[]", severity="SEV2", services="[payment-api]", editors="{}")
    gate = Gate(world)

    def share() -> None:
        world.write(world.file(), world.text().replace("editors: {}", "editors: {carol: edit}"))
        world.commit("Share it", "jane")

    meet(world, lambda: world.act(acts.SUBMIT, "jane", reviewers=("bob",)), share)
    gate.lands()
    assert gate.whole().states[DOC].editors == ()


def test_an_admin_publishes_for_an_author_who_left(stage: Copy) -> None:
    world = stage("empty")
    world.change_policy(publishers=("author",))
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.act(acts.PUBLISH, "alice")
    gate.refuses("AU308")
    gate.command_refuses("alice", "publish", DOC, code="AU308")
    people = dict(world.policy.people)
    people["jane"] = people["jane"]._replace(keys=tuple(key._replace(status="retired") for key in people["jane"].keys))
    world.change_policy(people=people)
    world.act(acts.PUBLISH, "alice")
    gate.lands()


# Texts that meet


def amend(world: World, old: str, new: str) -> None:
    world.edit(old, new, commit=False)
    world.act(acts.AMEND, "alice", note=new)


EARLY, LATER = "Alerts came early.", "Alerts came late."
DOWN, GONE = "The payment API was down", "The payment API was gone"


def two_amends(world: World, how: str = "") -> str:
    """Two amends of different lines at once, merged."""
    return meet(world, lambda: amend(world, EARLY, LATER), lambda: amend(world, DOWN, GONE), how)


def test_attack_94_an_amend_is_undone_by_a_merge_without_a_new_line(stage: Copy) -> None:
    """The merge takes the side whole: the first amend is undone, and no line is new. It is open, and says so."""
    world = stage("published")
    gate = Gate(world)
    two_amends(world)
    world.git("checkout", "-q", "side", "--", world.file())
    world.git("commit", "-q", "--amend", "--no-edit", by="carol")
    assert DOWN in world.text() and LATER in world.text()
    gate.warns("AU407", layer="proved")
    state = gate.whole().states[DOC]
    assert (state.open, state.content) != ("", "")
    assert "two amends met" in command(world, "alice", "status", DOC).out


def test_attack_94_by_an_old_branch_that_signed_nothing(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    meet(world, lambda: world.commit("Nothing of this", "carol"), lambda: amend(world, DOWN, GONE))
    world.git("checkout", "-q", "side", "--", world.file())
    world.git("commit", "-q", "--amend", "--no-edit", by="carol")
    gate.refuses("AU401")
    gate.back()
    meet(world, lambda: world.commit("Nothing of this", "carol"), lambda: amend(world, DOWN, GONE))
    gate.lands()


def test_attack_94_a_merge_of_two_amends_that_says_more_or_less(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    for old, new in (
        ("Alerts came late.", "Alerts came late. Bob slept."),
        ("The connection pool was too small.\n", ""),  # a line that both sides have
    ):
        step = two_amends(world)
        text = world.text()
        world.write(world.file(), text.replace(old, new))
        world.git("commit", "-qa", "--amend", "--no-edit", by="carol")
        assert world.head != step
        gate.refuses("AU401")
        gate.back()
    two_amends(world)
    gate.warns("AU407", layer="proved")


def test_attack_94_attachments_that_meet(stage: Copy) -> None:
    world = stage("published")
    folder = world.file().removesuffix(".md")
    gate = Gate(world)

    def graph(name: str) -> None:
        world.write(f"{folder}/{name}", name)
        world.act(acts.AMEND, "alice", note=name)

    meet(world, lambda: graph("a.txt"), lambda: graph("b.txt"))
    gate.warns("AU407", layer="proved")
    gate.back()
    meet(world, lambda: graph("a.txt"), lambda: graph("b.txt"))
    world.write(f"{folder}/c.txt", "c")
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit", by="carol")
    gate.refuses("AU402")


def test_an_amend_that_names_the_open_text_settles_it(stage: Copy) -> None:
    world = stage("published")
    two_amends(world)
    gate = Gate(world)
    said = command(world, "alice", "amend", DOC, "-m", "both are right")
    assert said.code == 0, said
    assert f"-{EARLY}" in said.err and f"+{LATER}" in said.err, "the difference to the text in force is shown"
    assert GONE not in "".join(line for line in said.err.splitlines() if line.strip()[:1] in "+-")
    gate.lands()
    state = gate.whole().states[DOC]
    assert (state.open, state.content) == ("", world.digest())
    assert command(world, "alice", "amend", DOC, "-m", "again").code == 1


def test_an_open_text_is_settled_by_putting_back_the_one_in_force(stage: Copy) -> None:
    world = stage("published")
    two_amends(world)
    gate = Gate(world)
    world.edit(LATER, EARLY)
    gate.lands()
    assert gate.whole().states[DOC].open == ""


def test_an_open_text_is_no_licence(stage: Copy) -> None:
    world = stage("published")
    two_amends(world)
    gate = Gate(world)
    world.edit("too small", "fine")
    gate.refuses("AU401")
    gate.back()
    world.edit("| OPEN |", "| COMPLETED |", by="carol")
    assert gate.whole().passed


def test_an_amend_of_a_text_that_never_was_there_is_late(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.edit(EARLY, LATER, commit=False)
    world.act(acts.AMEND, "alice", was=NOWHERE)
    assert late(world) == [acts.AMEND]
    gate.warns("AU407", layer="proved")  # signed, and in force is another


def test_archive_and_amend_both_hold(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    meet(world, lambda: world.act(acts.ARCHIVE, "alice"), lambda: amend(world, DOWN, GONE))
    amend(world, EARLY, LATER)  # on what both have come to
    gate.lands()
    state = gate.whole().states[DOC]
    assert (state.status, state.content) == (ARCHIVED, world.digest())
    assert late(world) == []


def test_an_amend_from_before_an_amend_that_it_did_not_see(stage: Copy) -> None:
    """Archived and amended on a branch, amended on main: what the branch signed last rests on another text."""
    world = stage("published")
    gate = Gate(world)

    def side() -> None:
        world.act(acts.ARCHIVE, "alice")
        amend(world, EARLY, LATER)

    meet(world, side, lambda: amend(world, DOWN, GONE))
    gate.warns("AU407", layer="proved")
    assert late(world) == [acts.AMEND]
    assert gate.whole().states[DOC].status == ARCHIVED


# Items added to what is published


def test_items_are_added_and_nothing_else(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    for old, new in (
        ("too small", "fine"),
        ("| AI-7f3k | Monitor the pool |", "| AI-7f3k | Blame the intern |"),
        ("title: Payment API outage", "title: Nothing happened"),
    ):
        world.edit(old, new, commit=False)
        add_item(world, "first")
        gate.refuses("AU323")
        gate.back()
    world.edit(
        "| OPEN | | |\n", "| OPEN | | |\n| AI-0003 | Also | @bob | 2024-02-22 | LOW | OPEN | | |\n", commit=False
    )
    add_item(world, "first")
    world.edit("| AI-0001 | Tell customers, first | @bob |", "| AI-0001 | Tell customers, first | @carol |")
    gate.lands()


def test_items_are_added_by_those_who_may(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    row = "| OPEN | | |\n| AI-0001 | Tell customers | @bob | 2024-02-22 | LOW | OPEN | | |\n"
    world.edit("| OPEN | | |\n", row, commit=False)
    world.act(acts.ADD_ITEM, "bob")
    gate.refuses("AU303")
    words = ("actions", "add", DOC, "Tell customers", "--owner", "bob", "--due", "2099-02-22", "--priority", "LOW")
    gate.command_refuses("bob", *words, code="AU303")
    gate.back()
    world.edit("| OPEN | | |\n", row)
    gate.refuses("AU401")
    gate.back()
    assert command(world, "jane", *words).code == 0
    gate.lands()


def test_items_of_a_squash(stage: Copy) -> None:
    world = stage("published")
    gate = Gate(world)
    world.git("switch", "-qc", "side")
    add_item(world, "first")
    add_item(world, "second")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--squash", "side")
    world.commit("Two items", "jane")
    gate.lands()
    gate.back()
    world.git("switch", "-q", "side")
    amend(world, EARLY, LATER)
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--squash", "side")
    world.commit("Two items and an amend", "jane")
    assert [f.code for f in gate.new(gate.whole()) if f.layer == "proved"] == []


# Templates


def strict(world: World) -> None:
    world.write(TEMPLATE, STRICT)
    world.commit("A template of our own", "alice")
    body = document(template="strict@1")
    world.write(world.file(), body.replace("## Timeline", "## Customer View\n\nNobody could pay.\n\n## Timeline"))
    world.commit("Draft", "jane")


def test_a_template_that_was_weakened_since(stage: Copy) -> None:
    """Another version in the place of the file does not change what a submitted postmortem is judged by."""
    world = stage("empty")
    strict(world)
    world.edit("Nobody could pay.", "<!-- to be written -->")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.write(TEMPLATE, LAX)
    world.commit("Ask for less", "alice")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU311")
    gate.command_refuses("jane", "publish", DOC, code="AU311")
    world.edit("<!-- to be written -->", "Nobody could pay.")
    world.act(acts.APPROVE, "bob")
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


@pytest.mark.parametrize("digest", ["", NOWHERE, "lax"])
def test_a_submit_names_the_postmortems_own_template(stage: Copy, digest: str) -> None:
    import hashlib

    world = stage("empty")
    other = LAX.replace("name: strict", "name: other")
    world.write(".pmctl/templates/other.md", other)
    strict(world)
    gate = Gate(world)
    if digest == "lax":
        digest = "sha256:" + hashlib.sha256(other.encode()).hexdigest()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), template=digest)
    gate.refuses("AU326")
    gate.back()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    gate.lands()


def test_the_template_of_a_submit_from_before_it_changed(stage: Copy) -> None:
    """Submitted on a branch under the template of then; on main its prompts changed. Landed by rebase and by merge."""
    world = stage("empty")
    strict(world)
    gate = Gate(world)
    for how in ("merge", "rebase"):
        world.git("switch", "-qC", "side")
        world.act(acts.SUBMIT, "jane", reviewers=("bob",))
        world.git("switch", "-q", "main")
        world.write(TEMPLATE, STRICT.replace("<!-- who -->", "<!-- who noticed? -->"))
        world.commit("Ask better", "alice")
        if how == "merge":
            world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol")
        else:
            world.git("rebase", "-q", "main", "side")
            world.git("switch", "-qC", "main")
        world.act(acts.APPROVE, "bob")
        world.act(acts.PUBLISH, "jane")
        gate.lands()
        gate.back()


def test_another_template_in_review(stage: Copy) -> None:
    world = stage("empty")
    strict(world)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.edit("template: strict@1", "template: lightweight@1")
    Gate(world).command_refuses("bob", "approve", DOC, code="AU326")  # nobody could publish by it
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU326")
    gate.command_refuses("jane", "publish", DOC, code="AU326")
    world.act(acts.WITHDRAW, "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()


def test_templates_are_changed_by_admins(stage: Copy) -> None:
    world = stage("empty")
    strict(world)
    gate = Gate(world)
    world.write(TEMPLATE, STRICT.replace("<!-- who -->", "<!-- nobody -->"))
    world.commit("Ask for less", "jane")
    gate.warns("AU709")
    gate.back()
    world.git("switch", "-qc", "side")
    world.write(TEMPLATE, STRICT.replace("<!-- who -->", "<!-- nobody -->"))
    merged = world.commit("Ask for less", "jane")
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="alice")
    gate.warns("AU709")
    assert merged[:12] in gate.new(gate.whole())[0].message
    gate.back()
    world.write(TEMPLATE, STRICT.replace("<!-- who -->", "<!-- who noticed? -->"))
    world.commit("Ask better", "alice")
    gate.lands()


def test_templates_are_changed_with_a_signature_where_edits_are_signed(stage: Copy) -> None:
    world = stage("empty")
    world.change_policy(edits="signed")
    gate = Gate(world)
    world.write(TEMPLATE, STRICT)
    world.commit("A template", "alice")
    gate.refuses("AU705", layer="attributed")
    gate.back()
    world.write(TEMPLATE, STRICT)
    world.git("add", "-A")
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['alice'].key}")
    world.git(*signing, "commit", "-qS", "-m", "A template", by="alice")
    gate.lands()


@pytest.mark.parametrize(
    "nothing", ["\u200b", "\u2060\ufeff", "\u3164", "&#8203;&ZeroWidthSpace;", "&nbsp; \u00ad", "\u2800\n\n\u034f"]
)
def test_invisible_characters_are_no_text(nothing: str) -> None:
    assert is_unwritten(f"\n{nothing}\n")
    assert not is_unwritten(f"\nThe pool{nothing} was too small.\n")


def test_a_section_of_invisible_characters_is_not_published(stage: Copy) -> None:
    nothing = "&nbsp; \u00ad"
    world = stage("empty")
    world.write(world.file(), document().replace("The connection pool was too small.", nothing))
    world.commit("Draft", "jane")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    gate = Gate(world)
    world.act(acts.PUBLISH, "jane")
    gate.refuses("AU311")
    gate.command_refuses("jane", "publish", DOC, code="AU311")
    world.edit(f"## Root Cause\n\n{nothing}", f"## Root Cause\n\nThe pool{nothing} was too small.")
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    gate.lands()
