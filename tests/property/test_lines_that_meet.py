"""Two lines from one state, each with acts that were allowed there: their merge has no violation, whatever met.

Random people act on two branches of a real repository; what the check allows is done. The branches are merged, and
whoever merges settles conflicts for what the records say. Then the audit passes, the quick answer about each postmortem
is the audit's, and life goes on. PMCTL_PROPERTY_EXAMPLES sets how many histories are tried.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from pmctl.document.reader import read
from pmctl.ledger.current_state import judged_by
from pmctl.ledger.snapshot import head
from pmctl.ledger.tree_documents import facts_of
from pmctl.policy import act as acts
from pmctl.policy import lifecycle
from pmctl.policy.model import ReviewRules
from pmctl.policy.state import DELETED, DRAFT, FINAL, IN_REVIEW, PostmortemState, View
from tests.world import AT, DOC, World, document

EXAMPLES = int(os.environ.get("PMCTL_PROPERTY_EXAMPLES", "0")) or 6
KINDS = (
    acts.SUBMIT, acts.REQUEST_REVIEW, acts.APPROVE, acts.APPROVE, acts.APPROVE, acts.REQUEST_CHANGES, acts.WITHDRAW,
    acts.PUBLISH, acts.PUBLISH, acts.AMEND, acts.AMEND, acts.ADD_ITEM, acts.ARCHIVE, acts.REOPEN, acts.DELETE,
)  # fmt: skip
PEOPLE = ("jane", "alice", "bob", "carol")
ROW = "| AI-{0:04d} | Do thing {0} | @bob | 2024-02-22 | LOW | OPEN | | |\n"


def change_text(world: World, kind: str, rng: random.Random) -> None:
    """What the act binds, in the work tree: other words for an amend, a row for a new item."""
    text = world.text()
    if kind == acts.ADD_ITEM:
        text = text.replace("\n## Lessons", f"{ROW.format(rng.randrange(10_000))}\n## Lessons")
    else:
        section = rng.choice(("## Timeline", "## Impact", "## Resolution"))
        text = text.replace(section, f"Seen by {rng.randrange(10_000)} users.\n\n{section}")
    world.write(world.file(), text)


def attempt(world: World, rng: random.Random) -> str:
    """One person tries one act as the command line would; what came of it."""
    if not (world.root / world.file()).exists():
        return ""
    now = world.standing()
    kind, by = rng.choice(KINDS), rng.choice(PEOPLE)
    if rng.random() < 0.2 and now.state.status in (DRAFT, IN_REVIEW):
        change_text(world, "edit", rng)
        world.commit("Edit", now.state.author or "jane")
        return "edit"
    if kind in (acts.AMEND, acts.ADD_ITEM) and now.state.status in FINAL:
        change_text(world, kind, rng)
    elif kind == acts.AMEND:
        return ""
    reviewers = tuple(rng.sample(("bob", "carol", "alice"), rng.randint(1, 3))) if kind in (
        acts.SUBMIT, acts.REQUEST_REVIEW
    ) else ()  # fmt: skip
    facts = facts_of(read((world.root / world.file()).read_bytes()))
    content = world.digest()
    act = lifecycle.propose(
        kind, now.state, now.policy, now.root, by=by, at=AT, content=content, note="x", reviewers=reviewers,
        author=facts.author, editors=facts.editors if kind == acts.SUBMIT else (),
    )  # fmt: skip
    _, unjudged = judged_by(head(world.repo), now.state, facts.template)
    view = View(content, facts.author, facts.editors, template=unjudged if kind == acts.PUBLISH else "")
    if lifecycle.check(act, now.state, now.policy, view):
        world.git("checkout", "-q", "--", ".")
        return ""
    world.act(kind, by, reviewers=reviewers, note=f"{by} {rng.random()}")
    return f"{by} {kind}"


def merge(world: World, rng: random.Random) -> None:
    """Merge the branch; the text is that of what landed first, or git's own merge where it is clean."""
    world.git("merge", "-q", "--no-ff", "--no-commit", "side", by="carol", check=False)
    for path in {line.split("\t")[1] for line in world.git("ls-files", "-u").splitlines()}:
        kept = world.git("ls-tree", "HEAD", path)
        world.git(*(("checkout", "-q", "--ours", "--", path) if kept else ("rm", "-q", "--", path)))
    world.commit("Merge", "carol")
    settled(world)


def settled(world: World) -> None:
    """Write into the merge what its records say: status, people, a text that is in force or open."""
    state, file = world.audit().states[DOC], world.root / world.file()
    if state.status == DELETED:
        file.unlink(missing_ok=True)
    elif file.exists():
        world.set_status(state.status)
        if state.status != DRAFT:
            world.set_field("reviewers", list(state.reviewers))
        if state.status in FINAL and world.digest() not in (state.content, state.open):
            versions = world.git("log", "--all", "--format=%H", "--", world.file()).split()
            for commit in versions:
                text = world.git("show", f"{commit}:{world.file()}", check=False)
                world.write(world.file(), text + "\n")
                world.set_status(state.status)
                world.set_field("reviewers", list(state.reviewers))
                if world.digest() == state.content:
                    break
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit", "--allow-empty", by="carol")


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_lines_that_meet(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    world = World(tmp_path / "repo")
    world.init()
    world.change_policy(admins=("alice", "carol"), review=one_is_enough(world))
    world.write(world.file(), document())
    world.commit("Draft", "jane")
    told = [attempt(world, rng) for _ in range(rng.randrange(12))]
    for turn in range(3):
        world.git("switch", "-qC", "side")
        told += [f"side {attempt(world, rng)}" for _ in range(rng.randint(1, 8))]
        world.git("switch", "-q", "main")
        told += [f"main {attempt(world, rng)}" for _ in range(rng.randint(1, 8))]
        merge(world, rng)
        told.append(f"merge {turn}")
        report = world.audit()
        said = [line for line in told if line not in ("", "side ", "main ")]
        assert [f"{f.code} {f.message}" for f in report.violations] == [], said
        quick, state = world.standing().state, report.states[DOC]
        assert compared(quick) == compared(state), said


def compared(state: PostmortemState) -> PostmortemState:
    """What matters of a state: approvals only while they can still lead to a publication."""
    approvals = state.approvals if state.status == IN_REVIEW else ()
    return replace(
        state, records=0, landed=(), moved_in="", after={}, late_asked=(),
        author=state.author if state.status != DELETED else "",
        approvals=tuple(sorted((replace(one, commit="") for one in approvals), key=lambda one: one.record)),
    )  # fmt: skip


def one_is_enough(world: World) -> ReviewRules:
    """One approval publishes, so that others may still be asked, approve and refuse."""
    assert world.policy is not None
    return world.policy.review._replace(approvals=1)
