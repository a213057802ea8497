"""The quick answer about one postmortem agrees with the audit, also when something odd lies in its folder."""

from __future__ import annotations

from pmctl.policy import act as acts
from pmctl.policy.model import Key
from pmctl.policy.state import IN_REVIEW, PUBLISHED
from tests.world import DOC, World


def agree(world: World) -> None:
    quick, state = world.standing().state, world.audit().states[DOC]
    assert (quick.status, quick.round, quick.head) == (state.status, state.round, state.head)
    assert quick.author == state.author


def test_a_new_postmortem(world: World) -> None:
    world.new()
    now = world.standing()
    assert (now.state.status, now.next_number, now.root, now.ignored) == ("DRAFT", 1, world.first, ())


def test_an_act_that_was_refused_does_not_count(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.PUBLISH, "carol")
    agree(world)
    assert world.standing().next_number == 3


def test_an_unsigned_record_does_not_count(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), unsigned=True)
    agree(world)
    assert world.standing().state.status == "DRAFT"


def test_records_of_a_key_that_is_gone_still_count(world: World) -> None:
    world.published()
    people = dict(world.policy.people)
    people["bob"] = people["bob"]._replace(keys=(Key(world.people["spare"].public),))
    world.change_policy(people=people)
    agree(world)
    assert world.standing().state.status == PUBLISHED


def test_an_approval_holds_for_its_content_only(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    before = world.digest()
    world.edit("too small", "far too small")
    world.act(acts.APPROVE, "carol")
    for state in (world.standing().state, world.audit().states[DOC]):
        assert state.status == IN_REVIEW
        assert [a.by for a in state.counting(world.digest())] == ["carol"]
        assert [a.by for a in state.counting(before)] == ["bob"]


def test_what_counted_at_its_time_is_not_said_to_be_ignored_when_the_reviewer_leaves(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    people = dict(world.policy.people)
    people["bob"] = people["bob"]._replace(keys=tuple(one._replace(status="retired") for one in people["bob"].keys))
    world.change_policy(people=people)
    now = world.standing()
    assert (now.ignored, now.state.status, [one.by for one in now.state.approvals]) == ((), IN_REVIEW, ["bob"])
    world.act(acts.PUBLISH, "carol")
    assert [one.message.partition(": ")[2] for one in world.standing().ignored] == [f"carol may not publish {DOC}"]
