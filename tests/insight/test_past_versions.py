"""The versions that can be compared: those that people signed, as far as the audience may read each of them."""

from __future__ import annotations

import pytest

from pmctl.insight.past_versions import PastVersion, past_versions
from pmctl.insight.publication import publications
from pmctl.policy import act as acts
from pmctl.policy.audience import parse
from pmctl.repository.workspace import Workspace
from tests.world import DOC, World


def found(world: World, audience: str = "organization") -> tuple[PastVersion, ...]:
    workspace = Workspace(world.repo)
    [one] = publications(workspace, parse(audience, workspace.policy)).pages
    return past_versions(one)


def amend(world: World, old: str, new: str) -> None:
    world.edit(old, new, by="alice", commit=False)
    world.act(acts.AMEND, "alice", DOC)


def test_acts_on_one_text_are_one_version_and_the_last_names_it(world: World) -> None:
    world.init()
    world.published(DOC)
    assert found(world) == ()
    amend(world, "too small", "half the size that it needs")
    submitted, amended = found(world)
    assert [one.entry.what.split()[0] for one in (submitted, amended)] == ["publish", "amend"]
    assert "too small" in submitted.document.text and "half the size" in amended.document.text


def test_what_was_reviewed_before_a_change_is_a_version(world: World) -> None:
    world.init()
    world.new(DOC)
    world.act(acts.SUBMIT, "jane", DOC, reviewers=("bob",))
    world.edit("too small", "half the size that it needs")
    world.act(acts.APPROVE, "bob", DOC)
    world.act(acts.PUBLISH, "jane", DOC)
    assert [one.entry.what.split()[0] for one in found(world)] == ["submit", "publish"]


def test_a_change_that_nobody_signed_is_no_version(world: World) -> None:
    world.init()
    world.published(DOC)
    amend(world, "too small", "half the size that it needs")
    world.edit("half the size", "a third of the size", by="mallory")
    assert not any("a third" in one.document.text for one in found(world))


@pytest.mark.parametrize("before", ["private", "team"])
def test_a_version_that_the_audience_may_not_read_is_not_among_them(world: World, before: str) -> None:
    world.init()
    world.published(DOC, visibility=before)
    amend(world, f"visibility: {before}", "visibility: organization")
    amend(world, "too small", "half the size that it needs")
    assert [one.entry.what.split()[0] for one in found(world)] == ["amend", "amend"]
    assert len(found(world, "person:jane")) == 3
