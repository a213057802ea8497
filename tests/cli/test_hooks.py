"""Client hooks as git calls them, their installation, and a server with the hook of the documentation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pmctl.policy import act as acts
from tests.attacks.gate import SETTINGS, command
from tests.world import DOC, World, document

OTHER = "2024-02-01-other"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("CI", raising=False)
    shims = tmp_path / "bin"
    shims.mkdir()
    (shims / "pmctl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmctl "$@"\n')
    (shims / "pmctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{os.environ['PATH']}")
    made = World(tmp_path / "repo")
    made.init()
    made.new()
    return made


def git(world: World, *words: str, by: str = "jane") -> subprocess.CompletedProcess[str]:
    """git as a person types it, with the hooks that are installed."""
    settings = world.path.parent / f"gitconfig-{by}"
    settings.write_text(SETTINGS.format(name=by.capitalize(), handle=by, key=world.people[by].key))
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *words], cwd=world.path, capture_output=True, text=True, check=False,
        env={**env, "GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1"},
    )  # fmt: skip


def test_install_and_again(world: World) -> None:
    said = command(world, "jane", "hook", "install")
    driver = "merge driver installed: postmortems are merged by meaning in this clone"
    assert said.out == f"{driver}\npre-commit installed\npre-push installed\n"
    assert os.access(world.path / ".git/hooks/pre-commit", os.X_OK)
    assert "installed already" in command(world, "jane", "hook", "install").out


def test_a_foreign_hook_is_left_alone_or_kept(world: World) -> None:
    hooks = world.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    trace = world.path.parent / "trace"
    theirs = f"#!/bin/sh\necho theirs >> {trace}\n"
    (hooks / "pre-commit").write_text(theirs)
    (hooks / "pre-commit").chmod(0o755)
    said = command(world, "jane", "hook", "install")
    assert "was left alone" in said.out and "pmctl hook pre-commit" in said.out
    assert (hooks / "pre-commit").read_text() == theirs
    said = command(world, "jane", "hook", "install", "--chain")
    assert "runs first" in said.out
    assert (hooks / "pre-commit.before-pmctl").read_text() == theirs
    world.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    done = git(world, "commit", "-aqm", "Publish")
    assert done.returncode == 1
    assert "AU301" in done.stdout + done.stderr
    assert trace.read_text() == "theirs\n"


def test_hooks_path_inside_and_outside(world: World, tmp_path: Path) -> None:
    world.git("config", "core.hooksPath", ".husky")
    said = command(world, "jane", "hook", "install")
    assert said.code == 0
    assert (world.path / ".husky/pre-push").is_file()
    assert "commit the files" in said.out
    world.git("config", "core.hooksPath", str(tmp_path / "shared"))
    said = command(world, "jane", "hook", "install")
    assert said.code == 1
    assert "pmctl hook pre-commit" in said.err
    assert not (tmp_path / "shared").exists()


def test_a_hook_that_goes_by_its_own_name_is_not_renamed(world: World) -> None:
    hook = world.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\nexec runner --hook "$(basename "$0")"\n')
    hook.chmod(0o755)
    assert "--chain" not in command(world, "jane", "hook", "install").out
    said = command(world, "jane", "hook", "install", "--chain")
    assert said.code == 1
    assert "pmctl hook pre-commit || exit $?" in said.err
    assert "runner" in hook.read_text()


def test_husky(world: World) -> None:
    """Husky's own programs in `.husky/_` run the files in `.husky`: those are the hooks to install or to add to."""
    own = world.path / ".husky/_"
    own.mkdir(parents=True)
    (own / "h").write_text('s="$(dirname "$(dirname "$0")")/$(basename "$0")"\n[ ! -f "$s" ] || sh -e "$s" "$@"\n')
    for name in ("pre-commit", "pre-push"):
        (own / name).write_text('#!/bin/sh\n. "$(dirname "$0")/h"\n')
        (own / name).chmod(0o755)
    world.git("config", "core.hooksPath", ".husky/_")
    (world.path / ".husky/pre-commit").write_text("echo theirs >&2\n")
    said = command(world, "jane", "hook", "install")
    assert "add to it: pmctl hook pre-commit || exit $?\n" in said.out
    assert command(world, "jane", "hook", "install", "--chain").code == 1
    assert (own / "pre-commit").read_text().endswith('/h"\n')
    (world.path / ".husky/pre-commit").unlink()
    assert command(world, "jane", "hook", "install").code == 0
    git(world, "add", "-A")
    assert git(world, "commit", "-qm", "Hooks").returncode == 0
    world.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    done = git(world, "commit", "-aqm", "Publish")
    assert done.returncode == 1
    assert "AU301" in done.stdout + done.stderr


