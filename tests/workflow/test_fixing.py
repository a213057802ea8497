"""`validate --fix` writes what has one right answer, by rename, and nothing else."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from pmctl.insight.validation import Selection, validations
from pmctl.workflow import fixing
from pmctl.workflow.fixing import Outcome, fixed
from tests.team import AT, Team

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


def outcome(crew: Team) -> Outcome:
    found = validations(crew.top, Selection((DOC,), now=AT))[0]
    (only,) = fixed(found, write=True)
    return only


def test_what_changed_meanwhile_is_not_overwritten(crew: Team) -> None:
    file = spoil(crew)
    found = validations(crew.top, Selection((DOC,), now=AT))[0]
    file.write_text(file.read_text() + "\nA sentence that was typed meanwhile.\n")
    (only,) = fixed(found, write=True)
    assert only.problem == "it has changed since it was checked; run the command again"
    assert only.applied == ()
    assert "| high | open |" in file.read_text()
    assert outcome(crew).problem == ""


def test_a_read_only_file_is_left_alone(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spoil(crew)
    file.chmod(0o444)
    # The tests may run as root, to whom every file is writable.
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode == os.W_OK and Path(path) == file))
    assert outcome(crew).problem == "it is read-only"
    assert "| high | open |" in file.read_text()


def test_a_folder_that_is_a_link_is_not_written_through(crew: Team, tmp_path: Path) -> None:
    file = spoil(crew)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(file.parent, elsewhere)
    file.parent.symlink_to(elsewhere)
    found = validations(crew.top, Selection((crew.path(DOC),), now=AT))[0]
    (only,) = fixed(found, write=True)
    assert only.problem == "its folder is a symbolic link"
    assert "| high | open |" in (elsewhere / file.name).read_text()


def test_a_full_disk_is_a_problem_of_that_file(crew: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spoil(crew)

    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fixing, "replace_file", no_room)
    assert outcome(crew).problem == "it cannot be written: No space left on device"
    assert "| high | open |" in file.read_text()


def test_what_is_staged_stays_staged_as_it_is(crew: Team) -> None:
    file = spoil(crew)
    crew.git("add", "-A")
    staged = crew.git("show", f":{crew.path(DOC)}")
    file.write_text(file.read_text().replace("45 minutes", "46 minutes"))
    assert outcome(crew).applied
    assert crew.git("show", f":{crew.path(DOC)}") == staged
    assert "46 minutes" in file.read_text()
    assert "| HIGH | OPEN |" in file.read_text()


def test_published_content_is_said_not_to_be_fixed(crew: Team) -> None:
    file = crew.top / crew.path(DOC)
    text = file.read_text().replace("status: DRAFT", "status: PUBLISHED").replace("| AI-7f3k |", "| |")
    file.write_text(text)
    only = outcome(crew)
    assert (only.applied, only.diff, only.problem) == ((), "", "")
    assert only.refused[0].startswith("not fixed (PM502): the postmortem is PUBLISHED")
    assert file.read_text() == text


def test_diff_shows_the_ids_that_fix_writes(crew: Team) -> None:
    crew.edit_text(DOC, lambda text: re.sub(r"\| AI-[a-z0-9]{4} \|", "| |", text))
    before = (crew.top / crew.path(DOC)).read_text()
    (checked,) = validations(crew.top, Selection((DOC,), now=AT))
    (shown,) = fixed(checked, write=False)
    assert (crew.top / crew.path(DOC)).read_text() == before
    promised = re.findall(r"^\+.*\| (AI-[a-z0-9]{4}) \|", shown.diff, re.MULTILINE)
    (written,) = fixed(checked, write=True)
    assert len(promised) == 2 and written.diff == shown.diff
    assert all(f"| {name} |" in (crew.top / crew.path(DOC)).read_text() for name in promised)
