"""What programs rely on: fields and lines of answers, problems as JSON, and the command line described."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pmctl.cli.command_tree import commands
from pmctl.cli.contracts import CONTRACTS, with_value
from pmctl.output.answer_rows import ROWS, fields_of
from pmctl.output.answers import Command, plain
from pmctl.output.schema_answers import ANSWERS
from pmctl.output.schemas import published
from tests.cli.play import ID, Play

LISTS = (
    "list", "actions list", "events", "people list", "template list", "status", "doctor", f"log {ID}", "validate",
    "comment list", f"editors list {ID}", "meeting list", f"similar {ID}", "review", "metrics", "integrations log",
    "incident show ../incident.json", "incident triage ../incident.json",
)  # fmt: skip
NAMES = {" ".join(word for word in line.split() if word[0].islower()) for line in LISTS}


@cache
def described() -> dict[str, Command]:
    return {one.path: one for one in commands().commands}


def form(command: Command) -> list[str]:
    found = next((one.placeholder for one in command.parameters if one.name == "format"), "")
    return found.split("|")


def problem(text: str) -> dict[str, Any]:
    """The last line of standard error, which has the shape that is published."""
    found = json.loads(text.splitlines()[-1])
    Draft202012Validator({**published()["error"](), "additionalProperties": False}).validate(found)
    return dict(found)


def test_every_command_that_prints_json_says_which_and_what_it_changes() -> None:
    assert set(CONTRACTS) <= described().keys()
    for path, command in described().items():
        assert bool(command.answers) or "json" not in form(command), path
        assert set(command.answers) <= ANSWERS.keys() | {"postmortem"}, path
        names = [name for one in command.parameters for name in one.names]
        reads = command.changes == "nothing" and "json" in form(command)
        assert ("--json" in names) == reads, path
        if reads and set(command.answers) & ROWS.keys():
            assert "jsonl" in form(command), path


def test_the_tree_keeps_to_its_schema() -> None:
    whole = {"schema": "pmctl/commands/v1", **json.loads(json.dumps(plain(commands())))}
    Draft202012Validator({**published()["commands"](), "additionalProperties": False}).validate(whole)
    approve = described()["approve"]
    assert (approve.changes, approve.answers) == ("commit", ["act"])
    first = approve.parameters[0]
    assert (first.name, first.kind, first.required) == ("id", "argument", True)


def test_bare_json_lists_the_fields(play: Callable[[str], Play]) -> None:
    stage = play("team")
    for line in ("pmctl list --json", "pmctl list --json -q", "pmctl list --json="):
        done = stage.run("jane", line)
        assert (done.returncode, done.stdout.split()) == (0, fields_of("list")), line


def test_fields_and_lines_are_those_of_the_whole_answer(play: Callable[[str], Play]) -> None:
    stage = play("published")
    for line in LISTS:
        words = line.split()
        answer = described()[" ".join(words[:2]) if " ".join(words[:2]) in CONTRACTS else words[0]].answers[0]
        whole = json.loads(stage.run("jane", f"pmctl {line} --format json").stdout)
        rows, fields = whole[ROWS[answer]], fields_of(answer)
        assert all(list(row) == fields for row in rows), line
        some = fields[::-2]
        picked = json.loads(stage.run("jane", f"pmctl {line} --json {','.join(some)}").stdout)
        assert picked == [{field: row[field] for field in some} for row in rows], line
        lines = stage.run("jane", f"pmctl {line} --format jsonl").stdout.splitlines()
        found = [json.loads(one) for one in lines]
        assert [{field: one[field] for field in fields} for one in found] == rows, line
    assert json.loads(stage.do("jane", f"pmctl show {ID} --json id,title")) == {
        "id": ID, "title": "Payment API returns errors",
    }  # fmt: skip
    assert json.loads(stage.do("jane", f"pmctl show {ID} --section Impact --json title")) == {"title": "Impact"}


@pytest.mark.parametrize(
    ("line", "kind", "code", "says"),
    [
        ("list --format json --status PUBLISH", "usage", 2, "--status PUBLISH"),
        ("list --json id,titel", "usage", 2, "--json titel"),
        ("show nothing --format=json", "not_found", 2, "nothing"),
        (f"show {ID} --section Impact --json severity", "usage", 2, "this answer has no such field"),
        (f"approve {ID} --format json", "refused", 1, ID),
        ("lisst --format json", "usage", 2, "lisst"),
        ("list --bogus --format json", "usage", 2, "--bogus"),
        ("show --format json", "usage", 2, "ID"),
        ("show --json=id x --at nowhere", "environment", 2, "nowhere"),
    ],
)
def test_a_problem_is_json_when_the_answer_would_be(
    play: Callable[[str], Play], line: str, kind: str, code: int, says: str
) -> None:
    done = play("published").run("jane", f"pmctl {line}")
    found = problem(done.stderr)
    assert (done.stdout, done.returncode) == ("", code)
    assert (found["kind"], found["exit_code"]) == (kind, code)
    assert says in found["message"]


def test_a_problem_is_text_otherwise(play: Callable[[str], Play]) -> None:
    stage = play("published")
    for line in ("pmctl show nothing", "pmctl list --json id --format csv"):
        assert stage.run("jane", line).stderr.startswith(("error: ", "{")), line
    assert stage.run("jane", "pmctl show nothing").stderr.startswith("error: ")


def test_a_bare_json_takes_no_word_that_is_an_option() -> None:
    assert with_value(["list", "--json"]) == ["list", "--json="]
    assert with_value(["list", "--json", "--mine"]) == ["list", "--json=", "--mine"]
    assert with_value(["list", "--json", "id"]) == ["list", "--json", "id"]
    assert with_value(["comment", "add", "--", "--json"]) == ["comment", "add", "--", "--json"]
