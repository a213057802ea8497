"""The only module that runs git: hostile repositories, hostile environments, objects that lie."""

from __future__ import annotations

import os
import subprocess
import zlib
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import EnvironmentProblem
from pmctl.object_reader import ObjectReader
from pmctl.objects import CorruptObject, MissingObject
from tests.team import Team


def test_discover_finds_the_root_from_below(crew: Team) -> None:
    repo = git.discover(crew.top / "postmortems/2024")
    assert (repo.root, repo.prefix) == (crew.top, "")
    with pytest.raises(EnvironmentProblem, match="is not a folder"):
        git.discover(crew.top / "pmctl.yaml")


def test_the_callers_environment_leads_nowhere_else(
    crew: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = crew.head
    other = tmp_path / "other"
    other.mkdir()
    git.run(other, "init", "-q", reading=False)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    assert git.discover(crew.top).top == crew.top
    assert git.resolve(crew.top, "HEAD") == head
    with ObjectReader(crew.repo.common_dir) as reader:
        assert reader.commit(head).oid == head


def test_reading_runs_nothing_that_a_repository_configures(crew: Team, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {touched}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program", "gpg.ssh.program", "core.editor"):
        git.run(crew.top, "config", key, str(script), reading=False)
    git.run(crew.top, "config", "core.hooksPath", str(tmp_path), reading=False)
    git.run(crew.top, "config", "alias.rev-parse", f"!{script}", reading=False)
    for words in (("status", "--porcelain"), ("log", "-1"), ("diff", "HEAD"), ("rev-parse", "HEAD")):
        git.run(crew.top, *words)
    with ObjectReader(crew.repo.common_dir) as reader:
        reader.commit(crew.head)
    assert not touched.exists()


def test_replace_refs_and_grafts_are_ignored(crew: Team) -> None:
    head = crew.head
    crew.actor("bob")
    fake = crew.git("commit-tree", f"{head}^{{tree}}", "-m", "a root of its own")
    crew.git("replace", head, fake)
    (crew.top / ".git/info/grafts").write_text(f"{head}\n")
    with ObjectReader(crew.repo.common_dir) as reader:
        assert reader.commit(head).parents


def test_missing_and_lying_objects(crew: Team) -> None:
    with ObjectReader(crew.repo.common_dir) as reader, pytest.raises(MissingObject):
        reader.read("0" * 40)
    tree = crew.git("rev-parse", "HEAD^{tree}")
    file = crew.top / ".git/objects" / tree[:2] / tree[2:]
    file.chmod(0o644)
    file.write_bytes(zlib.compress(b"blob 5\0hello"))
    with ObjectReader(crew.repo.common_dir) as reader, pytest.raises(CorruptObject):
        reader.read(tree)


@pytest.mark.parametrize("name", ["--help", "-1", "--output=/tmp/x", "no-such", "HEAD^{tree}", "", "a..b", "@{-1}"])
def test_names_of_commits_are_no_options(crew: Team, name: str) -> None:
    with pytest.raises(EnvironmentProblem, match="no commit named"):
        git.resolve(crew.top, name)


@pytest.mark.parametrize(
    ("stderr", "hint"),
    [
        (b"fatal: Unable to create '/x/.git/index.lock': File exists.", "delete .git/index.lock"),
        (b"fatal: detected dubious ownership in repository", "safe.directory"),
        (b"error: No space left on device", "free some disk space"),
        (b"*** Please tell me who you are.", "git config user.name"),
    ],
)
def test_usual_failures_have_a_next_step(stderr: bytes, hint: str) -> None:
    error = git.failure(("commit",), git.Completed(b"", stderr, 128))
    assert hint in error.hint
    assert error.message.startswith("git commit failed: ")


def test_the_reason_is_said_and_not_the_advice_below_it() -> None:
    stderr = (
        b"fatal: detected dubious ownership in repository at '/srv/x'\nTo add an exception, call:\n\n"
        b"\tgit config --global --add safe.directory /srv/x\n"
    )
    error = git.failure(("rev-parse",), git.Completed(b"", stderr, 128))
    assert error.message == "git rev-parse failed: fatal: detected dubious ownership in repository at '/srv/x'"
    assert error.details[-1].strip() == "git config --global --add safe.directory /srv/x"
    error = git.failure(("commit",), git.Completed(b"", b"error: gpg failed\nfatal: failed to write\n", 128))
    assert error.message == "git commit failed: fatal: failed to write"


def test_an_old_git_is_named(crew: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 2.31 git prints the option that it does not know, and goes on."""
    old = tmp_path / "git"
    old.write_text('#!/bin/sh\ncase "$*" in *version*) echo git version 2.25.1;; *) printf "%s\\n" 1 2 3 4;; esac\n')
    old.chmod(0o755)
    monkeypatch.setattr(git, "git_program", lambda: str(old))
    with pytest.raises(EnvironmentProblem, match=r"git 2\.25\.1 is too old") as caught:
        git.discover(crew.top)
    assert caught.value.hint == "install git 2.34 or newer"


def test_a_line_break_in_the_path_of_the_repository(crew: Team, tmp_path: Path) -> None:
    odd = tmp_path / "a\nb"
    crew.top.rename(odd)
    with pytest.raises(EnvironmentProblem, match="holds a line break"):
        git.discover(odd)


def test_version_is_at_least_the_oldest() -> None:
    assert git.version() >= git.OLDEST_GIT


def test_no_process_and_no_folder_is_left(crew: Team) -> None:
    before = set(os.listdir("/tmp"))  # noqa: S108, PTH208  where the reader's own folder is made
    with ObjectReader(crew.repo.common_dir) as reader:
        reader.commit(crew.head)
        process = reader._process
    assert process is not None and process.poll() is not None
    left = {name for name in set(os.listdir("/tmp")) - before if name.startswith("pmctl-git-")}  # noqa: S108, PTH208
    assert reader._folder.name not in left


def test_failure_names_the_verb_and_not_a_setting() -> None:
    error = git.failure(("-c", "gpg.format=ssh", "--no-pager", "commit", "-S"), git.Completed(b"", b"no\n", 1))
    assert error.message == "git commit failed: no"


def test_the_tip_is_what_git_says_wherever_it_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    settings = ("-c", "user.name=Jane", "-c", "user.email=jane@example.com")

    def run(*words: str, at: Path = folder) -> str:
        return subprocess.run(["git", *settings, *words], cwd=at, check=True, capture_output=True, text=True).stdout

    run("init", "-q", "-b", "main")
    (folder / "pmctl.yaml").write_text("")
    repo = git.discover(folder)
    assert git.tip(repo) == ""
    run("add", "-A")
    for words in (
        ("commit", "-qm", "One"), ("pack-refs", "--all"), ("switch", "-qc", "team/näher"),
        ("commit", "-qm", "Two", "--allow-empty"), ("switch", "-q", "--detach"), ("switch", "-q", "main"),
        ("symbolic-ref", "refs/heads/other", "refs/heads/team/näher"), ("symbolic-ref", "HEAD", "refs/heads/other"),
    ):  # fmt: skip
        run(*words)
        assert git.tip(repo) == run("rev-parse", "HEAD").strip() == git.head(folder), words
    run("worktree", "add", "-q", str(tmp_path / "beside"), "main")
    beside = git.discover(tmp_path / "beside")
    assert git.tip(beside) == run("rev-parse", "HEAD", at=tmp_path / "beside").strip() != git.tip(repo)
    (repo.git_dir / "HEAD").write_text("ref: refs/heads/../../elsewhere\n")
    (repo.git_dir / "elsewhere").write_text("0" * 40 + "\n")
    assert git.tip(repo) == ""