def test_pre_commit_reads_the_index(world: World) -> None:
    command(world, "jane", "hook", "install")
    honest = world.text()
    world.edit("status: DRAFT", "status: ARCHIVED", commit=False)
    git(world, "add", "-A")
    world.write(world.file(), honest)
    done = git(world, "commit", "-qm", "Archive")
    assert done.returncode == 1
    assert "status is changed by hand: DRAFT -> ARCHIVED" in done.stdout + done.stderr
    # `git commit --only` has an index of its own, and that is what counts then.
    world.edit("too small", "far too small", commit=False)
    assert git(world, "commit", "-qm", "Edit", "--only", world.file()).returncode == 0
    world.edit("status: DRAFT", "status: ARCHIVED", commit=False)
    done = git(world, "commit", "-qm", "Archive", "--only", world.file())
    assert done.returncode == 1
    assert git(world, "commit", "-qm", "Archive", "--no-verify", "--only", world.file()).returncode == 0


def test_pre_commit_advises_what_the_audit_would_say(world: World) -> None:
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.act(acts.APPROVE, "bob")
    world.act(acts.PUBLISH, "jane")
    command(world, "jane", "hook", "install")
    for change, code in (
        (lambda: world.edit("too small", "fine", commit=False), "AU401"),
        (lambda: world.write(f"postmortems/2024/{DOC}/late.txt", "more"), "AU402"),
        (lambda: (world.root / world.file()).unlink(), "AU406"),
        (lambda: (world.root / world.record("0002-approve-bob")).unlink(), "AU205"),
        (lambda: world.write(".pmctl/policy.yaml", "version: 2\n"), "AU102"),
        (lambda: (world.root / world.file(OTHER)).parent.joinpath(f"{OTHER}.md").symlink_to("x"), "AU501"),
    ):
        change()
        git(world, "add", "-A")
        done = git(world, "commit", "-qm", "Try")
        assert done.returncode == 1, code
        assert code in done.stdout + done.stderr
        world.git("reset", "-q", "--hard")
    world.edit("| OPEN |", "| COMPLETED |", commit=False)
    assert git(world, "commit", "-aqm", "Done").returncode == 0


def test_pre_commit_lets_the_commands_of_pmctl_through(world: World) -> None:
    command(world, "jane", "hook", "install")
    assert command(world, "jane", "submit", DOC, "-r", "bob").code == 0
    assert command(world, "bob", "approve", DOC).code == 0
    assert command(world, "alice", "people", "change", "bob", "--team", "ops").code == 0
    assert world.audit().passed


def test_pre_commit_says_what_is_wrong_with_a_postmortem(world: World) -> None:
    command(world, "jane", "hook", "install")
    world.write(world.file(OTHER), document(OTHER).replace("title: ", "title: a\ntitle: "))
    git(world, "add", "-A")
    done = git(world, "commit", "-qm", "Draft")
    assert done.returncode == 1
    assert "PM0" in done.stdout + done.stderr


