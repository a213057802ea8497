"""The log of one postmortem: every event with its verdict."""

from __future__ import annotations

from pmctl.insight.history import evidence, history
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
    told = [(entry.who, entry.what.split(" ")[0], entry.verdict) for entry in found.entries]
    assert told == [
        ("jane", "created", "ok"), ("jane", "edited", "ok"), ("jane", "submit", "ok"), ("bob", "approve", "ok"),
        ("jane", "publish", "ok"),
    ]  # fmt: skip
    assert [entry.commit for entry in found.entries][-1] == crew.head


def test_a_violation_stands_at_its_step(crew: Team) -> None:
    do(crew, "jane", acts.SUBMIT, "bob")
    crew.set_field(DOC, "status", "PUBLISHED")
    forged = crew.commit_all("Publish")
    marked = [entry for entry in history(crew.repo, DOC).entries if entry.verdict == "violation"]
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
    assert history(crew.repo, "2024-01-01-nothing").entries == ()
