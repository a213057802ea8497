"""What a command has loaded when it ends: start-up is felt, and `sys.modules` says what a timing only hints at."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable

import pytest

from tests.cli.play import Play

# Packages that take long to import, and the commands that need them.
HEAVY = frozenset(
    ("git", "pydantic", "jinja2", "questionary", "prompt_toolkit", "markdown_it", "httpx", "rich", "cryptography",
     "yaml", "frontmatter", "pygls", "asyncio", "typer", "importlib.metadata")
)  # fmt: skip
DOCUMENT = {"typer", "yaml", "frontmatter"}
SIGNED = DOCUMENT | {"cryptography"}
PRINTED = """
import atexit, json, os, sys
def report():
    with open(os.environ["LOADED"], "w") as file:
        json.dump(sorted(sys.modules), file)
atexit.register(report)
from pmctl.cli import main
sys.exit(main())
"""


def loaded(play: Play, person: str, words: str, *, code: int = 0) -> set[str]:
    """Which heavy packages a command has loaded when it ends."""
    (play.stage.folder / "printed.py").write_text(PRINTED)
    target = play.stage.folder / "loaded.json"
    done = play.run(person, f"{shlex.quote(sys.executable)} ../printed.py {words}", env={"LOADED": str(target)})
    assert done.returncode == code, done.stdout + done.stderr
    modules = set(json.loads(target.read_text()))
    assert "pmctl.cli" in modules
    return set(HEAVY & modules)


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("--version", set()),
        ("--help", {"typer"}),
        ("list", SIGNED),
        ("list --format json", SIGNED),
        ("validate $FILE", DOCUMENT),
        ("validate", DOCUMENT),
        ("show $ID", SIGNED),
        ("status", SIGNED),
        ("actions list --overdue", SIGNED),
        ("status $ID", SIGNED),
        ("log $ID", SIGNED),
        ("audit", SIGNED),
        ("export $ID --to md", SIGNED),
    ],
)
def test_reading_command_loads_no_more_than_it_needs(words: str, needed: set[str], play: Callable[[str], Play]) -> None:
    assert loaded(play("review"), "jane", words) <= needed


def test_an_act_loads_what_signs_and_nothing_else(play: Callable[[str], Play]) -> None:
    review = play("review")
    assert loaded(review, "bob", "approve $ID") == SIGNED
    assert loaded(review, "jane", "publish $ID") == SIGNED


def test_version_builds_no_command_line(play: Callable[[str], Play]) -> None:
    done = play("nothing").run("jane", f"{shlex.quote(sys.executable)} -X importtime -m pmctl --version")
    assert done.stdout.startswith("pmctl ")
    assert not [line for line in done.stderr.splitlines() if line.endswith(("| typer", "dataclasses", "argparse"))]
