"""What commands that write print with `--format json`: one answer on stdout, and nothing beside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pmctl.output.schemas import published
from tests.cli.play import FILE, ID, Play

SCHEMA = {**published()["act"](), "additionalProperties": False}
EDITOR = """printf '#!/bin/sh\\necho "More of it." >> "$1"\\n' > ../ed; chmod +x ../ed;"""


def answered(play: Play, person: str, line: str) -> dict[str, Any]:
    """The answer to a line that works: the whole of stdout, with nothing on stderr."""
    done = play.run(person, f"{line} --format json")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    answer = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(answer)
    if answer["commit"]:
        assert answer["commit"] == play.git("rev-parse", "HEAD")
        changed = play.git("diff-tree", "--root", "-r", "--name-only", "--no-commit-id", "HEAD").splitlines()
        assert sorted(answer["paths"]) == sorted(changed)
    assert all((play.root / path).is_file() for path in answer["records"])
    return dict(answer)


def texts(answer: dict[str, Any]) -> list[str]:
    return [step["text"] for step in answer["next"]]


def test_the_life_of_a_postmortem(play: Callable[[str], Play]) -> None:
    """Every act says what it was, between which states, what it signed, and what can be run next."""
    stage = play("draft")
    seen = []
    for person, line, before, after, argv in (
        ("jane", f"submit {ID} --reviewer bob", "DRAFT", "IN_REVIEW", ["pmctl", "show", ID]),
        ("jane", f"withdraw {ID}", "IN_REVIEW", "DRAFT", ["pmctl", "edit", ID]),
        ("jane", f"submit {ID} --reviewer bob", "DRAFT", "IN_REVIEW", ["pmctl", "show", ID]),
        ("bob", f"request-changes {ID} -m 'Which alert?'", "IN_REVIEW", "DRAFT", ["pmctl", "edit", ID]),
        ("jane", f"submit {ID} --reviewer bob", "DRAFT", "IN_REVIEW", ["pmctl", "show", ID]),
        ("bob", f"approve {ID}", "IN_REVIEW", "IN_REVIEW", ["pmctl", "publish", ID]),
        ("jane", f"publish {ID}", "IN_REVIEW", "PUBLISHED", ["pmctl", "log", ID]),
        ("alice", f"archive {ID}", "PUBLISHED", "ARCHIVED", ["pmctl", "log", ID]),
        ("alice", f"reopen {ID} -m 'More came to light'", "ARCHIVED", "DRAFT", ["pmctl", "edit", ID]),
        ("alice", f"delete {ID} -m 'A test'", "DRAFT", "DELETED", None),
    ):
        answer = answered(stage, person, f"pmctl {line}")
        assert (answer["act"], answer["id"], answer["by"]) == (line.split()[0], ID, person)
        assert (answer["before"], answer["after"]) == (before, after), line
        assert [step["argv"] for step in answer["next"]] == ([argv] if argv else []), line
        assert len(answer["records"]) == 1
        assert answer["digest"].startswith("sha256:") and answer["digest"] in stage.git("log", "-1", "--format=%b")
        seen.append(answer["records"][0])
    assert len(set(seen)) == len(seen)


def test_new_and_edit(play: Callable[[str], Play]) -> None:
    stage = play("team")
    made = answered(stage, "jane", "pmctl new --from ../incident.json")
    assert (made["act"], made["id"], made["by"], made["before"], made["after"]) == ("new", ID, "jane", "", "DRAFT")
    assert made["message"] == FILE and FILE in made["paths"] and made["records"] == []
    assert any(fact.startswith("filled in from the record: ") for fact in made["facts"])
    unchanged = answered(stage, "jane", f"EDITOR=true pmctl edit {ID}")
    assert (unchanged["commit"], unchanged["message"]) == ("", "nothing was changed")
    left = answered(stage, "jane", f"{EDITOR} EDITOR=../ed pmctl edit {ID} --no-commit")
    assert left["commit"] == "" and "not committed" in left["message"]
    done = answered(stage, "jane", f"EDITOR=true pmctl edit {ID}")
    assert done["paths"] == [FILE] and done["digest"].startswith("sha256:")
    kept = answered(stage, "jane", "pmctl new 'Search was slow' --no-commit")
    assert (kept["commit"], kept["paths"]) == ("", [])


def test_amend(play: Callable[[str], Play]) -> None:
    stage = play("published")
    stage.do("alice", EDITOR + f"../ed {FILE}")
    answer = answered(stage, "alice", f"pmctl amend {ID} -m 'The cause was wrong'")
    assert (answer["before"], answer["after"]) == ("PUBLISHED", "PUBLISHED")
    assert FILE in answer["paths"] and len(answer["records"]) == 1


def test_people_and_policy(play: Callable[[str], Play]) -> None:
    """Before and after are versions of the policy, and the digest is the policy's."""
    stage = play("team")
    version = 3
    stage.do("bob", "ssh-keygen -q -t ed25519 -N '' -f ../dave")
    mine = {"user.name": "Dave Doe", "user.email": "dave@example.com", "user.signingkey": "../dave"}
    for name, value in mine.items():
        stage.git("config", name, value)
    line = stage.do("bob", "pmctl people join --handle dave").strip()
    for name in mine:
        stage.git("config", "--unset", name)
    for act, words in (
        ("people accept", f"{line} --yes -q"),
        ("people change", "pmctl people change bob --team web"),
        ("people revoke", "pmctl people revoke dave"),
        ("people add", "pmctl people add carol --name 'Carol Doe' --email carol@example.com"),
    ):
        answer = answered(stage, "alice", words)
        assert (answer["act"], answer["before"], answer["after"]) == (act, str(version), str(version + 1))
        assert answer["id"] in words
        version += 1
    stage.do("alice", f"sed -i 's/^version: {version}/version: {version + 1}/' .pmctl/policy.yaml")
    answer = answered(stage, "alice", "pmctl policy sign")
    assert (answer["act"], answer["id"], answer["by"]) == ("policy sign", "policy", "alice")
    stage.git("branch", "trunk")
    assert answered(stage, "alice", "pmctl policy branch trunk")["act"] == "policy branch"
    assert answered(stage, "alice", "pmctl policy baseline -m 'As found'")["act"] == "baseline"
    assert answered(stage, "alice", "pmctl policy move docs")["id"] == "repository"


