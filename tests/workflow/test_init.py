"""A repository is made ready by one signed commit, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import Refused, UsageProblem
from pmctl.ledger.audit import audit
from pmctl.policy.reading import HANDLE
from pmctl.repository.branches import protection_problem
from pmctl.workflow.init import handle_from, initialise, prepared
from tests.team import AT, Team, actor, set_identity


@pytest.mark.parametrize(
    ("email", "name", "handle"),
    [
        ("Jane.Doe+git@example.com", "", "jane-doe"),
        ("12345@users.example.com", "Jane Doe", "jane-doe"),
        ("", "Jörg", "j-rg"),
        ("", "", "admin"),
        ("-_-@example.com", "", "admin"),
        ("x" * 80 + "@example.com", "", "x" * 40),
    ],
)
def test_handle_is_made_from_the_address(email: str, name: str, handle: str) -> None:
    made = handle_from({"user.email": email, "user.name": name})
    assert made == handle and HANDLE.fullmatch(made)


def ready(folder: Path, **more: str) -> str:
    with prepared(folder) as repo:
        set_identity(repo.top, "jane")
        return initialise(repo, actor("jane").signer, at=AT, **more).root  # type: ignore[arg-type]


def test_one_commit_that_the_audit_takes_as_root(tmp_path: Path, crew: Team) -> None:
    folder = tmp_path / "new" / "deep"
    root = ready(folder)
    repo = git.discover(folder)
    assert git.run(folder, "rev-list", "--count", "HEAD").text == "1"
    report = audit(repo, root=root)
    assert (report.passed, report.root) == (True, root)
    assert report.policy is not None and report.policy.admins == ("jane",)
    assert git.run(folder, "status", "--porcelain").text == ""


def test_twice_is_refused_and_changes_nothing(tmp_path: Path, crew: Team) -> None:
    ready(tmp_path / "new")
    with pytest.raises(Refused, match="set up already"):
        ready(tmp_path / "new")


def test_what_lies_there_is_not_overwritten(tmp_path: Path, crew: Team) -> None:
    folder = tmp_path / "new"
    (folder / ".pmctl/templates").mkdir(parents=True)
    (folder / ".pmctl/templates/default.md").write_text("mine\n")
    with pytest.raises(Refused, match="exists already"):
        ready(folder)
    assert (folder / ".pmctl/templates/default.md").read_text() == "mine\n"
    assert not (folder / "pmctl.yaml").exists()


@pytest.mark.parametrize("handle", ["Jane", "a b", "../x", "-x", "jäne"])
def test_handles_are_checked(tmp_path: Path, crew: Team, handle: str) -> None:
    with pytest.raises(UsageProblem, match="is no handle"):
        ready(tmp_path / "new", handle=handle)


def test_names_that_need_quotes_in_yaml(tmp_path: Path, crew: Team) -> None:
    folder = tmp_path / "new"
    with prepared(folder) as repo:
        git.run(folder, "config", "user.name", "Jane: #1 'O\"Neil' {x}", reading=False)
        git.run(folder, "config", "user.email", "jane@example.com", reading=False)
        initialise(repo, actor("jane").signer, at=AT)  # type: ignore[arg-type]
    report = audit(git.discover(folder))
    assert report.policy is not None and report.policy.people["jane"].name == "Jane: #1 'O\"Neil' {x}"


def test_nothing_is_left_behind_where_init_fails(tmp_path: Path, crew: Team) -> None:
    with pytest.raises(UsageProblem):
        ready(tmp_path / "new" / "deep", handle="No Handle")
    assert not (tmp_path / "new").exists()
    (tmp_path / "there").mkdir()
    (tmp_path / "there/notes.txt").write_text("mine\n")
    with pytest.raises(UsageProblem):
        ready(tmp_path / "there", handle="No Handle")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [("", "git does not know who you are"), ("[user]\nname = J\nemail = j@example.com\n", "no SSH key to sign with")],
)
def test_without_an_identity_or_a_key(tmp_path: Path, settings: str, words: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "gitconfig").write_text(settings)
    (tmp_path / "empty").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SSH_", "PMCTL_"))}
    own = {"HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "--no-input", "init"],
        cwd=tmp_path / "empty", env={**kept, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and words in done.stderr
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_folder_within_a_root_is_refused_and_one_beside_it_is_not(tmp_path: Path, crew: Team) -> None:
    ready(tmp_path / "mono" / "incidents")
    with pytest.raises(Refused, match="is set up for pmctl"):
        ready(tmp_path / "mono" / "incidents" / "postmortems")
    assert git.find_work_tree(tmp_path / "mono") is None, "init made no repository around the folder"


def test_the_source_of_pmctl_is_no_place_for_postmortems(tmp_path: Path, crew: Team) -> None:
    own = tmp_path / "checkout"
    (own / "src/pmctl").mkdir(parents=True)
    git.make_repository(own)
    (own / "src/pmctl/git.py").symlink_to(git.__file__)
    with pytest.raises(Refused, match="source of pmctl"), prepared(own):
        pass
    assert not (own / "pmctl.yaml").exists()


@pytest.mark.parametrize("name", ["master", "trunk", "release/2024"])
def test_the_branch_of_the_repository_is_protected(tmp_path: Path, crew: Team, name: str) -> None:
    folder = tmp_path / "new"
    git.make_repository(folder_of(folder))
    git.run(folder, "symbolic-ref", "HEAD", f"refs/heads/{name}", reading=False)
    ready(folder)
    policy = audit(git.discover(folder)).policy
    assert policy is not None and policy.branch == name
    assert protection_problem(git.discover(folder), name) is None


def test_the_remotes_head_is_protected_from_whatever_branch(tmp_path: Path, crew: Team) -> None:
    server, clone = tmp_path / "server", tmp_path / "clone"
    git.make_repository(folder_of(server))
    git.run(server, "symbolic-ref", "HEAD", "refs/heads/trunk", reading=False)
    set_identity(server, "jane")
    git.run(server, "commit", "-q", "--allow-empty", "-m", "Begin", reading=False)
    git.run(tmp_path, "clone", "-q", "--bare", str(server), f"{server}.git", reading=False)
    git.run(tmp_path, "clone", "-q", f"{server}.git", str(clone), reading=False)
    git.run(clone, "switch", "-qc", "set-up-pmctl", reading=False)
    ready(clone)
    policy = audit(git.discover(clone)).policy
    assert policy is not None and policy.branch == "trunk"


def test_two_repositories_of_one_founder_have_two_roots(tmp_path: Path, crew: Team) -> None:
    assert ready(tmp_path / "one") != ready(tmp_path / "two")


def folder_of(path: Path) -> Path:
    path.mkdir(parents=True)
    return path
