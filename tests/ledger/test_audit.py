"""The audit over honest histories: whatever people do on an ordinary day gives no finding."""

from __future__ import annotations

from pmctl.policy import act as acts
from pmctl.policy.state import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED

from .world import DOC, World


def test_a_whole_life_is_clean(world: World) -> None:
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    world.act(acts.REQUEST_CHANGES, "carol")
    world.edit("too small", "far too small")
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")
    world.act(acts.APPROVE, "carol")
    world.act(acts.PUBLISH, "jane")
    world.edit("early", "very early", commit=False)
    world.act(acts.AMEND, "alice")
    world.act(acts.ARCHIVE, "alice")
    report = world.audit()
    assert report.findings == ()
    assert report.passed
    assert report.states[DOC].status == ARCHIVED
    assert report.states[DOC].round == 2
    assert report.records == 10
    assert world.standing().state.status == ARCHIVED
