"""The hooks that pre-commit and GitHub run, tried with the real tools on real repositories."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .rules.sample import source

HERE = Path(__file__).parents[1]
HOOKS = HERE / ".pre-commit-hooks.yaml"
GOOD = "postmortems/2024/2024-01-15-payment-api-outage.md"
BAD = "postmortems/2024/2024-02-01-search-outage.md"


def pre_commit() -> str:
    """The pre-commit to try: PMCTL_PRE_COMMIT, the one beside this Python, or the one on PATH."""
    beside = str(Path(sys.executable).parent)
    found = os.environ.get("PMCTL_PRE_COMMIT") or shutil.which("pre-commit", path=beside) or shutil.which("pre-commit")
    assert found, "pre-commit comes with the extra `test`"
    return found


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    env = {**os.environ, **dict.fromkeys(names, "jane@example.com"), **environment}
    return subprocess.run(
        words, cwd=folder, env=env, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two staged postmortems, one of them with a mistake, and a README that is nobody's business."""
    root = tmp_path / "team"
    for path, text in (
        ("pmctl.yaml", "version: 1\n"),
        (GOOD, source()),
        (BAD, source("id: 2024-02-01-search-outage\nurgency: VERY").replace("AI-7f3k", "AI-9q2m")),
        ("README.md", "# Team\n"),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    run(root, "git", "init", "-q")
    run(root, "git", "add", "-A")
    return root


def test_the_manifest_is_valid() -> None:
    """pre-commit accepts it."""
    done = run(HERE, pre_commit(), "validate-manifest", str(HOOKS))
    assert done.returncode == 0, done.stdout


def test_which_files_are_handed_over() -> None:
    """Postmortems, at the top or in a subfolder; no attachment, no template, no other Markdown."""
    pattern = next(hook for hook in yaml.safe_load(HOOKS.read_text()) if hook["id"] == "pmctl-validate")["files"]
    for path in (GOOD, f"docs/{GOOD}"):
        assert re.search(pattern, path), path
    for path in (
        "README.md",
        GOOD.removesuffix(".md") + "/notes.md",
        ".pmctl/templates/x.md",
        "xpostmortems/2024/a.md",
    ):
        assert not re.search(pattern, path), path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A repository of hooks as a configuration names it, and a home for pre-commit.

    pre-commit builds an environment for a hook in `python`; here the hooks run pmctl as it is installed for the tests,
    which `test_built_by_pre_commit` does without.
    """
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    manifest = HOOKS.read_text().replace("entry: pmctl ", f"entry: {sys.executable} -m pmctl ")
    (hooks / ".pre-commit-hooks.yaml").write_text(manifest.replace("language: python", "language: system"))
    run(hooks, "git", "init", "-q")
    run(hooks, "git", "add", "-A")
    run(hooks, "git", "commit", "-q", "-m", "Hooks")
    return hooks


def configure(folder: Path, hooks: Path, *ids: str) -> str:
    """Use the hooks in a repository and install pre-commit's own hook there; returns pre-commit's home."""
    rev = run(hooks, "git", "rev-parse", "HEAD").stdout.strip()
    used = [{"id": one} for one in ids]
    config = {"repos": [{"repo": str(hooks), "rev": rev, "hooks": used}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    home = str(hooks.parent / "home")
    done = run(folder, pre_commit(), "install", PRE_COMMIT_HOME=home)
    assert done.returncode == 0, done.stdout
    return home


@pytest.mark.parametrize("hook", ["pmctl-validate", "pmctl-staged"])
def test_tried_with_pre_commit(repository: Path, installed: Path, hook: str) -> None:
    """The hook fails with the finding's place, and passes once it is fixed; the good file is never named."""
    home = {"PRE_COMMIT_HOME": str(installed.parent / "home")}
    done = run(repository, pre_commit(), "try-repo", str(installed), hook, "--all-files", **home)
    assert done.returncode == 1, done.stdout
    assert re.search(rf"{re.escape(BAD)}:\d+:\d+: error: PM\d+ .*VERY", done.stdout), done.stdout
    assert f"{GOOD}:" not in done.stdout
    (repository / BAD).write_text(source("id: 2024-02-01-search-outage"))
    run(repository, "git", "add", "-A")
    done = run(repository, pre_commit(), "try-repo", str(installed), hook, "--all-files", **home)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("hook", ["pmctl-validate", "pmctl-staged"])
def test_several_roots_below_the_top(tmp_path: Path, installed: Path, hook: str) -> None:
    """Every file is judged by the settings around it, and named from the top; what is not staged does not count."""
    top = tmp_path / "mono"
    for root, ignored in (("api team/pm", "PM8"), ("web", "PM104")):
        (top / root / GOOD).parent.mkdir(parents=True)
        (top / root / GOOD).write_text(source("urgency: VERY"))
        (top / root / "pmctl.yaml").write_text(f"rules: {{ignore: [{ignored}]}}\n")
    run(top, "git", "init", "-q")
    home = {"PRE_COMMIT_HOME": configure(top, installed, hook)}
    run(top, "git", "add", "-A")
    done = run(top, "git", "commit", "-q", "-m", "Both", **home)
    assert done.returncode == 1
    assert f"api team/pm/{GOOD}:12:10: error: PM104" in done.stdout, done.stdout
    assert f"web/{GOOD}:" not in done.stdout
    (top / "api team/pm" / GOOD).write_text(source())
    run(top, "git", "add", "-A")
    (top / "api team/pm" / GOOD).write_text("half done")
    done = run(top, "git", "commit", "-q", "-m", "Both", **home)
    assert done.returncode == 0, done.stdout
    assert (top / "api team/pm" / GOOD).read_text() == "half done"


@pytest.mark.parametrize(
    ("change", "validate", "staged"),
    [
        ("README.md", "Skipped", "Passed"),
        ("pmctl.yaml", "Skipped", "Failed"),
        (BAD, "Failed", "Failed"),
    ],
)
def test_hooks_run_for_what_concerns_them(
    repository: Path, installed: Path, change: str, validate: str, staged: str
) -> None:
    """What is staged is always looked at: settings, links, deletions and names that only look like ours are seen."""
    home = {"PRE_COMMIT_HOME": configure(repository, installed, "pmctl-validate", "pmctl-staged")}
    run(repository, "git", "add", "-A")
    run(repository, "git", "commit", "-q", "--no-verify", "-m", "All")
    file = repository / change
    if change == BAD:
        file.unlink()
        file.symlink_to(Path(GOOD).name)
    else:
        file.write_text("rules: {ignore: [PM8O2]}\n")
    run(repository, "git", "add", "-A")
    lines = run(repository, "git", "commit", "-q", "-m", "Change", **home).stdout.splitlines()
    said = [line.rpartition(".")[2].rpartition(")")[2] for line in lines if line.startswith("validate ")]
    assert said == [validate, staged]


def test_built_by_pre_commit(repository: Path, tmp_path: Path) -> None:
    """As a user has it: pre-commit installs this project into an environment of its own and runs the hook."""
    tool = pre_commit()
    if not os.environ.get("PMCTL_NETWORK"):
        pytest.skip("installs packages; set PMCTL_NETWORK=1 to try it")
    shutil.copytree(HERE / "src", tmp_path / "project/src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(HERE / "examples", tmp_path / "project/examples")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy(HERE / name, tmp_path / "project" / name)
    run(tmp_path / "project", "git", "init", "-q")
    run(tmp_path / "project", "git", "add", "-A")
    run(tmp_path / "project", "git", "commit", "-q", "-m", "Project")
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home")}
    done = run(repository, tool, "try-repo", str(tmp_path / "project"), "pmctl-validate", "--all-files", **home)
    assert done.returncode == 1, done.stdout
    assert "VERY" in done.stdout, done.stdout


def test_the_index_is_what_is_checked(repository: Path) -> None:
    """`--staged` reads what would be committed: a mistake that is fixed in the work tree alone still counts."""
    pmctl = (sys.executable, "-m", "pmctl", "validate", "--staged")
    (repository / BAD).write_text(source("id: 2024-02-01-search-outage"))
    done = run(repository, *pmctl)
    assert done.returncode == 1
    assert "VERY" in done.stdout
    run(repository, "git", "add", "-A")
    (repository / BAD).write_text("broken")
    done = run(repository, *pmctl)
    assert done.returncode == 0, done.stdout
