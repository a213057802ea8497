"""Several repositories at once, and answers that keep to the schemas that are published for them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from pmctl.output.schema_answers import answer_schema
from tests.cli.play import ID, Play

At = Callable[[str], Play]


@pytest.mark.parametrize("setting", ["draft", "review", "published"])
def test_answers_fit_their_schemas(setting: str, play: At) -> None:
    stage = play(setting)
    stage.do("jane", "pmctl new 'Search was slow' --severity SEV3 --service search --date 2024-01-20")
    for command, name in (
        ("status", "status"), ("status payment", "status"), ("list --text the --sort updated", "list"),
        ("actions list", "actions"), ("log payment", "log"),
    ):  # fmt: skip
        answer = json.loads(stage.do("jane", f"pmctl {command} --format json"))
        Draft202012Validator(answer_schema(name)).validate(answer)


def test_a_broken_repository_hides_none_of_the_others(play: At) -> None:
    stage = play("review")
    folder = stage.root.parent
    for name in ("whole", "broken"):
        shutil.copytree(stage.root, folder / name)
    shutil.rmtree(folder / "broken/.git/objects")
    for command in ("list", "status", "actions list"):
        done = stage.run("bob", f"pmctl {command} -C ../whole -C ../broken -C . --format json")
        assert done.returncode == 2, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        rows = answer[{"list": "postmortems", "status": "postmortems", "actions list": "items"}[command]]
        assert {row["repository"] for row in rows} == {"../whole", "."}
        assert done.stderr.count("error:") == 1 and "../broken" in done.stderr


def test_one_that_is_named_twice_is_read_once(play: At) -> None:
    stage = play("review")
    assert stage.do("bob", "pmctl list -C . -C ./postmortems").count(ID) == 1


def test_what_is_in_one_of_them_is_found(play: At) -> None:
    stage = play("review")
    shutil.copytree(stage.root, stage.root.parent / "other")
    stage.do("jane", "pmctl new 'Search was slow' --severity SEV3 --service search --date 2024-01-20")
    said = stage.do("jane", "pmctl status search-was-slow -C ../other -C .")
    assert said.startswith("2024-01-20-search-was-slow: DRAFT")
    assert stage.run("jane", "pmctl actions list -C ../other -C . --postmortem search-was-slow").returncode == 0
    assert stage.run("jane", "pmctl status nothing -C ../other -C .").returncode == 2


def test_a_value_that_one_of_them_has_is_no_mistake(play: At) -> None:
    stage = play("review")
    shutil.copytree(stage.root, stage.root.parent / "other")
    stage.do("jane", "pmctl new 'Search was slow' --severity SEV3 --service search --date 2024-01-20")
    assert "search-was-slow" in stage.do("jane", "pmctl list --service search -C ../other -C .")
    done = stage.run("jane", "pmctl list --service serach -C ../other -C .")
    assert (done.returncode, done.stdout) == (2, "") and "did you mean search?" in done.stderr


def test_csv_has_a_repository_only_where_there_are_several(play: At) -> None:
    stage = play("review")
    shutil.copytree(stage.root, stage.root.parent / "other")
    for command in ("list", "actions list"):
        one = list(csv.DictReader(io.StringIO(stage.do("jane", f"pmctl {command} --format csv"))))
        both = list(csv.DictReader(io.StringIO(stage.do("jane", f"pmctl {command} --format csv -C . -C ../other"))))
        assert "repository" not in one[0] and {row["repository"] for row in both} == {".", "../other"}
        assert len(both) == 2 * len(one)


def test_what_would_run_in_a_spreadsheet_is_text(play: At) -> None:
    stage = play("draft")
    stage.file.write_text(stage.file.read_text().replace("title: ", "title: '\N{FULLWIDTH EQUALS SIGN}1' #", 1))
    (row,) = csv.DictReader(io.StringIO(stage.do("jane", "pmctl list --format csv")))
    assert row["title"] == "'\N{FULLWIDTH EQUALS SIGN}1"


@pytest.mark.parametrize("command", ["new 'Search was slow'", "show payment", "log payment", "submit payment -r bob"])
def test_other_commands_refuse_several(command: str, play: At) -> None:
    stage = play("draft")
    before = stage.snapshot()
    done = stage.run("jane", f"pmctl {command} -C . -C ..")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: this command works in one repository\n")
    assert stage.snapshot() == before


@pytest.mark.parametrize(
    "command",
    [
        "-C ../a -C ../b -C ../c actions list", "-C ../a actions -C ../b list -C ../c",
        "-C ../a actions -C ../b -C ../c list", "-C ../a actions list -C ../b -C ../c",
        "actions -C ../a list -C ../b -C ../c", "actions list -C ../a -C ../b -C ../c",
    ],
)  # fmt: skip
def test_every_folder_counts_in_order_wherever_it_stands(command: str, play: At) -> None:
    stage = play("review")
    for name in "abc":
        shutil.copytree(stage.root, stage.root.parent / name)
    rows = json.loads(stage.do("bob", f"pmctl {command} --format json"))["items"]
    assert list(dict.fromkeys(row["repository"] for row in rows)) == ["../a", "../b", "../c"]


def test_a_folder_before_the_command_and_another_after_it_are_several(play: At) -> None:
    stage = play("draft")
    before = stage.snapshot()
    for command in ("-C . show payment -C ..", "-C . people list -C ..", "-C . people -C .. list"):
        done = stage.run("jane", f"pmctl {command}")
        assert (done.returncode, done.stdout) == (2, ""), command
        assert done.stderr.startswith("error: this command works in one repository\n")
    assert stage.snapshot() == before
    assert stage.run("jane", "pmctl -C . show payment -C .").returncode == 0


def test_of_the_other_global_options_the_later_counts(play: At) -> None:
    stage = play("review")
    jane = stage.do("bob", "pmctl actions list --mine --as jane")
    for command in ("--as bob actions --as jane list", "--as bob actions list --as jane"):
        assert stage.do("bob", f"pmctl {command} --mine") == jane, command
    assert stage.do("bob", "pmctl actions --as bob list --as jane --mine") == jane
    colored = stage.do("bob", "pmctl --color never actions list --color always")
    assert "\x1b[" in colored and colored == stage.do("bob", "pmctl --color never actions --color always list")
    assert "\x1b[" not in stage.do("bob", "pmctl --color always actions --color never list")
    assert "\x1b[" not in stage.do("bob", "pmctl --color always actions --color never list --color auto")
    assert stage.run("bob", "pmctl actions -q list -v").returncode == 2
