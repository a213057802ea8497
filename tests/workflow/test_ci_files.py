"""The files for CI services: their steps are run here as the service would run them."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pmctl import __version__
from pmctl.errors import Refused, UsageProblem
from pmctl.policy import act as acts
from pmctl.repository.workspace import Workspace
from pmctl.workflow.ci_files import SERVICES, add_ci, ci_files
from tests.ci_runner import GitHub, Played
from tests.ci_runner import gitlab as play_gitlab
from tests.git_server import a_wiki, serving
from tests.published import junit_problems, service_file_problems
from tests.world import DOC, World

Service = Callable[..., Played]
FOLDER = Path(__file__).parents[2] / "examples" / "ci"
NO_ROOT = "sha256:" + "0" * 64
EXAMPLES = {
    "github": ("github", "", "main"),
    "github-subfolder": ("github", "docs/postmortems/", "trunk"),
    "github-pages": ("github-pages", "", "main"),
    "github-wiki": ("github-wiki", "", "main"),
    "gitlab": ("gitlab", "", "main"),
    "gitlab-pages": ("gitlab-pages", "", "main"),
    "gitlab-subfolder": ("gitlab", "docs/postmortems/", "trunk"),
}
"""The examples: what `pmctl init --ci` writes, by service, folder and protected branch."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A review under way, and a branch `change` that main has left behind."""
    made = World(tmp_path / "repo")
    made.init()
    made.new()
    made.act(acts.SUBMIT, "jane", reviewers=("bob",))
    made.git("branch", "change")
    made.write("pmctl.yaml", "\n")
    made.commit("Go on on main meanwhile", "alice")
    return made


def github(world: World, tmp_path: Path, main: str = "main", text: bytes = b"") -> Played:
    """The GitHub job for a pull request from the branch `change`."""
    world.git("update-ref", "refs/pull/7/head", "change")
    event = {"number": 7, "repository": {"default_branch": main}}
    facts = {"event": event, "sha": world.git("rev-parse", "main")}
    runner = GitHub(tmp_path / "github", f"file://{world.path}", "pull_request_target", facts)
    written = text or ci_files("github", "", world.first, "main")[".github/workflows/postmortems.yml"]
    done = runner.workflow(written.decode())
    assert done.steps["Audit everything"] == "skipped"
    assert done.installed == f"pip install pmctl=={__version__}\n"
    return done


def gitlab(world: World, tmp_path: Path, main: str = "main") -> Played:
    """The GitLab job for a merge request from the branch `change`; its reports hold the same."""
    done = play_gitlab(
        ci_files("gitlab", "", world.first, "main")[".gitlab-ci.yml"].decode(), "postmortems", tmp_path / "gitlab",
        f"file://{world.path}", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", CI_DEFAULT_BRANCH=main,
        CI_COMMIT_SHA=world.git("rev-parse", "change"),
    )  # fmt: skip
    assert f"pip install pmctl=={__version__}" in done.installed
    issues = json.loads(done.artifacts["codequality"].read_text())
    suites = ET.fromstring(done.artifacts["junit"].read_text())  # noqa: S314  # written by ourselves
    assert junit_problems(suites) == []
    errors = [issue["check_name"] for issue in issues if issue["severity"] == "major"]
    failures = [case.get("name", "").split()[0] for case in suites.iter("testcase") if len(case)]
    assert set(errors) <= set(failures)
    done.summary = " ".join(errors)
    return done


@pytest.mark.parametrize(
    ("service", "path", "schema"),
    [
        ("github", ".github/workflows/postmortems.yml", "github-workflows"),
        ("github-pages", ".github/workflows/postmortems-site.yml", "github-workflows"),
        ("github-wiki", ".github/workflows/postmortems-wiki.yml", "github-workflows"),
        ("gitlab", ".gitlab-ci.yml", "gitlab-ci"),
        ("gitlab-pages", ".gitlab-ci.yml", "gitlab-ci"),
    ],
)
def test_files_fit_the_schema_of_their_service(tmp_path: Path, service: str, path: str, schema: str) -> None:
    content = ci_files(service, "", "sha256:" + "0" * 64, "release/1+2")
    assert list(content) == [path]
    file = tmp_path / "file.yml"
    file.write_bytes(content[path])
    assert service_file_problems(schema, file) == ""
    file.write_bytes(content[path].replace(b"runs-on:", b"run-on:").replace(b"script:", b"scrip:"))
    assert service_file_problems(schema, file) != ""


