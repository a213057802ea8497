"""The action at the top of the repository, played in real clones: what it checks, what it says, what it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pmctl.policy import act as acts
from tests.ci_runner import GitHub, Played
from tests.git_server import a_wiki, serving
from tests.published import service_file_problems
from tests.world import DOC, World

ACTION = Path(__file__).parents[1] / "action.yml"
FILE = f"postmortems/2024/{DOC}.md"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "repo")
    made.init()
    made.new()
    made.write("pmctl.yaml", "\n")
    made.commit("Settings", "alice")
    return made


def play(
    world: World,
    place: Path,
    *,
    event: str = "push",
    depth: str = "0",
    main: str = "main",
    origin: str = "",
    **inputs: str,
) -> Played:
    """The action in a checkout of HEAD; inputs with an underscore for their hyphen."""
    facts = {"sha": world.git("rev-parse", "HEAD"), "event": {"repository": {"default_branch": main}}}
    runner = GitHub(place, origin or f"file://{world.path}", event, facts, "t")
    runner.checkout(depth)
    return runner.action(ACTION, {name.replace("_", "-"): value for name, value in inputs.items()})


def test_it_fits_the_schema_and_pastes_no_input_into_a_script() -> None:
    assert service_file_problems("github-actions", ACTION) == ""
    action = yaml.safe_load(ACTION.read_text())
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", "")
        assert set(re.findall(r"inputs\.([a-z-]+)", str(step))) <= set(action["inputs"])


def test_every_command_in_it_has_the_options_that_it_is_given() -> None:
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    text = "\n".join(step.get("run", "") for step in steps)
    found = re.findall(r'pmctl -C "\$PMCTL_FOLDER" (site build|wiki push|[a-z]+)([^\n>]*)', text)
    assert {command for command, _ in found} == {"validate", "audit", "status", "site build", "wiki push"}
    for command, rest in found:
        told = subprocess.run(
            [sys.executable, "-m", "pmctl", *command.split(), "--help"], capture_output=True, text=True, check=True
        ).stdout
        for option in re.findall(r"(?<!\w)(--[a-z-]+)", rest):
            assert option in told


def test_without_a_root_it_validates_and_installs_its_own_sources(world: World, tmp_path: Path) -> None:
    done = play(world, tmp_path / "runner")
    assert done.code == 0, done.out
    assert (done.steps["Validate"], done.steps["Audit"]) == ("success", "skipped")
    assert "::notice::no root was given" in done.out
    assert done.installed == f"pip -m pip install --quiet {ACTION.parent}\n"
    assert play(world, tmp_path / "other", version="==9.9").installed == "pip -m pip install --quiet pmctl==9.9\n"


def test_a_finding_is_annotated_and_in_the_summary(world: World, tmp_path: Path) -> None:
    world.edit("title: ", "urgency: VERY\ntitle: ")
    done = play(world, tmp_path / "runner")
    assert done.code == 1
    assert re.search(rf"::error .*file={re.escape(FILE)}", done.out), done.out
    assert "VERY" in done.summary


def test_a_root_audits_and_a_mistake_hides_no_violation(world: World, tmp_path: Path) -> None:
    assert play(world, tmp_path / "honest", root=world.first).steps["Audit"] == "success"
    assert play(world, tmp_path / "range", root=world.first, range="HEAD~1..HEAD").steps["Audit"] == "success"
    assert play(world, tmp_path / "other", root="sha256:" + "0" * 64).code == 1
    assert "AU613" in play(world, tmp_path / "branch", root=world.first, main="trunk").out
    world.edit("status: DRAFT", "status: PUBLISHED")
    world.edit("title: ", "urgency: VERY\ntitle: ")
    done = play(world, tmp_path / "forged", root=world.first)
    assert (done.steps["Validate"], done.steps["Audit"]) == ("failure", "failure")
    assert "AU301" in done.out


def test_modes(world: World, tmp_path: Path) -> None:
    def steps(mode: str, root: str = "") -> tuple[str, str, str]:
        done = play(world, tmp_path / f"{mode}-{bool(root)}", mode=mode, root=root)
        return done.steps["mode"], done.steps["Validate"], done.steps["Audit"]

    assert steps("validate", world.first) == ("success", "success", "skipped")
    assert steps("audit", world.first) == ("success", "skipped", "success")
    assert steps("validate audit", world.first) == ("success", "success", "success")
    assert steps("audit") == ("success", "skipped", "failure"), "an audit without a root would prove nothing"
    assert steps("audit; touch x", world.first)[0] == "failure"
    assert steps("*", world.first)[0] == "failure"


def published(world: World) -> None:
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")


def test_publish_builds_the_site_that_the_audit_has_passed(world: World, tmp_path: Path) -> None:
    published(world)
    assert play(world, tmp_path / "where", mode="publish", to="somewhere").steps["mode"] == "failure"
    done = play(world, tmp_path / "runner", mode="audit publish", root=world.first, audience="organization")
    assert done.code == 0, done.out
    folder = Path(done.outputs["site"])
    assert "Payment API outage" in (folder / "index.html").read_text()
    assert not (tmp_path / "runner/workspace/site").exists()
    world.edit("Alerts came early.", "Alerts came late.")
    done = play(world, tmp_path / "forged", mode="audit publish", root=world.first)
    assert (done.steps["Audit"], done.steps["site"], done.outputs) == ("failure", "skipped", {"site": ""})


def test_publish_pushes_the_wiki_with_the_token(world: World, tmp_path: Path) -> None:
    published(world)
    wiki = tmp_path / "repo.wiki.git"
    a_wiki(wiki)
    with serving(tmp_path, "t") as address:
        (tmp_path / "repo.git").symlink_to(world.path / ".git")
        done = play(
            world, tmp_path / "runner", origin=f"{address}/repo.git", mode="audit publish", to="wiki", root=world.first
        )
        assert done.code == 0, done.out
    pages = subprocess.run(
        ["git", "-C", str(wiki), "ls-tree", "-r", "--name-only", "HEAD"], capture_output=True, text=True, check=True
    ).stdout
    assert "_Sidebar.md" in pages
    assert pages.count("\n") > 3

    def token_for(host: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "GITHUB_TOKEN": "t",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        return subprocess.run(
            ["git", "-C", str(tmp_path / "runner/workspace"), "credential", "fill"], env=env, text=True, check=False,
            input=f"protocol=http\nhost={host}\n\n", capture_output=True,
        )  # fmt: skip

    assert "password=t\n" in token_for(address.removeprefix("http://")).stdout
    assert token_for("wiki.example.org").returncode, (
        "the settings may name another host, which is not to have the token"
    )


def test_a_pull_request_publishes_nothing_in_the_wiki_and_needs_no_secret(world: World, tmp_path: Path) -> None:
    published(world)
    done = play(
        world, tmp_path / "fork", event="pull_request", mode="audit publish", to="wiki", root=world.first, token=""
    )
    assert (done.code, done.steps["Audit"], done.steps["Push the wiki"]) == (0, "success", "skipped"), done.out


def test_a_pull_request_says_where_its_postmortems_stand(world: World, tmp_path: Path) -> None:
    """A checkout has the commit that the host made of both branches."""
    world.git("branch", "change")
    world.write("pmctl.yaml", "# more\n")
    world.commit("Go on", "alice")
    world.git("switch", "-q", "change")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("switch", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "As it would land", "change")
    done = play(world, tmp_path / "runner", event="pull_request", root=world.first)
    assert done.code == 0, done.out
    assert f"`pmctl approve {DOC}` (as bob)" in done.summary
    name = "Say where each postmortem of the change stands"
    assert play(world, tmp_path / "push", root=world.first).steps[name] == "skipped"
    shallow = play(world, tmp_path / "shallow", event="pull_request", depth="1")
    assert "::notice::" in shallow.out
    assert shallow.steps["Validate"] == "success"


def test_a_folder_of_a_larger_repository(tmp_path: Path) -> None:
    made = World(tmp_path / "mono", prefix="docs/post mortems/")
    made.init()
    made.new()
    made.write("pmctl.yaml", "\n")
    made.commit("Settings", "alice")
    mode = "validate audit publish"
    done = play(made, tmp_path / "runner", root=made.first, folder="docs/post mortems", mode=mode)
    assert done.code == 0, done.out
    assert done.steps["Audit"] == "success"
    assert Path(done.outputs["site"], "index.html").is_file()