def test_pre_commit_says_what_is_wrong_with_the_sites_templates(world: World) -> None:
    command(world, "jane", "hook", "install")
    world.write(".pmctl/site/home.html.j2", "first\n{% for x in %}\n")
    world.write(".pmctl/site/theme.css", "body { color: teal }\n")
    git(world, "add", "-A")
    world.write(".pmctl/site/home.html.j2", "fine\n")
    done = git(world, "commit", "-qm", "Look better")
    assert done.returncode == 1
    assert ".pmctl/site/home.html.j2:2" in done.stdout + done.stderr
    assert "PM811" in done.stdout + done.stderr
    git(world, "add", "-A")
    assert git(world, "commit", "-qm", "Look better").returncode == 0


def test_validate_and_doctor_say_all_that_is_wrong_with_them(world: World) -> None:
    world.write(".pmctl/site/home.html.j2", '{{ "x" | nothing }}')
    world.write(".pmctl/site/list.html.j2", '\n{% extends "builtin/frame.html.j2" %}')
    world.write(".pmctl/site/logo.png", "x")
    for words in (("validate",), ("doctor",)):
        said = command(world, "jane", *words)
        assert said.code == 1, said
        for wrong in ("home.html.j2:1", "list.html.j2:2", "there is no template builtin/frame", "logo.png", "nothing"):
            assert wrong in said.out, (words, wrong, said.out)
    assert "home.html.j2" not in command(world, "jane", "validate", DOC).out
    for name in ("home.html.j2", "list.html.j2", "logo.png"):
        (world.root / ".pmctl/site" / name).unlink()
    world.write(".pmctl/site/theme.css", "a { color: teal }")
    assert "PM811" not in command(world, "jane", "validate").out
    assert "1 file in .pmctl/site" in command(world, "jane", "doctor").out


def test_a_branch_without_pmctl_is_left_alone(world: World) -> None:
    command(world, "jane", "hook", "install")
    world.git("switch", "-q", "--orphan", "pages")
    (world.path / "index.html").write_text("hello")
    git(world, "add", "-A")
    assert git(world, "commit", "-qm", "Pages").returncode == 0


def test_pre_push_audits_the_range(world: World, tmp_path: Path) -> None:
    server = tmp_path / "server.git"
    world.git("clone", "-q", "--bare", str(world.path), str(server))
    world.git("remote", "add", "origin", str(server))
    world.git("fetch", "-q", "origin")
    command(world, "jane", "hook", "install")
    world.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    assert git(world, "push", "-q", "origin", "main").returncode == 0
    world.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    git(world, "commit", "-aqm", "Publish", "--no-verify")
    forged = world.head
    done = git(world, "push", "-q", "origin", "main")
    assert done.returncode == 1
    assert "AU301" in done.stderr and forged[:12] in done.stderr
    done = git(world, "push", "-q", "origin", "main:refs/heads/feature")
    assert done.returncode == 0  # said, and not refused: only the protected branch is judged
    assert "AU301" in done.stderr
    assert git(world, "push", "-q", "--no-verify", "origin", "main").returncode == 0


def test_in_a_subfolder(tmp_path: Path, world: World) -> None:
    mono = World(tmp_path / "mono", prefix="docs/our incidents")
    mono.path.mkdir()
    (mono.path / "main.c").write_text("int main(void) { return 0; }\n")
    mono.init()
    mono.new()
    assert command(mono, "jane", "hook", "install").code == 0
    mono.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    done = git(mono, "commit", "-aqm", "Publish")
    assert done.returncode == 1
    assert "AU301" in done.stdout + done.stderr
    server = tmp_path / "mono.git"
    mono.git("clone", "-q", "--bare", str(mono.path), str(server))
    documented_hook(server, mono.first)
    git(mono, "commit", "-aqm", "Publish", "--no-verify")
    done = git(mono, "push", "-q", str(server), "main")
    assert done.returncode == 1
    assert "AU301" in done.stderr
    mono.git("reset", "-q", "--hard", "HEAD~1")
    (mono.path / ".pmctl").mkdir()
    (mono.path / ".pmctl/policy.yaml").write_text("version: 1\n")
    mono.commit("A second policy, where the server might look first", "jane")
    done = git(mono, "push", "-q", str(server), "main")
    assert done.returncode == 0, done.stderr  # the server knows the root, and judges the folder that has it
    mono.edit("too small", "far too small")
    subprocess.run(["git", "config", "--unset", "pmctl.root"], cwd=server, check=True)
    done = git(mono, "push", "-q", str(server), "main")
    assert done.returncode == 1
    assert "AU108" in done.stderr
    subprocess.run(["git", "config", "pmctl.folder", "docs/our incidents"], cwd=server, check=True)
    assert git(mono, "push", "-q", str(server), "main").returncode == 0


