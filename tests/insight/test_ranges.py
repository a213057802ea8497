"""Which postmortems a range of history is about, in a repository and in a folder of one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem, UsageProblem
from pmctl.insight.ranges import changed_postmortems, ends_of
from pmctl.insight.status_overview import answer_of_change
from pmctl.policy import act as acts
from pmctl.repository.workspace import Workspace
from tests.world import DOC, World

OTHER = "2024-02-01-search"
TODAY = date(2024, 2, 2)


@pytest.fixture(params=["", "docs/[post] mortems/"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    made = World(tmp_path / "repo", prefix=request.param)
    made.init()
    made.write("pmctl.yaml", "\n")
    made.commit("Settings", "alice")
    made.new()
    made.new(OTHER)
    return made


def test_ends() -> None:
    assert ends_of("a..b") == ("a", "b")
    assert ends_of("a..") == ("a", "HEAD")
    for wrong in ("a", "..b", "a...b", ""):
        with pytest.raises(UsageProblem, match="not a range"):
            ends_of(wrong)


def test_text_attachments_records_and_comments_are_a_change(world: World) -> None:
    def changed() -> tuple[str, ...]:
        return changed_postmortems(world.repo, "HEAD~1..")

    assert changed() == (OTHER,)
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    assert changed() == (DOC,)
    world.act(acts.APPROVE, "bob")
    assert changed() == (DOC,), "a record alone"
    for path in (
        f"postmortems/2024/{OTHER}/graph.png",
        f".pmctl/comments/{OTHER}/x.json",
        f".pmctl/imports/{DOC}.json",
    ):
        world.write(path, "x")
        world.commit("Add", "jane")
        assert changed() == (OTHER if OTHER in path else DOC,)
    (world.path / "README.md").write_text("x")
    world.write("pmctl.yaml", "template: other\n")
    world.commit("Something else", "jane")
    assert changed() == ()
    assert changed_postmortems(world.repo, "HEAD~6..HEAD") == (DOC, OTHER)
    with pytest.raises(EnvironmentProblem, match="no commit named 'gone'"):
        changed_postmortems(world.repo, "gone..HEAD")


def test_where_the_changed_ones_stand(world: World) -> None:
    begun = world.git("rev-parse", "HEAD")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    (one,) = answer_of_change(Workspace(world.repo), "bob", TODAY, f"{begun}..").postmortems
    assert (one.id, one.status, one.whose_turn) == (DOC, "IN_REVIEW", ("bob",))
    world.act(acts.DELETE, "alice")
    (world.root / f"postmortems/2024/{OTHER}.md").unlink()
    world.commit("Remove", "jane")
    found = answer_of_change(Workspace(world.repo), "", TODAY, f"{begun}..").postmortems
    assert [(one.id, one.status) for one in found] == [(DOC, "DELETED"), (OTHER, "?")]
    assert "no signed record deletes it" in found[1].blockers[0].message