@pytest.mark.parametrize("service", [github, gitlab])
def test_an_honest_change_that_is_behind_main_passes(world: World, tmp_path: Path, service: Service) -> None:
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "bob")
    done = service(world, tmp_path)
    assert "passed: 0 proved violations" in done.out
    assert "AU" not in done.out


@pytest.mark.parametrize("service", [github, gitlab])
def test_a_violation_fails(world: World, tmp_path: Path, service: Service) -> None:
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "carol")
    done = service(world, tmp_path)
    assert done.code == 1
    assert "AU305" in done.out


@pytest.mark.parametrize("service", [github, gitlab])
def test_another_main_branch_of_the_service_than_the_protected_one_fails(
    world: World, tmp_path: Path, service: Service
) -> None:
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "bob")
    done = service(world, tmp_path, main="trunk")
    assert done.code == 1
    assert "AU613 the policy protects main, but HEAD of the server is trunk" in done.out


@pytest.mark.parametrize("service", [github, gitlab])
def test_a_mistake_hides_no_violation(world: World, tmp_path: Path, service: Service) -> None:
    """Both are reported, and the reports of the service hold the mistake."""
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "carol")
    world.edit("title: ", "title: a\ntitle: ")
    done = service(world, tmp_path)
    assert done.code == 1
    assert "AU305" in done.out
    assert "PM022" in done.out
    assert "PM022" in done.summary


def test_a_change_that_brings_its_own_judge_fails(world: World, tmp_path: Path) -> None:
    world.git("switch", "-q", "change")
    world.write(".github/workflows/postmortems.yml", "on: push\njobs: {}\n")
    world.edit("status: IN_REVIEW", "status: PUBLISHED")
    done = github(world, tmp_path)
    assert done.code == 1
    assert "AU301" in done.out


def test_unknown_services_are_refused() -> None:
    assert ci_files("", "", "sha256:x", "main") == {}
    with pytest.raises(UsageProblem, match="not one of github, github-pages, github-wiki, gitlab, gitlab-pages"):
        ci_files("jenkins", "", "sha256:x", "main")


@pytest.mark.parametrize("branch", ["master", "trunk"])
def test_later_in_a_subfolder_of_a_larger_repository(tmp_path: Path, branch: str) -> None:
    """The files stand at the top, and what they run works in the folder, for the branch that is there."""
    made = World(tmp_path / "mono", prefix="docs/post mortems/")
    made.init(branch=branch)
    made.git("branch", "-m", "main", branch)
    made.new()
    made.write("pmctl.yaml", "\n")
    made.commit("Settings", "alice")
    workspace = Workspace(made.repo)
    landed, facts = add_ci(workspace, "github", ())
    assert landed.paths == (".github/workflows/postmortems.yml",)
    assert made.git("status", "--porcelain") == ""
    file = made.path / landed.paths[0]
    assert service_file_problems("github-workflows", file) == ""
    content = yaml.safe_load(file.read_text())
    assert content[True]["push"]["branches"] == [branch]
    assert content[True]["push"]["paths"] == ["docs/post mortems/**", ".gitattributes", landed.paths[0]]
    facts_of_push = {"event": {"repository": {"default_branch": branch}}, "sha": made.git("rev-parse", "HEAD")}
    done = GitHub(tmp_path / "push", f"file://{made.path}", "push", facts_of_push).workflow(file.read_text())
    assert (done.code, done.steps["merge"], done.steps["Audit everything"]) == (0, "skipped", "success"), done.out
    assert any(made.first in fact for fact in facts)
    with pytest.raises(Refused, match="exists already"):
        add_ci(workspace, "github", ())


