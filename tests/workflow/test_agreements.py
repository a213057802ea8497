"""What admins accept together: baselines, waivers, moves; and checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl.errors import NotFound, Refused
from pmctl.workflow import agreements
from tests.world import DOC, World, document

from .test_policy import AT, actor, workspace, world

__all__ = ["world"]


def test_baseline_of_an_imported_history(tmp_path: Path, world: World) -> None:
    old = World(tmp_path / "old", world.people)
    old.path.mkdir()
    old.git("init", "-q", "-b", "main")
    old.write(old.file(), document(status="PUBLISHED"))
    old.commit("Write it down", "spare")
    old.init()
    with pytest.raises(Refused, match="AU314"):
        agreements.baseline(workspace(old), actor(old, "bob"), at=AT, note="mine")
    with pytest.raises(Refused, match="AU319"):
        agreements.baseline(workspace(old), actor(old), at=AT, note=" ")
    assert agreements.baseline(workspace(old), actor(old), at=AT, note="imported")[0] == 1
    report = old.audit()
    assert report.passed
    assert {f.waived_by for f in report.findings} == {"alice"}
    assert report.states[DOC].status == "PUBLISHED"


def test_waive_names_a_finding_that_is_there(world: World) -> None:
    world.published()
    forged = world.edit("too small", "fine")
    with pytest.raises(NotFound, match="reports no AU301"):
        agreements.waive(workspace(world), actor(world), world.audit(), "AU301", forged, at=AT, note="agreed")
    with pytest.raises(Refused, match="AU314"):
        agreements.waive(workspace(world), actor(world, "bob"), world.audit(), "AU401", forged, at=AT, note="agreed")
    agreements.waive(workspace(world), actor(world), world.audit(), "AU401", forged, at=AT, note="agreed")
    report = world.audit()
    assert report.passed
    assert [(f.waived_by, f.waived_note) for f in report.findings] == [("alice", "agreed")]
    with pytest.raises(Refused, match="accepted by alice already"):
        agreements.waive(workspace(world), actor(world), report, "AU401", forged, at=AT, note="agreed")
