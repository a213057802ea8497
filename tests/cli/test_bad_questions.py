"""Numbers that are asked of nothing, of the wrong time, of half a history, or about what nobody knows: the answer says
what it rests on and what is missing, in every format, and nothing breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmctl.cli import main
from tests.drafts import DATABASE, SHOP, Team

TABLES = [["metrics", "--format", form] for form in ("text", "json", "csv", "md", "html", "openmetrics")]
TRENDS = [["metrics", "trends", "--format", form] for form in ("text", "json", "md")]
GRAPHS = [["metrics", "trends", "--graph", form] for form in ("json", "dot", "svg")]
EFFECTS = [["metrics", "effectiveness", "--format", form] for form in ("text", "json")]
REPORTS = [["report", "--format", form] for form in ("md", "html", "json")]
EXPLAIN = [["metrics", "explain", "items_on_time"]]
DATED = [*TABLES, *TRENDS, *EXPLAIN, *REPORTS]
EVERY = [*DATED, *GRAPHS, *EFFECTS]
Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A team with two drafts, one of which lacks every time; nothing here changes it."""
    made = Team(tmp_path_factory.mktemp("questions") / "team")
    made.new(DATABASE)
    made.new(title="Without any time")
    return made


@pytest.fixture
def here(team: Team, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.chdir(team.root)
    monkeypatch.setenv("PMCTL_NOW", "2024-06-01T00:00:00Z")
    return team


def asked(capsys: Said, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(words))
    said = capsys.readouterr()
    assert "unexpected" not in said.err and "Traceback" not in said.err and "nan" not in said.out.split(), said.err
    return code, said.out, said.err


def repository(folder: Path, *, commit: bool) -> Path:
    """One with settings and without a policy or a postmortem."""
    from tests.editor.conftest import git

    folder.mkdir()
    (folder / "pmctl.yaml").write_text("version: 1\n")
    git(folder, "init", "-q", ".")
    if commit:
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "Begin")
    return folder


def test_before_the_first_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.chdir(repository(tmp_path / "new", commit=False))
    for words in EVERY:
        code, out, err = asked(capsys, *words)
        assert code == 2 and "there is no commit yet" in err + out, words
    assert asked(capsys, "similar", "--text", "pool")[:2] == (0, "")


def test_without_a_policy_and_postmortems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.chdir(repository(tmp_path / "new", commit=True))
    for words in EVERY:
        code, out, err = asked(capsys, *words)
        assert code == 0 and out, words
        assert "no policy" in out + err or words[-1] in ("json", "csv", "openmetrics", *(one[-1] for one in GRAPHS))
    assert "there are no postmortems to count" in asked(capsys, "metrics")[2]
    code, _, err = asked(capsys, "report", "--evidence", "-o", "evidence")
    assert code == 2 and "there is no policy at" in err and not Path("evidence").exists()


@pytest.mark.parametrize("words", DATED, ids=" ".join)
def test_days_that_cannot_be(here: Team, capsys: Said, words: list[str]) -> None:
    for days, why in (
        (("--since", "2024-06-01", "--until", "2024-01-01"), "lies after"), (("--since", "2024-13-01"), "not a day"),
        (("--since", "9999-12-31", "--until", "9999-12-31"), "from 1900 to 2999"),
        (("--until", "0001-01-01"), "from 1900 to 2999"), (("--on", "9999-12-31"), "from 1900 to 2999"),
    ):  # fmt: skip
        code, out, err = asked(capsys, *words, *days)
        assert code == 2 and why in err + out, (words, days)
    for days in (("--since", "1900-01-01", "--until", "2999-12-31"), ("--since", "1950-01-01", "--until", "1950-02-01"),
                 ("--on", "1900-01-01"), ("--on", "2999-12-31")):  # fmt: skip
        assert asked(capsys, *words, *days)[0] == 0, (words, days)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_names_that_nobody_knows(here: Team, capsys: Said, words: list[str]) -> None:
    unknown = [("--at", "nowhere")]
    if "explain" not in words:
        unknown += [("--team", "nobody"), ("--service", "nothing"), ("--severity", "SEV9")]
    for option, name in unknown:
        code, out, err = asked(capsys, *words, option, name)
        assert code == 2 and name in err + out, (words, option)


def test_choices_that_there_are_not(here: Team, capsys: Said) -> None:
    for line in (
        "metrics --by colour", "metrics --period day", "metrics --format xml", "metrics explain joy",
        "metrics effectiveness --by owner", "metrics trends --graph png", "report --evidence --control soc3 -o x",
        "report --format docx", "metrics --period week --since 1900-01-01", "similar nothing",
    ):  # fmt: skip
        words = line.split()
        code, out, err = asked(capsys, *words)
        assert code == 2 and err.startswith("error: ") and not out, words


def test_a_time_without_data_and_missing_times(here: Team, capsys: Said) -> None:
    code, out, err = asked(capsys, "metrics", "--since", "1999-01-01", "--until", "1999-02-01")
    assert code == 0 and "nothing of what is counted lies in this time" in err
    _, out, err = asked(capsys, "metrics")
    assert "nothing of what" not in err
    (resolve,) = [line.split() for line in out.splitlines() if line.startswith("Time to resolve")]
    assert resolve[-1] == "1"  # one of the two does not say when
    _, out, _ = asked(capsys, "metrics", "explain", "resolve_minutes")
    assert "2024-01-20-without-any-time  lacks a time" in out


@pytest.mark.parametrize("words", [*TABLES, *TRENDS, *EFFECTS, *EXPLAIN, *REPORTS], ids=" ".join)
def test_half_a_history_is_said_in_the_answer_itself(
    here: Team, capsys: Said, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.git("clone", "-q", "--depth", "1", f"file://{here.root}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    code, out, err = asked(capsys, *words)
    assert code == 2 and "INCOMPLETE" in err, words
    if words[-1] == "json":
        assert json.loads(out)["incomplete"]
    elif words[-1] not in ("csv", "text", "items_on_time"):
        assert "INCOMPLETE" in out or 'incomplete="' in out or "not all there" in out, words


def test_incident_files(here: Team, capsys: Said, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    for data, why in (
        (b"", "empty"),
        (b"garbage", "not valid JSON"),
        (b'{"colour": 1}', "not a record"),
        (b"\0\1", "export.json"),
    ):
        file.write_bytes(data)
        for words in (["metrics"], ["report", "--evidence", "-o", str(tmp_path / "evidence")]):
            code, out, err = asked(capsys, *words, "--incidents", str(file))
            assert code == 2 and why in err and not out, (data, words)
    assert not (tmp_path / "evidence").exists()
    file.write_text(json.dumps([{**SHOP, "id": "Z", "urgency": "HIGH"}] * 2))
    _, out, _ = asked(capsys, "metrics", "--incidents", str(file), "--incidents", str(file), "--format", "json")
    found = json.loads(out)
    missing = next(one for one in found["groups"][0]["periods"][0]["numbers"] if one["name"] == "required_missing")
    assert (found["incident_count"], missing["value"]) == (1, 1)  # however often it is given
