"""`validate --fix` writes what has one right answer, by rename, and nothing else."""

from __future__ import annotations

from pathlib import Path

from pmctl.insight.validation import Selection, validations
from pmctl.workflow.fixing import fixed
from tests.property.team import AT, Team

DOC = "2024-01-15-payments-failed"


def spoil(crew: Team) -> Path:
    crew.edit_text(DOC, lambda text: text.replace("| HIGH | OPEN |", "| high | open |"))
    return crew.top / crew.path(DOC)


def run(crew: Team, *, write: bool) -> list[tuple[str, ...]]:
    (found,) = validations(crew.top, Selection((DOC,), now=AT))
    return [outcome.applied for outcome in fixed(found, write=write)]


def test_diff_only_shows(crew: Team) -> None:
    file = spoil(crew)
    before = file.read_bytes()
    (applied,) = run(crew, write=False)
    assert len(applied) == 2
    assert file.read_bytes() == before


def test_fix_writes_once_and_then_finds_nothing(crew: Team) -> None:
    file = spoil(crew)
    file.chmod(0o640)
    run(crew, write=True)
    assert "| HIGH | OPEN |" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640, "the mode stays"
    assert crew.git("diff", "--stat") == "", "only what was spoilt"
    assert run(crew, write=True) == []
    assert not list(file.parent.glob(".pmctl-*"))


def test_unreadable_file_is_left_alone(crew: Team) -> None:
    file = crew.top / crew.path(DOC)
    file.write_bytes(b"---\nstatus: [\n---\n\xff")
    assert run(crew, write=True) == []
    assert file.read_bytes() == b"---\nstatus: [\n---\n\xff"
