"""Lives of several clones: whatever honest people merge passes, and one dishonest merge is named."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pmctl.ledger.report import Report
from pmctl.policy import act as acts
from pmctl.policy.state import DRAFT, FINAL, IN_REVIEW, PUBLISHED
from tests.clones import Clones, base
from tests.world import World

PEOPLE = ("jane", "bob", "carol")
DISHONEST = ("ours", "swapped", "evil")


class Lives(RuleBasedStateMachine):
    """Three people, each with postmortems of their own, who draft, review, publish, amend, pull, branch and push."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pmctl-lives-"))
        self.number = 0

    @initialize()
    def begin(self) -> None:
        first = World(self.folder / "first", admins=("alice", *PEOPLE))
        first.init()
        first.published()
        first.new("2024-01-16-begun", by="bob")
        first.act(acts.SUBMIT, "bob", "2024-01-16-begun", reviewers=("carol",))
        self.team = Clones(first)
        self.warm = self.team.fresh("warm")

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def docs(self, world: World, *statuses: str, by: str = "") -> list[str]:
        """The postmortems in a clone that have one of these statuses, and this author."""
        found = sorted(file.stem for file in world.root.glob("postmortems/*/*.md"))
        return [
            doc for doc in found
            if (not by or f"author: {by}" in world.text(doc)) and world.standing(doc).state.status in statuses
        ]  # fmt: skip

    @rule(by=st.sampled_from(PEOPLE))
    def draft(self, by: str) -> None:
        self.number += 1
        self.team.of(by).new(f"2024-02-{self.number:02d}-{by}", by=by)

    @rule(by=st.sampled_from(PEOPLE), who=st.data())
    def move_on(self, by: str, who: st.DataObject) -> None:
        """The author of a postmortem, or whoever was asked, does what is next."""
        world = self.team.of(by)
        for doc in self.docs(world, DRAFT, by=by):
            self.team.act(acts.SUBMIT, by, doc, reviewers=(who.draw(st.sampled_from([p for p in PEOPLE if p != by])),))
            return
        for doc in self.docs(world, IN_REVIEW):
            state = world.standing(doc).state
            if by in state.reviewers and by not in {one.by for one in state.approvals}:
                self.team.act(acts.APPROVE, by, doc)
                return
            if state.author == by and {one.by for one in state.approvals} >= set(state.reviewers):
                self.team.act(acts.PUBLISH, by, doc)
                return

    @rule(by=st.sampled_from(PEOPLE))
    def amend(self, by: str) -> None:
        world = self.team.of(by)
        for doc in self.docs(world, PUBLISHED, by=by)[:1]:
            self.number += 1
            world.edit("Alerts came early", f"Alerts came early {self.number}", doc, by=by, commit=False)
            self.team.act(acts.AMEND, by, doc)

    @rule(by=st.sampled_from(PEOPLE))
    def pull(self, by: str) -> None:
        self.team.pull(by)

    @rule(by=st.sampled_from(PEOPLE))
    def branch_and_merge(self, by: str) -> None:
        """What was not pushed becomes a branch, and is merged as a host does it."""
        world = self.team.of(by)
        tip = world.head
        world.git("fetch", "-q", "origin")
        world.git("switch", "-qC", "topic", tip)
        world.git("switch", "-qC", "main", "origin/main")
        world.git("merge", "-q", "--no-edit", "--no-ff", "topic", by=by)

    @rule(by=st.sampled_from(PEOPLE))
    def rebase(self, by: str) -> None:
        world = self.team.of(by)
        world.git("fetch", "-q", "origin")
        if not world.git("rev-list", "--merges", "origin/main..HEAD"):
            world.git("rebase", "-q", "origin/main", by=by)

    @rule(by=st.sampled_from(PEOPLE))
    def pull_and_push(self, by: str) -> None:
        self.team.pull(by)
        before = self.team.first.git("--git-dir", str(self.team.origin), "rev-parse", "main")
        self.team.push(by)
        self.check(before)

    def check(self, before: str) -> None:
        """Nobody is alarmed: not who knows nothing, nor who audited before, nor the server."""
        self.warm.git("pull", "-q", "--ff-only", "origin", "main")
        cold = self.warm.audit()
        assert shown(cold) == []
        warm = self.warm.audit(use_cache=True)
        assert (warm.findings, warm.events, warm.states, warm.witness) == (
            cold.findings, cold.events, cold.states, cold.witness,
        )  # fmt: skip
        assert shown(self.warm.audit(base=before)) == []

    @rule(by=st.sampled_from(PEOPLE), how=st.sampled_from(DISHONEST))
    def one_dishonest_step(self, by: str, how: str) -> None:
        """Tried in a clone of its own, and thrown away."""
        self.number += 1
        self.pull_and_push(by)
        world = self.team.fresh(f"dishonest-{self.number}")
        final = self.docs(world, *FINAL)
        begun = [doc for doc in self.docs(world, DRAFT, IN_REVIEW, *FINAL) if world.standing(doc).state.head]
        if how == "ours" and begun:
            self.ours(world, begun[0])
        elif how == "swapped" and final:
            self.swapped(world, final[0])
        elif how == "evil" and final:
            self.evil(world, final[0])
        shutil.rmtree(world.path)

    def ours(self, world: World, doc: str) -> None:
        main = world.head
        world.git("switch", "-qC", "side")
        world.act(acts.DELETE, "alice", doc, base=base(world))
        world.git("switch", "-qC", "main", main)
        world.git("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge", "side")
        assert ("AU205", world.head) in codes(world.audit())

    def swapped(self, world: World, doc: str) -> None:
        """An edit landed and was taken back, somebody signed since, and all that is merged as a side."""
        old = world.head
        edited = world.edit("too small", "fine", doc)
        world.edit("fine", "too small", doc)
        world.git("update-ref", "refs/remotes/origin/main", "HEAD")
        world.new("2024-12-31-later", by="carol")
        world.act(acts.SUBMIT, "carol", "2024-12-31-later", base=base(world), reviewers=("alice",))
        world.git("switch", "-qC", "side", old)
        world.write("NOTES", "hi\n")
        world.commit("Take notes")
        world.git("merge", "-q", "--no-ff", "-m", "Merge", "main")
        assert ("AU401", edited) in codes(world.audit())

    def evil(self, world: World, doc: str) -> None:
        main = world.head
        world.git("switch", "-qC", "side")
        world.write("NOTES", "hi\n")
        world.commit("Take notes")
        world.git("switch", "-qC", "main", main)
        world.git("merge", "-q", "--no-ff", "--no-commit", "side")
        world.edit("too small", "fine", doc, commit=False)
        assert ("AU401", world.commit("Merge")) in codes(world.audit())


def codes(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.commit) for finding in report.findings}


def shown(report: Report) -> list[str]:
    return [f"{one.code} {one.commit[:12]} {one.message}" for one in report.findings]


def test_lives_of_several_clones() -> None:
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=6, stateful_step_count=16, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