@pytest.fixture
def two_roots(tmp_path: Path, world: World) -> tuple[World, World]:
    """Two pmctl roots in one repository; the hooks are installed from each of them."""
    api = World(tmp_path / "mono", prefix="api team")
    api.path.mkdir()
    api.init()
    api.new()
    web = World(tmp_path / "mono", prefix="web")
    web.init()
    web.new()
    (api.path / "main.c").write_text("int main(void) { return 0; }\n")
    api.commit("Code", "jane")
    for one in (api, web):
        assert command(one, "jane", "hook", "install").code == 0
    assert command(api, "jane", "hook", "install").out.count("installed already") == 3
    return api, web


def test_every_root_is_checked_before_a_commit(two_roots: tuple[World, World]) -> None:
    """Also the one that was installed first, and paths say which root they are of."""
    api, web = two_roots
    for one, other in ((api, web), (web, api)):
        one.edit("status: DRAFT", "status: PUBLISHED", commit=False)
        done = git(other, "commit", "-aqm", "Publish")
        assert done.returncode == 1
        assert f"{one.prefix}/{one.file()}:1:1: error: AU301" in done.stdout + done.stderr
        one.write(one.file(), one.text().replace("status: PUBLISHED", "status: DRAFT"))
        one.edit("title: ", "title: a\ntitle: ", commit=False)
    done = git(web, "commit", "-aqm", "Two mistakes")
    said = done.stdout + done.stderr
    assert f"{api.prefix}/{api.file()}:" in said and f"{web.prefix}/{web.file()}:" in said, "all findings at once"


def test_a_commit_that_touches_no_root_starts_no_pmctl(two_roots: tuple[World, World], tmp_path: Path) -> None:
    api, _ = two_roots
    trace = tmp_path / "trace"
    (tmp_path / "bin/pmctl").write_text(f'#!/bin/sh\necho "$@" >> {trace}\n')
    (api.path / "main.c").write_text("int main(void) { return 1; }\n")
    assert git(api, "commit", "-aqm", "Code").returncode == 0
    assert not trace.exists()
    (api.root / "notes.txt").write_text("x")
    git(api, "add", "-A")
    assert git(api, "commit", "-qm", "Notes").returncode == 0
    assert trace.read_text() == "-C api team hook pre-commit\n"


def test_a_push_is_audited_for_every_root(two_roots: tuple[World, World], tmp_path: Path) -> None:
    api, web = two_roots
    server = tmp_path / "mono.git"
    api.git("clone", "-q", "--bare", str(api.path), str(server))
    for one in (api, web):
        one.edit("status: DRAFT", "status: PUBLISHED", commit=False)
        git(one, "commit", "-aqm", "Publish", "--no-verify")
        done = git(one, "push", "-q", str(server), "main")
        assert done.returncode == 1
        assert "AU301" in done.stderr
        git(one, "reset", "-q", "--hard", "HEAD~1")
    api.edit("too small", "far too small")
    assert git(api, "push", "-q", str(server), "main").returncode == 0