def test_a_job_for_gitlab_beside_those_that_are_there(tmp_path: Path) -> None:
    made = World(tmp_path / "mono", prefix="docs/")
    made.init()
    made.new()
    made.write("pmctl.yaml", "\n")
    (made.path / ".gitlab-ci.yml").write_text("build: {script: [make]}\n")
    made.commit("Settings, and a job", "alice")
    landed, facts = add_ci(Workspace(made.repo), "gitlab", ())
    assert landed.paths == (".gitlab/ci/postmortems.yml",)
    assert facts[-1] == "add it to .gitlab-ci.yml: include: [{local: .gitlab/ci/postmortems.yml}]"
    assert service_file_problems("gitlab-ci", made.path / landed.paths[0]) == ""
    job = yaml.safe_load((made.path / landed.paths[0]).read_text())["postmortems"]
    assert job["rules"][0]["changes"] == ["docs/**/*", ".gitattributes", landed.paths[0]]
    assert job["artifacts"]["reports"]["junit"] == "docs/pmctl-junit.xml"
    done = play_gitlab(
        (made.path / landed.paths[0]).read_text(), "postmortems", tmp_path / "gitlab", f"file://{made.path}",
        CI_DEFAULT_BRANCH="main", CI_COMMIT_SHA=made.git("rev-parse", "HEAD"),
    )  # fmt: skip
    assert done.code == 0, done.out
    assert done.artifacts["junit"].is_file()


def test_the_summary_of_a_change_says_what_to_do(world: World, tmp_path: Path) -> None:
    """Also when the audit fails; on GitLab the log says it."""
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "carol")
    text = github(world, tmp_path).summary
    assert text.startswith("### Postmortems of this change\n")
    (row,) = [line for line in text.splitlines() if line.startswith("| Payment")]
    assert "IN\\_REVIEW" in row
    assert "bob: has not answered" in row
    assert f"`pmctl approve {DOC}`" in row
    assert "### pmctl validate" in text
    assert f"next: pmctl approve {DOC}" in gitlab(world, tmp_path).out


