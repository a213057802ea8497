"""What is staged, read from the index that git uses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pmctl.errors import EnvironmentProblem
from pmctl.repository import index
from tests.team import Team

DOC = "2024-01-15-payments-failed"


def test_staged_is_what_the_index_holds(crew: Team) -> None:
    path = crew.path(DOC)
    file = crew.top / path
    before = file.read_bytes()
    file.write_bytes(before + b"staged\n")
    crew.git("add", path)
    file.write_bytes(b"only in the work tree")
    (crew.top / "other.md").symlink_to("nowhere")
    crew.git("add", "other.md")
    other, changed = index.staged(crew.top)
    assert (other.path, other.mode, other.added, other.removed) == ("other.md", "120000", True, False)
    assert (changed.path, changed.old_mode, changed.mode, changed.added) == (path, "100644", "100644", False)
    assert index.blobs(crew.top, (changed.old, changed.new), 1 << 20) == {
        changed.old: before,
        changed.new: before + b"staged\n",
    }
    assert [one.path for one in index.staged(crew.top, "postmortems/2024/")] == [Path(path).name]
    crew.git("reset", "-q")
    assert index.staged(crew.top) == ()
    crew.git("rm", "-q", "--cached", path)
    assert [one.removed for one in index.staged(crew.top)] == [True]


def test_entries_and_names(crew: Team) -> None:
    held = index.entries(crew.top, "")
    assert {"pmctl.yaml", crew.path(DOC)} <= held.keys()
    assert list(index.entries(crew.top, "postmortems/", f"2024/{DOC}.md")) == [f"2024/{DOC}.md"]
    assert index.entries(crew.top, "", "nothing") == {}
    (crew.top / "a [b]*").mkdir()
    (crew.top / "a [b]*/pmctl.yaml").write_text("version: 1\n")
    crew.git("add", "-A")
    assert index.files_named(crew.top, "pmctl.yaml") == ("a [b]*/pmctl.yaml", "pmctl.yaml")
    assert list(index.entries(crew.top, "a [b]*/")) == ["pmctl.yaml"]


def test_before_the_first_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert index.staged(tmp_path) == ()
    (tmp_path / "a.md").write_text("x")
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    assert [(one.path, one.added) for one in index.staged(tmp_path)] == [("a.md", True)]


def test_blobs_are_read_up_to_a_limit_and_the_next_one_is_whole(crew: Team) -> None:
    for name, content in (("big", b"x" * 3_000_000), ("empty", b""), ("small", b"small\n\n")):
        (crew.top / name).write_bytes(content)
    crew.git("add", "-A")
    held = index.entries(crew.top, "", "big", "empty", "small")
    content = index.blobs(crew.top, held.values(), 100)
    assert content[held["big"]] == b"x" * 101
    assert (content[held["empty"]], content[held["small"]]) == (b"", b"small\n\n")
    assert index.blobs(crew.top, (), 100) == {}


@pytest.mark.parametrize("oid", ["0" * 40, "HEAD", "--help"])
def test_what_cannot_be_read_is_an_error(crew: Team, oid: str) -> None:
    with pytest.raises(EnvironmentProblem, match=f"cannot read the object {oid}"):
        index.blobs(crew.top, [oid], 100)


def test_what_is_only_meant_to_be_added_is_not_staged(crew: Team) -> None:
    (crew.top / "postmortems/2024/2024-01-16-later.md").write_text("x")
    crew.git("add", "-N", "postmortems/2024/2024-01-16-later.md")
    assert index.staged(crew.top) == ()


def test_conflicts_in_the_index_are_an_error(crew: Team) -> None:
    path = crew.path(DOC)
    text = (crew.top / path).read_text()
    crew.git("switch", "-qc", "side")
    (crew.top / path).write_text(text + "theirs\n")
    crew.commit_all("Theirs")
    crew.git("switch", "-q", "main")
    (crew.top / path).write_text(text + "ours\n")
    crew.commit_all("Ours")
    crew.git("merge", "-q", "side", check=False)
    (crew.top / "postmortems/2024/2024-01-16-other.md").write_text("x")
    crew.git("add", "postmortems/2024/2024-01-16-other.md")
    with pytest.raises(EnvironmentProblem, match="conflicts that are not resolved") as caught:
        index.staged(crew.top)
    assert caught.value.details == (path,)
    crew.git("add", path)
    assert path in [one.path for one in index.staged(crew.top)]
