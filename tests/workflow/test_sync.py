"""pmctl sync between clones around one bare repository: what lands, what is refused, and what is never lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.ten_clones import play as play_clones
from tests.merging import shim
from tests.team import isolated_environment
from tests.world import DOC, World

FILE = f"postmortems/2024/{DOC}.md"


@dataclass
class Person:
    """A clone and what its person types."""

    world: World
    handle: str
    top: Path
    environment: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(words), cwd=self.top, env=self.environment, capture_output=True, text=True, check=False
        )

    def git(self, *words: str) -> str:
        done = self.run("git", *words)
        assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def sync(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.run("pmctl", "sync", *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    @property
    def text(self) -> str:
        return (self.top / FILE).read_text()

    def edit(self, old: str, new: str, *, commit: bool = True) -> None:
        assert self.text.count(old) == 1
        (self.top / FILE).write_text(self.text.replace(old, new))
        if commit:
            self.git("commit", "-q", "-am", f"Write {new}")


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Person]:
    """jane, who is the author, and alice, the admin, with a clone each."""
    world = World(tmp_path / "first")
    world.init()
    world.new()
    bare = tmp_path / "origin.git"
    world.git("clone", "-q", "--bare", str(world.path), str(bare))
    environment = isolated_environment(tmp_path)
    environment["PATH"] = f"{shim(tmp_path / 'bin')}{os.pathsep}{environment['PATH']}"
    found = {}
    for handle in ("jane", "alice"):
        top = tmp_path / handle
        world.git("clone", "-q", str(bare), str(top))
        found[handle] = Person(world, handle, top, environment | {"XDG_STATE_HOME": str(tmp_path / f"state-{handle}")})
        for name, value in (
            ("user.name", handle.capitalize()), ("user.email", f"{handle}@example.com"),
            ("gpg.format", "ssh"), ("user.signingkey", str(world.people[handle].key)),
        ):  # fmt: skip
            found[handle].git("config", name, value)
    return found


SERVER = "origin/main"


@pytest.mark.parametrize("rebase", [(), ("--rebase",)])
def test_two_people_on_one_row(rebase: tuple[str, ...], people: dict[str, Person]) -> None:
    jane, alice = people["jane"], people["alice"]
    jane.edit("| @carol | 2024-01-22 |", "| @bob | 2024-01-22 |")
    alice.edit("| 2024-01-22 | HIGH |", "| 2024-01-22 | LOW |")
    assert jane.sync().stdout == "main and origin/main: 1 commit sent\n"
    done = alice.sync(*rebase)
    assert done.stdout == f"main and origin/main: 1 commit received, {'1 commit' if rebase else '2 commits'} sent\n"
    assert "| @bob | 2024-01-22 | LOW |" in alice.text
    assert jane.sync().stdout.startswith("main and origin/main:")
    assert jane.text == alice.text
    assert jane.sync().stdout == "main and origin/main: in step already\n"
    audit = jane.run("pmctl", "audit")
    assert audit.returncode == 0 and "warning" not in audit.stdout, audit.stdout


@pytest.mark.parametrize("rebase", [(), ("--rebase",)])
def test_records_that_were_signed_before_fetching_land(rebase: tuple[str, ...], people: dict[str, Person]) -> None:
    jane, alice = people["jane"], people["alice"]
    jane.world.path = jane.top
    jane.world.act("submit", "jane", reviewers=("bob",))
    alice.edit("| @carol | 2024-01-22 |", "| @bob | 2024-01-22 |")
    alice.sync()
    jane.sync(*rebase)
    assert "status: IN_REVIEW" in jane.text and "| @bob | 2024-01-22 |" in jane.text
    alice.sync()
    for one in (jane, alice):
        audit = one.run("pmctl", "audit")
        assert audit.returncode == 0 and "AU611" not in audit.stdout, audit.stdout


def test_a_conflict_is_a_merge_that_waits_and_can_be_given_up(people: dict[str, Person]) -> None:
    jane, alice = people["jane"], people["alice"]
    jane.edit("| @carol |", "| @bob |")
    jane.sync()
    alice.edit("| @carol |", "| @jane |")
    head, text = alice.git("rev-parse", "HEAD"), alice.text
    done = alice.sync("--format", "json", code=1)
    answer = json.loads(done.stdout)
    assert answer["schema"] == "pmctl/sync/v1" and answer["result"] == "conflicts"
    assert answer["files"][0]["conflicts"][0]["ours"] == "HEAD (Alice): Owner is @jane in AI-7f3k"
    assert answer["files"][0]["conflicts"][0]["theirs"] == "origin/main (Jane): Owner is @bob in AI-7f3k"
    assert "a merge is under way" in alice.sync(code=1).stderr
    assert "given up" in alice.sync("--abort").stdout
    assert (alice.git("rev-parse", "HEAD"), alice.text) == (head, text)
    assert "no merge or rebase is under way" in alice.sync("--abort", code=1).stderr
    alice.sync(code=1)
    (alice.top / FILE).write_text(text)
    alice.git("add", "-A")
    alice.git("commit", "-q", "--no-edit")
    alice.sync()
    alice.edit("| @jane | 2024", "| @bob | 2024", commit=True)
    jane.sync()
    jane.edit("| @jane | 2024", "| @carol | 2024")
    jane.sync()
    assert "pmctl sync --abort" in alice.sync("--rebase", code=1).stderr
    alice.sync("--abort")
    assert "| @bob | 2024" in alice.text


def test_uncommitted_changes_are_kept(people: dict[str, Person]) -> None:
    jane, alice = people["jane"], people["alice"]
    jane.edit("| @carol |", "| @bob |")
    jane.sync()
    alice.edit("were early" if "were early" in alice.text else "came early", "came late")
    alice.edit("too small", "far too small", commit=False)
    before = alice.text
    done = alice.sync(code=1)
    assert "1 file with uncommitted changes" in done.stderr
    assert alice.text == before
    alice.git("commit", "-qam", "More")
    alice.sync()
    assert "far too small" in alice.text and "| @bob |" in alice.text


def test_what_the_audit_would_report_is_not_pushed(people: dict[str, Person]) -> None:
    jane = people["jane"]
    jane.edit("status: DRAFT", "status: PUBLISHED")
    done = jane.sync(code=1)
    assert "AU301" in done.stderr and "nothing was pushed" in done.stdout
    assert jane.git("rev-list", "--count", f"{SERVER}..HEAD") == "1"


def test_what_others_landed_is_told(people: dict[str, Person]) -> None:
    jane, alice = people["jane"], people["alice"]
    jane.edit("status: DRAFT", "status: PUBLISHED")
    jane.git("push", "-q", "--no-verify")
    done = alice.sync()
    assert "arrived from origin/main: what the audit says" in done.stderr and "AU301" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("switch", "-q", "--detach"), "HEAD is detached"),
        (("remote", "remove", "origin"), "this clone has no remote"),
        (("remote", "set-url", "origin", "/nowhere/at/all"), "git fetch failed"),
    ],
)
def test_what_cannot_be_brought_together_is_one_sentence(
    words: tuple[str, ...], said: str, people: dict[str, Person]
) -> None:
    jane = people["jane"]
    jane.git(*words)
    done = jane.run("pmctl", "sync")
    assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_server_that_says_no(people: dict[str, Person], tmp_path: Path) -> None:
    jane = people["jane"]
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'main is protected here' >&2\nexit 1\n")
    hook.chmod(0o755)
    jane.edit("| @carol |", "| @bob |")
    done = jane.sync(code=1)
    assert "origin refused main" in done.stderr and "main is protected here" in done.stderr
    assert jane.git("rev-list", "--count", f"{SERVER}..HEAD") == "1", "nothing of it is lost"


def test_a_branch_that_the_server_has_not(people: dict[str, Person]) -> None:
    jane = people["jane"]
    jane.git("switch", "-qc", "draft")
    jane.edit("| @carol |", "| @bob |")
    done = jane.sync()
    assert done.stdout.startswith("draft and origin/draft: 3 commits sent")
    assert jane.git("rev-parse", "origin/draft") == jane.git("rev-parse", "HEAD")
    assert jane.git("config", "branch.draft.remote") == "origin"


def test_somebody_is_faster_and_one_merge_is_left(people: dict[str, Person], tmp_path: Path) -> None:
    """The server takes the first push for somebody else's: its branch moves between our fetch and our push."""
    jane, alice = people["jane"], people["alice"]
    alice.edit("| @carol |", "| @bob |")
    alice.git("push", "-q", "origin", "main")
    jane.edit("| 2024-01-22 | HIGH |", "| 2024-01-22 | LOW |")
    alice.edit("came early", "came late")
    real = shutil.which("git")
    shim_git = tmp_path / "bin" / "git"
    shim_git.write_text(
        f'#!/bin/sh\ncase " $* " in *" push --porcelain "*) [ -e {tmp_path}/once ] || {{ : > {tmp_path}/once; '
        f'(cd {alice.top} && {real} push -q origin main); }};; esac\nexec {real} "$@"\n'
    )
    shim_git.chmod(0o755)
    done = jane.sync()
    assert "somebody was faster: trying again in" in done.stderr and "(2 of " in done.stderr
    assert jane.git("rev-list", "--count", "--merges", "HEAD") == "1"
    assert all(word in jane.text for word in ("| @bob |", "| LOW |", "came late"))


def test_a_few_clones_at_once(tmp_path: Path) -> None:
    """The small version of tests/fuzz/ten_clones.py."""
    assert play_clones(tmp_path, 3, 2).startswith("6 of 6 acts landed, audit clean")
