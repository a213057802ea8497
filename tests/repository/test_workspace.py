"""What stands in the work tree and at HEAD, and how a postmortem is found."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from pmctl import git
from pmctl.document.digest import content_digest
from pmctl.errors import BadInput, EnvironmentProblem, NotFound
from pmctl.repository.workspace import Workspace, read_file, template_files
from tests.team import Team

DOC = "2024-01-15-payments-failed"


def test_find_takes_id_path_and_any_part_that_only_one_has(crew: Team) -> None:
    crew.new("bob", "Search was slow")
    space = crew.workspace
    for part in (DOC, f"postmortems/2024/{DOC}.md", "payments", "failed"):
        assert space.find(part) == DOC
    with pytest.raises(NotFound, match="fits 2") as caught:
        space.find("2024-01-15")
    assert caught.value.details == (DOC, "2024-01-15-search-was-slow")
    with pytest.raises(NotFound) as caught:
        space.find("2024-01-15-payments-faild")
    assert caught.value.details == (f"did you mean {DOC}?",)
    with pytest.raises(NotFound):
        space.find("")


def test_an_exact_id_wins_over_longer_ones(crew: Team) -> None:
    longer = crew.top / f"postmortems/2024/{DOC}-again.md"
    longer.write_bytes((crew.top / crew.path(DOC)).read_bytes())
    assert crew.workspace.find(DOC) == DOC


def test_links_are_not_followed_anywhere(crew: Team, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "2020").mkdir(parents=True)
    (outside / "2020" / "2020-01-01-secret.md").write_text("secret")
    (crew.top / "postmortems" / "2020").symlink_to(outside / "2020")
    assert crew.workspace.ids() == [DOC]
    (crew.top / "postmortems").rename(tmp_path / "moved")
    (crew.top / "postmortems").symlink_to(outside)
    assert crew.workspace.ids() == []
    with pytest.raises(BadInput):
        read_file(crew.top / "postmortems", "postmortems")


def test_at_tells_missing_from_damaged(crew: Team) -> None:
    space = crew.workspace
    assert space.head.file("no/such/file") is None
    (crew.top / "untracked.md").write_text("x")
    assert space.head.file("untracked.md") is None
    with pytest.raises(NotFound, match="not in the last commit"):
        space.read_at("2024-01-01-nothing")
    blob = crew.git("rev-parse", f"HEAD:{crew.path(DOC)}")
    file = crew.top / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"rubbish")
    with pytest.raises(EnvironmentProblem, match=r"object .* is"):
        crew.workspace.head.file(crew.path(DOC))


def test_content_covers_attachments_and_their_modes(crew: Team) -> None:
    before = crew.workspace.head.digest(DOC)
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "graph ü.txt").write_text("up\n")
    crew.commit_all("Graph")
    with_graph = crew.workspace.head.digest(DOC)
    (item,) = crew.workspace.head.attachments(DOC)
    assert (item.path, item.mode) == ("deep/graph ü.txt", "100644")
    assert with_graph != before
    (folder / "deep" / "graph ü.txt").chmod(0o755)
    crew.commit_all("Run it")
    assert crew.workspace.head.digest(DOC) not in (before, with_graph)
    document = crew.workspace.read_at(DOC)
    assert content_digest(document, ()) == before


def test_attached_files_are_those_of_the_work_tree(crew: Team) -> None:
    folder = crew.top / crew.path(DOC).removesuffix(".md")
    folder.mkdir()
    (folder / "graph.txt").write_text("up\n")
    (crew.top / ".gitignore").write_text("*.log\n")
    (folder / "noise.log").write_text("noise\n")
    assert crew.workspace.attached_files(DOC) == {"graph.txt": hashlib.sha256(b"up\n").hexdigest()}
    assert crew.workspace.attachment(DOC, "graph.txt") == b"up\n"
    (folder / "link").symlink_to("graph.txt")
    with pytest.raises(BadInput, match="no regular file"):
        crew.workspace.attached_files(DOC)


def test_policy_comes_from_the_last_commit_and_settings_from_the_work_tree(crew: Team) -> None:
    (crew.top / ".pmctl/policy.yaml").write_text("nonsense")
    assert "jane" in crew.workspace.policy.people
    crew.commit_all("Nonsense")
    with pytest.raises(EnvironmentProblem, match="cannot be used"):
        _ = crew.workspace.policy
    (crew.top / "pmctl.yaml").write_text("template: lightweight\n")
    assert crew.workspace.settings.template == "lightweight"
    (crew.top / "pmctl.yaml").write_text("template: [a\n")
    with pytest.raises(EnvironmentProblem, match=r"pmctl\.yaml cannot be used") as caught:
        _ = crew.workspace.settings
    assert "pmctl.yaml:2:" in caught.value.lines[1]


def test_templates_at_head_are_those_that_the_audit_sees(crew: Team) -> None:
    assert [template.name for template in crew.workspace.head.templates()] == ["default"]
    (crew.top / ".pmctl/templates/default.md").unlink()
    assert template_files(crew.top)[0] == {}
    assert [template.name for template in crew.workspace.head.templates()] == ["default"]


def test_unborn_branch_has_no_policy(tmp_path: Path, crew: Team) -> None:
    top = tmp_path / "empty"
    top.mkdir()
    git.run(top, "init", "-q", reading=False)
    (top / "pmctl.yaml").write_text("")
    with pytest.raises(EnvironmentProblem, match=r"there is no \.pmctl/policy\.yaml"):
        _ = Workspace(git.discover(top)).policy


def test_templates_that_cannot_be_read_are_findings_and_the_others_count(crew: Team) -> None:
    folder = crew.top / ".pmctl/templates"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ours.md").write_text("---\nname: ours\nsections: [Summary]\n---\n")
    (folder / "folder.md").mkdir()
    (folder / "gone.md").symlink_to("nowhere")
    (folder / ".#ours.md").symlink_to("jane@laptop.4711:1705312800")
    files, findings = template_files(crew.top)
    assert ".pmctl/templates/ours.md" in files
    assert [(one.path, one.code) for one in findings] == [
        (".pmctl/templates/folder.md", "PM030"),
        (".pmctl/templates/gone.md", "PM030"),
    ]
    assert "ours" in [template.name for template in crew.workspace.own_templates]


@pytest.mark.parametrize("kind", ["file", "link", "loop"])
def test_what_stands_in_the_templates_place_is_said(crew: Team, kind: str) -> None:
    folder = crew.top / ".pmctl/templates"
    shutil.rmtree(folder, ignore_errors=True)
    if kind == "file":
        folder.write_text("x")
    else:
        folder.symlink_to("templates" if kind == "loop" else "nowhere")
    files, findings = template_files(crew.top)
    assert (files, [one.path for one in findings]) == ({}, [".pmctl/templates"])
