"""82 to 84: what is remembered, what lies in its place, and what hooks make of an act."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.world import DOC, World

from .conftest import Copy
from .gate import Gate, Said, command

TEXT = "too small"  # words of the document
FORMAT = f"sed -i 's/{TEXT}/much too small/'"
REL = f"postmortems/2024/{DOC}.md"


def hook(world: World, name: str, script: str, folder: str = ".git/hooks") -> None:
    """Put a hook in the place of its kind; it does nothing when it is called by what it does itself."""
    path = world.path / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ -n "$AGAIN" ] && exit 0\nexport AGAIN=1\n{script}\n')
    path.chmod(0o755)


def everything(world: World) -> tuple[str, str, str, dict[str, bytes]]:
    """Branch, index, and the files of the work tree."""
    files = {
        path.relative_to(world.path).as_posix(): path.read_bytes()
        for path in sorted(world.path.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(world.path).parts
    }
    return world.head, world.git("ls-files", "-s"), world.git("symbolic-ref", "HEAD"), files


ALTERING = {
    "pre-commit": f"{FORMAT} {REL}; git add {REL}",
    "pre-commit that also fails": f"{FORMAT} {REL}; exit 1",
    "pre-commit with another file": "echo generated > README.md; git add README.md",
    "pre-commit that edits another record": (
        "for f in .pmctl/records/*/0001-submit-*.json; do echo >> $f; git add $f; done"
    ),
    "pre-commit that drops the record": "git rm -q --cached -r .pmctl/records",
    "pre-commit that undoes the status": f"git reset -q HEAD -- {REL}",
    "post-commit that amends": f"unset GIT_INDEX_FILE; {FORMAT} {REL}; git commit -q --amend --no-edit -a",
    "post-commit that commits": f"unset GIT_INDEX_FILE; {FORMAT} {REL}; git commit -qam 'Format'",
}


@pytest.mark.parametrize("kind", ALTERING)
def test_attack_84_a_hook_rewrites_what_is_committed(stage: Copy, kind: str) -> None:
    world = stage("approved")
    gate = Gate(world)
    (world.path / "notes.txt").write_text("mine, staged\n")
    world.git("add", "notes.txt")
    before = everything(world)
    hook(world, kind.split()[0], ALTERING[kind])
    said = command(world, "jane", "publish", DOC)
    after = everything(world)
    after[3].pop("README.md", None)  # the hook's own new file is nobody's of the act
    assert after == before, (kind, said)
    _says_no(said, kind)
    assert command(world, "jane", "doctor").code == 0, "nothing is left to clear up"
    (world.path / ".git/hooks" / kind.split()[0]).unlink()
    assert command(world, "jane", "publish", DOC).code == 0
    gate.lands()


def _says_no(said: Said, kind: str) -> None:
    # A hook that ends with an error has refused; one that alters what is committed is a matter of the environment.
    assert said.code == (1 if "fails" in kind else 2), said
    assert "published" not in said.out
    assert "Traceback" not in said.err
    if "fails" not in kind:
        assert kind.split()[0] in said.err and "on its way into the commit" in said.err, said.err
        assert "the commit was undone" in said.err and "run the command again" in said.err, said.err


def test_attack_84_hooks_elsewhere_filters_and_the_first_commit(stage: Copy, tmp_path: Path) -> None:
    world = stage("approved")
    before = everything(world)
    hook(world, "pre-commit", ALTERING["pre-commit"], "../shared-hooks")
    world.git("config", "core.hooksPath", str(world.path.parent / "shared-hooks"))
    said = command(world, "jane", "publish", DOC)
    assert (everything(world), said.code) == (before, 2), said
    assert "pre-commit" in said.err
    world.git("config", "--unset", "core.hooksPath")

    world.git("config", "filter.tidy.clean", FORMAT.replace(" -i", ""))
    (world.path / ".git/info").mkdir(exist_ok=True)
    (world.path / ".git/info/attributes").write_text("*.md filter=tidy\n")
    said = command(world, "jane", "publish", DOC)
    assert (world.head, said.code) == (before[0], 2 if "filter" in said.err else 1), said

    fresh = World(tmp_path / "fresh", people=world.people)
    fresh.path.mkdir()
    fresh.git("init", "-q", "-b", "main")
    hook(fresh, "pre-commit", "git rm -q --cached pmctl.yaml")
    settings = fresh.path.parent / "gitconfig-jane"
    said = command(fresh, "jane", "init")
    assert said.code == 2 and "was undone" in said.err, (said, settings)
    assert fresh.git("status", "--porcelain") == ""


def test_attack_84_nothing_of_the_persons_own_is_lost(stage: Copy) -> None:
    """An edit that is committed: what was staged of it, and what the file held, come back."""
    world = stage("drafted")
    file = world.path / REL
    file.write_text(file.read_text().replace(TEXT, "rather small"))
    world.git("add", REL)
    file.write_text(file.read_text().replace("rather small", "quite small"))
    before = everything(world)
    hook(world, "pre-commit", f"sed -i 's/quite small/small/' {REL}; git add {REL}")
    said = command(world, "jane", "edit", DOC)
    if said.code == 2 and "EDITOR" in said.err:
        os.environ["EDITOR"] = "true"
        try:
            said = command(world, "jane", "edit", DOC)
        finally:
            del os.environ["EDITOR"]
    assert (everything(world), said.code) == (before, 2), said


@pytest.mark.parametrize("name", ["prepare-commit-msg", "commit-msg"])
def test_attack_84_what_a_hook_stages_too_late_does_not_land(stage: Copy, name: str) -> None:
    world = stage("approved")
    gate = Gate(world)
    hook(world, name, f"{FORMAT} {REL}; git add {REL}")
    said = command(world, "jane", "publish", DOC)
    assert said.code == 0, said
    gate.lands()


HONEST = {
    "pre-commit": f"git diff --cached --quiet; grep -q title {REL}",
    "prepare-commit-msg": "echo 'Change-Id: I1234' >> \"$1\"",
    "commit-msg": "sed -i '1s/^/[OPS-7] /' \"$1\"",
    "post-commit": "echo done >&2; exit 1",
    "post-commit that commits something else": (
        "unset GIT_INDEX_FILE; echo generated > README.md; git add README.md; git commit -qm 'Index' -- README.md"
    ),
}


@pytest.mark.parametrize("kind", HONEST)
def test_attack_84_a_hook_that_changes_nothing_of_the_act_is_welcome(stage: Copy, kind: str) -> None:
    world = stage("approved")
    gate = Gate(world)
    hook(world, kind.split()[0], HONEST[kind])
    said = command(world, "jane", "publish", DOC)
    assert said.code == 0, said
    gate.lands()


def test_attack_84_line_ends_are_gits_own_affair(stage: Copy) -> None:
    """core.autocrlf and a document with CRLF: no digest depends on it."""
    world = stage("drafted")
    file = world.path / REL
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    world.git("config", "core.autocrlf", "input")
    os.environ["EDITOR"] = shlex.join(["sed", "-i", f"s/{TEXT}/too tight/"])
    try:
        said = command(world, "jane", "edit", DOC)
    finally:
        del os.environ["EDITOR"]
    assert said.code == 0, said
    assert command(world, "jane", "submit", DOC, "--reviewer", "bob").code == 0
    assert world.audit().passed
