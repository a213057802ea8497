"""Shares, withdrawals and approvals of public texts, where people look: events, log, status, notifications."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.document.public_text import digest
from pmctl.insight.event_words import sentence
from pmctl.insight.events import events
from pmctl.policy import act as acts
from pmctl.policy.model import PublicRules
from tests.attacks.gate import command
from tests.attacks.test_public import DATA, PATH, SETTINGS, share
from tests.world import DOC, World


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("standing") / "first")
    world.init()
    world.published()
    world.change_policy(public=PublicRules(reviews=1))
    world.write(PATH, DATA)
    world.commit("Draft the public text")
    return world


def status(world: World) -> str:
    said = command(world, "jane", "status", DOC)
    assert said.code == 0, said
    return said.out


def test_each_act_is_an_event_a_line_of_the_log_and_a_fact(made: World) -> None:
    assert "its public text is not shared; it waits for reviews" in status(made)
    made.act(acts.ENDORSE, "bob", text=digest(DATA), settings=SETTINGS)
    assert "its public text is not shared, approved by bob" in status(made)
    share(made)
    assert "customers may read its public text" in status(made)
    made.write(PATH, DATA.replace(b"45 minutes", b"46 minutes"))
    made.commit("Correct it")
    assert "was edited since, which nobody shared" in status(made)
    made.act(acts.UNSHARE, "alice", note="wrong numbers")
    assert "its public text is not shared; it waits for reviews" in status(made)
    found = [one for one in events(made.repo).events if one.kind.value.startswith("public-")]
    assert [(one.kind.value, one.by, one.layer) for one in found] == [
        ("public-approved", "bob", "proved"), ("public-shared", "jane", "proved"),
        ("public-withdrawn", "alice", "proved"),
    ]  # fmt: skip
    assert sentence(found[-1]) == "public text withdrawn by alice: wrong numbers"
    said = command(made, "jane", "log", DOC).out
    for words in ("bob: endorse", "jane: share", "alice: unshare"):
        assert words in said, said
    listed = json.loads(command(made, "jane", "log", DOC, "--format", "json").out)["events"]
    assert {"endorse", "share", "unshare"} <= {one["what"] for one in listed}
    told = command(made, "jane", "events", "--format", "json")
    assert "public-shared" in told.out


def test_a_channel_can_ask_for_them(made: World, tmp_path: Path) -> None:
    made.write("pmctl.yaml", "notify: {channels: {press: {mail: [a@example.com], events: [public-shared]}}}\n")
    made.commit("Tell the press office", "alice")
    first = made.git("rev-list", "--max-parents=0", "HEAD")
    said = command(made, "jane", "notify", "--dry-run", "--since", first, "--format", "json")
    assert said.code == 0 and "public text shared with customers by jane" in said.out, said
    assert "withdrawn" not in said.out


def test_the_policy_says_what_public_texts_need(made: World) -> None:
    said = command(made, "jane", "policy", "show")
    assert said.code == 0 and "1 of each public text" in said.out