@pytest.mark.parametrize("place", ["worktree", "submodule"])
def test_in_other_checkouts(world: World, tmp_path: Path, place: str) -> None:
    """In a linked work tree, which shares the hooks, and in a submodule, whose `.git` is a file."""
    command(world, "jane", "hook", "install")
    there = tmp_path / "another place"
    if place == "worktree":
        world.git("worktree", "add", "-q", str(there), "-b", "other")
    else:
        subprocess.run(["git", "init", "-q", str(tmp_path / "super")], check=True)
        allowed = ("git", "-c", "protocol.file.allow=always")
        added = [*allowed, "submodule", "--quiet", "add", str(world.path), "sub mod"]
        subprocess.run(added, cwd=tmp_path / "super", check=True)
        there = tmp_path / "super/sub mod"
    copy = World.__new__(World)
    copy.__dict__ = {**world.__dict__, "path": there}
    assert command(copy, "jane", "hook", "install").code == 0
    copy.edit("too small", "far too small", commit=False)
    assert git(copy, "commit", "-aqm", "Edit").returncode == 0
    copy.edit("status: DRAFT", "status: PUBLISHED", commit=False)
    done = git(copy, "commit", "-aqm", "Publish")
    assert done.returncode == 1
    assert "AU301" in done.stdout + done.stderr


def test_a_merge_that_is_concluded_by_hand(world: World) -> None:
    """The index holds what both sides brought: an honest act of the other side is no finding, a mistake is one."""
    command(world, "jane", "hook", "install")
    world.git("branch", "side")
    world.act(acts.SUBMIT, "jane", reviewers=("bob",))
    world.git("switch", "-q", "side")
    world.edit("status: DRAFT", "status: DRAFT # of the side")
    done = git(world, "merge", "-q", "main")
    assert done.returncode == 1, done.stdout
    world.git("checkout", "main", "--", world.file())
    honest = world.text()
    world.write(world.file(), honest.replace("title: ", "title: a\ntitle: "))
    git(world, "add", "-A")
    done = git(world, "commit", "-qm", "Merge")
    assert done.returncode == 1
    assert "PM022" in done.stdout + done.stderr
    world.write(world.file(), honest)
    git(world, "add", "-A")
    assert git(world, "commit", "-qm", "Merge").returncode == 0


def documented_hook(server: Path, root: str) -> None:
    """Do what docs/ci.md says for a plain git server."""
    page = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
    script = page.partition("<!-- server: begin -->")[2].partition("```sh\n")[2].partition("```")[0]
    script = script.replace("/srv/git/postmortems.git", str(server)).replace("sha256:...", root)
    (server / "hooks").mkdir(exist_ok=True)
    subprocess.run(["sh", "-ec", script], check=True)


def test_the_server_of_the_documentation(world: World, tmp_path: Path) -> None:
    server = tmp_path / "postmortems.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(server)], check=True)
    documented_hook(server, world.first)
    assert git(world, "push", "-q", str(server), "main").returncode == 0  # the first push is judged whole
    world.edit("status: DRAFT", "status: PUBLISHED")
    done = git(world, "push", "-q", str(server), "main")
    assert done.returncode == 1
    assert "remote: pmctl: refused for 1 reason" in done.stderr
    assert git(world, "push", "-q", str(server), "main:refs/heads/feature").returncode == 0
    subprocess.run(["git", "config", "--add", "pmctl.protectedBranch", "feature"], cwd=server, check=True)
    done = git(world, "push", "-q", str(server), ":feature")
    assert done.returncode == 1
    assert "AU608" in done.stderr


def test_the_first_push_to_a_server_with_another_root(world: World, tmp_path: Path) -> None:
    server = tmp_path / "postmortems.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(server)], check=True)
    documented_hook(server, "sha256:" + "0" * 64)
    done = git(world, "push", "-q", str(server), "main")
    assert done.returncode == 1
    assert "AU106" in done.stderr


@pytest.mark.parametrize("fed", ["nonsense\n", "0 1 refs/heads/main\n", ""])
def test_pre_receive_fed_by_somebody_else(world: World, tmp_path: Path, fed: str) -> None:
    server = tmp_path / "postmortems.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(server)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "hook", "pre-receive"], cwd=server, input=fed, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, "git always says what is pushed"
    assert "Traceback" not in done.stderr


def test_pre_receive_outside_of_a_repository(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pmctl", "hook", "pre-receive"], cwd=tmp_path, input="", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no git directory" in done.stderr
