"""One act is one commit, or nothing: failures, Ctrl-C and kills at every write."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import EnvironmentProblem, Refused
from pmctl.repository import transaction
from pmctl.repository.transaction import Write, commit


def run(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> git.Repository:
    root = tmp_path / "repo"
    root.mkdir()
    run(root, "init", "-q", "-b", "main")
    run(root, "config", "user.name", "Jane Doe")
    run(root, "config", "user.email", "jane@example.com")
    (root / "pmctl.yaml").write_text("version: 1\n")
    (root / "a.md").write_bytes(b"one\r\ntwo")
    (root / "other.txt").write_text("other\n")
    run(root, "add", ".")
    run(root, "commit", "-q", "-m", "Start")
    return git.discover(root)


def snapshot(repo: git.Repository) -> tuple[str, str, dict[str, bytes]]:
    files = {
        path.relative_to(repo.top).as_posix(): path.read_bytes()
        for path in repo.top.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    return run(repo.top, "rev-parse", "HEAD"), run(repo.top, "status", "--porcelain"), files


ACT = [Write("a.md", b"one\r\nTWO"), Write(".pmctl/records/x/0001-submit-jane.json", b"{}\n")]


def test_act_is_one_commit_of_just_its_files(repo: git.Repository) -> None:
    (repo.root / "other.txt").write_text("staged\n")
    run(repo.top, "add", "other.txt")
    landed = commit(repo, ACT, "Submit x\n\nAct: submit\n")
    assert run(repo.top, "show", "--name-only", "--format=%B", landed.oid).split() == [
        "Submit", "x", "Act:", "submit", ".pmctl/records/x/0001-submit-jane.json", "a.md",
    ]  # fmt: skip
    assert run(repo.top, "status", "--porcelain") == "M  other.txt", "what the person staged stays staged"
    assert (repo.root / "a.md").read_bytes() == b"one\r\nTWO"


def test_deletes_a_file(repo: git.Repository) -> None:
    commit(repo, [Write("a.md", None)], "Delete a\n")
    assert run(repo.top, "ls-files", "a.md") == ""


def test_refuses_a_file_with_uncommitted_changes(repo: git.Repository) -> None:
    (repo.root / "a.md").write_text("edited\n")
    before = snapshot(repo)
    with pytest.raises(Refused, match="not committed"):
        commit(repo, ACT, "Submit\n")
    assert snapshot(repo) == before


def test_failing_commit_puts_everything_back(repo: git.Repository) -> None:
    hook = repo.git_dir / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = snapshot(repo)
    with pytest.raises(Refused, match="a hook of this repository refused") as caught:
        commit(repo, ACT, "Submit\n")
    assert "not today" in caught.value.lines
    assert snapshot(repo) == before
    assert not transaction.interrupted(repo)


def test_locked_index_is_said_and_changes_nothing(repo: git.Repository) -> None:
    before = snapshot(repo)
    (repo.git_dir / "index.lock").touch()
    with pytest.raises(EnvironmentProblem) as caught:
        commit(repo, ACT, "Submit\n")
    assert "index.lock" in caught.value.hint
    (repo.git_dir / "index.lock").unlink()
    assert snapshot(repo) == before


def test_full_disk_changes_nothing(repo: git.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(repo)
    real = transaction.replace_file

    def full(target: Path, data: bytes, *, scratch: Path) -> None:
        if target.name.endswith(".json") and "records" in target.parts:
            raise OSError(28, "No space left on device", str(target))
        real(target, data, scratch=scratch)

    monkeypatch.setattr(transaction, "replace_file", full)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        commit(repo, ACT, "Submit\n")
    assert snapshot(repo) == before


def test_interrupt_in_the_middle_puts_everything_back(repo: git.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(repo)

    def interrupted(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(transaction, "_run_commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commit(repo, ACT, "Submit\n")
    assert snapshot(repo) == before


def test_two_acts_at_once_one_is_told(repo: git.Repository) -> None:
    with transaction.locked(repo), pytest.raises(EnvironmentProblem, match="another pmctl act"):
        commit(repo, ACT, "Submit\n")


def test_merge_under_way_is_said(repo: git.Repository) -> None:
    run(repo.top, "switch", "-q", "-c", "side")
    (repo.root / "other.txt").write_text("side\n")
    run(repo.top, "commit", "-qam", "Side")
    run(repo.top, "switch", "-q", "main")
    (repo.root / "other.txt").write_text("main\n")
    run(repo.top, "commit", "-qam", "Main")
    subprocess.run(["git", "merge", "side"], cwd=repo.top, capture_output=True, check=False)
    with pytest.raises(EnvironmentProblem, match="merge"):
        commit(repo, ACT, "Submit\n")
    assert (repo.root / "a.md").read_bytes() == b"one\r\ntwo"


def test_symbolic_link_in_the_way_is_refused(repo: git.Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo.root / ".pmctl").symlink_to(outside)
    with pytest.raises((Refused, EnvironmentProblem)):
        commit(repo, ACT, "Submit\n")
    assert list(outside.rglob("*")) == []


# A driver that kills itself right before the N-th write, rename, unlink or git call of an act.
DRIVER = """
import os, signal, sys
from pathlib import Path
from pmctl import git
from pmctl.repository import transaction
from pmctl.repository.transaction import Write, commit
at = int(sys.argv[2])
count = 0
def guard(function):
    def counted(*a, **k):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*a, **k)
    return counted
repo = git.discover(Path(sys.argv[1]))
os.replace = guard(os.replace)
os.unlink = guard(os.unlink)
Path.unlink = guard(Path.unlink)
git.run = guard(git.run)
commit(repo, [Write("a.md", b"one\\r\\nTWO"), Write(".pmctl/records/x/0001-submit-jane.json", b"{}\\n")], "Submit x\\n")
print(count)
"""


def test_kill_between_any_two_writes_leaves_before_or_after(repo: git.Repository, tmp_path: Path) -> None:
    before = snapshot(repo)
    for at in range(1, 60):
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, str(repo.top), str(at)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            assert at > 5, "the act has several writes to be killed at"
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        with transaction.locked(repo):
            transaction.recover(repo)
        head, status, files = snapshot(repo)
        if head == before[0]:
            assert (status, files) == before[1:], f"killed at write {at}: not as before"
        else:
            assert status == "", f"killed at write {at}: not as after"
            assert files["a.md"] == b"one\r\nTWO"
            run(repo.top, "reset", "-q", "--hard", before[0])
            run(repo.top, "clean", "-qfd")
    else:
        pytest.fail("the act never came to an end")
    assert not list(repo.state_dir.glob(".pmctl-*")), "no temporary file is left behind"
