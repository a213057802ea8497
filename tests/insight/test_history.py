"""The log of one postmortem: every event with its verdict."""

from __future__ import annotations

from pathlib import Path

from pmctl.insight.history import evidence, history
from pmctl.insight.unlanded import unlanded_acts, unlanded_records
from pmctl.policy import act as acts
from pmctl.workflow.lifecycle import perform
from tests.team import AT, Team

DOC = "2024-01-15-payments-failed"


def do(crew: Team, person: str, kind: str, *reviewers: str) -> None:
    perform(crew.workspace, crew.actor(person), kind, DOC, at=AT, note="because", reviewers=reviewers)


def test_every_act_and_edit_in_order(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)
    found = history(crew.repo, DOC)
    assert found.incomplete == ""
    told = [(entry.who, entry.what.split(" ")[0], entry.verdict) for entry in found.events]
    assert told == [
        ("jane", "created", "ok"), ("jane", "edited", "ok"), ("jane", "submit", "ok"), ("bob", "approve", "ok"),
        ("jane", "publish", "ok"),
    ]  # fmt: skip
    assert [entry.commit for entry in found.events][-1] == crew.head


def test_a_violation_stands_at_its_step(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    crew.set_field(DOC, "status", "PUBLISHED")
    forged = crew.commit_all("Publish")
    marked = [entry for entry in history(crew.repo, DOC).events if entry.verdict == "violation"]
    assert [entry.commit for entry in marked] == [forged]
    assert any("AU301" in line for line in marked[0].findings)


def test_evidence_carries_what_a_reader_can_check(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    proof = evidence(crew.repo, DOC)
    assert proof["trust_root"].startswith("sha256:")
    assert [(record["act"], record["by"], record["verdict"]) for record in proof["records"]] == [
        ("submit", "jane", "ok"), ("approve", "bob", "ok"),
    ]  # fmt: skip
    assert all(record["key"].startswith("SHA256:") and record["digest"] for record in proof["records"])


def test_unknown_postmortem_has_an_empty_log(crew: Team) -> None:
    assert history(crew.repo, "2024-01-01-nothing").events == ()


def squashed(crew: Team) -> list[str]:
    """The acts of two rounds that one commit brings, as the log tells them."""
    crew.git("checkout", "-qb", "work")
    do(crew, "jane", acts.SUBMIT, "bob")
    do(crew, "bob", acts.APPROVE)
    do(crew, "bob", acts.REQUEST_CHANGES)
    crew.edit_text(DOC, lambda text: text.replace("2,347", "2,348"))
    crew.commit_all("Count again")
    do(crew, "jane", acts.SUBMIT, "bob", "carol", "alice")
    for person in ("carol", "alice", "bob"):
        do(crew, person, acts.APPROVE)
    do(crew, "jane", acts.PUBLISH)
    crew.git("checkout", "-q", "main")
    crew.git("merge", "-q", "--squash", "work")
    landed = crew.commit_all("Squash")
    found = [entry for entry in history(crew.repo, DOC).events if entry.commit == landed]
    return [f"{entry.who} {entry.what.split(' ')[0]}" for entry in found]


def test_what_a_squash_brings_is_told_in_the_order_in_which_it_was_done(crew: Team) -> None:
    told = squashed(crew)
    assert told[1:] == [
        "jane submit", "bob approve", "bob request-changes", "jane submit", "carol approve", "alice approve",
        "bob approve", "jane publish",
    ]  # fmt: skip
    assert told[0].endswith(" edited"), "the text was there before people signed it"


def test_what_is_not_pushed_is_said(crew: Team, tmp_path: Path) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    crew.git("clone", "-q", "--bare", str(crew.top), str(tmp_path / "remote"))
    do(crew, "bob", acts.APPROVE)
    assert unlanded_records(crew.workspace) == frozenset(), "without a remote nothing can be pushed"
    crew.git("remote", "add", "origin", str(tmp_path / "remote"))
    crew.git("fetch", "-q", "origin")
    missing = unlanded_records(crew.workspace)
    told = {entry.what.split(" ")[0]: entry.pushed for entry in history(crew.repo, DOC, missing).events}
    assert told["submit"] and not told["approve"]
    assert [one.act for one in unlanded_acts(crew.workspace, "bob")] == ["approve"]
    crew.git("push", "-q", "origin", "main")
    assert unlanded_records(crew.workspace) == frozenset()


def test_a_detached_head_is_said(crew: Team) -> None:
    assert not history(crew.repo, DOC).detached
    crew.git("checkout", "-q", "--detach")
    assert history(crew.repo, DOC).detached