def test_incidents_and_adopt(play: Callable[[str], Play]) -> None:
    stage = play("draft")
    answer = answered(stage, "bob", "pmctl incident dismiss pagerduty:PX --because no-learning -m 'A test'")
    assert (answer["act"], answer["id"], answer["by"]) == ("incident dismiss", "pagerduty:PX", "bob")
    answer = answered(stage, "jane", f"pmctl incident unlink {ID} pagerduty:PT7Q2ZC")
    assert answer["act"] == "incident unlink" and answer["facts"]
    (stage.root / "old.md").write_text("# Outage on 2023-02-03\n\nIt was down.\n")
    stage.do("alice", "git add old.md && git commit -qm 'An old one'")
    done = stage.run("alice", "pmctl adopt old.md --write --format json")
    assert done.stderr == ""
    adopted = json.loads(done.stdout)
    assert adopted["act"]["commit"] == adopted["commit"] == stage.git("rev-parse", "HEAD")


def test_init(tmp_path: Path) -> None:
    stage = Play(tmp_path / "new")
    answer = answered(stage, "alice", "git init -q && pmctl init")
    assert (answer["act"], answer["by"], answer["after"]) == ("init", "alice", "1")
    assert answer["digest"] in " ".join(answer["facts"])


def test_a_problem_and_an_unknown_format_change_nothing(play: Callable[[str], Play]) -> None:
    stage = play("draft")
    before = stage.snapshot()
    for line in (f"pmctl approve {ID} --format json", f"pmctl submit {ID} --reviewer bob --format yaml"):
        done = stage.run("jane", line)
        assert done.returncode in (1, 2) and done.stdout == "" and done.stderr.startswith(("error: ", "{")), done.stdout
    assert stage.snapshot() == before


@pytest.fixture
def pushed(play: Callable[[str], Play]) -> Play:
    """A draft in a clone whose main is at its remote."""
    stage = play("draft")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(stage.stage.folder / "origin.git")], check=True)
    stage.git("remote", "add", "origin", str(stage.stage.folder / "origin.git"))
    stage.git("push", "-q", "-u", "origin", "HEAD:main")
    return stage


def test_a_commit_that_has_to_be_pushed_is_said(pushed: Play) -> None:
    """By every act, until it is pushed; with where the branch stands."""
    branch = pushed.git("branch", "--show-current")
    answer = answered(pushed, "jane", f"pmctl submit {ID} --reviewer bob")
    assert answer["next"][-1]["argv"] == ["git", "push"]
    assert texts(answer)[-1] == f"not pushed yet: git push   ({branch} is ahead of origin/main)"
    pushed.git("push", "-q", "origin", "HEAD:main")
    pushed.git("switch", "-qc", "side")
    done = pushed.run("bob", f"pmctl approve {ID}")
    assert "  not pushed yet: git push -u origin side\n" in done.stderr
    pushed.git("branch", "-q", "--set-upstream-to", "origin/main")
    pushed.git("reset", "-q", "--hard", "HEAD~1")
    pushed.git("push", "-qf", "origin", "side:main")
    pushed.git("commit", "-q", "--allow-empty", "-m", "theirs")
    pushed.git("push", "-q", "origin", "side:main")
    pushed.git("reset", "-q", "--hard", "HEAD~1")
    done = pushed.run("bob", f"pmctl approve {ID}")
    assert "  not pushed yet, and origin/main has moved on: pmctl sync\n" in done.stderr


def test_on_a_detached_head_an_act_says_that_no_branch_has_it(pushed: Play) -> None:
    pushed.git("switch", "-q", "--detach")
    answer = answered(pushed, "jane", f"pmctl submit {ID} --reviewer bob")
    assert texts(answer)[-1] == (
        f"HEAD is detached, so commit {answer['commit'][:12]} is on no branch; to keep it: git switch -c NAME"
    )
    assert answer["next"][-1]["argv"] == []