def test_a_private_repository_is_read_with_the_token_of_the_job(world: World, tmp_path: Path) -> None:
    """The token is at hand while the change is fetched, and nowhere afterwards."""
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "bob")
    world.git("update-ref", "refs/pull/7/head", "change")
    facts = {"event": {"number": 7, "repository": {"default_branch": "main"}}, "sha": world.git("rev-parse", "main")}
    text = ci_files("github", "", world.first, "main")[".github/workflows/postmortems.yml"].decode()
    with serving(world.path.parent, "s3cret") as address:
        origin = f"{address}/{world.path.name}/.git"
        done = GitHub(tmp_path / "runner", origin, "pull_request_target", facts, "s3cret").workflow(text)
        assert done.code == 0, done.out
        kept = [path for path in (tmp_path / "runner").rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
        assert kept == []
        without = text.replace(', GITHUB_TOKEN: "${{ github.token }}"', "")
        assert without != text
        done = GitHub(tmp_path / "without", origin, "pull_request_target", facts, "s3cret").workflow(without)
        assert done.steps["merge"] == "failure"


def publishing(world: World, service: str, tmp_path: Path, origin: str = "", branch: str = "main") -> Played:
    """The job that publishes, after what landed last."""
    ((_, content),) = ci_files(service, world.prefix, world.first, branch).items()
    facts = {"event": {"repository": {"default_branch": branch}}, "sha": world.git("rev-parse", "HEAD")}
    origin = origin or f"file://{world.path}"
    if service.startswith("github"):
        return GitHub(tmp_path / "runner", origin, "push", facts, "s3cret").workflow(content.decode())
    return play_gitlab(
        content.decode(), "pages", tmp_path / "runner", origin, CI_DEFAULT_BRANCH=branch, CI_COMMIT_SHA=facts["sha"]
    )


@pytest.mark.parametrize("service", ["github-pages", "gitlab-pages"])
def test_the_site_of_what_landed_is_published_when_the_audit_passes(world: World, tmp_path: Path, service: str) -> None:
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    done = publishing(world, service, tmp_path / "honest")
    assert done.code == 0, done.out
    (folder,) = done.artifacts.values()
    assert "Payment API outage" in (folder / "index.html").read_text()
    world.edit("Alerts came early.", "Alerts came late.")
    done = publishing(world, service, tmp_path / "forged")
    assert done.code == 1
    assert "AU401" in done.out
    assert done.artifacts == {}


def test_the_wiki_of_what_landed_is_pushed_with_the_token_of_the_job(world: World, tmp_path: Path) -> None:
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    wiki = tmp_path / "repo.wiki.git"
    a_wiki(wiki)
    (tmp_path / "repo.git").symlink_to(world.path / ".git")
    with serving(tmp_path, "s3cret") as address:
        done = publishing(world, "github-wiki", tmp_path / "honest", f"{address}/repo.git")
        assert done.code == 0, done.out
        pages = subprocess.run(
            ["git", "-C", str(wiki), "ls-tree", "-r", "--name-only", "HEAD"], capture_output=True, check=True
        ).stdout
        assert b"_Sidebar.md" in pages
        kept = [path for path in (tmp_path / "honest").rglob("*") if path.is_file()]
        assert [path for path in kept if b"s3cret" in path.read_bytes()] == []
        world.edit("Alerts came early.", "Alerts came late.")
        done = publishing(world, "github-wiki", tmp_path / "forged", f"{address}/repo.git")
    assert (done.steps["Audit everything"], done.steps["Push the wiki"]) == ("failure", "skipped")


@pytest.mark.parametrize("service", ["github-pages", "github-wiki", "gitlab-pages"])
def test_what_lies_in_a_subfolder_on_another_branch_is_published(tmp_path: Path, service: str) -> None:
    world = World(tmp_path / "repo", prefix="docs/post mortems/")
    world.init(branch="trunk")
    world.git("branch", "-m", "main", "trunk")
    world.new()
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    wiki = tmp_path / "repo.wiki.git"
    a_wiki(wiki)
    (tmp_path / "repo.git").symlink_to(world.path / ".git")
    with serving(tmp_path, "s3cret") as address:
        origin = f"{address}/repo.git" if service == "github-wiki" else ""
        done = publishing(world, service, tmp_path / "run", origin, "trunk")
    assert done.code == 0, done.out
    if service == "github-wiki":
        shown = subprocess.run(["git", "-C", str(wiki), "show", "HEAD:_Sidebar.md"], capture_output=True, check=True)
        assert b"Payment API outage" in shown.stdout
    else:
        (folder,) = done.artifacts.values()
        assert "Payment API outage" in (folder / "index.html").read_text()


def test_less_than_the_whole_history_passes_nothing(world: World, tmp_path: Path) -> None:
    """Why the files ask for all of it."""
    facts = {"event": {"repository": {"default_branch": "main"}}, "sha": world.git("rev-parse", "main")}
    text = ci_files("github", "", world.first, "main")[".github/workflows/postmortems.yml"].decode()
    done = GitHub(tmp_path / "whole", f"file://{world.path}", "push", facts).workflow(text)
    assert done.code == 0, done.out
    shallow = text.replace("fetch-depth: 0, ", "")
    done = GitHub(tmp_path / "shallow", f"file://{world.path}", "push", facts).workflow(shallow)
    assert (done.code, done.steps["Audit everything"]) == (2, "failure")


def test_a_change_that_does_not_merge_is_said_and_nothing_else_is_judged(world: World, tmp_path: Path) -> None:
    world.write("pmctl.yaml", "template: one\n")
    world.commit("One", "alice")
    world.git("switch", "-q", "change")
    world.write("pmctl.yaml", "template: two\n")
    world.commit("Two", "alice")
    done = github(world, tmp_path)
    assert done.code == 1
    assert done.steps["merge"] == "failure"
    assert {done.steps[name] for name in ("Validate", "Audit what the change would land")} == {"skipped"}
    assert "CONFLICT" in done.out


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_examples_are_what_init_writes(name: str, tmp_path: Path) -> None:
    service, prefix, branch = EXAMPLES[name]
    ((path, content),) = ci_files(service, prefix, NO_ROOT, branch).items()
    assert (FOLDER / f"{name}.yml").read_bytes() == content, "python -m tests.workflow.test_ci_files writes them anew"
    schema = "github-workflows" if path.startswith(".github/") else "gitlab-ci"
    assert service_file_problems(schema, FOLDER / f"{name}.yml") == ""


def test_the_examples_are_all_there_and_the_documentation_names_each() -> None:
    assert {path.stem for path in FOLDER.glob("*.yml")} >= set(EXAMPLES)
    assert {service for service, _, _ in EXAMPLES.values()} == set(SERVICES)
    told = (FOLDER.parents[1] / "docs" / "ci.md").read_text()
    for path in FOLDER.glob("*.yml"):
        assert f"../examples/ci/{path.name}" in told
    for service in SERVICES:
        assert f"pmctl init --ci {service}`" in told


if __name__ == "__main__":
    for name, (service, prefix, branch) in EXAMPLES.items():
        (content,) = ci_files(service, prefix, NO_ROOT, branch).values()
        (FOLDER / f"{name}.yml").write_bytes(content)
