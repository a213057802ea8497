"""Acts that meet: two people act from one state on two branches, and a real merge brings them together.

An act takes effect when nothing that it rests on has changed since; otherwise it came late, is shown, and is no
violation. Every cell of the table in HISTORY is a case here; `E` takes effect too, `L` is late.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pmctl.policy import act as acts
from pmctl.policy.state import DELETED, DRAFT, PostmortemState
from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate

E, L = "ok", "late"

Act = Callable[[World, str], object]
"""Does the act, with this note: what two people do at once is never the same to the last byte."""

Start = Callable[[World], object]


def approve(world: World, note: str) -> None:
    world.act(acts.APPROVE, "carol", note=note)


def ask_more(world: World, note: str) -> None:
    world.act(acts.REQUEST_REVIEW, "jane", reviewers=("alice",), note=note)


def request_changes(world: World, note: str) -> None:
    world.act(acts.REQUEST_CHANGES, "bob", note=note)


def withdraw(world: World, note: str) -> None:
    world.act(acts.WITHDRAW, "jane", note=note)


def publish(world: World, note: str) -> None:
    world.act(acts.PUBLISH, "jane", note=note)


def delete(world: World, note: str) -> None:
    world.act(acts.DELETE, "alice", note=note)


def amend(world: World, note: str) -> None:
    """Each time another line, so that git merges both by itself."""
    old, new = {
        "first": ("Alerts came early.", "Alerts came late."),
        "second": ("API was down", "API was gone"),
    }[note]
    world.edit(old, new, commit=False)
    world.act(acts.AMEND, "alice", note=note)


def add_item(world: World, note: str) -> None:
    number = {"first": 1, "second": 2}[note]
    row = f"| AI-000{number} | Tell customers, {note} | @bob | 2024-02-22 | LOW | OPEN | | |\n"
    world.edit("\n## Lessons", f"{row}\n## Lessons", commit=False)
    world.act(acts.ADD_ITEM, "jane", note=note)


def archive(world: World, note: str) -> None:
    world.act(acts.ARCHIVE, "alice", note=note)


def reopen(world: World, note: str) -> None:
    world.act(acts.REOPEN, "alice", note=note)


def submit(world: World, note: str) -> None:
    world.act(acts.SUBMIT, "jane", reviewers=("bob",), note=note)


def amend_author(world: World, note: str) -> None:
    world.edit("author: jane", "author: bob", commit=False)
    world.act(acts.AMEND, "alice", note=note)


def in_review(world: World) -> None:
    """Bob and carol are asked, and bob has approved."""
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob", "carol"))
    world.act(acts.APPROVE, "bob")


def approved(world: World) -> None:
    in_review(world)
    world.act(acts.APPROVE, "carol")


def published(world: World) -> None:
    approved(world)
    publish(world, "done")


def drafted(world: World) -> None:
    world.new()


REVIEW: dict[Act, dict[Act, str]] = {
    approve: {approve: E, ask_more: E, request_changes: E, withdraw: E, publish: E, delete: E},
    ask_more: {approve: E, ask_more: E, request_changes: E, withdraw: E, publish: L, delete: E},
    **{
        first: {approve: L, ask_more: L, request_changes: L, withdraw: L, publish: L, delete: L}
        for first in (request_changes, withdraw, publish, delete)
    },
}
FINISHED: dict[Act, dict[Act, str]] = {
    amend: {amend: L, add_item: L, archive: E, reopen: E, delete: E},
    add_item: {amend: L, add_item: L, archive: E, reopen: E, delete: E},
    archive: {amend: E, add_item: E, archive: L, reopen: L, delete: L},
    reopen: {amend: L, add_item: L, archive: L, reopen: L, delete: L},
    delete: {amend: L, add_item: L, archive: L, reopen: L, delete: L},
}
DRAFTS: dict[Act, dict[Act, str]] = {
    submit: {submit: L, amend_author: L, delete: L},
    amend_author: {submit: L, amend_author: L, delete: E},
    delete: {submit: L, amend_author: L, delete: L},
}
CELLS = [
    pytest.param(before, first, second, verdict, id=f"{first.__name__}-then-{second.__name__}")
    for before, table in ((approved, REVIEW), (published, FINISHED), (drafted, DRAFTS))
    for first, row in table.items()
    for second, verdict in row.items()
]


def merged(world: World, first: Act, second: Act) -> str:
    """Both acts from one state; the second one's branch is merged, conflicts settled for what landed first.

    Two rows in one place are both kept.
    """
    if first is second is add_item:
        (world.path / ".git/info/attributes").write_text("*.md merge=union\n")
    world.git("switch", "-qc", "side")
    second(world, "second")
    world.git("switch", "-q", "main")
    first(world, "first")
    world.git("merge", "-q", "--no-ff", "-m", "Merge", "side", by="carol", check=False)
    unmerged = {line.split("\t")[1] for line in world.git("ls-files", "-u").splitlines()}
    for path in unmerged:
        if world.git("ls-tree", "HEAD", path):
            world.git("checkout", "-q", "--ours", "--", path)
        else:
            world.git("rm", "-q", "--", path, by="carol")
    if unmerged:
        world.commit("Merge", "carol")
    return world.head


def settle(world: World, state: PostmortemState) -> None:
    """Put right in the merge what git can't know: a deleted postmortem's file goes, all who were asked are named."""
    present = (world.root / world.file()).exists()
    if state.status == DELETED and present:
        (world.root / world.file()).unlink()
    elif present and state.status != DRAFT:
        world.set_field("reviewers", list(dict.fromkeys((*state.reviewers, *state.late_asked))))
    if present and state.status != DELETED:
        world.set_status(state.status)
    world.git("add", "-A")
    world.git("commit", "-q", "--amend", "--no-edit", by="carol")


@pytest.mark.parametrize(("before", "first", "second", "verdict"), CELLS)
def test_every_cell_of_the_table(stage: Copy, before: Start, first: Act, second: Act, verdict: str) -> None:
    world = stage("empty")
    # Who approves has not done so before; publishing takes all approvals.
    (in_review if approve in (first, second) and publish not in (first, second) else before)(world)
    gate = Gate(world)
    merged(world, first, second)
    settle(world, world.standing().state)
    report = gate.whole()
    assert [(f.code, f.message) for f in report.violations] == []
    brought = [event.verdict for event in report.events if event.commit == world.head and event.digest]
    assert brought == [verdict]
    state = report.states[DOC]
    assert {f.code for f in gate.new(report)} == ({"AU407"} if state.open else set())
    assert bool(state.open) == ({first, second} <= {amend, add_item})
    assert gate.push().landed
    quick = world.standing().state
    assert (quick.status, quick.head, quick.content, quick.open) == (
        state.status, state.head, state.content, state.open
    )  # fmt: skip
