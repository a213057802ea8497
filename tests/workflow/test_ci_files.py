"""The files for CI services: their steps are run here as the service would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pmctl.errors import Refused, UsageProblem
from pmctl.policy import act as acts
from pmctl.repository.workspace import Workspace
from pmctl.workflow.ci_files import add_ci, ci_files
from tests.published import junit_problems, service_file_problems
from tests.world import World

Service = Callable[..., "subprocess.CompletedProcess[str]"]


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


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """What a fresh runner has: pmctl on the path, CI set, nobody's settings."""
    shims = tmp_path / "bin"
    shims.mkdir(exist_ok=True)
    (shims / "pmctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmctl "$@"\n')
    (shims / "pmctl").chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI_"))}
    own = {"PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "CI": "true", "HOME": str(tmp_path)}
    return {**clean, **own, "GIT_CONFIG_GLOBAL": os.devnull, **more}


def play(script: str, clone: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-ec", script], cwd=clone, env=env, capture_output=True, text=True, check=False)


def github(world: World, tmp_path: Path, main: str = "main") -> subprocess.CompletedProcess[str]:
    """The steps of the GitHub job for a pull request from the branch `change`; one that fails stops only some."""
    world.git("update-ref", "refs/pull/7/head", "change")
    clone = tmp_path / "github"
    world.git("clone", "-q", "--branch", "main", f"file://{world.path}", str(clone))
    job = yaml.safe_load(ci_files("github", "", world.first, "main")[".github/workflows/postmortems.yml"])["jobs"][
        "check"
    ]
    summary = tmp_path / "summary.md"
    numbers = {"NUMBER": "7", "GITHUB_SHA": world.git("rev-parse", "main"), "GITHUB_STEP_SUMMARY": str(summary)}
    env = environment(tmp_path, **numbers, **{**job["env"], "MAIN_BRANCH": main})
    steps = [step for step in job["steps"] if "run" in step and "pip install" not in step["run"]]
    chosen = [step for step in steps if "'push'" not in step.get("if", "")]
    assert [step.get("name", "").split()[0] for step in chosen] == ["Merge", "Validate", "Audit"]
    out, failed = "", 0
    for step in chosen:
        if not failed or "!cancelled()" in step["if"]:
            done = play(step["run"], clone, env)
            out += done.stdout + done.stderr
            failed = failed or done.returncode
    return subprocess.CompletedProcess([], failed, out, summary.read_text())


def gitlab(world: World, tmp_path: Path, main: str = "main") -> subprocess.CompletedProcess[str]:
    """The script of the GitLab job for a merge request from the branch `change`."""
    clone = tmp_path / "gitlab"
    world.git("clone", "-q", "--branch", "change", f"file://{world.path}", str(clone))
    job = yaml.safe_load(ci_files("gitlab", "", world.first, "main")[".gitlab-ci.yml"])["postmortems"]
    env = environment(
        tmp_path,
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        CI_DEFAULT_BRANCH=main,
        CI_COMMIT_SHA=world.git("rev-parse", "change"),
        PMCTL_TRUST_ROOT=job["variables"]["PMCTL_TRUST_ROOT"],
    )
    done = play("\n".join(job["script"]), clone, env)
    reports = job["artifacts"]["reports"]
    assert job["artifacts"]["when"] == "always"
    issues = json.loads((clone / reports["codequality"]).read_text())
    suites = ET.fromstring((clone / reports["junit"]).read_text())  # noqa: S314  # written by ourselves
    assert junit_problems(suites) == []
    errors = [issue["check_name"] for issue in issues if issue["severity"] == "major"]
    failures = [case.get("name", "").split()[0] for case in suites.iter("testcase") if len(case)]
    assert set(errors) <= set(failures)
    return subprocess.CompletedProcess([], done.returncode, done.stdout + done.stderr, " ".join(errors))


@pytest.mark.parametrize(
    ("service", "path", "schema"),
    [
        ("github", ".github/workflows/postmortems.yml", "github-workflows"),
        ("gitlab", ".gitlab-ci.yml", "gitlab-ci"),
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
    assert "passed: 0 proved violations" in done.stdout, done.stdout + done.stderr
    assert "AU" not in done.stdout


@pytest.mark.parametrize("service", [github, gitlab])
def test_a_violation_fails(world: World, tmp_path: Path, service: Service) -> None:
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "carol")
    done = service(world, tmp_path)
    assert done.returncode == 1
    assert "AU305" in done.stdout


@pytest.mark.parametrize("service", [github, gitlab])
def test_another_main_branch_of_the_service_than_the_protected_one_fails(
    world: World, tmp_path: Path, service: Service
) -> None:
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "bob")
    done = service(world, tmp_path, main="trunk")
    assert done.returncode == 1
    assert "AU613 the policy protects main, but HEAD of the server is trunk" in done.stdout


@pytest.mark.parametrize("service", [github, gitlab])
def test_a_mistake_hides_no_violation(world: World, tmp_path: Path, service: Service) -> None:
    """Both are reported, and the reports of the service hold the mistake."""
    world.git("switch", "-q", "change")
    world.act(acts.APPROVE, "carol")
    world.edit("title: ", "title: a\ntitle: ")
    done = service(world, tmp_path)
    assert done.returncode == 1
    assert "AU305" in done.stdout
    assert "PM022" in done.stdout
    assert "PM022" in done.stderr


def test_a_change_that_brings_its_own_judge_fails(world: World, tmp_path: Path) -> None:
    world.git("switch", "-q", "change")
    world.write(".github/workflows/postmortems.yml", "on: push\njobs: {}\n")
    world.edit("status: IN_REVIEW", "status: PUBLISHED")
    done = github(world, tmp_path)
    assert done.returncode == 1
    assert "AU301" in done.stdout


def test_unknown_services_are_refused() -> None:
    assert ci_files("", "", "sha256:x", "main") == {}
    with pytest.raises(UsageProblem, match="not one of github, gitlab"):
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
    job = content["jobs"]["check"]
    steps = {step.get("name"): step["run"] for step in job["steps"] if "run" in step}
    env = environment(tmp_path, **{**job["env"], "MAIN_BRANCH": branch})
    folder = made.path / content["defaults"]["run"]["working-directory"]
    for name in ("Validate", "Audit everything"):
        done = play(steps[name], folder, env)
        assert done.returncode == 0, done.stdout + done.stderr
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
    done = play(job["script"][0], made.path, environment(tmp_path, **job["variables"], CI_DEFAULT_BRANCH="main"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (made.path / "docs" / "pmctl-junit.xml").is_file()
