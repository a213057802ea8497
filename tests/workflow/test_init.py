"""A repository is made ready by one signed commit, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmctl import git
from pmctl.errors import Refused, UsageProblem
from pmctl.ledger.audit import audit
from pmctl.policy.reading import HANDLE
from pmctl.workflow.init import handle_from, initialise, prepare
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
    repo, created = prepare(folder)
    set_identity(repo.top, "jane")
    return initialise(repo, actor("jane").signer, at=AT, created_repository=created, **more).root  # type: ignore[arg-type]


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
        prepare(tmp_path / "new")


def test_what_lies_there_is_not_overwritten(tmp_path: Path, crew: Team) -> None:
    folder = tmp_path / "new"
    repo, _ = prepare(folder)
    set_identity(repo.top, "jane")
    (folder / ".pmctl/templates").mkdir(parents=True)
    (folder / ".pmctl/templates/default.md").write_text("mine\n")
    with pytest.raises(Refused, match="exists already"):
        initialise(repo, actor("jane").signer, at=AT)  # type: ignore[arg-type]
    assert (folder / ".pmctl/templates/default.md").read_text() == "mine\n"
    assert not (folder / "pmctl.yaml").exists()


@pytest.mark.parametrize("handle", ["Jane", "a b", "../x", "-x", "jäne"])
def test_handles_are_checked(tmp_path: Path, crew: Team, handle: str) -> None:
    with pytest.raises(UsageProblem, match="is no handle"):
        ready(tmp_path / "new", handle=handle)


def test_names_that_need_quotes_in_yaml(tmp_path: Path, crew: Team) -> None:
    folder = tmp_path / "new"
    repo, _ = prepare(folder)
    git.run(folder, "config", "user.name", "Jane: #1 'O\"Neil' {x}", reading=False)
    git.run(folder, "config", "user.email", "jane@example.com", reading=False)
    initialise(repo, actor("jane").signer, at=AT)  # type: ignore[arg-type]
    report = audit(git.discover(folder))
    assert report.policy is not None and report.policy.people["jane"].name == "Jane: #1 'O\"Neil' {x}"
